"""Boolean connectives of Z3 with the types that its own stubs leave open (they also allow for probes and tactics)."""

from collections.abc import Iterable
from typing import cast

import z3


def negation(formula: z3.BoolRef | bool) -> z3.BoolRef:
    """Not ``formula``."""
    return cast(z3.BoolRef, z3.Not(formula))


def conjunction(formulas: Iterable[z3.BoolRef | bool]) -> z3.BoolRef:
    """All of ``formulas``."""
    return cast(z3.BoolRef, z3.And(list(formulas)))


def disjunction(formulas: Iterable[z3.BoolRef | bool]) -> z3.BoolRef:
    """At least one of ``formulas``."""
    return cast(z3.BoolRef, z3.Or(list(formulas)))


def implication(premise: z3.BoolRef, conclusion: z3.BoolRef) -> z3.BoolRef:
    """``conclusion`` wherever ``premise``."""
    return z3.Implies(premise, conclusion)


def equality(left: z3.ExprRef, right: z3.ExprRef | int) -> z3.BoolRef:
    """``left`` equals ``right``."""
    return cast(z3.BoolRef, left == right)
