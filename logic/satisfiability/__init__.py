"""A compiled SAT solver over gates."""
