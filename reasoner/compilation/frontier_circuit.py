"""Frontier states as a circuit: sums of products in plain Python if they are few, else index tables at once."""

from collections.abc import Sequence
from math import exp, log
from typing import TYPE_CHECKING, Any

from ..grounding.sums import FALSE, TRUE, Case, Sums, SumsBuilder, factor_of, product_of
from .frontier import Frontier, rows_of
from .frontier_steps import ACCEPT, REJECT
from .plan import States

if TYPE_CHECKING:
    from .layers import Arrays, Layers

_FEW = 2_000  # states that become sums in plain Python
_TINY = 1e-200  # a probability below may have lost parts of it that no float can hold


class FrontierStates(States):
    """The states of some frontiers.

    Args:
        frontiers: An output for each.
        one_hot: Positions of the inputs of each slot.
    """

    def __init__(self, frontiers: Sequence[Frontier], one_hot: Sequence[range]) -> None:
        self._frontiers, self._one_hot = frontiers, one_hot

    @property
    def weight(self) -> int:
        """Transitions."""
        return sum(len(level.targets) * len(level.classes) for found in self._frontiers for level in found.levels)

    def lowered(self) -> "Sums | Layers[Arrays]":
        """The same as sums of products, or as index tables if there are many states."""
        few = sum(found.states for found in self._frontiers) <= _FEW
        return (frontier_sums if few else frontier_layers)(self._frontiers, self._one_hot)

    def log_probabilities(self, log_probs: Sequence[float]) -> list[float] | None:
        """Log-probability of each output for one sample, ``[O]``; None if one is too small to be counted so.

        Args:
            log_probs: ``[I]``, of each input.
        """
        shares = [*map(exp, log_probs)]
        found = [self._probability(frontier, shares) for frontier in self._frontiers]
        return None if min(found, default=1.0) < _TINY else [*map(log, found)]

    def _probability(self, frontier: Frontier, shares: Sequence[float]) -> float:
        """From the last level to the first; REJECT, ACCEPT are the last of the values, so that their numbers fit."""
        ends = [0.0, 1.0]
        values: Any = [1.0 if frontier.decided else 0.0, *ends]
        for level in reversed(frontier.levels):
            weights = [0.0] * (1 + max(level.classes))
            for position, own in zip(self._one_hot[level.slot], level.classes, strict=True):
                weights[own] += shares[position]
            if not isinstance(level.targets, Sequence):
                import numpy as np

                values = np.append(np.asarray(values)[level.targets] @ np.array(weights), ends)
            elif len(weights) == 2:
                one, other = weights
                values = [one * values[a] + other * values[b] for a, b in level.targets]
                values += ends
            else:
                values = [sum([values[a] * own for a, own in zip(row, weights, strict=True)]) for row in level.targets]
                values += ends
        return float(values[0])


def frontier_sums(frontiers: Sequence[Frontier], one_hot: Sequence[range]) -> Sums:
    """A sum for each state that is told apart from others, an output for each frontier.

    Args:
        frontiers: What they decide.
        one_hot: Positions of the inputs of each slot.
    """
    make = SumsBuilder(one_hot)
    outputs: list[Case] = []
    for found in frontiers:
        made: list[Case] = [() if found.decided else (FALSE,)]
        for level in reversed(found.levels):
            later, made = made, []
            ends: dict[int, Case] = {ACCEPT: (), REJECT: (FALSE,)}
            positions = one_hot[level.slot]
            for targets in rows_of(level.targets):
                own = [ends[one] if one < 0 else later[one] for one in targets]
                if all(one == own[0] for one in own):
                    made.append(own[0])
                    continue
                cases = [
                    product_of(((2 + position,), own[number]))
                    for position, number in zip(positions, level.classes, strict=True)
                ]
                made.append(factor_of(make.node([case for case in cases if case != (FALSE,)])))
        outputs.append(made[0])
    return make.build(outputs)


def frontier_layers(frontiers: Sequence[Frontier], one_hot: Sequence[range], true: int = ACCEPT) -> "Layers[Arrays]":
    """The same as a layer for each level, a row for each state.

    Args:
        frontiers: What they decide.
        one_hot: Positions of the inputs of each slot.
        true: What an output is to reach: ``ACCEPT``, or ``LEFT_OUT`` for what was not decided.
    """
    import numpy as np

    from .layers import Layer, Layers

    layers: list[Layer[Arrays]] = []
    rows = 2 + sum(map(len, one_hot))
    outputs: list[int] = []
    for found in frontiers:
        start = TRUE if found.decided and true == ACCEPT else FALSE
        for level in reversed(found.levels):
            targets = np.asarray(level.targets)[:, list(level.classes)]
            children = np.empty((*targets.shape, 2), dtype=np.int64)
            children[:, :, 0] = 2 + np.array(one_hot[level.slot])
            children[:, :, 1] = np.where(targets >= 0, targets + start, np.where(targets == true, TRUE, FALSE))
            layers.append(Layer(rows, children))
            start = rows
            rows += len(children)
        outputs.append(start)
    return Layers(tuple(layers), rows, np.array(outputs, dtype=np.int64), range(rows))
