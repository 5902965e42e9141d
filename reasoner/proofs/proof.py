"""Proofs: why an answer holds, as a tree that Prolog has replayed and whose arithmetic Z3 has checked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..errors import MeaningError, ProofError
from ..grounding.grounding import Grounding, Negation, SlotValue
from ..prolog.border import Limits, Refusal, request
from ..prolog.terms import from_json
from ..prolog.text import ProofText
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
        """This node and all below it, in reading order.

        Example:
            >>> leaf = Proof("q", "fact")
            >>> [node.text for node in Proof("p", "rule", steps=(leaf, leaf)).nodes()]
            ['p', 'q', 'q']
        """
        todo: list[Proof] = [self]
        while todo:
            node = todo.pop()
            yield node
            todo += reversed(node.steps)

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
    written = [ProofText(f"[{part}]", program.source) for part in (facts, ",".join(_in_order(grounding, reason)))]
    try:
        found = request(limits, "replay", *written, program=program.resident._replace(world=True))
    except Refusal as refusal:
        raise ProofError(
            f"{program.where(refusal.clause)}: the proof of '{grounding.atoms[reason.instance.head]}' failed when "
            f"replayed, at '{refusal.text}' {refusal.message}"
        ) from None
    return _Reply(grounding, probability, dict(found["names"])).proof(found["proof"])


def _in_order(grounding: Grounding, reason: Reason) -> Iterator[str]:
    """The steps of the proof for ``replayer.pl``, each before what it rests on."""
    todo: list[Reason | str] = [reason]
    while todo:
        step = todo.pop()
        if isinstance(step, str):
            yield step
            continue
        below = iter(step.steps)
        yield f"rule({step.instance.clause},({grounding.atoms[step.instance.head]}),{len(step.instance.body)})"
        todo += reversed(
            [
                "not"
                if isinstance(support, Negation)
                else grounding.prolog_fact(support)
                if isinstance(support, SlotValue)
                else next(below)
                for support in step.instance.body
            ]
        )


@lru_cache(maxsize=10_000)
def _stands(step: str) -> bool:
    """Whether Z3 agrees with an arithmetic step, such as ``7 is 3+4``; each is asked once."""
    from ..meaning.unfolding import arithmetic_holds  # with Z3, which most proofs do without

    try:
        return arithmetic_holds(from_json(request(Limits(), "term", ProofText(step, "<proof>"))))
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

    def proof(self, written: Sequence[Any]) -> Proof:
        """The tree whose nodes stand in reading order, a rule with the number of its steps."""
        built: list[Proof] = []
        for node in reversed(written):  # what a rule rests on lies on top
            if isinstance(node, str):  # arithmetic
                if not _stands(node):
                    raise ProofError(f"Prolog and Z3 disagree on '{node}'")
                built.append(Proof(node, "builtin"))
            elif node[0] == "rule":
                start = len(built) - node[-1]
                steps = tuple(reversed(built[start:]))
                del built[start:]
                clause, atom, values = node[1:-1]
                built.append(self._rule(clause, atom, values, steps))
            else:
                built.append(self._leaf(*node))
        return built[0]

    def _rule(self, clause: int, atom: str, values: Sequence[Any], steps: tuple[Proof, ...]) -> Proof:
        named = zip(self.names.get(clause, ()), values, strict=True)
        bindings = tuple([(name, str(value)) for name, value in named if value is not None])
        return Proof(atom, "rule", self.grounding.program.line(clause), bindings, steps=steps)

    def _leaf(self, kind: str, first: str, *rest: Any) -> Proof:
        if kind == "fact":
            slot, value = rest
            chosen = isinstance(value, dict)  # a choice is written as its clause
            shown = value["s"] if chosen else value
            text = shown if chosen else f"{first}({slot},{shown})"
            return Proof(str(text), "fact", probability=self.probability[first, slot, shown])
        if kind == "input":
            term, index = rest
            slot = next(slot for slot, one in self.grounding.inputs[first].items() if one.text == term)
            value = self.grounding.program.domain(first).values[index]
            return Proof(f"{first}({term[1:-1]})={value}", "fact", probability=self.probability[first, slot, value])
        return Proof(first, "negation" if kind == "negation" else "builtin")
