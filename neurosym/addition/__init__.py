"""The main job: digits learned from sums, explained, proved, joined, exported."""
