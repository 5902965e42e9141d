"""BLIF as SIS, VPR and yosys write it: hierarchy, cells of a library, don't cares, words that change no function."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from logic import Circuit, Clock, FormatError, FormatWarning
from logic.evaluation import truth_tables
from logic.formats import format_circuit, parse_circuit, read_circuit, read_modules


def read(text: str, format: str = "blif") -> Circuit:
    """The circuit of a text that is read without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return parse_circuit(text, format)


def tables(circuit: Circuit) -> list[int]:
    """The truth table of each output, as a number."""
    return [sum(bit << row for row, bit in enumerate(table)) for table in truth_tables(circuit).tolist()]


DELAY = ".model cell\n.inputs D\n.outputs Q\n.latch t r 1\n.names D t\n0 1\n.names r Q\n1 1\n.end\n"
TWO = ".model top\n.inputs d\n.outputs y\n.subckt cell D=d Q=m\n{}.subckt cell D=m Q=y\n.end\n"


def test_wires_within_instances_are_called_by_instance_and_net() -> None:
    assert read(TWO.format("") + DELAY).register_names == ("cell_0/r", "cell_1/r")
    assert read(TWO.format(".param X 1\n.cname first\n.attr src a.v:3\n") + DELAY).register_names == (
        "first/r",
        "cell_1/r",
    )
    nested = ".model whole\n.inputs a\n.outputs b\n.subckt top d=a y=b\n.cname inner\n.end\n"
    assert read(nested + TWO.format("") + DELAY).register_names == ("inner/cell_0/r", "inner/cell_1/r")


def test_names_with_slashes_are_no_wires_of_instances() -> None:
    flat = ".names cell_0/r q\n1 1\n.names d cell_0/r\n0 1\n"
    text = TWO.replace("outputs y", "outputs y q").format(flat) + DELAY
    assert read(text).register_names == ("cell_0_/r", "cell_1/r")
    assert read(text).output_names == ("y", "q")
    assert len(read(text.replace("cell_0/r", "plain")).kinds) == len(read(text).kinds)


def test_the_model_that_is_part_of_none_is_read() -> None:
    with pytest.warns(FormatWarning, match=r":1: the first model, 'cell', is part of another; 'top', which"):
        circuit = parse_circuit(DELAY + TWO.format(""), "blif")
    assert circuit.inputs == ("d",)
    with pytest.raises(FormatError, match="a second model 'top'"):
        parse_circuit(TWO.format("") + DELAY + TWO.format(""), "blif")


GENLIB = """# cells
GATE "inv" 1 O=!a;  PIN * INV 1 999 1.0 0.0 1.0 0.0
GATE nand2 2.0 O=!(a*b);
  PIN a INV 1 999 1 0 1 0
  PIN b INV 1 999 1 0 1 0
GATE aoi 3 Y=(a b + c')';   PIN * INV 1 999 1 0 1 0
GATE one 0 O=CONST1;
GATE half 5 S=a*!b+!a*b; PIN * UNKNOWN 1 999 1 0 1 0
GATE half 5 C=a&b; PIN * NONINV 1 999 1 0 1 0
LATCH dff 6 Q=D; PIN D NONINV 1 999 1 0 1 0 SEQ Q ANY RISING_EDGE CONTROL C 1 999 1 1 1 1
 CONSTRAINT D 0.1 0.1
LATCH toggle 6 Q=T*!P + !T*P; PIN T NONINV 1 999 1 0 1 0 SEQ Q P FALLING_EDGE
LATCH open 6 Q=D; PIN D NONINV 1 999 1 0 1 0 SEQ Q ANY ACTIVE_HIGH
"""
MAPPED = """.model m
.inputs a b c
.outputs y z s k
.gate nand2 a=a b=b O=n
.gate inv a=n O=y
.gate aoi a=a b=b c=c Y=z
.gate half a=a b=c S=s C=k
.end
"""


def mapped(folder: Path, text: str, library: str = GENLIB) -> Circuit:
    (folder / "m.blif").write_text(text)
    (folder / "cells.genlib").write_text(library)
    return read_circuit(folder / "m.blif", genlib=folder / "cells.genlib")


