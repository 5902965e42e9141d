"""A program solved by spikes: compiled to a network, run to its announcement, and read back in the program's terms."""

import time
from dataclasses import dataclass, field, replace

from logic import SpikingNetwork
from logic.errors import NetworkError
from logic.search.choice import Choice
from logic.search.constraint_rows import Literal, SearchProblem
from logic.search.search_network import SearchNetwork, build_search
from logic.search.searching import STEPS, SearchOutcome, search, search_orders

from ..constraints.constraint_program import ConstraintProgram
from ..constraints.encoding import TooLarge
from ..constraints.linear import find_domains
from ..constraints.notation import name_variables
from ..constraints.optimising import constraints, is_objective
from ..constraints.posting import Alternative, Posted, post
from ..constraints.solving import bound_values, slot_values
from ..errors import MeaningError
from ..prolog.border import Limits
from ..prolog.terms import Value
from .row_encoding import RowEncoding


@dataclass(frozen=True)
class SpikingSolution:
    """What a network of spiking neurons said of a program.

    Args:
        query: What was asked.
        solvable: True with a solution, False if the network said that there is none, None if it was not finished.
        bindings: The query's variables and their values; lists are tuples.
        unique: Whether there is no other solution, if that was asked and the search was finished.
        count: How many different solutions there are, if that was asked and the search was finished.
        steps: Steps to the last announcement, or those that were allowed.
        conflicts: Times that all rails were wiped and replayed.
        orders: How many networks ran side by side, each in another order.
        spikes: Of all of them.
        synaptic_events: Of all of them.
        picojoules: An estimate for an event-driven chip, of all of them; see :class:`EnergyModel`.
        neurons: Of one network.
        synapses: Of one network.
        largest_weight: Of one network, absolute.
        seconds: CPU time of compiling and simulating.
        outcomes: The runs that this was read from, one for each way through the rules that was needed.

    Example:
        >>> program = ConstraintProgram.parse("pair(X, Y) :- [X, Y] ins 2..9, X * Y #= 35, X #< Y.")
        >>> found = solve_in_spikes(program, "pair(X, Y)")
        >>> found.solvable, found.bindings
        (True, {'X': 5, 'Y': 7})
    """

    query: str
    solvable: bool | None
    bindings: dict[str, Value] = field(default_factory=dict[str, Value])
    unique: bool | None = None
    count: int | None = None
    steps: int = 0
    conflicts: int = 0
    orders: int = 1
    spikes: int = 0
    synaptic_events: int = 0
    picojoules: float = 0.0
    neurons: int = 0
    synapses: int = 0
    largest_weight: int = 0
    seconds: float = 0.0
    outcomes: tuple[SearchOutcome, ...] = field(default=(), repr=False, compare=False)

    def to_dict(self) -> dict[str, object]:
        """What can be said in JSON."""
        return {name: value for name, value in vars(self).items() if name != "outcomes"}


def compile_search(
    program: ConstraintProgram,
    query: str,
    *,
    seed: int = 0,
    choice: Choice = "dynamic",
    counts: bool = False,
    confirm: bool = True,
    clues: bool = False,
    limits: Limits | None = None,
) -> SpikingNetwork:
    """A finite-domain program as a network of spiking neurons that solves it: complete, and without any noise.

    Its output line ``solved`` fires three steps after its rails show a solution, ``unsat`` when there is none; the
    other output lines are the rails, such as ``X=5``.

    Args:
        program: The rules.
        query: One goal; the rules must go through it in one way.
        seed: Of the order in which values are guessed; 0 is the program's own.
        choice: ``"dynamic"`` guesses first what is nearly decided, ``"static"`` follows the order.
        counts: Whether the network goes on after each solution.
        confirm: Whether it searches twice before it says that there is none.
        clues: Whether each value of each variable has an input line, such as ``clue X=5``, that says at every step of a
            run that it is given; without, there are no inputs.
        limits: What the Prolog side may spend.

    Raises:
        MeaningError: if a constraint has no bounded form in rows, or the rules go through the query in several ways.
        QueryError: if the query is no goal.

    Example:
        >>> program = ConstraintProgram.parse("pair(X, Y) :- [X, Y] ins 2..9, X + Y #= 5, X #< Y.")
        >>> compile_search(program, "pair(X, Y)").output_lines[0]
        Line(signal='solved', rail=None)
    """
    problem = search_problem(program, query, clues=clues, limits=limits)
    return build_search(problem, seed=seed, choice=choice, counts=counts, confirm=confirm).network


