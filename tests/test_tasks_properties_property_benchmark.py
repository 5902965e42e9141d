"""The generated families are judged as their names say, and the benchmark adds up."""

import shutil

import pytest

from logic.checking import prove_properties
from tasks.properties.property_benchmark import Answer, contradictions, rival, totals
from tasks.properties.property_families import families


@pytest.mark.parametrize("name", [name for name in families() if name != "counter-10"])
def test_families_are_judged_as_they_are_called(name: str) -> None:
    (judged,) = prove_properties(families()[name], None, 60.0)
    assert judged.verdict.holds is not name.endswith("-bad")


def test_totals_and_contradictions() -> None:
    rows = [
        {"neurosym": Answer("PROVED", 1.0), "pdr": Answer("PROVED", 2.0)},
        {"neurosym": Answer("REFUTED", 1.0), "pdr": Answer("PROVED", 3.0)},
        {"neurosym": Answer("UNKNOWN", 9.0), "pdr": Answer("UNKNOWN", 9.0), "bmc3": Answer("REFUTED", 1.0)},
    ]
    found = totals(rows)
    assert (found["settled by both"], found["our seconds"], found["the better one's seconds"]) == (2, 2.0, 5.0)
    assert found["settled"] == {"neurosym": 2, "pdr": 2, "bmc3": 1}
    assert contradictions(rows) == 1


@pytest.mark.skipif(shutil.which("berkeley-abc") is None, reason="the rival is not installed")
def test_the_rival_is_understood() -> None:
    found = rival("berkeley-abc", families()["ring-12-bad"], 10)
    assert {answer.said for answer in found.values()} == {"REFUTED"}
    assert rival("berkeley-abc", families()["arbiter-8"], 10)["pdr"].said == "PROVED"
