"""Counting: the probability of a ground program, exact or bounded, batched and differentiable."""
