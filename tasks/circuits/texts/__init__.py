"""Random circuit files as people and tools write them, for comparisons and fuzzing."""
