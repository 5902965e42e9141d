"""From a spiking network to what a target can express: one flat form, and passes that keep every spike."""

from ..face import attach as _attach

__getattr__, __dir__ = _attach(__name__, __file__)
