"""Models within models: BLIF's ``.subckt`` lines, each of which copies a model of the same file.

The wires of a copy bear the name of the instance and a slash before theirs; an instance is called by ``.cname``, or by
its model and a number. In the literature: flattening of a hierarchy.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..netlist import Netlist
from ..source import Source
from .yosys_cells import yosys_model

Names = Callable[[str], str]  # what a wire within a model is called outside of it
_MOST_LEVELS = 1000
_MOST_LINES = 1_000_000  # that are copied, beyond the bytes of the file


@dataclass(frozen=True)
class Instance:
    """A copy of a model to be made.

    Args:
        model: Its name.
        ports: The wire that each of its ports is connected to.
        line: Where it is asked for.
        word: That asks for it.
        name: What the file calls it, if it does.
    """

    model: str
    ports: dict[str, str]
    line: int
    word: str = ".subckt"
    name: str = ""

    @classmethod
    def of(cls, source: Source, words: list[str], wire: Names, line: int) -> "Instance":
        """The instance of a ``.subckt`` or ``.gate`` line.

        Raises:
            FormatError: if its ports are not given as ``formal=actual``, each once.
        """
        pairs = [word.partition("=") for word in words[2:]]
        ports = {formal: wire(actual) for formal, _, actual in pairs}
        if len(ports) < len(pairs) or not all(formal and actual for formal, _, actual in pairs):
            raise source.error(f"expected {words[0]} model formal=actual ..., got {' '.join(words)[:60]!r}", line)
        return cls(words[1], ports, line, words[0])


class ModelReader(Protocol):
    """What reads one model into a netlist and collects the instances in it."""

    netlist: Netlist
    source: Source
    first: str
    instances: list[Instance]
    taken: set[str]

    def read(self, lines: Iterable[tuple[int, str]], prefix: str, ports: dict[str, str]) -> tuple[int, str] | None:
        """Reads one model with names of its own."""
        ...


def copy_models(reader: ModelReader, begun: tuple[int, str] | None, lines: Iterable[tuple[int, str]]) -> None:
    """Makes the copies that a reader has collected, and those within them.

    Args:
        reader: Of the first model.
        begun: The ``.model`` line that ended it.
        lines: The rest of the file.

    Raises:
        FormatError: if a model is missing, given twice, contains itself, or its ports do not fit.
    """
    source, netlist = reader.source, reader.netlist
    models = _models(source, reader.first, begun, lines)
    used = {instance.model for instance in reader.instances}
    waiting, copied = [(*named, 1) for named in reversed(_named(reader, ""))], 0
    while waiting:
        prefix, instance, level = waiting.pop()
        line = instance.line
        if instance.model in models:
            _, body = models[instance.model]
        else:
            body = [(line, text) for text in yosys_model(instance.model)]
        if not body and instance.model not in models:
            raise source.error(_missing(instance), line)
        copied += len(body) * (1 + len(prefix) // 40)  # long names take their place too
        if level > _MOST_LEVELS or copied > _MOST_LINES + len(source.data):
            raise source.error(f"the model {instance.model!r} contains itself, or too many copies of others", line)
        formal = {word for _, text in body if text.startswith((".inputs", ".outputs")) for word in text.split()[1:]}
        if not instance.ports.keys() <= formal:
            odd = min(instance.ports.keys() - formal)
            raise source.error(f"the model {instance.model!r} has no port {odd!r}", line)
        reader.instances = []
        reader.read(body, prefix, instance.ports)
        used |= {inner.model for inner in reader.instances}
        waiting += [(*named, level + 1) for named in reversed(_named(reader, prefix))]
    if unused := sorted(models.keys() - used):
        netlist.warn(f"the model {unused[0]!r} is not part of the first one, which is read alone", models[unused[0]][0])


def top_first(netlist: Netlist, lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines with those of the model that is part of no other before the others, if the first one is part of one.

    Raises:
        FormatError: if several models are part of none, or the first one is part of itself.
    """
    models: dict[str, list[tuple[int, str]]] = {}
    name, used = "", set[str]()
    for line, text in lines:
        words = text.split(maxsplit=2)
        if words[0] == ".model":
            name = words[1] if len(words) > 1 else ""
        elif words[0] in (".subckt", ".gate") and len(words) > 1:
            used.add(words[1])
        models.setdefault(name, []).append((line, text))
    first = next(iter(models), "")
    if first in used and len(models) > 1:
        (line, _), *_ = models[first]
        whole = [name for name in models if name not in used]
        if len(whole) != 1:
            raise netlist.source.error(f"the first model, {first!r}, is part of another; put the whole one first", line)
        told = f"the first model, {first!r}, is part of another; {whole[0]!r}, which is part of none, is read"
        netlist.warn(told, line)
        models = {whole[0]: models[whole[0]], **models}
    for body in models.values():
        yield from body


