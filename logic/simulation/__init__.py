"""Bit-parallel simulation of spiking logic: 64 waves a word, exact counts, faults."""
