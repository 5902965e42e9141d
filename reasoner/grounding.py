"""Grounding: a program and a query become one circuit over indicators such as ``digit(0)=3``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from logic import Circuit, CircuitBuilder, Domain, Gate, Literal

from .components import components
from .errors import PrologLimit, QueryError
from .program import Program, domain_list
from .prolog import Limits, Refusal, quote, request
from .terms import Term, from_json, order


class Slot(NamedTuple):
    """A place where one value of a domain is perceived; slots are numbered from 0."""

    domain: Domain
    number: int


class SlotValue(NamedTuple):
    """The fact that a slot has a value, as ``digit(0,3)``."""

    domain: str
    slot: int
    value: int | str

    @property
    def name(self) -> str:
        """The name of its circuit input, ``digit(0)=3``."""
        return f"{self.domain}({self.slot})={self.value}"


class Negation(NamedTuple):
    """None of these atoms or slot values is true."""

    of: tuple["int | SlotValue", ...]


Support = int | SlotValue | Negation
"""What a rule instance rests on: an atom (its number), a slot's value, or a negation."""


class Instance(NamedTuple):
    """A ground instance of a clause: one AND gate.

    Args:
        clause: Number of the clause in the program.
        line: Its line.
        head: Number of the atom it supports.
        body: What it rests on, built-ins left out (they hold).
        gate: Literal in the circuit.
        circle: Number of its group; instances whose heads rest on each other share one.
    """

    clause: int
    line: int
    head: int
    body: tuple[Support, ...]
    gate: int
    circle: int


class Answered(NamedTuple):
    """A ground answer of the query.

    Args:
        atom: Number of the atom.
        text: The atom as Prolog writes it; also the name of the circuit's output.
        term: The atom.
        bindings: Variables of the query and their values.
    """

    atom: int
    text: str
    term: Term
    bindings: dict[str, Term]


@dataclass(frozen=True, eq=False)
class Grounding:
    """A ground program as a circuit, and where each gate comes from.

    Args:
        program: The program.
        query: The query's text.
        circuit: Inputs ``digit(0)=3``, a one-hot group per slot; outputs ``sum(7)``, one per answer.
        slots: In the order of the circuit's groups.
        answers: In the order of the circuit's outputs: numbers ascending, then atoms, then compounds.
        instances: The rule instances, each after those it rests on unless they rest on each other.
        atoms: Text of each atom by its number.
    """

    program: Program
    query: str
    circuit: Circuit
    slots: tuple[Slot, ...]
    answers: tuple[Answered, ...]
    instances: tuple[Instance, ...]
    atoms: dict[int, str]

    def circles(self) -> Iterator[list[Instance]]:
        """The rule instances in groups: each group rests on itself and on groups before it."""
        for _, group in groupby(self.instances, key=lambda instance: instance.circle):
            yield list(group)


def ground(program: Program, query: str, limits: Limits | None = None) -> Grounding:
    """The relevant ground program of a query, as a circuit.

    Tabled (SLG) resolution finds the answers, so left recursion and cycles end; atoms that support each other in a
    circle are unrolled as often as there are atoms in the circle, which reaches their least model.

    Args:
        program: The rules.
        query: One goal, such as ``sum(S)``.
        limits: What it may spend.

    Raises:
        QueryError: if the query is no goal of the program, has no answer or one with variables in it, or a clause
            cannot be run; with the clause's line.
        PrologLimit: if a limit is reached.
    """
    limits = limits or Limits()
    task = f"{quote(program.text)},{domain_list(program.domains)},{quote(query)},{limits.answers},{limits.instances}"
    try:
        found = request(f"ground({task})", limits)
    except Refusal as refusal:
        raise _explain(refusal, program, query, limits) from None
    atoms: dict[int, tuple[str, Term]] = {number: (text, from_json(term)) for number, text, term in found["atoms"][1:]}
    answers = [
        Answered(number, *atoms[number], {name: from_json(value) for name, value in bindings})
        for number, *bindings in found["answers"]
    ]
    if not answers:
        raise QueryError(f"{program.source}: no answer: '{query}' is false whatever the symbols are")
    answers.sort(key=lambda answer: order(answer.term))
    instances = _relevant(
        list(dict.fromkeys(_instance(row, program) for row in found["rules"][1:])), [a.atom for a in answers]
    )
    return _build(program, query, answers, instances, {number: text for number, (text, _) in atoms.items()}, limits)


def _instance(row: list[Any], program: Program) -> Instance:
    clause, head, *body = row
    return Instance(clause, program.clauses[clause].line, head, tuple(_support(item) for item in body), -1, -1)


def _support(item: Any) -> Any:
    if isinstance(item, int):
        return item
    if item[0] == "n":
        return Negation(tuple(_support(part) for part in item[1:]))
    _, domain, slot, value = item
    return SlotValue(domain, slot, value[0] if isinstance(value, list) else value)


def _atoms_of(support: Support) -> tuple[int, ...]:
    if isinstance(support, Negation):
        return tuple(part for part in support.of if isinstance(part, int))
    return (support,) if isinstance(support, int) else ()


def _relevant(instances: Sequence[Instance], roots: Sequence[int]) -> list[Instance]:
    """The instances that the roots rest on."""
    by_head: dict[int, list[Instance]] = {}
    for instance in instances:
        by_head.setdefault(instance.head, []).append(instance)
    kept: list[Instance] = []
    todo, seen = list(roots), set(roots)
    while todo:
        for instance in by_head.get(todo.pop(), ()):
            kept.append(instance)
            for atom in (atom for support in instance.body for atom in _atoms_of(support)):
                if atom not in seen:
                    seen.add(atom)
                    todo.append(atom)
    return kept


