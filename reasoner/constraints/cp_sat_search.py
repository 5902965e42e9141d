"""A search by OR-tools CP-SAT, where it is installed: it finds and improves fast; what it claims we do not prove."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from ..prolog.terms import Struct, Term
from .cp_sat_model import CpSatModel, NotModelledError
from .linear import Bounds, linear
from .posting import Key
from .thread_deadline import Deadline

_QUICK = 0.1  # of CP-SAT's own measure of work, some tenths of a second


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

    Args:
        terms: The constraints.
        bounds: What :func:`reasoner.constraints.linear.find_bounds` returned.

    Raises:
        NotModelledError: if CP-SAT is not installed, or does not have one of the constraints.
    """

    name = "cp-sat"

    def __init__(self, terms: Sequence[Term], bounds: Bounds | None) -> None:
        if bounds is None or solver() is None:
            raise NotModelledError
        self._model = CpSatModel(*bounds)
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
        model = library.CpModelProto()
        if not model.parse_text_format(text):
            raise NotModelledError
        response = _searched(model, None)
        if response.status.name not in {"OPTIMAL", "INFEASIBLE"} and not deadline.passed:
            response = _searched(model, deadline)
        status = response.status.name
        if status in {"OPTIMAL", "FEASIBLE"}:
            solution = response.solution
            self._values = {key: solution[index] for key, index in self._model.indices.items()}
            return Optimum(self._values, status == "OPTIMAL")
        return False if status == "INFEASIBLE" else None


def _searched(model: Any, deadline: Deadline | None) -> Any:
    """What CP-SAT finds; without a deadline it prepares little and gives up soon, which is mostly enough."""
    library = solver()
    parameters, search = library.SatParameters(), library.SolveWrapper()
    parameters.num_workers = 1
    if deadline is None:
        parameters.cp_model_probing_level = parameters.symmetry_level = 0
        parameters.use_sat_inprocessing = False
        parameters.max_deterministic_time = _QUICK
        search.set_parameters(parameters)
        return search.solve(model)
    search.set_parameters(parameters)
    with deadline.stopping(search.stop_search):
        return search.solve(model)
