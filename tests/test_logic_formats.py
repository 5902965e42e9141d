"""Circuit files: round trips, known functions, and one clear error for each malformed text."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic import CircuitBuilder, CircuitError, FormatError
from logic.drawings.circuit_drawing import MOST_GATES
from logic.errors import FormatWarning
from logic.evaluation import run, truth_tables
from logic.formats import (
    format_circuit,
    from_sympy,
    from_truth_tables,
    parse_circuit,
    read_circuit,
    to_sympy,
    write_circuit,
)
from tasks.circuits.format_sweep import differences
from tasks.fuzz.netlist_files import NETLISTS, netlists

SEEDS = [(suffix, text) for suffix in NETLISTS for (text,) in netlists(suffix, None)]

FULL_ADDER = {"s": 0b10010110, "c": 0b11101000}


def numbers(text: str | bytes, format: str) -> dict[str, int]:
    """The truth tables of a text's outputs as numbers."""
    circuit = parse_circuit(text, format)
    tables = truth_tables(circuit)
    return {
        n: sum(int(bit) << row for row, bit in enumerate(t)) for n, t in zip(circuit.output_names, tables, strict=True)
    }


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("eqn", "s = a ^ b ^ d\nc = a & b | d & (a | b)"),
        ("eqn", "INORDER = a b d; OUTORDER = s c; t = a*!b + !a*b; s = t ? !d : d; c = t ? d : a;"),
        ("bench", "INPUT(a)\nINPUT(b)\nINPUT(d)\nOUTPUT(s)\nOUTPUT(c)\ns = xor(a, b, d) # sum\nc = MAJ(a,b,d)\n"),
        ("tt", "s = 0x96\nc = 0b11101000"),
        ("pla", ".i 3\n.o 2\n.ob s c\n100 10\n010 10\n001 10\n111 11\n11- 01\n1-1 01\n-11 01\n.e"),
        ("blif", ".model x\n.inputs a b \\\n d\n.outputs s c\n.names a b t\n01 1\n10 1\n.names t d s\n00 0\n11 0\n"
                 ".names a b d c\n11- 1\n1-1 1\n-11 1\n.end"),
        ("v", "module m(input a, b, d, output s, output c); wire t = a ~^ b;\n"
              "assign s = ~(t ^ d), c = t ? a : d;\nendmodule"),
        ("v", "module m(x, s, c); input [2:0] x; output s, c; wire [1:0] n; // bits\n"
              "xor g1(s, x[0], x[1], x[2]); and (n[0], x[0], x[1]), (n[1], x[2], x[0] | x[1]);\n"
              "or(c, n[0], n[1]); endmodule"),
        ("aag", "aag 10 3 0 2 7\n2\n4\n6\n18\n21\n8 2 4\n10 3 5\n12 9 11\n14 12 6\n16 13 7\n18 15 17\n20 9 15\n"
                "o0 s\no1 c\n"),
    ],
)  # fmt: skip
def test_a_full_adder_in_each_language(format: str, text: str) -> None:
    assert numbers(text, format) == FULL_ADDER


@pytest.mark.parametrize(("format", "data"), SEEDS, ids=[f"{index}-{seed[0]}" for index, seed in enumerate(SEEDS)])
def test_embedded_examples_round_trip(format: str, data: bytes) -> None:
    assert differences(parse_circuit(data, format)) == []


def test_registers_keep_their_clocks_in_every_format() -> None:
    text = "aag 3 1 2 1 0\n2\n4 6 1\n6 2\n4\ni0 d\nl0 late\nl1 early\no0 q\n"
    words = np.array([[[1]], [[0]], [[1]], [[1]]], dtype=np.uint64)
    for suffix in ("aag", "aig", "blif", "v"):
        circuit = parse_circuit(format_circuit(parse_circuit(text, "aag"), suffix), suffix)
        assert (run(circuit, words)[:, 0, 0] & np.uint64(1)).tolist() == [1, 0, 1, 0]


@settings(deadline=None)
@given(st.integers(0, 6), st.data())
def test_truth_tables_become_circuits(inputs: int, data: st.DataObject) -> None:
    table = data.draw(st.integers(0, (1 << (1 << inputs)) - 1))
    circuit = from_truth_tables({"y": table}, inputs)
    assert sum(int(bit) << row for row, bit in enumerate(truth_tables(circuit)[0])) == table
    assert differences(circuit) == []
    if inputs:
        back = from_sympy(to_sympy(circuit))
        if back.inputs == circuit.inputs:
            assert np.array_equal(truth_tables(back), truth_tables(circuit))


