"""Pages that are made of the code itself: the public names, the command line, and the notebooks of `tasks`."""

import inspect
import shutil
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


def copy_notebooks(source: Path, place: Path) -> None:
    """Copies the notebooks to where Sphinx looks for pages; those that are gone there are removed."""
    place.mkdir(exist_ok=True)
    names = {path.name for path in source.glob("*.py") if path.name != "__init__.py"}
    for old in place.glob("*.py"):
        if old.name not in names:
            old.unlink()
    for name in names:
        text = (source / name).read_text(encoding="utf-8")
        if not (place / name).exists() or (place / name).read_text(encoding="utf-8") != text:
            shutil.copyfile(source / name, place / name)


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
        _write(folder / f"{room}.md", "\n".join(lines))
    listed = "\n".join(pages)
    head = "# Python\n\nEvery public name, as `neurosym.NAME`, sorted by the package that defines it.\n"
    _write(folder / "index.md", f"{head}\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n")


def write_command_line(page: Path) -> None:
    """The page of all commands and options, as typer writes it."""
    words = [sys.executable, "-m", "typer", "neurosym.commands.cli", "utils", "docs", "--name", "neurosym"]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    _write(page, found.replace("# `neurosym`", "# Command line", 1))


def _write(page: Path, text: str) -> None:
    """A page that has not changed is left alone, so that Sphinx need not read it again."""
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
