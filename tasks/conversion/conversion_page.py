"""The page of a table of conversions: curves of accuracy over steps and over work, and every row."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import PercentFormatter, ScalarFormatter

from neurosym.reports.figures import CYCLE, INK, drawn_alike, to_svg
from neurosym.reports.page import Figure, Part, Section, Table, Text, write_report

from .conversion_rows import HEAD, Row

ABOUT = (
    "T alone compares unfairly: a two-phase method answers after T steps for each layer, a graded spike carries bits "
    "where a binary one carries one. So each row says its alphabet, its window, the steps to its answer and what it "
    "spends. 'Points lost' is against the network that was converted, on the same pictures."
)
Curve = Mapping[float, float]


def write_page(path: Path, rows: Sequence[Row], footer: str) -> None:
    """Writes the page.

    Args:
        path: The HTML file.
        rows: All rows.
        footer: For example the command and the machine.

    Raises:
        FileError: if it cannot be written.
    """
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.network, row.pictures].append(row)
    sections = [_section(network, pictures, group) for (network, pictures), group in groups.items()]
    write_report(
        path, "Networks converted to spikes", [Section("How to read it", [Text(ABOUT)]), *sections], footer=footer
    )


def _section(network: str, pictures: int, rows: Sequence[Row]) -> Section:
    parts: list[Part] = []
    for trained in dict.fromkeys(row.trained for row in rows):
        chosen = [row for row in rows if row.trained == trained]
        goal = chosen[0].ann_correct / pictures
        by_steps, by_work = _curves(chosen)
        many = f"{network}, trained with {trained}"
        parts.append(Figure(curves(by_steps, goal, "steps to the answer"), f"{many}: accuracy by steps to the answer."))
        parts.append(
            Figure(curves(by_work, goal, "synaptic operations a picture"), f"{many}: accuracy by synaptic operations.")
        )
    ordered = sorted(rows, key=lambda row: (row.trained, row.tool, row.method, row.steps))
    parts.append(Table(HEAD, [row.cells() for row in ordered], f"The first {pictures:,} test pictures."))
    return Section(f"{network}, {pictures:,} pictures", parts)


def _curves(rows: Sequence[Row]) -> tuple[Mapping[str, Curve], Mapping[str, Curve]]:
    by_steps: dict[str, dict[float, float]] = defaultdict(dict)
    by_work: dict[str, dict[float, float]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: row.steps):
        name = row.method if row.tool == "neurosym" else f"{row.tool}: {row.method}"
        by_steps[name][row.steps_to_answer] = row.accuracy
        if row.synaptic_operations:
            by_work[name][row.synaptic_operations] = row.accuracy
    return by_steps, by_work


def curves(series: Mapping[str, Curve], goal: float, across: str) -> str:
    """Accuracy over something that doubles, a line for each method, as SVG.

    Args:
        series: Name to points, each an amount and an accuracy from 0 to 1.
        goal: Accuracy of the network that was converted, drawn as a dashed line.
        across: What the amount is.
    """
    with drawn_alike():
        figure = Drawing(figsize=(9.6, 4.6), layout="constrained")
        axes = figure.subplots()
        lines = cycle(("-", "--", ":", "-."))
        styles = [(colour, line) for line in (next(lines) for _ in range(4)) for colour in CYCLE]
        for (name, points), (colour, line) in zip(series.items(), cycle(styles), strict=False):
            axes.plot(
                list(points), list(points.values()), color=colour, linestyle=line, marker="o", markersize=3, label=name
            )
        axes.axhline(goal, color=INK, linewidth=1, linestyle=(0, (4, 3)), label=f"converted network {goal:.2%}")
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set(xlabel=across, ylabel="test pictures read rightly")
        axes.grid(axis="y", color="#e4e7eb", linewidth=0.8)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
        return to_svg(figure)