def test_sympy_operators() -> None:
    import sympy

    a, b, c = sympy.symbols("a b c")
    cases: list[Any] = [
        sympy.ITE(a, b, c),
        sympy.Implies(a, b) ^ c,
        sympy.Equivalent(a, b, c),
        sympy.true,
        ~(a | b & c),
    ]
    circuit = from_sympy({f"y{index}": case for index, case in enumerate(cases)})
    for row, values in enumerate(truth_tables(circuit).T.tolist()):
        point = {symbol: bool(row >> place & 1) for place, symbol in enumerate((a, b, c))}
        assert values == [bool(case.subs(point)) for case in cases]
    with pytest.raises(CircuitError, match="no Boolean operator"):
        from_sympy({"y": a > b})


ERRORS = [
    ("aag", "", "empty"),
    ("aag", "aag 1 1\n", r":1: expected 'aag M I L O A'"),
    ("aag", "aag 3 2 0 1 1\n2\n4\n6\n6 2\n", r":5: expected 3 numbers for the ANDs, got '6 2'"),
    ("aag", "aag 3 2 0 1 1\n2\n4\n6\n", r"1 lines short of its ANDs"),
    ("aag", "aag 3 2 0 1 1\n2\n4\n6\n6 2 8\n", r":5: literal 8 is read but 8 is never defined"),
    ("aag", "aag 3 2 0 1 1\n2\n4\n6\n4 2 2\n", r":5: 4 is defined a second time, first in line 3"),
    ("aag", "aag 4 1 0 1 2\n2\n6\n6 8 2\n8 6 2\n", r"depends on itself"),
    ("aag", "aag 2 2 0 1 1\n2\n4\n6\n6 2 4\n", r"M must be at least that"),
    ("aag", "aag 1 1 0 1 0\n2\n2\ni7 x\n", r"i7 does not exist; there are 1"),
    ("aig", b"aig 1000000000 0 0 0 1000000000\n", r"declares 1000000000 entries, more than"),
    ("aig", b"aig 1000000000 1000000000 0 0 0\n", r"1000000000 inputs declared in a file of"),
    ("aig", b"aig 1 0 0 0 1\n\x80", r"byte 15: the file ends within AND 0 of 1"),
    ("aig", b"aig 2 1 0 0 1\n\x00\x00", r"byte 14: AND 0 \(literal 4\) reads"),
    ("blif", ".inputs a\n.outputs y\n.names a y\n11 1\n", r"expected 1 of 0, 1, - and a value"),
    ("blif", ".model a\n.model b\n.model b\n", r":3: a second model 'b'"),
    ("blif", ".inputs a\n.subckt b x=a\n", r":2: .subckt of the model 'b', which this file does not hold"),
    ("blif", ".model a\n.gate nand2 A=a Y=y\n", r":2: .gate of the cell 'nand2', which this file does not hold"),
    (
        "blif",
        ".inputs a\n.outputs y\n.names a y\n1 1\n.names a y\n0 1\n",
        r":5: 'y' is defined a second time, first in line 3",
    ),
    ("bench", "INPUT(a)\nOUTPUT(y)\ny = AND(z, a)\nz = NOT(y)\n", r"depends on itself; break the cycle by a register"),
    ("bench", "INPUT(a)\nOUTPUT(y)\ny = FOO(a)\n", r":3: unknown gate FOO"),
    ("bench", "INPUT(a)\nINPUT(a)\n", r":2: 'a' is defined a second time, first in line 1"),
    ("bench", "INPUT(é)\n", r":1: the letter 'é' is not ASCII"),
    ("bench", b"INPUT(\xff)\n", r":1: byte 0xFF is not text"),
    ("bench", b"INPUT(a)\nOUT\0", r":2: a NUL byte"),
    ("v", "module m(a, y); input a; output y;\nassign y = a &;\nendmodule", r":2: the expression ends"),
    (
        "v",
        "module m(y); output y;\nadder u(y);\nendmodule",
        r":2: the module 'adder'.* is in none of the files; give its file too",
    ),
    ("v", "module m(y); output [999999999:0] y; endmodule", r"999999999 wires declared"),
    ("v", "module m(y); output y; /* open", r"unexpected end of file"),
    ("eqn", "y = (a & b", r":1: '\(' without '\)'"),
    ("eqn", "y = a ? b", r"'\?' without ':'"),
    ("eqn", "y = y & a", r"'y' depends on itself"),
    ("pla", ".i 2\n.o 1\n1- 11\n", r":3: expected 2 of 0, 1, - and 1 of"),
    ("pla", ".i 999999999\n.o 1\n", r":1: 999999999 columns declared"),
    ("tt", "101", r"a table of 3 rows"),
    ("xyz", "", r"unknown format 'xyz'; known: aag"),
]


