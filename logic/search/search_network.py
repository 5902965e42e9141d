"""The network of a search problem: rails and propagators, guard, control, choice and backtracking, wired together."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import NetworkError
from ..network import INPUT, Integers, SpikingNetwork
from ..rails import Line
from .backtracking import wire_backtracking
from .choice import BLOCK, Choice, random_order, wire_choice, wire_full, wire_pairs
from .constraint_rows import Literal, SearchProblem
from .control import wire_answer, wire_control, wire_wiping
from .guard import wire_guard
from .propagators import RAILS, Propagation, wire_propagation
from .root_facts import wire_root_facts
from .wiring import Wiring

MOST_SYNAPSES = 20_000_000


@dataclass(frozen=True, eq=False)
class SearchNetwork:
    """A problem, the network that searches it, and where its neurons are.

    Args:
        problem: What is searched.
        order: The decisions in the order of the search.
        choice: ``"dynamic"`` or ``"static"``.
        counts: Whether a solution is a conflict like any other, so that the search goes on to the next.
        confirms: Whether the search is exhausted twice before `unsat`.
        network: The outputs are the lines ``solved`` and ``unsat``, and the T rail of each variable.
    """

    problem: SearchProblem
    order: tuple[Literal, ...]
    choice: Choice
    counts: bool
    confirms: bool
    network: SpikingNetwork

    @cached_property
    def starts(self) -> dict[str, int]:
        """Where each population begins among the sources of the flat network."""
        found, start = {INPUT: 0}, len(self.problem.clues)
        for population in self.network.populations:
            found[population.name] = start
            start += population.size
        return found

    def places(self, name: str) -> Integers:
        """The sources of the flat network that a population is; none if it is not there."""
        if name not in self.starts:
            return np.zeros(0, np.int64)
        return self.starts[name] + np.arange(int(np.prod(self.network.shape_of(name))))

    def place(self, name: str) -> int:
        """The source of the flat network that is a population of one neuron."""
        return int(self.places(name)[0])

    def name_of(self, source: int) -> str:
        """A source of the flat network in words: its population and its place there."""
        population = max((name for name in self.starts if self.starts[name] <= source), key=lambda n: self.starts[n])
        return f"{population}[{source - self.starts[population]}]"

    @cached_property
    def largest_weight(self) -> int:
        """The largest absolute weight."""
        return int(abs(self.network.flatten().weight).max(initial=0))

    @cached_property
    def synapses(self) -> int:
        """The number of synapses."""
        return len(self.network.flatten().weight)

    def __repr__(self) -> str:
        return (
            f"SearchNetwork({self.problem.variables} variables, {self.network.neurons} neurons, {self.synapses} "
            f"synapses, weights up to {self.largest_weight}, {self.choice})"
        )


def build_search(
    problem: SearchProblem,
    *,
    seed: int = 0,
    choice: Choice = "dynamic",
    counts: bool = False,
    confirm: bool = True,
    two_guards: bool = False,
) -> SearchNetwork:
    """The network that searches a problem: complete, without noise, and sound in what it announces.

    Args:
        problem: Rows, groups and decisions.
        seed: Of the order of the decisions; 0 leaves them as they stand.
        choice: ``"dynamic"`` takes what is nearly decided first; ``"static"`` follows the order.
        counts: Whether to go on after each solution, to see whether there are others. With a static choice each
            solution is then announced exactly once, with a dynamic one perhaps several times.
        confirm: Whether the search must be exhausted twice before `unsat`; see :mod:`logic.search.backtracking`.
        two_guards: Whether two guards must agree before `solved`.

    Raises:
        NetworkError: if the network would be too large.

    Example:
        >>> from logic.search.constraint_rows import clause
        >>> rows = [clause(c) for c in ([1, 2], [-1, 2], [1, -2])]
        >>> build_search(SearchProblem(2, tuple(rows), decisions=(1, 2))).network.neurons
        46
    """
    return next(build_orders(problem, [seed], choice=choice, counts=counts, confirm=confirm, two_guards=two_guards))


def build_orders(
    problem: SearchProblem,
    seeds: list[int] | range,
    *,
    choice: Choice = "dynamic",
    counts: bool = False,
    confirm: bool = True,
    two_guards: bool = False,
) -> Iterator[SearchNetwork]:
    """The networks of one problem that differ in their order, as :func:`build_search` makes them one by one."""
    _refuse_large(problem)
    base = Wiring(len(problem.clues))
    propagation = wire_propagation(base, problem)
    wire_guard(base, propagation)
    if two_guards:
        _wire_second_guard(base, propagation)
    wire_control(base, problem)
    holders = wire_pairs(base, propagation) if choice == "dynamic" else {}
    for seed in seeds:
        order = random_order(problem, seed)
        wiring = base.copy()
        _wire_order(wiring, propagation, order, choice, holders, counts=counts, confirm=confirm)
        yield SearchNetwork(problem, order, choice, counts, confirm, _finish(wiring, problem, two_guards))


def _refuse_large(problem: SearchProblem) -> None:
    """Counts before anything is wired.

    Raises:
        NetworkError: naming what needs the most synapses.
    """
    needs = {f"the row of {row.source or 'no place'}": 6 * len(row.literals) for row in problem.rows}
    for group in problem.groups:
        name, size = f"the group of {group.source or 'no place'}", len(group.variables)
        needs[name] = needs.get(name, 0) + size * (size + 4)
    needs[f"the choice among {len(problem.decisions)} decisions"] = len(problem.decisions) ** 2 // BLOCK
    total, most = sum(needs.values()), max(needs, key=lambda name: needs[name])
    if total > MOST_SYNAPSES:
        raise NetworkError(
            f"the search would need some {total:,} synapses, at most {MOST_SYNAPSES:,}; {most} alone {needs[most]:,}"
        )


def _wire_order(
    wiring: Wiring,
    propagation: Propagation,
    order: tuple[Literal, ...],
    choice: Choice,
    holders: dict[int, list[int]],
    *,
    counts: bool,
    confirm: bool,
) -> None:
    wire_backtracking(wiring, propagation, order, confirm=confirm)
    wire_choice(wiring, propagation, order, choice, holders)
    wire_root_facts(wiring, propagation, confirm=confirm)
    if counts:
        wire_full(wiring, propagation, order)
        wire_answer(wiring)
    wire_wiping(wiring, propagation)


def _wire_second_guard(wiring: Wiring, propagation: Propagation) -> None:
    """A second guard beside the first, and `agreed`, which fires a step after both."""
    wire_guard(wiring, propagation, "_again")
    wiring.add("agreed", [2])
    wiring.connect("solved", "agreed", 0, 0, 1)
    wiring.connect("solved_again", "agreed", 0, 0, 1)


def _finish(wiring: Wiring, problem: SearchProblem, two_guards: bool) -> SpikingNetwork:
    announced = "answer" if wiring.size("answer") else "agreed" if two_guards else "solved"
    outputs = [(announced, 0, Line("solved")), ("unsat", 0, Line("unsat"))]
    outputs += [(RAILS, v, Line(problem.name(v + 1))) for v in range(problem.variables)]
    return wiring.finish(tuple(Line(f"clue {problem.name(literal)}") for literal in problem.clues), outputs)
