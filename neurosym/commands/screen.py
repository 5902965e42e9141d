"""The screen: tables, colours and progress of the commands, by rich."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from rich.console import Console as Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from .doctor import Finding


def show_rows(rows: Sequence[dict[str, object]]) -> None:
    """Shows rows of figures, one below the other for a single row and as a table for several."""
    names = list(rows[0])
    table = Table(*(["", ""] if len(rows) == 1 else [name.replace("_", " ") for name in names]))
    for cells in [[n.replace("_", " "), rows[0][n]] for n in names] if len(rows) == 1 else [r.values() for r in rows]:
        table.add_row(*(_in_words(cell) for cell in cells))
    Console(width=None if len(rows) == 1 else 150).print(table)  # a wide table is better scrolled than cut


def _in_words(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:,.6g}" if isinstance(cell, float) else str(cell)


def show_findings(findings: Sequence[Finding]) -> None:
    """Shows what the doctor found, part by part."""
    table = Table("", "Part", "Version", "Time", "Self-test")
    for finding in findings:
        mark = "[green]works[/]" if finding.works else "[red]FAILS[/]"
        seconds = f"{finding.seconds:.2f} s" if finding.seconds else ""
        remedy = f"\n[bold]{escape(finding.remedy)}[/]" if finding.remedy else ""
        table.add_row(mark, finding.part, finding.version, seconds, escape(finding.detail) + remedy)
    Console().print(table)


def complain(line: str) -> None:
    """Prints one line on stderr, however long."""
    Console(stderr=True).print(f"[bold red]Error:[/] {escape(line)}", soft_wrap=True, highlight=False)


@contextmanager
def progress(title: str, *, wanted: bool = True) -> Generator[Callable[[int, int], None]]:
    """A bar on stderr, if that is a terminal and the bar is wanted; it is told what is done and of how much."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (wanted and console.is_terminal)) as bar:
        task = bar.add_task(title, total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show
