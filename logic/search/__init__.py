"""Search in spikes: rows of constraints become a network that solves them completely, and proves what it says."""
