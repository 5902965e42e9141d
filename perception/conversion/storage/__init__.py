"""Converted networks in files, and networks to convert from files."""
