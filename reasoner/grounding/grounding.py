"""Grounding: a program and its queries become one circuit over indicators such as ``digit(0)=3``."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, pairwise
from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

from logic.domain import Domain

from ..errors import NoAnswer, QueryError
from ..prolog.border import Limits, Refusal, request
from ..prolog.collector import uncollected
from ..prolog.program import Program
from ..prolog.terms import Term, from_json, order
from ..prolog.text import QueryText, quote_atom
from ..showing import cut
from .ground_sums import ground_sums
from .refusing import densities_of, refuse_symbols, refuse_tests, refused
from .rules import (
    GroundRules,
    Instance as Instance,
    Negation as Negation,
    Row,
    SlotValue as SlotValue,
    Support as Support,
    denied_by,
    in_order,
    relevant,
)
from .slots import Input, by_slot, input_slots
from .sums import IMPOSSIBLE, Sums

if TYPE_CHECKING:  # most programs are counted without a circuit
    from logic import Circuit

NONE = "none of them"  # the value of a choice that makes no head true; no atom is written like this
TEST = "continuous_test"  # the domain of comparisons of continuous values, which samples decide
_NAME_OF_CHOICES = "choice"  # of a choice whose predicate's name is no name of a domain


class Slot(NamedTuple):
    """A place where one value of a domain is perceived or chosen; slots are numbered from 0."""

    domain: Domain
    number: int


class Answered(NamedTuple):
    """A ground answer of the query.

    Args:
        atom: Number of the atom.
        text: The atom as Prolog writes it; also the name of the circuit's output.
        term: The atom.
        bindings: Variables of the query and their values; none for the queries that a program states.
    """

    atom: int
    text: str
    term: Term
    bindings: dict[str, Term]


@dataclass(frozen=True, eq=False, repr=False)
class Grounding:
    """A ground program as a circuit, and where each gate comes from.

    Args:
        program: The program.
        query: The query's text, or empty for the queries that the program states.
        slots: In the order of the circuit's groups: what is perceived, then the choices of the program.
        constants: For each slot the log-probabilities that the program states, or None where it is perceived.
        clauses: The clause of each slot that is a choice of the program, by domain name and slot number.
        inputs: For each network what it is asked about at each slot.
        unordered: For each network whose slots have no order that a user could know, one sentence that says so.
        answers: In the order of the circuit's outputs: numbers ascending, then atoms, then compounds.
        evidence: Atoms observed and whether true; then the circuit has one output more, the evidence, which every
            other output implies.
        circles: The rule instances in numbers, in groups: each group rests on itself and on groups before it.
        leaves: What the negative numbers in them stand for: -1 for the last, and so on.
        atoms: Text of each atom by its number.
        limits: What the circuit may grow to.
        densities: From what the value of each continuous atom is drawn, by the atom's text.
        tests: The comparisons of continuous values; the number of each is that of its slot of the domain ``TEST``.
        parts: Of choices whose probability is learned part by part, ``t(_, X) :: a(X)``, the text of their part.
    """

    program: Program
    query: str
    slots: tuple[Slot, ...]
    constants: tuple[tuple[float, ...] | None, ...]
    clauses: dict[tuple[str, int], int]
    inputs: dict[str, dict[int, Input]]
    unordered: dict[str, str]
    answers: tuple[Answered, ...]
    evidence: tuple[tuple[int, bool], ...]
    circles: tuple[list[Row], ...]
    leaves: tuple[Support, ...]
    atoms: dict[int, str]
    limits: Limits
    parts: dict[tuple[str, int], str]
    densities: dict[str, Term]
    tests: tuple[Term, ...]

    def __repr__(self) -> str:
        asked = cut(self.query or self.program.source)
        return f"Grounding({asked!r}, {len(self.slots)} slots, {len(self.answers)} answers, {len(self.atoms)} atoms)"

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """The rule instances, each after those it rests on unless they rest on each other."""
        lines = {clause: self.program.line(clause) for clause in {row.clause for rows in self.circles for row in rows}}
        return tuple(
            Instance(clause, lines[clause], head, tuple([one if one >= 0 else self.leaves[one] for one in body]))
            for rows in self.circles
            for clause, head, body in rows
        )

    @cached_property
    def circuit(self) -> "Circuit":
        """Inputs ``digit(0)=3``, a one-hot group per slot; outputs ``sum(7)``, one per answer; built when first read.

        Raises:
            PrologLimit: if atoms that support each other in circles need too many gates.
        """
        from .unrolling import build_circuit

        names = [
            [SlotValue(domain.name, number, value).name for value in domain.values] for domain, number in self.slots
        ]
        outputs = {answer.text: answer.atom for answer in self.answers}
        denied, positions = denied_by(self.leaves), self._positions()
        return build_circuit(self.circles, positions, denied, names, outputs, self.evidence, self.limits.gates)

    @cached_property
    def one_hot(self) -> tuple[range, ...]:
        """The positions of each slot's values among the inputs."""
        ends = [*accumulate((len(domain) for domain, _ in self.slots), initial=0)]
        return tuple(range(start, end) for start, end in pairwise(ends))

    def rules(self) -> GroundRules:
        """The same in numbers alone."""
        place = [(slot, value) for slot, group in enumerate(self.one_hot) for value in range(len(group))]
        values = {leaf: place[position] for leaf, position in self._positions().items()}
        sizes, outputs = tuple(map(len, self.one_hot)), tuple(answer.atom for answer in self.answers)
        return GroundRules(self.circles, values, denied_by(self.leaves), sizes, outputs, self.evidence, self.never)

    @cached_property
    def never(self) -> frozenset[int]:
        """Positions of the inputs that the program gives probability 0, and does not learn."""
        learned = {*self.program.learned}
        return frozenset(
            position
            for (domain, number), constants, group in zip(self.slots, self.constants, self.one_hot, strict=True)
            if constants is not None and self.clauses.get((domain.name, number), -1) not in learned
            for position, log_prob in zip(group, constants, strict=True)
            if log_prob < IMPOSSIBLE / 2
        )

    def written_sums(self) -> Sums | None:
        """The rules as sums of products, as they are written.

        Returns:
            None if atoms support each other, if what is denied is no choice among the values of one slot, or if they
            are more than ``Limits.gates``.
        """
        if sum(map(len, self.circles)) + len(self.circles) > self.limits.gates:
            return None
        outputs = [answer.atom for answer in self.answers]
        return ground_sums(
            self.circles, self._positions(), denied_by(self.leaves), self.one_hot, outputs, self.evidence
        )

    def _positions(self) -> dict[int, int]:
        """The input of each leaf that is a slot's value."""
        slot_values = (SlotValue(slot.domain.name, slot.number, v) for slot in self.slots for v in slot.domain.values)
        position = {value: place for place, value in enumerate(slot_values)}
        return {
            number: position[leaf]
            for number in range(-len(self.leaves), 0)
            if isinstance(leaf := self.leaves[number], SlotValue) and leaf in position
        }

    def name_of(self, domain: str, slot: int) -> str:
        """What a program calls what is seen at a slot: the slot's number, or the terms that the network is asked about.

        Example:
            >>> text = "nn(net, [X], D, [0, 1]) :: digit(X, D). both(A, B, S) :- digit(A, C), digit(B, D), S is C + D."
            >>> grounding = ground(Program.parse(text, ()), "both(left, right, S)")
            >>> grounding.name_of("net", 0), grounding.name_of("net", 1)
            ('left', 'right')
        """
        return self.inputs[domain][slot].text[1:-1] if domain in self.inputs else str(slot)

    def prolog_fact(self, fact: SlotValue) -> str:
        """A slot's value as ``replayer.pl`` reads it: of a network with its input term, of a choice with its clause."""
        if fact.domain in self.inputs:
            index = self.program.domain(fact.domain).values.index(fact.value)
            return f"fact({fact.domain},{self.inputs[fact.domain][fact.slot].text},{index})"
        value = quote_atom(fact.value) if isinstance(fact.value, str) else str(fact.value)
        clause = self.clauses.get((fact.domain, fact.slot))
        if clause is not None:
            value = f"of({clause},{value})"
        return f"fact({fact.domain},{fact.slot},{value})"


