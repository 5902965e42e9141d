"""What is searched for: an assignment of Boolean variables that satisfies rows and groups.

A literal is ``v`` or ``-v`` for variable ``v = 1 .. n``, as in DIMACS. A row says ``sum of w_i l_i >= k`` with positive
weights (in the literature: a pseudo-Boolean constraint in normalised form; with equal weights a cardinality, with
``k = 1`` a clause). A group says that at most one, or exactly one, of its variables is true.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple, cast

from ..errors import NetworkError

Literal = int
"""A variable ``1 .. n``, or its negative."""


class Row(NamedTuple):
    """``sum of weight * literal >= bound``; use :func:`weighted_row` or :func:`clause`, which normalise it.

    Args:
        literals: Each of another variable.
        weights: Positive, none above the bound.
        bound: At least 1.
        source: What it comes from, for messages.
    """

    literals: tuple[Literal, ...]
    weights: tuple[int, ...]
    bound: int
    source: str = ""

    @property
    def total(self) -> int:
        """The sum of all weights."""
        return sum(self.weights)

    @property
    def is_clause(self) -> bool:
        """Whether one true literal satisfies it."""
        return self.bound == 1

    def holds(self, true: Iterable[int]) -> bool:
        """Whether it holds where exactly these variables are true."""
        known = set(true)
        met = (
            w
            for literal, w in zip(self.literals, self.weights, strict=True)
            if (literal > 0) == (abs(literal) in known)
        )
        return sum(met) >= self.bound


def weighted_row(
    terms: Mapping[Literal, int] | Iterable[tuple[Literal, int]], bound: int, source: str = ""
) -> Row | None:
    """The normalised row that says ``sum of weight * literal >= bound``, or None if it always holds.

    Weights may be negative and literals of one variable may meet; a row that cannot hold comes back without literals.

    Example:
        >>> weighted_row({1: 2, 2: -1, 3: 5}, 1)  # 2 a - b + 5 c >= 1
        Row(literals=(1, -2, 3), weights=(2, 1, 2), bound=2, source='')
        >>> weighted_row({1: 1, -1: 1}, 1) is None
        True
    """
    of_variable: dict[int, int] = {}
    pairs: Iterable[tuple[Literal, int]] = cast("Any", terms.items() if isinstance(terms, Mapping) else terms)
    for literal, weight in pairs:
        if literal < 0:  # w (1 - v)
            bound -= weight
            weight = -weight
        of_variable[abs(literal)] = of_variable.get(abs(literal), 0) + weight
    bound += sum(-w for w in of_variable.values() if w < 0)
    if bound <= 0:
        return None
    kept = [(v if w > 0 else -v, min(abs(w), bound)) for v, w in of_variable.items() if w]
    if sum(w for _, w in kept) < bound:
        return Row((), (), bound, source)
    return Row(tuple(literal for literal, _ in kept), tuple(w for _, w in kept), bound, source)


def clause(literals: Iterable[Literal], source: str = "") -> Row | None:
    """The row that says that one of the literals is true, or None if it always is.

    Example:
        >>> clause([1, -2, 1])
        Row(literals=(1, -2), weights=(1, 1), bound=1, source='')
    """
    different = dict.fromkeys(literals)
    return (
        None
        if any(-literal in different for literal in different)
        else weighted_row(dict.fromkeys(different, 1), 1, source)
    )


class Group(NamedTuple):
    """At most one of the variables is true; exactly one if ``exactly``."""

    variables: tuple[int, ...]
    exactly: bool
    source: str = ""

    def holds(self, true: Iterable[int]) -> bool:
        """Whether it holds where exactly these variables are true."""
        count = len(set(self.variables) & set(true))
        return count == 1 or (count == 0 and not self.exactly)


@dataclass(frozen=True)
class SearchProblem:
    """Rows and groups over variables ``1 .. variables``, and what may be guessed.

    Args:
        variables: How many there are.
        rows: All must hold.
        groups: All must hold.
        decisions: Literals that are guessed, in the order of the search; the sign is what is guessed first. All
            variables that unit propagation does not decide once these are known must be among them.
        clues: Literals that are given from outside, each by an input line of the network.
        names: Of the variables, for lines and messages; ``x1, x2, ...`` if not given.

    Raises:
        NetworkError: if a literal is out of range or a variable is guessed twice.
    """

    variables: int
    rows: tuple[Row, ...]
    groups: tuple[Group, ...] = ()
    decisions: tuple[Literal, ...] = ()
    clues: tuple[Literal, ...] = ()
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            self._check(row.literals, f"row {row.source!r}")
        for group in self.groups:
            self._check(group.variables, f"group {group.source!r}")
            if any(v < 0 for v in group.variables):
                raise NetworkError(f"group {group.source!r} holds a negated variable; say it by a row")
        for what, literals in (("decisions", self.decisions), ("clues", self.clues)):
            self._check(literals, what, signs=what == "clues")
        if self.names and len(self.names) != self.variables:
            raise NetworkError(f"{len(self.names)} names for {self.variables} variables")

    def _check(self, literals: Sequence[Literal], what: str, *, signs: bool = False) -> None:
        wrong = [literal for literal in literals if not 1 <= abs(literal) <= self.variables]
        if wrong:
            raise NetworkError(f"{what}: {wrong[0]} is no literal of the variables 1 .. {self.variables}")
        if len({literal if signs else abs(literal) for literal in literals}) < len(literals):
            raise NetworkError(f"{what}: a variable stands there twice")

    def name(self, literal: Literal) -> str:
        """A literal in words."""
        word = self.names[abs(literal) - 1] if self.names else f"x{abs(literal)}"
        return word if literal > 0 else f"not {word}"

    def holds(self, true: Iterable[int]) -> bool:
        """Whether everything holds where exactly these variables are true."""
        known = frozenset(true)
        return all(row.holds(known) for row in self.rows) and all(group.holds(known) for group in self.groups)


def gather_groups(problem: SearchProblem) -> SearchProblem:
    """The same problem with clauses ``not a or not b`` gathered into groups, and groups made exact by their clauses.

    A group costs one or two neurons whatever its size, a clause costs three. Cliques of the graph of such clauses are
    grown greedily, variable by variable.

    Example:
        >>> rows = [clause(pair) for pair in ([-1, -2], [-2, -3], [-1, -3])]
        >>> gather_groups(SearchProblem(3, tuple(rows))).groups
        (Group(variables=(1, 2, 3), exactly=False, source=''),)
    """
    pairs: dict[tuple[int, int], str] = {}
    rest: list[Row] = []
    for row in problem.rows:
        if row.is_clause and len(row.literals) == 2 and max(row.literals) < 0:
            low, high = sorted(-literal for literal in row.literals)
            pairs.setdefault((low, high), row.source)
        else:
            rest.append(row)
    groups = list(problem.groups)
    for group in groups:
        for pair in combinations(sorted(group.variables), 2):
            pairs.pop(pair, None)
    near: dict[int, set[int]] = {}
    for low, high in pairs:
        near.setdefault(low, set()).add(high)
        near.setdefault(high, set()).add(low)
    left = dict(pairs)
    for (low, high), source in pairs.items():
        if (low, high) not in left:
            continue
        members = [low, high]
        common = near[low] & near[high]
        while common:  # prefer those that join most others, then the first
            best = max(common, key=lambda v: (len(near[v] & common), -v))
            members.append(best)
            common &= near[best]
        members.sort()
        for pair in combinations(members, 2):
            left.pop(pair, None)
        groups.append(Group(tuple(members), False, source))
    positive = {frozenset(row.literals) for row in rest if row.is_clause and min(row.literals, default=-1) > 0}
    exact = {frozenset(group.variables) for group in groups if group.exactly} | positive
    merged: dict[frozenset[int], Group] = {}
    for group in groups:
        members = frozenset(group.variables)
        merged.setdefault(members, group._replace(exactly=members in exact))
    kept = [row for row in rest if not (row.is_clause and frozenset(row.literals) in merged and min(row.literals) > 0)]
    return SearchProblem(
        problem.variables, tuple(kept), tuple(merged.values()), problem.decisions, problem.clues, problem.names
    )
