"""Proofs: the best derivation of an answer, replayed by Prolog and written for readers."""
