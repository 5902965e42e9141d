"""Programs, queries, answers and their proofs."""
