"""Random programs in the language of ProbLog, for two systems to be asked the same."""

from collections.abc import Iterator

import numpy as np

IN = "in(X, [X|_]). in(X, [_|T]) :- in(X, T)."


def random_programs(count: int, seed: int) -> Iterator[str]:
    """The programs of a seed, each over a few predicates, with any of: facts, disjunctions, rules with negation and
    circles, negated heads, lists, arithmetic, collections, evidence.
    """  # noqa: D205
    random = np.random.default_rng(seed)
    return (_Writer(random).program() for _ in range(count))


class _Writer:
    """Writes one random program."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._constants = ["1", "2", "3"][: int(random.integers(2, 4))]
        self._known = ["f", "g"]
        self._collected = ["f", "g"]  # not what is circular: how often ProbLog finds it depends on its order of search

    def _one(self, items: list[str]) -> str:
        return items[int(self._random.integers(len(items)))]

    def _chance(self, probability: float) -> bool:
        return bool(self._random.random() < probability)

    def _probability(self) -> str:
        if self._chance(0.1):
            return f"1/{int(self._random.integers(2, 9))}"
        return f"{int(self._random.integers(5, 96)) / 100}"

    def program(self) -> str:
        """The text."""
        lines = [
            ":- use_module(library(lists)).",
            ":- use_module(library(apply)).",
            ":- use_module(library(aggregate)).",
        ]
        for predicate in self._known:
            lines += [
                f"{self._probability()}::{predicate}({constant})."
                if self._chance(0.85)
                else f"{predicate}({constant})."
                for constant in self._constants
            ]
        edges = [(a, b) for a in self._constants for b in self._constants if self._chance(0.5)] or [("1", "2")]
        lines += [f"{self._probability()}::e({a},{b})." if self._chance(0.8) else f"e({a},{b})." for a, b in edges]
        if self._chance(0.5):
            shares = self._random.dirichlet(np.ones(4))[: int(self._random.integers(2, 5))]
            heads = "; ".join(f"{int(share * 1000) / 1000}::c({n})" for n, share in enumerate(shares, start=1))
            body = self._one(["", "", " :- f(1)", " :- \\+ g(2)", " :- e(1,X), f(X)"])
            lines.append(f"{heads}{body}.")
            self._known.append("c")
            self._collected.append("c")
        if self._chance(0.5):
            lines += ["r(X,Y) :- e(X,Y).", self._one(["r(X,Y) :- e(X,Z), r(Z,Y).", "r(X,Y) :- r(X,Z), e(Z,Y)."])]
            lines.append(f"p{len(lines)}(X) :- r(1,X).")
            self._known.append(lines[-1].split("(")[0])
        for number in range(int(self._random.integers(1, 4))):
            lines += [self._rule(f"q{number}") for _ in range(int(self._random.integers(1, 4)))]
            self._known.append(f"q{number}")
            if not any(line.startswith("r(") for line in lines):
                self._collected.append(f"q{number}")
        if self._chance(0.4):
            lines += [self._rule("s", circle="t"), self._rule("t", circle="s")]
            self._known += ["s", "t"]
        if self._chance(0.15):
            lines.append(self._prevention())
        lines.append(self._special())
        asked = self._known[-2:] if self._chance(0.7) else self._known
        lines += [f"query({predicate}(_))." for predicate in asked]
        lines.append("query(z(_)).")
        if self._chance(0.4):
            atom = f"{self._one(self._known)}({self._one(self._constants)})"
            lines.append(self._one([f"evidence({atom}).", f"evidence({atom},true).", f"evidence(\\+{atom}).",
                                    f"evidence({atom},false)."]))  # fmt: skip
        return "\n".join(lines)

    def _rule(self, head: str, circle: str = "") -> str:
        """A rule for ``head(X)`` over what is known; ``circle`` names a predicate that may stand in its body.

        No rule states and denies the same: whether ProbLog then meets a circle through negation that can never matter
        depends on how the contradiction is spelled.
        """
        first = self._one(self._known)
        goals = [f"{first}(X)"]
        stated = {first}
        for _ in range(int(self._random.integers(0, 3))):
            other = self._one(self._known)
            constant = self._one(self._constants)
            goal = self._one(
                [
                    f"{other}(X)",
                    f"\\+ {other}(X)",
                    f"{other}(Y), Y > X",
                    f"e(X,Y), {other}(Y)",
                    "X \\= 2",
                    f"(f(X) ; {other}(X))",
                    f"\\+ {other}({constant})",
                    "X mod 2 =:= 1",
                    f"\\+ (e(X,Y), {other}(Y))",
                    f"{other}(Y), Y is X + 1",
                ]
            )
            if "\\+" in goal and other in stated:
                continue
            stated |= {name for name in (other, "f") if f"{name}(" in goal}
            goals.append(goal)
        if circle and self._chance(0.8):
            goals.append(f"{circle}(X)" if self._chance(0.85) else f"\\+ {circle}(X)")
        chance = f"{self._probability()}::" if self._chance(0.25) else ""
        return f"{chance}{head}(X) :- {', '.join(goals)}."

    def _prevention(self) -> str:
        """A clause with a negated head, which does not rest on what it denies."""
        denied, chance = self._one(self._known), self._probability()
        fact = "f" if denied == "g" else "g"
        return self._one(
            [
                f"{chance}::\\+{denied}(X) :- {fact}(X).",
                f"{chance}::\\+{denied}({self._one(self._constants)}).",
                f"\\+{denied}(X) :- e(X,_), {fact}(X).",
                f"{chance}::w(X); 0.02::\\+{denied}(X) :- e(X,1).",
            ]
        )

    def _special(self) -> str:
        """A rule for ``z`` with lists, strings, arithmetic or a collection."""
        known, collected = self._one(self._known), self._one(self._collected)
        return self._one(
            [
                "z(L) :- findall(X, f(X), L).",
                f"z(N) :- findall(X, {collected}(X), L), length(L, N).",
                "z(S) :- findall(X, f(X), L), sum_list(L, S).",
                f"z(S) :- {known}(X), S is (X * 7 - 9) // 2 + X mod 2.",
                f"z(S) :- {known}(X), g(Y), S is max(X, Y) ** 2 - abs(X - 3).",
                f"z([X,Y]) :- {known}(X), g(Y), X < Y.",
                f"z(X) :- member(X, [3,2,1]), {known}(X).",
                f"z(L) :- {known}(X), append([X], [4,5], L).",
                f"z(s(X)) :- {known}(X).",
                "z(N) :- len([f,g,h], N), f(1). len([], 0). len([_|T], N) :- len(T, M), N is M + 1.",
                f"z(1) :- forall(f(X), {known}(X)).",
                f'z("text") :- {known}(1).',
                f"z(X) :- {known}(X), atom(a), integer(X), call(f, X).",
                f"z(X) :- {known}(X), once(g(X)).",
                "P::z(X) :- f(X), P is 1 / (X + 1).",
                "z(N) :- numlist(1, 3, L), maplist(h, L, M), sum_list(M, N), g(1). h(X, Y) :- Y is X * 2.",
                f"z(X) :- {known}(X), Y = p(X, _), Y =.. [p, X | _], arg(1, Y, X).",
                f"z(X) :- X = 1, {known}(X), not g(X).",
                f"z(L) :- all(X, {collected}(X), L).",
                f"z(L) :- all_or_none(X, {collected}(X), L).",
                f"z(L) :- findall(X-Y, (in(X, [2,3,1]), f(X), in(Y, [b,a])), L). {IN}",
                f"z(X) :- in(X, [3,2,1]), {known}(X). {IN}",
                f"z(1) :- half(X, Y), {known}(X), Y = 2. half(X, _) :- f(X). half(_, Y) :- g(Y).",
                f"z(X) :- free(X), {known}(X). free(X) :- var(X), X = 1. free(X) :- nonvar(X), f(X).",
                f"z(1) :- \\+(f(1), {known}(2)), g(1).",
                "0.4::z(X) :- f(X). 0.3::z(X) :- g(X), \\+ f(X).",
                "z(X-Y) :- pick(X), pick(Y). 0.2::pick(1); 0.3::pick(2); 0.1::pick(3) :- f(1).",
                f"z('a b'(X, \"s t\")) :- {known}(X). z(['X']) :- g(1).",
                "z(X) :- select_uniform(1, [1,2,3], X, _), f(X).",
                "z(X) :- select_weighted(a, [0.2,0.5,0.3], [1,2,3], X, [_|_]), g(X).",
                "z(X-S) :- sums(X, S). sums(X, sum<Y>) :- f(X), g(Y).",
                "z(max<Y>) :- g(Y), Y > 1.",
                "P::z(X) :- weight(X, P), f(X). weight(1, 0.3). weight(2, 0.6). weight(2, 0.1).",
                f"z(A-B) :- partition(g, [1,2], A, B), {known}(1).",
                "z(X) :- count(3, X), g(1). count(0, zero). count(N, s(X)) :- N > 0, M is N - 1, count(M, X).",
                f"z(X) :- {known}(X), \\+ \\+ f(X).",
                f"z(1) :- {known}(X), X =\\= 2, X =< 3. z(2) :- {known}(X), X @> 1.",
            ]
        )
