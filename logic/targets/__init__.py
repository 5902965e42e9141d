"""Where spiking networks run: formats and simulators of others, compared spike by spike."""

from ..face import attach as _attach

__getattr__, __dir__ = _attach(__name__, __file__)
