"""What a symbol, a spike train and a circuit are; imports nothing of ours."""

from .face import attach as _attach

__getattr__, __dir__ = _attach(__name__, __file__)
