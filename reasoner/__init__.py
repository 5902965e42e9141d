"""Programs, queries, answers and their proofs."""

from logic.face import attach as _attach

__getattr__, __dir__ = _attach(__name__, __file__)
