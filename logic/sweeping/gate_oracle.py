"""The compiled solver asked one question at a time, so that another thread may wait for it."""

import threading

import numpy as np
from numpy.typing import NDArray

from ..satisfiability.gate_solver import IMPOSSIBLE, POSSIBLE
from .questions import ASKED, COUNT, WIDE, WIDER, Cones, Ints, ask_narrow, ask_wide, equate, forget, new_cones

Model = tuple[NDArray[np.int64], NDArray[np.bool_]]  # input nodes, and values that tell two nodes apart


class GateQuestion:
    """A question about large windows and whole cones; it may be solved in another thread, while later nodes change.

    Args:
        cones: The solver and the graph.
        node: A node.
        literal: What it may equal.
    """

    def __init__(self, cones: Cones, node: int, literal: int) -> None:
        self._cones, self._node, self._literal = cones, node, literal
        self._ended = threading.Event()

    def solve(self, budget: int) -> bool | None:
        """Whether the nodes are equal; None when ``budget`` conflicts did not decide it, or it was ended before."""
        if self._ended.is_set():
            return None
        return _said(ask_wide(self._cones, self._node, self._literal, budget))

    def end(self) -> None:
        """Has :meth:`solve` not begin; it ends soon by its budget else."""
        self._ended.set()

    @property
    def model(self) -> Model:
        """The inputs below two nodes found different, and their values."""
        return _model(self._cones)


class GateOracle:
    """As :class:`~logic.sweeping.oracle.Oracle`, for questions of few conflicts.

    Args:
        first: ``[nodes]`` canonical first operands, -1 for inputs.
        second: ``[nodes]`` canonical second operands.
    """

    def __init__(self, first: Ints, second: Ints) -> None:
        self._cones = new_cones(first, second)

    @property
    def questions(self) -> int:
        """How often SAT was asked."""
        return int(self._cones.numbers[ASKED])

    @property
    def model(self) -> Model:
        """The inputs below the last two nodes found different, and their values."""
        return _model(self._cones)

    def look(self, node: int, literal: int, budget: int) -> bool | GateQuestion | None:
        """Whether a node always has the value of a literal; what small windows leave open is to be solved."""
        answer = ask_narrow(self._cones, node, literal, budget)
        return GateQuestion(self._cones, node, literal) if answer == WIDER else _said(answer)

    def equate(self, node: int, literal: int) -> None:
        """Tells the solver a proved equality."""
        equate(self._cones, node, literal)

    def close(self) -> None:
        """Forgets what whole cones taught."""
        forget(self._cones)


def _said(answer: int) -> bool | None:
    return True if answer == IMPOSSIBLE else False if answer == POSSIBLE else None


def _model(cones: Cones) -> Model:
    nodes = cones.queue[: cones.numbers[COUNT]]
    inputs = np.unique(nodes[cones.first[nodes] < 0])
    values = cones.far.value[cones.known[inputs]] if cones.numbers[WIDE] else cones.near.value[cones.place[inputs]]
    return inputs.astype(np.int64), values == 1
