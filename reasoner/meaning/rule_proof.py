"""Proof that a spiking network obeys a rule: Z3 on the neurons on one side, Z3 on the rule's text on the other."""

from collections.abc import Sequence
from math import prod

import z3

from logic import (
    CircuitBuilder,
    Gate,
    Literal,
    NetworkError,
    SpikingNetwork,
    Verdict,
    conjunction,
    decide,
    disjunction,
    equality,
    negation,
    network_formulas,
)
from logic.kernels import work_time
from logic.proving.unfolding import judge

from ..errors import MeaningError
from ..grounding.grounding import Grounding, ground
from ..prolog.program import Program
from ..prolog.terms import Value
from .readout import answer_values, copied_outputs, find_unclear, what_lines_say
from .unfolding import Slots, rule_formula, seen_as, slot_bounds

_READ = 60.0  # seconds for Z3 on a rule's text, if nothing is said


def prove_rule(program: Program, query: str, network: SpikingNetwork, *, timeout: float | None = None) -> Verdict:
    """Whether the network's answer is the rule's, whatever is seen in the slots.

    The rule's meaning is unfolded from the program's text; neither the grounding's gates nor the circuit that was
    compiled are trusted. Shown for all readings of the slots: each line of the answer fires if and only if one of the
    answers of which it says so is an answer of the rule, and the rule has one unless the code can say that it has none.

    Args:
        program: The rules, within what :func:`reasoner.meaning.rule_formula` covers.
        query: One goal.
        network: Memoryless; inputs ``digit(0)=3``, outputs in a code of :mod:`reasoner.meaning.readout`.
        timeout: Seconds, or None for no bound.

    Raises:
        MeaningError: if the rule has no such meaning, or the network's lines are not of this form.
        NetworkError: if the network does not lift to formulas.

    Example:
        >>> from logic import compile_circuit
        >>> from reasoner import answer_bits, ground
        >>> rule = Program.parse("half(H) :- digit(0, X), H is X // 2.")
        >>> network = compile_circuit(answer_bits(ground(rule, "half(H)")), mapping="positive")
        >>> prove_rule(rule, "half(H)", network).holds
        True
        >>> prove_rule(Program.parse("half(H) :- digit(0, X), H is X mod 5."), "half(H)", network).holds
        False
    """
    grounding = ground(program, query)
    slots = {(slot.domain.name, slot.number): z3.Int(f"{slot.domain.name}_{slot.number}") for slot in grounding.slots}
    seen = {
        f"{name}({index})={value}": equality(variable, seen_as(program.domain(name), value))
        for (name, index), variable in slots.items()
        for value in program.domain(name).values
    }
    if missing := set(network.input_names) - set(seen):
        raise MeaningError(f"the network's inputs {sorted(missing)} are not values of the rule's slots")
    lines = [seen[name] for name in network.input_names]
    fired = network_formulas(network, lines)
    said = what_lines_say(network.output_names)
    answers = [_formula(program, query, value, grounding, slots) for value in said.values]
    goals: list[z3.BoolRef] = [] if said.silent else [disjunction(answers)]
    for line, meant in zip(fired, said.lines, strict=True):
        goals.append(equality(line, disjunction([answers[value] for value in meant])))
    claim = f"{network.neurons} neurons answer '{query}' as the rule does, for all {_readings(grounding)} readings"
    return decide(claim, network.input_names, lines, [slot_bounds(program, slots)], conjunction(goals), timeout)


