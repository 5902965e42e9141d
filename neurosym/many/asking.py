"""What is asked of many items: the words of a command line as items, options of the command, and options of its own.

`neurosym verify a.aig b.aig --jobs 2 --json-lines found.jsonl` proves two circuits, each for itself.
"""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from .outcome import ManyError

Number = TypeVar("Number", int, float)
COMMANDS = ("compile", "verify", "simulate", "query", "solve", "convert", "explain", "mpe", "map", "sample", "fit")
OWN = {
    "--json-lines": "the file that gets one line of JSON for each item, as soon as it is done",
    "--jobs": "processes, or items that a cluster is sent at a time; a core each if left out",
    "--resume": "go on with the file: what is in it is not done again",
    "--items": "a file with one item a line: the words after the command's name, such as two netlists",
    "--item-seconds": "wall time that an item may take",
    "--item-megabytes": "memory that an item may take above what its process held",
    "--cluster": "tcp://HOST:PORT of a dask scheduler, or ray, or ray://HOST:PORT; they must see the same files",
}
_FLAGS = ("--resume",)
_WRITTEN = ("--output", "--waveform", "--certificate", "--witness", "--proof", "--report", "--drawing")
HELP = "Many at once: FILES... --json-lines FILE, and with it " + "; ".join(
    f"{option}, {text}" for option, text in list(OWN.items())[1:]
)


@dataclass
class Asked:
    """What was asked on the command line.

    Args:
        command: The name of one command.
        items: The words of each item.
        options: Those for all items.
        own: Those of this file.
    """

    command: str
    items: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    options: list[str] = field(default_factory=list[str])
    own: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def task(self) -> str:
        """What is done to each item, as a journal says it."""
        return shlex.join(["neurosym", self.command, *self.options])

    def number(self, option: str, kind: type[Number]) -> Number | None:
        """The value of an option of this file, or None.

        Raises:
            ManyError: if it is no number above 0.
        """
        text = self.own.get(option)
        if text is None:
            return None
        try:
            value = kind(text)
        except ValueError:
            value = kind(0)
        if not value > 0:
            raise ManyError(f"{option} {text}: is no {'number' if kind is float else 'whole number'} above 0")
        return value


def is_many(words: Sequence[str]) -> bool:
    """Whether the words ask for many items: they name a journal.

    Example:
        >>> is_many(["verify", "a.aig", "--json-lines", "found.jsonl"]), is_many(["verify", "a.aig"])
        (True, False)
    """
    return words[:1] != ["sweep"] and any(word == "--json-lines" or word.startswith("--json-lines=") for word in words)


def read_words(words: Sequence[str], options: Callable[[str], Mapping[str, bool]]) -> Asked:
    """The items, the options for all of them, and what is said about many.

    Args:
        words: Of the command line, without the program's name.
        options: The options of a command, and whether each is a flag.

    Raises:
        ManyError: if there is no item, an option is unknown or lacks its value, or all items would write one file.

    Example:
        >>> asked = read_words("verify a.aig b.aig --mapping positive --jobs 2 --json-lines found.jsonl".split(),
        ...                    lambda command: {"--mapping": False})
        >>> asked.items, asked.task, asked.own
        ([('a.aig',), ('b.aig',)], 'neurosym verify --mapping positive', {'--jobs': '2', '--json-lines': 'found.jsonl'})
    """
    command, *rest = words
    if command not in COMMANDS:
        raise ManyError(f"{command}: does one thing at a time; many are done by {', '.join(COMMANDS)}")
    flags = options(command)
    asked, left = Asked(command), iter(rest)
    for word in left:
        option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if option in OWN:
            asked.own[option] = "" if option in _FLAGS else value if equals else _value(option, left)
        elif option == "--json":
            continue
        elif word.startswith("-") and word != "-":
            if option not in flags:
                raise ManyError(f"{option}: is no option of {command}; see neurosym {command} --help")
            asked.options.append(word)
            if not flags[option] and not equals:
                value = _value(option, left)
                asked.options.append(value)
            if option in _WRITTEN and "{" not in value:
                raise ManyError(f"{option} {value}: all items would write one file; name it with {{stem}}")
        else:
            asked.items.append((word,))
    if listed := asked.own.get("--items"):
        asked.items += _listed(Path(listed))
    _refuse_one_place(asked)
    if not asked.items:
        raise ManyError(f"{command}: there is no item; give files, or --items FILE with one item a line")
    return asked


def named(option: str, item: Sequence[str]) -> str:
    """An option as it holds for one item: ``{stem}`` and ``{name}`` are those of its first word."""
    return option.replace("{stem}", Path(item[0]).stem).replace("{name}", Path(item[0]).name)


def _refuse_one_place(asked: Asked) -> None:
    """Refuses files that two items would write, one over the other."""
    for option, value in pairwise([*asked.options, ""]):
        place = option.partition("=")[2] or value
        if option.partition("=")[0] not in _WRITTEN:
            continue
        seen: dict[str, tuple[str, ...]] = {}
        for item in asked.items:
            if (first := seen.setdefault(named(place, item), item)) != item:
                raise ManyError(
                    f"{named(place, item)}: would be written for {first[0]} and for {item[0]}; do them apart"
                )


def _value(option: str, left: Iterator[str]) -> str:
    value = next(left, None)
    if value is None:
        raise ManyError(f"{option}: needs a value")
    return value


def _listed(path: Path) -> list[tuple[str, ...]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ManyError(f"{path}: cannot be read as lines of text ({error})") from error
    items: list[tuple[str, ...]] = []
    for number, line in enumerate(lines, 1):
        try:
            item = tuple(shlex.split(line, comments=True))
        except ValueError as error:
            raise ManyError(f"{path}, line {number}: {error}; close the quotation") from error
        if item:
            items.append(item)
    return items
