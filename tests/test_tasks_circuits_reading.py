"""The judge of circuit readers tells machines apart; our readers agree with ABC and yosys where they are at hand."""

import shutil
import warnings
from dataclasses import replace
from graphlib import CycleError
from pathlib import Path

import numpy as np
import pytest

from logic import parse_circuit
from logic.formats import format_circuit, read_circuit
from tasks.circuits import reading_agreement
from tasks.circuits.independent_readers import Reader, ReaderError, equivalent, readers
from tasks.circuits.reading_agreement import TEXTS, compare_files, compare_generated
from tasks.circuits.small_machines import Machine, difference, matched, read_machine, write_machine
from tasks.circuits.texts.berkeley_texts import GENLIB, LIBERTY, free_part
from tasks.circuits.torn_machines import exposed, torn


def machine(text: str, folder: Path) -> Machine:
    path = folder / "machine.aig"
    path.write_bytes(format_circuit(parse_circuit(text, "blif"), "aig"))
    return read_machine(path)


TOGGLE = ".model m\n.inputs en x\n.outputs y\n.latch n q 1\n.names q en n\n10 1\n01 1\n.names q y\n1 1\n.end\n"


def test_the_judge_tells_machines_apart(tmp_path: Path) -> None:
    held = machine(TOGGLE, tmp_path)
    assert difference(held, held) == ""
    other = machine(TOGGLE.replace("01 1", "11 1"), tmp_path)
    assert difference(held, other) == "the function of next q"
    assert difference(held, machine(TOGGLE.replace("n q 1", "n q 0"), tmp_path)) == "first value of q: 1 and 0"
    assert difference(held, machine(TOGGLE.replace("n q 1", "n q 3"), tmp_path)) == "first value of q: 1 and None"
    assert difference(held, machine(TOGGLE.replace("outputs y", "outputs y q"), tmp_path)).startswith("outputs")
    assert difference(held, machine(TOGGLE.replace(" en", " on"), tmp_path)) == ""  # by place
    swapped = machine(TOGGLE.replace("inputs en x", "inputs x en"), tmp_path)
    assert difference(held, swapped) == ""  # by name
    assert difference(held, machine(TOGGLE.replace("q en n", "q x n"), tmp_path)) == "the function of next q"
    assert difference(held, replace(held, inputs={"en": held.inputs["en"]})) == ""  # x is read by nothing


@pytest.mark.parametrize("suffix", TEXTS)
def test_random_files_are_read(suffix: str, tmp_path: Path) -> None:
    texts = {TEXTS[suffix](np.random.default_rng(seed)) for seed in range(30)}
    assert len(texts) > 25
    library = tmp_path / ("cells.lib" if suffix == "gate.v" else "cells.genlib")
    library.write_text(LIBERTY if suffix == "gate.v" else GENLIB)
    for text in texts:
        path = tmp_path / f"file.{suffix}"
        path.write_bytes(text)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "the first operand of MUX|.*the first operand of MUX")
            assert read_circuit(path, genlib=library).output_names


def test_dont_cares_are_cut_out_of_a_text() -> None:
    text = ".model t\n.inputs a b\n.outputs y z\n.names a y\n1 1\n.exdc\n.names b t\n1 1\n.names t y\n0 1\n.end\n"
    assert free_part(text).splitlines()[:4] == [".model free", ".inputs a b", ".outputs y", ".names b t"]


def test_what_we_read_is_what_others_read() -> None:
    try:
        others = readers()
    except ReaderError as missing:
        pytest.skip(f"{missing}: our readers were NOT compared")
    assert shutil.which("yosys")
    found = compare_generated(77, 5, others)
    assert found.wrong == []
    assert found.compared.total() > 70


LAYERS = """.model layers
.inputs a b c # and a comment
.outputs y z
.names a b p
10 1
01 1
.names p c \\
 q
1- 1
-1 1
.names p p2
1 1
.names one
1
.names p2 q one y
111 1
.names q p z
00 1
.end
"""


