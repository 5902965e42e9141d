"""What refutes or proves a property of a transition system: a trace to a bad state, or an invariant."""

from dataclasses import dataclass

from ..evaluation import Bits


@dataclass(frozen=True, eq=False)
class Trace:
    """A way to a bad state.

    Args:
        state: ``[R]`` the first values of the registers.
        inputs: ``[T, I]`` the inputs of each clock; at the last one the bad literal is true.
    """

    state: Bits
    inputs: Bits


@dataclass(frozen=True)
class Invariant:
    """Why no bad state is reached.

    What is claimed: every reachable state fulfils the clauses; nothing is bad in the first ``clocks`` clocks; and after
    ``clocks`` clocks without bad, whose states fulfil the clauses, comes one without bad.

    Args:
        clauses: Each a disjunction of literals over registers: ``1 + register``, negative for its complement.
        clocks: At least 1.
    """

    clauses: tuple[tuple[int, ...], ...]
    clocks: int = 1
