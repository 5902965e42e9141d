"""Pictures as the spikes that a network of integers takes in: each byte as eight lines, one a bit."""

import torch
from torch import Tensor

from logic import NetworkError

from ..pictures.encoding import encode
from ..pictures.picture import check_pixels
from .layer_graph import BRIGHTEST, LayerGraph

BITS = 8  # of a pixel


def lines(graph: LayerGraph) -> int:
    """Input channels of one slot: eight a channel of the picture and one that is on while it is shown; or its own.

    Only a network that hears spikes and has no biases needs no line that tells when.
    """
    channels = graph.picture[0]
    if graph.code == "bytes":
        return BITS * channels + 1
    return channels + int(any(bool(layer.bias.any()) for layer in graph.layers))


def as_shown(graph: LayerGraph, pictures: Tensor) -> Tensor:
    """Pictures as the first layer hears them: whole numbers from 0 to 255, or spikes ``[T, ...]`` if it hears those.

    Args:
        graph: Whose first layer it is.
        pictures: ``[B, C, H, W]`` or frames ``[T, B, C, H, W]``, bytes or floats from 0 to 1 (then
            rounded to bytes).

    Returns:
        ``[B, C, H, W]`` or ``[T, B, C, H, W]``.
    """
    pictures = check_pixels(pictures)
    if graph.code == "spikes":
        return encode(pictures, graph.steps)
    return pictures.float() if pictures.dtype == torch.uint8 else (pictures * BRIGHTEST).round().clamp(0, BRIGHTEST)


def input_spikes(graph: LayerGraph, pictures: Tensor) -> Tensor:
    """The spikes of all slots of a network of integers.

    Channel ``8 c + j`` of a slot is bit ``j`` of channel ``c``; its last channel is on while the picture is shown.

    Args:
        graph: That the network was made of.
        pictures: ``[B, N, C, H, W]`` or frames ``[B, N, T, C, H, W]``, as for :func:`as_shown`.

    Returns:
        ``[T, B, N * lines, H, W]`` zeros and ones.

    Raises:
        NetworkError: if the pictures have another shape.

    Example:
        >>> from perception import SpikingVision
        >>> graph = SpikingVision(3, 0, model="tiny_ms_resnet", options={"size": 8, "steps": 2}).layer_graph()
        >>> spikes = input_spikes(graph, torch.full((1, 1, 1, 8, 8), 6, dtype=torch.uint8))
        >>> spikes.shape, spikes[0, 0, :, 0, 0].tolist()
        (torch.Size([2, 1, 9, 8, 8]), [False, True, True, False, False, False, False, False, True])
    """
    if pictures.ndim not in (5, 6) or tuple(pictures.shape[-3:]) != graph.picture:
        raise NetworkError(
            f"pictures have shape {list(pictures.shape)}, but the network needs [samples, slots, "
            f"{', '.join(map(str, graph.picture))}], or frames [samples, slots, steps, ...]"
        )
    samples, slots = pictures.shape[:2]
    flat = pictures.flatten(0, 1)
    shown = as_shown(graph, flat if pictures.ndim == 5 else flat.transpose(0, 1))
    frames = shown if shown.ndim == 5 else shown.expand(graph.steps, *shown.shape)
    if graph.code == "bytes":
        bits = (frames.to(torch.uint8)[:, :, :, None] >> torch.arange(BITS, dtype=torch.uint8)[:, None, None]) & 1
        planes = bits.flatten(2, 3).bool()
    else:
        planes = frames.bool()
    if lines(graph) > planes.shape[2]:
        planes = torch.cat([planes, torch.ones_like(planes[:, :, :1])], 2)
    return planes.unflatten(1, (samples, slots)).flatten(2, 3)
