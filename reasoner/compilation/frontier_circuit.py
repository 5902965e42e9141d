"""Frontier states as a circuit: sums of products in plain Python if they are few, else index tables at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..grounding.sums import FALSE, TRUE, Case, Sums, SumsBuilder, factor_of, product_of
from .frontier import Frontier, rows_of
from .frontier_steps import ACCEPT, REJECT

if TYPE_CHECKING:
    from .layers import Arrays, Layers


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
