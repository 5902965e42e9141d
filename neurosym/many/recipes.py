"""What `sweep` does: a recipe in TOML as one command for each combination of settings, done as many items are."""

import itertools
import tomllib
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from .asking import Asked
from .outcome import ManyError

_KEYS = {"command", "words", "options", "grid"}
_MOST = 100_000


def read_recipe(path: Path, options: Callable[[str], Mapping[str, bool]]) -> Asked:
    r"""A command, and the words of each combination as an item.

    Args:
        path: TOML: ``command = "train"``; ``words = ["digits"]``, its arguments; ``[options]``, the same for all;
            ``[grid]``, lists of values, each combined with each other. ``{number}`` in an option stands for the
            combination's number, so that each writes a file of its own.
        options: The options of a command, and whether each is a flag.

    Raises:
        ManyError: if it is no such file, or has no combination or more than 100,000.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> text = 'command = "train"\nwords = ["digits"]\n[options]\noutput = "{number}.safetensors"\n'
        >>> with TemporaryDirectory() as folder:
        ...     _ = (Path(folder) / "some.toml").write_text(text + "[grid]\nseed = [0, 1]\n")
        ...     read_recipe(Path(folder) / "some.toml", lambda command: {"--output": False}).items
        [('digits', '--output', '0.safetensors', '--seed', '0'), ('digits', '--output', '1.safetensors', '--seed', '1')]
    """
    try:
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManyError(f"{path}: cannot be read as TOML ({error})") from error
    if unknown := sorted(set(recipe) - _KEYS):
        raise ManyError(f"{path}: '{unknown[0]}' is no key of a recipe; there are {', '.join(sorted(_KEYS))}")
    command, words = recipe.get("command"), recipe.get("words", [])
    fixed, grid = recipe.get("options", {}), recipe.get("grid", {})
    if not isinstance(command, str) or not isinstance(words, list):
        raise ManyError(f'{path}: says no command; begin with command = "train" and words = ["digits"]')
    if not isinstance(fixed, dict) or not isinstance(grid, dict):
        raise ManyError(f"{path}: options and grid are tables; write [options] and [grid]")
    lists = cast(Mapping[str, object], grid)
    for name, values in lists.items():
        if not isinstance(values, list) or not values:
            raise ManyError(f"{path}: '{name}' of the grid is no list of values; write {name} = [...]")
    combinations = list(itertools.islice(itertools.product(*cast(Sequence[Any], list(lists.values()))), _MOST + 1))
    if len(combinations) > _MOST:
        raise ManyError(f"{path}: has more than {_MOST:,} combinations; make the grid smaller")
    known, shared = options(command), cast(Mapping[str, object], fixed)
    settings = ({**shared, **dict(zip(lists, combination, strict=True))} for combination in combinations)
    items = [
        tuple(word.replace("{number}", str(number)) for word in (*map(str, words), *_options(setting, known)))
        for number, setting in enumerate(settings)
    ]
    if "--output" in known and len({_after("--output", item) for item in items} - {None}) < len(items) > 1:
        raise ManyError(f'{path}: all combinations would write one file; say output = "model-{{number}}.safetensors"')
    return Asked(command, items)


def _after(option: str, words: Sequence[str]) -> str | None:
    return words[words.index(option) + 1] if option in words else None


def _options(settings: Mapping[str, object], known: Mapping[str, bool]) -> list[str]:
    words: list[str] = []
    for name, value in settings.items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            negated = f"--no-{option[2:]}"
            words += [option] if value else [negated] if negated in known else []
        else:
            words += [option, str(value)]
    return words


def rows(asked: Asked, lines: Sequence[Mapping[str, object]]) -> Generator[dict[str, object]]:
    """What differs between combinations: their settings, and of their answers what fits a cell."""
    figures = [_figures(line.get("answer")) for line in lines]
    places = [place for place in range(len(asked.items[0])) if len({item[place] for item in asked.items}) > 1]
    varied = [name for name in figures[0] if len({str(row.get(name)) for row in figures}) > 1]
    for item, line, row in zip(asked.items, lines, figures, strict=True):
        settings = {item[place - 1].removeprefix("--"): item[place] for place in places}
        yield {**settings, **{name: row.get(name) for name in varied}, "error": _error(line)}


def _figures(answer: object) -> dict[str, object]:
    found = answer if isinstance(answer, dict) else {}
    return {str(name): value for name, value in found.items() if isinstance(value, str | int | float)}


def _error(line: Mapping[str, object]) -> object:
    complaints = line.get("complaints")
    return line.get("error") or (" ".join(map(str, complaints)) if isinstance(complaints, list) else None) or None
