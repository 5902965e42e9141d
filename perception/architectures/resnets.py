"""Spiking residual networks: a stem, stages of residual blocks, a readout."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from .fusing import Chain, present_to
from .layers import ArchitectureError, ConvNorm, MaxPool, NeuronFactory, Pooling, Readout
from .shortcuts import Residual, Shortcut

Stem = Literal["small", "large", "deep"]
"""``small``: 3x3. ``large``: 7x7, stride 2 and, if what follows takes spikes, a max-pool. ``deep``: three 3x3."""


@dataclass(frozen=True)
class ResNetPlan:
    """The shape of a spiking residual network.

    Args:
        widths: Channels of each stage.
        depths: Blocks of each stage.
        shortcut: Form of all residual connections.
        stem: The layers before the first stage.
        stem_width: Channels of the stem; 0 for those of the first stage.
        bottleneck: Blocks of 1x1, 3x3 and 1x1 convolutions with four times the channels, instead of two of 3x3.
        downsampling: How blocks halve height and width: ``stride``, or ``max`` for a pool before the neuron.
        projection: How projections do: ``stride``, ``max`` or ``average``.
        halve_first: Whether the first stage halves height and width too.
        hidden: Neurons of a hidden layer, behind normalised rates, before the readout; 0 for none.
        norm_readout: Whether the pooled rates are normalised before the readout; tiny networks need it.
        gamma: Initial scale of the norms before a neuron; the threshold, for tdBN.
    """

    widths: tuple[int, ...]
    depths: tuple[int, ...]
    shortcut: Shortcut = "ms"
    stem: Stem = "small"
    stem_width: int = 0
    bottleneck: bool = False
    downsampling: Pooling = "stride"
    projection: Pooling = "stride"
    halve_first: bool = False
    hidden: int = 0
    norm_readout: bool = False
    gamma: float = 1.0


class SpikingResNet(nn.Module):
    """A spiking residual network from pictures or frames to logits of each step.

    Args:
        plan: Its shape.
        neuron: Makes its neurons.
        channels: Channels of a picture.
        classes: Values that a picture can show.
        steps: Steps for which still pictures are shown, ``T``.

    Raises:
        ArchitectureError: if the plan does not fit together.
    """

    def __init__(self, plan: ResNetPlan, neuron: NeuronFactory, *, channels: int, classes: int, steps: int) -> None:
        super().__init__()
        if len(plan.widths) != len(plan.depths) or not plan.widths or min(plan.depths) < 1:
            raise ArchitectureError(
                f"{len(plan.widths)} widths and {len(plan.depths)} depths; each stage needs a width and a depth above 0"
            )
        if steps < 1:
            raise ArchitectureError(f"steps must be at least 1, got {steps}")
        self.steps = steps
        width = plan.stem_width or plan.widths[0]
        first, rest = _stem(plan, neuron, channels, width)
        self.first = first
        self.rest = Chain(*rest)
        blocks: list[Residual] = []
        for stage, (target, depth) in enumerate(zip(plan.widths, plan.depths, strict=True)):
            for number in range(depth):
                halve = number == 0 and (stage > 0 or plan.halve_first)
                blocks.append(_block(plan, neuron, width, target, halve))
                width = target * (4 if plan.bottleneck else 1)
        self.blocks = Chain(*blocks)
        self.fire = neuron() if plan.shortcut == "ms" else nn.Identity()
        self.head = nn.Sequential(Readout(width, plan.hidden, norm=True), neuron()) if plan.hidden else nn.Identity()
        self.readout = Readout(plan.hidden or width, classes, norm=plan.norm_readout)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits ``[T, B, K]`` of still pictures ``[B, C, H, W]`` or frames ``[T, B, C, H, W]``."""
        begin, then = (self.rest, self.blocks) if len(self.rest) else (self.blocks, self.rest)
        trunk = then(present_to(begin, self.first, pictures, self.steps))
        return self.readout(self.head(self.fire(trunk)))


def _stem(plan: ResNetPlan, neuron: NeuronFactory, channels: int, width: int) -> tuple[ConvNorm, list[nn.Module]]:
    """The first layer and what follows it before the blocks: in form ``ms`` a current leaves it, else spikes."""
    membrane = plan.shortcut == "ms"
    if plan.stem == "small":
        return ConvNorm(channels, width, 3, gamma=plan.gamma), [] if membrane else [neuron()]
    if plan.stem == "large":
        first = ConvNorm(channels, width, 7, pooling="stride", gamma=plan.gamma)
        return first, [] if membrane else [neuron(), MaxPool()]
    first = ConvNorm(channels, width, 3, pooling="stride", gamma=plan.gamma)
    rest: list[nn.Module] = [neuron(), ConvNorm(width, width, 3), neuron(), ConvNorm(width, width, 3)]
    return first, rest if membrane else [*rest, neuron()]


def _block(plan: ResNetPlan, neuron: NeuronFactory, source: int, width: int, halve: bool) -> Residual:
    pooling: Pooling = plan.downsampling if halve else "none"
    joined = plan.gamma / 2**0.5 if plan.shortcut == "spiking" else plan.gamma
    target = width * (4 if plan.bottleneck else 1)
    if plan.bottleneck:
        sizes: list[tuple[int, Pooling]] = [(1, "none"), (3, pooling), (1, "none")]
        channels = [source, width, width, target]
    else:
        sizes = [(3, pooling), (3, "none")]
        channels = [source, width, width]
    layers: list[nn.Module] = []
    for (inputs, outputs), (kernel, pool) in zip(pairwise(channels), sizes, strict=True):
        last = len(layers) == 2 * (len(sizes) - 1)
        layers.append(ConvNorm(inputs, outputs, kernel, pooling=pool, gamma=joined if last else plan.gamma))
        layers.append(neuron())
    projection = None
    if halve or source != target:
        projection = ConvNorm(source, target, pooling=plan.projection if halve else "none", gamma=joined)
    return Residual(Chain(*layers[:-1]), plan.shortcut, neuron, projection)
