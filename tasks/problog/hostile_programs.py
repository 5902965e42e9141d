"""Hostile programs by kind: what a stranger may send to be queried, solved or explained."""

import random
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

Door = Literal["query", "solve", "explain"]


class Hostile(NamedTuple):
    """A program and how it is used.

    Args:
        kind: What is hostile about it.
        door: ``query``, ``solve`` or ``explain``.
        text: The program.
        goal: What is asked; None for the queries that it states.
    """

    kind: str
    door: Door
    text: str
    goal: str | None


_Writer = Callable[[int, random.Random], str]

_RULES: dict[str, _Writer] = {
    "endless recursion": lambda n, _: f"p(X) :- p(Y), X is Y + {n}. p(0).",
    "endless call": lambda n, _: f"p(X) :- q([a{n}|X]). q(L) :- q([b|L]).",
    "growing terms": lambda n, _: f"p(X) :- g{n}(X, 0). g{n}(X, Y) :- g{n}(X, s(Y)).",
    "doubling terms": lambda n, _: f"p(X) :- d({n}, X). d(X, Y) :- d(t(X, X), Y).",
    "uncertain growth": lambda n, _: f"0.{n % 8 + 1}::a. p(X) :- a, p(s(X)). p(0).",
    "many answers": lambda n, _: f"p(X) :- between(1, {10**7 + n}, X).",
    "many instances": lambda n, _: f"0.5::a. p(X) :- between(1, {10**7 + n}, X), a.",
    "many facts": lambda n, _: " ".join(f"p({i})." for i in range(20_000 + n)),
    "many choices": lambda n, _: " ".join(f"0.5::c({i})." for i in range(300 + n)) + " p(L) :- findall(X, c(X), L).",
    "many heads": lambda n, _: "; ".join(f"{1 / (9000 + n)}::p({i})" for i in range(8000 + n)) + ".",
    "deep brackets": lambda n, _: f"p({'(' * (50_000 + n)}0{')' * (50_000 + n)}).",
    "deep term": lambda n, _: f"p({'s(' * (50_000 + n)}0{')' * (50_000 + n)}).",
    "deep list": lambda n, _: f"p({'[' * (50_000 + n)}0{']' * (50_000 + n)}).",
    "deep operators": lambda n, _: f"p({'- ' * (50_000 + n)}1).",
    "deep body": lambda n, _: f"p(1) :- {'true, ' * (20_000 + n)}true.",
    "deep alternatives": lambda n, _: f"p(X) :- {' ; '.join(f'X = {i}' for i in range(5000 + n))}.",
    "deep answer": lambda n, _: f"d(0, z). d(N, s(X)) :- N > 0, M is N - 1, d(M, X). p(X) :- d({100_000 + n}, X).",
    "deep proof": lambda n, _: f"0.9::d(0). d(N) :- N > 0, M is N - 1, d(M). p({n}) :- d({2000 + n}).",
    "doubling tree": lambda n, _: f"f(0, z). f(N, t(A, A)) :- N > 0, M is N - 1, f(M, A). p(X) :- f({30 + n % 30}, X).",
    "cyclic term": lambda n, _: f"p(X) :- X = f({n}, X).",
    "cyclic list": lambda n, _: f"p(N) :- X = [a{n}|X], length(X, N).",
    "huge integer": lambda n, _: f"p({'9' * (200_000 + n)}).",
    "huge power": lambda n, _: f"p(X) :- X is 2 ** (10 ** 8 + {n}).",
    "huge shift": lambda n, _: f"p(X) :- X is 1 << (1 << {30 + n % 10}).",
    "tower": lambda n, _: f"p(X) :- X is {n + 2} ** (7 ** (7 ** 7)).",
    "long list": lambda n, _: f"p(L) :- numlist(1, {10**8 + n}, L).",
    "long search": lambda n, _: f"p(L) :- numlist(1, {11 + n % 3}, K), permutation(K, L), L = [99|_].",
    "collected without end": lambda n, _: f"p(N) :- findall(X, between({n}, inf, X), L), length(L, N).",
    "endless test": lambda n, _: f"p(1) :- forall(between({n}, inf, X), X > 0).",
    "long atoms": lambda n, _: f"p('{'a' * (10**6 + n)}').",
    "a shell": lambda n, _: f"p(X) :- shell('echo {n}', X).",
    "a file": lambda n, _: f"p(X) :- open('/tmp/hostile{n}', write, X).",
    "a late shell": lambda n, _: f"p({n}) :- X =.. [shell, ls], call(X).",
    "another module": lambda n, _: f"p({n}) :- G = system:halt, call(G).",
    "a directive": lambda n, _: f":- initialization(halt({n % 2})). p(1).",
    "clauses of the system": lambda n, _: f"p(X) :- clause(X, B), B \\== true, clause(system:halt({n}), _).",
    "endless clauses": lambda n, _: f"p(X) :- clause(p(_), B), call(B), X = {n}.",
    "a scope of the system": lambda n, _: f":- use_module(library(scope)). s:a. p({n}) :- system:halt({n % 2}).",
    "scopes without end": lambda n, _: (
        f":- use_module(library(scope)). [{', '.join(f's{i}' for i in range(9 + n % 3))}]:a. p(X) :- X:a."
    ),
    "a collector of the system": lambda n, _: f"p(X) :- true => {n}/shell(ls, X).",
    "a collection without end": lambda n, _: f"p(L) :- between({n}, inf, X) => list(X, L).",
    "a call that is tried": lambda n, _: f"p({n}) :- try_call(shell(ls)). p(X) :- try_call(p(s(X))).",
    "a subquery of itself": lambda n, _: f'p(X) :- subquery(p(_), X, [], "prob", "ddnnf"), X > {n}.',
    "a file brought in": lambda n, _: f":- consult('/etc/passwd'). p({n}).",
    "a database brought in": lambda n, _: f":- sqlite_load('/tmp/hostile{n}.db'). p({n}).",
    "Python brought in": lambda n, _: f":- use_module('/tmp/hostile{n}.py'). p({n}).",
    "Python that nobody gave": lambda n, _: f"p(X) :- '$computed'(print, [{n}], X).",
    "assert": lambda n, _: f"p(1) :- assertz(p({n})).",
    "garbage": lambda n, source: "".join(chr(source.randrange(1, 0x3000)) for _ in range(500 + n)),
    "brackets that do not close": lambda n, _: f"p(X) :- q({'([' * (n + 5)}",
    "quotes that do not close": lambda n, _: f"p('{'a' * n}) :- true.\n" * 20,
    "NUL": lambda n, _: f"p({n}\0).",
    "control characters": lambda n, _: f"p('\x1b[2J\x07{n}\x1b]0;title\x07').",
    "surrogates and marks": lambda n, _: f"\ufeffp('\u202e{n}\ud7ff\U0010ffff').",
    "negative probability": lambda n, _: f"-0.{n}5::p(1). 7::p(2). 1e-{300 + n}::p(3).",
    "circle through negation": lambda n, _: f"0.5::a({n}). p(X) :- a(X), \\+ q(X). q(X) :- a(X), \\+ p(X).",
    "endless loop of integers": lambda n, _: f"l(N) :- M is N + 1, l(M). p(X) :- l({n}), X = 1.",
    "endless choice": lambda n, _: f"c(X) :- between({n}, inf, X), X < 0. l(0). l(N) :- c(N), l(N). p(X) :- l(X).",
    "endless list": lambda n, _: f"l([N|T], N) :- M is N + 1, l(T, M). p(X) :- l(X, {n}).",
    "exponential search": lambda n, _: (
        f"q([], []). q([X|Xs], [Y|Ys]) :- (Y = X ; Y is X + {n}), q(Xs, Ys). "
        "p(S) :- numlist(1, 40, L), q(L, K), sum_list(K, S)."
    ),
    "squares of squares": lambda n, _: (
        f"q(0, {n + 2}). q(N, X) :- N > 0, M is N - 1, q(M, Y), X is Y * Y. p(X) :- q(60, X)."
    ),
    "collected lists": lambda n, _: (
        f"q(0, [{n}]). q(N, L) :- N > 0, M is N - 1, q(M, K), findall(X, (member(X, K) ; member(X, K)), L). "
        "p(L) :- q(40, L)."
    ),
    "a table with modes": lambda n, _: (
        f":- table q(_, max). q(a, {n}). q(a, X) :- q(a, Y), X is Y + 1. p(X) :- q(a, X)."
    ),
    "a table that calls": lambda n, _: f":- table q(_, lattice(shell/{n % 4})). q(a, ls). p(X) :- q(a, X).",
    "a late goal in a loop": lambda n, _: (
        f"l(_, 0). l(G, N) :- N > 0, M is N - 1, call(G), l(G, M). p(X) :- G = shell(ls), l(G, {n + 1}), X = 1."
    ),
    "a long text of facts": lambda n, _: "a(1).\n" * (200_000 + n) + "p(X) :- a(X).",
    "deep recursion": lambda n, _: f"d(0). d(N) :- N > 0, M is N - 1, d(M), M >= 0. p(X) :- d({10**7 + n}), X = 1.",
    "atoms without end": lambda n, _: (
        f"l(N) :- atom_codes(A, [97, N]), A \\= b, M is N + 1, l(M). p(X) :- l({n + 32}), X = 1."
    ),
    "dense graph": lambda n, _: (
        " ".join(f"0.5::e({a},{b})." for a in range(12 + n % 3) for b in range(12 + n % 3) if a != b)
        + " p(X) :- r(0, X). r(X, X). r(X, Y) :- r(X, Z), e(Z, Y)."
    ),
    "impossible evidence": lambda n, _: f"0.5::p({n}). evidence(p({n}), true). evidence(p({n}), false).",
}
_PUZZLES: dict[str, _Writer] = {
    "deep sum": lambda n, _: (
        f"e(0, 0). e(N, E + X) :- N > 0, X in 0..1, M is N - 1, e(M, E). p(S) :- e({20_000 + n}, E), S #= E."
    ),
    "deep mixture": lambda n, _: (
        f"e(0, X) :- X in 0..1. e(N, abs(E - 1)) :- N > 0, M is N - 1, e(M, E). p(S) :- e({500 + n}, E), S #= E."
    ),
    "deep implication": lambda n, _: (
        f"e(0, X #= 1) :- X in 0..1. e(N, X #= 1 #==> E) :- N > 0, X in 0..1, M is N - 1, e(M, E). "
        f"p(S) :- e({500 + n}, E), S #<==> E."
    ),
    "deep query term": lambda n, _: f"p({'f(' * (20_000 + n)}0{')' * (20_000 + n)}).",
    "pigeons": lambda n, _: (
        f"p(L) :- length(L, {14 + n % 4}), L ins 1..{13 + n % 4}, d(L). d([]). "
        "d([X|T]) :- o(T, X), d(T). o([], _). o([Y|T], X) :- X #\\= Y, o(T, X)."
    ),
    "wide product": lambda n, _: f"p(X) :- [X, Y] ins 2..{10**6 + n}, X * Y #= {1_000_003 * 999_983}, X #< Y.",
    "unbounded cubes": lambda n, _: f"p(X) :- X * X * X + Y * Y * Y #= {114 + n} - Z * Z * Z, X #> Y, Y #> Z.",
    "huge power": lambda n, _: f"p(X) :- X in 0..9, Y in 0..{10**6 + n}, X ^ Y #= 7 ^ {900 + n}.",
    "power of powers": lambda n, _: f"p(X) :- [X, Y, Z] ins 2..{30 + n}, X ^ (Y ^ Z) #= {n}.",
    "huge numbers": lambda n, _: f"p(X) :- X #= 10 ^ {4000 + n} * Y, Y in 1..3.",
    "many alternatives": lambda n, _: f"p(X) :- between(1, {10**6 + n}, X), X #> 0.",
    "endless alternatives": lambda n, _: f"p(L) :- length(L, N), N > {n}, L ins 0..1, sum(L, #=, -1).",
    "endless rules": lambda n, _: f"p(X) :- X in 0..{n + 1}, q(X). q(X) :- q(Y), X #= Y + 1.",
    "a great table": lambda n, _: (
        "p(X) :- tuples_in([[X, Y, Z]], ["
        + ", ".join(f"[{i}, {i * 7 % 101}, {i % 13}]" for i in range(4000 + n))
        + "]), Y #> Z."
    ),
    "a long circuit": lambda n, _: f"p(L) :- length(L, {60 + n}), circuit(L).",
    "many tasks": lambda n, _: (
        f"p(L) :- length(L, {40 + n % 9}), L ins 0..99, t(L, T), cumulative(T, [limit(2)]). "
        "t([], []). t([S|Ss], [task(S, 5, _, 1, _)|Ts]) :- t(Ss, Ts)."
    ),
    "many queens": lambda n, _: (
        f"p(Q) :- length(Q, {50 + n % 20}), Q ins 1..{50 + n % 20}, s(Q). s([]). "
        "s([Q|Qs]) :- a(Q, Qs, 1), s(Qs). a(_, [], _). a(Q, [R|Rs], D) :- "
        "Q #\\= R, Q #\\= R + D, Q #\\= R - D, E is D + 1, a(Q, Rs, E)."
    ),
    "division by nothing": lambda n, _: f"p(X) :- X in -{n + 3}..3, B #<==> ({n} // (X mod (X - X)) #= 1), B #= 0.",
    "nonsense arguments": lambda n, source: (
        "p(X) :- "
        + source.choice(["X in a..b", "X ins 3", "sum(X, #=, foo)", "circuit(x)", "element(_, x, 1)", "X #= Y / 0"])
        + f", X #> {n}."
    ),
    "cyclic constraint": lambda n, _: f"p(X) :- X in 0..{n + 1}, E = X + E, E #= 3.",
    "a shell": lambda n, _: f"p(X) :- X in 0..{n + 1}, shell(ls).",
    "posting in a condition": lambda n, _: f"p(X) :- X in 0..{n + 1}, findall(Y, (Y in 0..3, label([Y])), _).",
    "an endless optimum": lambda n, _: f"p(X) :- X #> {n}, labeling([max(X)], [X]).",
    "a wide optimum": lambda n, _: f"p(X) :- [X, Y, Z] ins 0..{3000 + n}, labeling([max(X * Y - Z * Z)], [X, Y, Z]).",
    "garbage": lambda n, source: "p(X) :- X #= " + "".join(source.choice("#=\\/<>()[],.+-*X1 ") for _ in range(80 + n)),
}


def hostile_programs(count: int, seed: int) -> Iterator[Hostile]:
    """Programs of each kind in turn, for each door in turn, of sizes that differ."""
    source = random.Random(seed)
    doors: tuple[tuple[Door, dict[str, _Writer]], ...] = (("query", _RULES), ("solve", _PUZZLES), ("explain", _RULES))
    kinds: list[tuple[str, Door, _Writer]] = []
    for door, writers in doors:
        for kind, write in writers.items():
            kinds.append((kind, door, write))
    for number in range(count):
        kind, door, write = kinds[number % len(kinds)]
        text = write(source.randrange(40), source)
        yield Hostile(kind, door, text if door == "solve" else f"{text}\nquery(p(_)).", "p(X)")
