"""Tasks about where networks run: what other simulators say of them."""
