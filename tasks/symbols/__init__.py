"""Symbols learned from answers alone: formulas, boards, shortcuts."""
