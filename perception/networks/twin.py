"""The spiking classifier's twin without spikes: the same layers with rectified graded activity, for comparison."""

import torch
from torch import Tensor, nn

from logic import Domain, Symbols
from logic.randomness import Seed

from ..pictures.picture import check_pictures
from .classifier import draw_weights, layers
from .percept import Percept
from .perception import check_sizes, to_domain


class AnalogTwin(nn.Module):
    """Same layers, same number of weights, rectified linear units instead of spiking neurons, one pass instead of T.

    Args:
        domain: The values that a picture can show, or how many.
        generator: Source of the initial weights, or a seed.
        channels: Maps of the two convolutions.
        hidden: Units of the hidden layer.
        size: Height and width of a picture in pixels.

    Example:
        >>> AnalogTwin(10, 0)(torch.ones(3, 2, 1, 28, 28)).symbols.log_probs.shape
        torch.Size([3, 2, 10])
    """

    def __init__(
        self,
        domain: Domain | int,
        generator: Seed,
        *,
        channels: tuple[int, int] = (16, 32),
        hidden: int = 128,
        size: int = 28,
    ) -> None:
        super().__init__()
        check_sizes(hidden=hidden, size=size)
        self.domain = to_domain(domain)
        self.channels = (channels[0], channels[1])  # a checkpoint gives a list
        self.hidden = hidden
        self.size = size
        self.layers = layers(len(self.domain), channels, hidden, size)
        draw_weights(self.layers, generator)

    def architecture(self) -> dict[str, int | tuple[int, int]]:
        """The arguments that, with the domain, give a twin of the same shape."""
        return {"channels": self.channels, "hidden": self.hidden, "size": self.size}

    def forward(self, pictures: Tensor) -> Percept:
        """What is seen in pictures ``[B, N, 1, H, W]``, bytes from 0 to 255 or floats from 0 to 1; no spikes.

        Raises:
            PictureError: if the pictures have another shape.
        """
        pictures = check_pictures(pictures, (self.size, self.size))
        signal = pictures.flatten(0, 1)
        weight = self.layers["readout"].get_parameter("weight")
        signal = signal / 255 if signal.dtype == torch.uint8 else signal.to(weight.dtype)
        for name, layer in self.layers.items():
            signal = layer(signal.flatten(1) if isinstance(layer, nn.Linear) else signal)
            signal = signal if name == "readout" else signal.relu()
        log_probs = signal.log_softmax(dim=1).unflatten(0, pictures.shape[:2])
        return Percept(Symbols(self.domain, log_probs), spikes={})
