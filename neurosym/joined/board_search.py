"""One spiking network from the pixels of a board to its solution: perceptions, races, clues that are held, a search.

Each slot of the perception shows a variable of the query, in reading order. The winner of its race is a clue, unless it
is the value that says that nothing is shown. The search then finds the solution, or says that there is none: then
something was misread, and that is as certain as the rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from logic import Line, NetworkError, SpikingNetwork, chain, simulate
from logic.search.constraint_rows import Literal
from logic.search.listening import listen
from logic.search.search_network import SearchNetwork, build_search
from logic.search.searching import STEPS, SearchOutcome, search
from perception import to_network
from perception.networks.quantised import WholePerception
from reasoner import ConstraintProgram, Limits
from reasoner.searching.spiking_search import open_problem

from .joining import integer_form

BATCH = 10  # boards that are looked at together


@dataclass(frozen=True, eq=False)
class Sighting:
    """What the network saw on a board and found.

    Args:
        seen: The value that won in each slot; None where no one value did.
        outcome: Of the search; its steps are counted from the first one after the clues.
        step: Of the announcement, counted from the first pixel; the last step if there is none.
        values: The solution, a value for each variable in reading order; empty if none was announced.
    """

    seen: tuple[object, ...]
    outcome: SearchOutcome
    step: int
    values: tuple[int, ...]

    @property
    def misread(self) -> bool:
        """Whether the network said that no solution agrees with what it saw."""
        return self.outcome.solvable is False


@dataclass(frozen=True, eq=False)
class BoardSearch:
    """A joined network and its parts; see :func:`to_board_search`.

    Args:
        network: From pixels to ``solved``, ``unsat`` and the rails of the solution.
        seeing: Its first part, from pixels to one winner for each slot.
        searching: Its second part, with clues at its inputs.
        variables: As the query names them, in the order of the slots, with the variable of the search for each value.
        perception: In whole numbers.
        tells: The clue that each winner gives.
    """

    network: SpikingNetwork
    seeing: SpikingNetwork
    searching: SearchNetwork
    variables: dict[str, dict[int, Literal]]
    perception: WholePerception
    tells: dict[Line, Literal | None]

    @torch.no_grad()
    def find(self, pictures: Tensor, *, steps: int = STEPS) -> list[Sighting]:
        """What the network finds on boards, read from its spikes.

        The first part is simulated neuron by neuron until its winners fire, the second by changes from there on; that
        gives the spikes of the whole, since nothing runs back from the second to the first.

        Args:
            pictures: ``[B, N, C, H, W]``, a picture for each variable.
            steps: Of the search, at most.
        """
        found: list[Sighting] = []
        winners = self.seeing.populations[-1].name
        for part in pictures.split(BATCH):
            spikes = self.perception.input_spikes(part)
            record = simulate(self.seeing, spikes, self.seeing.latency + 1, record=[winners])
            fired = record[winners][self.seeing.latency].reshape(len(part), -1).numpy()
            found += [self._search(row, steps) for row in fired]
        return found

    def _search(self, fired: np.ndarray[Any, np.dtype[np.bool_]], steps: int) -> Sighting:
        lines = list(self.tells)
        clues = {self.tells[lines[place]] for place in np.flatnonzero(fired)} - {None}
        outcome = search(self.searching, [clue for clue in clues if clue is not None], steps=steps)
        values = tuple(self._value(of_value, outcome) for of_value in self.variables.values()) if outcome.true else ()
        domain = self.perception.domain.values
        seen = [np.flatnonzero(row) for row in fired.reshape(-1, len(domain))]
        return Sighting(
            tuple(domain[row[0]] if len(row) == 1 else None for row in seen),
            outcome,
            self.seeing.latency + 1 + outcome.step,
            values,
        )

    @staticmethod
    def _value(of_value: dict[int, Literal], outcome: SearchOutcome) -> int:
        true = outcome.true or frozenset()
        return next(value for value, literal in of_value.items() if (abs(literal) in true) == (literal > 0))


def to_board_search(
    perception: object,
    program: ConstraintProgram,
    query: str,
    *,
    empty: object = None,
    seed: int = 0,
    limits: Limits | None = None,
) -> BoardSearch:
    """One integer spiking network from the pictures of a board's cells to its solution.

    Args:
        perception: Trained, with an integer form; its values are those of the cells.
        program: The rules.
        query: One goal whose variables are all open, such as ``grid(Rows)``; the perception's slot ``i`` shows its
            variable ``i``, in reading order.
        empty: The value that says that nothing is shown.
        seed: Of the order of the search.
        limits: What the Prolog side may spend.

    Raises:
        NetworkError: if the perception has no integer form, or sees a value that a variable cannot have.
        MeaningError, QueryError: as :func:`reasoner.compile_search`.

    Example:
        >>> from logic import Domain
        >>> from perception import SpikingClassifier
        >>> program = ConstraintProgram.parse("pair(X, Y) :- [X, Y] ins 1..2, X #< Y.")
        >>> found = to_board_search(SpikingClassifier(Domain("cell", (0, 1, 2)), 0), program, "pair(X, Y)", empty=0)
        >>> blank = torch.zeros(1, 2, 1, 28, 28)  # nothing is seen, so the only solution is searched
        >>> found.find(blank)[0].values, found.network.output_names[:2]
        ((1, 2), ('solved', 'unsat'))
    """
    problem, variables = open_problem(program, query, limits=limits)
    whole = integer_form("cells", perception)
    searching = build_search(problem, seed=seed)
    seeing = to_network(whole, tuple(range(len(variables))))
    tells: dict[Line, Literal | None] = {}
    lines = iter(seeing.output_lines)
    for name, of_value in variables.items():
        for value in whole.domain.values:
            tells[next(lines)] = _clue(name, of_value, value, empty)
    return BoardSearch(chain(seeing, listen(searching, tells)), seeing, searching, variables, whole, tells)


def _clue(name: str, of_value: dict[int, Literal], value: object, empty: object) -> Literal | None:
    if value == empty:
        return None
    if not isinstance(value, int) or value not in of_value:
        raise NetworkError(
            f"the perception can see {value!r}, which {name} cannot be (its values are {_shown(list(of_value))}); "
            f"say what an empty cell looks like by empty={value!r}, or choose another domain"
        )
    return of_value[value]


def _shown(values: Sequence[int]) -> str:
    return f"{min(values)} to {max(values)}" if len(values) > 1 else str(values[0])
