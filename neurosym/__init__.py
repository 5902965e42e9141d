"""Spiking perception, spiking logic and a reasoner in one differentiable chain."""
