"""Clauses: circuits and choices of one value as propositional clauses in a SAT solver."""

from collections.abc import Sequence
from itertools import combinations

from pysat.solvers import Glucose4

from logic import Circuit, Gate

from ..errors import CountingError


class Clauses:
    """An incremental solver and the clauses about circuits that it holds; literals are signed integers.

    Args:
        conflicts: Of the solver in one call, so that a hard call ends too.
    """

    def __init__(self, conflicts: int) -> None:
        self._conflicts = conflicts
        self._solver = Glucose4(incr=True)
        self._last = 1
        self.true = 1
        self.add(self.true)

    def fresh(self) -> int:
        """A new variable."""
        self._last += 1
        return self._last

    def choice(self, size: int) -> list[int]:
        """New variables, exactly one of them true."""
        made = [self.fresh() for _ in range(size)]
        self.add(*made)
        for first, second in combinations(made, 2):
            self.add(-first, -second)
        return made

    def any_of(self, literals: Sequence[int]) -> int:
        """A literal that is true where one of the literals is."""
        result = self.fresh()
        self.add(-result, *literals)
        for literal in literals:
            self.add(result, -literal)
        return result

    def outputs(self, circuit: Circuit, inputs: Sequence[int]) -> list[int]:
        """The outputs of a circuit of AND and OR gates over literals (Tseitin's encoding)."""
        wires = [-self.true, *inputs]

        def read(code: int) -> int:
            return -wires[code >> 1] if code & 1 else wires[code >> 1]

        for gate, kind in enumerate(circuit.kinds.tolist()):
            operands = [read(code) for code in circuit.operands(gate).tolist()]
            conjunction = kind == Gate.AND
            made = self.any_of([-operand for operand in operands] if conjunction else operands)
            wires.append(-made if conjunction else made)
        return [read(code) for code in circuit.outputs.tolist()]

    def add(self, *literals: int) -> None:
        """One of the literals is true."""
        self._solver.add_clause(literals)

    def solve(self, assumptions: Sequence[int] = ()) -> set[int] | None:
        """The true variables of a model, or None if there is none.

        Raises:
            CountingError: if the budget of conflicts is spent.
        """
        self._solver.conf_budget(self._conflicts)
        holds = self._solver.solve_limited(assumptions=list(assumptions))
        if holds is None:
            raise CountingError(f"a SAT solver did not decide within {self._conflicts} conflicts")
        return set(self._solver.get_model() or ()) if holds else None