def models_apart(netlist: Netlist, lines: Iterable[tuple[int, str]]) -> tuple[dict[str, bytes], dict[str, int]]:
    """For each model that the whole one contains, a text that begins with it, and how often it is there.

    Nothing if there is but one model.
    """
    bodies: dict[str, list[str]] = {}
    name = ""
    for _, text in top_first(netlist, lines):
        words = text.split(maxsplit=2)
        name = (words[1] if len(words) > 1 else "") if words[0] == ".model" else name
        bodies.setdefault(name, []).append(text)
    if len(bodies) < 2:
        return {}, {}
    within = {
        name: Counter(words[1] for text in body if (words := text.split())[0] in (".subckt", ".gate"))
        for name, body in bodies.items()
    }
    order = _users_first(within, next(iter(bodies)))
    counts = Counter({order[0]: 1})
    for name in order:
        for inner, times in within[name].items():
            counts[inner] += times * counts[name]
    whole = {name: "\n".join(body) for name, body in bodies.items()}
    texts = {name: "\n".join((*(whole[one] for one in _users_first(within, name)), "")) for name in order}
    return {name: text.encode() for name, text in texts.items()}, dict(counts)


def _users_first(within: Mapping[str, Mapping[str, int]], first: str) -> list[str]:
    """The models in the first one, each before those in it."""
    found: list[str] = []
    seen, stack = {first}, [(first, iter(within[first]))]
    while stack:
        name, rest = stack[-1]
        inner = next((one for one in rest if one in within and one not in seen), None)
        if inner is None:
            found.append(name)
            stack.pop()
        else:
            seen.add(inner)
            stack.append((inner, iter(within[inner])))
    return found[::-1]


def slashed(text: str) -> set[str]:
    """What stands before each slash in the names of a line: names of instances that would make two wires one.

    Example:
        >>> sorted(slashed(".names a/b/c d y"))
        ['a', 'a/b']
    """
    names = (name for word in text.split() if "/" in word for name in word.split("=") if "/" in name)
    return {name[:at] for name in names for at, letter in enumerate(name) if letter == "/"}


def _named(reader: ModelReader, prefix: str) -> list[tuple[str, Instance]]:
    """The instances in the model that was read last, each with what stands before the names of its wires."""
    found: list[tuple[str, Instance]] = []
    for number, instance in enumerate(reader.instances):
        name = instance.name.replace("/", ".") or f"{instance.model.replace('/', '.')}_{number}"
        while name in reader.taken:
            name += "_"
        reader.taken.add(name)
        found.append((f"{prefix}{name}/", instance))
    return found


def _missing(instance: Instance) -> str:
    if instance.word == ".gate":
        what = f".gate of the cell {instance.model!r}, which this file does not hold"
        return f"{what}; if a library does, give its genlib file (--genlib FILE; in Python genlib=FILE)"
    what = f".subckt of the model {instance.model!r}, which this file does not hold"
    return f"{what}; a cell that a tool knows by itself must be mapped to .names and .latch (yosys: techmap; dffunmap)"


def _models(
    source: Source, first: str, begun: tuple[int, str] | None, lines: Iterable[tuple[int, str]]
) -> dict[str, tuple[int, list[tuple[int, str]]]]:
    """The line and the logical lines of each further model."""
    models: dict[str, tuple[int, list[tuple[int, str]]]] = {}
    body: list[tuple[int, str]] = []
    for line, text in (*((begun,) if begun else ()), *lines):
        words = text.split()
        if words[0] == ".model":
            name = words[1] if len(words) > 1 else ""
            if name in models or name == first:
                raise source.error(f"a second model {name!r}", line)
            body = []
            models[name] = line, body
        else:
            body.append((line, text))
    return models
