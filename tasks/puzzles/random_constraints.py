"""Random programs over finite domains in the notation of library(clpfd), for two systems to be asked the same."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

NAMES = ("A", "B", "C", "T")
_COMPARISONS = ("#=", "#\\=", "#<", "#>", "#=<", "#>=")
_DOMAINS = ("0..2", "-2..2", "-1 \\/ 2..3", "1..3", "-3..0", "0 \\/ 3")
_GLOBALS = (
    "chain([{}, {}, {}], #=<)",
    "chain([{}, {}], #>)",
    "lex_chain([[{}, {}], [{}, {}]])",
    "global_cardinality([{}, {}, {}], [0-1, 1-{}, 2-1, 3-{}])",
    "global_cardinality([{}, {}], [-1-1, 2-{}, 3-{}, 0-0])",
    "circuit([{}, {}, {}])",
    "circuit([{}, {}])",
    "serialized([{}, {}, {}], [2, 1, 1])",
    "serialized([{}, {}], [3, 2])",
    "cumulative([task({}, 2, _, 1, _), task({}, 3, _, 1, _), task({}, 1, _, 2, _)], [limit(2)])",
    "cumulative([task({}, 1, {}, 1, _), task({}, 2, _, 1, _)])",
    "cumulative([task({}, {}, _, 1, _), task({}, 2, _, {}, _)], [limit(2)])",
    "disjoint2([r({}, 2, {}, 1), r({}, 1, {}, 3), r(0, 2, 0, 2)])",
    "disjoint2([r({}, {}, {}, 1), r({}, 1, {}, 0)])",
    "automaton([{}, {}, {}], [source(a), sink(b)], [arc(a, 0, a), arc(a, 1, b), arc(b, 2, a), arc(b, 3, b)])",
    "automaton([{}, {}], [source(a), sink(a), sink(c)], [arc(a, -1, c), arc(a, 1, c), arc(a, 1, b), arc(b, 2, a)])",
    "all_distinct([{}, {}, {}])",
    "all_different([{}, {}, {}])",
    "tuples_in([[{}, {}], [{}, {}]], [[0, 1], [1, 2], [2, 0], [1, 1], [-2, 0], [3, 3]])",
    "element({}, [{}, 2, {}, 0], {})",
    "sum([{}, {}, {}], #=<, {})",
    "sum([{}, {}], #\\=, {})",
    "scalar_product([2, -1, 3], [{}, {}, {}], #=, {})",
    "scalar_product([-2, 1], [{}, {}], #>, {})",
)


@dataclass(frozen=True)
class Node:
    """A part of a program: a form with a hole for each part.

    Args:
        kind: ``constraint``, ``truth``, ``expression`` or ``variable``; a part may be replaced by one of its own kind.
        form: Its text, with ``{}`` for each part.
        parts: What is in the holes.
    """

    kind: str
    form: str
    parts: tuple["Node", ...] = ()

    def __str__(self) -> str:
        return self.form.format(*self.parts)


@dataclass(frozen=True)
class RandomProgram:
    """Domains and a conjunction of constraints over the variables of ``NAMES``.

    Args:
        domains: Of each variable.
        constraints: The conjunction.
    """

    domains: tuple[str, ...]
    constraints: tuple[Node, ...]

    @property
    def domain_goal(self) -> str:
        """The domains as a goal."""
        return ", ".join(f"{name} in {domain}" for name, domain in zip(NAMES, self.domains, strict=True))

    @property
    def goal(self) -> str:
        """The constraints as a goal."""
        return ", ".join(map(str, self.constraints)) or "true"

    def __str__(self) -> str:
        return f"p({', '.join(NAMES)}) :- {self.domain_goal}, {self.goal}."

    def smaller(self) -> Iterator["RandomProgram"]:
        """Programs with a constraint less, or with a part replaced by one of its own parts."""
        for index, constraint in enumerate(self.constraints):
            before, after = self.constraints[:index], self.constraints[index + 1 :]
            yield replace(self, constraints=before + after)
            for part in _smaller(constraint):
                yield replace(self, constraints=(*before, part, *after))
        for index, domain in enumerate(self.domains):
            if ".." in domain or "\\/" in domain:
                for value in (-1, 0, 1):
                    yield replace(self, domains=(*self.domains[:index], str(value), *self.domains[index + 1 :]))


def random_programs(count: int, seed: int) -> Iterator[RandomProgram]:
    """The programs of a seed: arithmetic with division and powers, reification to any depth, global constraints."""
    for number in range(count):
        yield _Writer(random.Random(f"{seed}/{number}")).program()


def _smaller(node: Node) -> Iterator[Node]:
    alike = {"truth": {"truth"}, "constraint": {"constraint", "truth"}, "expression": {"expression", "variable"}}
    yield from (part for part in node.parts if part.kind in alike.get(node.kind, ()))
    if node.kind == "expression" and node.parts:
        yield Node("expression", "1")
    for index, part in enumerate(node.parts):
        for other in _smaller(part):
            yield replace(node, parts=(*node.parts[:index], other, *node.parts[index + 1 :]))


class _Writer:
    """Writes one random program."""

    def __init__(self, source: random.Random) -> None:
        self._source = source

    def program(self) -> RandomProgram:
        """The program."""
        choose = self._source.choice
        domains = (choose(_DOMAINS), choose(_DOMAINS), choose(_DOMAINS), "0..1")
        return RandomProgram(domains, tuple(self._constraint() for _ in range(self._source.randint(1, 3))))

    def _constraint(self) -> Node:
        kind = self._source.randrange(10)
        if kind < 3:
            return self._relation()
        if kind < 7:
            return self._truth(0)
        form = self._source.choice(_GLOBALS)
        return Node("constraint", form, tuple(self._variable() for _ in range(form.count("{}"))))

    def _variable(self) -> Node:
        return Node("variable", self._source.choice(NAMES[:3]))

    def _relation(self) -> Node:
        parts = (self._expression(0), self._expression(0))
        return Node("truth", f"({{}} {self._source.choice(_COMPARISONS)} {{}})", parts)

    def _truth(self, depth: int) -> Node:
        kind = self._source.randrange(8 if depth < 3 else 4)
        if kind < 2:
            return self._relation()
        if kind == 2:
            return Node("truth", f"({{}} in {self._source.choice(_DOMAINS)})", (self._variable(),))
        if kind == 3:
            return Node("truth", "T") if depth else self._relation()
        if kind == 4:
            return Node("truth", "(#\\ {})", (self._truth(depth + 1),))
        operator = self._source.choice(("#/\\", "#\\/", "#\\", "#==>", "#<==", "#<==>"))
        return Node("truth", f"({{}} {operator} {{}})", (self._truth(depth + 1), self._truth(depth + 1)))

    def _expression(self, depth: int) -> Node:
        kind = self._source.randrange(12 if depth < 3 else 5)
        if kind < 4:
            return Node("expression", self._source.choice(NAMES[:3]))
        if kind == 4:
            return Node("expression", f"({self._source.randint(-3, 4)})")
        if kind == 5:
            return Node("expression", self._source.choice(("abs({})", "(- {})")), (self._expression(depth + 1),))
        if kind == 6:
            form = f"{self._source.choice(('min', 'max'))}({{}}, {{}})"
        elif kind < 10:
            form = f"({{}} {self._source.choice(('//', 'div', 'mod', 'rem'))} {{}})"
        elif kind == 10 and depth > 0:
            exponent = Node("expression", self._source.choice(("0", "2", "3", "A", "T", "(-1)", "(B // C)")))
            return Node("expression", "({} ^ {})", (Node("expression", self._source.choice((*NAMES, "(2)"))), exponent))
        else:
            form = f"({{}} {self._source.choice('+-*')} {{}})"
        return Node("expression", form, (self._expression(depth + 1), self._expression(depth + 1)))
