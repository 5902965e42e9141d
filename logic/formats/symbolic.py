"""SymPy's Boolean expressions to and from circuits; the one place that needs SymPy."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..circuit import Circuit, CircuitBuilder, Gate, Literal
from ..errors import CircuitError
from ..lowering import to_and_inverter

if TYPE_CHECKING:
    from sympy.logic.boolalg import Boolean


def from_sympy(outputs: Mapping[str, "Boolean"]) -> Circuit:
    """The circuit of named expressions; their symbols are the inputs, sorted by name.

    Raises:
        CircuitError: for an expression that is not made of symbols and Boolean operators.

    Example:
        >>> from sympy.abc import a, b
        >>> from_sympy({"y": a & ~b}).inputs
        ('a', 'b')
    """
    make = CircuitBuilder()
    symbols = sorted({symbol for expression in outputs.values() for symbol in expression.free_symbols}, key=str)
    leaves = make.inputs(*map(str, symbols))
    known: dict[Any, Literal] = dict(zip(symbols, leaves, strict=True))
    for expression in outputs.values():
        waiting: list[Any] = [expression]
        while waiting:  # by hand, as expressions may be deeper than Python's stack
            node = waiting[-1]
            below = [argument for argument in node.args if argument not in known]
            if node not in known and not below:
                known[node] = _combine(make, node, [known[argument] for argument in node.args])
            waiting += below if node not in known else []
            if node in known:
                waiting.pop()
    return make.build_from({name: known[expression] for name, expression in outputs.items()})


def _combine(make: CircuitBuilder, node: Any, operands: list[Literal]) -> Literal:
    def equivalent() -> Literal:
        return make.gate(Gate.AND, operands) | make.gate(Gate.AND, [~operand for operand in operands])

    rules: dict[str, Callable[[], Literal]] = {
        "BooleanTrue": lambda: ~make.false,
        "BooleanFalse": lambda: make.false,
        "Not": lambda: ~operands[0],
        "And": lambda: make.gate(Gate.AND, operands),
        "Or": lambda: make.gate(Gate.OR, operands),
        "Xor": lambda: make.gate(Gate.XOR, operands),
        "Implies": lambda: ~operands[0] | operands[1],
        "Equivalent": equivalent,
        "ITE": lambda: make.mux(*operands),
    }
    rule = rules.get(type(node).__name__)
    if rule is None:
        raise CircuitError(f"{node} ({type(node).__name__}) is no Boolean operator; use {', '.join(rules)}")
    return rule()


def to_sympy(circuit: Circuit) -> "dict[str, Boolean]":
    """An expression over symbols for each output, as the gates are, nothing simplified.

    Raises:
        CircuitError: if the circuit has registers, which no expression holds.

    Example:
        >>> from logic import parse_circuit
        >>> to_sympy(parse_circuit("y = a & !b", "eqn"))
        {'y': a & ~b}
    """
    from sympy import And, Not, Or, Symbol, Xor, false, true

    if circuit.register_names:
        raise CircuitError(f"an expression holds no register, the circuit has {len(circuit.register_names)}")
    if (circuit.kinds == Gate.MAJ).any():
        circuit = to_and_inverter(circuit)
    build: dict[int, Any] = {Gate.AND: And, Gate.OR: Or, Gate.XOR: Xor}
    wires: list[Any] = [false, *map(Symbol, circuit.inputs)]

    def value(literal: int) -> Any:
        wire = wires[literal >> 1]
        if wire in (true, false):
            return true if (wire == true) != bool(literal & 1) else false
        return Not(wire) if literal & 1 else wire

    wide = np.diff(circuit.offsets).tolist()
    for gate, kind in enumerate(circuit.kinds.tolist()):
        operands = [value(literal) for literal in circuit.operands(gate).tolist()]
        wires.append(build[kind](*operands, evaluate=False) if wide[gate] > 1 else operands[0])
    return {name: value(literal) for name, literal in zip(circuit.output_names, circuit.outputs.tolist(), strict=True)}
