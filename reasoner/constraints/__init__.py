"""Finite-domain constraints: Prolog posts them, SAT and Z3 solve them."""

from .constraint_program import ConstraintProgram as ConstraintProgram
from .solution import Conflict as Conflict, SlotReading as SlotReading, Solution as Solution
from .solving import solve as solve
