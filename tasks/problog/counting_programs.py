"""The programs of the counting benchmark: cycles, networks, chains and collections, each in several sizes."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .belief_networks import read_bif, to_program

REACH = "reach(X, Y) :- conn(X, Y). reach(X, Y) :- conn(X, Z), reach(Z, Y). conn(X, Y) :- e(X, Y)."


class Work(NamedTuple):
    """A program to be counted.

    Args:
        kind: Its class.
        name: Class and size.
        text: The program.
    """

    kind: str
    name: str
    text: str


def programs(networks: Path | None) -> Iterator[Work]:
    """All of them, the small ones of each class first.

    Args:
        networks: A folder with networks in BIF; each ``NAME.bif`` is one program.
    """
    for n in range(4, 11):
        yield Work("grid reachability", f"grid reachability {n}x{n}", grid(n))
    for n in range(4, 9):
        yield Work("Bayes grid", f"Bayes grid {n}x{n}", bayes_grid(n))
    for n in (6, 7, 9):
        yield Work("complete graph", f"complete graph {n}", complete(n, directed=False))
    for n in (6, 7):
        yield Work("complete digraph", f"complete digraph {n}", complete(n, directed=True))
    for n in (12, 20, 30):
        yield Work("smokers", f"smokers {n}", smokers(n))
    for n in (100, 300, 1000):
        yield Work("chain", f"chain {n}", chain(n))
    for n in (22, 30):
        yield Work("sparse digraph", f"sparse digraph {n}", digraph(n))
    for path in sorted(networks.glob("*.bif")) if networks else ():
        yield Work("network", path.stem, network(path))


def grid(n: int) -> str:
    """Whether two opposite corners of an undirected grid are connected."""
    edges = [
        (n * i + j, n * a + b)
        for i, j in product(range(n), repeat=2)
        for a, b in ((i + 1, j), (i, j + 1))
        if a < n and b < n
    ]
    facts = [f"0.5::e({a},{b})." for a, b in edges]
    return "\n".join([REACH, "conn(X, Y) :- e(Y, X).", *facts, f"query(reach(0,{n * n - 1}))."])


def complete(n: int, directed: bool) -> str:
    """Whether one node of a complete graph is reached from another."""
    random = np.random.default_rng(n)
    pairs = [(a, b) for a, b in product(range(n), repeat=2) if a < b or (directed and a != b)]
    facts = [f"0.{random.integers(1, 9)}::e({a},{b})." for a, b in pairs]
    back = [] if directed else ["conn(X, Y) :- e(Y, X)."]
    return "\n".join([REACH, *back, *facts, "query(reach(0,1))."])


def digraph(n: int) -> str:
    """Whether the last node of a sparse digraph with circles is reached from the first."""
    random = np.random.default_rng(n)
    edges = {(int(a), int(b)) for a, b in random.integers(0, n, (2 * n, 2)) if a != b} | {(0, 1), (n - 2, n - 1)}
    facts = [f"0.{random.integers(1, 9)}::e({a},{b})." for a, b in sorted(edges)]
    return "\n".join([REACH, *facts, f"query(reach(0,{n - 1}))."])


def smokers(n: int) -> str:
    """Who smokes under the influence of friends, on a random graph of friendship with three friends each on average."""
    random = np.random.default_rng(n)
    friends = {tuple(sorted(map(int, random.choice(n, 2, replace=False)))) for _ in range(3 * n // 2)}
    lines = [
        "smokes(X) :- stress(X).",
        "smokes(X) :- influences(Y, X), smokes(Y).",
        *(f"0.3::stress({person})." for person in range(n)),
        *(f"0.2::influences({a},{b}). 0.2::influences({b},{a})." for a, b in sorted(friends)),
        f"query(smokes({n - 1})).",
        "evidence(smokes(0)).",
    ]
    return "\n".join(lines)


def chain(n: int) -> str:
    """A Markov chain of two states."""
    return "\n".join(
        [
            f"0.5::s(0). 0.9::k(N) :- between(1, {n}, N). 0.2::b(N) :- between(1, {n}, N).",
            "s(N) :- N > 0, M is N - 1, s(M), k(N).",
            "s(N) :- N > 0, M is N - 1, \\+ s(M), b(N).",
            f"query(s({n})).",
        ]
    )


def bayes_grid(n: int) -> str:
    """A Boolean network in a grid, each node with the one above and the one to the left as parents."""
    random = np.random.default_rng(n)
    lines: list[str] = []
    for i, j in product(range(n), repeat=2):
        parents = [f"x({a},{b})" for a, b in ((i - 1, j), (i, j - 1)) if a >= 0 and b >= 0]
        for values in product((True, False), repeat=len(parents)):
            body = ", ".join(one if value else f"\\+ {one}" for one, value in zip(parents, values, strict=True))
            share = int(random.integers(1, 19)) * 5 / 100
            lines.append(f"{share}::x({i},{j}){' :- ' if body else ''}{body}.")
    return "\n".join([*lines, f"query(x({n - 1},{n - 1}))."])


def network(path: Path) -> str:
    """A network of a file as a program."""
    asked = asked_of(path)
    return to_program(read_bif(path.read_text(encoding="utf-8")), asked["query"], asked["evidence"])


def asked_of(path: Path) -> dict[str, Any]:
    """What is asked of a network: the first value of its first leaf, given the last value of its last leaf."""
    found = read_bif(path.read_text(encoding="utf-8"))
    inner = {parent for parents in found.parents.values() for parent in parents}
    leaves = [name for name in found.values if name not in inner]
    query, seen = leaves[0], leaves[-1]
    evidence = [(seen, found.values[seen][-1])] if seen != query else []
    return {"query": (query, found.values[query][0]), "evidence": evidence}