@pytest.mark.parametrize(("format", "text", "message"), ERRORS)
def test_malformed_text_is_one_clear_error(format: str, text: str | bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_circuit(text, format)


def test_a_constant_given_twice_in_blif_is_the_constant() -> None:
    assert numbers(".inputs a\n.outputs y\n.names y\n1\n1 \n 1\n", "blif") == {"y": 0b11}


def test_deep_and_long_expressions_need_no_stack() -> None:
    assert numbers("y = " + "(" * 50_000 + "a" + ")" * 50_000, "eqn") == {"y": 0b10}
    assert numbers("y = " + "~" * 50_001 + "a", "eqn") == {"y": 0b01}


def test_files_name_themselves_in_errors(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"nowhere\.aig: cannot be read: No such file"):
        read_circuit(tmp_path / "nowhere.aig")
    (tmp_path / "bad.bench").write_text("INPUT(a\n")
    with pytest.raises(FormatError, match=r"bad\.bench:1: expected INPUT"):
        read_circuit(tmp_path / "bad.bench")
    make = CircuitBuilder()
    (a,) = make.inputs("a b")
    circuit = make.build(y=~a)
    with pytest.warns(FormatWarning, match="BLIF cannot hold the name 'a b'; it is written as 'a_b'"):
        write_circuit(circuit, tmp_path / "out.blif")
    with pytest.raises(FormatError, match="cannot write the format 'txt'"):
        write_circuit(circuit, tmp_path / "out.txt")
    write_circuit(circuit, tmp_path / "out.aig")
    assert read_circuit(tmp_path / "out.aig").inputs == ("a b",)


def test_drawings_show_every_box_and_refuse_big_circuits() -> None:
    from xml.etree import ElementTree

    make = CircuitBuilder()
    a, b = make.inputs("a<b", 'say "hi"')
    circuit = make.build(y=a ^ ~b, z=a & b)
    picture = ElementTree.fromstring(format_circuit(circuit, "svg"))
    names = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a<b", 'say "hi"', "XOR", "AND", "y", "z"} <= names
    dot = format_circuit(circuit, "dot").decode()
    assert r'label="say \"hi\""' in dot
    assert dot.count("->") == 6
    wide = CircuitBuilder()
    leaves = wide.inputs(*(f"x{index}" for index in range(MOST_GATES + 2)))
    pairs = {f"y{index}": leaves[index] & leaves[index + 1] for index in range(MOST_GATES + 1)}
    with pytest.raises(CircuitError, match=f"{MOST_GATES + 1} gates are too many to draw"):
        format_circuit(wide.build_from(pairs), "svg")


def test_benchmark_files_round_trip() -> None:
    data = os.environ.get("NEUROSYM_DATA")
    if not data:
        pytest.skip("NEUROSYM_DATA not set: EPFL, ISCAS and AIGER files were NOT read; embedded examples alone were")
    suffixes = (".aag", ".aig", ".bench", ".blif", ".v")
    paths = [p for p in Path(data, "circuits").rglob("*") if p.suffix in suffixes and p.stat().st_size < 60_000]
    assert len(paths) > 60
    assert {path.name: wrong for path in paths if (wrong := differences(read_circuit(path)))} == {}


def test_the_largest_benchmark_loads_at_once() -> None:
    data = os.environ.get("NEUROSYM_DATA")
    if not data:
        pytest.skip("NEUROSYM_DATA not set: hyp was NOT read")
    circuit = read_circuit(Path(data, "circuits/epfl/arithmetic/hyp.aig"))
    assert (len(circuit.inputs), len(circuit.kinds), len(circuit.outputs)) == (256, 214_335, 128)
