"""A search by OR-tools CP-SAT, where it is installed: it finds and improves fast; what it claims we do not prove."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from ..prolog.terms import Struct, Term
from .cp_sat_model import CpSatModel, NotModelledError
from .linear import find_bounds, linear
from .posting import Key
from .thread_deadline import Deadline


class Optimum(NamedTuple):
    """An assignment that is best, or the best that was found in time.

    Args:
        values: Of all variables.
        proved: Whether there is none better.
    """

    values: dict[Key, int]
    proved: bool


@cache
def solver() -> Any:
    """The module of CP-SAT's own classes, which loads neither pandas nor protobuf; None if it is not installed."""
    try:
        return import_module("ortools.sat.python.cp_model_helper")
    except ImportError:
        return None


class CpSatSearch:
    """A search by CP-SAT in one thread.

    Raises:
        NotModelledError: if CP-SAT is not installed, or does not have one of the constraints.
    """

    name = "cp-sat"

    def __init__(self, terms: Sequence[Term], slots: Mapping[Key, Sequence[int]]) -> None:
        found = find_bounds(terms, slots)
        if found is None or solver() is None:
            raise NotModelledError
        self._model = CpSatModel(*found)
        self._values: dict[Key, int] = {}
        for term in terms:
            self._model.require(term)

    def require(self, term: Term) -> None:
        """Adds a constraint."""
        self._model.require(term)

    def exclude(self, values: Mapping[Key, int]) -> None:
        """At least one of these variables must have another value."""
        self._model.exclude(values)

    def check(self, deadline: Deadline) -> bool | None:
        """Whether the constraints can be met, as CP-SAT says."""
        found = self._solve(self._model.text(), deadline)
        return found if found is None or isinstance(found, bool) else True

    def values(self) -> dict[Key, int]:
        """The assignment that was found."""
        return self._values

    def optimum(self, objective: Struct, deadline: Deadline) -> Optimum | bool | None:
        """The best assignment; False if there is none at all, None if the deadline came first.

        Args:
            objective: ``$least(E)`` or ``$greatest(E)``.
            deadline: For this search.
        """
        form = linear(objective.arguments[0])
        if objective.functor == "$greatest":
            form = form.scaled(-1)
        return self._solve(self._model.text(form), deadline)

    def _solve(self, text: str, deadline: Deadline) -> Optimum | bool | None:
        if deadline.passed:
            return None
        library = solver()
        model, parameters, search = library.CpModelProto(), library.SatParameters(), library.SolveWrapper()
        if not model.parse_text_format(text):
            raise NotModelledError
        parameters.num_workers = 1
        search.set_parameters(parameters)
        with deadline.stopping(search.stop_search):
            response = search.solve(model)
        status = response.status.name
        if status in {"OPTIMAL", "FEASIBLE"}:
            solution = response.solution
            self._values = {key: solution[index] for key, index in self._model.indices.items()}
            return Optimum(self._values, status == "OPTIMAL")
        if status == "MODEL_INVALID":
            raise NotModelledError
        return False if status == "INFEASIBLE" else None
