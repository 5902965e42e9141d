"""Search in spikes: how far, how fast and how right."""
