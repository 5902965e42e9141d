"""Remedies for dead neurons as options: what the detector's warning recommends, applied to the layer that it names.

Two more are options of training: the loss ``rate_band`` (:func:`perception.rate_penalty`) and, by building the network
anew, ``neuron={"name": "lsg"}``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from logic.randomness import Seed, to_generator

from ..architectures.normalization import ThresholdBatchNorm
from ..neurons import LeakyIntegrateAndFire, Neuron, NeuronError, ParametricLIF
from ..neurons.surrogates import fast_sigmoid
from .dead_neurons import balance_threshold, by_channel, draw_fluctuating, rescale_silent

_ROUNDS = 50  # of homeostasis


@dataclass(frozen=True, eq=False)
class Place:
    """A layer of neurons and what stands before it.

    Args:
        network: All of it.
        name: Of the layer.
        neurons: The layer.
        weights: The last weighted layer that runs before it.
        norm: The last norm that runs between both, or none.
        run: Lets the network look at some pictures.
        generator: Source of new weights.
    """

    network: nn.Module
    name: str
    neurons: Neuron
    weights: nn.Module
    norm: nn.Module | None
    run: Callable[[], object]
    generator: torch.Generator

    @torch.no_grad()
    def membranes(self) -> Tensor:
        """Membranes of the layer in a run, ``[T, B, C, ...]``."""
        seen = list[Tensor]()
        hook = self.neurons.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        try:
            self.run()
        finally:
            hook.remove()
        return self.neurons.fire(seen[-1]).membrane


def revive(network: nn.Module, layer: str, remedy: str, run: Callable[[], object], generator: Seed) -> None:
    """Applies a remedy to a layer of neurons, in place.

    Args:
        network: Any module with layers of ours.
        layer: Name of the layer, as the detector's warning says it.
        remedy: A key of ``REMEDIES``.
        run: Lets the network look at some pictures, to find what stands before the layer.
        generator: Source of new weights.

    Raises:
        NeuronError: if there is no such layer or remedy, the layer did not run, or it cannot have this remedy.

    Example:
        >>> from perception import IntegrateAndFire
        >>> network = nn.Sequential(nn.Linear(2, 3), IntegrateAndFire())
        >>> revive(network, "1", "half_start", lambda: network(torch.ones(4, 1, 2)), 0)
        >>> network[1].start
        0.5
    """
    generator = to_generator(generator)
    if remedy not in REMEDIES:
        raise NeuronError(f"unknown remedy {remedy!r}; there are {', '.join(REMEDIES)}")
    found = dict(network.named_modules()).get(layer)
    if not isinstance(found, Neuron):
        layers = [name for name, module in network.named_modules() if isinstance(module, Neuron)]
        raise NeuronError(f"{layer!r} is no layer of neurons; there are {', '.join(layers)}")
    REMEDIES[remedy](_place(network, layer, found, run, generator))


def _place(
    network: nn.Module, name: str, neurons: Neuron, run: Callable[[], object], generator: torch.Generator
) -> Place:
    order = list[nn.Module]()
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d, ThresholdBatchNorm)
    hooks = [
        module.register_forward_pre_hook(lambda module, _: order.append(module))
        for module in network.modules()
        if module is neurons or isinstance(module, kinds)
    ]
    try:
        with torch.no_grad():
            run()
    finally:
        for hook in hooks:
            hook.remove()
    if neurons not in order:
        raise NeuronError(f"layer {name!r} did not run, so what stands before it is not known")
    norm: nn.Module | None = None
    for module in reversed(order[: order.index(neurons)]):
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear):
            return Place(network, name, neurons, module, norm, run, generator)
        norm = norm or module
    raise NeuronError(f"no weighted layer runs before {name!r}")


def _widen(place: Place) -> None:
    """Remedy 1: peak 1 and heavy tails, so that far membranes learn; narrow it later, as Dspike's search does."""
    place.neurons.surrogate = fast_sigmoid(2.0)


@torch.no_grad()
def _normalise(place: Place) -> None:
    """Remedy 2: currents of mean 0 and of the threshold's size (tdBN)."""
    if place.norm is None:
        raise NeuronError(f"no norm stands before {place.name!r}; build the network with a ThresholdBatchNorm there")
    place.norm.get_parameter("weight").copy_(torch.as_tensor(place.neurons.threshold))
    place.norm.get_parameter("bias").zero_()


def _fluctuate(place: Place) -> None:
    """Remedy 3: weights of mean 0 under which membranes reach the threshold by chance."""
    threshold = torch.as_tensor(place.neurons.threshold).detach().mean().item()
    draw_fluctuating(place.weights, place.generator, threshold=threshold)


def _learn_leak(place: Place) -> None:
    """Remedy 4: the leak becomes a learned number."""
    layer = _leaky(place)
    if not isinstance(layer, ParametricLIF) and not isinstance(layer.beta, nn.Parameter):
        beta = torch.as_tensor(layer.decay()).detach().clamp(0.01, 0.99)
        layer.beta = nn.Parameter(beta.to(place.weights.get_parameter("weight"), copy=True))


def _start_half(place: Place) -> None:
    """Remedy 4: membranes start half-way to the threshold."""
    _leaky(place).start = 0.5


def _balance(place: Place) -> None:
    """Remedy 6: the threshold moves until the layer fires at about a tenth of its steps."""
    for _ in range(_ROUNDS):
        membranes = place.membranes()
        fired = membranes >= place.neurons.threshold_over(membranes)
        balance_threshold([place.neurons], [by_channel(fired)], target=0.1, speed=1.0)


def _detach(place: Place) -> None:
    """Remedy 7: no gradient through the reset."""
    _leaky(place).detach_reset = True


@torch.no_grad()
def _rescale(place: Place) -> None:
    """Remedy 8: channels that never fire get weights that bring them to the threshold."""
    membranes = place.membranes()
    threshold = place.neurons.threshold_over(membranes)
    dead = by_channel(membranes >= threshold) == 0
    scaled = place.weights if place.norm is None else place.norm
    for name, parameter in scaled.named_parameters(recurse=False):
        if name in ("weight", "bias"):
            # on a scale on which all channels have the threshold 1
            rescale_silent(parameter, membranes / threshold, dead)


def _leaky(place: Place) -> LeakyIntegrateAndFire:
    if not isinstance(place.neurons, LeakyIntegrateAndFire):
        raise NeuronError(f"{place.name!r} has no leak or reset to change; this remedy is for leaky neurons")
    return place.neurons


REMEDIES: dict[str, Callable[[Place], None]] = {
    "wide_surrogate": _widen,
    "threshold_norm": _normalise,
    "fluctuating_weights": _fluctuate,
    "learned_leak": _learn_leak,
    "half_start": _start_half,
    "balanced_threshold": _balance,
    "detached_reset": _detach,
    "rescaled_weights": _rescale,
}
