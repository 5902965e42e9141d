"""Programs of constraints run as Prolog runs them, with printing and collecting in between; each answer in turn."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from ..constraints.constraint_program import ConstraintProgram
from ..constraints.cp_sat_model import NotModelledError
from ..constraints.optimising import best_of, is_objective, opened
from ..constraints.posting import Alternative, Key, Posted, key_of
from ..constraints.search import Search
from ..constraints.thread_deadline import Deadline, DeadlinePassedError
from ..errors import MeaningError, NeurosymError, PrologError, PrologLimit, QueryError
from ..prolog.border import Limits
from ..prolog.terms import Struct, Term, Value, from_json, to_text, to_value
from ..prolog.text import PrologText, QueryText, quote_atom
from .process import Session

_INFERENCES = 4_000_000  # a second


@dataclass(frozen=True)
class GoalAnswer:
    """One answer of a goal that was run.

    Args:
        bindings: The goal's named variables and their values; lists are tuples.
        whole: Whether no constraint is left open on them.
        by_clpfd: Solutions that library(clpfd) found up to here, each checked.
        by_search: Solutions that the search beside it found up to here, each checked.
        searches: What searched beside it: ``sat``, ``z3`` or ``cp-sat``.
        warnings: What is wrong in the text but does not end the run, such as a clause that cannot be read.
    """

    bindings: dict[str, Value]
    whole: bool
    by_clpfd: int
    by_search: int
    searches: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def run_goal(
    program: PrologText | ConstraintProgram | Path,
    goal: str,
    limits: Limits | None = None,
    write: Callable[[str], object] = str,
    patience: float = 2.0,
) -> Generator[GoalAnswer, None, tuple[str, ...]]:
    r"""The answers of a goal, one after the other, as the program is run.

    The program runs in a process of its own, which reaches no file, process or connection; other files of its folder
    that it loads by ``use_module(name)`` are handed to it. It may do what Prolog programs do: print, collect, assert.
    What it posts to library(clpfd) is noted. Labelling is done by library(clpfd), or, where that finds nothing for
    some time, by the search of :func:`reasoner.solve`; each solution is checked by arithmetic against all that
    was posted.

    Args:
        program: Its text, or the file that it is in.
        goal: What is called.
        limits: CPU time and memory.
        write: Takes what the program prints.
        patience: Seconds, more or less, that library(clpfd) may look for a solution before the search is asked; with
            more of them solutions keep its order.

    Returns:
        What searched beside library(clpfd), of which the end of the answers is its word too.

    Raises:
        QueryError: if the goal ends in an error, or reaches what is not allowed.
        PrologLimit: if a limit is reached.

    Example:
        >>> text = PrologText("p(X) :- X in 1..3, X #> 1, label([X]), writeln(X).", "example.pl")
        >>> printed = []
        >>> [answer.bindings for answer in run_goal(text, "p(X)", write=printed.append)], "".join(printed)
        ([{'X': 2}, {'X': 3}], '2\n3\n')
    """
    limits = limits or Limits()
    if isinstance(program, Path):
        program = PrologText.read(program)
    elif isinstance(program, ConstraintProgram):
        program = program.prolog
    asked = QueryText(goal, program.source)
    with Session(limits, write) as session:
        problems: dict[int, _Problem] = {}
        warnings: tuple[str, ...] = ()
        while True:
            name, *arguments = session.receive()
            if name == "ready":
                session.wall_in()
                stem = Path(program.source).stem
                spent = f"{round(_INFERENCES * patience)},{limits.megabytes * 2**20}"
                session.send(f"run({quote_atom(stem)},{program.quoted},{asked.quoted},{spent})")
            elif name == "load":
                session.send(_file_beside(program, to_text(from_json(arguments[0]))))
            elif name == "problem":
                number, terms, shown = cast("tuple[int, tuple[Term, ...], tuple[Term, ...]]", _terms(arguments))
                problems[number] = _Problem(terms, shown, limits.seconds)
            elif name == "next":
                session.send(problems[arguments[0]].next_values())
            elif name == "answer":
                yield replace(_answer(arguments), searches=_searches(problems), warnings=warnings)
                session.send("next")
            elif name == "loaded":
                warnings = tuple(map(str, cast("tuple[Term, ...]", from_json(arguments[0]))))
            elif name == "halted":  # the program ended itself, having done what it should
                found = _answer([[[0]], "whole", *arguments])
                yield replace(found, searches=_searches(problems), warnings=warnings)
                return _searches(problems)
            elif name == "no":
                return _searches(problems)
            else:
                raise _explained(name, cast("str", from_json(arguments[0])), program)


def _searches(problems: "Mapping[int, _Problem]") -> tuple[str, ...]:
    return tuple(sorted({problem.name for problem in problems.values() if problem.name}))


def _file_beside(program: PrologText, name: str) -> str:
    """The text of another file of the program's folder, as a term; no other file is read."""
    path = Path(program.source).parent / (name if name.endswith(".pl") else f"{name}.pl")
    if Path(name).name != name or not path.is_file() or not Path(program.source).is_file():
        return "none"
    return f"text({PrologText.read(path).quoted})"


