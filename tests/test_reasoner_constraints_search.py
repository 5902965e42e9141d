"""Random constraints: all solutions by clauses and by Z3 equal those of SWI-Prolog's own library(clpfd)."""

import json
import random
import subprocess
from pathlib import Path
from typing import cast

import pytest

from reasoner import ConstraintProgram, Limits, solve
from reasoner.constraints.encoding import ClauseEncoding
from reasoner.constraints.linear import find_domains
from reasoner.constraints.notation import constraint_text, name_variables
from reasoner.constraints.posting import key_of, post
from reasoner.constraints.search import ArithmeticSearch, ClauseSearch, Search
from reasoner.constraints.thread_deadline import Deadline
from reasoner.prolog.terms import Term

NAMES = ("A", "B", "C")
COMPARISONS = ("#=", "#\\=", "#<", "#>", "#=<", "#>=")
DOMAINS = ("0..2", "-1 \\/ 2..3", "1..sup")
PROGRAMS = 50
GLOBAL = (
    "chain([A, B, C], #=<)",
    "lex_chain([[A, B], [B, C], [C, A]])",
    "global_cardinality([A, B, C], [0-1, 1-C, 2-1, 3-2])",
    "global_cardinality([A, A, B], [-1-1, 2-2, 3-A])",
    "circuit([A, B, C])",
    "serialized([A, B, C], [2, 1, 1])",
    "cumulative([task(A, 2, _, 1, _), task(B, 3, _, 1, _), task(C, 1, _, 2, _)], [limit(2)])",
    "cumulative([task(A, 1, B, 1, _), task(C, 2, _, 1, _)])",
    "disjoint2([r(A, 2, B, 1), r(C, 1, A, 3), r(0, 2, 0, 2)])",
    "automaton([A, B, C], [source(a), sink(b)], [arc(a, 0, a), arc(a, 1, b), arc(b, 2, a), arc(b, 3, b)])",
)


def expression(source: random.Random, depth: int = 0) -> str:
    kind = source.randrange(10 if depth < 2 else 4)
    if kind < 3:
        return source.choice(NAMES)
    if kind == 3:
        return str(source.randint(-3, 4))
    if kind == 4:
        return f"abs({expression(source, depth + 1)})"
    if kind == 5:
        return f"{source.choice(('min', 'max'))}({expression(source, depth + 1)}, {expression(source, depth + 1)})"
    if kind == 6:
        operator = source.choice(("//", "div", "mod", "rem"))
        return f"(({expression(source, depth + 1)}) {operator} ({source.choice((-3, -2, 2, 3))}))"
    return f"({expression(source, depth + 1)} {source.choice('+-*')} ({expression(source, depth + 1)}))"


def relation(source: random.Random) -> str:
    return f"{expression(source)} {source.choice(COMPARISONS)} {expression(source)}"


def truth(source: random.Random, depth: int = 0) -> str:
    kind = source.randrange(5 if depth < 2 else 2)
    if kind == 0:
        return f"({relation(source)})"
    if kind == 1:
        return f"({source.choice(NAMES)} in {source.choice(DOMAINS)})"
    if kind == 2:
        return f"(#\\ {truth(source, depth + 1)})"
    operator = source.choice(("#/\\", "#\\/", "#\\", "#==>", "#<==", "#<==>"))
    return f"({truth(source, depth + 1)} {operator} {truth(source, depth + 1)})"


def constraint(source: random.Random) -> str:
    return source.choice(
        (
            lambda: relation(source),
            lambda: truth(source),
            lambda: "all_distinct([A, B, C])",
            lambda: f"sum([A, B, C], {source.choice(COMPARISONS)}, {source.randint(-2, 8)})",
            lambda: f"scalar_product([2, -1, 3], [A, B, C], #=<, {source.randint(-4, 9)})",
            lambda: "tuples_in([[A, B], [B, C]], [[0, 1], [1, 2], [2, 0], [1, 1], [-2, 0]])",
            lambda: "element(A, [B, 2, C, 0], C)",
            lambda: source.choice(GLOBAL),
        )
    )()


DOMAIN = "[A, B] ins -2..3, C in -1 \\/ 1..4"


