"""Agreement with ProbLog on random programs."""
