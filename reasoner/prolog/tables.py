"""Tables as facts: rows of Python, of pandas, of a CSV file or of an SQLite database become clauses of a program."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from math import isfinite
from pathlib import Path
from time import process_time
from typing import Any, cast

from ..errors import ProgramError
from .text import MAX_CHARACTERS, quote_atom

_NAME = re.compile(r"[a-z]\w*", re.ASCII)
_SECONDS = 10.0  # of CPU time for reading a database


def facts_of(name: str, table: object) -> str:
    """A table as the text of facts, which :meth:`Program.extended` adds to a program.

    Args:
        name: Of the predicate; its arity is the number of columns.
        table: Rows of numbers, texts and truth values, or a pandas ``DataFrame``, whose index is left out.

    Raises:
        ProgramError: if a value has no place in a program, rows differ in length, or there are too many.

    Example:
        >>> print(facts_of("edge", [("ann", "bo", 0.5), ("bo", "Cy", 1)]), end="")
        edge(ann,bo,0.5).
        edge(bo,'Cy',1).
    """
    rows = getattr(table, "itertuples", None)
    found = rows(index=False, name=None) if callable(rows) else table
    return _clauses(name, cast("Iterable[Sequence[object]]", found))


def csv_clauses(path: Path, name: str) -> str:
    """The rows of a CSV file behind its heading, as facts.

    The first row says whether a column holds integers, numbers or texts, as in ProbLog's ``csv_load/2``.

    Raises:
        ProgramError: as :func:`facts_of`, if the file cannot be read, or a value is not of its column's kind.
    """
    import csv  # by programs that bring in such a table alone

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            next(rows, None)
            return _clauses(name, _typed(rows, path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ProgramError(f"{path}: no CSV table in UTF-8 ({error})") from None


def _typed(rows: Iterable[list[str]], path: Path) -> Iterator[list[object]]:
    kinds: list[type] = []
    for number, row in enumerate(rows, 2):
        if not row:
            continue
        kinds = kinds or [_kind(field) for field in row]
        try:
            yield [kind(field.strip()) for kind, field in zip(kinds, row, strict=True)]
        except ValueError:
            kind = ", ".join(one.__name__ for one in kinds)
            raise ProgramError(f"{path}, line {number}: the row is not of the kinds of the first: {kind}") from None


def _kind(field: str) -> type:
    for kind in (int, float):
        try:
            kind(field)
        except ValueError:
            continue
        return kind
    return str


def sqlite_clauses(path: Path) -> str:
    """The tables of an SQLite database as facts, each by its name; it is opened for reading only.

    Raises:
        ProgramError: as :func:`facts_of`, or if it is no database, or takes too long.
    """
    import sqlite3  # by programs that bring in such a table alone

    end = process_time() + _SECONDS
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            base.set_progress_handler(lambda: process_time() > end, 10_000)
            tables = base.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND rootpage > 0"
            ).fetchall()
            return "".join(
                _clauses(name, base.execute(f'SELECT * FROM "{name.replace(chr(34), 2 * chr(34))}"'))
                for (name,) in tables
            )
    except sqlite3.Error as error:
        raise ProgramError(f"{path}: no SQLite database that can be read ({error})") from None


def _clauses(name: str, rows: Iterable[Sequence[object]]) -> str:
    if not _NAME.fullmatch(name):
        raise ProgramError(f"the table '{name}' cannot be a predicate; call it by a small letter, letters and digits")
    lines: list[str] = []
    length, width = 0, -1
    for row in rows:
        if len(row) != width and width >= 0:
            raise ProgramError(f"the table '{name}' has rows of {width} and of {len(row)} columns; give all as many")
        width = len(row)
        lines.append(f"{name}({','.join([written(value) for value in row])}).\n")
        length += len(lines[-1])
        if length > MAX_CHARACTERS:
            raise ProgramError(
                f"the table '{name}' has more than {MAX_CHARACTERS} characters as facts; take fewer rows"
            )
    return "".join(lines)


def written(value: Any) -> str:
    """A value as Prolog reads it: a text as an atom, a list as a list.

    Raises:
        ProgramError: if it is no number, text, truth value or list of such.
    """
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()  # of NumPy
    if isinstance(value, str):
        return value if _NAME.fullmatch(value) else quote_atom(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        shown = repr(value)
        return shown.replace("e", ".0e") if "e" in shown and "." not in shown else shown
    if isinstance(value, list | tuple):
        return f"[{','.join(map(written, cast('list[object]', value)))}]"
    raise ProgramError(f"{value!r} has no place in a program; give numbers, texts, truth values or lists of them")
