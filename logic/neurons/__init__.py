"""Neurons with dynamics: AdEx and Izhikevich models, and gates made of them."""
