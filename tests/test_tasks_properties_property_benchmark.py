"""The generated families are judged as their names say, by the rival too."""

import shutil

import pytest

from logic import Role
from logic.checking import prove_properties
from tasks.properties.property_benchmark import rival, with_first_inputs
from tasks.properties.property_families import families

from .explicit_states import holding, random_machine


@pytest.mark.parametrize("name", [name for name in families() if name != "counter-10"])
def test_families_are_judged_as_they_are_called(name: str) -> None:
    (judged,) = prove_properties(families()[name], None, 60.0)
    assert judged.verdict.holds is not name.endswith("-bad")


@pytest.mark.skipif(shutil.which("berkeley-abc") is None, reason="the rival is not installed")
def test_the_rival_is_understood() -> None:
    found = rival("berkeley-abc", families()["ring-12-bad"], 10)
    assert [answer.said for answer in found.values()] == ["refuted"] * 3
    assert rival("berkeley-abc", families()["arbiter-8"], 10)["pdr"].said == "proved"


def test_open_first_values_become_inputs_of_the_first_clock() -> None:
    judged = 0
    for seed in range(80):
        circuit = random_machine(seed)
        other = with_first_inputs(circuit)
        assert (other.register_initial >= 0).all()
        if len(other.inputs) + len(other.register_names) <= 9 and other is not circuit:
            expected, found = holding(circuit), holding(other)
            names = [one.name for one in circuit.properties if one.role is Role.BAD]
            assert [found[name] for name in names] == [expected[name] for name in names]
            judged += len(names)
    assert judged > 10
