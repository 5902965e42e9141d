"""The report of a search in spikes: what was found, the rails over time, the board step by step, what it cost."""

from pathlib import Path

from logic.search.recording import SearchRecord, record
from reasoner import SpikingSolution

from .page import Figure, Part, Preformatted, Section, Table, Tile, Tiles, write_report
from .search_boards import board_of, film, moments, still
from .search_figures import rail_raster


def write_search_report(found: SpikingSolution, path: Path, said: str, command: str) -> None:
    """Writes the report of a solution in spikes; of several ways through the rules the last one is drawn.

    Args:
        found: What :func:`reasoner.solve_in_spikes` returned.
        path: The HTML file.
        said: The answer in words, a line each.
        command: What writes it again.

    Raises:
        FileError: if it cannot be written.
    """
    sections = [Section("What was found", [_tiles(found), Preformatted(said)])]
    if found.outcomes:
        outcome = found.outcomes[-1]
        run = record(outcome.network, steps=outcome.step + (outcome.solvable is not None))
        sections += [_rails(run), *_boards(run, found)]
    sections.append(_network(found))
    what = {True: "Solved", False: "No solution", None: "Not finished"}[found.solvable]
    write_report(path, f"{what}: {found.query}", sections, subtitle=_subtitle(found), footer=command)


def _subtitle(found: SpikingSolution) -> str:
    return (
        f"A network of {found.neurons:,} spiking neurons, without noise, searched for {found.steps:,} steps. "
        f"It is complete: it finds a solution, or says that there is none."
    )


def _tiles(found: SpikingSolution) -> Tiles:
    return Tiles(
        [
            Tile(f"{found.steps:,}", "steps", meaning="From the first spike to the announcement."),
            Tile(f"{found.conflicts:,}", "conflicts", meaning="Times that all rails were wiped and replayed."),
            Tile(f"{found.spikes:,}", "spikes", meaning="Of all neurons; most are latches that hold what is known."),
            Tile(
                f"{found.picojoules / 1e6:.3g} uJ", "energy, an estimate", meaning="On an event-driven chip like Loihi."
            ),
        ]
    )


def _rails(run: SearchRecord) -> Section:
    caption = (
        "Each line is a statement such as Rows[1][2]=3, each column a step. Grey: its false rail fires; blue: its true "
        "rail. White is not known yet. An orange dot is a guess; at a red line two things that cannot both be true "
        "met, and all rails were wiped and replayed from the guesses that stand; green is the announcement."
    )
    return Section("The rails over time", [Figure(rail_raster(run), caption)])


def _boards(run: SearchRecord, found: SpikingSolution) -> list[Section]:
    """Nothing where no variable of the query is a row of values."""
    board = board_of(run, found.bindings)
    if not board.spots:
        return []
    moving = (
        "The same run as it goes: small digits are candidates, blue ones are found, grey cells were given. The frame "
        "turns red at a conflict; the bar shows guesses (orange) and conflicts (red)."
    )
    parts: list[Part] = [Figure(film(run, board), moving)]
    parts += [Figure(still(run, board, step), f"Step {run.first + step}", wide=False) for step in moments(run)]
    return [Section("Step by step", parts)]


def _network(found: SpikingSolution) -> Section:
    rows = [
        ("neurons", f"{found.neurons:,}"),
        ("synapses", f"{found.synapses:,}"),
        ("largest weight", str(found.largest_weight)),
        ("networks side by side", str(found.orders)),
        ("synaptic events", f"{found.synaptic_events:,}"),
        ("CPU time here", f"{found.seconds:.2f} s"),
    ]
    return Section("The network", [Table(("what", "how much"), rows, "Memoryless threshold neurons, whole weights.")])
