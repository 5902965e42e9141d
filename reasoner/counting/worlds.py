"""Worlds: the most probable readings of the symbols in which an answer holds.

In the literature: MPE (most probable explanation), k best.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import CountingError
from ..grounding.sums import IMPOSSIBLE
from .counter import Counter
from .semirings import BEST


class Reading(NamedTuple):
    """One world.

    Args:
        values: Number of the value of each one-hot group.
        log_probability: Of this world alone.
    """

    values: tuple[int, ...]
    log_probability: float


def most_probable_worlds(counter: Counter, output: int, log_probs: Tensor, k: int = 1) -> list[Reading]:
    """The ``k`` most probable worlds in which an output is true, best first; fewer if there are fewer.

    Max-product over the counted circuit gives the best. The rest of the worlds is split by where they first differ
    from it, and the best of every part is found in one batch; and so on.

    Args:
        counter: The counted circuit.
        output: Number of the output.
        log_probs: ``[I]`` log-probabilities of the inputs.
        k: How many worlds.

    References:
        Lawler, "A procedure for computing the K best solutions to discrete optimization problems", Management
        Science 18 (1972).

    Raises:
        CountingError: if ``k`` is not positive.
    """
    if k < 1:
        raise CountingError(f"the {k} most probable worlds were asked for; ask for at least 1")
    given = log_probs.detach().double().cpu().clamp(min=IMPOSSIBLE)
    groups = counter.sums.one_hot
    waiting: list[
        tuple[float, tuple[int, ...], int, Tensor]
    ] = []  # the best of a part, its first free slot, its beliefs

    def search(parts: list[tuple[int, Tensor]]) -> None:
        for (slot, beliefs), found in zip(parts, _best(counter, output, [part for _, part in parts]), strict=True):
            if found.log_probability > IMPOSSIBLE / 2:
                heappush(waiting, (-found.log_probability, found.values, slot, beliefs))

    search([(0, given)])
    worlds: list[Reading] = []
    while waiting:
        cost, values, first, beliefs = heappop(waiting)
        worlds.append(Reading(values, -cost))
        if len(worlds) == k:
            break
        parts: list[tuple[int, Tensor]] = []
        for slot in range(first, len(groups)):
            other = beliefs.clone()
            other[groups[slot].start + values[slot]] = 2 * IMPOSSIBLE  # differs here
            parts.append((slot, other))
            chosen = beliefs[groups[slot].start + values[slot]].item()
            beliefs = beliefs.clone()
            beliefs[list(groups[slot])] = 2 * IMPOSSIBLE
            beliefs[groups[slot].start + values[slot]] = chosen  # is the same up to here
        search(parts)
    return worlds


def _best(counter: Counter, output: int, parts: Sequence[Tensor]) -> list[Reading]:
    """The best world of each part, by one pass of max-product and a walk down the branches that attain it."""
    groups = counter.sums.one_hot
    beliefs = torch.stack(list(parts), dim=1)  # [I, parts]
    best = (
        torch.stack([beliefs[g.start : g.stop].amax(0) for g in groups]) if groups else beliefs.new_zeros(0, len(parts))
    )
    sums = counter.sums
    relative = beliefs - best[list(sums.slot_of)] if groups else beliefs
    rows = BEST.evaluate(counter.on(relative.device), relative[:, None])[:, 0].t().tolist()
    found: list[Reading] = []
    for part, values in enumerate(rows):
        node_values = [values[row] for row in counter.layers.row_of]
        world = [int(beliefs[g.start : g.stop, part].argmax()) for g in groups]
        todo = [sums.outputs[output]]
        while todo:
            node = todo.pop()
            if node >= sums.first:
                todo += max(sums.nodes[node - sums.first], key=lambda case: sum(node_values[one] for one in case))
            elif node > 1:
                slot = sums.slot_of[node - 2]
                world[slot] = node - 2 - groups[slot].start
        total = sum(beliefs[g.start + value, part].item() for g, value in zip(groups, world, strict=True))
        impossible = node_values[sums.outputs[output]] < IMPOSSIBLE / 2
        found.append(Reading(tuple(world), 2 * IMPOSSIBLE if impossible else total))
    return found
