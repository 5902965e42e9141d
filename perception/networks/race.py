"""The race: from weighted spikes, the evidence, to one spike for the value of each slot that has most of it, exactly.

Three populations, fed forward, every synapse of one step. In ``pairs`` a neuron compares two values ``i < j`` of a
slot: it hears the difference of their evidence, ``D = E_i - E_j``, keeps it, and is lifted by the same current at every
step, so high that all reach their thresholds by the last step exactly if ``D >= 0``; the larger ``D``, the earlier, but
never before the evidence is complete. A pair of the last value with itself has ``D = 0`` and tells that time is up.
In ``won`` a neuron remembers that its pair fired and fires at one fixed step for all. In ``winners`` a neuron, without
memory, fires if time is up and its value has won against all later ones and lost against no earlier one: most evidence
wins, and of equals the lowest value. So a rule's circuit hears one wave, one spike for each slot.

No weight depends on how large membranes can become: those of ``pairs`` are differences of the readout's, those of
``won`` are :data:`REMEMBERED`, those of ``winners`` 1 and -1; the lifting current of ``pairs`` is the bound of the
membranes divided by the number of rounds. The bound is over all inputs, so nothing is calibrated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from logic import (
    Convolution,
    Domain,
    Line,
    NetworkError,
    Population,
    Projection,
    SpikingNetwork,
    Synapses,
    single_lines,
)

Integers = NDArray[np.int64]
EVIDENCE = "evidence"
"""Name of the population that the projections given to :func:`race` end in: one neuron for each slot and value."""
REMEMBERED = 127
"""Weight by which ``won`` remembers that its pair fired."""
ROUNDS = 16


@dataclass(frozen=True, eq=False)
class Race:
    """The populations that decide, to be put behind a network.

    Args:
        populations: ``pairs``, ``won`` and ``winners``.
        projections: All that end in them.
        latency: Step at which all winners fire.
        lines: Names of the winners, ``digit(0)=3``, in their order.
    """

    populations: tuple[Population, Population, Population]
    projections: tuple[Projection, ...]
    latency: int
    lines: tuple[Line, ...]


def value_pairs(values: int) -> list[tuple[int, int]]:
    """The pairs that are compared, the last with itself: ``K (K - 1) / 2 + 1`` of them.

    Example:
        >>> value_pairs(3)
        [(0, 1), (0, 2), (1, 2), (2, 2)]
    """
    return [*combinations(range(values), 2), (values - 1, values - 1)]


def race(
    evidence: Sequence[Projection],
    domain: Domain,
    slots: Sequence[int],
    *,
    depth: int,
    steps: int,
    rounds: int = ROUNDS,
    latency: int | None = None,
) -> Race:
    """The race of all slots of one domain.

    Args:
        evidence: Projections onto the population :data:`EVIDENCE` of ``(N * K, 1, 1)`` neurons that are never made:
            what speaks for each value of each slot. A convolution has a group for each slot.
        domain: The ``K`` values.
        slots: Numbers of the ``N`` slots, for the names of the lines.
        depth: Step at which the first evidence arrives.
        steps: Steps for which it arrives, ``T``.
        rounds: Steps that follow until the decision; more rounds need a smaller lifting current.
        latency: Step at which the winners shall fire, instead of ``rounds``; at least ``depth + steps + 1``.

    Raises:
        NetworkError: if the winners cannot fire that early.

    Returns:
        The populations; they decide ``depth + steps + rounds`` steps after a wave's entry.

    Example:
        >>> from logic import Domain
        >>> look = Synapses("seen", EVIDENCE, [0, 1], [0, 1], [5, 7])  # a neuron speaks for each of two values
        >>> found = race([look], Domain("coin", ("heads", "tails")), (0,), depth=2, steps=4)
        >>> [population.size for population in found.populations], found.latency, found.lines[1].signal
        ([2, 2, 2], 22, 'coin(0)=tails')
    """
    values, count = len(domain), len(slots)
    rounds = rounds if latency is None else latency - depth - steps
    if rounds < 1:
        raise NetworkError(
            f"evidence of '{domain.name}' arrives until step {depth + steps - 1}, so that its winners fire at step "
            f"{depth + steps + 1} or later, not at {depth + steps + rounds}"
        )
    deadline = steps - 1 + rounds  # steps that a pair has
    pairs = value_pairs(values)
    heard = [_differences(projection, values, count) for projection in evidence]
    reach = (steps - 1) * largest_drive(heard, count * len(pairs))
    lift = reach // rounds + 1
    size = count * len(pairs)
    populations = (
        Population("pairs", (size, 1, 1), lift * deadline, retain=True, bias=lift, initial=-lift * depth),
        Population("won", (size,), REMEMBERED + deadline, retain=True, bias=1, initial=-(depth + 1)),
        Population("winners", (count * values,), np.tile(_wins_needed(values), count)),
    )
    projections = (
        *heard,
        Synapses("pairs", "won", np.arange(size), np.arange(size), REMEMBERED),
        Synapses.dense("won", "winners", np.kron(np.eye(count, dtype=np.int64), _ballots(values))),
    )
    lines = single_lines(f"{domain.name}({slot})={value}" for slot in slots for value in domain.values)
    return Race(populations, projections, depth + deadline + 1, lines)


def with_race(
    input_shape: tuple[int, ...], populations: Sequence[Population], projections: Sequence[Projection], decided: Race
) -> SpikingNetwork:
    """The whole network of the layers before a race and the race, whose winners answer."""
    neurons = int(np.prod(input_shape)) + sum(population.size for population in (*populations, *decided.populations))
    count = decided.populations[-1].size
    return SpikingNetwork(
        input_shape=input_shape,
        populations=(*populations, *decided.populations),
        projections=(*projections, *decided.projections),
        outputs=neurons - count + np.arange(count),
        output_lines=decided.lines,
        latencies=np.full(count, decided.latency),
    )


def largest_drive(projections: Sequence[Projection], size: int) -> int:
    """The largest current that any neuron of a population can get in one step, over all spikes of its sources."""
    most = np.zeros(size, np.int64)
    for projection in projections:
        if isinstance(projection, Synapses):
            np.add.at(most, projection.post, projection.weight.clip(0))
        else:
            most += projection.kernel.clip(0).sum(axis=(1, 2, 3))
    return int(most.max(initial=0))


def _differences(projection: Projection, values: int, slots: int) -> Projection:
    """What speaks for the first value of each pair, less what speaks for the second."""
    pairs = value_pairs(values)
    first, second = np.array(pairs).T
    if isinstance(projection, Convolution) and projection.groups == slots:
        by_value = projection.kernel.reshape(slots, values, *projection.kernel.shape[1:])
        kernel = (by_value[:, first] - by_value[:, second]).reshape(-1, *projection.kernel.shape[1:])
        return replace(projection, target="pairs", kernel=kernel)
    if isinstance(projection, Convolution):
        raise NetworkError(f"evidence from '{projection.source}' has {projection.groups} groups for {slots} slots")
    slot, value = np.divmod(projection.post, values)
    pre, post, weight, delay = list[Integers](), list[Integers](), list[Integers](), list[Integers]()
    for number, pair in enumerate(pairs):
        for side, sign in zip(pair, (1, -1), strict=True):
            here = (value == side) & (pair[0] != pair[1])
            pre.append(projection.pre[here])
            post.append(slot[here] * len(pairs) + number)
            weight.append(sign * projection.weight[here])
            delay.append(projection.delay[here])
    return Synapses(projection.source, "pairs", *map(np.concatenate, (pre, post, weight, delay)))


def _ballots(values: int) -> Integers:
    """What a won pair means to each value ``[K, P]``: 1 to its first, -1 to its second; that time is up, 1 to all."""
    pairs = value_pairs(values)
    matrix = np.zeros((values, len(pairs)), np.int64)
    for number, (first, second) in enumerate(pairs[:-1]):
        matrix[first, number], matrix[second, number] = 1, -1
    matrix[:, -1] = 1
    return matrix


def _wins_needed(values: int) -> Integers:
    """Pairs in which each value comes first, and the last pair; all must be won."""
    return (_ballots(values) > 0).sum(axis=1)
