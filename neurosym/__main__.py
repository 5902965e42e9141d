"""``python -m neurosym``: the same as the command ``neurosym``."""

from .commands.cli import main

main()
