"""Circuits and choices as clauses have exactly the models that they mean."""

from itertools import product
from random import Random

import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, Gate, Literal
from logic.evaluation import truth_tables
from reasoner.counting.clauses import Clauses
from reasoner.errors import CountingError


def random_circuit(rng: Random) -> Circuit:
    make = CircuitBuilder()
    literals = [literal.code for literal in make.inputs("a", "b", "c", "d")]
    for _ in range(rng.randint(1, 8)):
        operands = [code ^ rng.randrange(2) for code in rng.choices(literals, k=rng.randint(2, 3))]
        literals.append(make.code(rng.choice((Gate.AND, Gate.OR)), operands))
    ends = {name: literals[-1 - place] ^ rng.randrange(2) for place, name in enumerate("yz")}
    return make.build_from({name: Literal(make, code) for name, code in ends.items()})


@pytest.mark.parametrize("seed", range(30))
def test_outputs_are_the_truth_table(seed: int) -> None:
    circuit = random_circuit(Random(seed))
    clauses = Clauses(1000)
    inputs = [clauses.fresh() for _ in range(4)]
    outputs = clauses.outputs(circuit, inputs)
    for row, expected in zip(truth_rows(4), truth_tables(circuit).T, strict=True):
        given = [literal if value else -literal for literal, value in zip(inputs, row, strict=True)]
        for output, value in zip(outputs, expected.tolist(), strict=True):
            assert clauses.solve([*given, output if value else -output]) is not None
            assert clauses.solve([*given, -output if value else output]) is None


def truth_rows(width: int) -> list[tuple[bool, ...]]:
    return [row[::-1] for row in product((False, True), repeat=width)]


def test_a_choice_is_exactly_one_value() -> None:
    clauses = Clauses(1000)
    made = clauses.choice(4)
    for row in truth_rows(4):
        given = [literal if value else -literal for literal, value in zip(made, row, strict=True)]
        assert (clauses.solve(given) is not None) == (sum(row) == 1)


def test_a_spent_budget_is_said() -> None:
    clauses = Clauses(5)  # pigeons: ten in nine holes
    holes = np.array([[clauses.fresh() for _ in range(9)] for _ in range(10)])
    for pigeon in holes.tolist():
        clauses.add(*pigeon)
    for hole in holes.T.tolist():
        for first in range(10):
            for second in range(first):
                clauses.add(-hole[first], -hole[second])
    with pytest.raises(CountingError, match="within 5 conflicts"):
        clauses.solve()
