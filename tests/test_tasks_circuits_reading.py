"""The judge of circuit readers tells machines apart; our readers agree with ABC and yosys where they are at hand."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from logic import parse_circuit
from logic.formats import format_circuit
from tasks.circuits.independent_readers import ReaderError, readers
from tasks.circuits.netlist_texts import TEXTS
from tasks.circuits.reading_agreement import compare_generated
from tasks.circuits.small_machines import Machine, difference, random_difference, read_machine


def machine(text: str, folder: Path) -> Machine:
    path = folder / "machine.aig"
    path.write_bytes(format_circuit(parse_circuit(text, "blif"), "aig"))
    return read_machine(path)


TOGGLE = ".model m\n.inputs en x\n.outputs y\n.latch n q 1\n.names q en n\n10 1\n01 1\n.names q y\n1 1\n.end\n"


def test_the_judge_tells_machines_apart(tmp_path: Path) -> None:
    held = machine(TOGGLE, tmp_path)
    assert difference(held, held) == random_difference(held, held) == ""
    other = machine(TOGGLE.replace("01 1", "11 1"), tmp_path)
    assert difference(held, other) == "the function of next q"
    assert random_difference(held, other) == "next q"
    assert difference(held, machine(TOGGLE.replace("n q 1", "n q 0"), tmp_path)) == "first value of q: 1 and 0"
    assert difference(held, machine(TOGGLE.replace("n q 1", "n q 3"), tmp_path)) == "first value of q: 1 and None"
    assert difference(held, machine(TOGGLE.replace("outputs y", "outputs y q"), tmp_path)).startswith("outputs")
    assert difference(held, machine(TOGGLE.replace(" en", " on"), tmp_path)) == ""  # by place
    swapped = machine(TOGGLE.replace("inputs en x", "inputs x en"), tmp_path)
    assert difference(held, swapped) == ""  # by name
    assert difference(held, machine(TOGGLE.replace("q en n", "q x n"), tmp_path)) == "the function of next q"
    assert difference(held, replace(held, inputs={"en": held.inputs["en"]})) == ""  # x is read by nothing


@pytest.mark.parametrize("suffix", TEXTS)
def test_random_files_are_read(suffix: str) -> None:
    texts = {TEXTS[suffix](np.random.default_rng(seed)) for seed in range(30)}
    assert len(texts) > 25
    for text in texts:
        assert parse_circuit(text, suffix).output_names


def test_what_we_read_is_what_others_read() -> None:
    try:
        others = readers()
    except ReaderError as missing:
        pytest.skip(f"{missing}: our readers were NOT compared")
    assert shutil.which("yosys")
    found = compare_generated(70, 5, others)
    assert found.wrong == []
    assert found.compared.total() > 70
