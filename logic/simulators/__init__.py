"""Simulators of others: installed apart, given what we compile, and compared with us spike by spike."""

from ..face import attach as _attach

__getattr__, __dir__ = _attach(__name__, __file__)
