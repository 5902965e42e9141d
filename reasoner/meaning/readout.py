"""Readout: a query's answer as lines of a circuit, in gates that one threshold neuron each can compute, and back.

Three codes, told apart by the names of their lines:

- bits, dual rail and little-endian, of whole numbers: ``bit0=0``, ``bit0=1``, ``bit1=0``, ...
- one line an answer, for any finite set of answers: ``answer: "x"``, ``answer: [1, 2]``; of a query without variables
  ``answer: false`` and ``answer: true``. The value is written in JSON.
- one line an answer, of which any number may hold: ``answers: 3``, ...
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from logic import Circuit, CircuitBuilder, Gate, Literal, prove_equivalent
from logic.evaluation import evaluate_bits

from ..errors import MeaningError, QueryError
from ..grounding.grounding import Grounding
from ..prolog.terms import Value, to_value
from ..showing import cut

_BIT = re.compile(r"bit(\d+)=([01])")
_ONE, _ANY = "answer: ", "answers: "


def answer_circuit(grounding: Grounding, *, several: bool = False) -> Circuit:
    """The answer in the code that suits it: bits for whole numbers, else one line an answer.

    The circuit has AND and OR gates only and reads no complement: "not this value" of a slot is "one of the others".

    Args:
        grounding: Of a query, without chances of the program's own.
        several: Whether a reading may have no answer or several; then there is one line for each answer.

    Raises:
        QueryError: if some reading has no answer or more than one (it is named) and this was not asked for, or the
            program states chances or evidence.

    Example:
        >>> from reasoner import Program, ground
        >>> rule = Program.parse("p(even) :- digit(0, X), 0 is X mod 2. p(odd) :- digit(0, X), 1 is X mod 2.")
        >>> answer_circuit(ground(rule, "p(P)")).output_names
        ('answer: "even"', 'answer: "odd"')
    """
    _check_certain(grounding)
    if several or not grounding.answers[0].bindings or not all(_is_whole(value) for value in answer_values(grounding)):
        return answer_lines(grounding, several=several)
    return answer_bits(grounding)


def answer_bits(grounding: Grounding) -> Circuit:
    """The bits of the answer: outputs ``bit0=0``, ``bit0=1``, ``bit1=0``, ...

    Args:
        grounding: Of a query with one variable that is an integer of at least 0 in every answer.

    Raises:
        QueryError: as :func:`answer_circuit`, or if the query has no single variable of whole numbers.

    Example:
        >>> from reasoner import Program, ground
        >>> bits = answer_bits(ground(Program.parse("half(H) :- digit(0, X), H is X // 2."), "half(H)"))
        >>> bits.output_names  # 0 to 4
        ('bit0=0', 'bit0=1', 'bit1=0', 'bit1=1', 'bit2=0', 'bit2=1')
    """
    _check_certain(grounding)
    numbers: list[int] = []
    for answer, value in zip(grounding.answers, answer_values(grounding), strict=True):
        if not isinstance(value, int) or not _is_whole(value):
            raise QueryError(
                f"'{answer.text}' has no bits: '{grounding.query}' needs exactly one variable, an integer of at least 0"
            )
        numbers.append(value)
    _check_one_answer(grounding)
    width = max(1, max(numbers).bit_length())
    return _any_of(
        grounding.circuit,
        {
            f"bit{bit}={rail}": [
                code
                for code, number in zip(grounding.circuit.outputs.tolist(), numbers, strict=True)
                if number >> bit & 1 == rail
            ]
            for bit in range(width)
            for rail in (0, 1)
        },
    )


def answer_lines(grounding: Grounding, *, several: bool = False) -> Circuit:
    """One output for each answer, ``answer: "x"``; of a query without variables ``answer: false``, ``answer: true``.

    Args:
        grounding: Of any query.
        several: Whether a reading may have no answer or several; outputs are then called ``answers: "x"``.

    Raises:
        QueryError: as :func:`answer_circuit`.

    Example:
        >>> from reasoner import Program, ground
        >>> answer_lines(ground(Program.parse("zero :- digit(0, 0)."), "zero")).output_names
        ('answer: false', 'answer: true')
    """
    _check_certain(grounding)
    circuit, codes = grounding.circuit, grounding.circuit.outputs.tolist()
    if not several and not grounding.answers[0].bindings:
        return _any_of(circuit, {f"{_ONE}false": [codes[0] ^ 1], f"{_ONE}true": [codes[0]]})
    if not several:
        _check_one_answer(grounding)
    prefix, lines = _ANY if several else _ONE, dict[str, list[int]]()
    for value, code in zip(answer_values(grounding), codes, strict=True):  # an atom and a string may be one value
        lines.setdefault(f"{prefix}{json.dumps(value, ensure_ascii=False)}", []).append(code)
    return _any_of(circuit, lines)


def read_code(names: Sequence[str], fired: NDArray[np.bool_]) -> list[Value | bool | None]:
    """The answers that lines of a code say.

    Args:
        names: ``O`` names of lines, all of one code.
        fired: ``[B, O]``.

    Returns:
        For each sample the value, as :class:`reasoner.Answers` has it: a number, the name of an atom, a list as a
        tuple; true or false of a query without variables; a tuple of all answers where any number may hold. None
        where the lines contradict each other or are silent.

    Raises:
        MeaningError: if the names are those of no code.

    Example:
        >>> read_code(['answer: "x"', 'answer: [1, 2]'], np.array([[True, False], [False, True], [True, True]]))
        ['x', (1, 2), None]
    """
    said = what_lines_say(names)
    if said.silent:
        return [tuple(said.values[at] for at in np.flatnonzero(row)) for row in fired]  # pyright: ignore
    value_of = {
        frozenset(n for n, lines in enumerate(said.lines) if at in lines): v for at, v in enumerate(said.values)
    }
    return [value_of.get(frozenset(np.flatnonzero(row).tolist())) for row in fired]


class Said(NamedTuple):
    """What the lines of a code say.

    Args:
        values: That the code can say: numbers of so many bits, or those of the lines.
        lines: For each line the places of the values for which it fires.
        silent: Whether the code can say that there is no answer, or several.
    """

    values: tuple[Value | bool, ...]
    lines: tuple[tuple[int, ...], ...]
    silent: bool


def what_lines_say(names: Sequence[str]) -> Said:
    """The code of a network's output lines.

    Raises:
        MeaningError: if they are those of no code.

    Example:
        >>> what_lines_say(["bit0=0", "bit0=1"]).lines, what_lines_say(['answers: "x"'])
        (((0,), (1,)), Said(values=('x',), lines=((0,),), silent=True))
    """
    bits = [_BIT.fullmatch(name) for name in names]
    rails = [(int(bit[1]), int(bit[2])) for bit in bits if bit]
    width = len(names) // 2
    if width and len(rails) == len(names) and sorted(rails) == [(bit, rail) for bit in range(width) for rail in (0, 1)]:
        numbers = range(1 << width)
        lines = tuple(tuple(n for n in numbers if n >> bit & 1 == rail) for bit, rail in rails)
        return Said(tuple(numbers), lines, False)
    for prefix in (_ONE, _ANY):
        if names and all(name.startswith(prefix) for name in names) and len(set(names)) == len(names):
            values = tuple(_from_json(json.loads(name.removeprefix(prefix))) for name in names)
            return Said(values, tuple((place,) for place in range(len(values))), prefix == _ANY)
    raise MeaningError(f"the network's outputs are no answers: {cut(', '.join(names))}")


def _from_json(data: object) -> Value:
    return tuple(map(_from_json, data)) if isinstance(data, list) else data  # pyright: ignore


def answer_values(grounding: Grounding) -> list[Value]:
    """The value of each answer: of the only variable, a tuple for several."""
    found: list[Value] = []
    for answer in grounding.answers:
        values = tuple(map(to_value, answer.bindings.values()))
        found.append(values[0] if len(values) == 1 else values)
    return found


def _is_whole(value: Value) -> bool:
    return isinstance(value, int) and value >= 0


def _check_certain(grounding: Grounding) -> None:
    if not grounding.slots:
        raise QueryError(f"'{grounding.query}' depends on nothing that is seen, so there is no circuit for its answer")
    for slot, constants in zip(grounding.slots, grounding.constants, strict=True):
        if constants is not None:
            raise QueryError(
                f"'{grounding.query}' depends on a chance that the program states ({slot.domain.values[0]}); only what "
                f"is perceived can decide a circuit's answer"
            )
    if grounding.evidence or not grounding.query:
        raise QueryError("a circuit answers one query of a program without evidence; give the query")


def _check_one_answer(grounding: Grounding) -> None:
    if fault := find_unclear(grounding):
        raise QueryError(fault.text)


class Unclear(NamedTuple):
    """A reading without exactly one answer: what is wrong with it, in words, and the values that are seen."""

    text: str
    seen: tuple[str, ...]


def find_unclear(grounding: Grounding) -> Unclear | None:
    """A reading that has no answer or several, or the proof by SAT that there is none."""
    circuit = grounding.circuit
    make, never = CircuitBuilder(), CircuitBuilder()
    answers = copied_outputs(make, circuit)
    for group in circuit.one_hot:
        never.inputs(*(circuit.inputs[place] for place in group), one_hot=True)
    some, twice = make.false, [make.false]
    for answer in answers:
        twice.append(some & answer)
        some = some | answer
    for fault, literal in {"several": make.gate(Gate.OR, twice), "none": ~some}.items():
        verdict = prove_equivalent(make.build_from({fault: literal}), never.build_from({fault: never.false}))
        if verdict.counterexample is None:
            continue
        seen = tuple(name for name, value in verdict.counterexample.items() if value)
        where = " and ".join(seen) or "anything is seen"
        if fault == "none":
            text = f"'{grounding.query}' has no answer when {where}; add a rule for that case, or ask for several"
            return Unclear(text, seen)
        held = evaluate_bits(circuit, np.array([[name in seen for name in circuit.inputs]]))[0]
        both = [answer.text for answer, holds in zip(grounding.answers, held.tolist(), strict=False) if holds]
        text = (
            f"'{grounding.query}' has no single answer: '{both[0]}' holds together with '{both[1]}' when {where}; "
            f"make the rules exclude each other, or ask for several"
        )
        return Unclear(text, seen)
    return None


def copied_outputs(make: CircuitBuilder, circuit: Circuit) -> list[Literal]:
    """The outputs of a circuit of one-hot groups, built anew gate by gate."""
    wires = [make.false]
    for group in circuit.one_hot:
        wires += make.inputs(*(circuit.inputs[place] for place in group), one_hot=True)

    def read(code: int) -> Literal:
        return ~wires[code >> 1] if code & 1 else wires[code >> 1]

    for gate, kind in enumerate(circuit.kinds.tolist()):
        wires.append(make.gate(Gate(kind), [read(code) for code in circuit.operands(gate).tolist()]))
    return [read(code) for code in circuit.outputs.tolist()]


def _any_of(circuit: Circuit, outputs: Mapping[str, Sequence[int]]) -> Circuit:
    """The circuit without complements whose outputs are ORs of literals of another."""
    make = CircuitBuilder()
    ways = {name: [way for code in codes for way in _ways(circuit, code)] for name, codes in outputs.items()}
    wires = _positive(make, circuit, [way for those in ways.values() for way in those])
    return make.build_from(
        {name: make.gate(Gate.OR, [make.false, *(wires[way] for way in those)]) for name, those in ways.items()}
    )


def _ways(circuit: Circuit, code: int) -> list[int]:
    """The operands of an answer that is an OR, so that a bit is one OR over all ways to get it; else the answer."""
    gate = (code >> 1) - circuit.first_gate
    if code & 1 == 0 and gate >= 0 and circuit.kinds[gate] == Gate.OR:
        return circuit.operands(gate).tolist()
    return [code]


def _positive(make: CircuitBuilder, circuit: Circuit, roots: list[int]) -> dict[int, Literal]:
    """For each literal that the roots need an equal wire without complements; De Morgan pushes them to the inputs."""
    wires: dict[int, Literal] = {0: make.false, 1: ~make.false}
    inputs = [make.inputs(*(circuit.inputs[p] for p in group), one_hot=True) for group in circuit.one_hot]
    needed = _needed(circuit, roots)
    for group, literals in zip(circuit.one_hot, inputs, strict=True):
        for value, position in enumerate(group):
            code = 2 * (1 + position)
            wires[code] = literals[value]
            if code + 1 in needed:
                wires[code + 1] = make.gate(Gate.OR, [other for v, other in enumerate(literals) if v != value])
    for gate, kind in enumerate(circuit.kinds.tolist()):
        code = 2 * (circuit.first_gate + gate)
        operands = circuit.operands(gate).tolist()
        if code in needed:
            wires[code] = make.gate(Gate(kind), [wires[operand] for operand in operands])
        if code + 1 in needed:
            dual = Gate.OR if kind == Gate.AND else Gate.AND
            wires[code + 1] = make.gate(dual, [wires[operand ^ 1] for operand in operands])
    return wires


def _needed(circuit: Circuit, roots: list[int]) -> set[int]:
    """The literals that the roots rest on, complements pushed down."""
    needed = set(roots)
    for gate in range(len(circuit.kinds) - 1, -1, -1):
        code = 2 * (circuit.first_gate + gate)
        operands = circuit.operands(gate).tolist()
        if code in needed:
            needed.update(operands)
        if code + 1 in needed:
            needed.update(operand ^ 1 for operand in operands)
    return needed
