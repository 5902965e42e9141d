"""What a program states of the probabilities that are learned: where each starts, as far as it is said."""

from typing import NamedTuple

from ..errors import ProgramError
from ..prolog.program import Clause, is_learned
from ..prolog.terms import Struct, Term, Variable, to_text

LEAST = 1e-9  # a smaller share is none


class Stated(NamedTuple):
    """The probabilities of a clause's heads.

    Args:
        starts: With what each starts; None if that is not said.
        learned: Which of them are learned.
        rest: What those that are said leave.
    """

    starts: list[float | None]
    learned: list[bool]
    rest: float


def stated(clause: Clause, where: str) -> Stated:
    """What a clause states of its heads.

    Args:
        clause: Of a program, with a learned probability.
        where: It stands, for messages.

    Raises:
        ProgramError: if a probability beside a learned one is no number, or they sum to more than 1.
    """
    starts = [_number(_start(p) if is_learned(p) else p, where) for p, _ in clause.chances]
    rest = 1.0 - sum(p for p in starts if p is not None)
    if rest < -LEAST:
        raise ProgramError(f"{where}: the probabilities sum to {1 - rest:.6g}, more than 1")
    return Stated(starts, [is_learned(p) for p, _ in clause.chances], rest)


def _start(probability: Term) -> Term | None:
    """What a learned probability starts with; None if that is not said."""
    start = probability.arguments[0] if isinstance(probability, Struct) else probability
    return None if isinstance(start, Variable) else start


def _number(term: Term | None, where: str) -> float | None:
    """A probability as it is written, a quotient of numbers too."""
    if term is None or isinstance(term, int | float):
        return None if term is None else float(term)
    if isinstance(term, Struct) and term.functor == "/" and len(term.arguments) == 2:
        above, below = (_number(part, where) for part in term.arguments)
        if above is not None and below:
            return above / below
    raise ProgramError(f"{where}: beside probabilities that are learned others are numbers, not {to_text(term)}")
