"""Spiking networks as digital hardware: Verilog, its simulation and synthesis, and the proof of what came out."""

from ..face import attach as _attach

__getattr__, __dir__ = _attach(__name__, __file__)
