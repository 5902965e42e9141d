"""Models within models: BLIF's ``.subckt`` lines, each of which copies a model of the same file.

In the literature: flattening of a hierarchy.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from .netlist import Netlist
from .source import Source

_MOST_LEVELS = 1000
_MOST_LINES = 1_000_000  # that are copied, beyond the bytes of the file


@dataclass(frozen=True)
class Instance:
    """A copy of a model to be made.

    Args:
        model: Its name.
        ports: The wire that each of its ports is connected to.
        line: Where it is asked for.
    """

    model: str
    ports: dict[str, str]
    line: int

    @classmethod
    def of(cls, source: Source, words: list[str], wire: Callable[[str], str], line: int) -> "Instance":
        """The instance of a ``.subckt`` line.

        Raises:
            FormatError: if its ports are not given as ``formal=actual``, each once.
        """
        pairs = [word.partition("=") for word in words[2:]]
        ports = {formal: wire(actual) for formal, _, actual in pairs}
        if len(ports) < len(pairs) or not all(formal and actual for formal, _, actual in pairs):
            raise source.error(f"expected .subckt model formal=actual ..., got {' '.join(words)[:60]!r}", line)
        return cls(words[1], ports, line)


class ModelReader(Protocol):
    """What reads one model into a netlist and collects the instances in it."""

    netlist: Netlist
    source: Source
    first: str
    instances: list[Instance]

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
    models = _models(source, begun, lines)
    for _, body in models.values():
        for line, text in body:
            if text.split()[:2] == [".subckt", reader.first]:
                raise source.error(
                    f"the first model, {reader.first!r}, is part of another; put the whole one first", line
                )
    start = netlist.fresh_name("u")  # names within begin with it, a number and a point, so none is another's
    used = {instance.model for instance in reader.instances}
    waiting, copied, count = [(instance, 1) for instance in reversed(reader.instances)], 0, 0
    while waiting:
        instance, level = waiting.pop()
        line = instance.line
        if instance.model not in models:
            raise source.error(f".subckt of the model {instance.model!r}, which this file does not hold", line)
        _, body = models[instance.model]
        copied += len(body)
        if level > _MOST_LEVELS or copied > _MOST_LINES + len(source.data):
            raise source.error(f"the model {instance.model!r} contains itself, or too many copies of others", line)
        formal = {word for _, text in body if text.startswith((".inputs", ".outputs")) for word in text.split()[1:]}
        if not instance.ports.keys() <= formal:
            odd = min(instance.ports.keys() - formal)
            raise source.error(f"the model {instance.model!r} has no port {odd!r}", line)
        reader.instances = []
        reader.read(body, f"{start}{count}.", instance.ports)
        count += 1
        used |= {inner.model for inner in reader.instances}
        waiting += [(inner, level + 1) for inner in reversed(reader.instances)]
    if unused := sorted(models.keys() - used):
        netlist.warn(f"the model {unused[0]!r} is not part of the first one, which is read alone", models[unused[0]][0])


def _models(
    source: Source, begun: tuple[int, str] | None, lines: Iterable[tuple[int, str]]
) -> dict[str, tuple[int, list[tuple[int, str]]]]:
    """The line and the logical lines of each further model."""
    models: dict[str, tuple[int, list[tuple[int, str]]]] = {}
    body: list[tuple[int, str]] = []
    for line, text in (*((begun,) if begun else ()), *lines):
        words = text.split()
        if words[0] == ".model":
            name = words[1] if len(words) > 1 else ""
            if name in models:
                raise source.error(f"a second model {name!r}", line)
            body = []
            models[name] = line, body
        else:
            body.append((line, text))
    return models