@uncollected()
def ground(program: Program, query: str | None = None, limits: Limits | None = None) -> Grounding:
    """The relevant ground program of a query, or of all queries and evidence that the program states.

    Tabled (SLG) resolution finds the answers, so left recursion and cycles end.

    Args:
        program: The rules.
        query: One goal, such as ``sum(S)``; without it, the program's own ``query/1``.
        limits: What it may spend.

    Raises:
        QueryError: if the query is no goal of the program, has no answer or one with variables in it, or a clause
            cannot be run; with the clause's line.
        PrologLimit: if a limit is reached.

    Example:
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> grounding = ground(rule, "sum(S)")
        >>> len(grounding.slots), len(grounding.answers), grounding.answers[-1].text
        (2, 19, 'sum(18)')
    """
    limits = limits or Limits()
    bounds = limits.answers, limits.instances
    joined = "" if program.proved else "_joined"
    try:
        if query is None:
            found = request(limits, f"ground_program{joined}", *bounds, program=program.resident)
        else:
            asked = QueryText(query, program.source)
            found = request(limits, f"ground{joined}", asked, *bounds, program=program.resident)
    except Refusal as refusal:
        raise refused(refusal, program, query or "", limits) from None
    atoms: dict[int, str] = dict(found["atoms"][1:])
    answers = [
        Answered(number, atoms[number], from_json(term), {name: from_json(value) for name, value in bindings})
        for number, term, *bindings in found["answers"]
    ]
    if not answers and query is not None:
        raise NoAnswer(f"{program.source}: no answer: '{query}' is false whatever the symbols are")
    if query is not None:
        answers.sort(key=lambda answer: order(answer.term))
    refuse_symbols([answer.text for answer in answers], program)
    evidence = tuple(dict.fromkeys((number, bool(truth)) for number, truth in found["evidence"]))  # said once or often
    choices = {row[0]: _choice(row) for row in found["choices"][1:]}
    inputs = [Input(name, number, text, _terms(row)) for name, number, text, row in found["inputs"][1:]]
    places, unordered = input_slots(inputs, program, query)
    tests = tuple([from_json(term) for kind, term, *_ in found["leaves"][1:] if kind == "t"])
    refuse_tests(program, tests)
    numbers = iter(range(len(tests)))
    leaves = [
        SlotValue(TEST, next(numbers), "true") if row[0] == "t" else _leaf(row, program, choices, places)
        for row in found["leaves"][1:]
    ]
    leaves.reverse()  # leaf -1 comes first in the row, and is the last here
    roots = [answer.atom for answer in answers] + [atom for atom, _ in evidence]
    denied = denied_by(leaves)
    rows = relevant(_rows(found["rules"], leaves), denied, roots)
    circles, possible = in_order(rows, denied, atoms, program)
    for number, atom in denied.items():
        if atom not in possible:  # denied in vain; the negation itself stays, for the proof
            leaves[number] = Negation(())
    if query is not None:
        answers = _possible(answers, circles, program, query)
    read = {*chain.from_iterable([row.body for rows in circles for row in rows])}
    used = {leaves[item] for item in read if item < 0}
    slots, constants = _slots(program, used, list(choices.values()))
    for number in sorted(leaf.slot for leaf in used if isinstance(leaf, SlotValue) and leaf.domain == TEST):
        slots.append(Slot(Domain(TEST, ["true", NONE]), number))
        constants.append((log(0.5), log(0.5)))  # in the place of what samples say
    kept = {*slots}
    _refuse_decisions(program, [choice for choice in choices.values() if choice.slot in kept])
    return Grounding(
        program,
        query or "",
        tuple(slots),
        tuple(constants),
        {(choice.slot.domain.name, choice.slot.number): choice.clause for choice in choices.values()},
        by_slot(inputs, places),
        unordered,
        tuple(answers),
        evidence,
        tuple(circles),
        tuple(leaves),
        atoms,
        limits,
        {(choice.slot.domain.name, choice.slot.number): choice.part for choice in choices.values() if choice.part},
        densities_of(found["densities"][1:], program),
        tests,
    )


