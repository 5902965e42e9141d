"""Circuit files mean what their language says: clocks, first values, don't cares, two names of one spelling."""

import itertools
import warnings
from dataclasses import replace

import numpy as np
import pytest

from logic import Circuit, CircuitError, Clock, FormatError, FormatWarning, Property, Role
from logic.evaluation import clock, run, truth_tables
from logic.formats import format_circuit, parse_circuit
from logic.formats.verilog import verilog_files


def read(text: str, format: str) -> Circuit:
    """The circuit of a text that is read without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return parse_circuit(text, format)


def stream(circuit: Circuit, waves: list[int]) -> list[int]:
    """The first output at each clock, for one input and registers that start at 0."""
    words = np.array(waves, dtype=np.uint64)[:, None, None]
    start = np.zeros((len(circuit.register_names), 1), dtype=np.uint64)
    return (run(circuit, words, start)[:, 0, 0] & np.uint64(1)).tolist()


def module(body: str, ports: str = "input c, input d, output y") -> str:
    return f"module m({ports});\n{body}\nendmodule\n"


DELAYS = {
    "<= in order": ("begin q1 <= d; q2 <= q1; end", 2),
    "<= in reverse": ("begin q2 <= q1; q1 <= d; end", 2),
    "= in order": ("begin q1 = d; q2 = q1; end", 1),
    "= in reverse": ("begin q2 = q1; q1 = d; end", 2),
    "= then <=": ("begin q1 = d; q2 <= q1; end", 1),
    "= twice": ("begin q1 = ~d; q1 = ~q1; q2 = q1; end", 1),
    "<= twice": ("begin q1 <= ~d; q1 <= d; q2 <= q1; end", 2),
}


@pytest.mark.parametrize("body", DELAYS)
def test_blocking_assignments_act_at_once(body: str) -> None:
    block, delay = DELAYS[body]
    circuit = read(module(f"reg q1, q2; always @(posedge c) {block}\nassign y = q2;"), "v")
    waves = [1, 1, 0, 1, 0, 0, 1, 0]
    assert stream(circuit, waves) == [0] * delay + waves[:-delay]
    assert circuit.inputs == ("d",)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("reg q; wire g; assign g = c & d;\nalways @(posedge g) q <= d; assign y = q;",
         r":3: the clock 'g' of 'q' is driven by logic"),
        ("reg q, r;\nalways @(posedge c) r <= ~r;\nalways @(posedge r) q <= d; assign y = q;",
         r":4: the clock 'r' of 'q' is driven by a reg"),
        ("reg q;\nalways @(posedge g) q <= d; assign y = q;", r":3: the clock 'g' of 'q' is driven by nothing"),
        ("reg q;\nalways @(posedge c) q <= d & c; assign y = q;", r":3: the clock 'c' is read as data"),
        ("reg q; always @(posedge c) q <= d;\nassign y = ~c;", r":3: the clock 'c' is read as data"),
        ("reg q, r; always @(posedge c) q <= d;\nalways @(negedge c) r <= q; assign y = r;",
         r":3: 'r' waits for the falling edge of 'c', 'q' for the rising"),
        ("reg q, r; always @(posedge c) q <= d;\nalways @(posedge d) r <= q; assign y = r;",
         r":3: 'r' waits for .*'d', 'q' for .*'c'"),
        ("reg q, r; always @(posedge c) q = d;\nalways @(posedge c) r = q; assign y = r;",
         r":3: 'q' is read here while another block"),
        ("reg q; always @(posedge c)\nbegin q = d; q <= q; end assign y = q;", r":3: 'q' is assigned by both"),
        ("wire [1:0] n; assign n[2] = d; assign y = n[2];", r":2: 'n' has no bit 2"),
    ],
)  # fmt: skip
def test_what_a_circuit_cannot_express_is_refused_with_its_line(body: str, message: str) -> None:
    with pytest.raises(FormatError, match=f"^<text>{message}"):
        parse_circuit(module(body), "v")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("reg q; always @(d) q = d; assign y = q;", r":2: expected 'posedge' or 'negedge'"),
        ("reg q; always @(posedge c) if (d) q <= d; assign y = q;", r":2: "),
        ("reg q; always @(posedge c or posedge d) q <= d; assign y = q;", r":2: expected '\)', got 'or'"),
        ("DLATCH u(.C(c), .D(d), .Q(y));", r":2: the cell 'DLATCH' is not a known flip-flop"),
        ("dff u(.E(c), .D(d), .Q(y));", r":2: the cell 'dff' is not a known flip-flop"),
        ("assign y = ~1 ? c : d;", r":2: a number without a size is 32 bits wide"),
    ],
)  # fmt: skip
def test_what_needs_yosys_is_said_where_there_is_none(body: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verilog_files, "find_yosys", lambda: None)
    with pytest.raises(FormatError, match=f"^<text>{message}.*; hierarchical or behavioural Verilog .* pip install"):
        parse_circuit(module(body), "v")


def test_clock_and_edge_are_data_of_the_circuit() -> None:
    def edge(body: str) -> Clock | None:
        return read(module(f"{body} assign y = q;"), "v").clock

    assert edge("reg q; always @(posedge c) q <= d;") == Clock("c", rising=True)
    assert edge("reg q; always @(negedge c) q <= d;") == Clock("c", rising=False)
    assert edge("reg q; wire n = ~c; always @(posedge n) q <= d;") == Clock("c", rising=False)
    assert edge("reg q; wire n = ~c; always @(negedge n) q <= d;") == Clock("c", rising=True)
    assert edge("wire q; DFF_N u(.C(c), .D(d), .Q(q));") == Clock("c", rising=False)
    assert edge("wire q; \\$_DFF_P_ u(.C(c), .D(d), .Q(q));") == Clock("c", rising=True)
    for suffix in ("v", "blif"):
        for rising in (True, False):
            text = module(f"reg q; always @({'pos' if rising else 'neg'}edge c) q <= d; assign y = q;")
            back = read(format_circuit(read(text, "v"), suffix).decode(), suffix)
            assert (back.clock, back.inputs) == (Clock("c", rising), ("d",))


def test_a_cell_of_the_file_is_what_its_module_says() -> None:
    cell = "module {}(output reg Q, input D, input C); initial Q = 1'b1; always @(negedge C) Q <= D; endmodule\n"
    for use in ("dff u(.D(d), .Q(y), .C(c));", "dff u(y, d, c);"):
        circuit = read(cell.format("dff") + module(use), "v")
        assert (circuit.clock, circuit.register_initial.tolist()) == (Clock("c", rising=False), [1])
    inverted = "module dff(input C, D, output reg Q); always @(posedge C) Q <= ~D; endmodule\n"
    circuit = read(inverted + module("dff u(.D(d), .Q(y), .C(c));"), "v")
    assert circuit.register_next.tolist() == [3]


def test_a_design_that_is_one_flip_flop_is_read() -> None:
    circuit = read("module m(input c, input d, output reg q);\n always @(posedge c) q <= d;\nendmodule\n", "v")
    assert (circuit.inputs, circuit.register_names, circuit.output_names) == (("d",), ("q",), ("q",))


def test_first_values_are_read_and_kept() -> None:
    blif = ".model t\n.inputs d\n.outputs y\n.latch d q {}\n.names q y\n1 1\n.end\n"
    for text, value in (("0", 0), ("1", 1), ("2", -1), ("3", -1), ("", -1), ("re c 1", 1), ("re c", -1)):
        assert read(blif.format(text), "blif").register_initial.tolist() == [value]
    for text, value in (("", 0), (" 0", 0), (" 1", 1), (" 4", -1)):
        assert read(f"aag 2 1 1 1 0\n2\n4 2{text}\n4\n", "aag").register_initial.tolist() == [value]
    flip_flop = "{} always @(posedge c) q <= d; assign y = q;"
    for text, value in (("reg q;", -1), ("reg q = 1'b1;", 1), ("reg q; initial q = 0;", 0)):
        assert read(module(flip_flop.format(text)), "v").register_initial.tolist() == [value]
    vector = "reg [1:0] q = 2'b00; always @(posedge c) begin q[0] <= d; q[1] <= q[0]; end assign y = q[1];"
    assert read(module(vector), "v").register_initial.tolist() == [0, 0]
    assert truth_tables(read(module("reg one; initial one = 1'b1; assign y = one;"), "v")).all()
    for value, suffix in itertools.product((-1, 0, 1), ("aag", "aig", "blif", "v")):
        circuit = parse_circuit(f"aag 2 1 1 1 0\n2\n4 2 {4 if value < 0 else value}\n4\n", "aag")
        assert parse_circuit(format_circuit(circuit, suffix), suffix).register_initial.tolist() == [value]


@pytest.mark.parametrize("kind", ["ah", "al", "as", "xx"])
def test_latches_of_blif_are_no_flip_flops(kind: str) -> None:
    text = f".model t\n.inputs d c\n.outputs q\n.latch d q {kind} c 0\n.end\n"
    with pytest.raises(FormatError, match=rf":4: {kind} is .*; only flip-flops"):
        parse_circuit(text, "blif")


def test_clocks_of_blif() -> None:
    text = ".model t\n.inputs d c\n.outputs q\n.latch d r {} 0\n.latch r q {} 0\n{}.end\n"
    assert read(text.format("re c", "re c", ""), "blif").clock == Clock("c")
    assert read(text.format("re c", "re c", ""), "blif").inputs == ("d",)
    assert read(text.format("", "", ""), "blif").inputs == ("d", "c")
    assert read(text.format("re NIL", "re NIL", ""), "blif").clock is None
    for first, second, more in (
        ("re c", "fe c", ""),
        ("re c", "", ""),
        ("re g", "re g", ".names c d g\n11 1\n"),
        ("re r", "re r", ""),
        ("fe NIL", "fe NIL", ""),
    ):
        with pytest.raises(FormatError, match=r"<text>:\d: .*(clock|edge)"):
            parse_circuit(text.format(first, second, more), "blif")


def test_tabs_part_words_of_blif_and_loads_say_nothing_of_functions() -> None:
    text = ".model\tm\n.inputs a b\n.input_drive a 1 1\n.outputs\ty\n.names a\tb y\n10\t1\n.cname g\n.end\n"
    assert truth_tables(read(text, "blif")).tolist() == [[0, 1, 0, 0]]
    with pytest.raises(FormatError, match=r"expected 2 of 0, 1, - and a value, got '1 0.*1 1'"):
        read(text.replace("10\t1", "1 0\t1 1"), "blif")


def test_an_escaped_name_and_a_bit_of_a_vector_are_two_nets() -> None:
    text = "module m(input \\a[1] , input b, output o);\nwire [1:0] a;\nassign a[0] = b;\nassign o = a[1];\nendmodule"
    with pytest.warns(FormatWarning, match=r"'a\[1\]' is read but never driven; it becomes an input"):
        circuit = parse_circuit(text, "v")
    assert circuit.inputs == ("\\a[1]", "b", "a[1]")
    assert truth_tables(circuit)[0].tolist() == [row >> 2 & 1 == 1 for row in range(8)]
    plain = read("module m(input \\a[1] , input \\b , output o); assign o = \\a[1] & b; endmodule", "v")
    assert plain.inputs == ("a[1]", "b")


def pla(kind: str, rows: str, outputs: int = 1) -> str:
    return f".i 2\n.o {outputs}\n{kind}\n{rows}\n.e\n"


@pytest.mark.parametrize(
    ("text", "table"),
    [
        (pla(".type f", "11 1\n0- -"), 0b1000),
        (pla("", "11 1\n1- ~"), 0b1000),
        (pla(".type fd", "1- 1\n11 -"), 0b1010),  # a don't care where the value is known says nothing
        (pla(".type fr", "1- 1\n0- 0"), 0b1010),
        (pla(".type fdr", "11 1\n10 0\n0- 0"), 0b1000),
        (pla(".phase 1", "-1 1"), 0b1100),
    ],
)
def test_tables_of_pla(text: str, table: int) -> None:
    rows = truth_tables(read(text, "pla"))[0].tolist()
    assert sum(bit << row for row, bit in enumerate(rows)) == table


@pytest.mark.parametrize(
    ("text", "free"),
    [
        (pla(".type fd", "1- 1\n0- -"), 0b0101),
        (pla("", "1- 1\n-1 2"), 0b0100),
        (pla(".type fr", "11 1\n10 0"), 0b0101),
        (pla(".type fdr", "11 1\n10 0\n0- -"), 0b0101),
        (pla(".type f", "11 1\n0- -"), 0),
    ],
)
def test_rows_of_pla_that_are_left_open_are_free(text: str, free: int) -> None:
    circuit = read(text, "pla")
    rows = [] if circuit.dont_cares is None else truth_tables(circuit.dont_cares)[0].tolist()
    assert sum(bit << row for row, bit in enumerate(rows)) == free


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (pla(".type fdr", "11 1\n10 0"), r": .type fdr lists all rows, but not all of 'o0'"),
        (pla(".type fr", "1- 1\n11 0"), r":5: for 'o0' this row and the one in line 4 overlap"),
        (pla(".type fr", "1- 01\n0- 10\n11 1~", 2), r":6: for 'o0' this row and the one in line 4 overlap"),
        (pla(".type fdr", "1- 1\n0- 0\n00 -"), r":6: for 'o0' this row and the one in line 5 overlap"),
        (pla(".phase 0", "1- 1"), r":3: a .phase other than 1"),
        (pla(".type g", "1- 1"), r":3: expected .type with one of f, fd, fr, fdr before"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_circuit(text, "pla")


def test_an_output_that_is_declared_twice_is_read_once() -> None:
    with pytest.warns(FormatWarning, match=r":4: the output 'y' is declared a second time"):
        circuit = parse_circuit("INPUT(a)\nINPUT(b)\nOUTPUT(y)\nOUTPUT(y)\ny = AND(a, b)\n", "bench")
    assert circuit.output_names == ("y",)


def test_undriven_wires_are_told() -> None:
    dead = ".model t\n.inputs a b\n.outputs y\n.names u v\n1 1\n.names a b y\n11 1\n.end\n"
    with pytest.warns(FormatWarning, match=r":4: 'u' is read but never driven; nothing depends on it"):
        circuit = parse_circuit(dead, "blif")
    assert (circuit.inputs, len(circuit.kinds)) == (("a", "b"), 1)
    with pytest.warns(FormatWarning, match=r":2: 'z' \(and 1 more\) is read but never driven; it becomes an input"):
        circuit = parse_circuit(".inputs a\n.outputs y z\n.names a b y\n11 1\n", "blif")
    assert (circuit.inputs, circuit.output_names) == (("a", "z", "b"), ("y", "z"))


@pytest.mark.parametrize("inputs", range(4))
def test_lookup_tables_of_bench(inputs: int) -> None:
    names = [f"x{index}" for index in range(inputs)]
    declared = "".join(f"INPUT({name})\n" for name in names)
    for table in np.random.default_rng(inputs).integers(0, 1 << (1 << inputs), 20).tolist():
        circuit = read(f"{declared}OUTPUT(y)\ny = LUT {table:#x} ( {', '.join(names)} )\n", "bench")
        assert sum(bit << row for row, bit in enumerate(truth_tables(circuit)[0].tolist())) == table
    with pytest.raises(FormatError, match="a table of at most"):
        parse_circuit(f"{declared}OUTPUT(y)\ny = LUT {1 << (1 << inputs):#x} ({', '.join(names)})", "bench")


def test_constants_of_bench() -> None:
    circuit = read("INPUT(a)\nOUTPUT(y)\nOUTPUT(z)\ny = vdd\nz = gnd\n", "bench")
    assert truth_tables(circuit).tolist() == [[True, True], [False, False]]


HALF = ".model half\n.inputs p q\n.outputs s c\n.names p q s\n10 1\n01 1\n.names p q c\n11 1\n.end\n"
FULL = (
    ".model full\n.inputs a b d\n.outputs s c\n.subckt half p=a q=b s=t c=u\n.subckt half p=t q=d s=s c=v\n"
    ".names u v c\n1- 1\n-1 1\n.end\n"
)


def test_models_within_models_are_copied() -> None:
    assert [
        sum(bit << row for row, bit in enumerate(table.tolist())) for table in truth_tables(read(FULL + HALF, "blif"))
    ] == [
        0b10010110,
        0b11101000,
    ]
    held = ".model top\n.inputs d\n.outputs y\n.subckt cell D=d Q=t\n.subckt cell D=t Q=y\n.end\n"
    cell = ".model cell\n.inputs D\n.outputs Q\n.latch D Q 1\n.end\n"
    circuit = read(held + cell, "blif")
    assert circuit.register_initial.tolist() == [1, 1]
    assert circuit.register_names == ("t", "y")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FULL, r":4: .subckt of the model 'half', which this file does not hold"),
        (HALF + FULL + FULL.replace("full", "more"), r":1: the first model, 'half', is part of another; put the whole"),
        (FULL + HALF + HALF, "a second model 'half'"),
        (".model a\n.subckt b x=y\n.end\n.model b\n.inputs x\n.subckt b x=x\n.end\n", "contains itself"),
        (".model a\n.subckt b z=y\n.end\n.model b\n.inputs x\n.end\n", r":2: the model 'b' has no port 'z'"),
        (".model a\n.subckt b x\n.end\n", r":2: expected .subckt model formal=actual"),
        (".model a\n.search other.blif\n", r":2: .search names another file, which is not opened"),
    ],
)
def test_models_that_cannot_be_copied_are_refused(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_circuit(text, "blif")


def test_copies_that_double_at_each_level_are_bounded() -> None:
    levels = "".join(
        f".model m{level}\n.inputs x\n.outputs y\n.subckt m{level + 1} x=x y=t\n.subckt m{level + 1} x=t y=y\n.end\n"
        for level in range(60)
    )
    with pytest.raises(FormatError, match="or too many copies"):
        parse_circuit(f"{levels}.model m60\n.inputs x\n.outputs y\n.names x y\n1 1\n.end\n", "blif")


def test_a_further_model_that_nothing_uses_is_told() -> None:
    with pytest.warns(FormatWarning, match=r"the model 'half' is not part of the first one"):
        parse_circuit(".model a\n.inputs x\n.outputs y\n.names x y\n1 1\n.end\n" + HALF, "blif")


def test_properties_of_aiger_are_no_plain_outputs() -> None:
    text = "aag 2 1 1 1 0 1 1\n2\n4 2 0\n4\n4\n3\ni0 d\no0 y\nb0 never\n"
    circuit = read(text, "aag")
    assert circuit.output_names == ("y", "never", "constraint_0")
    assert circuit.roles == (Role.OUTPUT, Role.BAD, Role.CONSTRAINT)
    assert read("aag 0 0 0 0 0\n", "aag").roles == ()
    back = parse_circuit(format_circuit(circuit, "aig"), "aig")
    assert (back.roles, back.output_names) == (circuit.roles, circuit.output_names)
    for suffix in ("blif", "v", "bench", "eqn"):
        with pytest.raises(FormatError, match="no properties"):
            format_circuit(circuit, suffix)


def test_justice_holds_its_outputs_together() -> None:
    text = "aag 2 1 1 1 0 1 0 2 1\n2\n4 2\n4\n3\n2\n1\n4\n2\n5\n3\ni0 d\no0 y\nb0 y\nj1 again\nf0 fair\n"
    circuit = read(text, "aag")
    assert circuit.output_names == ("y", "y_", "justice_0_0", "justice_0_1", "again_0", "fair")
    assert [(one.name, str(one.role), one.outputs) for one in circuit.properties] == [
        ("y_", "bad", (1,)),
        ("justice_0", "justice", (2, 3)),
        ("again", "justice", (4,)),
    ]
    for suffix in ("aag", "aig"):
        back = parse_circuit(format_circuit(circuit, suffix), suffix)
        assert (back.roles, back.output_names, back.justice) == (circuit.roles, circuit.output_names, circuit.justice)
        assert back.outputs.tolist() == circuit.outputs.tolist()
    for wrong in ((), (Property("one", Role.JUSTICE, (2, 3)),), (Property("one", Role.BAD, (2, 3, 4)),)):
        with pytest.raises(CircuitError, match="the justice properties hold"):
            replace(circuit, justice=wrong)
    spaced = replace(circuit, justice=(replace(circuit.justice[0], name="ä"), circuit.justice[1]))
    with pytest.warns(FormatWarning, match="cannot hold the name 'ä'; it is written as '_'"):
        assert parse_circuit(format_circuit(spaced, "aag"), "aag").justice[0].name == "_"


def test_names_with_blanks_are_mended_and_told() -> None:
    circuit = read("aag 1 0 1 1 0\n2 3\n2\nl0 q alias\no0 y\n", "aag")
    for suffix in ("blif", "v", "bench"):
        with pytest.warns(FormatWarning, match="cannot hold the name 'q alias'; it is written as 'q_alias'"):
            back = parse_circuit(format_circuit(circuit, suffix), suffix)
        assert back.register_names == ("q_alias",)
        assert [part.tolist() for part in clock(back, np.zeros((0, 1), np.uint64), np.ones((1, 1), np.uint64))] == [
            part.tolist() for part in clock(circuit, np.zeros((0, 1), np.uint64), np.ones((1, 1), np.uint64))
        ]
