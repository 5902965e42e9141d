"""From pictures to tokens: the stems of spiking Transformers, convolutions that halve the map as they go."""

from typing import Literal

from torch import nn

from .fusing import Chain
from .layers import ArchitectureError, ConvNorm, MaxPool, NeuronFactory, Pooling
from .shortcuts import Residual, Shortcut

PoolOrder = Literal["fire-pool", "pool-fire", "stride", "extra"]
"""How the map is halved: neurons then max-pool; max-pool then neurons, through which gradients flow better; by the
convolution's own stride; or by one more layer of stride 2."""


def patch_splitting(
    width: int, pools: str, order: PoolOrder, shortcut: Shortcut, neuron: NeuronFactory, *, channels: int
) -> tuple[ConvNorm, list[nn.Module]]:
    """SPS: one 3x3 convolution for each letter of ``pools``, doubling the channels, then one for the position.

    Args:
        width: Channels of a token, ``D``.
        pools: Such as ``0011``: at which convolutions the map is halved.
        order: Of neurons and pool.
        shortcut: ``ms`` returns the membrane, the others spikes.
        neuron: Makes the neurons.
        channels: Channels of a picture.

    Returns:
        The first layer, and those behind it.

    Raises:
        ArchitectureError: if ``pools`` is no such string.

    References:
        Zhou et al., "Spikformer", ICLR 2023; for ``ms``, Yao et al., "Spike-driven Transformer", NeurIPS 2023.
    """
    widths = [width >> (len(pools) - 1 - number) for number in range(len(pools))]
    if pools[:1] not in ("0", "1") or set(pools) - {"0", "1"} or not widths[0]:
        raise ArchitectureError(f"pools {pools!r} must be zeros and ones, few enough to halve {width} channels each")
    membranes = [shortcut == "ms" and number == len(pools) - 1 for number in range(len(pools))]
    poolings: list[Pooling] = [
        _pooling(letter == "1", order, membrane) for letter, membrane in zip(pools, membranes, strict=True)
    ]
    first = ConvNorm(channels, widths[0], 3, pooling=poolings[0])
    rest: list[nn.Module] = []
    for number, letter in enumerate(pools):
        if number:
            rest.append(ConvNorm(widths[number - 1], widths[number], 3, pooling=poolings[number]))
        if membranes[number]:
            continue
        rest.append(neuron())
        if letter == "1" and order == "fire-pool":
            rest.append(MaxPool())
        if letter == "1" and order == "extra":
            rest += [ConvNorm(widths[number], widths[number], 3, pooling="stride"), neuron()]
    return first, [*rest, Residual(ConvNorm(width, width, 3), shortcut, neuron)]


def _pooling(halve: bool, order: PoolOrder, membrane: bool) -> Pooling:
    """How a convolution halves the map by itself; where no neurons follow, a pool can only stand before them."""
    if halve and order == "stride":
        return "stride"
    return "max" if halve and (order == "pool-fire" or membrane) else "none"


def stage_embedding(
    inputs: int, outputs: int, shortcut: Shortcut, neuron: NeuronFactory, *, halve: bool = True
) -> Residual:
    """Convolutions of 3x3 beside one of 1x1, between the stages of a hierarchical Transformer.

    Where the map is halved there are two of 3x3 and a max-pool between a convolution and its neurons: at the first
    for ``ms`` (Max-Embed, beside it a max-pool too), at the second for the others (SPEDS, beside it a stride).

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        shortcut: ``ms`` takes and returns a membrane, the others spikes.
        neuron: Makes the neurons.
        halve: Whether height and width are halved.

    References:
        Zhou et al., "QKFormer", NeurIPS 2024 (SPEDS). Fang et al., "Spiking Neural Networks Need High-Frequency
        Information", NeurIPS 2025 (Max-Embed).
    """
    if not halve:
        return Residual(ConvNorm(inputs, outputs, 3), shortcut, neuron, ConvNorm(inputs, outputs))
    early = shortcut == "ms"
    branch = Chain(
        ConvNorm(inputs, outputs, 3, pooling="max" if early else "none"),
        neuron(),
        ConvNorm(outputs, outputs, 3, pooling="none" if early else "max"),
    )
    return Residual(branch, shortcut, neuron, ConvNorm(inputs, outputs, pooling="max" if early else "stride"))
