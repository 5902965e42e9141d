"""Compilation: a ground program becomes a circuit that can be counted, in the way that is predicted to cost least."""
