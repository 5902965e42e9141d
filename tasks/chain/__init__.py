"""The whole chain, from what users bring to a proved answer: programs of others, and showcases."""