def search_problem(
    program: ConstraintProgram, query: str, *, clues: bool = False, limits: Limits | None = None
) -> SearchProblem:
    """What :func:`compile_search` makes a network of: rows and groups over numbered variables, named as its lines.

    Raises:
        MeaningError: as there.
        QueryError: as there.
    """
    ways = post(program, query, limits or Limits(answers=1000)).alternatives
    if len(ways) != 1:
        raise MeaningError(
            f"{program.source}: '{query}' is gone through in {len(ways)} ways, and a network searches one; "
            f"ask for a goal without alternatives, or use solve_in_spikes, which takes them in turn"
        )
    problem = _encode(program, ways[0])[1]
    return replace(problem, clues=tuple(map(abs, problem.decisions))) if clues else problem


def open_problem(
    program: ConstraintProgram, query: str, *, limits: Limits | None = None
) -> tuple[SearchProblem, dict[str, dict[int, Literal]]]:
    """A problem whose clues are the values of the query's variables, and the clue for each value of each.

    Args:
        program: The rules.
        query: One goal, such as ``grid(Rows)``, with one way through the rules.
        limits: What the Prolog side may spend.

    Returns:
        The problem; and the variables as the query names them, in reading order, such as ``Rows[1][2]``.

    Raises:
        MeaningError: as :func:`compile_search`, or if a variable has one value only.
        QueryError: as there.

    Example:
        >>> program = ConstraintProgram.parse("pair(X, Y) :- [X, Y] ins 2..4, X #< Y.")
        >>> open_problem(program, "pair(X, Y)")[1]["X"]
        {2: 1, 3: 2, 4: 3}
    """
    ways = post(program, query, limits or Limits(answers=1000)).alternatives
    if len(ways) != 1:
        raise MeaningError(
            f"{program.source}: '{query}' is gone through in {len(ways)} ways, and clues need one; "
            f"ask for a goal without alternatives"
        )
    encoding, problem = _encode(program, ways[0])
    found: dict[str, dict[int, Literal]] = {}
    for key, name in name_variables(ways[0].bindings).items():
        values = encoding.literals[key]
        if len(values) == 1:
            raise MeaningError(
                f"{program.source}: '{name}' can only be {next(iter(values))}, so no clue is needed for it"
            )
        found[name] = {value: encoding.number_of(literal) for value, literal in values.items()}
    clues = tuple(literal for values in found.values() for literal in values.values())
    return replace(problem, clues=clues), found


