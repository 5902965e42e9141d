"""Mutants of converted networks are judged as simulation judges them: a few of each kind."""

import numpy as np
import pytest

from logic.levels.level_wiring import wire_levels
from tasks.conversion.soundness import KINDS, Judged, agrees, judge_packaged, judge_small, mutant, small_network


def test_mutants_of_small_networks_are_judged_as_all_pictures_judge_them() -> None:
    found = judge_small(3 * len(KINDS), 7)
    assert [(judged.mutation, judged.detail) for judged in found if judged.outcome != "right"] == []
    assert {judged.word for judged in found} == {"PROVED", "REFUTED"}


def test_mutants_of_packaged_networks_are_never_misjudged() -> None:
    found = judge_packaged(5, 11)
    assert {judged.outcome for judged in found} <= {"right", "unseen", "undecided"}
    assert "right" in {judged.outcome for judged in found}


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutant_is_another_network(kind: str) -> None:
    draw = np.random.default_rng(3)
    wired = wire_levels(small_network(draw), "window")
    changed, text = mutant(wired, kind, draw)
    assert text
    before, after = wired.flatten(), changed.flatten()
    assert (
        any(not np.array_equal(one, other) for one, other in zip(before, after, strict=True)) or "delay" in text
    )  # which stays at least one step


def test_a_wrong_verdict_would_be_seen() -> None:
    good = Judged("none", "PROVED", same=True, all_simulated=True, confirmed=False, detail="")
    assert good.outcome == "right"
    assert Judged("none", "PROVED", False, False, False, "").outcome == "wrong"
    assert Judged("none", "REFUTED", True, True, True, "").outcome == "wrong"
    assert Judged("none", "REFUTED", False, False, False, "").outcome == "wrong"
    assert Judged("none", "UNKNOWN", False, True, False, "").outcome == "undecided although it differs"
    draw = np.random.default_rng(0)
    network = small_network(draw)
    shown = draw.integers(0, 4, (50, 1, 2, 3))
    other = wire_levels(small_network(np.random.default_rng(9)), "window")
    assert agrees(network, "window", wire_levels(network, "window"), shown)
    assert not agrees(network, "window", other, shown)
