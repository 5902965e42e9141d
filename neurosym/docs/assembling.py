"""Puts the pages together for Sphinx: those written here, notebooks of `tasks`, and those made of the code itself."""

import inspect
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

_ROOMS = {
    "neurosym": "The face: models, training, explanations, reports",
    "perception": "Perception: pictures and events to symbols",
    "reasoner": "The reasoner: programs, answers, proofs",
    "logic": "Logic: circuits, spiking networks, proofs",
}


def assemble(place: Path) -> None:
    """Puts all pages into a folder; what has not changed is left alone, so that Sphinx need not read it again."""
    here = Path(__file__).parent
    root = here.parent.parent
    written = {
        path.relative_to(here): path
        for path in here.rglob("*")
        if path.suffix in (".md", ".css", ".js", ".png", ".svg")
    }
    written |= {Path("notebooks") / path.name: path for path in (root / "tasks" / "notebooks").glob("[a-z]*.py")}
    written |= {Path("conf.py"): here / "conf.py", Path("changelog.md"): root / "neurosym" / "CHANGELOG.md"}
    for name, path in written.items():
        _write(place / name, path.read_bytes())
    write_reference(place / "reference" / "python")
    write_command_line(place / "reference" / "command_line.md")
    write_formats(place / "reference" / "formats.md")
    made = {Path("reference", "python", f"{name}.md") for name in (*_ROOMS, "index")}
    for path in [path for path in place.rglob("*") if path.is_file()]:
        if path.relative_to(place) not in {
            *written,
            *made,
            *(Path("reference", name) for name in ("command_line.md", "formats.md")),
        }:
            path.unlink()


def write_reference(folder: Path) -> None:
    """A page for each package, with all public names of `neurosym` that it defines, and an index."""
    import neurosym

    homes: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for name in sorted(dir(neurosym), key=str.casefold):
        thing = getattr(neurosym, name)
        if inspect.ismodule(thing) or name.startswith("_"):
            continue
        home = getattr(thing, "__module__", "neurosym")
        kind = "class" if inspect.isclass(thing) else "function" if callable(thing) else "data"
        homes[home.split(".")[0]].append((name, home, kind))
    folder.mkdir(parents=True, exist_ok=True)
    pages = [room for room in _ROOMS if homes[room]]
    for room in pages:
        lines = [f"# {_ROOMS[room]}", ""]
        for name, home, kind in homes[room]:
            options = ["   :members:"] if kind == "class" else []
            entry = f".. py:data:: neurosym.{name}" if kind == "data" else f".. auto{kind}:: {home}.{name}"
            lines += [f"## {name}", "", "```{eval-rst}", entry, *options, "```", ""]
        _write(folder / f"{room}.md", "\n".join(lines).encode())
    listed = "\n".join(pages)
    head = "# Python\n\nEvery public name, as `neurosym.NAME`, sorted by the package that defines it.\n"
    _write(folder / "index.md", f"{head}\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n".encode())


def write_formats(page: Path) -> None:
    """The page of formats and targets, from the tables that the commands read."""
    from logic.chips import CHIPS
    from logic.formats.known_formats import FORMATS
    from logic.targets import TARGETS

    lines = [
        "# Formats, targets and chips",
        "",
        "## Netlists",
        "",
        "| format | suffixes | what it lacks |",
        "|---|---|---|",
    ]
    lines += [f"| {row.name} | {', '.join(f'`.{end}`' for end in row.suffixes)} | {row.lacks} |" for row in FORMATS]
    lines += ["", "## Files of networks", "", "| target | suffix | profiles |", "|---|---|---|"]
    lines += [f"| {row.name} | `{row.suffix}` | {', '.join(row.profiles)} |" for row in TARGETS]
    lines += ["", "Simulators of others are compared spike by spike: `neurosym target list`, `neurosym conform`.", ""]
    lines += ["## Chips that `neurosym fit` knows", "", ", ".join(f"`{name}`" for name in CHIPS), ""]
    _write(page, "\n".join(lines).encode())


def write_command_line(page: Path) -> None:
    """The page of all commands and options, as typer writes it."""
    words = [sys.executable, "-m", "typer", "neurosym.commands.cli", "utils", "docs", "--name", "neurosym"]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    _write(page, found.replace("# `neurosym`", "# Command line", 1).encode())


def _write(page: Path, content: bytes) -> None:
    if not page.exists() or page.read_bytes() != content:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(content)


if __name__ == "__main__":
    assemble(Path(sys.argv[1]))
