"""Learning a circuit from examples: guess a known function, or let boosted trees vote, within a number of ANDs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit, CircuitBuilder, Gate, Literal
from ..errors import LearningError
from .boosting import Tree, boost, decide, majority
from .known import guesses

Bits = NDArray[np.bool_]
SHAPES = ((2, 401), (3, 301), (4, 161), (6, 61), (8, 21), (12, 5))  # depth of the trees, and at most how many
SURE = 0.99  # accuracy at which a known function is taken without growing trees


@dataclass(frozen=True, eq=False)
class LearnedCircuit:
    """A circuit fitted to examples.

    Args:
        circuit: One output, ``y``; AND and OR gates only.
        method: What it is, in words.
        ands: Its size in two-input ANDs.
        validation: Share of validation examples that it gets right; it was chosen by this figure.
    """

    circuit: Circuit
    method: str
    ands: int
    validation: float


def learn_circuit(
    samples: Bits,
    labels: Bits,
    validation_samples: Bits,
    validation_labels: Bits,
    *,
    ands: int = 5000,
    step: float = 0.2,
    shapes: Iterable[tuple[int, int]] = SHAPES,
) -> LearnedCircuit:
    """The best circuit found of at most ``ands`` two-input ANDs.

    Args:
        samples: ``[S, I]`` inputs to learn from.
        labels: ``[S]`` what the function gives for them.
        validation_samples: ``[V, I]`` inputs by which the method and its size are chosen.
        validation_labels: ``[V]``.
        ands: Bound on the size; inverters are free.
        step: Of the boosting, see :func:`logic.learning.boosting.boost`.
        shapes: Depths of trees to try, each with the largest number of trees.

    Raises:
        LearningError: if the arrays do not fit each other.

    Example:
        >>> from itertools import product
        >>> samples = np.array(list(product([False, True], repeat=4)))
        >>> labels = samples[:, 0] & samples[:, 1] | samples[:, 2] & samples[:, 3]
        >>> learned = learn_circuit(samples, labels, samples, labels, ands=20)
        >>> learned.validation, learned.ands <= 20
        (1.0, True)
    """
    _check(samples, labels, validation_samples, validation_labels)
    columns = list(validation_samples.T.copy())
    best = _known(samples, labels, columns, validation_labels, ands)
    if best is not None and best.validation >= SURE:
        return best
    for depth, count in shapes:
        trees = list(islice(boost(samples, labels, depth, step), count))
        voted = _vote(trees, depth, columns, validation_labels, ands)
        if voted is not None and (best is None or voted.validation > best.validation):
            best = voted
    if best is None:
        constant = bool(labels.mean() > 0.5)
        right = float((validation_labels == constant).mean())
        circuit = _build(lambda bits: decide(constant, bits), samples.shape[1])
        best = LearnedCircuit(circuit, "constant", 0, right)
    return best


def count_ands(circuit: Circuit) -> int:
    """The number of two-input ANDs of a circuit of AND and OR gates.

    Raises:
        LearningError: if it has gates of other kinds.
    """
    if len(circuit.kinds) and not np.isin(circuit.kinds, (Gate.AND, Gate.OR)).all():
        raise LearningError("only circuits of AND and OR gates are counted; lower the circuit first")
    return int((np.diff(circuit.offsets) - 1).sum())


def _check(samples: Bits, labels: Bits, validation_samples: Bits, validation_labels: Bits) -> None:
    fits = samples.ndim == 2 and samples.shape[1:] == validation_samples.shape[1:] and samples.size > 0
    if not fits or labels.shape != samples.shape[:1] or validation_labels.shape != validation_samples.shape[:1]:
        raise LearningError(
            f"samples {samples.shape} with labels {labels.shape} and validation samples {validation_samples.shape} "
            f"with labels {validation_labels.shape} do not fit; expected [S, I], [S], [V, I], [V]"
        )


def _known(samples: Bits, labels: Bits, columns: list[Bits], wanted: Bits, ands: int) -> LearnedCircuit | None:
    """The known function that is right most often on all examples, or its complement, if it is small enough."""
    training = list(samples.T.copy())
    ranked: list[tuple[float, bool, int]] = []
    tried = list(guesses(samples, labels))
    for place, guess in enumerate(tried):
        right = float((guess.function(training) == labels).mean())
        ranked.append((max(right, 1 - right), right < 0.5, place))
    for _, inverted, place in sorted(ranked, key=lambda row: -row[0])[:5]:
        guess = tried[place]
        circuit = _build(lambda bits, guess=guess: guess.function(bits), samples.shape[1], inverted)
        size = count_ands(circuit)
        if size <= ands:
            right = float(((guess.function(columns) ^ inverted) == wanted).mean())
            return LearnedCircuit(circuit, ("not " if inverted else "") + guess.name, size, right)
    return None


def _vote(trees: list[Tree], depth: int, columns: list[Bits], wanted: Bits, ands: int) -> LearnedCircuit | None:
    """The first so many trees, an odd number, that are right most often and fit into ``ands``."""
    votes = np.cumsum([decide(tree, columns) for tree in trees], axis=0)
    counts = np.arange(1, len(trees) + 1)
    right = ((2 * votes > counts[:, None]) == wanted).mean(axis=1)
    too_many = len(trees) + 1
    for count in counts[np.argsort(-right, kind="stable")].tolist():
        if count % 2 == 0 or count >= too_many:
            continue
        chosen = trees[:count]
        circuit = _build(lambda bits, chosen=chosen: majority([decide(tree, bits) for tree in chosen]), len(columns))
        size = count_ands(circuit)
        if size <= ands:
            return LearnedCircuit(circuit, f"{count} trees of depth {depth}", size, float(right[count - 1]))
        too_many = count
    return None


def _build(function: Callable[[Sequence[Literal]], Literal], count: int, inverted: bool = False) -> Circuit:
    """The circuit ``y`` of a function of ``count`` inputs ``x0 ..``, without gates that nothing reads."""
    builder = CircuitBuilder()
    value = function(builder.inputs(*(f"x{i}" for i in range(count))))
    return _without_idle_gates(builder.build(y=~value if inverted else value))


def _without_idle_gates(circuit: Circuit) -> Circuit:
    live = np.zeros(circuit.wires, dtype=bool)
    live[: circuit.first_gate] = True
    live[circuit.outputs >> 1] = True
    for gate in range(len(circuit.kinds) - 1, -1, -1):
        if live[circuit.first_gate + gate]:
            live[circuit.operands(gate) >> 1] = True
    wire = np.cumsum(live) - 1
    kept = live[circuit.first_gate :]
    widths = np.diff(circuit.offsets)
    literals = circuit.literals[np.repeat(kept, widths)]
    return Circuit(
        inputs=circuit.inputs,
        kinds=circuit.kinds[kept],
        offsets=np.concatenate([[0], np.cumsum(widths[kept])]),
        literals=2 * wire[literals >> 1] + (literals & 1),
        outputs=2 * wire[circuit.outputs >> 1] + (circuit.outputs & 1),
        output_names=circuit.output_names,
    )
