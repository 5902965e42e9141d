"""Scripts that the Python of another simulator's environment runs; they import nothing of ours but each other."""
