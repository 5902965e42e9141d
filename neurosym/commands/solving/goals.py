"""Goals of constraint programs for the command `solve`: posted and proved, or run: their output and their answers."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Literal

from reasoner import (
    ConstraintProgram,
    GoalAnswer,
    Limits,
    NotPostedError,
    PrologTimeout,
    Solution,
    run_goal,
    solve,
)
from reasoner.constraints.solution import binding_text
from reasoner.prolog.text import PrologText

from ...terminal import complain
from .puzzles import PuzzleError, puzzle_text

_REPEATED = 1000  # answers that are looked through for another one
_CLPFD = "SWI-Prolog's library(clpfd)"


@dataclass(frozen=True)
class GoalReport:
    """What came of a goal that was run.

    Args:
        query: What was asked.
        answers: Those that were asked for, in order.
        count: How many there are of them; of the answers that are only counted the last one is kept.
        complete: Whether there are no others, as those who searched say.
        unique: Whether there is no answer with other values; None if that was not looked for or not found out.
        printed: What the program printed.
        searches: What searched beside library(clpfd): ``sat``, ``z3`` or ``cp-sat``.
        seconds: Wall time.
    """

    query: str
    answers: tuple[GoalAnswer, ...]
    count: int
    complete: bool
    unique: bool | None
    printed: str
    searches: tuple[str, ...]
    seconds: float

    @property
    def solvable(self) -> bool:
        """Whether there is an answer."""
        return self.count > 0

    @property
    def found_by(self) -> str:
        """Who searched."""
        return " and ".join([_CLPFD, *self.searches])

    def to_dict(self) -> dict[str, object]:
        """The report as JSON can say it."""
        return {
            "query": self.query,
            "solvable": self.solvable,
            "answers": [answer.bindings for answer in self.answers if len(self.answers) == self.count],
            "count": self.count,
            "complete": self.complete,
            "unique": self.unique,
            "found_by": self.found_by,
            "printed": self.printed,
            "seconds": self.seconds,
        }

    def __str__(self) -> str:
        if not self.count:
            return f"{self.query}: no answer, by {self.found_by}"
        lines: list[str] = []
        for number, answer in enumerate(self.answers if len(self.answers) == self.count else ()):
            shown = [binding_text(name, value) for name, value in answer.bindings.items()]
            shown += [] if answer.whole else ["constraints are left open"]
            lines += ["", *shown] if number and shown else shown
        checked = self.answers[-1].by_clpfd + self.answers[-1].by_search
        labellings = "1 labelling" if checked == 1 else f"{checked} labellings"
        lines.append(f"by {self.found_by}; {labellings} checked" if checked else "true")
        if self.complete and (self.count > 1 or self.unique is None):
            lines.append(f"{self.count} {'answer' if self.count == 1 else 'answers'} in all")
        elif self.unique is not None:
            lines.append("unique: no other was found" if self.unique else "not unique: there are other answers")
        else:
            lines.append("other answers were not looked for; --all finds them")
        return "\n".join(lines)


def solve_or_run(
    puzzle: str,
    query: str | None,
    seconds: float,
    limits: Limits,
    asked: Literal["one", "all", "count"] = "one",
    write: Callable[[str], object] = str,
    prove: bool = False,
) -> Solution | GoalReport:
    """The solution of a goal that only posts constraints, with proofs; or what came of running it.

    Args:
        puzzle: A file, or the name of a bundled puzzle.
        query: What is asked; without it the head of the first clause.
        seconds: CPU time for solving.
        limits: What reading and running the rules may spend.
        asked: One solution, all, or how many there are; for the latter two the goal is run.
        write: Takes what a goal that is run prints.
        prove: Whether what CP-SAT says is to be proved in all the time that is left.

    Raises:
        NeurosymError: whatever is wrong, in one sentence.
    """
    text = puzzle_text(puzzle)
    try:
        program = ConstraintProgram.parse(text.text, source=text.source, limits=limits)
        if not program.heads:
            raise PuzzleError(f"{program.source}: has no clauses, so there is nothing to ask")
        query = query or program.heads[0]
        if asked == "one":
            return solve(program, query, seconds=seconds, limits=limits, silent=False, prove=prove)
    except NotPostedError as error:
        if query is None:
            raise PuzzleError(f"{error}; the program can be run, if you say what is asked, such as go") from None
    return report_goal(text, query, limits, every=asked == "all", counted=asked == "count", write=write, warn=complain)


def report_goal(
    program: PrologText | ConstraintProgram,
    query: str,
    limits: Limits,
    *,
    every: bool = False,
    counted: bool = False,
    write: Callable[[str], object] = str,
    warn: Callable[[str], object] = str,
) -> GoalReport:
    """Runs a goal.

    Args:
        program: Its text.
        query: What is asked.
        limits: What may be spent.
        every: All answers instead of the first.
        counted: Only their number.
        write: Takes what the program prints, as it prints it.
        warn: Takes what is wrong in the text but does not end the run.

    Raises:
        NeurosymError: whatever is wrong, in one sentence.
    """
    start, printed = time.perf_counter(), list[str]()

    def take(text: str) -> None:
        printed.append(text)
        write(text)

    found: list[GoalAnswer] = []
    count, unique = 0, None
    searches: tuple[str, ...] = ()
    with closing(_Answers(run_goal(program, query, limits, take))) as answers:
        for answer in answers:
            if not count:
                for warning in answer.warnings:
                    warn(warning)
            count, searches = count + 1, answer.searches
            if counted:
                found = [answer]
            else:
                found.append(answer)
            if not (every or counted):
                if answer.bindings and not printed:
                    with suppress(PrologTimeout):
                        unique = _is_unique(answer, answers)
                break
        complete = answers.ended is not None and unique is None
        searches = answers.ended or searches
    seconds = time.perf_counter() - start
    return GoalReport(query, tuple(found), count, complete, unique, "".join(printed), searches, seconds)


class _Answers:
    """Answers, and what searched for them once there are no more."""

    def __init__(self, run: Generator[GoalAnswer, None, tuple[str, ...]]) -> None:
        self._run = run
        self.ended: tuple[str, ...] | None = None
        self.close = run.close

    def __iter__(self) -> Iterator[GoalAnswer]:
        self.ended = yield from self._run


def _is_unique(answer: GoalAnswer, answers: Iterable[GoalAnswer]) -> bool | None:
    """Whether no further answer has other values."""
    for number, other in enumerate(answers):
        if other.bindings != answer.bindings:
            return False
        if number == _REPEATED:
            return None
    return True
