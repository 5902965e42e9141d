"""Refutations: what each conflict refuted is a line of a proof that anyone can check by unit propagation alone.

At each spike of `wipe`, "not all of these guesses" follows by unit propagation from the rows, the clues, the solutions
that were announced (which are then excluded) and the lines before: a RUP proof, written as DRUP if every row is a
clause, else in the format of VeriPB, whose checkers propagate weighted rows.

References:
    Goldberg and Novikov, "Verification of proofs of unsatisfiability for CNF formulas", DATE 2003.
    Wetzler, Heule and Hunt, "DRAT-trim", SAT 2014.
    Gocht and Nordstroem, "Certifying parity reasoning efficiently using pseudo-Boolean proofs", AAAI 2021.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from ..errors import NetworkError
from ..writing import whole_files
from .constraint_rows import Literal, Row, SearchProblem
from .searching import SearchOutcome
from .unit_propagation import as_row, count_rows, is_implied

Clause = tuple[Literal, ...]


@dataclass(frozen=True)
class Refutation:
    """That rows, clues and excluded solutions cannot all hold, with the steps that show it.

    Args:
        variables: Of the problem.
        rows: The problem's, groups written out as rows among them, then a row a clue.
        excluded: A clause for each solution that was announced.
        steps: Clauses, each of which follows by unit propagation; the last one is empty.
    """

    variables: int
    rows: tuple[Row, ...]
    excluded: tuple[Clause, ...]
    steps: tuple[Clause, ...]


def refutation_of(outcome: SearchOutcome, clues: Iterable[Literal] = ()) -> Refutation:
    """The refutation that a finished search has spiked.

    Args:
        outcome: Of a search that said that there is no solution, or none but those announced.
        clues: Those that were given.

    Raises:
        NetworkError: if the search did not say so.

    Example:
        >>> from logic.search.constraint_rows import clause
        >>> from logic.search.search_network import build_search
        >>> from logic.search.searching import search
        >>> rows = tuple(clause(c) for c in ([1, 2], [-1, 2], [1, -2], [-1, -2]))
        >>> found = refutation_of(search(build_search(SearchProblem(2, rows, decisions=(1, 2)))))
        >>> found.steps, check_refutation(found)
        (((-1,), ()), True)
    """
    if not outcome.complete:
        raise NetworkError("the search was not exhausted, so nothing is refuted; allow more steps, or go on counting")
    problem = outcome.network.problem
    steps: list[Clause] = []
    for refuted in outcome.refuted:
        steps.append(refuted.clause)
        if not refuted.clause:
            break
    rows = [*problem.rows, *group_rows(problem), *(Row((literal,), (1,), 1, "a clue") for literal in clues)]
    excluded = [_exclusion(problem, true) for true in dict.fromkeys(outcome.solutions)]
    return Refutation(problem.variables, tuple(rows), tuple(excluded), tuple(steps))


def group_rows(problem: SearchProblem) -> list[Row]:
    """The groups as rows: that two of a group are not both true, and that one is if it must be."""
    found: list[Row] = []
    for group in problem.groups:
        found += [Row(group.variables, (1,) * len(group.variables), 1, group.source)] if group.exactly else []
        found += [Row((-a, -b), (1, 1), 1, group.source) for a, b in combinations(group.variables, 2)]
    return found


def _exclusion(problem: SearchProblem, true: frozenset[int]) -> Clause:
    """The clause that some decision is not as in a solution."""
    return tuple(-abs(literal) if abs(literal) in true else abs(literal) for literal in problem.decisions)


def write_refutation(refutation: Refutation, path: Path) -> tuple[Path, Path]:
    """Writes the formula and beside it the proof: ``.cnf`` and ``.drup``, or ``.opb`` and ``.pbp``.

    Args:
        refutation: What to write.
        path: Where the formula goes; its ending says in which format.

    Returns:
        The two files.

    Raises:
        NetworkError: if the ending is another, or a row with weights does not fit clauses.
        FileError: if a file cannot be written.
    """
    path = Path(path)
    weighted = next((row for row in refutation.rows if not row.is_clause), None)
    if path.suffix == ".cnf" and weighted is not None:
        raise NetworkError(
            f"{path}: a row of {weighted.source or 'the problem'} is no clause, so that DRUP cannot say it; "
            f"write {path.with_suffix('.opb').name}, with a proof for VeriPB"
        )
    if path.suffix not in (".cnf", ".opb"):
        raise NetworkError(f"{path}: a refutation's formula is a .cnf or an .opb file")
    beside = path.with_suffix(".drup" if path.suffix == ".cnf" else ".pbp")
    formula, proof = (_drup if path.suffix == ".cnf" else _veripb)(refutation)
    with whole_files(path, beside) as (first, second):
        first.write_text(formula, "ascii")
        second.write_text(proof, "ascii")
    return path, beside


def _drup(refutation: Refutation) -> tuple[str, str]:
    clauses = [*(row.literals for row in refutation.rows), *refutation.excluded]
    rows = (" ".join(map(str, (*clause, 0))) for clause in clauses)
    head = f"p cnf {refutation.variables} {len(clauses)}"
    steps = (" ".join(map(str, (*clause, 0))) for clause in refutation.steps)
    return "\n".join([head, *rows, ""]), "\n".join([*steps, ""])


def _veripb(refutation: Refutation) -> tuple[str, str]:
    rows = [*refutation.rows, *map(as_row, refutation.excluded)]
    head = f"* #variable= {refutation.variables} #constraint= {len(rows)}"
    steps = [f"rup {_sum(as_row(c))}" for c in refutation.steps]
    proof = ["pseudo-Boolean proof version 1.1", f"f {len(rows)}", *steps, f"c {len(rows) + len(steps)} 0", ""]
    return "\n".join([head, *map(_sum, rows), ""]), "\n".join(proof)


def _sum(row: Row) -> str:
    terms = (f"{w} {'' if x > 0 else '~'}x{abs(x)}" for x, w in zip(row.literals, row.weights, strict=True))
    return f"{' '.join([*terms, f'>= {row.bound}'])} ;"


def check_refutation(refutation: Refutation) -> bool:
    """Whether each step follows by unit propagation from the rows and the steps before, and the last one is empty.

    The checker knows nothing of networks: it counts, for each row, how much of it may still become false.
    """
    if not refutation.steps or refutation.steps[-1]:
        return False
    said = [*refutation.rows, *map(as_row, (*refutation.excluded, *refutation.steps))]
    known, rows = len(said) - len(refutation.steps), count_rows(said, refutation.variables)
    return all(is_implied(rows, known + place, clause) for place, clause in enumerate(refutation.steps))
