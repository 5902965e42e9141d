"""Circuits from examples: word arithmetic against integers, guesses, votes, bounds on size, the contest's task."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from logic import CircuitBuilder, compile_circuit, verify
from logic.errors import LearningError
from logic.learning import LearnedCircuit, count_ands, learn_circuit, words
from logic.learning.boosting import decide, grow, majority
from logic.learning.known import guesses
from tasks.circuits.learn_circuit import evaluate, open_contest, parse_examples, score

Bits = NDArray[np.bool_]


def columns(numbers: NDArray[np.int_], width: int) -> list[Bits]:
    return [(numbers >> bit & 1).astype(bool) for bit in range(width)]


def number(bits: Sequence[Bits]) -> NDArray[np.int_]:
    return sum((bit.astype(int) << place for place, bit in enumerate(bits)), start=np.zeros(1, dtype=int))


@given(st.integers(1, 6), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_word_arithmetic_is_that_of_integers(width: int, seed: int) -> None:
    a, b = np.random.default_rng(seed).integers(0, 2**width, (2, 50))
    x, y = columns(a, width), columns(b, width)
    assert np.array_equal(number(words.add(x, y)), a + b)
    assert np.array_equal(number(words.multiply(x, y)), a * b)
    assert np.array_equal(number(words.multiply(x, y, width)), a * b % 2**width)
    assert np.array_equal(words.at_least(x, y), a >= b)
    rest, fits = words.subtract_if_fits(x, y)
    assert np.array_equal(number(rest), np.where(a >= b, a - b, a))
    assert np.array_equal(fits, a >= b)
    quotient, remainder = words.divide(x, y)
    assert np.array_equal(number(quotient), np.where(b > 0, a // np.maximum(b, 1), 2**width - 1))
    assert np.array_equal(number(remainder), np.where(b > 0, a % np.maximum(b, 1), a))
    assert np.array_equal(number(words.count_ones(x)), [int(n).bit_count() for n in a])
    table = np.random.default_rng(seed).random(2**width) < 0.5
    assert np.array_equal(words.look_up(x, table.tolist()), table[a])


@given(st.integers(1, 6), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_square_roots(half: int, seed: int) -> None:
    a = np.random.default_rng(seed).integers(0, 4**half, 50)
    assert np.array_equal(number(words.square_root(columns(a, 2 * half))), np.floor(np.sqrt(a)).astype(int))


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_majority_counts_votes(seed: int) -> None:
    votes = np.random.default_rng(seed).random((2 * (seed % 8) + 1, 40)) < 0.5
    assert np.array_equal(majority(list(votes)), 2 * votes.sum(axis=0) > len(votes))


def test_a_deep_enough_tree_learns_its_examples_by_heart() -> None:
    samples = np.unique(np.random.default_rng(0).random((60, 8)) < 0.5, axis=0)
    labels = np.random.default_rng(1).random(len(samples)) < 0.5
    signs = np.where(labels, 1, -1).astype(np.float32)
    tree = grow(samples.astype(np.float32), signs, np.ones_like(signs), 12)
    assert np.array_equal(decide(tree, list(samples.T)), labels)


def learn(function: Callable[[Bits], Bits], inputs: int, ands: int = 5000) -> tuple[LearnedCircuit, float]:
    """What is learned from 1,200 examples of a function, and its accuracy on 2,000 others."""
    draw = np.random.default_rng(5)
    train, validation, test = (draw.random((n, inputs)) < 0.5 for n in (1200, 800, 2000))
    learned = learn_circuit(
        train, function(train), validation, function(validation), ands=ands, shapes=((3, 41), (6, 11))
    )
    return learned, float((evaluate(learned.circuit, test) == function(test)).mean())


def test_an_adder_is_recognised() -> None:
    learned, right = learn(
        lambda x: (x[:, :10] @ (1 << np.arange(10)) + x[:, 10:] @ (1 << np.arange(10))) >> 9 & 1 > 0, 20
    )
    assert (learned.method, right) == ("bit 9 of a + b, halves, low bit first", 1.0)


def test_a_parity_is_solved_for() -> None:
    learned, right = learn(lambda x: x[:, [2, 5, 30]].sum(axis=1) % 2 == 1, 40)
    assert (learned.method, learned.ands, right) == ("parity", 6, 1.0)


def test_a_symmetric_function_is_counted() -> None:
    learned, right = learn(lambda x: np.isin(x.sum(axis=1), (3, 4, 9)), 12)
    assert (learned.method, right) == ("symmetric", 1.0)


def test_trees_learn_what_is_not_known() -> None:
    learned, right = learn(lambda x: (x[:, 3] & x[:, 7]) | (~x[:, 3] & x[:, 1] & x[:, 9]), 15)
    assert "trees of depth" in learned.method
    assert right > 0.99


@pytest.mark.parametrize("ands", [0, 40, 300])
def test_the_bound_on_size_is_kept(ands: int) -> None:
    weights = np.random.default_rng(2).normal(size=15)
    learned, right = learn(lambda x: (x - 0.5) @ weights > 0, 15, ands)
    assert count_ands(learned.circuit) == learned.ands <= ands
    assert right > (0.8 if ands else 0.4)


def test_what_is_learned_compiles_to_spikes_and_is_proved() -> None:
    learned, _ = learn(lambda x: x.sum(axis=1) >= 5, 8)
    network = compile_circuit(learned.circuit)
    assert verify(network, learned.circuit, timeout=30).holds is True


def test_a_guess_on_data_is_the_guess_as_a_circuit() -> None:
    draw = np.random.default_rng(0)
    samples, labels = draw.random((200, 8)) < 0.5, draw.random(200) < 0.5
    found = list(guesses(samples, labels))
    assert len(found) > 50
    for guess in found:
        make = CircuitBuilder()
        circuit = make.build(y=guess.function(make.inputs(*"abcdefgh")))
        assert np.array_equal(evaluate(circuit, samples), guess.function(list(samples.T)))


def test_the_task_reads_the_contest_files(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    for split, ending in (("train", "train"), ("validation", "valid"), ("test", "test")):
        (tmp_path / split).mkdir()
        rows = draw.integers(0, 2, (300, 6))
        text = "".join(f"{''.join(map(str, row))} {row[:2].sum() % 2}\n" for row in rows)
        (tmp_path / split / f"ex07.{ending}.pla").write_text(f".i 6\n.o 1\n.p 300\n.type fr\n{text}.e\n")
    found = score(open_contest(tmp_path), 7)
    assert (found.method, found.test, found.ands) == ("parity", 1.0, 3)


def test_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(LearningError, match="f:2"):
        parse_examples("01 1\n0x 1\n", "f")
    with pytest.raises(LearningError, match="no examples"):
        parse_examples(".i 2\n", "f")
    with pytest.raises(LearningError, match="no contest files"):
        open_contest(tmp_path / "nowhere")
    with pytest.raises(LearningError, match="no file"):
        open_contest(tmp_path)(3, "train")
    with pytest.raises(LearningError, match="do not fit"):
        learn_circuit(np.zeros((3, 2), bool), np.zeros(2, bool), np.zeros((3, 2), bool), np.zeros(3, bool))
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    with pytest.raises(LearningError, match="AND and OR"):
        count_ands(make.build(y=a ^ b))
