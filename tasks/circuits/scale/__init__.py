"""Circuits that grow: a million gates, gates of ten thousand inputs, machines of twenty thousand registers."""
