"""Networks that make percepts of pictures, and what is measured on them."""
