"""A running average of the weights, which is often better than the weights themselves.

References:
    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """``a <- d a + (1 - d) w`` after each step, with ``d = min(decay, (1 + n) / (10 + n))`` at step ``n``.

    The second bound lets the average forget the random start.

    Args:
        network: Its parameters and buffers are averaged; whole numbers are copied.
        decay: Part of the average that a step keeps, in [0, 1).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Moves the average towards the network's weights after step ``step``, counted from 0."""
        keep = min(self.decay, (1 + step) / (10 + step))
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                self.values[name].lerp_(tensor, 1 - keep)
            else:
                self.values[name].copy_(tensor)

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Takes an average that was kept.

        Raises:
            KeyError: if a tensor is missing.
            RuntimeError: if one has another shape.
        """
        for name, tensor in self.values.items():
            tensor.copy_(values[name])

    @contextmanager
    def in_place(self, network: nn.Module, *, keep: bool = False) -> Generator[None]:
        """Within it, the network has the averaged weights.

        Args:
            network: Gets its own weights back afterwards.
            keep: Whether what happens to the weights within it stays in the average, such as settled statistics.
        """
        own = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
        network.load_state_dict(self.values)
        try:
            yield
            if keep:
                self.load(network.state_dict())
        finally:
            network.load_state_dict(own)
