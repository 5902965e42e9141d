"""What tests of architectures share: presets made small, and networks whose norms have seen data."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from perception.architectures import Network, Preset, ResNetPlan, Stage, build

DIVISOR = 16
SIZE = 32


def small(chosen: Preset) -> Preset:
    """The same architecture, all depths kept, with a sixteenth of the channels on pictures of 32 x 32; tiny ones stay.

    The stages of Transformers keep an eighth, so that their heads still divide them.
    """
    if chosen.name.startswith("tiny"):
        return chosen
    plan: Any
    if isinstance(chosen.plan, ResNetPlan):
        old = chosen.plan
        plan = replace(
            old,
            widths=tuple(width // DIVISOR for width in old.widths),
            stem_width=old.stem_width // DIVISOR,
            hidden=old.hidden // DIVISOR,
        )
    else:
        stages = tuple(Stage(width // 8, depth, mixer) for width, depth, mixer in chosen.plan.stages)
        plan = replace(chosen.plan, stages=stages, inner=chosen.plan.inner // 8, heads=min(chosen.plan.heads, 4))
    return replace(chosen, plan=plan, classes=5, size=SIZE, steps=4)


def frames(chosen: Preset, batch: int = 3, seed: int = 1) -> Tensor:
    """Random frames ``[T, B, C, H, W]`` that differ from step to step, in float64."""
    generator = torch.Generator().manual_seed(seed)
    shape = (chosen.steps, batch, chosen.channels, chosen.size, chosen.size)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def lively(chosen: Preset) -> Network:
    """The network in evaluation and float64, its norms set on random frames so that spikes reach the end."""
    network = build(chosen, torch.Generator().manual_seed(0)).double()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(frames(chosen, batch=4, seed=2))
    return network.eval()
