"""The words of a Verilog text and where its statements end, as far as checks need them."""

import re
from bisect import bisect_left
from collections.abc import Iterator

_DROPPED = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_TOKEN = re.compile(r"\\\S+|[A-Za-z_][\w$]*|[-+*/%&|^]=|<<<?=|>>>?=|[<>=!]==?|\S")
MODULE = re.compile(r"\bmodule\s+(?:(?:automatic|static)\s+)?\\?([^\s(#;]+)")
CASES = ("case", "casez", "casex")


def plain(text: str) -> str:
    """A text without comments and strings, line by line.

    Example:
        >>> plain('a; // b')
        'a;  '
    """
    return _DROPPED.sub(lambda match: " " + "\n" * match[0].count("\n"), text)


class Tokens:
    """The words of a text; every step beyond its end stays there."""

    def __init__(self, text: str) -> None:
        self._ends = [at for at, letter in enumerate(text) if letter == "\n"]
        found = list(_TOKEN.finditer(text))
        self.words = [match[0] for match in found]
        self._starts = [match.start() for match in found]

    def word(self, at: int) -> str:
        """A word, or nothing beyond the end."""
        return self.words[at] if at < len(self.words) else ""

    def line(self, at: int) -> int:
        """The line of a word."""
        return bisect_left(self._ends, self._starts[at]) + 1

    def skip_brackets(self, at: int) -> int:
        """The place after what is in parentheses there; the next one if there are none (``@*``)."""
        depth = 0
        while at < len(self.words):
            depth += (self.words[at] == "(") - (self.words[at] == ")")
            at += 1
            if depth <= 0:
                break
        return at

    def skip_statement(self, at: int) -> int:
        """The place after a statement."""
        while at < len(self.words):
            word = self.words[at]
            if word == "if":
                at = self.skip_statement(self.skip_brackets(at + 1))
                if self.word(at) != "else":
                    return at
                at += 1
            elif word in ("for", "while", "repeat", "@"):
                at = self.skip_brackets(at + 1)
            elif word == "begin":
                return self._skip_nested(at, ("begin",), "end")
            elif word in CASES:
                return self._skip_nested(at, CASES, "endcase")
            elif word in ("unique", "unique0", "priority"):
                at += 1
            else:
                return next((place for place in range(at, len(self.words)) if self.words[place] == ";"), at) + 1
        return at

    def _skip_nested(self, at: int, opening: tuple[str, ...], closing: str) -> int:
        depth = 0
        while at < len(self.words):
            depth += (self.words[at] in opening) - (self.words[at] == closing)
            at += 1
            if not depth:
                break
        return at

    def targets(self, start: int, end: int) -> Iterator[str]:
        """What is assigned by ``=``, or by ``+=`` and the like, between two places."""
        for at in range(start, end):
            word = self.words[at]
            if word == "=" or (len(word) > 1 and word[-1] == "=" and word[0] not in "=!<>") or word in ("<<=", ">>="):
                yield from self._before(at, start)

    def late_targets(self, start: int, end: int) -> Iterator[str]:
        """What is assigned by ``<=`` between two places; within parentheses or after ``=`` it compares."""
        depth, compares = 0, False
        for at in range(start, end):
            word = self.words[at]
            depth += (word == "(") - (word == ")")
            if word in (";", "begin", "else"):
                compares = False
            elif word == "=":
                compares = True
            elif word == "<=" and not depth and not compares:
                yield from self._before(at, start)
                compares = True

    def _before(self, at: int, start: int) -> Iterator[str]:
        """The names before an assignment, back over selections and concatenations."""
        place, square, curly = at - 1, 0, 0
        while place >= start:
            name = self.words[place]
            square += (name == "]") - (name == "[")
            curly += (name == "}") - (name == "{")
            if not square and (name[0].isalpha() or name[0] in "_\\"):
                yield name
            if not square and not curly and name != "[":
                break
            place -= 1
