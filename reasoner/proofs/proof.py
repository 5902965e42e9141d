"""Proofs: why an answer holds, as a tree that Prolog has replayed and whose arithmetic Z3 has checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..errors import MeaningError, ProofError
from ..grounding.grounding import Grounding, Negation, SlotValue
from ..prolog.border import Limits, Refusal, quote, request
from ..prolog.program import domain_list
from ..prolog.terms import from_json
from ..showing import cut
from .cheapest import Reason

if TYPE_CHECKING:
    from networkx import DiGraph

Kind = Literal["rule", "fact", "builtin", "negation"]


class Proof(NamedTuple):
    r"""A node of a proof tree.

    Args:
        text: What holds here, as ``sum(7)``, ``digit(0,3)``, ``7 is 3+4`` or ``\\+ odd(2)``.
        kind: By a rule, as a perceived fact, by a built-in, or because its contrary has no proof.
        line: Line of the rule in the program; 0 for the other kinds.
        bindings: Variables of the rule and their values.
        probability: Of a perceived fact; of other nodes 1.
        steps: Proofs of the rule's body, in its order.
    """

    text: str
    kind: Kind
    line: int = 0
    bindings: tuple[tuple[str, str], ...] = ()
    probability: float = 1.0
    steps: tuple["Proof", ...] = ()

    def nodes(self) -> Iterator["Proof"]:
        """This node and all below it, in reading order."""
        yield self
        for step in self.steps:
            yield from step.nodes()

    def to_networkx(self) -> "DiGraph[int]":
        """The tree as a graph of networkx: nodes numbered in reading order, with the fields of each, the root 0.

        >>> Proof("p", "rule", steps=(Proof("q", "fact"),)).to_networkx().edges
        OutEdgeView([(0, 1)])
        """
        from networkx import DiGraph

        graph: DiGraph[int] = DiGraph()
        waiting: list[tuple[Proof, int | None]] = [(self, None)]
        while waiting:
            node, parent = waiting.pop()
            number = len(graph)
            graph.add_node(number, text=node.text, kind=node.kind, line=node.line, probability=node.probability)
            if parent is not None:
                graph.add_edge(parent, number)
            waiting += [(step, number) for step in reversed(node.steps)]
        return graph

    def __repr__(self) -> str:
        return f"Proof({cut(self.text)!r}, {self.kind}, {sum(1 for _ in self.nodes())} nodes)"

    def __str__(self) -> str:
        from .rendering import to_text

        return to_text(self)

    def _repr_svg_(self) -> str:
        from .rendering import to_svg

        return to_svg(self)


World = dict[tuple[str, int], int | str]
"""The value of each slot, by domain name and slot index."""

Beliefs = dict[tuple[str, int, int | str], float]
"""The probability of each value, by domain name, slot index and value."""


def replay(grounding: Grounding, reason: Reason, world: World, probability: Beliefs, limits: Limits) -> Proof:
    """The proof that a derivation is, replayed in Prolog step by step; its integer arithmetic checked by Z3.

    Args:
        grounding: The ground program.
        reason: The derivation; it is not trusted.
        world: The value of each slot, in which the derivation must hold.
        probability: Of each slot's value.
        limits: What the replay may spend.

    Raises:
        ProofError: if the replay fails.
    """
    program = grounding.program
    facts = ",".join(grounding.prolog_fact(SlotValue(*slot, value)) for slot, value in world.items())
    tree = _as_prolog(grounding, reason)
    task = f"replay({quote(program.text)},{domain_list(program.domains)},[{facts}],[{tree}])"
    try:
        found = request(task, limits)
    except Refusal as refusal:
        raise ProofError(
            f"{program.where(refusal.clause)}: the proof of '{grounding.atoms[reason.instance.head]}' failed when "
            f"replayed, at '{refusal.text}' {refusal.message}"
        ) from None
    return _Reply(grounding, probability, dict(found["names"])).proof(found["proofs"][0])


def _as_prolog(grounding: Grounding, reason: Reason) -> str:
    """The proof as a term for ``replayer.pl``."""
    steps = iter(reason.steps)
    children: list[str] = []
    for support in reason.instance.body:
        if isinstance(support, Negation):
            children.append("not")
        elif isinstance(support, SlotValue):
            children.append(grounding.prolog_fact(support))
        else:
            children.append(_as_prolog(grounding, next(steps)))
    return f"rule({reason.instance.clause},({grounding.atoms[reason.instance.head]}),[{','.join(children)}])"


@lru_cache(maxsize=10_000)
def _stands(step: str) -> bool:
    """Whether Z3 agrees with an arithmetic step, such as ``7 is 3+4``; each is asked once."""
    from ..meaning.unfolding import arithmetic_holds  # with Z3, which most proofs do without

    try:
        return arithmetic_holds(from_json(request(f"term(({step}))", Limits())))
    except MeaningError:
        return True  # not arithmetic over the integers: Prolog's own replay is the check


@dataclass(frozen=True)
class _Reply:
    """What ``replayer.pl`` wrote.

    Args:
        grounding: The ground program.
        probability: Of each slot's value.
        names: Of the variables of each clause.
    """

    grounding: Grounding
    probability: Beliefs
    names: dict[int, list[str]]

    def proof(self, written: Any) -> Proof:
        """One node and all below it."""
        if isinstance(written, str):  # arithmetic
            if not _stands(written):
                raise ProofError(f"Prolog and Z3 disagree on '{written}'")
            return Proof(written, "builtin")
        kind, first, *rest = written
        if kind == "rule":
            atom, values, steps = rest
            return Proof(
                atom,
                "rule",
                self.grounding.program.line(first),
                tuple(
                    [
                        (name, str(value))
                        for name, value in zip(self.names.get(first, ()), values, strict=True)
                        if value is not None
                    ]
                ),
                steps=tuple([self.proof(step) for step in steps]),
            )
        if kind == "fact":
            slot, value = rest
            shown = value if isinstance(value, int) else value[0] if isinstance(value, list) else value["s"]
            text = shown if isinstance(value, dict) else f"{first}({slot},{shown})"  # a choice is written as its clause
            return Proof(str(text), "fact", probability=self.probability[first, slot, shown])
        if kind == "input":
            term, index = rest
            slot = self.grounding.inputs[first].index(term)
            value = self.grounding.program.domain(first).values[index]
            return Proof(f"{first}({term[1:-1]})={value}", "fact", probability=self.probability[first, slot, value])
        return Proof(first, "negation" if kind == "negation" else "builtin")
