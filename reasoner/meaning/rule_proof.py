"""Proof that a spiking network obeys a rule: Z3 on the neurons on one side, Z3 on the rule's text on the other."""

import z3

from logic import (
    SpikingNetwork,
    Verdict,
    conjunction,
    decide,
    disjunction,
    equality,
    implication,
    negation,
    network_formulas,
)

from ..errors import MeaningError
from ..grounding.grounding import ground
from ..prolog.program import Program
from .unfolding import rule_formula, slot_bounds


def prove_rule(program: Program, query: str, network: SpikingNetwork, *, timeout: float | None = None) -> Verdict:
    """Whether the network's bits are the rule's answer, whatever is seen in the slots.

    The rule's meaning is unfolded from the program's text; neither the grounding's gates nor the circuit that was
    compiled are trusted. Shown for all readings of the slots: the rule has an answer that the bits can express, and
    for every number ``n`` that is an answer exactly the rails of ``n`` fire.

    Args:
        program: The rules, within what :func:`reasoner.meaning.rule_formula` covers.
        query: One goal with one integer variable.
        network: Memoryless; inputs ``digit(0)=3``, outputs ``bit0=0``, ``bit0=1``, ...
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
    slots = {
        (slot.domain.name, slot.number): z3.Int(f"{slot.domain.name}_{slot.number}")
        for slot in ground(program, query).slots
    }
    seen = {
        f"{name}({index})={value}": equality(variable, value)
        for (name, index), variable in slots.items()
        for value in program.domain(name).values
        if isinstance(value, int)  # other values have no meaning over the integers: slot_bounds says so
    }
    if missing := set(network.input_names) - set(seen):
        raise MeaningError(f"the network's inputs {sorted(missing)} are not values of the rule's slots")
    fired = dict(
        zip(network.output_names, network_formulas(network, [seen[n] for n in network.input_names]), strict=True)
    )
    bits = len(fired) // 2
    if len(fired) < len(network.output_lines) or set(fired) != {name for name, _ in _rails(0, bits)}:
        raise MeaningError(f"the network's outputs are not bits: {sorted(fired)}")
    answers = [rule_formula(program, query, number, slots) for number in range(2**bits)]
    goals = [disjunction(answers)]
    for number, answered in enumerate(answers):
        rails = [fired[name] if fires else negation(fired[name]) for name, fires in _rails(number, bits)]
        goals.append(implication(answered, conjunction(rails)))
    lines = [seen[name] for name in network.input_names]
    readings = 1
    for name, _ in slots:
        readings *= len(program.domain(name))
    claim = f"{network.neurons} neurons answer '{query}' as the rule does, for all {readings} readings"
    return decide(claim, network.input_names, lines, [slot_bounds(program, slots)], conjunction(goals), timeout)


def _rails(number: int, bits: int) -> list[tuple[str, bool]]:
    """Each rail of a number in binary, and whether it fires."""
    return [(f"bit{bit}={value}", number >> bit & 1 == value) for bit in range(bits) for value in (0, 1)]
