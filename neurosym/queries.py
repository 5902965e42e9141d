"""Queries: what a program in a file asks, answered."""

from pathlib import Path

from reasoner import Limits, Program, infer


def probabilities(program: Program, query: str | None = None, limits: Limits | None = None) -> dict[str, float]:
    """The probability of each answer by atom, given the program's evidence if it is the program's own queries.

    Args:
        program: A program that perceives nothing.
        query: One goal; without it, the program's own queries.
        limits: What it may spend.

    Raises:
        QueryError: if nothing is asked, the program cannot be run, or it needs something perceived.
        PrologLimit, CountingError: if a limit is reached.
    """
    answers = infer(program, query, limits=limits)
    return dict(zip(answers.atoms, answers.log_probs[0].exp().tolist(), strict=True))


def query_file(path: Path, query: str | None = None, seconds: float = 60.0) -> dict[str, float]:
    """The probability of each answer of a program in a file.

    Raises:
        ProgramError: if the file cannot be read or its program is refused.
        QueryError, PrologLimit, CountingError: as :func:`probabilities`.
    """
    return probabilities(Program.read(path, domains=()), query, Limits(seconds=seconds))
