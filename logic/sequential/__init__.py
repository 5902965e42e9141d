"""Clocked circuits against each other: correspondence of signals by induction, differences by simulation and SAT."""