def _terms(row: list[Any]) -> tuple[Term, ...]:
    """The terms of an input; a list that Prolog wrote."""
    found = from_json(row)
    return found if isinstance(found, tuple) else (found,)


class _Choice(NamedTuple):
    """A ground probabilistic fact or disjunction: its clause, slot, log-probabilities, heads' values, learned part."""

    clause: int
    slot: Slot
    log_probs: tuple[float, ...]
    heads: tuple[str, ...]
    part: str


def _choice(row: list[Any]) -> _Choice:
    number, clause, name, probabilities, heads, part = row
    total: dict[str, float] = {}
    for head, probability in zip(heads, probabilities, strict=True):
        total[head] = total.get(head, 0.0) + probability
    values = [*total, NONE]
    shares = [*total.values(), max(0.0, 1.0 - sum(total.values()))]
    named = name if name.isascii() and name.isidentifier() and name[0].islower() else _NAME_OF_CHOICES
    log_probs = tuple(log(share) if share > 0 else IMPOSSIBLE for share in shares)
    return _Choice(clause, Slot(Domain(named, values), number), log_probs, tuple(heads), part)


def _leaf(
    row: list[Any], program: Program, choices: Mapping[int, _Choice], places: Mapping[str, Mapping[int, int]]
) -> Support:
    """What ``ground_writer.pl`` wrote of a leaf: a negation, a choice, or the value of a slot."""
    kind, first, *rest = row
    if kind == "n":
        return Negation((first,))
    if kind == "c":
        choice = choices[first]
        return SlotValue(choice.slot.domain.name, choice.slot.number, choice.heads[rest[0]])
    slot, value = rest
    if kind == "p":
        return SlotValue(first, places[first][slot], program.domain(first).values[value])
    return SlotValue(first, slot, value)


