"""Properties of clocked circuits, proved or refuted with a witness (model checking)."""

from ..face import attach as _attach

__getattr__, __dir__ = _attach(__name__, __file__)
