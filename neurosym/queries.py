"""Queries: what a program in a file asks, answered."""

from pathlib import Path

from reasoner import Program, infer


def probabilities(program: Program) -> dict[str, float]:
    """The probability of each query of a program, given its evidence, by atom.

    Raises:
        QueryError: if the program asks nothing, cannot be run, or needs something perceived.
        PrologLimit: if a limit is reached.
    """
    answers = infer(program)
    return dict(zip(answers.atoms, answers.log_probs[0].exp().tolist(), strict=True))


def query_file(path: Path) -> dict[str, float]:
    """The probability of each query of a program in a file.

    Raises:
        ProgramError: if the file cannot be read or its program is refused.
        QueryError, PrologLimit: as :func:`probabilities`.
    """
    return probabilities(Program.read(path, domains=()))
