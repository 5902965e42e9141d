"""Cubes: rows of 0, 1 and - (either) over inputs; whether they overlap, and whether they cover one another."""

from collections.abc import Sequence

Cube = tuple[int, str, str]  # line, marks of the inputs, values of the outputs


def _literals(cube: Cube) -> list[int]:
    return [at if mark == "1" else -at for at, mark in enumerate(cube[1], start=1) if mark in "01"]


def outside(within: Sequence[Cube], cubes: Sequence[Cube]) -> bool:
    """Whether the first cube of ``within`` has a row in none of ``cubes``, which satisfies all their negations."""
    from pysat.solvers import Solver  # few tables need it

    clauses = [[-literal for literal in _literals(cube)] for cube in cubes]
    if not all(clauses):  # a cube without a mark holds every row
        return False
    with Solver("cadical153", bootstrap_with=clauses) as solver:
        return bool(solver.solve(assumptions=_literals(within[0])))


def common(first: Sequence[Cube], second: Sequence[Cube]) -> tuple[Cube, Cube] | None:
    """Two cubes, one of each, that share a row: in no place one has a 0 and the other a 1."""
    masks = [(*_masks(cube), cube) for cube in second]
    for cube in first:
        ones, zeros = _masks(cube)
        for other_ones, other_zeros, other in masks:
            if not (ones & other_zeros or zeros & other_ones):
                return cube, other
    return None


def _masks(cube: Cube) -> tuple[int, int]:
    """The places of a cube's ones, and those of its zeros, as bits."""
    marks = f"0{cube[1]}".replace("2", "-")
    return int(marks.replace("-", "0"), 2), int(marks.replace("1", "-").replace("0", "1").replace("-", "0"), 2)
