"""Where an integer neuron and a real one differ: spikes of their synapses after which one fires and the other does not.

Random walks keep membranes near their thresholds and try all choices of a few synapses; where that shows no difference,
Z3 looks for one on some of the synapses. What is found is then run in integers and in fractions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import NamedTuple, cast

import numpy as np
import z3
from numpy.typing import NDArray

from ..formula import disjunction
from ..kernels import work_time
from ..network import Reset
from ..projections import Integers

_SYNAPSES = 24  # that may carry spikes; the others are silent
_STEPS = 6
_WALKS = 200
_FEW = 10  # synapses of which all choices are tried


@dataclass(frozen=True)
class Side:
    """One of two neurons that hear the same synapses, in units of the integer network's weights.

    Args:
        weights: ``[S]``, whole.
        decay: What is left of the membrane after a step.
        rounds: Whether it is then rounded down.
        reset: What a spike leaves.
        threshold: Fires at or above it.
        bias: Current of every step.
        initial: Membrane before the first step.
    """

    weights: Integers
    decay: Fraction
    rounds: bool
    reset: Reset
    threshold: Fraction
    bias: int = 0
    initial: int = 0


class Course(NamedTuple):
    """What a neuron did.

    Args:
        membranes: At each step, before a spike.
        fired: At each step.
    """

    membranes: tuple[Fraction, ...]
    fired: tuple[bool, ...]


class Trace(NamedTuple):
    """Spikes ``[T, S]`` of the synapses, and what the two neurons did."""

    spikes: NDArray[np.bool_]
    courses: tuple[Course, Course]


def find_trace(first: Side, second: Side, timeout: float | None = None) -> Trace | None:
    """Spikes after which two neurons differ; none if none was found.

    Args:
        first: One neuron.
        second: The other.
        timeout: Seconds, or none for no bound.
    """
    start, chosen = work_time(), _chosen(first.weights, second.weights)
    for spikes in _wander(first, second):
        courses = run(first, spikes), run(second, spikes)
        if courses[0].fired != courses[1].fired:
            return Trace(spikes, courses)
    for steps in range(1, _STEPS + 1):
        left = None if timeout is None else timeout - (work_time() - start)
        if left is not None and left <= 0:
            return None
        found = _search(first, second, chosen, steps, left)
        if found is not None:
            spikes = np.zeros((steps, len(first.weights)), np.bool_)
            spikes[:, chosen] = found
            courses = run(first, spikes), run(second, spikes)
            if courses[0].fired != courses[1].fired:
                return Trace(spikes, courses)
    return None


def run(side: Side, spikes: NDArray[np.bool_]) -> Course:
    """What a neuron does under spikes ``[T, S]`` of its synapses."""
    membrane, membranes, fired = Fraction(side.initial), list[Fraction](), list[bool]()
    for arrived in spikes:
        membrane = membrane * side.decay
        membrane = Fraction(floor(membrane)) if side.rounds else membrane
        membrane += side.bias + int(side.weights[arrived].sum())
        membranes.append(membrane)
        fired.append(membrane >= side.threshold)
        if fired[-1]:
            membrane = membrane - side.threshold if side.reset == "subtract" else Fraction(0)
    return Course(tuple(membranes), tuple(fired))


def _wander(first: Side, second: Side) -> Iterator[NDArray[np.bool_]]:
    """Spikes ``[T, S]`` after which the two may differ, in the last step.

    In each step of a walk the synapses fire one after the other, in random order, until a membrane is just below its
    threshold, or just above, or anywhere; then all choices of a few synapses are tried.
    """
    generator, sides = np.random.default_rng(0), (first, second)
    differing = np.flatnonzero(first.weights != second.weights)
    for _ in range(_WALKS):
        membranes = [float(side.initial) for side in sides]
        spikes = np.zeros((0, len(first.weights)), np.bool_)
        for _ in range(_STEPS):
            left = [_left(side, membrane) for side, membrane in zip(sides, membranes, strict=True)]
            now = _near(first, left[0], generator)
            few = _few(differing, len(now), generator)
            rows = np.repeat(now[None], 1 << len(few), axis=0)
            rows[:, few] = np.arange(len(rows))[:, None] >> np.arange(len(few)) & 1 == 1
            drives = [rest + rows @ side.weights for side, rest in zip(sides, left, strict=True)]
            fired = [drive >= float(side.threshold) for side, drive in zip(sides, drives, strict=True)]
            differ = np.flatnonzero(fired[0] != fired[1])
            chosen = int(differ[0]) if len(differ) else int(generator.integers(len(rows)))
            spikes = np.concatenate([spikes, rows[chosen : chosen + 1]])
            if len(differ):
                yield spikes
                break
            for place, side in enumerate(sides):
                driven = float(drives[place][chosen])
                after = driven - float(side.threshold) if side.reset == "subtract" else 0.0
                membranes[place] = after if fired[place][chosen] else driven


def _left(side: Side, membrane: float) -> float:
    left = membrane * float(side.decay)
    return (floor(left) if side.rounds else left) + side.bias


def _near(side: Side, left: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Synapses that lead a membrane near its threshold."""
    order = generator.permutation(len(side.weights))
    above = left + np.concatenate([[0], np.cumsum(side.weights[order])]) - float(side.threshold)
    aim = generator.random()
    end = int(generator.integers(len(above)))
    if aim < 0.6 and (above < 0).any():
        end = int(np.argmax(np.where(above < 0, above, -np.inf)))
    elif aim < 0.9 and (above >= 0).any():
        end = int(np.argmin(np.where(above >= 0, above, np.inf)))
    spikes = np.zeros(len(order), np.bool_)
    spikes[order[:end]] = True
    return spikes


