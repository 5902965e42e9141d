"""A run of a search network step by step: what its rails, its guesses and its conflicts showed, to be looked at."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .constraint_rows import Literal, SearchProblem
from .event_run import EventRun, fanout
from .propagators import RAILS
from .search_network import SearchNetwork
from .searching import given_clues

Bits = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SearchRecord:
    """What a network showed at each of the last ``T`` steps of a run; steps are counted from the first of them.

    Args:
        problem: What was searched.
        first: The step of the run that is step 0 here.
        true: ``[T, V]`` whether the T rail of each variable fired.
        false: ``[T, V]`` whether its F rail fired.
        guesses: The steps at which something was guessed, and what.
        conflicts: The steps at which all rails were wiped.
        solved: The step at which a solution was announced, if one was.
        unsat: The step at which the end of the search was announced, if it was.
    """

    problem: SearchProblem
    first: int
    true: Bits
    false: Bits
    guesses: tuple[tuple[int, Literal], ...]
    conflicts: tuple[int, ...]
    solved: int | None
    unsat: int | None

    @property
    def steps(self) -> int:
        """``T``."""
        return len(self.true)


def record(network: SearchNetwork, clues: Iterable[Literal] = (), *, steps: int, most: int = 600) -> SearchRecord:
    """Runs a search network as :func:`logic.search.searching.search` does, and keeps what its rails showed.

    Args:
        network: Made by :func:`logic.search.search_network.build_search`.
        clues: Those of the problem's clues that are given.
        steps: Of the run.
        most: Steps that are kept, the last ones.

    Raises:
        NetworkError: if a clue has no input.

    Example:
        >>> from logic.search.constraint_rows import clause
        >>> from logic.search.search_network import build_search
        >>> rows = tuple(clause(c) for c in ([1, 2], [-1, 2], [1, -2]))
        >>> shown = record(build_search(SearchProblem(2, rows, decisions=(1, 2))), steps=40)
        >>> shown.guesses, shown.true[shown.solved].tolist()
        (((6, 1),), [True, True])
    """
    run = EventRun(fanout(network.network), given_clues(network.problem, clues))
    count = network.problem.variables
    rails, guessed = network.places(RAILS), network.places("guessed")
    announced, unsat = network.network.outputs[:2].tolist()
    wipe, nothing = network.place("wipe"), np.zeros(0, np.int64)
    first = max(0, steps - most)
    run.until(first, nothing)
    shown = np.zeros((2, steps - first, count), np.bool_)
    standing = run.fires[guessed].copy()
    events: dict[int, list[int]] = {announced: [], unsat: [], wipe: []}
    firing = dict.fromkeys(events, False)
    guesses: list[tuple[int, Literal]] = []
    for step in range(steps - first):
        run.until(first + step + 1, nothing)
        shown[:, step] = run.fires[rails].reshape(2, count)
        guesses += [(step, network.order[place]) for place in np.flatnonzero(run.fires[guessed] & ~standing)]
        standing = run.fires[guessed].copy()
        for source, seen in events.items():
            if run.fires[source] and not firing[source]:
                seen.append(step)
            firing[source] = bool(run.fires[source])
    ends = [next(iter(events[source]), None) for source in (announced, unsat)]
    return SearchRecord(
        network.problem, first, shown[0], shown[1], tuple(guesses), tuple(events[wipe]), ends[0], ends[1]
    )
