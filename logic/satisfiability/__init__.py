"""Compiled SAT solvers: over gates, for sweeping, and over clauses with assumptions, for reachability."""
