"""A list of Verilog files (``.f``), as simulators take it: files, folders, macros and the top module."""

import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path

from ...errors import FormatError
from ..source import Source

_MACRO = re.compile(r"[A-Za-z_]\w*(=[\w'.+-]*)?")
_DEEPEST = 16  # lists within lists


@dataclass(frozen=True)
class Design:
    """Verilog files that belong together.

    Args:
        files: Name and content of each, in their order.
        folders: Where included files may be.
        top: The module that is meant; None if it is the one that no other contains.
        formal: Whether the macro ``FORMAL`` is defined rather than ``SYNTHESIS``.
        macros: ``NAME`` or ``NAME=VALUE``, defined before the first file.
        cells: A library (genlib or Liberty) of the cells that the files name.
        undriven: What a wire without a driver is, ``free`` or ``zero``.
    """

    files: tuple[tuple[str, bytes], ...]
    folders: tuple[Path, ...]
    top: str | None = None
    formal: bool = False
    macros: tuple[str, ...] = ()
    cells: Source | None = None
    undriven: str = "free"


def parse_list(source: Source) -> Design:
    """The design of a list: a file a word, ``+incdir+FOLDER``, ``+define+NAME=VALUE``, ``-top NAME``, ``-f LIST``.

    Files and folders are looked for from the list's own folder. ``//`` and ``#`` begin comments.

    Raises:
        FormatError: naming the line, for an option that is not known or a file that cannot be read.
    """
    found = _List(source.top)
    found.read(source, 0)
    if not found.files:
        raise source.error("names no Verilog file")
    folders = [*(Path(name).resolve().parent for name, _ in found.files), *found.folders]
    return Design(
        tuple(found.files),
        tuple(dict.fromkeys(folders)),
        source.top or found.top,
        source.formal,
        (*found.macros, *source.macros),
        source.cells,
        source.undriven,
    )


def checked_macro(text: str, place: str = "") -> str:
    """A definition of a macro.

    Args:
        text: The definition.
        place: What an error begins with.

    Raises:
        FormatError: if it is none.

    Example:
        >>> checked_macro("WIDTH=8")
        'WIDTH=8'
    """
    if not _MACRO.fullmatch(text):
        raise FormatError(f"{place}{text!r} is no macro; write NAME or NAME=VALUE of letters and digits")
    return text


class _List:
    """What lists have said by now."""

    def __init__(self, top: str | None) -> None:
        self.files: list[tuple[str, bytes]] = []
        self.folders: list[Path] = []
        self.macros: list[str] = []
        self.top = top

    def read(self, source: Source, depth: int) -> None:
        """Takes up what a list says."""
        home = Path(source.name).parent
        for line, text in enumerate(source.text().split("\n"), start=1):
            words = iter(re.sub(r"(^|\s)(//|#).*", "", text).split())
            for word in words:
                if word.startswith("+incdir+"):
                    self.folders += [home / folder for folder in word.split("+")[2:] if folder]
                elif word.startswith("+define+"):
                    self.macros += [
                        checked_macro(macro, f"{source.name}:{line}: ") for macro in word.split("+")[2:] if macro
                    ]
                elif word in ("-top", "--top", "--top-module"):
                    self.top = next(words, "")
                elif word in ("-f", "-F"):
                    if depth == _DEEPEST:
                        raise source.error(f"lists within lists are more than {_DEEPEST} deep", line)
                    inner = home / next(words, "")
                    self.read(Source(str(inner), self._bytes(source, inner, line)), depth + 1)
                elif word[0] in "+-" and word != "-v":
                    known = "a file, +incdir+FOLDER, +define+NAME=VALUE, -top NAME, -f LIST or -v FILE"
                    raise source.error(f"the option {word!r} is not known; give {known}", line)
                elif word != "-v":
                    self.files.append((str(home / word), self._bytes(source, home / word, line)))

    @staticmethod
    def _bytes(source: Source, path: Path, line: int) -> bytes:
        try:
            return path.read_bytes().removeprefix(BOM_UTF8)
        except (OSError, ValueError) as wrong:
            raise FormatError(f"{source.name}:{line}: {path} cannot be read ({wrong})") from None
