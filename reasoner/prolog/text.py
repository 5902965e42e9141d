"""Prolog texts as they cross the border: each is checked once, when it is made, before SWI-Prolog sees it.

What the check bounds are counts in the text itself, so that the same text is taken or refused on every machine.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

from logic.errors import NeurosymError

from ..errors import ProgramError, ProofError, QueryError

MAX_CHARACTERS = 50_000_000
MAX_BRACKETS = 1000
MAX_DIGITS = 4000  # of a number; Python reads 4,300 at most
_MARK = "\ufeff"  # of the byte order
_SHOWN = 1000  # characters of a line in a message

_TOKENS = re.compile(
    r"""(?P<open>[(\[{]) | (?P<close>[)\]}]) | %[^\n]* | /\*.*?(?:\*/|\Z) | (?<!\w)0'(?:\\.|''|.)
        | '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*`
        | (?P<number>(?<!\w)[0-9](?:[\w']|(?<=_)\s+(?=[0-9])){"""
    + str(MAX_DIGITS)
    + "})",
    re.VERBOSE | re.DOTALL,
)
_SPECIAL = re.compile(r"[^ !#-&(-\[\]-~]")
_ESCAPES = {"\n": "\\n", "\\": "\\\\", '"': '\\"', "'": "\\'"}


def quote_atom(name: str) -> str:
    r"""The name as a quoted Prolog atom, in ASCII.

    Example:
        >>> quote_atom("Ä b")
        "'\\xc4\\ b'"
    """
    return f"'{_escaped(name)}'"


def quote_string(text: str) -> str:
    r"""The text as a Prolog string, in ASCII.

    Example:
        >>> print(quote_string('say "hi"'))
        "say \"hi\""
    """
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """As it is written between quotes."""
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0]) or f"\\x{ord(found[0]):x}\\", text)


class Part(NamedTuple):
    """Where a stretch of a text came from.

    Args:
        start: Its first character in the text.
        source: The file.
        line: The line there, from 1.
        column: The column there, from 0.
    """

    start: int
    source: str
    line: int = 1
    column: int = 0

    def moved(self, offset: int) -> "Part":
        """The same, so many characters later."""
        return self._replace(start=self.start + offset)


@dataclass(frozen=True)
class PrologText:
    r"""A program's text, in which nothing can end or hold up the process that reads it.

    A byte order mark at its beginning is left out.

    Args:
        text: What Prolog reads.
        source: Where it came from, for messages.
        parts: Where each stretch of it came from, in order, if it was joined from several files.

    Raises:
        ProgramError: if it holds a NUL character, is too long, nests too deep, or has a number of too many digits; with
            source, line and column.

    Example:
        >>> PrologText("p(1).\nq(2).", "rules.pl").line(8)
        2
        >>> PrologText("p(0" + 5000 * "1" + ").", "rules.pl")
        Traceback (most recent call last):
        ...
        reasoner.errors.ProgramError: rules.pl: a number has more than 4000 digits; compute it, line 1, column 3
    """

    text: str
    source: str
    parts: tuple[Part, ...] = ()
    error: ClassVar[type[NeurosymError]] = ProgramError
    what: ClassVar[str] = ""  # what it is, for messages
    brackets: ClassVar[int] = MAX_BRACKETS

    def __post_init__(self) -> None:
        if self.text.startswith(_MARK):
            object.__setattr__(self, "text", self.text[1:])
        if len(self.text) > MAX_CHARACTERS:
            raise self.refusal(f"the text has {len(self.text)} characters, more than {MAX_CHARACTERS}; split it")
        if "\0" in self.text:
            raise self.refusal("the text holds a NUL character; is it a text file?")
        depth = 0
        for found in _TOKENS.finditer(self.text):
            if found.lastgroup == "open":
                depth += 1
                if depth > self.brackets:
                    reason = (
                        f"brackets are nested more than {self.brackets} deep; write it flatter, or build it by a rule"
                    )
                    raise self.refusal(reason, found.start())
            elif found.lastgroup == "close":
                depth -= 1
            elif found.lastgroup == "number":
                raise self.refusal(f"a number has more than {MAX_DIGITS} digits; compute it", found.start())

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The text in a UTF-8 file.

        Raises:
            ProgramError: as the class, or if the file cannot be read or is not UTF-8.
        """
        path = Path(path)
        try:
            size = path.stat().st_size
            if size > 4 * MAX_CHARACTERS:
                raise cls.error(f"{path}: the file has {size} bytes, more than {4 * MAX_CHARACTERS}; split it")
            return cls(path.read_text(encoding="utf-8"), str(path))
        except UnicodeDecodeError as error:
            raise cls.error(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text") from None
        except OSError as error:
            raise cls.error(f"{path}: cannot be read ({error.strerror})") from None

    @property
    def quoted(self) -> str:
        """As a Prolog string, in ASCII."""
        return quote_string(self.text)

    def line(self, offset: int) -> int:
        """The line of a character position, from 1, in the file that it came from."""
        part, line = self._part(offset), bisect_right(self._starts, offset)
        return line if part is None else part.line + line - bisect_right(self._starts, part.start)

    def column(self, offset: int) -> int:
        """The column of a character position, from 0, in the file that it came from."""
        start = self._starts[bisect_right(self._starts, offset) - 1]
        part = self._part(offset)
        return part.column + offset - part.start if part is not None and part.start > start else offset - start

    @property
    def whole_parts(self) -> tuple[Part, ...]:
        """Where all of it came from."""
        return self.parts or (Part(0, self.source),)

    def _part(self, offset: int) -> Part | None:
        if not self.parts:
            return None
        return self.parts[max(0, bisect_right(self.parts, offset, key=lambda part: part.start) - 1)]

    def place(self, offset: int) -> str:
        """Line, column and the line's text at a character position, for messages; nothing for negative positions."""
        if offset < 0 or not self.text:
            return ""
        offset = min(offset, len(self.text))
        part = self._part(offset)
        source = f", {part.source}" if part is not None and part.source != self.source else ""
        start = self._starts[bisect_right(self._starts, offset) - 1]
        end = self.text.find("\n", start)
        shown = self.text[start : end if end >= 0 else None].strip()
        cited = f"\n    {shown}" if 0 < len(shown) <= _SHOWN else ""
        return f"{source}, line {self.line(offset)}, column {self.column(offset) + 1}{cited}"

    def refusal(self, reason: str, offset: int = -1) -> NeurosymError:
        """The error that says what is wrong in this text, and where."""
        return self.error(f"{self.source}: {self.what}{reason}{self.place(offset)}")

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]


class QueryText(PrologText):
    """A goal that is asked, checked as a program's text is; what is wrong is a ``QueryError``."""

    error = QueryError
    what = "the query: "


class ProofText(PrologText):
    """A part of a proof as we write it for Prolog, whose atoms may be as deep as those that Prolog wrote."""

    error = ProofError
    what = "the proof: "
    brackets = 100_000
