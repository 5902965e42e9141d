"""Who takes part in the table: every method of this package, on a plain network and on its twin with QCFS."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor, nn

from perception import CONVERSION_METHODS, ConvertedNetwork, Method, convert
from perception.conversion.signal_graph import Role

from .trained_networks import CHUNK, LEVELS, Trained, to_floats

CALIBRATION = 500
COUNTED = 200  # pictures on which spikes are counted


@dataclass(frozen=True)
class Spending:
    """What a picture costs, on average; see :class:`.conversion_rows.Row`."""

    events: float
    unit_spikes: float
    bits: float
    synaptic_operations: float
    energy: float
    ann_energy: float


class Spiking(Protocol):
    """A converted network of any tool, for a number of steps."""

    @property
    def alphabet(self) -> str:
        """Values that a spike can have."""
        ...

    @property
    def window(self) -> int:
        """Steps that a layer waits for before it sends."""
        ...

    @property
    def steps_to_answer(self) -> int:
        """From the picture to the answer."""
        ...

    @property
    def islands(self) -> int:
        """Functions left in floating point."""
        ...

    def read(self, pictures: Tensor) -> Tensor:
        """Classes ``[M]`` of byte pictures."""
        ...

    def spend(self, pictures: Tensor) -> Spending:
        """What one of them costs."""
        ...


@dataclass(frozen=True)
class Entrant:
    """A tool and a method.

    Args:
        tool: ``neurosym`` or a rival.
        method: With its options, as the table says it.
        trained: ``relu``, ``qcfs8`` or ``gelu``: which of the networks it converts.
        convert: The spiking network of a trained one for so many steps.
    """

    tool: str
    method: str
    trained: str
    convert: Callable[[nn.Module, Tensor, int], Spiking]

    def network(self, trained: Trained) -> nn.Module:
        """The network that it converts."""
        return trained.twin if self.trained == f"qcfs{LEVELS}" and trained.twin is not None else trained.network


class Ours:
    """A network converted by this package.

    Args:
        converted: The network.
    """

    def __init__(self, converted: ConvertedNetwork) -> None:
        self.converted = converted
        self.alphabet, self.window = converted.alphabet, converted.window
        self.steps_to_answer, self.islands = converted.steps_to_answer, len(converted.islands)

    def read(self, pictures: Tensor) -> Tensor:
        """See :class:`Spiking`."""
        with torch.no_grad():
            return torch.cat([self.converted(to_floats(part)).argmax(1) for part in pictures.split(CHUNK)])

    def spend(self, pictures: Tensor) -> Spending:
        """See :class:`Spiking`."""
        found = self.converted.measure(to_floats(pictures[:COUNTED]))
        return Spending(
            found.events, found.unit_spikes, found.bits, found.synaptic_operations, found.energy, found.analog_energy
        )  # fmt: skip


def ours(method: str | Method, *, plain_pool: bool = False, **options: float | bool) -> Callable[..., Ours]:
    """A way to convert by this package.

    Args:
        method: One of ``CONVERSION_METHODS``, or changed.
        plain_pool: Whether spikes are pooled step by step, as simple tools do, instead of exactly.
        options: Of :func:`perception.convert`.
    """

    def build(network: nn.Module, calibration: Tensor, steps: int) -> Ours:
        converted = convert(network, calibration, method, steps=steps, levels=LEVELS, **options)  # type: ignore[arg-type]
        return Ours(with_plain_pools(converted) if plain_pool else converted)

    return build


def with_plain_pools(converted: ConvertedNetwork) -> ConvertedNetwork:
    """The network with a plain maximum over each step's spikes in the place of exact pooling: a common mistake."""
    graph = converted.graph
    pools = (replace(one, role=Role.LINEAR) if one.role is Role.POOL else one for one in graph.operations)
    converted.graph = replace(graph, operations=tuple(pools))
    return converted


_CALIBRATED = replace(CONVERSION_METHODS["group"], rule="squared-error", per_channel=True, correction="bias")
_VARIANTS: Mapping[str, Callable[..., Ours]] = {
    "group, calibrated": ours(_CALIBRATED),
    "calibrated-bias, per channel": ours("calibrated-bias", per_channel=True),
    "robust, half": ours("robust", start=0.5),
    "robust, half, per channel": ours("robust", start=0.5, per_channel=True),
    "robust, half, per channel, plain max-pooling": ours("robust", start=0.5, per_channel=True, plain_pool=True),
}
_ON_TWIN = ("group", "signed", "calibrated-signed", "auto", "tpp", "tpp-unbiased", "two-phase", "ttfs")
"""Converted from QCFS too, beside those methods that need it: they gain by trained thresholds."""


def our_entrants(trained: Trained) -> list[Entrant]:
    """Every method on the plain network, and on the twin those that need it or gain by it."""
    if trained.name == "transformer":
        needed = [one for one in CONVERSION_METHODS.values() if one.neuron == "multi-threshold" or one.name == "auto"]
        return [Entrant("neurosym", one.name, "gelu", ours(one.name, islands=True)) for one in needed]
    plain = [
        Entrant("neurosym", one.name, "relu", ours(one.name))
        for one in CONVERSION_METHODS.values()
        if not one.needs_training
    ]
    pools = any(isinstance(module, nn.MaxPool2d) for module in trained.network.modules())
    plain += [Entrant("neurosym", n, "relu", build) for n, build in _VARIANTS.items() if pools or "pool" not in n]
    twin = [
        Entrant("neurosym", one.name, f"qcfs{LEVELS}", ours(one.name))
        for one in CONVERSION_METHODS.values()
        if one.needs_training == "qcfs" or one.name in _ON_TWIN
    ]
    return plain + twin


def timed(entrant: Entrant, trained: Trained, steps: int) -> tuple[Spiking, float]:
    """The spiking network and the CPU seconds of its making."""
    network, calibration = entrant.network(trained), trained.calibration(CALIBRATION)
    start = time.process_time()
    spiking = entrant.convert(network, calibration, steps)
    return spiking, time.process_time() - start
