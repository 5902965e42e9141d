"""Minimal golden networks for readers of NIR: each shows one defect that a reader may have, and is right in the others.

Every network is written as we write NIR; a reader that differs in one of them has the defect in its name. The waves
are few and fixed, so that the first wrong spike can be followed by hand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..network import Population, SpikingNetwork, Synapses
from ..rails import single_lines
from .subject import Subject

DEFECTS: dict[str, str] = {
    "double spike": "a neuron driven to more than twice its threshold fires once in a step",
    "memory": "a neuron with tau = dt has forgotten the last step, whether it fired or not",
    "r ignored": "a neuron that retains its membrane rises by the weight: r = tau / dt counts",
    "tau below dt": "a neuron with tau = dt is accepted",
    "clip": "a membrane far below zero stays there, and is not cut at minus the threshold",
    "soft reset": "what was above the threshold is gone after a spike",
    "loop one step": "a population hears itself one step later, and its input at once",
    "input through the loop": "the input of a population in a loop does not pass the weights of the loop",
    "layers in order": "a layer hears the one before it in the same step, in whatever order the nodes stand",
    "low threshold": "a neuron with a bias fires without input, from the first step on",
}


def importer_subjects() -> tuple[Subject, ...]:
    """The golden networks, by the defect that they show.

    Example:
        >>> len(importer_subjects()) == len(DEFECTS)
        True
    """
    makers = {
        "double spike": (_cell(1, [3, 2, 2]), _every(3)),
        "memory": (_cell(2, [1, 1, 1]), _every(3)),
        "r ignored": (_cell(3, [1, 1, 0], retain=True), _rows("100 100 100 000 110 010")),
        "tau below dt": (_cell(1, [1, 0, 0]), _every(3)),
        "clip": (_cell(2, [-9, 3, 2], retain=True), _rows("100 010 010 010 010 001 001 001")),
        "soft reset": (_cell(3, [5, 1, 1], retain=True), _rows("100 010 010 001 100 100 011 001")),
        "loop one step": (_ring(1), _rows("1 0 0 0 0 0 0 1 0 0")),
        "input through the loop": (_ring(3), _rows("1 0 0 1 0 0 0 1 0 0 0")),
        "layers in order": (_layers(), _every(2)),
        "low threshold": (_cell(0, [-1, 1, -1]), _every(3)),
    }
    return tuple(Subject(name, network, spikes=spikes[:, None]) for name, (network, spikes) in makers.items())


def _every(lines: int) -> NDArray[np.bool_]:
    """All input vectors one after the other, and once more backwards."""
    rows = np.arange(2**lines)[:, None] >> np.arange(lines) & 1
    return np.concatenate([rows, rows[::-1]]).astype(np.bool_)


def _rows(text: str) -> NDArray[np.bool_]:
    return np.array([[digit == "1" for digit in row] for row in text.split()])


def _cell(threshold: int, weights: list[int], *, retain: bool = False) -> SpikingNetwork:
    """One neuron that answers."""
    cell = Population("cell", (1,), threshold, retain=retain)
    hears = Synapses.dense("input", "cell", [weights])
    count = len(weights)
    return SpikingNetwork((count,), (cell,), (hears,), np.array([count]), single_lines("y"), np.array([1]))


def _ring(size: int) -> SpikingNetwork:
    """A spike goes round; what comes in starts another."""
    ring = Population("ring", (size,), 1)
    into = Synapses("input", "ring", [0], [0], 1)
    around = Synapses("ring", "ring", np.arange(size), (np.arange(size) + 1) % size, 1)
    if size == 1:  # it would never end: two steps of silence need a second neuron that forbids
        around = Synapses("ring", "ring", [0], [0], -1)
    lines = single_lines([f"y{place}" for place in range(size)])
    return SpikingNetwork((1,), (ring,), (into, around), np.arange(size) + 1, lines, np.ones(size, np.int64))


def _layers() -> SpikingNetwork:
    """Three layers whose names are not in the order of the alphabet."""
    names = ("zebra", "apple", "mango")
    populations = tuple(Population(name, (2,), [1, 2] if name == "zebra" else 1) for name in names)
    links = tuple(
        Synapses.dense(source, target, [[1, 1], [1, 1]] if target == "zebra" else [[0, 1], [1, 0]])
        for source, target in zip(("input", *names), names, strict=False)
    )
    return SpikingNetwork((2,), populations, links, np.array([6, 7]), single_lines("ab"), np.array([3, 3]))
