"""Votes of small decision trees, grown by boosting with a fixed step so that every tree has one vote."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import words
from .words import Bit

Bits = NDArray[np.bool_]
Reals = NDArray[np.float32]


class Node(NamedTuple):
    """A decision: look at an input, go on with one of two trees; a leaf is a truth value."""

    position: int
    no: "Tree"
    yes: "Tree"


Tree = Node | bool


def decide(tree: Tree, bits: Sequence[Bit]) -> Bit:
    """The tree's value, for samples by columns or as a circuit: one multiplexer a node."""
    if isinstance(tree, Node):
        return words.choose(bits[tree.position], decide(tree.yes, bits), decide(tree.no, bits))
    false = words.false_of(bits[0])
    return ~false if tree else false


def majority(votes: Sequence[Bit]) -> Bit:
    """Whether more than half of an odd number of bits are true."""
    total = words.count_ones(votes)
    false = words.false_of(votes[0])
    least = (len(votes) + 1) // 2
    return words.at_least(total, [~false if least >> place & 1 else false for place in range(len(total))])


def boost(samples: Bits, labels: Bits, depth: int, step: float) -> Iterator[Tree]:
    """Endless trees, each for the examples that those before it vote wrongly or narrowly on.

    Exponential loss as in AdaBoost, but with one ``step`` for all trees: the result is a plain majority.

    Args:
        samples: ``[S, I]``.
        labels: ``[S]``.
        depth: Decisions on the longest path of a tree.
        step: How much one vote counts while weighing the examples.

    References:
        Friedman, Hastie and Tibshirani (2000), Additive logistic regression; Rosset, Zhu and Hastie (2004), Boosting
        as a regularized path (the small fixed step).
    """
    table = samples.astype(np.float32)
    signs = np.where(labels, 1, -1).astype(np.float32)
    columns = list(samples.T.copy())
    margin = np.zeros(len(labels), dtype=np.float32)
    while True:
        weights = np.exp(-(margin - margin.min()))
        weights /= weights.sum()
        tree = grow(table, signs * weights, weights, depth)
        yield tree
        margin += step * signs * np.where(decide(tree, columns), 1, -1)


def grow(table: Reals, pulls: Reals, weights: Reals, depth: int) -> Tree:
    """A tree by greedy reduction of the weighted squared error.

    Args:
        table: ``[S, I]`` zeros and ones.
        pulls: ``[S]`` weight times label, +1 or -1.
        weights: ``[S]``, positive.
        depth: Decisions on the longest path.
    """
    pull, weight = float(pulls.sum()), float(weights.sum())
    if depth == 0 or abs(pull) >= weight * (1 - 1e-4):
        return pull > 0
    pull_yes, weight_yes = np.stack([pulls, weights]) @ table
    pull_no, weight_no = pull - pull_yes, weight - weight_yes
    floor = 1e-6 * weight
    split = (weight_yes > floor) & (weight_no > floor)
    gain = pull_yes**2 / np.maximum(weight_yes, floor) + pull_no**2 / np.maximum(weight_no, floor)
    if not split.any():
        return pull > 0
    best = int(np.where(split, gain, -1).argmax())
    yes = table[:, best] > 0
    branches = [grow(table[side], pulls[side], weights[side], depth - 1) for side in (~yes, yes)]
    if isinstance(branches[0], bool) and branches[0] == branches[1]:
        return branches[0]
    return Node(best, *branches)
