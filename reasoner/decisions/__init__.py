"""Decisions: which ones have the greatest expected utility."""
