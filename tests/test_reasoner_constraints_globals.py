"""Every global constraint has the solutions that library(clpfd) finds, by clauses, by Z3 and by ``solve``.

A new one needs a clause in ``globals.pl`` and its examples here; one that library(clpfd) lacks also what each example
means, as any goal that this library can run.
"""

import re
from functools import cache
from pathlib import Path

import pytest

from reasoner import ConstraintProgram, QueryError, solve
from tasks.puzzles.constraint_agreement import Solutions, ask_clpfd, judge
from tasks.puzzles.random_constraints import Node, RandomProgram

ROOM = Path(__file__).parent.parent / "reasoner" / "clpfd"
EXAMPLES = {
    "chain/2": ["chain([A, B, C], #<)", "chain([A, B, A], #>=)", "chain([A], #=<)", "chain([], #>)"],
    "lex_chain/1": ["lex_chain([[A, B], [B, C], [C, A]])", "lex_chain([[A, 1], [1, B]])", "lex_chain([[C]])"],
    "global_cardinality/2": [
        "global_cardinality([A, B, C], [0-1, 1-C, 2-1, 3-2])",
        "global_cardinality([A, A, B], [-1-1, 2-2, 3-A])",
    ],
    "global_cardinality/3": [
        "global_cardinality([A, B], [0-_, 1-_, 2-_], [cost(C, [[1, 0, 2], [0, 1, 3]])])",
        "global_cardinality([A, B, C], [0-1, 1-1, 2-1], [])",
    ],
    "circuit/1": ["circuit([A, B, C])", "circuit([A, B])", "circuit([A, B, C, 1])", "circuit([])"],
    "serialized/2": ["serialized([A, B, C], [2, 1, 1])", "serialized([A, B], [3, 0])"],
    "cumulative/1": ["cumulative([task(A, 1, B, 1, _), task(C, 2, _, 1, _)])"],
    "cumulative/2": [
        "cumulative([task(A, 2, _, 1, _), task(B, 3, _, 1, _), task(C, 1, _, 2, _)], [limit(2)])",
        "cumulative([task(A, B, _, 1, _), task(C, 2, _, 1, _)], [limit(1)])",
        "cumulative([task(A, 1, _, -1, _), task(A, 1, _, 2, _)], [limit(1)])",
    ],
    "disjoint2/1": [
        "disjoint2([r(A, 2, B, 1), r(C, 1, A, 3), r(0, 2, 0, 2)])",
        "disjoint2([r(A, C, 0, 1), r(B, 2, 0, 1)])",
        "disjoint2([r(A, 0, 0, 1), r(B, 2, 0, 1)])",
    ],
    "automaton/3": [
        "automaton([A, B, C], [source(a), sink(b)], [arc(a, 0, a), arc(a, 1, b), arc(b, 2, a), arc(b, 3, b)])"
    ],
}
POSTED = {
    "all_distinct/1": ["all_distinct([A, B, C])", "all_distinct([A, 1, B, A])", "all_distinct([])"],
    "all_different/1": ["all_different([A, B, C])"],
    "sum/3": ["sum([A, B, C], #=<, 2)", "sum([A, B], #\\=, C)", "sum([], #=, A)"],
    "scalar_product/4": ["scalar_product([2, -1, 3], [A, B, C], #=, 4)"],
    "tuples_in/2": ["tuples_in([[A, B], [B, C]], [[0, 1], [1, 2], [2, 0], [1, 1]])"],
    "element/3": ["element(A, [B, 2, C, 0], C)"],
}
# Examples of constraints that library(clpfd) lacks, in its words.
MEANINGS: dict[str, str] = {}
DOMAINS = ("-1..3", "0..3", "0..2 \\/ 4", "0..1")
CASES = [goal for goals in (EXAMPLES | POSTED).values() for goal in goals]


def program(goal: str) -> RandomProgram:
    return RandomProgram(DOMAINS, (Node("constraint", goal.replace("{", "{{")),))


@cache
def by_clpfd() -> dict[str, Solutions]:
    asked = [program(MEANINGS.get(goal, goal)) for goal in CASES]
    return dict(zip(CASES, ask_clpfd(asked), strict=True))


def test_each_has_an_example() -> None:
    assert set(MEANINGS) <= set(CASES)
    text = (ROOM / "globals.pl").read_text()
    heads = re.findall(r"^components\((\w+)\((.*?)\), (?:Goals|\[)", text, re.MULTILINE)
    found = {f"{name}/{arguments.count(',') + 1}" for name, arguments in heads}
    assert found == set(EXAMPLES)
    assert all(EXAMPLES.values())


@pytest.mark.parametrize("goal", CASES)
def test_it_has_the_solutions_of_clpfd(goal: str) -> None:
    wanted = by_clpfd()[goal]
    assert isinstance(wanted, frozenset), wanted
    assert judge(program(goal), wanted) == "equal"


def test_some_are_met_by_some_values_only() -> None:
    sizes = [len(found) for found in by_clpfd().values()]
    assert sum(0 < size < 160 for size in sizes) > len(CASES) * 2 / 3


@pytest.mark.parametrize("name", EXAMPLES)
def test_arguments_that_it_does_not_take_are_refused_with_their_line(name: str) -> None:
    functor, arity = name.split("/")
    goal = f"{functor}({', '.join(['nonsense'] * int(arity))})"
    with pytest.raises(QueryError, match=r"does not have the arguments.*line 2"):
        solve(ConstraintProgram.parse(f"p :-\n    {goal}."), "p")
