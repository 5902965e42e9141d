"""Clocks, first values and properties of two circuits and one: what is proved is what the files say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from logic import Circuit, CircuitError, Clock, Verdict, parse_circuit, verify
from logic.checking import all_hold, prove_properties
from logic.evaluation import run
from logic.proving.streams import to_stream
from neurosym.commands.netlists import verify_files

DELAY = "module m(input c, input d, output y);\n{}\nassign y = q2;\nendmodule\n"
BLIF = ".model t\n.inputs d\n.outputs y\n.latch d q {} {}\n.names q y\n1 1\n.end\n"


def judged(circuit: Circuit) -> Verdict:
    """Of all properties."""
    return all_hold(prove_properties(circuit))


def delay(statements: str, edge: str = "posedge c") -> Circuit:
    return parse_circuit(DELAY.format(f"reg q1, q2;\nalways @({edge}) begin {statements} end"), "v")


def test_a_blocking_delay_is_not_a_delay_of_two() -> None:
    verdict = verify(delay("q1 = d; q2 = q1;"), delay("q1 <= d; q2 <= q1;"))
    assert verdict.holds is False
    assert verify(delay("q1 = d; q2 = q1;"), delay("q2 <= d; q1 <= d;")).holds


def test_other_clocks_and_edges_are_other_circuits() -> None:
    rising = parse_circuit(BLIF.format("re c", 0), "blif")
    for other in ("fe c", "re k"):
        with pytest.raises(CircuitError, match=r"waits for the \w+ edge of '\w', the other for the rising edge of 'c'"):
            verify(parse_circuit(BLIF.format(other, 0), "blif"), rising)
    assert verify(rising, rising).holds
    unnamed = verify(parse_circuit(BLIF.format("", 0), "blif"), rising)
    assert unnamed.holds
    assert "both clocked by the rising edge of 'c', which one of them does not name" in unnamed.claim
    renamed = replace(rising, inputs=("e",), clock=Clock("k"))
    assert verify(renamed, rising).holds  # matched by order, the clock too


def test_an_open_first_value_is_not_zero() -> None:
    first = {value: parse_circuit(BLIF.format("", value), "blif") for value in "0123"}
    for one, other, holds in (
        ("3", "0", False),
        ("2", "1", False),
        ("0", "1", False),
        ("3", "2", True),
        ("1", "1", True),
    ):
        verdict = verify(first[one], first[other])
        assert verdict.holds is holds
    assert "undefined ones (q) being any but alike in both" in verify(first["3"], first["3"]).claim


def counter(bits: int, bad: str, more: str = "") -> str:
    """A counter of ``en`` as AIGER with a bad state: all bits, by ``bad``, the last literal of the chain."""
    lines, wire, carry = [], 2 + bits, 2
    ands: list[str] = []
    following: list[int] = []
    for bit in range(bits):
        state = 2 * (2 + bit)
        both, neither, toggled = 2 * wire, 2 * (wire + 1), 2 * (wire + 2)
        ands += [f"{both} {state} {carry}", f"{neither} {state ^ 1} {carry ^ 1}", f"{toggled} {both ^ 1} {neither ^ 1}"]
        following.append(toggled)
        carry, wire = both, wire + 3
    lines = [f"{2 * (2 + bit)} {following[bit]}" for bit in range(bits)]
    header = f"aag {wire - 1} 1 {bits} 0 {len(ands)} 1{' 1' if more else ''}"
    return "\n".join([header, "2", *lines, bad.format(carry=carry), *([more] if more else []), *ands, "i0 en", ""])


def test_a_reachable_bad_state_is_refuted_by_a_stream() -> None:
    circuit = parse_circuit(counter(3, "{carry}"), "aag")
    verdict = judged(circuit)
    assert verdict.holds is False
    assert verdict.counterexample is not None
    stream = to_stream(verdict.counterexample, circuit.inputs)
    answers = run(circuit, stream.values[:, :, None].astype(np.uint64))[:, 0, 0] & np.uint64(1)
    assert answers[stream.judged] == 1
    assert stream.judged >= 7


def test_constraints_bound_what_is_asked() -> None:
    never = judged(parse_circuit(counter(3, "{carry}", "3"), "aag"))  # en is always 0
    assert never.holds  # by k-induction over the register that holds the constraint
    assert "while 1 constraints hold" in never.claim
    always = judged(parse_circuit(counter(2, "{carry}", "2"), "aag"))  # en is always 1
    assert always.holds is False
    first = judged(parse_circuit("aag 1 1 0 0 0 1 1\n2\n2\n3\n", "aag"))  # the constraint denies it
    assert first.holds


def test_properties_are_judged_by_the_command(tmp_path: Path) -> None:
    path = tmp_path / "bad.aag"
    path.write_text("aag 1 1 0 0 0 1\n2\n2\ni0 d\nb0 never\n")
    refuted = verify_files(path, None, "dual-rail", None)
    assert refuted.verdict.holds is False
    path.write_text("aag 2 1 1 0 0 1\n2\n4 4 0\n4\ni0 d\nb0 never\n")
    proved = verify_files(path, None, "dual-rail", None)
    assert proved.verdict.holds
    assert "'never' is never true" in proved.verdict.claim
