"""Proof that a spiking network is its circuit, and that two circuits agree."""

from ..face import attach as _attach

__getattr__, __dir__ = _attach(__name__, __file__)
