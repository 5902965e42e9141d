"""Where a specification leaves an output free, an implementation may differ, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, CircuitError, compile_circuit, parse_circuit, prove_equivalent, verify
from logic.evaluation import truth_tables


def table(value: int, free: int, inputs: int = 3) -> Circuit:
    """The circuit of a truth table that is free in some rows."""
    text = f"y = {value:#0{2 + (1 << inputs) // 4}x}"
    where = parse_circuit(f"y = {free:#0{2 + (1 << inputs) // 4}x}", "tt")
    return replace(parse_circuit(text, "tt"), dont_cares=where)


@pytest.mark.parametrize("seed", range(16))
def test_tables_may_differ_where_the_specification_is_free(seed: int) -> None:
    value, free, change = np.random.default_rng(seed).integers(0, 256, 3).tolist()
    if seed % 2:
        change &= free
    spec, impl = table(value, free), replace(table(value ^ change, 0), dont_cares=None)
    right = not change & ~free
    verdict = prove_equivalent(impl, spec)
    assert verdict.holds is right
    assert "outside the specification's don't cares (y)" in verdict.claim
    network = compile_circuit(impl)
    assert verify(network, spec).holds is right
    if not right:
        row = sum(verdict.counterexample[f"x{at}"] << at for at in range(3)) if verdict.counterexample else -1
        assert change & ~free & 1 << row


def test_freedom_of_the_implementation_is_not_used() -> None:
    value = table(0x96, 0xFF)
    verdict = prove_equivalent(value, replace(table(0x97, 0), dont_cares=None))
    assert verdict.holds is False
    assert "not used" in verdict.claim
    assert truth_tables(value).sum() == 4


CLOCKED = ".model m\n.inputs d{0}\n.outputs y{0}\n.latch d{0} q re clk 0\n.names q y{0}\n{1} 1\n{2}.end\n"


@pytest.mark.parametrize(
    ("free", "holds"),
    [
        ("", False),
        (".exdc\n.names d y\n1 1\n", False),
        (".exdc\n.names q y\n1 1\n0 1\n", True),
        (".exdc\n.names y\n1\n", True),
    ],
)
def test_clocked_circuits_may_differ_where_the_specification_is_free(free: str, holds: bool) -> None:
    spec = parse_circuit(CLOCKED.format("", "1", free), "blif")
    assert prove_equivalent(parse_circuit(CLOCKED.format("", "0", ""), "blif"), spec).holds is holds
    assert prove_equivalent(parse_circuit(CLOCKED.format("", "1", ""), "blif"), spec).holds is not False
    assert verify(compile_circuit(spec), spec).holds


def test_signals_that_are_called_otherwise_are_matched_by_order_first() -> None:
    spec = parse_circuit(CLOCKED.format("", "1", ".exdc\n.names y\n1\n"), "blif")
    verdict = prove_equivalent(parse_circuit(CLOCKED.format("2", "0", ""), "blif"), spec)
    assert (verdict.holds, "matched by order" in verdict.claim) == (True, True)


def test_dont_cares_of_other_signals_are_refused() -> None:
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    circuit = make.build(y=a & b)
    with pytest.raises(CircuitError, match="don't cares are a circuit over the inputs and registers"):
        replace(circuit, dont_cares=make.build(z=a))


@pytest.mark.parametrize(
    ("row", "names", "holds"),
    [("1 1", "qq", True), ("0 1", "qq", False), ("1 1", "rq", False), ("1 0\n0 0", "qq", False)],
)
def test_undefined_first_values_of_one_name_are_alike_outside_dont_cares(row: str, names: str, holds: bool) -> None:
    text = ".model m\n.inputs a\n.outputs y\n.latch {0} p 0\n.latch a {0} 2\n.names {0} y\n{1}\n{2}.end\n"
    impl = parse_circuit(text.format(names[0], row, ""), "blif")
    spec = parse_circuit(text.format(names[1], "1 1", ".exdc\n.names q p y\n11 1\n"), "blif")
    verdict = prove_equivalent(impl, spec)
    assert verdict.holds is holds
    assert "from their first values on" in verdict.claim
    assert ("undefined ones (q) being any but alike in both" in verdict.claim) is (names == "qq")


def test_a_promise_of_one_hot_inputs_stands_in_the_claim() -> None:
    make = CircuitBuilder()
    slots, (b,) = make.inputs("a0", "a1", one_hot=True), make.inputs("b")
    spec = make.build(y=(slots[0] ^ slots[1]) & b)
    impl = parse_circuit("INORDER = a0 a1 b; OUTORDER = y; y = b;", "eqn")
    told = "where exactly one is true of a0, a1"
    for verdict in (prove_equivalent(impl, spec), verify(impl, spec), verify(compile_circuit(impl), spec)):
        assert (verdict.holds, verdict.claim.count(told)) == (True, 1)
    assert prove_equivalent(spec, impl).holds is False
    assert told not in prove_equivalent(spec, impl).claim
