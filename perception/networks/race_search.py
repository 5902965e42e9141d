"""Spikes after which a race decides wrongly: near ties, by chance, or by trying all; confirmed by simulation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from logic import INPUT, Projection, SpikingNetwork, Synapses, simulate, single_lines
from logic.projections import write_out

from .race import value_pairs

Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]
_ALL = 14  # spikes of which all combinations are tried
_TIES = 200
_RANDOM = 400
_PAIRS = 3  # comparisons that are looked at


class Heard(NamedTuple):
    """What a neuron hears, each synapse once: lines of the flat network, weights and delays."""

    pre: Integers
    weight: Integers
    delay: Integers


@dataclass(frozen=True, eq=False)
class Question:
    """A race whose decision is in doubt.

    Args:
        network: In which it is.
        populations: Names of ``pairs``, ``won`` and ``winners``.
        lines: Names of all values of all slots.
        values: Number of values of a slot.
        announce: Step at which the winners fire.
        evidence: What speaks for each value.
        compared: What each neuron of ``pairs`` hears.
        fires: ``[steps, I + N]`` what can fire when.
        suspects: Neurons of ``pairs`` that are not as they should be.
    """

    network: SpikingNetwork
    populations: tuple[str, str, str]
    lines: tuple[str, ...]
    values: int
    announce: int
    evidence: Sequence[Heard]
    compared: Sequence[Heard]
    fires: Bits
    suspects: Sequence[int]

    def free(self) -> tuple[Integers, Integers]:
        """Lines and steps of all spikes that can matter."""
        lines = np.unique(np.concatenate([heard.pre for heard in (*self.evidence, *self.compared)]))
        steps, place = np.nonzero(self.fires[: self.announce, lines])
        return lines[place], steps


def search(question: Question, obstacle: str) -> tuple[bool | None, str, dict[str, int] | None]:
    """What is found of a race: whether it is right, in words why, and spikes ``population[position]@step``.

    Args:
        question: The race.
        obstacle: Why it is in doubt.
    """
    lines, steps = question.free()
    if len(lines) <= _ALL:
        rows = (np.arange(1 << len(lines))[:, None] >> np.arange(len(lines)) & 1).astype(np.bool_)
        wrong = _wrong(question, lines, steps, rows)
        if wrong is None:
            return True, f"{obstacle}; all {len(rows):,} patterns of spikes tried", None
        return False, obstacle, _named(question, lines, steps, wrong)
    for rows in _candidates(question, lines, steps):
        if len(rows) and (wrong := _wrong(question, lines, steps, rows)) is not None:
            return False, obstacle, _named(question, lines, steps, wrong)
    return None, f"{obstacle}; but no spikes were found after which another value wins", None


def _candidates(question: Question, lines: Integers, steps: Integers) -> Iterator[Bits]:
    """Patterns ``[M, free]`` that may show a fault, the likeliest first."""
    generator = np.random.default_rng(0)
    for number in question.suspects[:_PAIRS]:
        yield _near_ties(question, number, lines, generator)
    for number in question.suspects[:_PAIRS]:
        favour = _weights(question.compared[number], lines) > 0
        late = steps == steps.max()
        turned = np.where(late, ~favour, favour)
        yield turned & (generator.random((_RANDOM, len(lines))) < np.linspace(0.2, 1, _RANDOM)[:, None])
    yield generator.random((_RANDOM, len(lines))) < np.linspace(0.02, 0.9, _RANDOM)[:, None]


def _near_ties(question: Question, number: int, lines: Integers, generator: np.random.Generator) -> Bits:
    """Spikes after which both values lead all others, and the comparison's membrane has another sign than it should.

    From patterns that speak for both values, one or two spikes are changed so that the two nearly tie.
    """
    slot, place = divmod(number, len(value_pairs(question.values)))
    first, second = value_pairs(question.values)[place]
    evidence = np.stack(
        [_weights(question.evidence[slot * question.values + value], lines) for value in range(question.values)]
    )
    wanted = evidence[first] - evidence[second]
    by_fault = _weights(question.compared[number], lines) - wanted
    both = evidence[first] + evidence[second] - 2 * evidence.mean(axis=0)
    found: list[Bits] = []
    for _ in range(_TIES if by_fault.any() else 0):
        row = both > generator.normal(scale=max(1.0, float(both.std())), size=len(lines))
        row |= by_fault != 0
        shift = int(by_fault[row].sum())
        aim = generator.integers(-shift, 0) if shift > 0 else generator.integers(0, max(1, -shift))
        missing = int(aim - wanted[row].sum())
        gains = np.where(by_fault != 0, 1 << 40, np.where(row, -wanted, wanted))  # of changing each spike
        order = np.argsort(gains)
        partner = order[np.searchsorted(gains[order], missing - gains).clip(max=len(order) - 1)]
        fits = np.flatnonzero((gains + gains[partner] == missing) & (partner != np.arange(len(gains))))
        for one in generator.permutation(fits)[:4].tolist():
            changed = row.copy()
            changed[[one, partner[one]]] ^= True
            found.append(changed)
    return np.array(found, np.bool_).reshape(len(found), len(lines))


def _weights(heard: Heard, lines: Integers) -> Integers:
    """The weight with which each line is heard, whatever its delay."""
    total = np.zeros(int(max(heard.pre.max(initial=0), lines.max(initial=0))) + 1, np.int64)
    np.add.at(total, heard.pre, heard.weight)
    return total[lines]


def _wrong(question: Question, lines: Integers, steps: Integers, rows: Bits) -> Bits | None:
    """A pattern after which the winners are not those with most evidence, by simulation."""
    network, place = _alone(question, lines)
    spikes = torch.zeros(question.announce + 1, len(rows), len(place), dtype=torch.bool)
    spikes[torch.from_numpy(steps), :, torch.from_numpy(np.searchsorted(place, lines))] = torch.from_numpy(
        rows.T.copy()
    )
    last = network.populations[-1].name
    fired = simulate(network, spikes, question.announce + 1, record=[last])[last][question.announce]
    gathered = np.stack([rows @ _weights(heard, lines) for heard in question.evidence], axis=1)
    best = gathered.reshape(len(rows), -1, question.values).argmax(axis=2)
    wanted = np.eye(question.values, dtype=np.bool_)[best].reshape(len(rows), -1)
    wrong = (fired.flatten(1).numpy() != wanted).any(axis=1)
    return rows[int(wrong.argmax())] if wrong.any() else None


def _alone(question: Question, lines: Integers) -> tuple[SpikingNetwork, Integers]:
    """The three populations of the race, hearing the given lines as their input; and these lines, in order."""
    network, place, starts = question.network, np.unique(lines), dict(_starts(question.network))
    kept: list[Projection] = []
    for projection in network.projections:
        if projection.target not in question.populations:
            continue
        one = write_out(projection, network.shape_of(projection.source), network.shape_of(projection.target))
        if one.source not in question.populations:
            pre = one.pre + starts[one.source]
            here = np.isin(pre, place)
            columns = np.searchsorted(place, pre[here]), one.post[here], one.weight[here], one.delay[here]
            one = Synapses(INPUT, one.target, *columns)
        kept.append(one)
    populations = [network.population(name) for name in question.populations]
    flat = tuple(replace(population, shape=(population.size,)) for population in populations)
    count, size = len(question.lines), len(place) + sum(population.size for population in populations)
    alone = SpikingNetwork(
        (len(place),),
        flat,
        tuple(kept),
        size - count + np.arange(count),
        single_lines(question.lines),
        np.full(count, question.announce),
    )
    return alone, place


def _starts(network: SpikingNetwork) -> list[tuple[str, int]]:
    """The first line of the input and of each population."""
    sizes = [int(np.prod(network.input_shape)), *(population.size for population in network.populations)]
    names = [INPUT, *(population.name for population in network.populations)]
    return list(zip(names, np.cumsum([0, *sizes])[:-1].tolist(), strict=True))


def _named(question: Question, lines: Integers, steps: Integers, row: Bits) -> dict[str, int]:
    """The spikes of a pattern by name."""
    found: dict[str, int] = {}
    for line, step in zip(lines[row].tolist(), steps[row].tolist(), strict=True):
        name, first = next((name, first) for name, first in reversed(_starts(question.network)) if first <= line)
        found[f"{name}[{line - first}]@{step}"] = 1
    return found
