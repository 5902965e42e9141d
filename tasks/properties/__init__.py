"""Properties of clocked circuits: how many are settled, and how fast, beside others."""