def test_cells_of_a_library_are_what_it_says(tmp_path: Path) -> None:
    rows = [(row & 1, row >> 1 & 1, row >> 2 & 1) for row in range(8)]
    values = [(a and b, not ((a and b) or not c), a != c, a and c) for a, b, c in rows]
    expected = [sum(bool(row[at]) << place for place, row in enumerate(values)) for at in range(4)]
    assert tables(mapped(tmp_path, MAPPED)) == expected
    constant = mapped(tmp_path, ".model m\n.inputs a\n.outputs y\n.gate one O=y\n.end\n")
    assert truth_tables(constant).all()


def test_registers_of_a_library(tmp_path: Path) -> None:
    text = ".model m\n.inputs d\n.outputs q\n.mlatch {} clk {}\n.end\n"
    circuit = mapped(tmp_path, text.format("dff D=d Q=q", "1"))
    assert (circuit.clock, circuit.register_initial.tolist(), circuit.inputs) == (Clock("clk"), [1], ("d",))
    circuit = mapped(tmp_path, text.format("toggle T=d Q=q", ""))
    assert (circuit.clock, circuit.register_initial.tolist()) == (Clock("clk", rising=False), [-1])
    assert len(circuit.kinds) == 3
    for wrong, message in (
        ("open D=d Q=q", r":4: ah is a latch that is open while its control is 1"),
        ("nand2 a=d b=d O=q", r":4: the cell 'nand2' is no register; place it by .gate"),
        ("dff E=d Q=q", r":4: the cell 'dff' has no pin 'E'; known: D, Q"),
        ("dff Q=q", r":4: the pin 'D' of the cell 'dff' is not connected"),
        ("other D=d Q=q", r":4: .mlatch of the cell 'other', which the library does not hold"),
    ):
        with pytest.raises(FormatError, match=message):
            mapped(tmp_path, text.format(wrong, ""))


def test_cells_without_a_library_name_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r":4: .gate of the cell 'nand2'.* give its genlib file \(--genlib FILE"):
        parse_circuit(MAPPED, "blif")
    with pytest.raises(FormatError, match=r":4: .*'\$add'.* must be mapped to .names and .latch \(yosys: techmap"):
        parse_circuit(".model m\n.inputs a b\n.outputs y\n.subckt $add A=a B=b Y=y\n.end\n", "blif")
    for library, message in (
        ("GATE a", "the text ends within a cell"),
        ("GATE a 1 O!a;", "expected GATE name area output=expression"),
        ("GATE a 1 O=';", "a complement of nothing"),
        ("GATE a 1 O=!(a;", r"'\(' without '\)'"),
        ("GATE a 1 O=a; GATE a 1 O=!a;", "a second GATE 'a' with the output 'O'"),
        ("CELL a", "expected GATE, LATCH or PIN, got 'CELL'"),
        ("# none\n", "no GATE"),
    ):
        with pytest.raises(FormatError, match=rf"cells.genlib.*{message}"):
            mapped(tmp_path, MAPPED, library)


FREE = """.model m
.inputs a b
.outputs y z
.names a b y
11 1
.names b z
0 1
.exdc
.names a t
0 1
.names t b y
11 1
.end
"""


