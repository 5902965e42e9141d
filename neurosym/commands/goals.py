"""Goals of constraint programs that are run, for the command `solve`: their output, their answers, and who found them."""

import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass

from reasoner import ConstraintProgram, GoalAnswer, Limits, PrologTimeout, run_goal
from reasoner.constraints.solution import binding_text
from reasoner.prolog.text import PrologText

_REPEATED = 1000  # answers that are looked through for another one
_CLPFD = "SWI-Prolog's library(clpfd)"


@dataclass(frozen=True)
class GoalReport:
    """What came of a goal that was run.

    Args:
        query: What was asked.
        answers: Those that were asked for, in order.
        count: How many there are of them.
        complete: Whether there are no others, as those who searched say.
        unique: Whether there is no answer with other values; None if that was not looked for or not found out.
        printed: What the program printed.
        seconds: Wall time.
    """

    query: str
    answers: tuple[GoalAnswer, ...]
    count: int
    complete: bool
    unique: bool | None
    printed: str
    seconds: float

    @property
    def solvable(self) -> bool:
        """Whether there is an answer."""
        return self.count > 0

    @property
    def found_by(self) -> str:
        """Who searched."""
        last = self.answers[-1] if self.answers else None
        return " and ".join([_CLPFD, *last.searches]) if last and last.searches else _CLPFD

    def to_dict(self) -> dict[str, object]:
        """The report as JSON can say it."""
        return {
            "query": self.query,
            "solvable": self.solvable,
            "answers": [answer.bindings for answer in self.answers],
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
        for number, answer in enumerate(self.answers):
            shown = [binding_text(name, value) for name, value in answer.bindings.items()]
            shown += [] if answer.whole else ["constraints are left open"]
            lines += ["", *shown] if number and shown else shown
        last = self.answers[-1] if self.answers else None
        checked = last.by_clpfd + last.by_search if last else 0
        lines.append(f"by {self.found_by}; {checked} labellings checked" if checked else "true")
        if self.complete and (self.count > 1 or self.unique is None):
            lines.append(f"{self.count} {'answer' if self.count == 1 else 'answers'} in all")
        elif self.unique is not None:
            lines.append("unique: no other was found" if self.unique else "not unique: there are other answers")
        else:
            lines.append("other answers were not looked for; --all finds them")
        return "\n".join(lines)


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
    count, complete, unique = 0, False, None
    with closing(run_goal(program, query, limits, take)) as answers:
        for answer in answers:
            if not count:
                for warning in answer.warnings:
                    warn(warning)
            count += 1
            if counted:
                found = [answer]
            else:
                found.append(answer)
            if not (every or counted):
                if answer.bindings and not printed:
                    with suppress(PrologTimeout):
                        unique = _is_unique(answer, answers)
                break
        else:
            complete = True
    shown = () if counted and count != 1 else tuple(found)
    return GoalReport(query, shown, count, complete, unique, "".join(printed), time.perf_counter() - start)


def _is_unique(answer: GoalAnswer, answers: Generator[GoalAnswer]) -> bool | None:
    """Whether no further answer has other values."""
    for number, other in enumerate(answers):
        if other.bindings != answer.bindings:
            return False
        if number == _REPEATED:
            return None
    return True
