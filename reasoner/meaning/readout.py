"""Readout: a query's integer answer as bits, in gates that one threshold neuron each can compute."""

from logic import Circuit, CircuitBuilder, Gate, Literal

from ..counting.decision import FALSE, TRUE, compile_diagrams
from ..errors import QueryError
from ..grounding.grounding import Grounding


def answer_bits(grounding: Grounding, budget: int = 1_000_000) -> Circuit:
    """The bits of the answer, dual rail and little-endian: outputs ``bit0=0``, ``bit0=1``, ``bit1=0``, ...

    The circuit has AND and OR gates only and reads no complement: "not this value" of a slot is "one of the others".

    Args:
        grounding: Of a query with one variable that is an integer of at least 0 in every answer.
        budget: Nodes of the decision diagram that the check below may make.

    Raises:
        QueryError: if the query has no single integer variable, or some world has no answer or more than one.
        CountingError: if the check is over budget.

    Example:
        >>> from reasoner import Program, ground
        >>> bits = answer_bits(ground(Program.parse("half(H) :- digit(0, X), H is X // 2."), "half(H)"))
        >>> bits.output_names  # 0 to 4
        ('bit0=0', 'bit0=1', 'bit1=0', 'bit1=1', 'bit2=0', 'bit2=1')
    """
    numbers: list[int] = []
    for answer in grounding.answers:
        values = list(answer.bindings.values())
        if len(values) != 1 or not isinstance(values[0], int) or values[0] < 0:
            raise QueryError(
                f"'{answer.text}' has no bits: '{grounding.query}' needs exactly one variable, an integer of at least 0"
            )
        numbers.append(values[0])
    _check_one_answer(grounding, budget)
    make = CircuitBuilder()
    outputs: dict[str, Literal] = {}
    answers = [
        (_ways(grounding.circuit, c), n) for c, n in zip(grounding.circuit.outputs.tolist(), numbers, strict=True)
    ]
    wires = _positive(make, grounding.circuit, [way for ways, _ in answers for way in ways])
    for bit in range(max(1, max(numbers).bit_length())):
        for value in (0, 1):
            fitting = [wires[way] for ways, number in answers if number >> bit & 1 == value for way in ways]
            outputs[f"bit{bit}={value}"] = make.gate(Gate.OR, [make.false, *fitting])
    return make.build_from(outputs)


def _ways(circuit: Circuit, code: int) -> list[int]:
    """The operands of an answer that is an OR, so that a bit is one OR over all ways to get it; else the answer."""
    gate = (code >> 1) - circuit.first_gate
    if code & 1 == 0 and gate >= 0 and circuit.kinds[gate] == Gate.OR:
        return circuit.operands(gate).tolist()
    return [code]


def _check_one_answer(grounding: Grounding, budget: int) -> None:
    """Each world has exactly one answer, decided on decision diagrams."""
    compiled = compile_diagrams(grounding.circuit, budget)
    diagrams, some = compiled.diagrams, FALSE
    for answer, node in zip(grounding.answers, compiled.outputs, strict=True):
        both = diagrams.combine(Gate.AND, some, node)
        if both != FALSE:
            raise QueryError(
                f"'{grounding.query}' has no single answer: '{answer.text}' holds together with another answer when "
                f"{_world(grounding, diagrams.nodes, both, TRUE)}"
            )
        some = diagrams.combine(Gate.OR, some, node)
    if some != TRUE:
        raise QueryError(
            f"'{grounding.query}' has no answer when {_world(grounding, diagrams.nodes, some, FALSE)}; "
            f"add a rule for that case"
        )


def _world(grounding: Grounding, nodes: list[tuple[int, tuple[int, ...]]], node: int, wanted: int) -> str:
    """A world in which the function of a node is ``wanted``; every node other than the constants has both."""
    facts: list[str] = []
    while node not in (FALSE, TRUE):
        level, children = nodes[node]
        value = next(v for v, child in enumerate(children) if child == wanted or child not in (FALSE, TRUE))
        facts.append(grounding.circuit.inputs[grounding.circuit.one_hot[level][value]])
        node = children[value]
    return " and ".join(facts) or "anything is seen"


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
