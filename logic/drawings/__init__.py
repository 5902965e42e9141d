"""Circuits and spiking networks drawn as layered graphs in SVG."""
