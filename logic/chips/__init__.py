"""Whether a spiking network fits on a neuromorphic chip, which limit binds, and what would help."""

from ..face import attach as _attach

__getattr__, __dir__ = _attach(__name__, __file__)
