"""Networks of levels: in every code the wired network sends what the formula says, and that is proved or refuted."""

import re
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import floor

import numpy as np
import pytest

from logic import Convolution, NetworkError, SpikingNetwork, Synapses, Verdict, simulate_reference
from logic.levels.level_codes import LEVEL_CODES, level_code
from logic.levels.level_layers import LevelLayer, LevelNetwork, LevelTerm
from logic.levels.level_lemmas import members_lemma, signed_lemma, sums_lemma, timed_lemma, window_lemma
from logic.levels.level_proof import prove_levels
from logic.levels.level_run import picture_spikes, read_run, run_levels
from logic.levels.level_search import reach
from logic.levels.level_wiring import wire_levels


def network(seed: int, levels: int = 3) -> LevelNetwork:
    """Two layers, the second of which hears sums over 2 x 2 of the first and the picture itself, and a readout."""
    draw = np.random.default_rng(seed)
    first = LevelTerm("input", draw.integers(-7, 8, (2, 1, 2, 2)), padding=1)  # 3 x 3 becomes 4 x 4
    pooled = LevelTerm("a", draw.integers(-7, 8, (2, 1, 2, 2)), padding=1, groups=2, pool=2)
    past = LevelTerm("input", draw.integers(-2, 3, (2, 1, 1, 1)))
    return LevelNetwork(
        (1, 3, 3),
        (
            LevelLayer("a", (first,), draw.integers(-5, 6, 2), draw.integers(1, 9, 2)),
            LevelLayer("b", (pooled, past), draw.integers(-5, 6, 2), draw.integers(1, 30, 2)),
            LevelLayer(
                "evidence", (LevelTerm("b", draw.integers(-7, 8, (3, 2, 3, 3))),), draw.integers(-5, 6, 3), None
            ),
        ),
        levels=levels,
        bits=2,
    )


PICTURES = np.random.default_rng(5).integers(0, 4, (300, 1, 3, 3))


def test_levels_are_those_of_the_formula() -> None:
    for unit, levels in product(range(1, 12), range(1, 9)):
        cells = LevelLayer("cells", (LevelTerm("input", [[[[3]]]]),), [-40], [unit])
        last = LevelLayer("last", (LevelTerm("cells", [[[[1]]]]),), [0], None)
        pixels = np.arange(64).reshape(-1, 1, 1, 1)
        found = run_levels(LevelNetwork((1, 1, 1), (cells, last), levels=levels, bits=6), pixels).logits[:, 0]
        wanted = [min(max(floor(Fraction(3 * p - 40, unit) + Fraction(1, 2)), 0), levels) for p in range(64)]
        assert found.tolist() == wanted


def test_pooled_and_grouped_terms_are_the_sums_that_are_written_out() -> None:
    found, picture = network(0), PICTURES[:1]
    run = run_levels(found, picture)
    pooled = run.levels["a"][0].reshape(2, 2, 2, 2, 2).sum((2, 4))
    padded, term, past = np.pad(pooled, ((0, 0), (1, 1), (1, 1))), *found.layers[1].terms
    for channel, y, x in product(range(2), range(3), range(3)):
        total = (padded[channel, y : y + 2, x : x + 2] * term.kernel[channel, 0]).sum()
        total += past.kernel[channel, 0, 0, 0] * picture[0, 0, y, x] + found.layers[1].bias[channel]
        unit = found.layers[1].unit
        assert unit is not None
        level = min(max(floor(Fraction(int(total), int(unit[channel])) + Fraction(1, 2)), 0), 3)
        assert run.levels["b"][0, channel, y, x] == level


@pytest.mark.parametrize("code", LEVEL_CODES)
@pytest.mark.parametrize("seed", range(4))
def test_a_wired_network_sends_the_levels_and_is_proved(code: str, seed: int) -> None:
    found = network(seed, levels=2 + seed)
    wired = wire_levels(found, code)
    wanted, sent = run_levels(found, PICTURES), read_run(found, level_code(code), wired, PICTURES)
    assert all((wanted.levels[name] == sent.levels[name]).all() for name in wanted.levels)
    assert (wanted.logits == sent.logits).all()
    assert prove_levels(wired, found, code).holds


def test_lemmas_are_proved() -> None:
    for lemma in (members_lemma, window_lemma, timed_lemma, signed_lemma, sums_lemma):
        assert lemma().holds, lemma().claim


def test_a_picture_is_found_for_every_kind_of_change_and_confirmed_by_the_reference() -> None:
    found = network(1)
    for code in LEVEL_CODES:
        wired = wire_levels(found, code)
        first = wired.populations[0]
        raised = replace(first, threshold=first.threshold + 7 * np.eye(1, first.size, 9, dtype=np.int64)[0])
        early = replace(first, initial=first.initial + 7) if first.retain else replace(first, bias=first.bias + 7)
        for changed in (raised, early):
            mutant = replace(wired, populations=(changed, *wired.populations[1:]))
            verdict = prove_levels(mutant, found, code)
            assert verdict.holds is False, str(verdict)
            assert differs(found, mutant, code, verdict)
            assert "sends" in verdict.detail
        last = wired.projections[-2]
        assert isinstance(last, Convolution)
        without = replace(wired, projections=(*wired.projections[:-2], wired.projections[-1]))
        assert prove_levels(without, found, code).holds is False


