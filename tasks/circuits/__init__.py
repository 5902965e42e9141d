"""Circuits proved, mapped, simulated and fuzzed at scale."""
