"""Certificates: what a solver claims is checked without it, and what is not a proof is refused."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from logic import CircuitBuilder, NetworkError, compile_circuit
from logic.library import ripple_add
from logic.proving.drat import certify, check_certificate, refutes


def satisfiable(clauses: list[tuple[int, ...]], variables: int) -> bool:
    """By trying all assignments."""
    return any(
        all(any((literal > 0) == values[abs(literal) - 1] for literal in clause) for clause in clauses)
        for values in product((False, True), repeat=variables)
    )


CLAUSES = st.lists(
    st.lists(st.integers(1, 4).flatmap(lambda v: st.sampled_from([v, -v])), min_size=1, max_size=3).map(tuple),
    max_size=14,
)


@settings(max_examples=300, deadline=None)
@given(CLAUSES, CLAUSES)
def test_nothing_satisfiable_is_ever_refuted(clauses: list[tuple[int, ...]], steps: list[tuple[int, ...]]) -> None:
    if refutes(clauses, [*steps, ()]):
        assert not satisfiable(clauses, 4)


def test_a_refutation_by_hand() -> None:
    clauses = [(1, 2), (1, -2), (-1, 2), (-1, -2)]
    assert refutes(clauses, [(1,), ()])
    assert not refutes(clauses, [()])  # nothing to propagate
    assert not refutes(clauses[:3], [(1,), ()])


@pytest.mark.parametrize("mapping", ["dual-rail", "single-rail", "logicsnn"])
def test_a_network_is_certified_and_a_damaged_proof_is_not_accepted(tmp_path: Path, mapping: str) -> None:
    make = CircuitBuilder()
    a, b = make.inputs("a0", "a1", "a2"), make.inputs("b0", "b1", "b2")
    circuit = make.build_from({f"s{i}": bit for i, bit in enumerate(ripple_add(a, b))})
    path = tmp_path / "adder.cnf"
    assert certify(compile_circuit(circuit, mapping), circuit, path).holds
    assert check_certificate(path)
    head, *clauses = path.read_text().splitlines()
    path.write_text(
        "\n".join([head.rsplit(" ", 1)[0] + f" {len(clauses) - 1}", *clauses[:-1], ""])
    )  # any output may differ
    assert not check_certificate(path)


def test_a_wrong_network_has_no_certificate(tmp_path: Path) -> None:
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    right, wrong = make.build(y=a ^ b), make.build(y=a | b)
    assert certify(compile_circuit(wrong), right, tmp_path / "gate.cnf").holds is False
    assert not list(tmp_path.iterdir())
    with pytest.raises(NetworkError, match="no certificate"):
        check_certificate(tmp_path / "gate.cnf")
    with pytest.raises(NetworkError, match=r"\.cnf"):
        certify(compile_circuit(right), right, tmp_path / "gate.txt")
