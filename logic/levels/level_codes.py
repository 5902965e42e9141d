"""How levels are sent as spikes, and when: the codes, and the steps at which each layer decides and sends.

- ``members``: a neuron is ``L`` members without memory that fire together at one step, as many as the level is. Each
  layer has one more channel, which passes on that the picture is shown; biases come from there.
- ``window``: one neuron fires ``level`` times, one spike a step, in a window of ``L`` steps.
- ``timed``: one neuron fires once, ``level`` steps before its window ends, and a relay holds that spike until the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from ..errors import NetworkError
from ..network import INPUT
from ..verdict import Verdict
from .level_layers import LevelLayer, LevelNetwork, LevelTerm
from .level_lemmas import members_lemma, timed_lemma, window_lemma


@dataclass(frozen=True)
class LevelCode:
    """A way to send levels.

    Args:
        name: As users say it.
        alphabet: What passes between layers, in words.
        together: Whether the lines of a neuron send a level at one step, so that there is one line for each level.
        late: Steps from a layer's decision to the first spike that others hear.
    """

    name: str
    alphabet: str
    together: bool
    late: int = 0

    def width(self, levels: int) -> int:
        """Lines of one neuron."""
        return levels if self.together else 1

    def window(self, levels: int) -> int:
        """Steps for which a layer sends."""
        return 1 if self.together else levels

    def lemma(self) -> Verdict:
        """What its neurons do."""
        return {"members": members_lemma, "window": window_lemma, "timed": timed_lemma}[self.name]()


LEVEL_CODES: Mapping[str, LevelCode] = MappingProxyType(
    {
        "members": LevelCode("members", "graded: L members, at one step", together=True),
        "window": LevelCode("window", "binary: up to L spikes in a window", together=False),
        "timed": LevelCode("timed", "binary: one spike, its time in a window", together=False, late=1),
    }
)
"""All codes by name."""


def level_code(name: str) -> LevelCode:
    """The code of that name.

    Raises:
        NetworkError: if there is none.

    Example:
        >>> level_code("window").window(levels=8)
        8
    """
    if name not in LEVEL_CODES:
        raise NetworkError(f"levels are not sent as {name!r}; use {', '.join(LEVEL_CODES)}")
    return LEVEL_CODES[name]


class Sending(NamedTuple):
    """When a layer decides and sends, in steps from the picture on.

    Args:
        ready: Step at which the last of what it hears has arrived, and it decides.
        first: Step of its first spikes that others hear.
        last: Step of its last ones.
    """

    ready: int
    first: int
    last: int


def sendings(network: LevelNetwork, code: LevelCode) -> dict[str, Sending]:
    """When the picture and each layer send.

    Example:
        >>> from logic.levels.level_layers import LevelTerm
        >>> one = LevelLayer("one", (LevelTerm("input", [[[[1]]]]),), [0], [2])
        >>> last = LevelLayer("last", (LevelTerm("one", [[[[1]]]]),), [0], None)
        >>> sendings(LevelNetwork((1, 1, 1), (one, last), levels=4), level_code("window"))["last"].ready
        5
    """
    found = {INPUT: Sending(0, 0, 0)}
    for layer in network.layers:
        ready = 1 + max(found[term.source].last for term in layer.terms)
        first = ready + code.late
        found[layer.name] = Sending(ready, first, first + code.window(network.levels) - 1)
    return found


def tap(network: LevelNetwork, layer: LevelLayer, term: LevelTerm) -> int | None:
    """The place ``(t, t)`` of a term's window that lies within its source wherever the window is, if there is one.

    There the window that stands at the first place hears the source's first line.
    """
    step, edge = term.stride * term.pool, term.padding * term.pool
    source, target = network.shapes[term.source], network.shapes[layer.name]
    inside = all((out - 1) * step < side for out, side in zip(target[1:], source[1:], strict=True))
    return edge if inside and edge < min(term.folded().shape[2:]) else None


def delay(layer: LevelLayer, source: str, times: Mapping[str, Sending]) -> int:
    """Steps from a source to a layer, so that its last spikes arrive when the layer decides."""
    return times[layer.name].ready - times[source].last
