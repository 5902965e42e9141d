"""Files that a program's text brings in: consulted programs and tables, each put in the place of its directive.

They lie in the folder of the program or below it; nothing else can be named, and nothing is written.
"""

import re
from pathlib import Path

from ..errors import ProgramError
from .border import Limits, Refusal, request
from .reasons import sentence
from .tables import csv_clauses, sqlite_clauses
from .text import MAX_CHARACTERS, Part, PrologText

_MAY_BRING = re.compile(r"consult|csv_load|sqlite_load|\.py\b")  # a text without these words brings in no file
_MOST = 100  # files of one program


def with_files(text: PrologText, path: Path, calls_python: bool, limits: Limits) -> PrologText:
    """The text with its files in the places of the directives that name them.

    Args:
        text: The program.
        path: Its file.
        calls_python: Whether it is given predicates of Python; then directives that load a module are left out.
        limits: What reading may spend.

    Raises:
        ProgramError: if a file is missing, lies outside the folder, brings in itself, or is no such table; with source
            and line of the directive.
    """
    return _Including(path.resolve().parent, calls_python, limits).whole(text, (path.resolve(),))


class _Including:
    """One program and all that it brings in."""

    def __init__(self, folder: Path, calls_python: bool, limits: Limits) -> None:
        self._folder = folder.resolve()
        self._calls_python = calls_python
        self._limits = limits
        self._count = 0

    def whole(self, text: PrologText, above: tuple[Path, ...]) -> PrologText:
        """The text and, in their places, the texts of its directives."""
        if not _MAY_BRING.search(text.text):
            return text
        try:
            found: list[list[str]] = request(self._limits, "files", text)
        except Refusal as refusal:
            raise ProgramError(sentence(refusal, text)) from None
        pieces: list[PrologText | tuple[int, int]] = []
        copied = 0
        for start, end, *directive in ((int(row[0]), int(row[1]), *row[2:]) for row in found):
            pieces += ((copied, start), self._brought(directive, text.place(start), text.source, above))
            copied = end
        return _joined(text, [*pieces, (copied, len(text.text))]) if found else text

    def _brought(self, directive: list[str], place: str, source: str, above: tuple[Path, ...]) -> PrologText:
        """What stands for one directive."""
        kind, name = directive[:2]
        shown = f":- {kind}('{name}')"
        if kind == "use_module":
            if self._calls_python:
                return PrologText("", name)
            raise ProgramError(
                f"{source}: the directive '{shown}' loads Python, which a program may not do by itself; pass what it "
                f"calls, as Program.read(path, predicates={{'name/3': function}}){place}"
            )
        self._count += 1
        if self._count > _MOST:
            raise ProgramError(f"{source}: more than {_MOST} files are brought in; join them{place}")
        path = self._inside(Path(name) if kind != "consult" or name.endswith(".pl") else Path(f"{name}.pl"))
        if path is None:
            raise ProgramError(
                f"{source}: the directive '{shown}' names no file in {self._folder}; a program brings in files of its "
                f"own folder or below it{place}"
            )
        if kind == "consult":
            if path in above:
                raise ProgramError(f"{source}: '{name}' brings in itself; leave out one directive{place}")
            return self.whole(PrologText.read(path), (*above, path))
        try:
            clauses = csv_clauses(path, directive[2]) if kind == "csv_load" else sqlite_clauses(path)
        except ProgramError as error:
            raise ProgramError(f"{source}: {error}{place}") from None
        return PrologText(clauses, str(path))

    def _inside(self, name: Path) -> Path | None:
        """The file of that name, if it is one of the folder."""
        try:
            path = (self._folder / name).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return None
        return path if path.is_file() and path.is_relative_to(self._folder) else None


def _joined(text: PrologText, pieces: list[PrologText | tuple[int, int]]) -> PrologText:
    """One text whose parts know where they came from."""
    written: list[str] = []
    parts: list[Part] = []
    length = 0
    for piece in pieces:
        own = piece.text if isinstance(piece, PrologText) else text.text[piece[0] : piece[1]]
        if isinstance(piece, PrologText):
            own = f"\n{own}\n"
            parts += [part.moved(length + 1) for part in piece.whole_parts]
        else:
            parts.append(Part(length, text.source, text.line(piece[0]), text.column(piece[0])))
        written.append(own)
        length += len(own)
        if length > MAX_CHARACTERS:
            raise ProgramError(f"{text.source}: with its files it has more than {MAX_CHARACTERS} characters; ask less")
    return PrologText("".join(written), text.source, tuple(parts))