def _answer(arguments: Sequence[Any]) -> GoalAnswer:
    bindings, whole, counts = _terms(arguments)
    by_clpfd, by_search = cast("tuple[int, int]", counts)
    pairs = [cast("Struct", pair).arguments for pair in cast("tuple[Term, ...]", bindings)]
    return GoalAnswer(
        {cast("Struct", name).functor: to_value(value) for name, value in pairs},
        whole == Struct("whole"),
        by_clpfd,
        by_search,
    )


def _terms(arguments: Sequence[object]) -> tuple[Term, ...]:
    return tuple(map(from_json, arguments))


def _explained(name: str, text: str, program: PrologText) -> NeurosymError:
    if name == "memory":
        return PrologLimit(f"Prolog ran out of memory ({text}); look for endless recursion, or raise Limits.megabytes")
    if name == "refused":
        return QueryError(f"{program.source}: '{text}' is not allowed in programs, since it reaches outside of them")
    if name == "wrong":
        return PrologError(f"{program.source}: library(clpfd) found values for which '{text}' does not hold")
    return QueryError(f"{program.source}: the goal ends in an error: {text.strip()}")


class _Problem:
    """What is asked of the search: other and other values that meet some constraints, the best first."""

    def __init__(self, terms: Sequence[Term], shown: Sequence[Term], seconds: float) -> None:
        self._asked = Alternative({}, tuple(Posted(0, "", term) for term in terms))
        self._optimal = any(is_objective(term) for term in terms)
        self._shown = {key for term in shown if (key := key_of(term)) is not None}
        self._texts = shown
        self._seconds = seconds
        self._found: list[dict[Key, int]] = []
        self._search: Search | None = None
        self.name = ""

    def next_values(self) -> str:
        """The values of another solution, as a term; ``none`` if there are no more, ``unknown`` if it is not known."""
        deadline = Deadline(self._seconds)
        try:
            if self._search is None or self._optimal:  # which a search for the best may have narrowed
                self._search = opened(self._asked, {}, deadline)
                for values in self._found:
                    self._search.exclude(values)
            elif self._found:
                self._search.exclude(self._found[-1])
            self.name = self._search.name
            best = best_of(self._asked, self._search, {}, {}, deadline)
        except (DeadlinePassedError, MeaningError, NotModelledError):
            return "unknown"
        if best is None or isinstance(best, bool):
            return "unknown" if best is None else "none"
        self._found.append({key: best.values[key] for key in self._shown})
        return f"values([{','.join(str(self._value(term)) for term in self._texts)}])"

    def _value(self, term: Term) -> Term:
        key = key_of(term)
        return term if key is None else self._found[-1][key]
