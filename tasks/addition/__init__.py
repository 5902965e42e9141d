"""Sums of multi-digit numbers from pictures, beside other reasoners."""
