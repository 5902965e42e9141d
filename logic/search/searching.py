"""A run of a search network: what its spikes announce, what they refuted on the way, and what the run cost."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..network import Integers
from ..simulation.energy import EnergyModel, EventCounts
from .choice import Choice
from .constraint_rows import Literal, SearchProblem
from .event_run import EventRun, Fanout, fanout
from .guard import AGE
from .propagators import RAILS
from .search_network import SearchNetwork, build_orders

Bits = NDArray[np.bool_]
STEPS = 20_000


@dataclass(frozen=True)
class Refuted:
    """What a spike of `wipe` says: these guesses cannot all hold, or, of a solution, have been announced."""

    step: int
    clause: tuple[Literal, ...]
    solution: frozenset[int] | None = None


@dataclass(frozen=True)
class SearchOutcome:
    """What a run found.

    Args:
        solvable: True with a solution, False if the network said that there is none (when solutions are counted: no
            further one), None if it was not finished.
        true: The variables that are true in the solution, the first one if solutions are counted.
        solutions: All that were announced, in order, with repetitions under a dynamic choice.
        step: The step of the last announcement, or the number of steps that were allowed.
        refuted: One for each conflict.
        spikes: All spikes of the run, those of inputs included.
        synaptic_events: Spikes times the synapses that each reached.
        updates: Most neuron updates that an event-driven chip would make.
        network: What was run.
    """

    solvable: bool | None
    true: frozenset[int] | None
    solutions: tuple[frozenset[int], ...]
    step: int
    refuted: tuple[Refuted, ...]
    spikes: int
    synaptic_events: int
    updates: int
    network: SearchNetwork

    @property
    def conflicts(self) -> int:
        """Times that the rails were wiped."""
        return len(self.refuted)

    @property
    def complete(self) -> bool:
        """Whether the network said that there is nothing more."""
        return self.solvable is False

    def picojoules(self, model: EnergyModel | None = None) -> float:
        """An estimate of the energy; see :class:`logic.simulation.energy.EnergyModel` for what it is worth."""
        counts = EventCounts(np.array([self.spikes]), self.synaptic_events, self.updates)
        return counts.picojoules(model or EnergyModel())


def search(
    network: SearchNetwork,
    clues: Iterable[Literal] = (),
    *,
    steps: int = STEPS,
    stop: Callable[[frozenset[int]], bool] | None = None,
    flips: Integers | None = None,
    synapses: Fanout | None = None,
) -> SearchOutcome:
    """Runs a search network until it announces its end, exactly as its spikes would be on any simulator.

    Args:
        network: Made by :func:`logic.search.search_network.build_search`.
        clues: Those of the problem's clues that are given, at every step.
        steps: At most so many; then nothing is said.
        stop: If solutions are counted, whether the one that was just announced is enough.
        flips: ``[K, 2]`` faults: a step and a source of the flat network whose spike is lost or added there.
        synapses: ``fanout(network.network)``, if it is there already.

    Raises:
        NetworkError: if a clue has no input.

    Example:
        >>> from logic.search.constraint_rows import clause
        >>> from logic.search.search_network import build_search
        >>> rows = tuple(clause(c) for c in ([1, 2], [-1, 2], [1, -2]))
        >>> found = search(build_search(SearchProblem(2, rows, decisions=(1, 2))))
        >>> found.solvable, sorted(found.true)
        (True, [1, 2])
    """
    run = EventRun(synapses or fanout(network.network), given_clues(network.problem, clues), *_of(flips))
    announced, unsat = network.network.outputs[:2].tolist()
    wipe, rails = network.place("wipe"), network.places(RAILS)[: network.problem.variables]
    guessed = network.places("guessed")
    age = AGE + (network.network.neurons and len(network.places("agreed")) > 0)
    watched = np.array([announced, unsat, wipe])
    refuted: list[Refuted] = []
    solutions: list[frozenset[int]] = []
    fresh: frozenset[int] | None = None  # a solution whose conflict is still to come
    solvable: bool | None = None
    while (at := run.until(steps, watched)) is not None:
        if run.fires[announced] and not run.before(1)[announced]:
            fresh = frozenset((np.flatnonzero(run.before(age)[rails]) + 1).tolist())
            solutions.append(fresh)
            if not network.counts or (stop is not None and stop(fresh)):
                solvable = True
                break
        if run.fires[wipe] and not run.before(1)[wipe]:
            standing = np.flatnonzero(run.fires[guessed]).tolist()
            refuted.append(Refuted(at, tuple(-network.order[place] for place in standing), fresh))
            fresh = None
        if run.fires[unsat]:
            solvable = False
            break
    end = run.step + (solvable is None)
    updates = min(run.synaptic_events, network.network.neurons * end)
    first = solutions[0] if solutions else None
    return SearchOutcome(
        solvable, first, tuple(solutions), end, tuple(refuted), run.spikes, run.synaptic_events, updates, network
    )


def _of(flips: Integers | None) -> tuple[Integers, ...]:
    return () if flips is None else (flips,)


def given_clues(problem: SearchProblem, clues: Iterable[Literal]) -> Bits:
    """``[I]`` which inputs fire.

    Raises:
        NetworkError: if a clue has no input, or one contradicts another.
    """
    places = {literal: place for place, literal in enumerate(problem.clues)}
    given = np.zeros(len(places), np.bool_)
    for literal in clues:
        if literal not in places:
            raise NetworkError(f"'{problem.name(literal)}' is no clue of the problem; it has {len(places)}")
        if -literal in places and given[places[-literal]]:
            raise NetworkError(f"'{problem.name(abs(literal))}' is given as true and as false; give one of them")
        given[places[literal]] = True
    return given


def search_orders(
    problem: SearchProblem,
    clues: Sequence[Literal] = (),
    *,
    orders: int = 1,
    seed: int = 0,
    steps: int = STEPS,
    choice: Choice = "dynamic",
    confirm: bool = True,
    two_guards: bool = False,
) -> tuple[SearchOutcome, int]:
    """The first to finish of several networks that differ in their order, and the seed of its order.

    All run side by side, so the steps are those of the first to finish; the others are stopped there. Spikes, events
    and updates are those of all.

    Args:
        problem: What is searched.
        clues: Those that are given.
        orders: How many networks.
        seed: Of the first order; the others follow.
        steps: At most so many, each.
        choice: As for :func:`logic.search.search_network.build_search`.
        confirm: As there.
        two_guards: As there.
    """
    best: SearchOutcome | None = None
    winner, spikes, events, updates = seed, 0, 0, 0
    networks = build_orders(
        problem, range(seed, seed + orders), choice=choice, confirm=confirm, two_guards=two_guards
    )  # fmt: skip
    for number, network in enumerate(networks):
        found = search(network, clues, steps=steps if best is None or best.solvable is None else best.step)
        spikes, events, updates = spikes + found.spikes, events + found.synaptic_events, updates + found.updates
        if best is None or found.solvable is not None:
            best, winner = found, seed + number
    if best is None:
        raise NetworkError(f"{orders} orders: at least one is needed")
    return replace(best, spikes=spikes, synaptic_events=events, updates=updates), winner
