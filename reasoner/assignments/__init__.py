"""Assignments: the most probable worlds, and the most probable truth of what is asked, given the evidence."""
