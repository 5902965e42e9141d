"""The bundled puzzles, programs of constraints that `neurosym solve NAME` knows."""