def test_external_dont_cares_are_kept() -> None:
    circuit = read(FREE)
    assert tables(circuit) == [0b1000, 0b0011]
    assert circuit.dont_cares is not None
    assert (circuit.dont_cares.inputs, circuit.dont_cares.output_names) == (("a", "b"), ("y",))
    assert tables(circuit.dont_cares) == [0b0100]
    again = read(format_circuit(circuit, "blif").decode())
    assert again.dont_cares is not None
    assert tables(again.dont_cares) == [0b0100]
    with pytest.raises(FormatError, match="don't cares"):
        format_circuit(circuit, "aag")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FREE.replace(".names a t", ".names u t"), "don't cares read a wire that is no input and no register"),
        (FREE.replace(".names a t", ".latch a t 0\n.names a v"), r":9: .latch among the don't cares"),
        (FREE.replace(".names t b y", ".names t b b"), "'b' is defined a second time"),
    ],
)  # fmt: skip
def test_dont_cares_that_are_no_function_of_the_inputs_are_refused(text: str, message: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(FormatError, match=message):
            parse_circuit(text, "blif")


def test_words_that_say_nothing_of_functions_are_passed_over() -> None:
    told = (
        ".clock c\n.cycle 10\n.clock_event 50.0 (r'c 0 0)\n.input_arrival a 1 1\n.default_output_required 2 2\n"
        ".area 3\n.delay a INV 1 999 1 1 1 1\n.wire_load_slope 0.1\n.input_load a 1\n"
    )
    text = f".model m\n.inputs a c\n.outputs y\n{told}.conn n y\n.names a n\n0 1\n.latch a q re c 0\n.end\n"
    circuit = read(text, "eblif")
    assert (circuit.inputs, circuit.clock, len(circuit.register_names)) == (("a",), Clock("c"), 1)
    assert circuit.outputs.tolist() == [3]  # the complement of the first input


def test_modules_are_told_apart(tmp_path: Path) -> None:
    nested = ".model whole\n.inputs a\n.outputs b c\n.subckt top d=a y=b\n.subckt top d=b y=c\n.end\n"
    (tmp_path / "n.blif").write_text(DELAY + nested + TWO.format(""))
    with pytest.warns(FormatWarning, match="'whole', which is part of none, is read"):
        modules = read_modules(tmp_path / "n.blif")
    assert [(m.name, m.instances, len(m.circuit.register_names)) for m in modules] == [
        ("whole", 1, 4),
        ("top", 2, 2),
        ("cell", 4, 1),
    ]
    (tmp_path / "flat.bench").write_text("INPUT(a)\nOUTPUT(y)\ny = NOT(a)\n")
    assert [(m.name, m.instances) for m in read_modules(tmp_path / "flat.bench")] == [("flat", 1)]


def test_wires_without_a_driver_are_free_or_zero_as_asked(tmp_path: Path) -> None:
    (tmp_path / "u.blif").write_text(".inputs a\n.outputs y z v\n.names a u y\n1- 1\n-1 1\n.names u w z\n00 1\n.end\n")
    with pytest.warns(FormatWarning, match=r"'v' \(and 2 more\) is read but never driven; it becomes an input"):
        assert len(read_circuit(tmp_path / "u.blif").inputs) == 4
    with pytest.warns(FormatWarning, match=r"'v' \(and 2 more\) is read but never driven; it is 0, as was asked"):
        circuit = read_circuit(tmp_path / "u.blif", undriven="zero")
    assert (circuit.inputs, tables(circuit)) == (("a",), [0b10, 0b11, 0b00])
    with pytest.raises(FormatError, match="'free' or 'zero', not 'x'"):
        read_circuit(tmp_path / "u.blif", undriven="x")


def test_cells_of_yosys_are_known() -> None:
    text = ".model t\n.inputs A B S\n.outputs Y\n.subckt $_MUX_ A=A B=B S=S Y=Y\n.end\n"
    assert tables(read(text)) == [0b11001010]
    held = ".model t\n.inputs c d e r\n.outputs q\n.subckt {} C=c D=d E=e R=r Q=q\n.end\n"
    rows = [(row >> 3 & 1, row >> 2 & 1, row >> 1 & 1, row & 1) for row in range(16)]
    following = {
        ("$_SDFFE_PP0P_", True): [0 if r else d if e else q for q, r, e, d in rows],
        ("$_SDFFE_NN1N_", False): [1 if not r else d if not e else q for q, r, e, d in rows],
        ("$_SDFFCE_PP1P_", True): [(1 if r else d) if e else q for q, r, e, d in rows],
    }
    for (name, rising), values in following.items():
        circuit = read(held.format(name))
        assert (circuit.clock, circuit.register_initial.tolist()) == (Clock("c", rising), [-1])
        inside = replace(
            circuit,
            inputs=(*circuit.inputs, "q"),
            register_names=(),
            register_next=np.zeros(0, np.int64),
            register_initial=np.zeros(0, np.int64),
            outputs=circuit.register_next,
        )
        assert truth_tables(inside)[0].astype(int).tolist() == values
    with pytest.raises(FormatError, match=r"\$_DFF_PP0_.* must be mapped to .names and .latch"):
        parse_circuit(".model t\n.inputs c d r\n.outputs q\n.subckt $_DFF_PP0_ C=c D=d R=r Q=q\n.end\n", "blif")
