"""How deep a Prolog text nests: SWI-Prolog's reader is recursive in C, and too many brackets would end the process."""

import re

MAX_BRACKETS = 1000
_TOKENS = re.compile(
    r"""[(\[{] | [)\]}] | %[^\n]* | /\*.*?(?:\*/|\Z) | (?<!\w)0'(?:\\.|''|.)
        | '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*`""",
    re.VERBOSE | re.DOTALL,
)


def too_deep(text: str) -> int | None:
    """The position of the first bracket that more than ``MAX_BRACKETS`` others enclose, None if there is none."""
    depth = 0
    for found in _TOKENS.finditer(text):
        first = found.group()[0]
        depth += (first in "([{") - (first in ")]}")
        if depth > MAX_BRACKETS:
            return found.start()
    return None
