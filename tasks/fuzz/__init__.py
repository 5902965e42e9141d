"""Mutated inputs of every kind: each must give a result or one clear error, in bounded time and memory."""
