"""Zeros skipped, or multiplied, in all convolutions of a network: those of others too, which know nothing of spikes."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

from torch import nn

from ..sparsity import SpikeConv2d, convolve_spikes
from ..sparsity.convolution import MOST


@contextmanager
def zero_skipping(network: nn.Module, most: float = MOST) -> Generator[None]:
    """Within it, convolutions of the network add up the weights of spikes whenever few enough of their inputs fire.

    The layers of our own architectures do so anyway (:class:`perception.sparsity.SpikeConv2d`). Results stay the same
    up to the rounding of sums, and so do gradients; those of gradients need ``most=0``. On other devices and in other
    types, layers compute as ever.

    Args:
        network: Any.
        most: Spikes for each input of a layer, from 0 to 1, up to which zeros are skipped; 0 for never.

    Example:
        >>> import torch
        >>> layer = nn.Conv2d(8, 4, 3)
        >>> spikes = torch.zeros(2, 8, 9, 9)
        >>> spikes[0, 3, 4, 4] = 1.0
        >>> with zero_skipping(nn.Sequential(layer)):
        ...     skipped = layer(spikes)
        >>> torch.allclose(skipped, layer(spikes), atol=1e-6)
        True
    """
    plain = (nn.Conv2d.forward, SpikeConv2d.forward)
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d) and type(layer).forward in plain]
    try:
        for layer in layers:
            layer.forward = partial(convolve_spikes, layer, most=most)  # pyright: ignore[reportAttributeAccessIssue]
        yield
    finally:
        for layer in layers:
            del layer.forward  # the class's own comes forth again
