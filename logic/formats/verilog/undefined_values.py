"""Undefined values that nothing depends on, found by SAT.

Elaboration leaves some where another choice hides them: a block that assigns a default first and overrides it in
some branches becomes a chain of choices, the inner ones of which have no value where the outer ones do not look.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pysat.solvers import Solver

from ...circuit import Circuit, Gate, Integers

_CONFLICTS = 2_000  # for a question; what stays open stays an input
_PROPAGATIONS = 5_000_000  # likewise; about a second
_MANY = 20_000  # gates times undefined values, in thousands, above which only the common question is asked


def fix_inputs(circuit: Circuit, names: Sequence[str], value: int) -> Circuit:
    """The circuit with some inputs at a value; they are inputs no more.

    Example:
        >>> from logic import parse_circuit
        >>> fix_inputs(parse_circuit("y = a & b", "eqn"), ["b"], 1).inputs
        ('a',)
    """
    fixed = [at for at, name in enumerate(circuit.inputs) if name in set(names)]
    kept = np.delete(np.arange(len(circuit.inputs)), fixed)
    image = np.empty(circuit.wires, dtype=np.int64)
    image[0] = 0
    image[1 + kept] = 2 * np.arange(1, 1 + len(kept))
    image[1 + np.array(fixed, dtype=np.int64)] = value
    image[1 + len(circuit.inputs) :] = 2 * np.arange(1 + len(kept), circuit.wires - len(fixed))

    def moved(literals: Integers) -> Integers:
        return image[literals >> 1] ^ (literals & 1)

    return replace(
        circuit,
        inputs=tuple(circuit.inputs[at] for at in kept),
        free_inputs=tuple(name for name in circuit.free_inputs if name not in set(names)),
        literals=moved(circuit.literals),
        outputs=moved(circuit.outputs),
        register_next=moved(circuit.register_next),
    )


def without_idle(circuit: Circuit, undefined: Sequence[str]) -> Circuit:
    """The circuit without those of its undefined inputs that no output and no register ever depends on.

    Args:
        circuit: Of ANDs, ORs and XORs.
        undefined: Names of inputs.
    """
    if not undefined:
        return circuit
    place = {name: 1 + at for at, name in enumerate(circuit.inputs)}
    wires = [place[name] for name in undefined]
    with Solver("glucose4") as solver:
        asked = _Twins(solver, circuit, wires)
        if asked.hidden([]):
            return fix_inputs(circuit, undefined, 0)
        if len(circuit.kinds) * len(wires) > 1000 * _MANY:
            return circuit
        idle = [name for name, wire in zip(undefined, wires, strict=True) if asked.hidden([wire])]
    return fix_inputs(circuit, idle, 0)


class _Twins:
    """The circuit twice over the same inputs, but for undefined ones; only what depends on these is made twice."""

    def __init__(self, solver: Solver, circuit: Circuit, wires: Sequence[int]) -> None:
        self.solver, self.wires = solver, wires
        self.top = 2 * circuit.wires
        second = np.arange(circuit.wires)
        second[wires] += circuit.wires
        live = np.zeros(circuit.wires, dtype=np.bool_)
        live[wires] = True
        solver.add_clause([-1])  # variable 1 + wire: the constant is false
        for gate, kind in enumerate(circuit.kinds.tolist()):
            own, operands = circuit.first_gate + gate, circuit.operands(gate)
            self._add(kind, 1 + own, [self._variable(code, None) for code in operands.tolist()])
            if live[operands >> 1].any():
                live[own] = True
                second[own] += circuit.wires
                self._add(kind, 1 + int(second[own]), [self._variable(code, second) for code in operands.tolist()])
        self.same = {wire: self._fresh() for wire in wires}
        for wire, selector in self.same.items():
            one, other = 1 + wire, 1 + wire + circuit.wires
            solver.append_formula([[-selector, -one, other], [-selector, one, -other]])
        ends = np.unique(np.concatenate([circuit.outputs, circuit.register_next]) >> 1)
        differences = [self._differs(1 + wire, 1 + int(second[wire])) for wire in ends[live[ends]].tolist()]
        solver.add_clause(differences)

    def hidden(self, wires: Sequence[int]) -> bool:
        """Whether the ends are the same whatever these inputs are (all undefined ones if none are given)."""
        others = [self.same[wire] for wire in self.wires if wires and wire not in wires]
        self.solver.conf_budget(_CONFLICTS)
        self.solver.prop_budget(_PROPAGATIONS)
        return self.solver.solve_limited(assumptions=others) is False

    def _fresh(self) -> int:
        self.top += 1
        return self.top

    @staticmethod
    def _variable(code: int, second: Integers | None) -> int:
        wire = code >> 1 if second is None else int(second[code >> 1])
        return -(1 + wire) if code & 1 else 1 + wire

    def _differs(self, one: int, other: int) -> int:
        """A variable that is false where the two are the same."""
        fresh = self._fresh()
        self.solver.append_formula([[-fresh, one, other], [-fresh, -one, -other]])
        return fresh

    def _add(self, kind: int, head: int, operands: list[int]) -> None:
        """Clauses that a gate computes its kind."""
        if kind == Gate.XOR:
            for at, operand in enumerate(operands[1:], start=1):
                target = head if at == len(operands) - 1 else self._fresh()
                a, b = operands[0], operand
                self.solver.append_formula([[-target, a, b], [-target, -a, -b], [target, -a, b], [target, a, -b]])
                operands[0] = target
            if len(operands) == 1:
                self.solver.append_formula([[-head, operands[0]], [head, -operands[0]]])
            return
        sign = 1 if kind == Gate.AND else -1
        self.solver.append_formula([[-sign * head, sign * operand] for operand in operands])
        self.solver.add_clause([sign * head, *(-sign * operand for operand in operands)])
