"""The words of a Verilog text, one after the other, with their lines."""

import re
from typing import NoReturn

from ...errors import FormatError
from ..source import Source


class BeyondFlat(FormatError):
    """Verilog that is more than one flat module of gates, as far as can be told; the text says where."""


_DROPPED = re.compile(
    r"(\\\S+)|//[^\n]*|/\*.*?(?:\*/|\Z)|\(\*(?!\s*\)).*?(?:\*\)|\Z)|`(?:timescale|default_nettype)[^\n]*", re.DOTALL
)
_WORD = re.compile(r"\\\S+|[A-Za-z_][\w$]*|\d*'[bBhHdD]\w+|\d+|<=|&&|\|\||~\^|\^~|[^\s\w]")
_PLAIN = re.compile(r"[A-Za-z_][\w$]*")
_SPACE = re.compile(r"\s*")
_NAME = r"(\\\S+(?=\s)|[A-Za-z_][\w$]*)"
_OPERAND = rf"(~?)\s*{_NAME}"
_WIRES = re.compile(rf"\s*wire\s+{_NAME}\s*(?:,\s*{_NAME}\s*)*+;")
_SIMPLE = re.compile(rf"\s*assign\s+{_NAME}\s*=\s*{_OPERAND}\s*(?:([&|^])\s*{_OPERAND}\s*)?;")
_STRUCTURE = ("module", "endmodule", "input", "output", "inout", "wire", "reg", "assign")
_CLOCKED = ("always", "initial", "begin", "end", "posedge", "negedge")
_PRIMITIVES = ("and", "nand", "or", "nor", "xor", "xnor", "not", "buf")
_KEYWORDS = frozenset((*_STRUCTURE, *_CLOCKED, *_PRIMITIVES))

Simple = tuple[str, tuple[int, int], tuple[str, str], str | None, int]


def beyond_flat(source: Source, problem: str, line: int) -> BeyondFlat:
    """An error at a line of what another reader may know."""
    return BeyondFlat(str(source.error(problem, line)))


def is_keyword(name: str) -> bool:
    """Whether a name must be escaped."""
    return name in _KEYWORDS


def wire_key(word: str) -> str:
    r"""What a wire is called within the reader: an escaped name keeps its mark, unless it needs none.

    So the bit ``a[1]`` of a vector and the wire of the escaped name ``a[1]`` are two, as the standard has it.

    Example:
        >>> wire_key("\\a[1]"), wire_key("\\a"), wire_key("a")
        ('\\a[1]', 'a', 'a')
    """
    return word[1:] if word[0] == "\\" and _PLAIN.fullmatch(word[1:]) else word


def read_words(source: Source) -> "Words":
    """The words of a text without its comments.

    Raises:
        FormatError: if it is not text, or a letter beyond ASCII is outside comments.
    """

    def blank(match: re.Match[str]) -> str:
        return match[1] or " " + "\n" * match[0].count("\n")

    text = _DROPPED.sub(blank, source.text())
    if not text.isascii():
        at = next(index for index, letter in enumerate(text) if not letter.isascii())
        raise source.error(f"the letter {text[at]!r} is not ASCII; rename what it names", text.count("\n", 0, at) + 1)
    return Words(source, text)


class Words:
    """A place in the text; words are read on demand, so that common statements can be matched whole."""

    def __init__(self, source: Source, text: str) -> None:
        self.source, self.text = source, text
        self.at = 0
        self._counted, self._line = 0, 1
        self._skip()

    @property
    def finished(self) -> bool:
        """Whether no word is left."""
        return self.at >= len(self.text)

    @property
    def line(self) -> int:
        """The line of the next word."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def peek(self, ahead: int = 0) -> str:
        """The next word, or one further ahead; empty at the end."""
        at, word = self.at, ""
        for _ in range(ahead + 1):
            match = _WORD.match(self.text, at)
            if match is None:
                return ""
            word = match[0]
            at = _SPACE.match(self.text, match.end()).end()  # pyright: ignore[reportOptionalMemberAccess]
        return word

    def take(self) -> str:
        """The next word, which is passed."""
        match = _WORD.match(self.text, self.at)
        if match is None:
            self._fail("a word" if self.finished else f"no {self.text[self.at]!r}")
        self.at = match.end()
        self._skip()
        return match[0]

    def next_is(self, word: str) -> bool:
        """Whether the next word is this one, which is then passed."""
        if self.peek() != word:
            return False
        self.take()
        return True

    def one_of(self, *words: str) -> str:
        """The next word, which must be one of these."""
        if self.peek() not in words:
            self._fail(" or ".join(repr(word) for word in words))
        return self.take()

    def expect(self, word: str) -> None:
        """Passes this word."""
        self.one_of(word)

    def name(self) -> str:
        """The next word, an identifier, as :func:`wire_key` has it."""
        word = self.peek()
        if word[:1] == "\\":
            return wire_key(self.take())
        if not (word[:1].isalpha() or word[:1] == "_") or word in _KEYWORDS:
            self._fail("a name")
        return self.take()

    def number(self) -> int:
        """The next word, a number of at most nine digits."""
        word = self.peek()
        if not word.isdigit() or len(word) > 9:
            self._fail("a number")
        return int(self.take())

    def skip_wires(self) -> None:
        """Passes declarations of plain wires, which say nothing that their use does not."""
        while match := _WIRES.match(self.text, self.at):
            self.at = match.end()
            self._skip()

    def simple_assign(self) -> Simple | None:
        """``assign y = ~a & b;`` whole: name, complements, operand names, operator (or none) and line."""
        match = _SIMPLE.match(self.text, self.at)
        if match is None:
            return None
        line = self.line
        head, flip, first, operator, second_flip, second = match.groups()
        self.at = match.end()
        self._skip()
        return (
            head,
            (int(flip == "~"), int(second_flip == "~")),
            (first, second or ""),
            operator,
            line,
        )

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _fail(self, expected: str) -> NoReturn:
        found = repr(self.peek()) if not self.finished else "the end of the text"
        raise beyond_flat(self.source, f"expected {expected}, got {found}", self.line)
