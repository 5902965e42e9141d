"""Portfolio: how a ground program is counted, chosen by what each method is predicted to cost.

In the literature: knowledge compilation; weighted model counting (WMC).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from time import process_time
from typing import TYPE_CHECKING

from ..grounding.rules import GroundRules
from ..grounding.sums import Sums
from ..prolog.border import Limits
from .choice_order import slot_orders
from .factoring import factor
from .frontier import Beam, Frontier, explore
from .frontier_circuit import FrontierStates, frontier_layers
from .frontier_steps import ACCEPT, LEFT_OUT
from .linear_rules import LinearRule, LinearRules, NotLinearError
from .plan import Plan, Report

if TYPE_CHECKING:  # NumPy takes longer to load than most queries take
    from logic import Circuit

_TRIED, _ENOUGH = 3, 20_000  # orders that are tried side by side, and states for which another is not worth its time
_FIRST_LIMIT, _GROWTH = 20_000, 8
_FIRST_NODES = 20_000
_SMALL, _SHORT = 30, 0.02  # choices for which a diagram may be small, and the seconds that it may take to see that
_LIGHT = 8  # entries for each choice up to which no diagram is tried
_STATES = 4  # of a frontier that take the room of a gate
_SECONDS = 5e-6  # that an order of diagrams has for each node that it may have
_FACTORED = 1_000  # nodes of a diagram that it is worth looking for common factors in


def plan_circuit(circuit: "Circuit", nodes: int, seconds: float = inf) -> Plan:
    """A plan by the decision diagram of a circuit, with slots in its order.

    Raises:
        CountingError: if the diagram needs more than so many nodes, or more time.
    """
    from .diagrams import Diagrams, circuit_diagrams

    start = process_time()
    sizes = [len(group) for group in circuit.one_hot]
    diagrams = Diagrams(sizes, range(len(sizes)), nodes, start + seconds)
    return _diagram_plan(diagrams.sums(circuit_diagrams(circuit, diagrams), circuit.one_hot), start)


def _diagram_plan(sums: Sums, start: float) -> Plan:
    found = factor(sums) if len(sums.nodes) <= _FACTORED else sums
    return Plan(found, sums.one_hot, Report("diagram", len(found.nodes), 0, process_time() - start))


def plan_rules(rules: GroundRules, limits: Limits) -> Plan:
    """A plan for a ground program that cannot be counted as it stands.

    Args:
        rules: The ground program.
        limits: What may be spent.

    Raises:
        CountingError: if it would take more than the limits allow.
    """
    circular = any(row.head != rows[0].head or row.head in row.body for rows in rules.circles for row in rows)
    choices = len(rules.sizes)
    if circular:
        return by_frontier(rules, limits) or by_diagram(rules, limits)
    if choices <= _SMALL:  # what a small diagram may beat is made before OxiDD would be loaded
        found = (
            by_frontier(rules, replace(limits, gates=min(limits.gates, choices)))
            or by_elimination(rules, replace(limits, gates=min(limits.gates, _LIGHT * choices)))
            or _by_small_diagram(rules, limits)
        )
        if found is not None:
            return found
    return by_elimination(rules, limits) or by_diagram(rules, limits)


def _by_small_diagram(rules: GroundRules, limits: Limits) -> Plan | None:
    """By the first order alone."""
    from .diagrams import Diagrams, TooManyNodesError, diagram_orders, rules_diagrams

    start = process_time()
    try:
        diagrams = Diagrams(rules.sizes, diagram_orders(rules)[0], min(_FIRST_NODES, limits.gates), start + _SHORT)
        return _diagram_plan(diagrams.sums(rules_diagrams(rules, diagrams), rules.one_hot), start)
    except TooManyNodesError:
        return None


def by_frontier(rules: GroundRules, limits: Limits) -> Plan | None:
    """A plan by the states of a frontier; None if the rules are not linear, or there are too many states."""
    start = process_time()
    try:
        asked = _asked(rules, LinearRules(rules))
    except NotLinearError:
        return None
    found: list[Frontier] = []
    left = _STATES * limits.gates
    for own, wanted, unwanted in asked:
        frontier = _frontier(own, wanted, unwanted, rules.sizes, left, start + limits.seconds)
        if frontier is None:
            return None
        found.append(frontier)
        left -= frontier.states
    states = sum(frontier.states for frontier in found)
    width = max([frontier.width for frontier in found], default=0)
    report = Report("frontier", states, width, process_time() - start)
    return Plan(FrontierStates(found, rules.one_hot), rules.one_hot, report)


def bounded(rules: GroundRules, chances: Sequence[Sequence[float]], states: int, seconds: float) -> list[Plan] | None:
    """Plans of a lower bound of each output, and of what is open beside it; None if the rules are not linear.

    Args:
        rules: The ground program.
        chances: Of each slot the probability of each value, as far as it is known: what is probable is followed.
        states: That may be made, all outputs together.
        seconds: Processor time.
    """
    start = process_time()
    try:
        asked = _asked(rules, LinearRules(rules))
    except NotLinearError:
        return None
    found: list[Frontier] = []
    for own, wanted, unwanted in asked:
        order = slot_orders(own, [*wanted, *unwanted])[0] if own else ()
        beam = Beam(max(16, states // (len(asked) * max(1, len(order)))), chances)
        deadline = process_time() + (start + seconds - process_time()) / (len(asked) - len(found))
        frontier = explore(own, wanted, unwanted, order, rules.sizes, 2 * states, deadline, beam)
        if frontier is None:
            return None
        found.append(frontier)
    plans: list[Plan] = []
    for true in (ACCEPT, LEFT_OUT):
        layers = frontier_layers(found, rules.one_hot, true)
        report = Report("bounds by frontier", sum(one.states for one in found), max(one.width for one in found),
                        process_time() - start)  # fmt: skip
        plans.append(Plan(layers, rules.one_hot, report))
    return plans


def _asked(rules: GroundRules, linear: LinearRules) -> list[tuple[list[LinearRule], list[int], list[int]]]:
    """Of each output the rules behind it, the atoms that are to be true, and those that are to be false."""
    seen = [*dict.fromkeys(atom for atom, truth in rules.evidence if truth)]
    unseen = [*dict.fromkeys(atom for atom, truth in rules.evidence if not truth)]
    outputs = [*([atom, *seen] for atom in rules.outputs), *([seen] if rules.evidence else [])]
    asked: list[tuple[list[LinearRule], list[int], list[int]]] = []
    for atoms in outputs:
        wanted = [*dict.fromkeys(atoms)]
        asked.append((linear.behind([*dict.fromkeys((*wanted, *unseen))]), wanted, unseen))
    return asked


def _frontier(
    own: list[LinearRule], wanted: list[int], unwanted: list[int], sizes: Sequence[int], most: int, deadline: float
) -> Frontier | None:
    """By the best of several orders; the limit grows, so that one that fails costs little beside the one that does."""
    orders = slot_orders(own, [*wanted, *unwanted])[:_TRIED]
    limit = min(_FIRST_LIMIT, most)
    while True:
        best: Frontier | None = None
        for order in orders:
            found = explore(own, wanted, unwanted, order, sizes, best.states if best else limit, deadline)
            best = found or best
            if found is not None and found.states <= _ENOUGH:
                return found
        if best is not None or limit == most:
            return best
        limit = min(limit * _GROWTH, most)


def by_diagram(rules: GroundRules, limits: Limits) -> Plan:
    """A plan by decision diagrams, in the first of several orders that stays within a limit; the limit grows.

    Raises:
        CountingError: if none does.
    """
    from .diagrams import Diagrams, TooManyNodesError, diagram_orders, rules_diagrams

    start = process_time()
    orders = diagram_orders(rules)
    nodes = min(_FIRST_NODES, limits.gates)
    while True:
        for order in orders:
            last = nodes == limits.gates and order == orders[-1]
            seconds = limits.seconds if last else min(nodes * _SECONDS, limits.seconds)
            try:
                diagrams = Diagrams(rules.sizes, order, nodes, process_time() + seconds)
                return _diagram_plan(diagrams.sums(rules_diagrams(rules, diagrams), rules.one_hot), start)
            except TooManyNodesError:
                if last:
                    raise
        nodes = min(nodes * _GROWTH, limits.gates)


def by_elimination(rules: GroundRules, limits: Limits) -> Plan | None:
    """A plan by tables over variables; None if the rules support each other, or the tables would be too large."""
    start = process_time()
    from .elimination import Elimination, NoFamiliesError

    try:
        elimination = Elimination(rules)
    except NoFamiliesError:
        return None
    if elimination.entries > limits.gates:
        return None
    found = elimination.run(start + limits.seconds)
    return Plan(found.circuit, rules.one_hot, Report("elimination", found.nodes, found.width, process_time() - start))


METHODS: dict[str, Callable[[GroundRules, Limits], Plan | None]] = {
    "frontier": by_frontier,
    "elimination": by_elimination,
    "diagram": by_diagram,
}
"""The methods by name; each says None if a program does not fit it."""