def _few(differing: Integers, size: int, generator: np.random.Generator) -> Integers:
    """Some synapses, among them some of those that differ."""
    some = generator.permutation(differing)[: _FEW // 2]
    return np.unique(np.concatenate([some, generator.permutation(size)[: _FEW - len(some)]]))


def _chosen(first: Integers, second: Integers) -> Integers:
    """Synapses that may carry spikes: those that differ, and of the others as many different ones as there are."""
    differ = np.flatnonzero(first != second)[: _SYNAPSES // 2]
    _, kinds = np.unique(first, return_index=True)
    spread = np.linspace(0, len(first) - 1, _SYNAPSES).astype(np.int64) if len(first) else np.zeros(0, np.int64)
    order = np.concatenate([differ, kinds[np.argsort(-np.abs(first[kinds]), kind="stable")], spread])
    return np.array(list(dict.fromkeys(order.tolist()))[:_SYNAPSES], np.int64)


def _search(first: Side, second: Side, chosen: Integers, steps: int, timeout: float | None) -> NDArray[np.bool_] | None:
    """Spikes ``[steps, chosen]`` after which the two differ in the last step."""
    solver = z3.Solver()
    if timeout is not None:
        solver.set("timeout", max(1, int(timeout * 1000)))
    spikes = [[z3.Bool(f"s{step}_{place}") for place in range(len(chosen))] for step in range(steps)]
    (fires, rules), (spiking, more) = (_unrolled(side, chosen, spikes) for side in (first, second))
    solver.add(*rules, *more, disjunction([fires != spiking]))
    if solver.check() != z3.sat:
        return None
    model = solver.model()
    rows = [[z3.is_true(model.eval(spike, model_completion=True)) for spike in row] for row in spikes]
    return np.array(rows, np.bool_).reshape(steps, len(chosen))


def _unrolled(side: Side, chosen: Integers, spikes: list[list[z3.BoolRef]]) -> tuple[z3.BoolRef, list[z3.BoolRef]]:
    """Whether the neuron fires in the last step, and what ties its membranes to the spikes."""
    membrane, rules = cast(z3.ArithRef, z3.RealVal(side.initial)), list[z3.BoolRef]()
    limit, fires = _real(side.threshold), z3.BoolVal(False)
    for step, row in enumerate(spikes):
        left = cast(z3.ArithRef, membrane * _real(side.decay))
        if side.rounds:
            whole = cast(z3.ArithRef, z3.ToReal(z3.Int(f"floor{step}_{id(side)}")))
            rules += [left >= whole, left < whole + 1]
            left = whole
        terms = [z3.If(spike, weight, 0) for spike, weight in zip(row, side.weights[chosen].tolist(), strict=True)]
        drive = cast(z3.ArithRef, z3.Sum([z3.IntVal(side.bias), *terms]))
        driven = cast(z3.ArithRef, left + z3.ToReal(drive))
        fires = driven >= limit
        membrane = cast(
            z3.ArithRef, z3.If(fires, driven - limit if side.reset == "subtract" else z3.RealVal(0), driven)
        )
    return fires, rules


def _real(value: Fraction) -> z3.ArithRef:
    return cast(z3.ArithRef, z3.Q(value.numerator, value.denominator))
