"""Any architecture by name as a perception: pictures to spikes to a belief over the values of a domain."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor, nn

from logic import Domain, Symbols
from logic.randomness import Seed, to_generator

from ..architectures import build, preset, recorded_spikes
from ..architectures.neuron_plan import NeuronPlan
from ..integers import LayerGraph, read_network
from ..pictures.picture import PictureError, check_pixels
from .percept import Percept
from .perception import to_domain


class SpikingVision(nn.Module):
    """A preset's network as a perception; its domain's values are the classes.

    Logits are averaged over time. The percept's spikes are those of all neurons, by their place in the network.

    Args:
        domain: The values that a picture can show, or how many.
        generator: Source of the initial weights, or a seed.
        model: Name of the preset.
        options: Changes to it, as for :func:`perception.preset`.

    Raises:
        ArchitectureError: if there is no such preset or option.

    Example:
        >>> import torch
        >>> vision = SpikingVision(Domain("digit", range(10)), 0, options={"steps": 2})
        >>> vision(torch.zeros(3, 2, 1, 28, 28)).symbols.log_probs.shape
        torch.Size([3, 2, 10])
    """

    def __init__(
        self,
        domain: Domain | int,
        generator: Seed,
        *,
        model: str = "tiny_average_resnet",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.domain = to_domain(domain)
        self.model = model
        self.options = dict(options or {})
        self.preset = preset(model, **{**self.options, "classes": len(self.domain)})
        self.network = build(self.preset, to_generator(generator))

    @property
    def steps(self) -> int:
        """Steps for which still pictures are shown, ``T``."""
        return self.preset.steps

    def architecture(self) -> dict[str, Any]:
        """The arguments that, with the domain, give a perception of the same shape; JSON can say them."""
        return {"model": self.model, "options": {name: _plain(value) for name, value in self.options.items()}}

    def layer_graph(self) -> LayerGraph:
        """Its layers with real weights, norms folded, to be made whole numbers.

        Raises:
            IntegerFormError: if a layer has no integer form; the first that has none is named.
        """
        return read_network(self.network, self.preset.size)

    def logits(self, pictures: Tensor) -> Tensor:
        """Logits of each step, ``[T, B * N, K]``, of what :meth:`forward` takes.

        Raises:
            PictureError: if the pictures have another shape or hold other numbers.
        """
        size = self.preset.size
        shape = (self.preset.channels, size, size)
        pictures = check_pixels(pictures)
        if pictures.ndim not in (5, 6) or tuple(pictures.shape[-3:]) != shape:
            raise PictureError(
                f"pictures have shape {list(pictures.shape)}, but {self.model} needs [samples, slots, {shape[0]}, "
                f"{size}, {size}], or frames [samples, slots, steps, {shape[0]}, {size}, {size}]"
            )
        if pictures.is_floating_point():
            pictures = pictures.to(next(self.network.parameters()).dtype)
        flat = pictures.flatten(0, 1)
        return self.network(flat if pictures.ndim == 5 else flat.transpose(0, 1)).float()

    def forward(self, pictures: Tensor) -> Percept:
        """What is seen in pictures ``[B, N, C, H, W]`` or frames ``[B, N, T, C, H, W]``, bytes or floats in [0, 1].

        Raises:
            PictureError: if the pictures have another shape or hold other numbers.
        """
        with recorded_spikes(self.network) as spikes:
            logits = self.logits(pictures)
        log_probs = logits.mean(0).log_softmax(1).unflatten(0, pictures.shape[:2])
        return Percept(Symbols(self.domain, log_probs), spikes)


def _plain(value: Any) -> Any:
    """An option as JSON can say it; :func:`perception.preset` takes it in either form."""
    return asdict(value) if isinstance(value, NeuronPlan) else value
