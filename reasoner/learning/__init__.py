"""Learning: the probabilities of a program, from what was observed."""
