"""Training through rules or on labels: the loop, its settings, resuming, several processes."""