def differs(found: LevelNetwork, mutant: SpikingNetwork, code: str, verdict: Verdict) -> bool:
    """Whether the network sends other levels after the picture of a verdict, by the reference simulation."""
    picture = np.zeros((1, *found.picture), np.int64)
    for name, value in (verdict.counterexample or {}).items():
        picture[0, *map(int, name.removeprefix("picture[").removesuffix("]").split(","))] = value
    spikes = picture_spikes(found, picture)[:, 0].flatten(1).numpy()
    trains = simulate_reference(mutant, spikes, mutant.latency + 1)
    wanted, at = run_levels(found, picture), int(np.prod(mutant.input_shape))
    for population in mutant.populations:
        if population.name in wanted.levels:
            width = level_code(code).width(found.levels)
            channels, *sides = wanted.levels[population.name].shape[1:]
            lines = channels * width * int(np.prod(sides))
            sent = trains[:, at : at + lines].sum(0).reshape(channels, width, *sides).sum(1)
            if (sent != wanted.levels[population.name][0]).any():
                return True
        at += population.size
    return False


def test_changes_without_effect_are_proved() -> None:
    found = network(2)
    wired = wire_levels(found, "members")
    kept = replace(wired.populations[0], retain=True)  # nothing comes before or after the one step
    verdict = prove_levels(replace(wired, populations=(kept, *wired.populations[1:])), found, "members")
    assert verdict.holds, str(verdict)
    assert "32 neurons run for every accumulator" in verdict.detail
    window = wire_levels(found, "window")
    split = [
        Synapses(p.source, p.target, p.pre, p.post, p.weight, p.delay)
        if isinstance(p, Synapses)
        else replace(p, kernel=p.kernel - 1)
        for p in window.projections
    ]
    ones = [
        replace(p, kernel=np.ones_like(p.kernel)) for p in window.projections if isinstance(p, Convolution)
    ]  # the same weights in two parts
    assert prove_levels(replace(window, projections=(*split, *ones)), found, "window").holds


@pytest.mark.parametrize("code", LEVEL_CODES)
def test_the_bits_that_are_told_hold_every_membrane(code: str) -> None:
    found = network(3)
    wired = wire_levels(found, code)
    told = re.search(r"(\d+) signed bits hold all membranes", prove_levels(wired, found, code).detail)
    assert told is not None
    flat = wired.flatten()
    for picture in PICTURES[:20]:
        spikes = picture_spikes(found, picture[None])[0, 0].flatten().numpy()
        trains = simulate_reference(wired, spikes[None], wired.latency + 1)
        membrane = flat.initial.copy()
        for step in range(wired.latency + 1):
            heard = flat.delay <= step
            sent = trains[step - flat.delay[heard], flat.pre[heard]]
            current = np.bincount(flat.post[heard], flat.weight[heard] * sent, len(membrane)).astype(np.int64)
            driven = np.where(flat.retain, membrane, 0) + flat.bias + current
            assert np.abs(driven).max() < 2 ** (int(told[1]) - 1)
            fired = driven >= flat.threshold
            membrane = np.where(fired, np.where(flat.subtract, driven - flat.threshold, 0), driven)


def test_an_answer_that_is_read_too_early_is_not_proved() -> None:
    found = network(0)
    wired = wire_levels(found, "window")
    early = replace(wired, latencies=wired.latencies - 1)
    assert prove_levels(early, found, "window").holds is None


def test_a_network_in_another_code_or_of_another_shape_is_refused() -> None:
    found = network(0)
    with pytest.raises(NetworkError, match="another code"):
        prove_levels(wire_levels(found, "window"), found, "members")
    with pytest.raises(NetworkError, match="use members, window, timed"):
        prove_levels(wire_levels(found), found, "rate")
    with pytest.raises(NetworkError, match="does not come before it"):
        LevelNetwork((1, 3, 3), (found.layers[1], found.layers[2]))


def test_sums_that_can_be_reached_are_those_of_all_choices() -> None:
    draw = np.random.default_rng(3)
    for _ in range(60):
        weights, most = draw.integers(-9, 10, 3).tolist(), draw.integers(0, 5, 3).tolist()
        low = int(draw.integers(-60, 60))
        wanted = range(low, low + 2)
        sums = {
            sum(w * n for w, n in zip(weights, numbers, strict=True))
            for numbers in product(*(range(top + 1) for top in most))
        }
        found = reach(weights, most, [(low, low + 1)])
        assert (found is not None) == bool(sums & {*wanted})
        if found is not None:
            assert all(0 <= n <= top for n, top in zip(found, most, strict=True))
            assert sum(w * n for w, n in zip(weights, found, strict=True)) in wanted