def conjunction(seed: int) -> str:
    source = random.Random(seed)
    return ", ".join(constraint(source) for _ in range(source.randint(1, 3)))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[set[tuple[int, ...]]]:
    """All solutions of each conjunction, by library(clpfd) in a process of its own.

    It labels first: its propagation of div over negative numbers loses solutions, such as A = B = -2 of
    (B div -2) * B #= A in SWI-Prolog 9.0.4.
    """
    lines = [
        ":- use_module(library(clpfd)).",
        ":- initialization(main).",
        "main :- forall(p(L), (print(L), nl)), halt.",
    ]
    for seed in range(PROGRAMS):
        lines.append(f"p(L) :- findall([A, B, C], ({DOMAIN}, label([A, B, C]), {conjunction(seed)}), L).")
    file = tmp_path_factory.mktemp("clpfd") / "all.pl"
    file.write_text("\n".join(lines))
    done = subprocess.run(["swipl", str(file)], capture_output=True, text=True, timeout=120, check=True)
    found = [{tuple(row) for row in json.loads(line)} for line in done.stdout.splitlines()]
    assert len(found) == PROGRAMS, done.stderr
    return found


def all_solutions(search: Search, shown: dict[str, Term]) -> set[tuple[int, ...]]:
    """Rows of A, B, C; a variable is a number ``$fd(K)`` or, if the rules fixed it, an integer."""
    keys = {name: key for name, term in shown.items() if isinstance(key := key_of(term), int)}
    found: set[tuple[int, ...]] = set()
    while search.check(Deadline(30)):
        values = search.values()
        row = {name: values[keys[name]] if name in keys else shown[name] for name in NAMES}
        found.add(tuple(cast("int", row[name]) for name in NAMES))
        if not keys:
            break
        search.exclude({key: values[key] for key in keys.values()})
    return found


def searches(terms: list[Term]) -> list[Search]:
    domains = find_domains(terms, {})
    assert domains is not None
    encoding = ClauseEncoding(domains, budget=10_000_000)
    for term in terms:
        encoding.require(term)
    return [ClauseSearch(encoding), ArithmeticSearch(terms, {})]


def test_both_searches_find_all_solutions_of_clpfd(expected: list[set[tuple[int, ...]]]) -> None:
    solvable = 0
    for seed, wanted in enumerate(expected):
        text = f"p(A, B, C) :- {DOMAIN}, {conjunction(seed)}."
        posting = post(ConstraintProgram.parse(text), "p(A, B, C)", Limits())
        if not posting.alternatives:
            assert not wanted, text
            continue
        (alternative,) = posting.alternatives
        for search in searches([posted.term for posted in alternative.posted]):
            assert all_solutions(search, alternative.bindings) == wanted, (search.name, text)
        solvable += bool(wanted)
    assert PROGRAMS / 4 < solvable < PROGRAMS


def test_solve_agrees_with_clpfd_on_existence_and_uniqueness(expected: list[set[tuple[int, ...]]]) -> None:
    unique = 0
    for seed, wanted in enumerate(expected):
        found = solve(ConstraintProgram.parse(f"p(A, B, C) :- {DOMAIN}, {conjunction(seed)}."), "p(A, B, C)")
        assert found.solvable == bool(wanted)
        if wanted:
            assert tuple(found.bindings[name] for name in NAMES) in wanted
            assert found.unique == (len(wanted) == 1)
            unique += len(wanted) == 1
        else:
            assert found.conflicts
    assert unique


def test_a_conflict_conflicts_by_itself_and_none_of_it_can_be_spared() -> None:
    text = Path(__file__).parent.parent.joinpath("neurosym/puzzles/sudoku4.pl").read_text()
    wrong = text.replace("[1, _, _, _]", "[1, _, _, 2]")
    found = solve(ConstraintProgram.parse(wrong), "sudoku(Rows)")
    assert found.solvable is False
    assert found.minimal
    program = ConstraintProgram.parse(wrong)
    (alternative,) = post(program, "sudoku(Rows)", Limits()).alternatives
    texts = {(conflict.line, conflict.constraint) for conflict in found.conflicts}
    names = name_variables(alternative.bindings)
    core = [p.term for p in alternative.posted if (p.line, constraint_text(p.term, names)) in texts]
    assert len(core) == len(texts)
    assert ArithmeticSearch(core, {}).check(Deadline(10)) is False
    for left_out in core:
        rest = [term for term in core if term is not left_out]
        assert ArithmeticSearch(rest, {}).check(Deadline(10))
