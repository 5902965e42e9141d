"""The network of Lee et al.: convolutions and average pools of spiking neurons, to be pretrained and then fine-tuned.

``20c5-2a-50c5-2a-200f-10f`` for pictures of 28x28: everything between the layers is spikes, the pools' outputs too,
since each pool drives integrate-and-fire neurons of its own.

References:
    Lee, Panda, Srinivasan and Roy, "Training Deep Spiking Convolutional Neural Networks With STDP-Based Unsupervised
    Pre-training Followed by Supervised Fine-Tuning", Frontiers in Neuroscience 12, 2018.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from logic import Domain, Symbols
from logic.randomness import Seed

from ..neurons import integrate_and_fire
from ..neurons.surrogates import Surrogate, arctan
from ..pictures.encoding import encode
from ..pictures.picture import check_pictures
from .classifier import draw_weights
from .percept import Percept, Spikes
from .perception import PerceptionError, check_sizes, to_domain


class LeeNetwork(nn.Module):
    """Pictures to spikes to a belief over the values of a domain.

    ``encode -> [convolution -> neurons -> average pool -> neurons] x 2 -> linear -> neurons -> linear readout``,
    all neurons integrate-and-fire. The readout never spikes: its currents, summed over all steps, are the logits.

    The paper runs tens of steps and its pool neurons fire at 0.8; with a few steps that silences the network, so the
    pool's threshold is lower here.

    Args:
        domain: The values that a picture can show, or how many.
        generator: Source of the initial weights, or a seed.
        steps: Number of steps, ``T``.
        channels: Maps of the two convolutions (5x5, no padding).
        hidden: Neurons of the hidden layer.
        size: Height and width of a picture in pixels; a multiple of 4.
        pool_threshold: Membrane at which a pool's neuron fires; one full window of spikes adds 1.
        surrogate: Stand-in derivative of a spike; arctan if none is given.

    Example:
        >>> LeeNetwork(10, 0)(torch.ones(1, 2, 1, 28, 28)).symbols.log_probs.shape
        torch.Size([1, 2, 10])
    """

    def __init__(
        self,
        domain: Domain | int,
        generator: Seed,
        *,
        steps: int = 4,
        channels: tuple[int, int] = (20, 50),
        hidden: int = 200,
        size: int = 28,
        pool_threshold: float = 0.4,
        surrogate: Surrogate | None = None,
    ) -> None:
        super().__init__()
        check_sizes(steps=steps, hidden=hidden, size=size)
        self.domain = to_domain(domain)
        if not 0 < pool_threshold <= 1:
            raise PerceptionError(f"a pool's threshold lies in (0, 1], got {pool_threshold}")
        self.steps = steps
        self.channels = (channels[0], channels[1])  # a checkpoint gives a list
        self.hidden = hidden
        self.size = size
        self.pool_threshold = pool_threshold
        self.surrogate = surrogate or arctan()
        side = ((size - 4) // 2 - 4) // 2
        self.layers = nn.ModuleDict(
            {
                "convolution1": nn.Conv2d(1, channels[0], 5, bias=False),
                "convolution2": nn.Conv2d(channels[0], channels[1], 5, bias=False),
                "hidden": nn.Linear(channels[1] * side * side, hidden, bias=False),
                "readout": nn.Linear(hidden, len(self.domain), bias=False),
            }
        )
        draw_weights(self.layers, generator)
        self.layers.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def architecture(self) -> dict[str, Any]:
        """The arguments that, with the domain, give a network of the same shape; a surrogate only trains."""
        return {
            "steps": self.steps,
            "channels": self.channels,
            "hidden": self.hidden,
            "size": self.size,
            "pool_threshold": self.pool_threshold,
        }

    def forward(self, pictures: Tensor) -> Percept:
        """What is seen in pictures ``[B, N, 1, H, W]``, bytes from 0 to 255 or floats from 0 to 1.

        Raises:
            PictureError: if the pictures have another shape.
        """
        pictures = check_pictures(pictures, (self.size, self.size))
        batch, slots = pictures.shape[:2]
        spikes: dict[str, Spikes] = {"input": encode(pictures.flatten(0, 1), self.steps)}
        signal = spikes["input"]
        for number in ("1", "2"):
            signal = spikes[f"convolution{number}"] = self._fire(self._each(f"convolution{number}", signal))
            pooled = functional.avg_pool2d(signal.flatten(0, 1), 2).unflatten(0, (self.steps, -1))
            signal = spikes[f"pool{number}"] = self._fire(pooled, self.pool_threshold)
        signal = spikes["hidden"] = self._fire(self._each("hidden", signal.flatten(2)))
        logits = self.layers["readout"](signal.sum(dim=0)).to(torch.float32)
        log_probs = logits.log_softmax(dim=1).unflatten(0, (batch, slots))
        return Percept(Symbols(self.domain, log_probs), spikes)

    def _each(self, name: str, signal: Tensor) -> Tensor:
        """One layer at all steps in one call."""
        return self.layers[name](signal.flatten(0, 1)).unflatten(0, (self.steps, -1))

    def _fire(self, current: Tensor, threshold: float = 1.0) -> Spikes:
        return integrate_and_fire(current, threshold=threshold, surrogate=self.surrogate)
