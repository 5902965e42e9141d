"""``python -m neurosym``: the same as the command ``neurosym``."""

from .commands.entry import main

main()