def _build(
    program: Program,
    query: str,
    answers: Sequence[Answered],
    instances: Sequence[Instance],
    atoms: dict[int, str],
    limits: Limits,
) -> Grounding:
    make = CircuitBuilder()
    slots, inputs = _inputs(make, program, instances)
    by_head: dict[int, list[Instance]] = {answer.atom: [] for answer in answers}
    for instance in instances:
        by_head.setdefault(instance.head, []).append(instance)
        for atom in (atom for support in instance.body for atom in _atoms_of(support)):
            by_head.setdefault(atom, [])
    reads = {
        head: [atom for instance in group for support in instance.body for atom in _atoms_of(support)]
        for head, group in by_head.items()
    }
    wires: dict[int, Literal] = {}
    done: list[Instance] = []
    spent = 0

    def literal(support: Support) -> Literal:
        if isinstance(support, Negation):
            return ~make.gate(Gate.OR, [make.false, *(literal(part) for part in support.of)])
        return inputs[support] if isinstance(support, SlotValue) else wires[support]

    for number, circle in enumerate(components(reads)):
        _refuse_negative_circle(circle, by_head, atoms, program)
        cyclic = len(circle) > 1 or circle[0] in reads[circle[0]]
        wires.update((atom, make.false) for atom in circle)
        for _ in range(len(circle) if cyclic else 1):
            gates = {
                atom: [make.gate(Gate.AND, [~make.false, *map(literal, i.body)]) for i in by_head[atom]]
                for atom in circle
            }
            spent += sum(1 + len(group) for group in gates.values())
            if spent > limits.gates:
                raise PrologLimit(
                    f"{program.source}: '{query}' needs more than {limits.gates} gates; {len(circle)} atoms support "
                    f"each other in circles, '{atoms[circle[0]]}' among them; ask less, or raise Limits.gates"
                )
            new = {atom: make.gate(Gate.OR, [make.false, *group]) for atom, group in gates.items()}
            settled = all(new[atom] == wires[atom] for atom in circle)
            wires.update(new)
            if settled:
                break
        for atom in circle:
            done += [
                i._replace(gate=make.gate(Gate.AND, [~make.false, *map(literal, i.body)]).code, circle=number)
                for i in by_head[atom]
            ]
    possible = [answer for answer in answers if wires[answer.atom] != make.false]
    if not possible:
        raise QueryError(f"{program.source}: no answer: '{query}' is false whatever the symbols are")
    circuit = make.build_from({answer.text: wires[answer.atom] for answer in possible})
    return Grounding(program, query, circuit, tuple(slots), tuple(possible), tuple(done), atoms)


def _inputs(
    make: CircuitBuilder, program: Program, instances: Sequence[Instance]
) -> tuple[list[Slot], dict[SlotValue, Literal]]:
    """One one-hot group for each slot that is read, all values of its domain in order."""
    used: set[tuple[str, int]] = set()
    for support in (support for instance in instances for support in instance.body):
        parts = support.of if isinstance(support, Negation) else (support,)
        used |= {(part.domain, part.slot) for part in parts if isinstance(part, SlotValue)}
    slots = [Slot(domain, index) for domain in program.domains for name, index in sorted(used) if name == domain.name]
    inputs: dict[SlotValue, Literal] = {}
    for domain, index in slots:
        facts = [SlotValue(domain.name, index, value) for value in domain.values]
        inputs.update(zip(facts, make.inputs(*(fact.name for fact in facts), one_hot=True), strict=True))
    return slots, inputs


def _refuse_negative_circle(
    circle: Sequence[int], by_head: dict[int, list[Instance]], atoms: dict[int, str], program: Program
) -> None:
    inside = set(circle)
    for instance in (instance for atom in circle for instance in by_head[atom]):
        for support in instance.body:
            if isinstance(support, Negation) and inside & set(_atoms_of(support)):
                raise QueryError(
                    f"{program.where(instance.clause)}: not stratified: '{atoms[instance.head]}' rests on its own "
                    f"negation, so it is neither true nor false; break the circle through \\+"
                )


def _explain(refusal: Refusal, program: Program, query: str, limits: Limits) -> QueryError | PrologLimit:
    where, what = program.where(refusal.clause), refusal.text
    if refusal.kind == "answers":
        return PrologLimit(f"{where}: '{query}' has {what} answers, more than Limits.answers = {limits.answers}")
    if refusal.kind == "instances":
        return PrologLimit(f"{where}: '{query}' needs more than Limits.instances = {what} rule instances")
    reasons = {
        "syntax": f"the query '{query}' cannot be read: {refusal.message.strip()}",
        "query": f"the query '{query}' is not a goal; ask one such as sum(S)",
        "query_domain": f"the query '{query}' asks what is perceived; ask for a predicate of the program",
        "query_unknown": f"the program does not define '{what}', so '{query}' has no answer; it defines "
        + ", ".join(sorted({clause.head.indicator for clause in program.clauses})),
        "nonground": f"the answer '{what}' still holds variables; bind them in the body of its rule",
        "slot": f"the slot of '{what}' must be an integer of at least 0 when it is reached",
        "impure": f"'{what}' differs from call to call; rules must be pure",
        "builtin": f"'{what}' cannot be run: {refusal.message.strip()}",
    }
    return QueryError(f"{where}: {reasons.get(refusal.kind, refusal.message or refusal.kind)}")
