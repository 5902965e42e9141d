"""The command ``neurosym``, also ``python -m neurosym``: a plain query is answered at once, else all commands are read.

What reads options, helps and completes takes longer to load than most programs take to be answered.
"""

import gc
import sys
from collections.abc import Sequence

_PLAIN = (2, 3)  # words: query FILE, query FILE GOAL


def main() -> None:
    """Run the command that the process was called with."""
    words = sys.argv[1:]
    if is_plain(words):
        _query(*words[1:])
        return
    from .commands.cli import main as run

    run()


def is_plain(words: Sequence[str]) -> bool:
    """Whether the words ask a program without options, and no shell is to be told how they go on.

    Example:
        >>> is_plain(["query", "coins.pl", "win"]), is_plain(["query", "coins.pl", "--json"]), is_plain(["doctor"])
        (True, False, False)
    """
    return len(words) in _PLAIN and words[0] == "query" and not any(word.startswith("-") for word in words)


def _query(path: str, goal: str | None = None) -> None:
    gc.disable()  # what is loaded stays
    from .commands.conventions.ending import plain_errors

    with plain_errors():
        from reasoner.prolog.workers import start_early

        start_early()  # while the rest is loaded
        from pathlib import Path

        from .commands.conventions.files import existing
        from .commands.queries import TIMEOUT, limits_from, report_file
        from .terminal import say

        gc.enable()
        say(report_file(existing(Path(path)), goal, limits_from(TIMEOUT, ()), proofs=False, as_json=False))


if __name__ == "__main__":
    main()
