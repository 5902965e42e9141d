"""Puzzles from texts and from pictures."""
