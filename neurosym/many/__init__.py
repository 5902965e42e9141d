"""Many items at once: in processes or on a cluster, each within its limits, kept in a journal."""
