"""Files of strangers that were once read or judged falsely, each standing for its kind, with the right result."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from logic import Circuit, FormatError, FormatWarning, compile_circuit, parse_circuit, prove_equivalent, verify
from logic.evaluation import truth_tables
from logic.formats import format_circuit, read_circuit
from logic.yosys.program import find_yosys

INIT = ".model t\n.inputs d\n.outputs y\n.latch d q {}\n.names q y\n1 1\n.end\n"
CLOCKED = "module m(input c, input e, input d, output y);\n {}\n assign y = q2;\nendmodule\n"
SEARCHED = (
    ".model t\n.inputs a b\n.outputs y\n.subckt g A=a B=b Y=y\n.end\n"
    ".model g\n.inputs A B\n.outputs Y\n.names A B Y\n11 1\n.end\n"
)


def counter(end: str) -> str:
    """Five bits that count while they are enabled, and what is told of them."""
    lines = [".model c", ".inputs en", ".outputs y", *(f".latch n{at} q{at} 0" for at in range(5))]
    lines += [".names en n_c0", "1 1"]
    for at in range(5):
        lines += [f".names q{at} n_c{at} n{at}", "10 1", "01 1", f".names q{at} n_c{at} n_c{at + 1}", "11 1"]
    return "\n".join([*lines, end, ".end", ""])


def blocks(assign: str) -> str:
    return CLOCKED.format(f"reg q1, q2; always @(posedge c) begin q1 {assign} d; q2 {assign} q1; end")


@pytest.mark.parametrize(
    ("impl", "spec", "format", "holds"),
    [
        (blocks("="), blocks("<="), "v", False),
        (INIT.format(3), INIT.format(0), "blif", False),
        (INIT.format(0), INIT.format(0), "blif", True),
        (counter(".names y"), counter(".names q0 q1 q2 q3 q4 y\n11111 1"), "blif", False),
    ],
)
def test_verdicts(impl: str, spec: str, format: str, holds: bool) -> None:
    verdict = prove_equivalent(parse_circuit(impl, format), parse_circuit(spec, format))
    assert verdict.holds is holds
    if "n_c5" in impl:
        assert "first differs at clock 31" in verdict.detail


def test_outputs_that_are_called_as_rails_are() -> None:
    covers = ".names a b y\n11 1\n.names a b y=1\n{}.end\n"
    text = ".model t\n.inputs a b\n.outputs y y=1\n" + covers
    right, wrong = (parse_circuit(text.format(rows), "blif") for rows in ("1- 1\n-1 1\n", "11 1\n"))
    for mapping in ("dual-rail", "single-rail"):
        assert verify(compile_circuit(right, mapping), right).holds is True
        assert verify(compile_circuit(right, mapping), wrong).holds is False


def test_a_gated_clock_is_refused_with_its_line() -> None:
    with pytest.raises(FormatError, match=r":2: the clock 'g'"):
        parse_circuit(CLOCKED.format("reg q2; wire g; assign g = c & e; always @(posedge g) q2 <= d;"), "v")


READ: dict[str, tuple[str, str, Callable[[Circuit], bool], str]] = {
    "an output listed twice": (
        "INPUT(a)\nINPUT(b)\nOUTPUT(y)\nOUTPUT(y)\ny = AND(a, b)\n", "bench",
        lambda found: truth_tables(found).tolist() == [[0, 0, 0, 1]], r":4: the output 'y' is declared a second time",
    ),
    "a net that nothing drives": (
        ".model t\n.inputs a b\n.outputs y\n.names u v\n1 1\n.names a b y\n11 1\n.end\n", "blif",
        lambda found: found.inputs == ("a", "b"), "'u' is read but never driven; nothing depends on it",
    ),
    "a table": (
        "INPUT(a)\nINPUT(b)\nOUTPUT(y)\ny = LUT 0x8 ( a, b )\n", "bench",
        lambda found: truth_tables(found).tolist() == [[0, 0, 0, 1]], "",
    ),
    "a model within the model": (
        SEARCHED, "blif", lambda found: truth_tables(found).tolist() == [[0, 0, 0, 1]], "",
    ),
    "no .model": (
        ".inputs a b\n.outputs y\n.names a b y\n11 1\n", "blif",
        lambda found: truth_tables(found).tolist() == [[0, 0, 0, 1]], "",
    ),
    "a PLA of ones and zeros": (
        ".i 3\n.o 1\n.ilb a b c\n.ob x\n.type fr\n011 1\n010 0\n.e\n", "pla",
        lambda found: found.dont_cares is not None and int(truth_tables(found.dont_cares).sum()) == 6, "",
    ),
    "an escaped name beside a vector": (
        "module m(input \\a[1] , input b, output o);\nwire [1:0] a; assign a[0] = b; assign o = a[1];\nendmodule\n",
        "v", lambda found: len(found.inputs) == 3, "is read but never driven; it becomes an input",
    ),
    "one flip-flop": (
        "module m(input c, input d, output reg q);\n always @(posedge c) q <= d;\nendmodule\n", "v",
        lambda found: found.register_names == ("q",), "",
    ),
    "a multiplexer": (
        "INPUT(s)\nINPUT(a)\nINPUT(b)\nOUTPUT(y)\ny = MUX(s, a, b)\n", "bench",
        lambda found: truth_tables(found).tolist() == [[0, 0, 0, 1, 1, 0, 1, 1]], "the first operand of MUX selects",
    ),
    "a table whose cubes go on over lines": (
        ".i 4\n.o 2\n11\n0-\n10\n0-00 1\n1\n.e\n", "pla",
        lambda found: truth_tables(found).sum(axis=1).tolist() == [4, 2], "",
    ),
    "a cover whose marks are parted": (
        ".model t\n.inputs a b c\n.outputs y\n.names a b c y\n1 1 - 1\n0 - \\\n0 1\n.end\n", "blif",
        lambda found: truth_tables(found).tolist() == [[1, 0, 1, 1, 0, 0, 0, 1]], "",
    ),
    "statements of bench in one line, over lines, and with semicolons": (
        "INPUT(a) INPUT(b);\nOUTPUT(y);\nOUTPUT(z)\nn = INV(a);\ny = AND(n,\n  b)\nz = CONST1\n", "bench",
        lambda found: truth_tables(found).tolist() == [[0, 0, 1, 0], [1, 1, 1, 1]], "",
    ),
    "equations over names as ABC writes them": (
        "INORDER = a<0> 22 $n\\b[1];\nOUTORDER = y;\ny = a<0> * !22 + $n\\b[1];\n", "eqn",
        lambda found: truth_tables(found).tolist() == [[0, 1, 0, 0, 1, 1, 1, 1]], "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "format", "message"),
    [
        (".i 2\n.o 1\n11 1\n1\n.e\n", "pla", ":4: the cube ends after 1 of 3 marks"),
        (".i 2\n.o 1\n11 1\n1", "pla", ":4: the cube ends after 1 of 3 marks"),
        (".mv 4 2 3 3\n", "pla", "more than two values"),
        (".i 4\n.o 1\n.pair 1\n", "pla", "leave it out"),
        ("INORDER = 1 a;\nOUTORDER = y;\ny = 1 * a;\n", "eqn", "an input called '1', which is a constant"),
        ("y = 2 & a", "eqn", "expected a name, got '2'"),
        ("INPUT(a)\nOUTPUT(y)\ny = AND(a,\nz = BUFF(a)\n", "bench", ":3: expected"),
        (".model t\n.end\n.search cells.blif\n", "blif", ":3: .search names another file"),
        (".model t\n.inputs a\n.outputs y\n.latch a y as NIL 0\n.end\n", "blif", "as is asynchronous"),
    ],
)
def test_refusals_say_what_is_wrong(text: str, format: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_circuit(text, format)


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_packed_files_are_unpacked(suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    data = b"aag 1 1 0 1 0\n2\n3\n"
    path = tmp_path / f"not.aag.{suffix}"
    path.write_bytes(pack(data))
    assert truth_tables(read_circuit(path)).tolist() == [[1, 0]]
    path.write_bytes(pack(data)[:-9])
    with pytest.raises(FormatError, match="cannot be unpacked as its suffix says"):
        read_circuit(path)
    path.write_bytes(data)
    with pytest.raises(FormatError, match="cannot be unpacked as its suffix says"):
        read_circuit(path)


@pytest.mark.parametrize("name", READ)
def test_readings(name: str) -> None:
    text, format, right, warning = READ[name]
    if warning:
        with pytest.warns(FormatWarning, match=warning):
            found = parse_circuit(text, format)
    else:
        found = parse_circuit(text, format)
    assert right(found)


@pytest.mark.parametrize("suffix", ["blif", "v", "bench"])
def test_a_name_with_a_blank_is_mended_and_told(suffix: str) -> None:
    circuit = parse_circuit("aag 1 0 1 1 0\n2 3\n2\nl0 q alias\no0 y\n", "aag")
    with pytest.warns(FormatWarning, match="'q alias'; it is written as 'q_alias'"):
        text = format_circuit(circuit, suffix)
    back = parse_circuit(text, suffix)
    assert back.register_names == ("q_alias",)
    assert prove_equivalent(back, circuit).holds is True


ADDER = """module part(input c, r, d, output reg q);
always @(posedge c or negedge r) if (!r) q <= 0; else q <= d;
endmodule
module top(input c, r, input [2:0] a, b, output [2:0] s, output q);
assign s = a + b;
part u(c, r, s[2] ^ a[0], q);
endmodule
"""


@pytest.mark.filterwarnings("ignore::logic.FormatWarning")
@pytest.mark.parametrize("passes", ["proc", "proc; flatten; techmap; simplemap; opt"])
def test_what_yosys_writes_in_json_is_what_it_reads(passes: str, tmp_path: Path) -> None:
    yosys = find_yosys()
    if yosys is None:
        pytest.skip("there is no yosys")
    (tmp_path / "f0.v").write_text(ADDER)
    script = f"read_verilog f0.v\nhierarchy -top top\n{passes}\nwrite_json out.json\n".replace("; ", "\n")
    assert yosys.run(tmp_path, script)[0] == 0
    verdict = prove_equivalent(read_circuit(tmp_path / "out.json"), read_circuit(tmp_path / "f0.v"))
    assert (verdict.holds, "matched by order" in verdict.claim) == (True, False)
    (tmp_path / "f0.v").write_text(ADDER.replace("s[2] ^ a[0]", "s[2] & a[0]"))
    assert prove_equivalent(read_circuit(tmp_path / "out.json"), read_circuit(tmp_path / "f0.v")).holds is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"modules": {}}', ":1: no netlist of yosys"),
        ('{"modules":\n{,}}', ":2: no JSON"),
        ('{"version": 1}', ":1: no netlist of yosys"),
        ("[" * 100_000, "too deep"),
    ],
)
def test_json_that_is_no_netlist(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_circuit(text, "json")
