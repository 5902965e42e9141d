"""What solving found: values, what was proved about them, which pictures were read otherwise, or why nothing fits."""

from dataclasses import dataclass
from typing import NamedTuple

from ..prolog.terms import Value
from ..showing import cut, preformatted, table


class SlotReading(NamedTuple):
    """A slot, what perception took it for, and what it must be.

    Args:
        domain: Name of the domain.
        slot: Number of the slot.
        seen: Its most probable value by itself.
        taken: Its value in the most probable consistent reading.
        seen_log_prob: Log-probability of ``seen``, in nats.
        taken_log_prob: Log-probability of ``taken``, in nats.
    """

    domain: str
    slot: int
    seen: int | str
    taken: int | str
    seen_log_prob: float
    taken_log_prob: float

    @property
    def repaired(self) -> bool:
        """Whether the constraints overruled perception."""
        return self.seen != self.taken


class Conflict(NamedTuple):
    """A constraint of a set that cannot be met together.

    Args:
        line: Line of the goal that posted it, from 1; 0 if the query did.
        source: Text of that goal.
        constraint: What it posted, in the names of the query's variables.
    """

    line: int
    source: str
    constraint: str


@dataclass(frozen=True, repr=False)
class Solution:
    """The result of :func:`reasoner.solve`.

    Args:
        query: What was asked.
        solvable: True with a solution, False if it is proved that there is none, None if the budget ran out.
        bindings: The query's variables and their values; lists are tuples.
        unique: Whether no other values of the query's variables meet the constraints, given the slots as they are
            read; proved if True, refuted by another solution if False, None if the budget ran out.
        conflicts: If not solvable, constraints that cannot be met together.
        minimal: Whether none of the conflicts can be spared.
        readings: The slots that the constraints speak of, if symbols were given.
        log_probability: Of the readings together, in nats; no consistent reading is more probable, up to rounding.
        margin: How much less probable, in nats, the next best consistent reading is: 0 for a tie, infinite if there
            is none, None if not found in time or without symbols.
        objective: Least or greatest value that ``labeling`` asks for; proved.
        proved_optimal: Whether the optimum, of probability or objective, is proved.
        by_cp_sat: What rests on the word of CP-SAT alone, of ``impossible``, ``optimal`` and ``unique``; all else that
            is said to be proved is proved by clauses or Z3.
        solver: ``sat``, ``z3``, ``cp-sat`` or, if the rules decided alone, ``rules``.
        seconds: Wall time, the Prolog side included.

    Example:
        >>> from reasoner import ConstraintProgram, solve
        >>> found = solve(ConstraintProgram.parse("square(X) :- X in 2..99, X * X #= 2401."), "square(X)")
        >>> print(found)
        X = 49
        unique: proved that there is no other solution
    """

    query: str
    solvable: bool | None
    bindings: dict[str, Value]
    unique: bool | None = None
    conflicts: tuple[Conflict, ...] = ()
    minimal: bool = False
    readings: tuple[SlotReading, ...] = ()
    log_probability: float | None = None
    margin: float | None = None
    objective: int | None = None
    proved_optimal: bool | None = None
    by_cp_sat: tuple[str, ...] = ()
    solver: str = "rules"
    seconds: float = 0.0

    @property
    def repaired(self) -> tuple[SlotReading, ...]:
        """The slots where the constraints overruled perception."""
        return tuple(reading for reading in self.readings if reading.repaired)

    def to_dict(self) -> dict[str, object]:
        """The solution as JSON can say it."""
        return {
            "query": self.query,
            "solvable": self.solvable,
            "bindings": self.bindings,
            "unique": self.unique,
            "conflicts": [conflict._asdict() for conflict in self.conflicts],
            "minimal": self.minimal,
            "repaired": [reading._asdict() for reading in self.repaired],
            "log_probability": self.log_probability,
            "margin": None if self.margin == float("inf") else self.margin,
            "objective": self.objective,
            "proved_optimal": self.proved_optimal,
            "by_cp_sat": self.by_cp_sat,
            "solver": self.solver,
            "seconds": self.seconds,
        }

    def __repr__(self) -> str:
        word = {True: "solved", False: "impossible", None: "not decided"}[self.solvable]
        shown = "".join(f", {name} = {cut(str(value), 40)}" for name, value in list(self.bindings.items())[:3])
        return cut(f"Solution({cut(self.query, 40)!r}, {word}{shown})", 200)

    def _repr_html_(self) -> str:
        boards = [v for v in self.bindings.values() if isinstance(v, tuple) and v and isinstance(v[0], tuple)]
        if len(self.bindings) == len(boards) == 1:
            rows = [tuple(map(str, row)) for row in boards[0] if isinstance(row, tuple)]
            return table(cut(str(self).splitlines()[-1]), rows)
        return preformatted(str(self))

    def __str__(self) -> str:
        if self.solvable is None:
            return f"{self.query}: not decided within the budget of time"
        if "impossible" in self.by_cp_sat:
            return f"{self.query}: no solution, by CP-SAT; not proved by clauses within the budget"
        if not self.solvable:
            why = "these cannot all hold" if self.conflicts else "the rules fail"
            lines = [
                f"  {f'line {c.line}' if c.line else 'query'}: {' '.join(c.source.split())}\n      {c.constraint}"
                for c in self.conflicts
            ]
            return "\n".join([f"{self.query}: proved to have no solution; {why}", *lines])
        lines = [binding_text(name, value) for name, value in self.bindings.items()]
        if self.objective is not None:
            proof = "proved optimal" if self.proved_optimal else "not proved optimal within the budget"
            proof = "optimal by CP-SAT, not proved by clauses" if "optimal" in self.by_cp_sat else proof
            lines.append(f"objective {self.objective}, {proof}")
        if self.readings:
            lines.append(self._reading_text())
        lines.append(
            "unique by CP-SAT, not proved by clauses: it finds no other solution"
            if "unique" in self.by_cp_sat
            else {
                True: "unique: proved that there is no other solution",
                False: "not unique: there are other solutions",
                None: "whether it is unique was not decided within the budget",
            }[self.unique]
        )
        return "\n".join(lines)

    def _reading_text(self) -> str:
        proof = "proved most probable" if self.proved_optimal else "not proved most probable within the budget"
        ties = " (tied with another)" if self.margin == 0 else ""
        repairs = ", ".join(f"{r.domain}({r.slot}): {r.seen} -> {r.taken}" for r in self.repaired) or "nothing repaired"
        return f"reading {proof}{ties}, log-probability {self.log_probability:.4f}; {repairs}"


def binding_text(name: str, value: Value) -> str:
    """A variable and its value in words; lists of lists are shown as tables."""
    if isinstance(value, tuple) and value and all(isinstance(row, tuple) for row in value):
        rows = [[str(cell) for cell in row] for row in value if isinstance(row, tuple)]
        width = max((len(cell) for row in rows for cell in row), default=1)
        return "\n".join([f"{name} =", *("  " + " ".join(cell.rjust(width) for cell in row) for row in rows)])
    if isinstance(value, tuple):
        return f"{name} = [{', '.join(map(str, value))}]"
    return f"{name} = {value}"
