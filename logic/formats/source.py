"""The text a circuit is read from, and errors that say where in it something is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import FormatError

SPARE_WIRES = 1 << 16


@dataclass(frozen=True)
class Source:
    """The bytes of a file or text.

    Args:
        name: What errors call it: a path, or ``<text>``.
        data: All of it.
        top: The module that is meant, where a file may hold several; None where the file says.
        formal: Whether properties are asked for, which some files hold back otherwise.
        undriven: What a wire that is read but never driven is: ``free`` (an input) or ``zero``.
        macros: ``NAME`` or ``NAME=VALUE``, defined before the first line where the language has macros.
        cells: A library that says what the cells are which the file names (genlib), if one was given.
    """

    name: str
    data: bytes
    top: str | None = None
    formal: bool = False
    cells: "Source | None" = None
    undriven: str = "free"
    macros: tuple[str, ...] = ()

    def error(self, problem: str, line: int | None = None, byte: int | None = None) -> FormatError:
        """An error at a line (from 1) or a byte (from 0)."""
        place = f":{line}" if line is not None else f": byte {byte}" if byte is not None else ""
        return FormatError(f"{self.name}{place}: {problem}")

    def text(self) -> str:
        """The text, with plain line ends.

        Raises:
            FormatError: if it is empty, or holds NUL bytes or anything but UTF-8.
        """
        if not self.data.strip():
            raise self.error("empty; expected a circuit")
        try:
            text = self.data.decode("utf-8")
        except UnicodeDecodeError as wrong:
            line = self.data.count(b"\n", 0, wrong.start) + 1
            value = self.data[wrong.start]
            raise self.error(f"byte 0x{value:02X} is not text; the format is plain ASCII", line) from None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise self.error("a NUL byte; the file is binary or damaged", line)
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def lines(self, comment: str, blank: bool = False) -> Iterator[tuple[int, str]]:
        """Line numbers (from 1) and lines without comments and outer blanks; those left blank only if asked for.

        Raises:
            FormatError: as :meth:`text`, and for letters beyond ASCII outside comments.
        """
        text = self.text()
        plain = text.isascii()
        for number, line in enumerate(text.split("\n"), start=1):
            kept = (line if comment not in line else line[: line.index(comment)]).strip()
            if not plain and not kept.isascii():
                odd = next(letter for letter in kept if not letter.isascii())
                raise self.error(f"the letter {odd!r} is not ASCII; rename what it names", number)
            if kept or blank:
                yield number, kept

    def check_count(self, count: int, what: str, line: int) -> None:
        """Refuses wires that are declared in a number out of all proportion to the file, before any is made."""
        if count > len(self.data) + SPARE_WIRES:
            raise self.error(f"{count} {what} declared in a file of {len(self.data)} bytes; the number is wrong", line)