def test_torn_machines_are_equal_only_if_the_whole_ones_are(tmp_path: Path) -> None:
    text, nets = exposed(LAYERS)
    assert nets == {"p": ("a", "b"), "q": ("p", "c"), "p2": ("p",), "one": (), "y": ("p2", "q", "one"), "z": ("q", "p")}
    told = machine(text, tmp_path)
    assert [*told.outputs] == ["y", "z", "p", "q", "p2", "one"] or {*told.outputs} == {*nets}
    for changed, equal in (
        (text, True),
        (text.replace("10 1\n01 1", "11 0\n00 0"), True),  # the same function of a and b
        (text.replace("1- 1\n-1 1", "00 0"), True),
        (text.replace("10 1\n01 1", "10 1"), False),
        (text.replace("1- 1\n-1 1", "1- 1\n01 1\n00 1"), False),
        (text.replace("00 1", "00 1\n11 1"), False),
        (text.replace("111 1", "1-1 1"), False),  # equal as a whole, for p implies q, but not torn
    ):
        pair = matched(told, machine(changed, tmp_path))
        assert not isinstance(pair, str)
        one, other = torn(*pair, nets)
        assert (difference(one, other) == "") is equal, changed
        assert [*one.inputs] == [*other.inputs]


def test_a_gate_that_is_another_net_is_seen_through(tmp_path: Path) -> None:
    text = ".model m\n.inputs a b c\n.outputs g y\n.names a b g\n11 1\n.names a b c g y\n111- 1\n---0 1\n.end\n"
    _, nets = exposed(text.replace("outputs g y", "outputs y"))
    one, other = (machine(text.replace("111- 1", cube), tmp_path) for cube in ("111- 1", "-111 1\n0111 1"))
    pair = matched(one, other)
    assert not isinstance(pair, str)
    assert difference(*pair) == ""
    assert difference(*torn(*pair, nets)) == ""


def test_what_cannot_be_torn_is_left_whole() -> None:
    assert exposed(TOGGLE)[1] == {}
    with pytest.raises(CycleError):
        exposed(LAYERS.replace(".names a b p", ".names z b p"))


def test_a_written_machine_is_read_again(tmp_path: Path) -> None:
    told = machine(LAYERS, tmp_path)
    write_machine(told, tmp_path / "again.aig")
    again = read_machine(tmp_path / "again.aig")
    assert len(again.ands) == len(told.ands)
    assert difference(told, again) == ""  # without names, by place
    write_machine(
        replace(told, outputs=dict(zip("yz", reversed([*told.outputs.values()]), strict=True))), tmp_path / "other.aig"
    )
    assert difference(told, read_machine(tmp_path / "other.aig")) != ""


def test_abc_judges_files_whole_and_torn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        others = readers()
    except ReaderError as missing:
        pytest.skip(f"{missing}: our readers were NOT compared")
    (tmp_path / "layers.blif").write_text(LAYERS)
    assert [verdict for _, _, verdict in compare_files(tmp_path, others)] == ["equal", "equal"]
    judged: list[int] = []

    def busy(abc: Reader, ours: Machine, theirs: Machine, folder: Path, seconds: int) -> str:
        judged.append(len(ours.outputs))
        return "out of time" if len(judged) == 1 else equivalent(abc, ours, theirs, folder, seconds)

    monkeypatch.setattr(reading_agreement, "equivalent", busy)
    assert [verdict for _, _, verdict in compare_files(tmp_path, others[:1])] == ["equal, torn"]
    assert judged == [2, 2, 2, 6]
    monkeypatch.setattr(reading_agreement, "read_by_us", wrong)
    assert [verdict for _, _, verdict in compare_files(tmp_path, others[:1])] == ["different"]


def wrong(file: Path, folder: Path, undriven: str) -> Path:
    """A reading that takes another cover for one of the file's."""
    machine(file.read_text().replace("111 1", "101 1"), folder)
    return folder / "machine.aig"
