"""What can be seen of a run: pages, charts and pictures."""