def prove_grounded(program: Program, query: str, network: SpikingNetwork, *, timeout: float | None = None) -> Verdict:
    """Whether the network's answer is what the grounded rules give, whatever is seen in the slots.

    For programs of any kind: recursion, lists, built-ins. What the rules mean is taken from the grounding, which is
    what :func:`reasoner.infer` counts; what was compiled of it is not trusted.

    Args:
        program: Any rules.
        query: One goal.
        network: As for :func:`prove_rule`.
        timeout: Seconds, or None for no bound.

    Raises:
        MeaningError: if the network's lines are not of this form.
        NetworkError: if lines cannot be matched.

    Example:
        >>> from logic import compile_circuit
        >>> from reasoner import answer_circuit, ground
        >>> rule = Program.parse("sorted(L) :- digit(0, X), digit(1, Y), msort([X, Y], L).")
        >>> network = compile_circuit(answer_circuit(ground(rule, "sorted(L)")), mapping="positive")
        >>> prove_grounded(rule, "sorted(L)", network).holds
        True
    """
    start = work_time()
    grounding = ground(program, query)
    claim = (
        f"{network.neurons} neurons answer '{query}' as the grounded rules do, for all {_readings(grounding)} readings"
    )
    said, values = what_lines_say(network.output_names), answer_values(grounding)
    truth = not grounding.answers[0].bindings and not said.silent
    if not said.silent and not truth and (unclear := find_unclear(grounding)):
        seen = {name: int(name in unclear.seen) for name in grounding.circuit.inputs}
        return Verdict(False, claim, seen, work_time() - start, unclear.text)
    make = CircuitBuilder()
    answers = copied_outputs(make, grounding.circuit)
    if truth:
        answers, values = [answers[0], ~answers[0]], [True, False]
    if lacking := [value for value in values if not _holds(said.values, value)]:
        raise MeaningError(f"the network cannot say {lacking[0]!r}, which is an answer of '{query}'")
    outputs: dict[str, Literal] = {}
    for name, meant in zip(network.output_names, said.lines, strict=True):
        told = [said.values[place] for place in meant]
        chosen = [answer for answer, value in zip(answers, values, strict=True) if _holds(told, value)]
        outputs[name] = make.gate(Gate.OR, [make.false, *chosen])
    found = judge(network, make.build_from(outputs), timeout=timeout)
    return Verdict(found.holds, claim, found.counterexample, work_time() - start, found.detail)


def prove_answers(program: Program, query: str, network: SpikingNetwork, *, timeout: float | None = None) -> Verdict:
    """As :func:`prove_rule` where the rule's text has a meaning and Z3 decides it, else as :func:`prove_grounded`.

    Args:
        program: Any rules.
        query: One goal.
        network: As for :func:`prove_rule`.
        timeout: Seconds for each; without it Z3 gets a minute.

    Raises:
        MeaningError, NetworkError: as :func:`prove_grounded`.
    """
    try:
        found = prove_rule(program, query, network, timeout=_READ if timeout is None else timeout)
    except (MeaningError, NetworkError):
        found = None
    if found is not None and found.holds is not None:
        return found
    return prove_grounded(program, query, network, timeout=timeout)


def _formula(program: Program, query: str, value: Value | bool, grounding: Grounding, slots: Slots) -> z3.BoolRef:
    """Where the rule has an answer of that value; nowhere if it is none that is known and no whole number."""
    if not grounding.answers[0].bindings:
        holds = rule_formula(program, query, {}, slots)
        return negation(holds) if value is False else holds if value in (True, ()) else z3.BoolVal(False)
    names = [*grounding.answers[0].bindings]
    if len(names) == 1 and isinstance(value, int) and not isinstance(value, bool):
        return rule_formula(program, query, {names[0]: value}, slots)
    known = [
        rule_formula(program, query, answer.bindings, slots)
        for answer, own in zip(grounding.answers, answer_values(grounding), strict=True)
        if _holds([value], own)
    ]
    return disjunction(known)


def _holds(values: Sequence[Value | bool], value: Value | bool) -> bool:
    """Whether a value is among others; true is not 1."""
    return any(one == value and isinstance(one, bool) == isinstance(value, bool) for one in values)


def _readings(grounding: Grounding) -> int:
    return prod(len(slot.domain) for slot in grounding.slots)
