"""Sampling: worlds drawn by chance, and what holds in them."""
