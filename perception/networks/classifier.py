"""The spiking classifier: convolutions of integrate-and-fire neurons from pictures to a belief over symbols."""

import torch
from torch import Tensor, nn

from logic import INPUT, Domain, Symbols
from logic.randomness import Seed, to_generator

from ..integers import EVIDENCE, GraphBuilder, LayerGraph
from ..neurons import IntegerForm, integrate_and_fire
from ..neurons.surrogates import Surrogate, arctan
from ..pictures.encoding import encode
from ..pictures.picture import check_pictures
from .percept import Percept, Spikes
from .perception import check_sizes, to_domain


def layers(classes: int, channels: tuple[int, int], hidden: int, size: int) -> nn.ModuleDict:
    """The layers that the spiking classifier and its twin share; no biases, no padding, strides instead of pools.

    Args:
        classes: Number of values, ``K``.
        channels: Maps of the two convolutions (5x5, stride 2).
        hidden: Neurons of the hidden layer.
        size: Height and width of a picture in pixels.

    Returns:
        ``convolution1``, ``convolution2``, ``hidden`` and ``readout``, in the order in which data flows.
    """
    side = ((size - 5) // 2 + 1 - 5) // 2 + 1
    return nn.ModuleDict(
        {
            "convolution1": nn.Conv2d(1, channels[0], 5, stride=2, bias=False),
            "convolution2": nn.Conv2d(channels[0], channels[1], 5, stride=2, bias=False),
            "hidden": nn.Linear(channels[1] * side * side, hidden, bias=False),
            "readout": nn.Linear(hidden, classes, bias=False),
        }
    )


def draw_weights(network: nn.ModuleDict, generator: Seed) -> None:
    """Draws all weights from normal distributions of variance ``2 / fan_in`` (Kaiming), readout ``1 / fan_in``."""
    source = to_generator(generator)
    for name, layer in network.items():
        weight = layer.get_parameter("weight")
        fan_in = weight[0].numel()
        with torch.no_grad():
            weight.normal_(0, ((1 if name == "readout" else 2) / fan_in) ** 0.5, generator=source)


class SpikingClassifier(nn.Module):
    """Pictures to spikes to a belief over the values of a domain.

    ``encode -> [convolution -> integrate-and-fire] x 2 -> [linear -> integrate-and-fire] -> linear readout``. The
    readout never spikes: its currents, summed over all steps, are the logits. There are no biases, so the whole
    network is its weights; scaled to integers, the same net runs on :class:`logic.SpikingNetwork`.

    Args:
        domain: The values that a picture can show, or how many.
        generator: Source of the initial weights, or a seed.
        steps: Number of steps, ``T``.
        channels: Maps of the two convolutions.
        hidden: Neurons of the hidden layer.
        size: Height and width of a picture in pixels.
        surrogate: Stand-in derivative of a spike; arctan if none is given.

    Example:
        >>> classifier = SpikingClassifier(Domain("digit", range(10)), 0, steps=4)
        >>> percept = classifier(torch.ones(3, 2, 1, 28, 28))  # three samples of two pictures
        >>> percept.symbols.log_probs.shape, percept.spikes["hidden"].shape
        (torch.Size([3, 2, 10]), torch.Size([4, 6, 128]))
    """

    def __init__(
        self,
        domain: Domain | int,
        generator: Seed,
        *,
        steps: int = 4,
        channels: tuple[int, int] = (16, 32),
        hidden: int = 128,
        size: int = 28,
        surrogate: Surrogate | None = None,
    ) -> None:
        super().__init__()
        check_sizes(steps=steps, hidden=hidden, size=size)
        self.domain = to_domain(domain)
        self.steps = steps
        self.channels = (channels[0], channels[1])  # a checkpoint gives a list
        self.hidden = hidden
        self.size = size
        self.surrogate = surrogate or arctan()
        self.layers = layers(len(self.domain), channels, hidden, size)
        draw_weights(self.layers, generator)

    def architecture(self) -> dict[str, int | tuple[int, int]]:
        """The arguments that, with the domain, give a classifier of the same shape."""
        return {"steps": self.steps, "channels": self.channels, "hidden": self.hidden, "size": self.size}

    def weights(self) -> dict[str, Tensor]:
        """Weights by layer in the order in which data flows, cut off from training: the whole network.

        Convolutions (stride 2) are ``[C_out, C_in, 5, 5]``, linear layers ``[out, in]``; the last is the readout.
        """
        return {name: layer.get_parameter("weight").detach() for name, layer in self.layers.items()}

    def layer_graph(self) -> LayerGraph:
        """Its layers as they are, to be made whole numbers; logits are means over time, hence the factor."""
        builder = GraphBuilder((1, self.size, self.size), "spikes", self.steps)
        signal = (INPUT,)
        for name, layer in self.layers.items():
            weight = layer.get_parameter("weight").detach()
            if isinstance(layer, nn.Linear):
                weight = weight.reshape(len(weight), *builder.shape_of(signal[0]))
            if name == "readout":
                builder.add(EVIDENCE, builder.convolve(signal, weight * self.steps), None)
            else:
                stride = int(layer.stride[0]) if isinstance(layer, nn.Conv2d) else 1
                current = builder.convolve(signal, weight, stride=stride)
                signal = builder.add(name, current, IntegerForm(1.0), surrogate=self.surrogate, uniform=True)
        return builder.finish()

    def forward(self, pictures: Tensor) -> Percept:
        """What is seen in pictures ``[B, N, 1, H, W]``, bytes from 0 to 255 or floats from 0 to 1.

        Raises:
            PictureError: if the pictures have another shape.
        """
        pictures = check_pictures(pictures, (self.size, self.size))
        batch, slots = pictures.shape[:2]
        spikes: dict[str, Spikes] = {"input": encode(pictures.flatten(0, 1), self.steps)}
        signal = spikes["input"]
        for name, layer in self.layers.items():
            if isinstance(layer, nn.Linear):
                signal = signal.flatten(2)
            if name == "readout":
                break
            current = layer(signal.flatten(0, 1)).unflatten(0, (self.steps, -1))
            signal = spikes[name] = integrate_and_fire(current, surrogate=self.surrogate)
        logits = self.layers["readout"](signal.sum(dim=0))
        log_probs = logits.log_softmax(dim=1).unflatten(0, (batch, slots))
        return Percept(Symbols(self.domain, log_probs), spikes)
