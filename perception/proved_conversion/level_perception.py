"""A converted network as a perception in whole numbers: it reads pictures, and its spiking network can be joined."""

import numpy as np
import torch
from torch import Tensor, nn

from logic import Domain, SpikingNetwork, Symbols, Verdict
from logic.levels.level_codes import delay, level_code, sendings
from logic.levels.level_layers import LevelNetwork
from logic.levels.level_proof import prove_levels
from logic.levels.level_run import run_levels
from logic.levels.level_wiring import wire_levels

from ..conversion.converted import ConvertedNetwork
from ..integers import LayerGraph, as_shown, input_spikes
from ..networks.percept import Percept
from ..networks.perception import to_domain
from ..pictures.picture import PictureError, check_pixels
from .level_reading import read_levels


class LevelPerception(nn.Module):
    """A perception that sees what a network of levels computes, and so what its spiking network does.

    Args:
        domain: The values that a picture can show, or how many.
        network: Of levels, in whole numbers.
        code: How its levels are sent; a name of :data:`logic.levels.level_codes.LEVEL_CODES`.
        scale: A logit is a whole logit divided by it.

    Example:
        >>> from perception.conversion import convert
        >>> from perception.proved_conversion import packaged_network
        >>> pictures = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> seen = level_perception(convert(packaged_network("qcfs"), pictures, "group", steps=1), 10)
        >>> seen(pictures[:, None]).symbols.log_probs.shape, seen.to_network().neurons
        (torch.Size([8, 1, 10]), 16095)
    """

    def __init__(self, domain: Domain | int, network: LevelNetwork, code: str = "members", scale: float = 1.0) -> None:
        super().__init__()
        self.domain, self.network, self.scale = to_domain(domain), network, scale
        self.code = level_code(code)
        values = network.shapes[network.readout.name][0]
        if values != len(self.domain):
            raise PictureError(f"'{self.domain.name}' has {len(self.domain)} values, the network tells {values} apart")
        self._shown = LayerGraph((network.picture[0], network.picture[1], network.picture[2]), "bytes", 1, ())

    @property
    def steps(self) -> int:
        """Steps for which each layer sends."""
        return self.code.window(self.network.levels)

    @property
    def arrival(self) -> tuple[int, int]:
        """See :class:`perception.networks.quantised.WholePerception`."""
        times = sendings(self.network, self.code)
        readout = self.network.readout
        first = min(times[term.source].first + delay(readout, term.source, times) for term in readout.terms)
        return first, times[readout.name].ready - first + 1

    def evidence(self, pictures: Tensor) -> Tensor:
        """Whole logits ``[B * N, K]`` of pictures ``[B, N, C, H, W]``, bytes or floats in [0, 1], rounded to bytes.

        Raises:
            PictureError: if they have another shape or hold other numbers.
        """
        pictures = check_pixels(pictures)
        if pictures.ndim != 5 or tuple(pictures.shape[-3:]) != self.network.picture:
            shape = ", ".join(map(str, self.network.picture))
            raise PictureError(
                f"pictures have shape {list(pictures.shape)}, but this perception needs [samples, slots, {shape}]"
            )
        shown = as_shown(self._shown, pictures.flatten(0, 1)).cpu().numpy().astype(np.int64)
        return torch.from_numpy(run_levels(self.network, shown).logits).to(pictures.device)

    def forward(self, pictures: Tensor) -> Percept:
        """What is seen in pictures ``[B, N, C, H, W]``; no gradients pass.

        Raises:
            PictureError: as :meth:`evidence`.
        """
        log_probs = (self.evidence(pictures).float() / self.scale).log_softmax(1).unflatten(0, pictures.shape[:2])
        return Percept(Symbols(self.domain, log_probs), {})

    def to_network(self, slots: int = 1) -> SpikingNetwork:
        """The spiking network from pictures to evidence; see :func:`logic.levels.level_wiring.wire_levels`."""
        return wire_levels(self.network, self.code.name, slots)

    def input_spikes(self, pictures: Tensor) -> Tensor:
        """What that network takes in; see :func:`perception.integers.input_spikes`."""
        return input_spikes(self._shown, pictures)

    def prove(self, wired: SpikingNetwork | None = None, examples: Tensor | None = None) -> Verdict:
        """Whether a spiking network computes this perception's logits for every picture.

        Args:
            wired: With one slot; that of :meth:`to_network` if none is given.
            examples: Pictures ``[B, C, H, W]``, bytes, to look at first if it differs.
        """
        given = None if examples is None else as_shown(self._shown, examples).cpu().numpy().astype(np.int64)
        network = self.to_network() if wired is None else wired
        return prove_levels(network, self.network, self.code.name, examples=given)


def level_perception(converted: ConvertedNetwork, domain: Domain | int, bits: int = 8) -> LevelPerception:
    """A converted network in whole numbers, as a perception that can be proved and joined.

    Args:
        converted: As for :func:`perception.proved_conversion.read_levels`.
        domain: The values that its outputs stand for, or how many.
        bits: Of a weight, sign included.

    Raises:
        ConversionError: if it has no form in levels.
    """
    found = read_levels(converted, bits)
    return LevelPerception(domain, found.network, found.code, found.scale)
