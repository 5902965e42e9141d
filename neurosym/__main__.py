"""``python -m neurosym``: the same as the command ``neurosym``."""

from .cli import main

main()
