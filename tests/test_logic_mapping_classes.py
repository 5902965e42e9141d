"""The classes of threshold functions number what the literature counts; narrow gates compute what wide ones did."""

from math import factorial, prod

import numpy as np
import pytest

from logic import CircuitBuilder, Gate, Literal
from logic.evaluation import truth_tables
from logic.mapping.classes import WIDTH, threshold_classes
from logic.mapping.narrow import narrow

KNOWN = [2, 4, 14, 104, 1882, 94572, 15028134]  # threshold functions of 0 to 6 inputs, OEIS A000609


@pytest.mark.parametrize("inputs", range(WIDTH + 1))
def test_flips_and_permutations_of_the_classes_are_all_threshold_functions(inputs: int) -> None:
    classes, total = threshold_classes(), 0
    for weights in classes.weights.tolist():
        used = [weight for weight in weights if weight]
        if len(used) <= inputs:
            own = used + [0] * (inputs - len(used))
            total += 2 ** len(used) * factorial(inputs) // prod(factorial(own.count(weight)) for weight in set(own))
    assert total == KNOWN[inputs]


def test_the_weights_of_a_class_are_its_function_and_no_two_are_alike() -> None:
    classes = threshold_classes()
    states = np.arange(1 << WIDTH)[:, None] >> np.arange(WIDTH) & 1
    tables = classes.weights @ states.T >= classes.threshold[:, None]
    assert len(np.unique(tables, axis=0)) == len(tables)
    assert (np.diff(classes.weights, axis=1) <= 0).all()
    signed = 2 * states - 1
    for weights, table in zip(classes.weights, tables, strict=True):  # the larger weight, the more it decides
        influence = table @ signed
        assert (np.diff(influence) <= 0).all()
        assert ((influence == 0) == (weights == 0)).all()


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("seed", range(10))
def test_narrow_gates_compute_the_same(seed: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    make = CircuitBuilder()
    codes = [literal.code for literal in make.inputs(*"abcdefghi")]
    for _ in range(6):
        kind = (Gate.AND, Gate.OR, Gate.XOR, Gate.MAJ)[int(rng.integers(4))]
        count = int(rng.choice([3, 5, 7])) if kind is Gate.MAJ else int(rng.integers(2, 9))
        chosen = rng.choice(len(codes), size=count, replace=False)
        codes.append(make.code(kind, [codes[i] ^ int(rng.integers(2)) for i in chosen]))
    circuit = make.build_from({f"y{place}": Literal(make, code) for place, code in enumerate(codes[-6:])})
    found = narrow(circuit, {Gate.AND: width, Gate.OR: width, Gate.XOR: 2})
    np.testing.assert_array_equal(truth_tables(found), truth_tables(circuit))
    for gate, kind in enumerate(found.kinds.tolist()):
        if kind != Gate.MAJ:
            assert len(found.operands(gate)) <= (2 if kind == Gate.XOR else width)
