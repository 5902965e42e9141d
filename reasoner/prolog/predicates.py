"""Predicates that the caller computes in Python: pure functions of their first arguments, by name and arity."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import Parameter, signature
from typing import NamedTuple, cast

from ..errors import ProgramError, QueryError
from .tables import written
from .terms import Struct, Term, to_value
from .text import quote_string

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class Predicate(NamedTuple):
    """A predicate whose answers a function gives.

    Args:
        name: As a program calls it.
        arity: Number of its arguments.
        inputs: How many of them, from the first, are passed to the function; they must be ground when it is called.
        function: Pure: it is called once for each inputs that are met, and its answers are kept.
    """

    name: str
    arity: int
    inputs: int
    function: Callable[..., object]

    @property
    def clause(self) -> str:
        """The clause that asks for it."""
        arguments = [f"X{number}" for number in range(self.arity)]
        asked = f"[{','.join(arguments[: self.inputs])}]"
        answer = f"[{','.join(arguments[self.inputs :])}]"
        head = f"{self.name}({','.join(arguments)})"
        return f"{head} :- '$computed'({self.name}, {asked}, Found), member({answer}, Found)."

    def answers(self, inputs: Iterable[Term]) -> Iterator[tuple[object, ...]]:
        """What it says of these inputs, a tuple of outputs for each answer.

        Raises:
            QueryError: if the function fails, or gives another number of values than there are outputs.
        """
        given = [to_value(term) for term in inputs]
        outputs = self.arity - self.inputs
        try:
            found = self.function(*given)
            each = list(cast("Iterator[object]", found)) if isinstance(found, Iterator) else [found]
        except Exception as error:
            raise QueryError(f"the Python predicate {self.name}/{self.arity} fails on {given}: {error!r}") from error
        for one in each:
            if one is None or (outputs == 0 and one is False):
                continue
            values = () if outputs == 0 else (one,) if outputs == 1 else one
            if not isinstance(values, tuple) or len(cast("tuple[object, ...]", values)) != outputs:
                raise QueryError(f"{self.name}/{self.arity} has {outputs} outputs, but its function gives {one!r}")
            yield cast("tuple[object, ...]", values)


def predicates_of(functions: Mapping[str, Callable[..., object]]) -> tuple[Predicate, ...]:
    """The predicates that functions compute: the value is the last argument, a tuple the last ones.

    A generator gives several answers; None, and False where nothing is left to be given, none.

    Args:
        functions: By name and arity, ``{"plus_one/2": lambda x: x + 1}``.

    Raises:
        ProgramError: if a name is none, or a function takes more arguments than its predicate has.

    Example:
        >>> [one.clause for one in predicates_of({"twice/2": lambda x: 2 * x})]
        ["twice(X0,X1) :- '$computed'(twice, [X0], Found), member([X1], Found)."]
    """
    found: list[Predicate] = []
    for indicator, function in functions.items():
        name, _, arity = indicator.rpartition("/")
        if not (name.isascii() and name.isidentifier() and name[0].islower() and arity.isdecimal()):
            raise ProgramError(f"'{indicator}' names no predicate; write a name and the number of arguments: twice/2")
        try:
            parameters = signature(function).parameters.values()
        except ValueError:  # of some built-in types
            raise ProgramError(
                f"{indicator}: how many arguments {function!r} takes is unknown; give a lambda"
            ) from None
        inputs = sum(one.kind in _POSITIONAL and one.default is Parameter.empty for one in parameters)
        if not inputs <= int(arity) <= 20 or int(arity) == 0:
            raise ProgramError(f"the function of {indicator} takes {inputs} arguments; it takes the first of 1 to 20")
        found.append(Predicate(name, int(arity), inputs, function))
    return tuple(found)


def answers_text(predicates: Iterable[Predicate], calls: Iterable[Term]) -> str:
    """The answers to calls, as facts that a program reads.

    Args:
        predicates: Of the program.
        calls: Compounds: the name of a predicate of the inputs.

    Raises:
        QueryError: as :meth:`Predicate.answers`, or if nobody computes what is called.
    """
    by_name = {(one.name, one.inputs): one for one in predicates}
    facts: list[str] = []
    for call in calls:
        if not isinstance(call, Struct) or (predicate := by_name.get((call.functor, len(call.arguments)))) is None:
            raise QueryError("the program calls a Python predicate that nobody gave; pass it as Program.predicates")
        values = ",".join(f"[{','.join(map(written, answer))}]" for answer in predicate.answers(call.arguments))
        inputs = ",".join(map(_term_text, call.arguments))
        facts.append(f"'$known'({call.functor},[{inputs}],[{values}]).")
    return "\n".join(facts)


def _term_text(term: Term) -> str:
    """A ground term, as Prolog reads it back."""
    if isinstance(term, Struct):
        name = written(term.functor)
        return f"{name}({','.join(map(_term_text, term.arguments))})" if term.arguments else name
    if isinstance(term, tuple):
        return f"[{','.join(map(_term_text, term))}]"
    if isinstance(term, str):
        return quote_string(term)
    return written(cast("int | float", term))
