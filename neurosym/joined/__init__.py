"""Perception, race and rules, or search, as one integer network; what is proved of it."""
