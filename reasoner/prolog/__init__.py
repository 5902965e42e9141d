"""The border to SWI-Prolog: texts in, ground rules and replayed proofs out."""
