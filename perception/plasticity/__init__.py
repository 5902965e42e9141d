"""Plasticity: rules that learn from spikes alone, and pretraining by them."""
