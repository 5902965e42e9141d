"""What a terminal is shown: text of others as plain text, whatever it holds, and figures as tables or JSON."""

import json
import sys
import unicodedata
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # rich takes longer to load than many an answer takes
    from rich.console import Console
    from rich.progress import Progress
    from rich.text import Text

LONGEST = 2_000  # characters of a line that a terminal is shown
_WIDE = 150  # columns of a table, which is better scrolled than cut


def plain(text: str, longest: int | None = None) -> str:
    r"""Text as a terminal may be shown it: control and direction characters as escapes, long lines cut.

    Args:
        text: Of whatever origin.
        longest: Characters of a line that are shown; all if none.

    Example:
        >>> plain("red \x1b[31m, reversed \u202e, :smile:, [bold]")
        'red \\x1b[31m, reversed \\u202e, :smile:, [bold]'
        >>> plain("a" * 100, longest=10)
        'aaaaaaaaaa... (90 more characters)'
    """
    return "\n".join(_cut("".join(map(_seen, line)), longest) for line in text.split("\n"))


def _seen(character: str) -> str:
    """Tabs and spaces of all kinds stay; what else is not printable is written as Python would."""
    if character.isprintable() or character == "\t" or unicodedata.category(character) == "Zs":
        return character
    return ascii(character)[1:-1]


def _cut(line: str, longest: int | None) -> str:
    if longest is None or len(line) <= longest:
        return line
    return f"{line[:longest]}... ({len(line) - longest:,} more characters)"


def say(text: str) -> None:
    """Prints an answer; only where a person reads it, long lines are cut."""
    sys.stdout.write(plain(text, LONGEST if sys.stdout.isatty() else None) + "\n")


def say_part(text: str) -> None:
    """Prints a part of an answer, as it comes."""
    sys.stdout.write(plain(text))
    sys.stdout.flush()


def say_json(content: object) -> None:
    """Prints an answer for programs: one JSON value, never broken to fit a screen."""
    sys.stdout.write(json.dumps(content, indent=2, allow_nan=False) + "\n")


def say_rows(rows: Sequence[Mapping[str, object]], as_json: bool) -> None:
    """Prints rows of figures, one below the other for a single row and as a table for several."""
    if as_json:
        say_json(dict(rows[0]) if len(rows) == 1 else [dict(row) for row in rows])
        return
    names = list(rows[0])
    heads = [name.replace("_", " ") for name in names]
    lines = list(zip(heads, rows[0].values(), strict=True)) if len(rows) == 1 else [list(row.values()) for row in rows]
    say_table(["", ""] if len(rows) == 1 else heads, [[_in_words(cell) for cell in cells] for cells in lines])


def say_table(heads: Sequence[str], lines: Sequence[Sequence["str | Text"]]) -> None:
    """Prints a table of texts."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*heads)
    for cells in lines:
        table.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell, LONGEST)) for cell in cells))
    console = Console(width=None if len(heads) == 2 else _WIDE)
    console.print(table)


def progress_bar(console: "Console", shown: bool) -> "Progress":
    """A bar of steps whose text is shown as it is."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, transient=True, disable=not shown)


@contextmanager
def busy(what: str, after: float = 2.0) -> Generator[None]:
    """While something runs: after some seconds, what it is, how far and how long it has taken, on standard error.

    Shown in a terminal only, and gone when it ends. Proofs within it say here what goes on (``logic.watch``).

    Args:
        what: That is done.
        after: Seconds of silence.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from logic.watch import listening

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    bar = Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4)
    task = bar.add_task(plain(what, LONGEST))
    timer = Timer(after, bar.start)
    timer.daemon = True
    timer.start()
    try:
        with listening(lambda words: bar.update(task, description=plain(f"{what}: {words}", LONGEST))):
            yield
    finally:
        timer.cancel()
        timer.join()
        bar.stop()


def complain(text: str, word: str = "Error") -> None:
    """Prints one line on standard error, however many the text has."""
    from rich.console import Console
    from rich.text import Text

    line = Text.assemble((f"{word}: ", "bold red"), plain(" ".join(text.split()), LONGEST))
    Console(stderr=True).print(line, soft_wrap=True, highlight=False, emoji=False)


def _in_words(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:,.6g}" if isinstance(cell, float) else str(cell)
