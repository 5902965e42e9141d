"""A network that goes on where it ended: what its layers over time remember is given and taken, never kept."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from torch import Tensor, nn

from ..neurons import Neuron
from .memory_layer import MemoryLayer

OverTime = Neuron | MemoryLayer
Memory = Mapping[str, tuple[Tensor, ...]]
"""What each layer over time remembers, by its place in the network; ``place#n`` for its n-th further use in a call."""


def layers_over_time(network: nn.Module) -> dict[str, OverTime]:
    """The layers that go through time, by their place; those inside of others are left out."""
    found: dict[str, OverTime] = {}
    for name, layer in network.named_modules():
        inside = any(not at or name.startswith(f"{at}.") for at in found)
        if isinstance(layer, OverTime) and not inside:
            found[name] = layer
    return found


def advance(network: nn.Module, signal: Tensor, memory: Memory | None = None) -> tuple[Tensor, Memory]:
    """Some steps of a network, from what its layers remember to what they remember then.

    Equal to a run of all steps at once for networks that leave each step to itself but for these layers; see
    :func:`perception.stream`, which refuses others.

    Args:
        network: From ``[T, B, ...]`` to ``[T, B, ...]``.
        signal: Of so many steps, ``[T, B, ...]``.
        memory: As an earlier call gave it; rest if left out.

    Example:
        >>> import torch
        >>> from perception import IntegrateAndFire
        >>> network = nn.Sequential(IntegrateAndFire())
        >>> first, memory = advance(network, torch.full((1, 1, 1), 0.5))
        >>> second, _ = advance(network, torch.full((1, 1, 1), 0.5), memory)
        >>> first.item(), second.item()
        (0.0, 1.0)
    """
    given, found = dict(memory or {}), dict[str, tuple[Tensor, ...]]()
    layers = layers_over_time(network)

    def run(name: str, layer: OverTime, arriving: Tensor) -> Tensor:
        uses = sum(1 for key in found if key.partition("#")[0] == name)
        key = f"{name}#{uses}" if uses else name
        if isinstance(layer, Neuron):
            firing = layer.fire(arriving, given.get(key))
            found[key] = firing.state
            return firing.spikes
        sent, found[key] = layer.advance(arriving, given.get(key))
        return sent

    with replaced(layers, run):
        return network(signal), found


@contextmanager
def replaced(layers: Mapping[str, OverTime], run: Callable[[str, OverTime, Tensor], Tensor]) -> Generator[None]:
    """Within it, ``run(place, layer, signal)`` gives what leaves each layer."""
    try:
        for name, layer in layers.items():
            cast(Any, layer).forward = partial(run, name, layer)
        yield
    finally:
        for layer in layers.values():
            vars(layer).pop("forward", None)  # the class's own comes forth again
