"""The generated families are judged as their names say, by the rival too."""

import shutil

import pytest

from logic.checking import prove_properties
from tasks.properties.property_benchmark import rival
from tasks.properties.property_families import families


@pytest.mark.parametrize("name", [name for name in families() if name != "counter-10"])
def test_families_are_judged_as_they_are_called(name: str) -> None:
    (judged,) = prove_properties(families()[name], None, 60.0)
    assert judged.verdict.holds is not name.endswith("-bad")


@pytest.mark.skipif(shutil.which("berkeley-abc") is None, reason="the rival is not installed")
def test_the_rival_is_understood() -> None:
    found = rival("berkeley-abc", families()["ring-12-bad"], 10)
    assert {answer.said for answer in found.values()} == {"refuted"}
    assert rival("berkeley-abc", families()["arbiter-8"], 10)["pdr"].said == "proved"
