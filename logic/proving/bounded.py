"""The first clock at which two machines can differ: both are unrolled clock by clock into one formula for SAT.

In the literature: bounded model checking of a miter (Biere, Cimatti, Clarke and Zhu, TACAS 1999).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pysat.solvers import Solver

from ..circuit import Circuit
from ..kernels import work_time
from ..sweeping.codewords import codewords
from ..sweeping.graph import AndGraph
from .streams import Bits

Integers = NDArray[np.int64]
_ENGINE = "glucose4"  # takes conflict budgets
CLOCKS = 1_024  # unrolled at most
CONFLICTS = 200_000  # of all questions together
NODES = 4_000_000  # of the unrolled graph
_CHUNK = 1_000  # conflicts between two looks at the clock


class Difference(NamedTuple):
    """A stream that tells two machines apart, as early as any does.

    Args:
        values: ``[T, I]`` input vectors; the last is answered differently.
        output: Position of an output that differs.
        first: The first values of the registers that may start as they like, by name.
    """

    values: Bits
    output: int
    first: dict[str, bool]


class Searched(NamedTuple):
    """What unrolling found.

    Args:
        difference: The earliest, or none.
        clocks: For how many clocks from the first on it is proved that there is none.
    """

    difference: Difference | None
    clocks: int


def first_difference(
    impl: Circuit, spec: Circuit, *, clocks: int = CLOCKS, conflicts: int = CONFLICTS, deadline: float | None = None
) -> Searched:
    """Looks for the earliest clock at which outputs of two machines can differ, from their first values on.

    A register without a defined first value may start with either, one of that name in the other machine with the
    same if that has none either.

    Args:
        impl: One machine; its inputs and outputs bear the names of the other's, in any order.
        spec: The other; its one-hot groups are promised of the inputs.
        clocks: How far to look.
        conflicts: Budget of the solver for all clocks together.
        deadline: ``logic.kernels.work_time()`` value at which to give up, or None.
    """
    graph, solver, asked = AndGraph(), Solver(_ENGINE), _Asked()
    shared: dict[str, int] = {}
    states = [_first_state(graph, machine, shared) for machine in (impl, spec)]
    place = {name: position for position, name in enumerate(spec.inputs)}
    where = {name: position for position, name in enumerate(impl.output_names)}
    order = np.array([place[name] for name in impl.inputs], np.int64)
    matched = np.array([where[name] for name in spec.output_names], np.int64)
    vectors: list[Integers] = []
    try:
        for clock in range(clocks):
            inputs, _ = codewords(graph, spec)
            vectors.append(inputs)
            ends: list[Integers] = []
            for side, (machine, own) in enumerate(((impl, inputs[order]), (spec, inputs))):
                wires = graph.add(machine, np.concatenate([own, states[side]]))
                ends.append(wires[machine.outputs >> 1] ^ (machine.outputs & 1))
                states[side] = wires[machine.register_next >> 1] ^ (machine.register_next & 1)
            pairs = np.stack([ends[0][matched], ends[1]], axis=1)
            pairs = pairs[pairs[:, 0] != pairs[:, 1]]
            if len(pairs):
                differs = asked.differs(graph, solver, pairs)
                answer = None
                for _ in range(0, max(0, conflicts), _CHUNK):
                    if deadline is not None and work_time() > deadline:
                        break
                    before = _conflicts(solver)
                    solver.conf_budget(_CHUNK)
                    answer = solver.solve_limited(assumptions=[differs])
                    conflicts -= _conflicts(solver) - before
                    if answer is not None:
                        break
                if answer is None:
                    return Searched(None, clock)
                if answer:
                    return Searched(_read(solver, asked, graph, vectors, ends, matched, shared), clock)
                solver.add_clause([-differs])
            if len(graph) > NODES or (deadline is not None and work_time() > deadline):
                return Searched(None, clock + 1)
        return Searched(None, clocks)
    finally:
        solver.delete()


def _first_state(graph: AndGraph, machine: Circuit, shared: dict[str, int]) -> Integers:
    """``[R]`` literals of the first values; those that are open are new inputs, shared by name."""
    literals = np.where(machine.register_initial == 1, 1, 0).astype(np.int64)
    for position in np.flatnonzero(machine.register_initial < 0).tolist():
        name = machine.register_names[position]
        if name not in shared:
            shared[name] = int(graph.inputs(1)[0])
        literals[position] = shared[name]
    return literals


def _conflicts(solver: Solver) -> int:
    return int((solver.accum_stats() or {}).get("conflicts", 0))


class _Asked:
    """Which nodes the solver knows; variable ``n + 1`` is node ``n``, later ones say that a clock differs."""

    def __init__(self) -> None:
        self.variable: dict[int, int] = {}
        self.count = 0

    def new(self) -> int:
        """A new variable."""
        self.count += 1
        return self.count

    def literal(self, code: int) -> int:
        """What the solver calls a literal of a known node."""
        return -self.variable[code >> 1] if code & 1 else self.variable[code >> 1]

    def differs(self, graph: AndGraph, solver: Solver, pairs: Integers) -> int:
        """A variable that is true only if some pair differs; the nodes below become known (Tseitin, 1968)."""
        first, second = graph.nodes.first, graph.nodes.second
        waiting, fresh = (pairs.reshape(-1) >> 1).tolist(), list[int]()
        while waiting:
            node = waiting.pop()
            if node in self.variable:
                continue
            self.variable[node] = self.new()
            fresh.append(node)
            if first[node] >= 0:
                waiting += [int(first[node]) >> 1, int(second[node]) >> 1]
        for node in fresh:
            out = self.variable[node]
            if node == 0:
                solver.add_clause([-out])
            elif first[node] >= 0:
                a, b = self.literal(int(first[node])), self.literal(int(second[node]))
                solver.append_formula([[-out, a], [-out, b], [out, -a, -b]])
        some: list[int] = []
        for left, right in pairs.tolist():
            a, b, differ = self.literal(left), self.literal(right), self.new()
            solver.append_formula([[-differ, a, b], [-differ, -a, -b]])
            some.append(differ)
        now = self.new()
        solver.add_clause([-now, *some])
        return now


def _read(
    solver: Solver,
    asked: _Asked,
    graph: AndGraph,
    vectors: list[Integers],
    ends: list[Integers],
    matched: Integers,
    shared: dict[str, int],
) -> Difference:
    """The stream of the solver's model; inputs that it does not know are 0."""
    model = solver.get_model() or []
    true = {abs(code) for code in model if code > 0}
    value = np.zeros(len(graph), np.bool_)
    first, second = graph.nodes.first, graph.nodes.second
    for node in range(1, len(graph)):
        if first[node] < 0:
            value[node] = asked.variable.get(node, 0) in true
        else:
            a, b = int(first[node]), int(second[node])
            value[node] = (value[a >> 1] ^ bool(a & 1)) and (value[b >> 1] ^ bool(b & 1))

    def of(literals: Integers) -> Bits:
        return value[literals >> 1] ^ (literals & 1).astype(np.bool_)

    output = int((of(ends[0][matched]) != of(ends[1])).argmax())
    opened = {name: bool(value[literal >> 1]) for name, literal in shared.items()}
    return Difference(np.stack([of(inputs) for inputs in vectors]), output, opened)
