"""The residual connection of spiking networks in its five forms; every deep architecture here is a chain of these."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from .fusing import fire_behind
from .layers import ArchitectureError, ConvNorm, NeuronFactory

Shortcut = Literal["spiking", "sew-add", "sew-and", "sew-iand", "ms"]


def join(branch: Tensor, identity: Tensor, shortcut: Shortcut) -> Tensor:
    """What goes on behind a spike-element-wise connection.

    ``sew-add`` is ``branch + identity`` (whole numbers), ``sew-and`` is ``branch * identity`` and ``sew-iand`` is
    ``(1 - branch) * identity``, both zeros and ones.

    Raises:
        ArchitectureError: if the shortcut is not one of these three.
    """
    if shortcut == "sew-add":
        return branch + identity
    if shortcut == "sew-and":
        return branch * identity
    if shortcut == "sew-iand":
        return identity - branch * identity
    raise ArchitectureError(f"shortcut {shortcut!r} joins no spikes; use 'sew-add', 'sew-and' or 'sew-iand'")


class Residual(nn.Module):
    """A branch beside a shortcut.

    With ``F`` the branch (it ends in a current), ``P`` the projection or the identity, and ``SN`` the neurons:

    * ``spiking``: ``SN(F(x) + P(x))``. The plain form; no identity can pass, and depth degrades it.
    * ``sew-*``: ``join(SN(F(x)), x)``, or ``join(SN(F(x)), SN(P(x)))`` with a projection.
    * ``ms``: ``x + F(SN(x))``, or ``P(SN(x)) + F(SN(x))``. All weights meet spikes, the trunk is a membrane. The
      published network projects the membrane itself, which costs multiplications; here a projection sees spikes.

    Args:
        branch: From the input, or in form ``ms`` its spikes, to a current.
        shortcut: The form.
        neuron: Makes the neurons.
        projection: Where the branch changes the shape: a layer that changes the shortcut likewise.

    Raises:
        ArchitectureError: if there is no such form.

    References:
        Fang et al., "Deep Residual Learning in Spiking Neural Networks", NeurIPS 2021 (SEW).
        Hu et al., "Advancing Spiking Neural Networks Toward Deep Residual Learning", TNNLS 2024 (MS).
    """

    def __init__(
        self, branch: nn.Module, shortcut: Shortcut, neuron: NeuronFactory, projection: nn.Module | None = None
    ) -> None:
        super().__init__()
        if shortcut not in get_args(Shortcut):
            raise ArchitectureError(f"unknown shortcut {shortcut!r}; use one of {', '.join(get_args(Shortcut))}")
        self.shortcut: Shortcut = shortcut
        self.branch = branch
        self.projection = projection
        self.fire = neuron()
        self.fire_projection = neuron() if projection is not None and shortcut.startswith("sew") else None

    @property
    def opening(self) -> nn.Module | None:
        """The neurons that alone hear the input: of form ``ms`` with a projection."""
        return self.fire if self.shortcut == "ms" and self.projection is not None else None

    def behind(self, spikes: Tensor) -> Tensor:
        """What leaves the block if its opening neurons send these spikes."""
        return (spikes if self.projection is None else self.projection(spikes)) + self.branch(spikes)

    def forward(self, signal: Tensor) -> Tensor:
        """``[T, B, C', H', W']`` of ``[T, B, C, H, W]``."""
        if self.shortcut == "ms":
            fired = self.fire(signal)
            return (signal if self.projection is None else self.projection(fired)) + self.branch(fired)
        if self.shortcut == "spiking":
            return self.fire(self.branch(signal) + (signal if self.projection is None else self.projection(signal)))
        identity = signal
        if self.projection is not None and self.fire_projection is not None:
            identity = fire_behind(self.projection, self.fire_projection, signal)
        return join(fire_behind(self.branch, self.fire, signal), identity, self.shortcut)


def start_as_identity(network: nn.Module, current: float = 4.0) -> None:
    """Sets the last norm of every branch so that residual connections without projection pass their input unchanged.

    The norm's scale becomes zero; under ``sew-and`` its offset becomes ``current``, so that the branch always fires.

    Args:
        network: Changed in place.
        current: At least the threshold over the neuron's input gain, or it stays silent in the first steps.
    """
    for module in network.modules():
        if isinstance(module, Residual):
            last = [layer for layer in module.branch.modules() if isinstance(layer, ConvNorm)][-1]
            with torch.no_grad():
                last.norm.weight.zero_()
                last.norm.bias.fill_(current if module.shortcut == "sew-and" else 0.0)
