"""Benchmarks beside a rival add up, and take the pairs of a folder as it gives them."""

import shutil
from pathlib import Path

import pytest

from tasks.circuits.equivalence_benchmark import abc_says, ours
from tasks.circuits.equivalence_pairs import Choice, folder_pairs
from tasks.circuits.rival_totals import Answer, compare, median

ABC = "berkeley-abc"


def test_totals_count_what_both_sides_settle() -> None:
    rows = {
        "quick": {"neurosym": Answer("equal", 1.0), "cec": Answer("equal", 2.0), "&cec": Answer("open", 0.1)},
        "slow": {"neurosym": Answer("equal", 3.0), "cec": Answer("equal", 2.0), "&cec": Answer("equal", 1.0)},
        "ours": {"neurosym": Answer("equal", 9.0), "cec": Answer("open", 60.0)},
        "theirs": {"neurosym": Answer("open", 60.0), "cec": Answer("equal", 7.0)},
        "no one's": {"neurosym": Answer("open", 60.0), "cec": Answer("open", 60.0)},
    }
    found = compare(rows)
    assert (found.both, found.ours, found.theirs, found.worst) == (2, 4.0, 3.0, ("slow", 3.0))
    assert (found.alone, found.lost, found.neither) == (("ours",), ("theirs",), ("no one's",))
    assert found.settled == {"neurosym": 3, "cec": 3, "&cec": 1}
    assert not found.contradictions


def test_contradictions_are_named() -> None:
    row = {"neurosym": Answer("proved", 1.0), "pdr": Answer("open", 9.0), "bmc3": Answer("refuted", 3.0)}
    assert compare({"counter": row}).contradictions == ("counter",)


def test_the_middle_run_counts() -> None:
    assert median([Answer("equal", cpu) for cpu in (3.0, 1.0, 2.0)]).cpu == 2.0


@pytest.mark.skipif(shutil.which(ABC) is None, reason="the rival is not installed")
def test_pairs_of_a_folder_are_made_and_judged(tmp_path: Path) -> None:
    folder, cache = tmp_path / "small", tmp_path / "cache"
    folder.mkdir()
    xor = "INPUT(a)\nINPUT(b)\nOUTPUT(y)\nt = NAND(a, b)\nu = NAND(a, t)\nv = NAND(t, b)\ny = NAND(u, v)\n"
    (folder / "half.bench").write_text(xor)
    (folder / "half__given.bench").write_text(xor.replace("y = NAND", "y = AND"))
    (folder / "clocked.bench").write_text("INPUT(a)\nOUTPUT(q)\nq = DFF(d)\nd = AND(a, q)\n")
    pairs = list(folder_pairs(folder, cache, ABC, Choice(versions=("resyn2", "collapse"), largest=1000)))
    said = {pair.name: ours(pair, 10).said for pair in pairs}
    assert said.keys() >= {"small/half-given"}
    assert said == {pair.name: "different" if pair.name.endswith("given") else "equal" for pair in pairs}
    assert said == {pair.name: abc_says(ABC, "cec", pair, 10).said for pair in pairs}
