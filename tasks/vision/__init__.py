"""Accuracy, speed and memory of spiking perception."""
