"""The same leaky neurons and small network, by this package and by four others: what a benchmark times.

Neurons: decay 0.5, threshold 1, reset by subtraction, arctan surrogate of width 2 (Norse resets to zero, snnTorch one
step later; sinabs' surrogate is its own). Network: 12C5-MP2-LIF-64C5-MP2-LIF-FC10-LIF on still pictures of 28x28, the
network of snnTorch's sixth tutorial, each written as its package's own examples write it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from perception import LeakyIntegrateAndFire
from perception.neurons import Tier
from perception.sparsity import SpikeConv2d

Scan = Callable[[Tensor], Tensor]
"""Currents ``[T, N]`` to spikes ``[T, N]``, from rest."""


@dataclass(frozen=True)
class Contestant:
    """One way to compute.

    Args:
        scan: Makes neurons alone.
        network: Makes a network: pictures ``[B, 1, 28, 28]`` and a number of steps to spikes ``[T, B, 10]``.
    """

    scan: Callable[[torch.device], Scan]
    network: Callable[[torch.device], nn.Module]


class Layers(nn.Module):
    """The layers with weights, equal for all: two convolutions and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Conv2d(1, 12, 5), nn.Conv2d(12, 64, 5), nn.Linear(1024, 10)


class Neurosym(Layers):
    """By this package: still pictures pass the first layer once; time and batch pass the others together."""

    def __init__(self, tier: Tier = "auto") -> None:
        super().__init__()
        self.second = SpikeConv2d(12, 64, 5)
        self.fire = LeakyIntegrateAndFire(0.5, reset="soft", tier=tier)
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, pictures: Tensor, steps: int) -> Tensor:
        """Spikes ``[T, B, 10]``."""
        merged = steps, len(pictures)
        seen = functional.max_pool2d(self.first(pictures), 2)
        spikes = self.fire(seen.expand(steps, *seen.shape))
        spikes = self.fire(functional.max_pool2d(self.second(spikes.flatten(0, 1)), 2).unflatten(0, merged))
        return self.fire(self.last(spikes.flatten(0, 1).flatten(1)).unflatten(0, merged))


class Jelly(Layers):
    """By SpikingJelly with all steps in one call; ``once`` computes the first layer once, by hand, as we do."""

    def __init__(self, *, once: bool = False, channels_last: bool = False) -> None:
        super().__init__()
        self.once = once
        if channels_last:
            self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.neurons = nn.ModuleList([jelly_neuron() for _ in range(3)])
        self.tools: Any = import_module("spikingjelly.activation_based.functional")

    def forward(self, pictures: Tensor, steps: int) -> Tensor:
        """Spikes ``[T, B, 10]``."""
        self.tools.reset_net(self)
        if self.once:
            seen = functional.max_pool2d(self.first(pictures), 2)
            current = seen.expand(steps, *seen.shape)
        else:
            shown = pictures.repeat(steps, 1, 1, 1, 1)
            current = self.tools.seq_to_ann_forward(shown, [self.first, nn.MaxPool2d(2)])
        spikes = self.neurons[0](current)
        spikes = self.neurons[1](self.tools.seq_to_ann_forward(spikes, [self.second, nn.MaxPool2d(2)]))
        return self.neurons[2](self.tools.seq_to_ann_forward(spikes.flatten(2), self.last))


class Stepping(Layers):
    """By a package whose neurons take one step at a time and hand their state on."""

    def __init__(self, make: Callable[[], Callable[[Tensor, Any], tuple[Tensor, Any]]]) -> None:
        super().__init__()
        self.neurons = [make() for _ in range(3)]

    def forward(self, pictures: Tensor, steps: int) -> Tensor:
        """Spikes ``[T, B, 10]``."""
        states: list[Any] = [None] * 3
        written = list[Tensor]()
        for _ in range(steps):
            spikes, states[0] = self.neurons[0](functional.max_pool2d(self.first(pictures), 2), states[0])
            spikes, states[1] = self.neurons[1](functional.max_pool2d(self.second(spikes), 2), states[1])
            spikes, states[2] = self.neurons[2](self.last(spikes.flatten(1)), states[2])
            written.append(spikes)
        return torch.stack(written)


