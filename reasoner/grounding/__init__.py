"""Grounding: programs and queries become ground rules and one circuit."""
