"""Checks what is said of an invariant before PROVED is said: plain formulas and a solver of its own, of another kind.

It shares no code with what searches invariants, and asks each question of the circuit as it was given.
"""

from pysat.solvers import Solver

from ..circuit import Circuit
from ..lowering import to_and_inverter
from ..roles import Role
from .trace import Invariant

_ENGINE = "cadical153"


def check_invariant(circuit: Circuit, bad: int, invariant: Invariant) -> str:
    """What is wrong with an invariant, or nothing.

    Args:
        circuit: With constraints as roles, and one-hot groups of inputs.
        bad: The position of an output that is never true if nothing is wrong.
        invariant: Its clauses speak of the circuit's registers.
    """
    registers, clocks = len(circuit.register_names), invariant.clocks
    if clocks < 1:
        return f"it is about {clocks} clocks; at least 1 is needed"
    for clause in invariant.clauses:
        if not all(1 <= abs(literal) <= registers for literal in clause):
            return f"the clause {list(clause)} names a register that does not exist"
    initial = [0, *circuit.register_initial.tolist()]
    for clause in invariant.clauses:
        known = any(initial[abs(literal)] == int(literal > 0) for literal in clause)
        if not known and not any(-literal in clause for literal in clause):
            return f"the clause {list(clause)} does not hold in every first state"
    with _Unrolled(circuit) as base:
        base.begin()
        for clock in range(clocks):
            base.constrain(clock)
            if base.possible([base.output(bad, clock)]):
                return f"the property fails at clock {clock}"
    with _Unrolled(circuit) as step:
        for clock in range(clocks):
            step.constrain(clock)
            step.add([-step.output(bad, clock)])
            for clause in invariant.clauses:
                step.add([step.register(literal, clock) for literal in clause])
        for clause in invariant.clauses:
            if step.possible([-step.register(literal, clocks) for literal in clause]):
                return f"the clause {list(clause)} is not inductive"
        for clause in invariant.clauses:
            step.add([step.register(literal, clocks) for literal in clause])
        step.constrain(clocks)
        if step.possible([step.output(bad, clocks)]):
            return f"{clocks} good clocks may be followed by a bad one"
    return ""


class _Unrolled:
    """Clocks of a circuit as clauses, wire by wire as they are asked for."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        low = to_and_inverter(circuit)
        self._pairs = low.literals.reshape(-1, 2).tolist()
        self._outputs, self._following = low.outputs.tolist(), low.register_next.tolist()
        self._first_register, self._first_gate = 1 + len(low.inputs), low.first_gate
        self._solver = Solver(_ENGINE)
        self._solver.add_clause([-1])
        self._known: list[dict[int, int]] = []  # wire to variable, each clock
        self._count = 1

    def __enter__(self) -> "_Unrolled":
        return self

    def __exit__(self, *_: object) -> None:
        self._solver.delete()

    def add(self, clause: list[int]) -> None:
        """Adds a clause of variables."""
        self._solver.add_clause(clause)

    def possible(self, literals: list[int]) -> bool:
        """Whether all can be true."""
        return bool(self._solver.solve(assumptions=literals))

    def begin(self) -> None:
        """Says that clock 0 has first values."""
        for at, value in enumerate(self._circuit.register_initial.tolist()):
            if value >= 0:
                self.add([self.register((at + 1) * (1 if value else -1), 0)])

    def constrain(self, clock: int) -> None:
        """Says that all constraints hold at a clock."""
        for at, role in enumerate(self._circuit.roles):
            if role is Role.CONSTRAINT:
                self.add([self.output(at, clock)])
        for group in self._circuit.one_hot:
            members = [self._variable(2 * (1 + position), clock) for position in group]
            self.add(members)
            for at, member in enumerate(members):
                for other in members[:at]:
                    self.add([-member, -other])

    def output(self, position: int, clock: int) -> int:
        """The variable of an output."""
        return self._variable(self._outputs[position], clock)

    def register(self, literal: int, clock: int) -> int:
        """The variable of what a register holds, or of its complement."""
        variable = self._variable(2 * (self._first_register + abs(literal) - 1), clock)
        return variable if literal > 0 else -variable

    def _variable(self, literal: int, clock: int) -> int:
        while len(self._known) <= clock:
            self._known.append({0: 1})
        waiting = [(literal >> 1, clock)]
        while waiting:
            wire, now = waiting[-1]
            known = self._known[now]
            if wire in known:
                waiting.pop()
            elif wire >= self._first_gate:
                sides = self._pairs[wire - self._first_gate]
                missing = [(side >> 1, now) for side in sides if side >> 1 not in known]
                if missing:
                    waiting += missing
                    continue
                self._count += 1
                known[wire] = out = self._count
                left, right = (-known[side >> 1] if side & 1 else known[side >> 1] for side in sides)
                for clause in ([-out, left], [-out, right], [out, -left, -right]):
                    self.add(clause)
            elif wire >= self._first_register and now:
                before = self._following[wire - self._first_register]
                if before >> 1 not in self._known[now - 1]:
                    waiting.append((before >> 1, now - 1))
                    continue
                variable = self._known[now - 1][before >> 1]
                known[wire] = -variable if before & 1 else variable
            else:
                self._count += 1
                known[wire] = self._count
        variable = self._known[clock][literal >> 1]
        return -variable if literal & 1 else variable
