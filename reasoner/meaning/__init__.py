"""What a rule means: as a Z3 formula, as bits of its answer, and which other meanings fit."""
