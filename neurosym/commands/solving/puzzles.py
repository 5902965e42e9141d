"""Puzzles for the command `solve`: found by name or file, their boards read from pictures, their solutions drawn."""

from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from logic import NeurosymError, whole_file
from reasoner import ConstraintProgram, Limits, SlotReading, Solution, solve
from reasoner.prolog.text import PrologText

WAYS = 1000  # through the rules of a puzzle, unless a limit says more
_CELL = 40  # units of a drawn cell


class PuzzleError(NeurosymError, ValueError):
    """A puzzle that is not there or cannot be solved as asked."""


def bundled_puzzles() -> tuple[str, ...]:
    """The names of the puzzles that come with neurosym."""
    return tuple(
        sorted(Path(entry.name).stem for entry in files("neurosym.puzzles").iterdir() if entry.name.endswith(".pl"))
    )


def read_puzzle(name: str, limits: Limits | None = None) -> ConstraintProgram:
    """The program in a file, or the bundled puzzle of that name.

    Raises:
        PuzzleError: if there is neither.
        ProgramError: if it cannot be read.
    """
    text = puzzle_text(name)
    return ConstraintProgram.parse(text.text, source=text.source, limits=limits)


def puzzle_text(name: str) -> PrologText:
    """The text of a file, or of the bundled puzzle of that name.

    Raises:
        PuzzleError: if there is neither.
        ProgramError: if it is no text.
    """
    if Path(name).is_file():
        return PrologText.read(name)
    if name in bundled_puzzles():
        return PrologText((files("neurosym.puzzles") / f"{name}.pl").read_text("utf-8"), f"{name}.pl")
    beside = [entry.name for entry in Path(name).parent.glob("*.pl")] if name.endswith(".pl") else []
    close = get_close_matches(Path(name).name, [*bundled_puzzles(), *beside], 1)
    meant = f"did you mean {close[0]}? " if close else ""
    raise PuzzleError(f"{name}: no such file or bundled puzzle; {meant}bundled are {', '.join(bundled_puzzles())}")


def solve_file(
    puzzle: str,
    query: str | None = None,
    image: Path | None = None,
    model: Path | None = None,
    drawing: Path | None = None,
    seconds: float = 60.0,
    limits: Limits | None = None,
) -> Solution:
    """The solution of a puzzle.

    Args:
        puzzle: A file, or the name of a bundled puzzle.
        query: What is asked; without it the head of the first clause, or ``picture(Rows)`` if there is an image.
        image: A picture of a board of 9 x 9 cells, whose cell ``I`` is slot ``I`` of the domain ``digit``, 0 if empty.
        model: A reader of digits that :func:`neurosym.checkpoint.save_perception` wrote.
        drawing: SVG file to draw the solved board in.
        seconds: CPU time for solving.
        limits: What reading and running the rules may spend, ``answers`` being the ways through the rules.

    Raises:
        NeurosymError: whatever is wrong, in one sentence.
    """
    limits = limits or Limits(seconds=max(1.0, seconds), answers=WAYS)
    program = read_puzzle(puzzle, limits)
    if not program.heads:
        raise PuzzleError(f"{program.source}: has no clauses, so there is nothing to ask")
    if image is None:
        solution = solve(program, query or program.heads[0], seconds=seconds, limits=limits)
    else:
        if model is None:
            raise PuzzleError(
                f"{image}: reading a picture needs --model, a reader of digits; train one with: "
                f"python -m tasks.puzzles.digit_reader --output digits.safetensors"
            )
        if query is None and not any(head.startswith("picture(") for head in program.heads):
            raise PuzzleError(f"{program.source}: defines no picture(Rows); say what is asked of the picture")
        from perception import cut_board, see_cells  # with torch, which a puzzle without a picture does without

        from ...checkpoint import load_perception

        symbols = see_cells(load_perception(model)[0], cut_board(image))
        solution = solve(program, query or "picture(Rows)", symbols, seconds=seconds, limits=limits)
        if solution.solvable and not solution.readings:
            raise PuzzleError(
                f"'{solution.query}' reads no cell of the picture; ask a goal that uses digit(Cell, Value)"
            )
    if drawing is not None and solution.solvable:
        with whole_file(drawing) as place:
            Path(place).write_text(draw_solution(solution), "utf-8")
    return solution


def draw_solution(solution: Solution) -> str:
    """The solved board as SVG: what was seen is black, what was found is grey, and repaired cells are red.

    Raises:
        PuzzleError: if no variable of the query is a board.
    """
    boards = [value for value in solution.bindings.values() if isinstance(value, tuple)]
    rows = [row for row in boards[0] if isinstance(row, tuple)] if boards else []
    if not rows:
        raise PuzzleError(f"'{solution.query}' shows no board (a list of rows); there is nothing to draw")
    readings = {reading.slot: reading for reading in solution.readings}
    width, height = len(rows[0]) * _CELL, len(rows) * _CELL
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {width + 4} {height + 4}" '
        f'font-family="sans-serif" text-anchor="middle">'
    ]
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            parts.append(_draw_cell(r, c, str(value), readings.get(r * len(row) + c)))
    for line in range(0, len(rows) + 1, 3 if len(rows) == 9 else len(rows)):
        parts.append(f'<path d="M0 {line * _CELL}H{width}M{line * _CELL} 0V{height}" stroke="#000" stroke-width="2"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _draw_cell(row: int, column: int, value: str, reading: SlotReading | None) -> str:
    x, y = column * _CELL, row * _CELL
    repaired = reading is not None and reading.repaired
    seen = reading is not None and reading.taken != 0
    colour = "#c00" if repaired else "#000" if seen or reading is None else "#888"
    note = ""
    if repaired and reading is not None:
        note = f'<text x="{x + 7}" y="{y + 11}" font-size="9" fill="#c00">{reading.seen}</text>'
    return (
        f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{"#fdd" if repaired else "#fff"}" '
        f'stroke="#999"/><text x="{x + _CELL / 2:g}" y="{y + 28}" font-size="22" fill="{colour}">{value}</text>{note}'
    )