def _rows(written: str, leaves: Sequence[Support]) -> list[Row]:
    """The rows, each once; of equal leaves, such as two heads alike of one choice, the first is named."""
    found = json.loads(f"[{written.replace('][', '],[')}]")
    rows = [Row(clause, head, tuple(body)) for clause, head, *body in found]
    if len(first := {leaf: number for number, leaf in enumerate(leaves, -len(leaves))}) < len(leaves):
        same = {number: first[leaves[number]] for number in range(-len(leaves), 0)}
        rows = [Row(clause, head, tuple([same.get(one, one) for one in body])) for clause, head, body in rows]
    return list(dict.fromkeys(rows))


def _possible(
    answers: Sequence[Answered], circles: Iterable[Sequence[Row]], program: Program, query: str
) -> list[Answered]:
    heads = {row.head for rows in circles for row in rows}
    possible = [answer for answer in answers if answer.atom in heads]
    if not possible:
        raise NoAnswer(f"{program.source}: no answer: '{query}' is false whatever the symbols are")
    return possible


def _slots(
    program: Program, leaves: Iterable[Support], choices: Sequence[_Choice]
) -> tuple[list[Slot], list[tuple[float, ...] | None]]:
    """The slots that are read: those perceived by domain and number, then choices in the order in which they came."""
    used = {(leaf.domain, leaf.slot) for leaf in leaves if isinstance(leaf, SlotValue)}
    perceived = [
        Slot(domain, number) for domain in program.domains for name, number in sorted(used) if name == domain.name
    ]
    chosen = [choice for choice in choices if (choice.slot.domain.name, choice.slot.number) in used]
    return (
        [*perceived, *(choice.slot for choice in chosen)],
        [*(None for _ in perceived), *(choice.log_probs for choice in chosen)],
    )


def _refuse_decisions(program: Program, choices: Sequence[_Choice]) -> None:
    decided = {*program.decisions}
    for choice in choices if decided and not program.decides else ():
        if choice.clause in decided:
            raise QueryError(
                f"{program.where(choice.clause)}: '{program.clauses[choice.clause].text}' is a decision, which has no "
                f"probability; ask for the best one by neurosym dt, or by reasoner.decide"
            )
