"""What runs through a network: the spikes of its neurons, and whether its weights meet zeros and ones."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ..neurons import Neuron
from .attention import BINARY_KINDS
from .layers import ConvNorm, Readout
from .presets import Network, Preset
from .resnets import ResNetPlan

Traffic = Literal["binary", "whole", "real"]
"""What a weighted layer takes in: zeros and ones, whole numbers, or other numbers."""


@contextmanager
def recorded_spikes(network: nn.Module) -> Generator[dict[str, Tensor]]:
    """What the neurons of a network send while the context lasts, by their place in it, ``[T, B, ...]`` each.

    Example:
        >>> from perception import IntegrateAndFire
        >>> network = nn.Sequential(IntegrateAndFire())
        >>> with recorded_spikes(network) as spikes:
        ...     _ = network(torch.tensor([[0.5], [0.5]]))
        >>> spikes["0"].flatten().tolist()
        [0.0, 1.0]
    """
    spikes: dict[str, Tensor] = {}

    def keep(name: str, module: nn.Module, inputs: Any, sent: Tensor) -> None:
        spikes[name] = sent

    hooks = [
        module.register_forward_hook(partial(keep, name))
        for name, module in network.named_modules()
        if isinstance(module, Neuron)
    ]
    try:
        yield spikes
    finally:
        for hook in hooks:
            hook.remove()


def weighted_inputs(network: Network, pictures: Tensor) -> dict[str, Traffic]:
    """What each weighted layer takes in when the network looks at pictures, the first layer left out.

    A mean before a linear map is part of that map: the weight of a spike is divided by the number of places.

    Args:
        network: In evaluation, or its norms learn.
        pictures: As its ``forward`` takes them.

    Example:
        >>> from perception import build, preset
        >>> pictures = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> for name in ("tiny_ms_resnet", "tiny_sew_resnet"):  # the second adds spikes to spikes
        ...     sorted(set(weighted_inputs(build(preset(name), 0), pictures).values()))
        ['binary']
        ['binary', 'whole']
    """
    found: dict[str, Traffic] = {}

    def look(name: str, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found[name] = _traffic(inputs[0])

    layers = {name: layer for name, layer in network.named_modules() if isinstance(layer, ConvNorm | Readout)}
    hooks = [
        layer.register_forward_pre_hook(partial(look, name))
        for name, layer in layers.items()
        if layer is not network.first
    ]
    try:
        with torch.no_grad():
            network(pictures)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _traffic(signal: Tensor) -> Traffic:
    if bool(((signal == 0) | (signal == 1)).all()):
        return "binary"
    return "whole" if bool((signal == signal.round()).all()) else "real"


def is_binary(chosen: Preset) -> bool:
    """Whether all weights but the first layer's meet zeros and ones only, by the preset's plan.

    Under ``sew-add`` sums of spikes go through weights; so do, in one-step networks, sums over time and the real
    values of SAF. All other forms here place neurons before every weight.
    """
    plan = chosen.plan
    if plan.shortcut == "sew-add" or chosen.neuron.kind.graded:
        return False
    if isinstance(plan, ResNetPlan):
        return True
    fires = plan.shortcut != "ms" or plan.fire_last != "no"
    summed = plan.compress and plan.shortcut != "ms"  # in form 'ms', neurons stand between the sum and every weight
    plain = not (summed or plan.gated) and plan.compensation == 1
    return fires and plain and all(stage[2] != "saf" for stage in plan.stages)


def has_products(chosen: Preset) -> bool:
    """Whether a preset's attention multiplies spikes that both change, which no fixed weights can do.

    SDSA and QK attention are masks and counts: gates of fixed weights compute them.
    """
    plan = chosen.plan
    if isinstance(plan, ResNetPlan):
        return False
    return any(stage[2] not in (*BINARY_KINDS, "identity", "depthwise") for stage in plan.stages)


def is_causal(chosen: Preset) -> bool:
    """Whether the logits of a step depend on no later frame, by the preset's plan."""
    plan = chosen.plan
    if not chosen.neuron.kind.causal:
        return False
    if isinstance(plan, ResNetPlan):
        return True
    chunks = plan.chunk > 1 and any(stage[2] == "statten" for stage in plan.stages)
    return not (chunks or plan.compress or plan.tokens != "all")