def solve_in_spikes(
    program: ConstraintProgram,
    query: str,
    *,
    orders: int = 1,
    seed: int = 0,
    steps: int = STEPS,
    unique: bool = False,
    count: bool = False,
    confirm: bool = True,
    choice: Choice | None = None,
    limits: Limits | None = None,
) -> SpikingSolution:
    """Solves a program by a spiking network, as :func:`reasoner.solve` does by SAT.

    Args:
        program: The rules.
        query: One goal, such as ``sudoku(Rows)``. Ways through the rules are searched one after the other.
        orders: How many networks run side by side, each in another order; the first to finish wins.
        seed: Of the first order.
        steps: At most so many, for each way through the rules; 'not finished' then, never 'no solution'.
        unique: Whether to search on for a second solution.
        count: Whether to search on for all of them.
        confirm: Whether the search is exhausted twice before it is said that there is no solution.
        choice: What is guessed first; without it, ``"static"`` to count, else ``"dynamic"``.
        limits: What the Prolog side may spend.

    Raises:
        MeaningError: if a constraint has no bounded form in rows, or an optimum is asked for.
        QueryError: if the query is no goal.
    """
    start = time.process_time()
    ways = post(program, query, limits or Limits(answers=1000)).alternatives
    outcomes: list[SearchOutcome] = []
    shown: dict[str, dict[str, Value]] = {}
    solvable: bool | None = False
    for way in ways:
        encoding, problem = _encode(program, way)
        if unique or count:
            network = build_search(
                problem, seed=seed, choice=choice or ("static" if count else "dynamic"), counts=True, confirm=False
            )
            outcome = _searched_on(network, steps, way, encoding, shown, most=None if count else 2)
        else:
            outcome, _ = search_orders(
                problem, orders=orders, seed=seed, steps=steps, choice=choice or "dynamic", confirm=confirm
            )
            for true in outcome.solutions:
                _note(shown, way, encoding, true)
        outcomes.append(outcome)
        if outcome.solvable is None:
            solvable = None
        if shown and (len(shown) > 1 or not unique) and not count:
            break
    decided = solvable is False
    return SpikingSolution(
        query,
        True if shown else solvable,
        next(iter(shown.values()), {}),
        unique=None if not unique or (len(shown) < 2 and not decided) or not shown else len(shown) == 1,
        count=len(shown) if count and decided else None,
        steps=sum(outcome.step for outcome in outcomes),
        conflicts=sum(outcome.conflicts for outcome in outcomes),
        orders=orders,
        spikes=sum(outcome.spikes for outcome in outcomes),
        synaptic_events=sum(outcome.synaptic_events for outcome in outcomes),
        picojoules=sum(outcome.picojoules() for outcome in outcomes),
        neurons=max((outcome.network.network.neurons for outcome in outcomes), default=0),
        synapses=max((outcome.network.synapses for outcome in outcomes), default=0),
        largest_weight=max((outcome.network.largest_weight for outcome in outcomes), default=0),
        seconds=time.process_time() - start,
        outcomes=tuple(outcomes),
    )


def _searched_on(
    network: SearchNetwork,
    steps: int,
    way: Alternative,
    encoding: RowEncoding,
    shown: dict[str, dict[str, Value]],
    most: int | None,
) -> SearchOutcome:
    """A run that goes on after solutions, until ``most`` different bindings of the query were shown."""
    return search(network, steps=steps, stop=lambda true: _note(shown, way, encoding, true) == most)


def _note(shown: dict[str, dict[str, Value]], way: Alternative, encoding: RowEncoding, true: frozenset[int]) -> int:
    """Adds what a solution binds; returns how many different bindings there are."""
    values = encoding.values(true)
    bindings = bound_values(way, values)
    shown.setdefault(repr(bindings or sorted(values.items(), key=str)), bindings)
    return len(shown)


def _encode(program: ConstraintProgram, way: Alternative) -> tuple[RowEncoding, SearchProblem]:
    """A way through the rules as rows.

    Raises:
        MeaningError: naming the line of a constraint that has no bounded form.
    """
    for posted in way.posted:
        if is_objective(posted.term):
            raise MeaningError(
                f"{program.source}: line {posted.line}: '{posted.source}' asks for an optimum, and a search in spikes "
                f"finds some solution; leave it out, or solve without spikes"
            )
    posted = constraints(way)
    slots = slot_values(program, [way])
    terms = [one.term for one in posted]
    domains = find_domains(terms, slots)
    if domains is None:
        raise MeaningError(
            f"{program.source}: some variable has no finite domain that can be listed; say X in Low..High for each"
        )
    encoding = RowEncoding(domains, terms)
    if all(domains.values()):  # else it is impossible already
        for one in posted:
            _require(program, encoding, one)
    try:
        return encoding, encoding.problem(name_variables(way.bindings))
    except NetworkError as error:
        raise MeaningError(f"{program.source}: {error}") from error


def _require(program: ConstraintProgram, encoding: RowEncoding, posted: Posted) -> None:
    place = f"{program.source}, line {posted.line}" if posted.line else f"{program.source}, query"
    try:
        encoding.require_from(posted.term, place)
    except TooLarge:
        raise MeaningError(
            f"{place}: '{' '.join(posted.source.split())}' would need too many neurons; narrow the domains of its "
            f"variables, or solve without spikes"
        ) from None
