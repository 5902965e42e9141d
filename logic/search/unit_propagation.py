"""Unit propagation over weighted rows as a checker does it: by counting, with no network and no solver in sight."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from ..network import Integers
from .constraint_rows import Literal, Row


class CountedRows(NamedTuple):
    """Rows as the kernel reads them; a literal ``v`` is ``2 (v - 1)``, its complement one more."""

    begin: Integers  # [R + 1] of each row's literals
    literals: Integers
    weights: Integers
    free: Integers  # [R] how much of a row may become false
    where: Integers  # [2 n + 1] of the rows in which each literal stands
    row_of: Integers
    weight_of: Integers


def as_row(clause: Sequence[Literal]) -> Row:
    """A clause as a row."""
    return Row(tuple(clause), (1,) * len(clause), 1)


def count_rows(rows: Sequence[Row], variables: int) -> CountedRows:
    """Rows over variables ``1 .. variables``, in their order."""
    begin = np.concatenate([[0], np.cumsum([len(row.literals) for row in rows])]).astype(np.int64)
    literals = _codes([x for row in rows for x in row.literals])
    weights = np.array([w for row in rows for w in row.weights], np.int64)
    free = np.array([row.total - row.bound for row in rows], np.int64)
    order = np.argsort(literals, kind="stable")
    where = np.concatenate([[0], np.cumsum(np.bincount(literals, minlength=2 * variables))]).astype(np.int64)
    row_of = np.repeat(np.arange(len(rows)), np.diff(begin))
    return CountedRows(begin, literals, weights, free, where, row_of[order], weights[order])


def is_implied(rows: CountedRows, count: int, clause: Sequence[Literal]) -> bool:
    """Whether unit propagation in the first ``count`` rows refutes that all of a clause is false.

    Example:
        >>> rows = count_rows([as_row([1, 2]), as_row([-2, 3])], 3)
        >>> is_implied(rows, 2, [1, 3]), is_implied(rows, 2, [3]), is_implied(rows, 1, [1, 3])
        (True, False, False)
    """
    return bool(_refutes(rows, count, _codes([-literal for literal in clause])))


def _codes(literals: Sequence[Literal]) -> Integers:
    array = np.array(literals, np.int64)
    return 2 * (abs(array) - 1) + (array < 0)


@kernel(large=2_000, nogil=True)
def _refutes(rows: CountedRows, known: int, assumed: NDArray[np.int64]) -> bool:  # pragma: no cover - compiled
    begin, literals, weights, free, where, row_of, weight_of = rows
    slack = free[:known].copy()
    true = np.zeros(len(where) - 1, np.bool_)
    trail = np.zeros(len(where), np.int64)
    count, done = 0, 0
    for code in assumed:
        if true[code ^ 1]:
            return True
        if not true[code]:
            true[code] = True
            trail[count] = code
            count += 1
    for row in range(known):
        if slack[row] < 0:
            return True
        for at in range(begin[row], begin[row + 1]):
            if weights[at] > slack[row] and not true[literals[at]]:
                if true[literals[at] ^ 1]:
                    return True
                true[literals[at]] = True
                trail[count] = literals[at]
                count += 1
    while done < count:
        code = trail[done] ^ 1  # is false now
        done += 1
        for place in range(where[code], where[code + 1]):
            row = row_of[place]
            if row >= known:
                break  # they stand in order
            slack[row] -= weight_of[place]
            if slack[row] < 0:
                return True
            for at in range(begin[row], begin[row + 1]):
                if weights[at] > slack[row] and not true[literals[at]] and not true[literals[at] ^ 1]:
                    true[literals[at]] = True
                    trail[count] = literals[at]
                    count += 1
    return False
