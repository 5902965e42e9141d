"""Proofs: why an answer holds, as a tree that Prolog has replayed and whose arithmetic Z3 has checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .errors import MeaningError, ProofError
from .grounding import Grounding, Negation, SlotValue, Support
from .meaning import arithmetic_holds
from .program import domain_list
from .prolog import Limits, Refusal, quote, request
from .terms import from_json

Kind = Literal["rule", "fact", "builtin", "negation"]


@dataclass(frozen=True)
class Proof:
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


World = dict[tuple[str, int], int | str]
"""The value of each slot, by domain name and slot index."""

Beliefs = dict[tuple[str, int, int | str], float]
"""The probability of each value, by domain name, slot index and value."""


def prove(grounding: Grounding, atom: int, world: World, probability: Beliefs, limits: Limits) -> Proof:
    """A proof of an atom in a world, replayed in Prolog step by step; its integer arithmetic checked by Z3.

    Args:
        grounding: The ground program.
        atom: Number of the atom to prove.
        world: The value of each slot.
        probability: Of each slot's value.
        limits: What the replay may spend.

    Raises:
        ProofError: if the atom does not hold in the world, or the replay fails.
    """
    reasons = _least_model(grounding, world)
    if atom not in reasons:
        raise ProofError(f"'{grounding.atoms[atom]}' does not hold in the world {_shown(world)}")
    program = grounding.program
    facts = ",".join(grounding.prolog_fact(SlotValue(*slot, value)) for slot, value in world.items())
    tree = _as_prolog(grounding, reasons, atom)
    task = f"replay({quote(program.text)},{domain_list(program.domains)},[{facts}],[{tree}])"
    try:
        (replayed,) = request(task, limits)
    except Refusal as refusal:
        raise ProofError(
            f"{program.where(refusal.clause)}: the proof of '{grounding.atoms[atom]}' failed when replayed, at "
            f"'{refusal.text}' {refusal.message}"
        ) from None
    return _from_replay(replayed, grounding, probability)


def _least_model(grounding: Grounding, world: World) -> dict[int, tuple[int, tuple[Support, ...]]]:
    """For each true atom the first rule instance that makes it true; instances come after what they rest on.

    Atoms that rest on each other are gone through again until nothing is new, so no proof is circular.
    """
    reasons: dict[int, tuple[int, tuple[Support, ...]]] = {}

    def holds(support: Support) -> bool:
        if isinstance(support, Negation):
            return not any(holds(part) for part in support.of)
        if isinstance(support, SlotValue):
            return world[support.domain, support.slot] == support.value
        return support in reasons

    for circle in grounding.circles():
        grown = True
        while grown:
            grown = False
            for instance in circle:
                if instance.head not in reasons and all(holds(support) for support in instance.body):
                    reasons[instance.head] = (instance.clause, instance.body)
                    grown = True
    return reasons


def _as_prolog(grounding: Grounding, reasons: dict[int, tuple[int, tuple[Support, ...]]], atom: int) -> str:
    """The proof as a term for ``replayer.pl``."""
    clause, body = reasons[atom]
    children: list[str] = []
    for support in body:
        if isinstance(support, Negation):
            children.append("not")
        elif isinstance(support, SlotValue):
            children.append(grounding.prolog_fact(support))
        else:
            children.append(_as_prolog(grounding, reasons, support))
    return f"rule({clause},({grounding.atoms[atom]}),[{','.join(children)}])"


def _shown(world: World) -> str:
    return ", ".join(f"{name}({slot})={value}" for (name, slot), value in world.items())


def _from_replay(data: Any, grounding: Grounding, probability: Beliefs) -> Proof:
    if "fact" in data:
        name, slot, value = data["fact"]
        shown = value if isinstance(value, int) else value[0] if isinstance(value, list) else value["s"]
        text = shown if isinstance(value, dict) else f"{name}({slot},{shown})"  # a choice is written as its clause
        return Proof(str(text), "fact", probability=probability[name, slot, shown])
    if "input" in data:
        name, term, index = data["input"]
        slot, value = grounding.inputs[name].index(term), grounding.program.domain(name).values[index]
        return Proof(f"{name}({term[1:-1]})={value}", "fact", probability=probability[name, slot, value])
    if "negation" in data:
        return Proof(data["negation"], "negation")
    if "builtin" in data:
        try:
            holds = arithmetic_holds(from_json(data["term"]))
        except MeaningError:
            holds = True  # not arithmetic over the integers: Prolog's own replay is the check
        if not holds:
            raise ProofError(f"Prolog and Z3 disagree on '{data['builtin']}'")
        return Proof(data["builtin"], "builtin")
    return Proof(
        data["atom"],
        "rule",
        line=grounding.program.line(data["clause"]),
        bindings=tuple((name, value) for name, value in data["bindings"]),
        steps=tuple(_from_replay(step, grounding, probability) for step in data["steps"]),
    )