class Sinabs(Layers):
    """By sinabs: its neurons take ``[B, T, ...]`` at once, its weights see time and batch together."""

    def __init__(self) -> None:
        super().__init__()
        self.neurons = nn.ModuleList([sinabs_neuron() for _ in range(3)])

    def forward(self, pictures: Tensor, steps: int) -> Tensor:
        """Spikes ``[T, B, 10]``."""
        for neuron in self.neurons:
            neuron.reset_states()  # pyright: ignore[reportCallIssue]
        merged = len(pictures), steps
        current = functional.max_pool2d(self.first(pictures.repeat_interleave(steps, 0)), 2)
        spikes = self.neurons[0](current.unflatten(0, merged)).flatten(0, 1)
        spikes = self.neurons[1](functional.max_pool2d(self.second(spikes), 2).unflatten(0, merged)).flatten(0, 1)
        return self.neurons[2](self.last(spikes.flatten(1)).unflatten(0, merged)).transpose(0, 1)


def jelly_neuron() -> Any:
    """SpikingJelly's neuron with all steps in one call; on a GPU it takes its own fused kernel."""
    neuron: Any = import_module("spikingjelly.activation_based.neuron")
    surrogate: Any = import_module("spikingjelly.activation_based.surrogate")
    return neuron.LIFNode(
        tau=2.0,
        decay_input=False,
        v_reset=None,
        surrogate_function=surrogate.ATan(2.0),
        detach_reset=True,
        step_mode="m",
    )


def snntorch_neuron() -> Callable[[Tensor, Any], tuple[Tensor, Any]]:
    """A step of snnTorch's neuron."""
    leaky: Any = import_module("snntorch").Leaky(beta=0.5, threshold=1.0, reset_mechanism="subtract")
    return lambda current, state: leaky(current, leaky.init_leaky() if state is None else state)


def norse_neuron() -> Callable[[Tensor, Any], tuple[Tensor, Any]]:
    """A step of Norse's neuron."""
    norse: Any = import_module("norse.torch")
    return norse.LIFBoxCell(norse.LIFBoxParameters(tau_mem_inv=torch.tensor(500.0), alpha=torch.tensor(2.0)))


def sinabs_neuron() -> Any:
    """Sinabs' neuron, which takes all steps at once."""
    layers: Any = import_module("sinabs.layers")
    return layers.LIF(tau_mem=1 / log(2), norm_input=False)


def in_steps(neuron: Callable[[Tensor, Any], tuple[Tensor, Any]]) -> Scan:
    """A neuron run step by step, over steps taken apart at once, the faster way."""

    def scan(current: Tensor) -> Tensor:
        state, written = None, list[Tensor]()
        for now in current.unbind(0):
            spikes, state = neuron(now, state)
            written.append(spikes)
        return torch.stack(written)

    return scan


def jelly_scan() -> Scan:
    """SpikingJelly's neurons, from rest each time."""
    neuron = jelly_neuron()

    def scan(current: Tensor) -> Tensor:
        neuron.reset()
        return neuron(current)

    return scan


def sinabs_scan() -> Scan:
    """Sinabs' neurons, from rest each time."""
    neuron = sinabs_neuron()

    def scan(current: Tensor) -> Tensor:
        neuron.reset_states()
        return neuron(current[None])[0]

    return scan


def contestants(device: torch.device) -> Mapping[str, Contestant]:
    """All that take part, by name; on a GPU each with its fused kernel."""
    tier: Tier = "compiled" if device.type == "cuda" else "auto"
    return {
        "neurosym": Contestant(
            lambda _: LeakyIntegrateAndFire(0.5, reset="soft", tier=tier), lambda on: Neurosym(tier).to(on)
        ),
        "spikingjelly": Contestant(lambda _: jelly_scan(), lambda on: Jelly().to(on)),
        "spikingjelly, first layer once": Contestant(lambda _: jelly_scan(), lambda on: Jelly(once=True).to(on)),
        "spikingjelly, first layer once, channels last": Contestant(
            lambda _: jelly_scan(), lambda on: Jelly(once=True, channels_last=True).to(on)
        ),
        "snntorch": Contestant(lambda _: in_steps(snntorch_neuron()), lambda on: Stepping(snntorch_neuron).to(on)),
        "norse": Contestant(lambda _: in_steps(norse_neuron()), lambda on: Stepping(norse_neuron).to(on)),
        "sinabs": Contestant(lambda _: sinabs_scan(), lambda on: Sinabs().to(on)),
    }
