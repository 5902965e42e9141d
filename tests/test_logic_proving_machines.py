"""Clocked circuits are compared by induction; what differs is shown by a stream that the circuits themselves run."""

import re
from dataclasses import replace

import numpy as np
import pytest

from logic import Circuit, CircuitError
from logic.evaluation import run
from logic.formats import parse_circuit
from logic.proving import prove_equivalent
from logic.proving.machines import prove_machines
from logic.proving.streams import to_stream

COUNTER = "INPUT(up)\nOUTPUT(high)\nq0 = DFF(d0)\nq1 = DFF(d1)\nd0 = XOR(q0, up)\n{}high = AND(q0, q1)\n"
CARRY = "c = AND(q0, up)\nd1 = XOR(q1, c)\n"


def counter(middle: str) -> Circuit:
    return parse_circuit(COUNTER.format(middle), "bench")


def outputs(circuit: Circuit, stream: np.ndarray, first: list[int]) -> np.ndarray:
    state = np.array(first, np.uint64)[:, None]
    return run(circuit, stream[:, :, None].astype(np.uint64), state)[:, 0, 0] & np.uint64(1)


def test_equal_machines_are_proved_whatever_their_names() -> None:
    same = counter("n = NAND(q0, up)\nc = NOT(n)\na = OR(q1, c)\nb = NAND(q1, c)\nd1 = AND(a, b)\n")
    verdict = prove_machines(same, counter(CARRY))
    assert verdict.holds
    assert "by order" not in verdict.claim
    renamed = replace(same, inputs=("i",), output_names=("o",), register_names=("r", "s"))
    verdict = prove_machines(renamed, counter(CARRY))
    assert verdict.holds
    assert "by order" in verdict.claim


def test_a_difference_is_a_stream_from_the_start() -> None:
    spec, wrong = counter(CARRY), counter("d1 = OR(q1, q0)\n")
    verdict = prove_machines(replace(wrong, inputs=("i",)), spec)
    assert verdict.holds is False
    assert verdict.counterexample is not None
    stream = to_stream(verdict.counterexample, ("i",))
    first = [int(value) for value in re.findall(r"q\d = (\d)", verdict.detail)]
    differs = outputs(wrong, stream.values, first) != outputs(spec, stream.values, first)
    assert differs[stream.judged]
    assert not differs[: stream.judged].any()


def test_machines_that_differ_in_states_out_of_reach_are_equal() -> None:
    frozen = "INPUT(a)\nOUTPUT(y)\nq = DFF0(q)\ny = {}\n"  # q is never true
    one, other = (
        replace(parse_circuit(frozen.format(f"{gate}(a, q)"), "bench"), register_initial=np.zeros(1, np.int64))
        for gate in ("XOR", "OR")
    )
    verdict = prove_machines(one, other)
    assert verdict.holds is True


def test_circuits_without_common_names_are_compared_by_order() -> None:
    spec = parse_circuit("y = a & !b; z = a | b", "eqn")
    other = parse_circuit("s = p & !q; t = !(!p & !q)", "eqn")
    assert prove_equivalent(other, spec).holds
    verdict = prove_equivalent(parse_circuit("s = p & q; t = p | q", "eqn"), spec)
    assert verdict.counterexample is not None
    assert verdict.counterexample["p"] == 1  # both values of y are 0 otherwise
    with pytest.raises(CircuitError, match="name both"):
        prove_equivalent(replace(other, inputs=("a", "q")), spec)


def test_what_no_signals_correspond_to_is_proved_by_reachability() -> None:
    """One token goes round while it is enabled, so it is never in two places."""

    def ring(places: int, output: str) -> Circuit:
        lines = ["INPUT(en)", "OUTPUT(y)", "e = NOT(en)", f"y = AND({output})"]
        for i in range(places):
            lines += [f"r{i} = DFF(d{i})", f"a{i} = AND(en, r{(i - 1) % places})", f"b{i} = AND(e, r{i})"]
            lines += [f"d{i} = OR(a{i}, b{i})"]
        return replace(parse_circuit("\n".join(lines), "bench"), register_initial=np.arange(places) == 0)

    verdict = prove_machines(ring(8, "r0, r2"), ring(8, "r0, en, e"), 30)
    assert verdict.holds is True
    assert "invariant" in verdict.detail
    verdict = prove_machines(ring(8, "r0, r2"), ring(8, "r0, r7"), 30)
    assert verdict.holds is True
    assert prove_machines(ring(8, "r0, r7"), ring(8, "r7, r7"), 30).holds is False
