"""Learning truth tables with spikes: a teacher, a pair rule, and one pattern neuron for each row of the table.

The scheme is that of LogicSNN: each variable has two lines (dual rail: one of them fires in a wave), each
row of the truth table has a pattern neuron that fires when all its lines do, and the two output neurons learn which
rows are theirs. Only the synapses from patterns to outputs are plastic. One presentation, by the network's semantics:

    step 0    teacher line ``1 - y``                 the wrong output fires at step 1, before the pattern: dt = -1
    step 1    input lines; the pattern at step 2     pattern neurons have weights 1 and threshold k
    step 2    teacher line ``y``                     the right output fires at step 3, after the pattern: dt = +1

and ten steps later the next row. A teacher spike alone fires its output neuron.

References:
    Mo and Wang (2021), LogicSNN: A Unified SNN Logical Operation Paradigm, Electronics 10(17):2123. (The paper's
    constants are not public; these are chosen so that learning ends in a number of epochs known beforehand.)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import LearningError
from ..network import INPUT, Population, SpikingNetwork, Synapses
from ..rails import rail_lines
from .rule import PairRule

Bits = NDArray[np.bool_]
PERIOD = 10  # steps from one presentation to the next: twice the window, so that neighbours never pair


@dataclass(frozen=True, eq=False)
class LearnedGate:
    """What one truth table has become after training.

    Args:
        table: ``[2 ** k]`` the function; in row ``m`` input ``i`` is bit ``i`` of ``m``.
        rule: The plasticity rule that was used.
        history: ``[epochs + 1, 2, 2 ** k]`` weights from patterns to outputs before and after each epoch.
        epochs: Epochs until every weight lay at a bound; none if that never happened.
    """

    table: tuple[int, ...]
    rule: PairRule
    history: NDArray[np.float64]
    epochs: int | None

    @property
    def fan_in(self) -> int:
        """The number of inputs, ``k``."""
        return len(self.table).bit_length() - 1

    @property
    def weights(self) -> NDArray[np.float64]:
        """``[2, 2 ** k]`` final weights from patterns to outputs."""
        return self.history[-1]

    def snap(self, inputs: Sequence[str] = (), output: str = "y") -> SpikingNetwork:
        """The network with each weight moved to the nearer bound, ``0`` or the threshold; nothing consults the table.

        Args:
            inputs: ``k`` names; ``a``, ``b``, ... if left out.
            output: The name of the output.

        Raises:
            LearningError: if there are not ``k`` names.
        """
        names = tuple(inputs) or tuple("abcd"[: self.fan_in])
        if len(names) != self.fan_in:
            raise LearningError(f"{len(names)} input names for a gate of {self.fan_in} inputs: {names}")
        snapped = np.where(self.weights >= self.rule.maximum / 2, self.rule.maximum, 0)
        return SpikingNetwork(
            input_shape=(2 * self.fan_in,),
            populations=(
                Population("patterns", (len(self.table),), self.fan_in),
                Population("outputs", (2,), self.rule.maximum),
            ),
            projections=(
                Synapses.dense(INPUT, "patterns", _pattern_weights(self.fan_in)),
                Synapses.dense("patterns", "outputs", snapped),
            ),
            outputs=np.arange(2) + 2 * self.fan_in + len(self.table),
            output_lines=rail_lines([output]),
            latencies=np.array([2, 2]),
            input_lines=rail_lines(names),
        )


def learn_gate(
    table: str | Sequence[int],
    rule: PairRule | None = None,
    *,
    epochs: int | None = None,
    flip: float = 0.0,
    seed: int = 0,
) -> LearnedGate:
    """Learns one truth table; see :func:`learn_gates`.

    Args:
        table: ``2 ** k`` zeros and ones, such as ``"0110"``; in row ``m`` input ``i`` is bit ``i`` of ``m``.
        rule: Plasticity constants; the integer rule with 64 levels if left out.
        epochs: Passes over the table; the predicted number if left out.
        flip: Probability that the teacher shows the wrong value.
        seed: Of the teacher's errors.

    Example:
        >>> learn_gate("0110").epochs
        6
    """
    return learn_gates([table], rule, epochs=epochs, flip=flip, seed=seed)[0]


def learn_gates(
    tables: Iterable[str | Sequence[int]],
    rule: PairRule | None = None,
    *,
    epochs: int | None = None,
    flip: float = 0.0,
    seed: int = 0,
) -> tuple[LearnedGate, ...]:
    """Learns many truth tables of one size at once, each in a network of its own.

    Args:
        tables: Truth tables as in :func:`learn_gate`.
        rule: Plasticity constants; the integer rule with 64 levels if left out.
        epochs: Passes over all rows, in order; the predicted number if left out.
        flip: Probability that the teacher shows the wrong value, drawn anew at each presentation.
        seed: Of the teacher's errors.

    Returns:
        One gate a table.

    Raises:
        LearningError: if a table is not one of 2, 4, 8 or 16 zeros and ones, or their sizes differ.
    """
    rule = rule or PairRule()
    targets = _targets(tables)
    if not 0 <= flip <= 1:
        raise LearningError(f"flip is a probability, got {flip}")
    count = rule.predicted_epochs if epochs is None else epochs
    if count < 0:
        raise LearningError(f"epochs must not be negative, got {epochs}")
    draw = np.random.default_rng(seed)
    history = np.empty((count + 1, len(targets), 2, targets.shape[1]))
    history[0] = rule.initial
    for epoch in range(count):
        shown = targets ^ (draw.random(targets.shape) < flip)
        history[epoch + 1] = _train_epoch(history[epoch], shown, rule)
    settled = ((history == 0) | (history == rule.maximum)).all(axis=(2, 3))
    return tuple(
        LearnedGate(
            table=tuple(int(bit) for bit in targets[gate]),
            rule=rule,
            history=history[:, gate].copy(),
            epochs=int(settled[:, gate].argmax()) if settled[:, gate].any() else None,
        )
        for gate in range(len(targets))
    )


def _targets(tables: Iterable[str | Sequence[int]]) -> Bits:
    """``[G, 2 ** k]`` the checked tables."""
    rows = [[int(bit) if str(bit) in "01" else -1 for bit in table] for table in tables]
    for row in rows:
        if len(row) not in (2, 4, 8, 16) or -1 in row:
            raise LearningError(
                f"a truth table has 2, 4, 8 or 16 zeros and ones (1 to 4 inputs), got {len(row)} entries"
                + (", not all of them 0 or 1" if -1 in row else "")
            )
    if not rows or len({len(row) for row in rows}) > 1:
        raise LearningError(f"tables of one size can be learned together, got sizes {sorted({len(r) for r in rows})}")
    return np.array(rows, dtype=bool)


def _lines(fan_in: int) -> NDArray[np.int64]:
    """``[2 ** k, 2 k]`` the input lines that fire in each row: line ``2 i + v`` says that input ``i`` is ``v``."""
    rows = np.arange(2**fan_in)
    values = rows[:, None] >> np.arange(fan_in) & 1
    return np.stack([1 - values, values], axis=-1).reshape(len(rows), -1)


def _pattern_weights(fan_in: int) -> NDArray[np.int64]:
    """``[2 ** k, 2 k]`` synapses onto the pattern neurons: weight 1 from the lines of its own row."""
    return _lines(fan_in)


def _train_epoch(weights: NDArray[np.float64], shown: Bits, rule: PairRule) -> NDArray[np.float64]:
    """Presents each row once, step by step, and lets the spikes change the weights.

    Args:
        weights: ``[G, 2, P]`` from patterns to outputs.
        shown: ``[G, P]`` the value that the teacher shows at each row.
        rule: Plasticity constants.

    Returns:
        ``[G, 2, P]`` new weights.
    """
    weights = weights.copy()
    gates, rows = shown.shape
    fan_in = rows.bit_length() - 1
    changes, synapses = rule.changes, _pattern_weights(fan_in)
    lines = _lines(fan_in)
    never = -2 * PERIOD
    last_pattern = np.full(rows, never)  # step of the latest spike of each pattern neuron
    last_output = np.full((gates, 2), never)
    quiet_input, quiet_teacher = np.zeros(2 * fan_in, dtype=np.int64), np.zeros((gates, 2), dtype=bool)
    before_input, before_teacher, before_pattern = quiet_input, quiet_teacher, np.zeros(rows, dtype=bool)
    for step in range(rows * PERIOD):
        row, phase = divmod(step, PERIOD)
        value = shown[:, row].astype(np.int64)
        line = lines[row] if phase == 1 else quiet_input
        teacher = quiet_teacher
        if phase in (0, 2):
            teacher = np.arange(2) == (1 - value if phase == 0 else value)[:, None]
        # The semantics of logic.network with unit delays: memoryless neurons fire at u >= threshold.
        pattern = synapses @ before_input >= fan_in
        output = rule.maximum * before_teacher + weights[:, :, before_pattern].sum(axis=2) >= rule.maximum
        if output.any():  # a spike after the latest one of the pattern: the synapse grows
            interval = step - last_pattern
            growth = np.where(interval <= rule.window, changes[np.minimum(interval, rule.window)], 0)
            weights += output[:, :, None] * growth
        if pattern.any():  # a spike after the latest one of the output: the synapse shrinks
            interval = step - last_output
            decay = np.where(interval <= rule.window, changes[np.minimum(interval, rule.window)], 0)
            weights -= decay[:, :, None] * pattern
        np.clip(weights, 0, rule.maximum, out=weights)
        last_pattern[pattern], last_output[output] = step, step
        before_input, before_teacher, before_pattern = line, teacher, pattern
    return weights
