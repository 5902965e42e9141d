"""Passes over connections: neurons with too many targets are doubled, sums of too many sources counted in parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import NetworkError
from .target_network import OF_NEURONS, Integers, TargetNetwork

_MOST_COPIES = 1_000_000
_MOST_SUMS = 4096  # different partial sums that are looked at


def fan_out_split(network: TargetNetwork, most: int) -> TargetNetwork:
    """No line with more than ``most`` synapses: copies of it, which hear the same, share its targets; without shift.

    A copy of a neuron adds to the fan-out of what it hears, so the pass goes on until nothing is above; in a loop that
    may never be.

    Raises:
        NetworkError: if a million copies do not suffice.
    """
    if most < 1:
        raise NetworkError(f"a fan-out of {most} reaches nothing; give at least 1")
    while True:
        size = np.bincount(network.pre, minlength=network.inputs + network.neurons)
        wide = np.flatnonzero(size > most)
        if not len(wide):
            return network
        copies = -(-size[wide] // most) - 1
        if network.neurons + network.inputs + int(copies.sum()) > _MOST_COPIES:
            raise NetworkError(
                f"line {int(wide[0])} reaches {int(size[wide[0]])} neurons and no copies bring it to {most}; use a "
                f"mapping with a smaller fan-out"
            )
        inputs = wide < network.inputs
        network = _with_copies(
            network, np.repeat(wide[inputs], copies[inputs]), np.repeat(wide[~inputs], copies[~inputs]), most
        )


def _with_copies(network: TargetNetwork, lines: Integers, cells: Integers, most: int) -> TargetNetwork:
    """Copies of input lines and of neurons (as lines); a source's synapses leave it and its copies in turn."""
    inputs, more = network.inputs, len(lines)

    def moved(ends: Integers) -> Integers:  # new input lines stand before the neurons
        return np.where(ends >= inputs, ends + more, ends)

    chosen = np.concatenate([np.arange(network.neurons), cells - inputs])
    order = np.argsort(network.pre, kind="stable")
    pre, post, weight, delay = (column[order] for column in (network.pre, network.post, network.weight, network.delay))
    rank = np.arange(len(pre)) - np.searchsorted(pre, pre)
    origin = np.concatenate([lines, cells])
    place = np.concatenate([inputs + np.arange(more), inputs + more + network.neurons + np.arange(len(cells))])
    first = np.zeros(inputs + network.neurons, np.int64)
    first[origin[::-1]] = place[::-1]  # the first copy of each
    part = rank // most
    sender = np.where(part > 0, first[pre] + part - 1, moved(pre))
    # each copy hears what its original hears
    by_post = np.argsort(post, kind="stable")
    starts = np.searchsorted(post[by_post], np.arange(network.neurons + 1))
    counts = (starts[1:] - starts[:-1])[cells - inputs]
    heard = np.repeat(starts[cells - inputs] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    again = by_post[heard]
    target = np.repeat(network.neurons + np.arange(len(cells)), counts)
    columns = {name: getattr(network, name)[chosen] for name in OF_NEURONS}
    return replace(
        network,
        **columns,
        inputs=inputs + more,
        pre=np.concatenate([sender, sender[again]]),
        post=np.concatenate([post, target]),
        weight=np.concatenate([weight, weight[again]]),
        delay=np.concatenate([delay, delay[again]]),
        line=moved(network.line),
        fed=np.concatenate([network.fed, network.fed[lines]]),
    )


def fan_in_split(network: TargetNetwork, most: int) -> TargetNetwork:
    """No neuron that forgets hears more than ``most`` synapses: partial sums are counted by neurons in between.

    Synapses of one sign and of a delay of at least 2 steps are summed by neurons that fire at the values of the sum
    which matter: those below which the neuron is silent whatever else it hears, and above which it fires, are left out.
    They share the delay with the synapses, so nothing is shifted; :func:`stretched` makes such delays.

    Raises:
        NetworkError: if a neuron stays above, because it retains its membrane, its delays are short, or too many
            different sums matter.
    """
    while True:
        size = np.bincount(network.post, minlength=network.neurons)
        wide = np.flatnonzero(size > most)
        if not len(wide):
            return network
        before = int(size.sum()), int((size - most)[wide].sum())
        for neuron in wide.tolist():
            network = _counted(network, neuron, most)
        size = np.bincount(network.post, minlength=network.neurons)
        if int(np.maximum(0, size - most).sum()) >= before[1]:
            neuron = int(np.argmax(size))
            raise NetworkError(
                f"neuron {neuron} hears {int(size[neuron])} synapses, above {most}, and no partial sums mend it; "
                f"use a mapping with a smaller fan-in"
            )


def _counted(network: TargetNetwork, neuron: int, most: int) -> TargetNetwork:
    """One neuron with its synapses in groups, each of which becomes a few counting neurons if that is fewer."""
    if network.retain[neuron]:
        return network
    own = np.flatnonzero(network.post == neuron)
    low = int(np.minimum(network.weight[own], 0).sum()) + int(network.bias[neuron])
    high = int(np.maximum(network.weight[own], 0).sum()) + int(network.bias[neuron])
    excess = len(own) - most
    for sign in (1, -1):
        late = own[(network.delay[own] >= 2) & (np.sign(network.weight[own]) == sign)]
        for start in range(0, len(late), most):
            group = late[start : start + most]
            if excess <= 0 or len(group) < 2:
                break
            weights = np.abs(network.weight[group])
            sums = _sums(weights.tolist())
            if len(sums) > _MOST_SUMS:
                continue
            total = int(weights.sum())
            theta = int(network.threshold[neuron])
            # with the rest at most `high` and at least `low`, only sums in between change anything
            others_high = high - (total if sign > 0 else 0)
            others_low = low + (total if sign < 0 else 0)
            values = _that_matter(sums, sign, theta - others_high, theta - others_low)
            if len(values) - 1 >= len(group):
                continue
            network = _replaced(network, neuron, group, sign, values)
            excess -= len(group) - (len(values) - 1)
            own = np.flatnonzero(network.post == neuron)
            return network if excess <= 0 else _counted(network, neuron, most)
    return network


def _sums(weights: list[int]) -> list[int]:
    found = {0}
    for weight in weights:
        found |= {value + weight for value in found}
        if len(found) > _MOST_SUMS:
            break
    return sorted(found)


def _that_matter(sums: list[int], sign: int, silent_below: int, sure_from: int) -> list[int]:
    """The least of the sums and every further one that can change whether ``sign * sum`` decides the neuron."""
    kept = [sums[0]]
    for value in sums[1:]:
        signed, before = sign * value, sign * kept[-1]
        high, low = max(signed, before), min(signed, before)
        if high < silent_below or low >= sure_from:
            continue
        kept.append(value)
    return kept


def _replaced(network: TargetNetwork, neuron: int, group: Integers, sign: int, values: list[int]) -> TargetNetwork:
    """The group's synapses go to one counting neuron for each value above the least, and these to the neuron."""
    count, size = len(values) - 1, len(group)
    counters = network.neurons + np.arange(count)
    shortest = int(network.delay[group].min())
    kept = np.ones(len(network.pre), np.bool_)
    kept[group] = False
    pre, weight, delay = network.pre[group], np.abs(network.weight[group]), network.delay[group] - shortest + 1
    rest = replace(
        network,
        pre=network.pre[kept],
        post=network.post[kept],
        weight=network.weight[kept],
        delay=network.delay[kept],
    )
    into = (np.tile(pre, count), np.repeat(counters, size), np.tile(weight, count), np.tile(delay, count))
    out = (network.inputs + counters, np.full(count, neuron), sign * np.diff(values), np.full(count, shortest - 1))
    synapses = tuple(np.concatenate(both) for both in zip(into, out, strict=True))
    return rest.grown(np.array(values[1:], np.int64), synapses)  # pyright: ignore[reportArgumentType] - four columns
