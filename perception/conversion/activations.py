"""Activations whose ceiling is trained to be a threshold: QCFS, rate norm, clip; and ``prepare``."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .signal_graph import ConversionError


def round_down(x: Tensor) -> Tensor:
    """``floor(x)``; the gradient passes straight through."""
    return x + (torch.floor(x) - x).detach()


class TrainedActivation(nn.Module):
    """A bounded activation with a ceiling of its own that ``convert`` takes as the threshold.

    Attributes:
        tracing: Whether it shows itself to the tracer as a plain ReLU, whose ceiling and steps are read here.
    """

    tracing = False

    @property
    def ceiling(self) -> Tensor:
        """The greatest value, one number."""
        raise NotImplementedError

    @property
    def steps(self) -> int | None:
        """The number of steps from 0 to the ceiling; ``None`` is a continuous ramp."""
        return None


class QuantisedClip(TrainedActivation):
    """QCFS: ``ceiling clip(floor(x levels / ceiling + 1/2), 0, levels) / levels``; the ceiling is trained, from 8 on.

    Args:
        levels: Number of steps; 4 to 8 are usual.
        ceiling: To begin with.

    Example:
        >>> QuantisedClip(levels=4, ceiling=1.0)(torch.tensor([-1.0, 0.3, 0.4, 7.0])).tolist()
        [0.0, 0.25, 0.5, 1.0]

    References:
        Bu et al., "Optimal ANN-SNN Conversion for High-accuracy and Ultra-low-latency Spiking Neural Networks",
        ICLR 2022.
    """

    def __init__(self, levels: int = 8, ceiling: float = 8.0) -> None:
        super().__init__()
        if levels < 1 or not ceiling > 0:
            raise ConversionError(f"QCFS needs at least 1 level and a ceiling above 0, got {levels} and {ceiling}")
        self.levels = levels
        self.bound = nn.Parameter(torch.tensor(float(ceiling)))

    @property
    def ceiling(self) -> Tensor:
        """See :class:`TrainedActivation`."""
        return self.bound

    @property
    def steps(self) -> int:
        """See :class:`TrainedActivation`."""
        return self.levels

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same."""
        if self.tracing:
            return torch.relu(x)
        unit = self.bound / self.levels
        return unit * round_down(x / unit + 0.5).clamp(0, self.levels)


class LearnableClip(TrainedActivation):
    """``clip(x, 0, ceiling)`` with a trained ceiling: the activation against clipping error of error compensation.

    Example:
        >>> LearnableClip(ceiling=2.0)(torch.tensor([-1.0, 1.5, 7.0])).tolist()
        [0.0, 1.5, 2.0]
    """

    def __init__(self, levels: int = 8, ceiling: float = 8.0) -> None:
        super().__init__()
        self.bound = nn.Parameter(torch.tensor(float(ceiling)))

    @property
    def ceiling(self) -> Tensor:
        """See :class:`TrainedActivation`."""
        return self.bound

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same."""
        if self.tracing:
            return torch.relu(x)
        return torch.minimum(functional.relu(x), self.bound)


class RateNorm(TrainedActivation):
    """RNL: ``clip(relu(x) / ceiling, 0, 1)`` with ``ceiling = sigmoid(s) runmax + 1e-6``; weights behind it see 0 to 1.

    The running maximum is an average (momentum 0.1) of the batches' maxima, kept while training and not ``locked``.

    References:
        Ding et al., "Optimal ANN-SNN Conversion for Fast and Accurate Inference in Deep Spiking Neural Networks",
        IJCAI 2021.
    """

    highest: Tensor

    def __init__(self, levels: int = 8, scale: float = 10.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(float(scale)))
        self.locked = False
        self.register_buffer("highest", torch.ones(()))

    @property
    def ceiling(self) -> Tensor:
        """See :class:`TrainedActivation`."""
        return torch.sigmoid(self.scale) * self.highest + 1e-6

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same, from 0 to 1."""
        positive = torch.relu(x)
        if self.tracing:
            return positive / self.ceiling.detach()
        if self.training and not self.locked:
            with torch.no_grad():
                self.highest.lerp_(positive.max(), 0.1)
        return (positive / self.ceiling).clamp(0, 1)


ACTIVATIONS: dict[str, type[Any]] = {"qcfs": QuantisedClip, "clip": LearnableClip, "rate-norm": RateNorm}
"""What ``prepare`` can put in the place of a ReLU, by name."""


def prepare(
    network: nn.Module, activation: str = "qcfs", levels: int = 8, *, calibration: Tensor | None = None
) -> nn.Module:
    """A copy of a network with trainable activations in the place of its ReLUs, ready for training or fine-tuning.

    Every ``nn.ReLU``, ``nn.ReLU6`` and ``nn.Hardtanh(0, c)`` is replaced; a module that is called in several places
    stays one, with one ceiling. ``F.relu`` inside a ``forward`` cannot be replaced from outside: write it as a module.

    Args:
        network: The network; it stays as it is.
        activation: ``qcfs``, ``clip`` or ``rate-norm``.
        levels: Steps of ``qcfs``.
        calibration: Pictures ``[N, ...]`` from which ceilings start, with 99.9 % of the activations below them (and
            running maxima of ``rate-norm``); without them they start at 8, for networks without trained weights.

    Returns:
        The copy.

    Raises:
        ConversionError: for an unknown activation, or if there is nothing to replace.

    Example:
        >>> prepare(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), levels=4)[1].levels
        4
    """
    if activation not in ACTIVATIONS:
        raise ConversionError(f"there is no activation '{activation}'; choose {', '.join(ACTIVATIONS)}")
    kind = ACTIVATIONS[activation]
    prepared = copy.deepcopy(network)
    made: dict[int, nn.Module] = {}
    for parent in list(prepared.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.ReLU | nn.ReLU6) or (isinstance(child, nn.Hardtanh) and child.min_val == 0):
                ceiling = {"ceiling": float(child.max_val)} if isinstance(child, nn.Hardtanh) else {}
                new = kind(levels, **ceiling) if kind is not RateNorm else kind(levels)
                setattr(parent, name, made.setdefault(id(child), new))
    if not made:
        raise ConversionError(
            f"{type(network).__name__} has no nn.ReLU to replace; write its activations as modules, "
            f"as in self.relu = nn.ReLU()"
        )
    if calibration is not None:
        _start_from(prepared, network, calibration)
    return prepared


def _start_from(prepared: nn.Module, network: nn.Module, calibration: Tensor) -> None:
    """Ceilings from what a network's ReLUs give for calibration pictures; of those called twice the greatest."""
    found: dict[str, float] = {}
    hooks: list[Any] = []
    frozen = copy.deepcopy(network).eval()
    for name, module in frozen.named_modules():
        if isinstance(module, nn.ReLU | nn.ReLU6 | nn.Hardtanh):

            def note(_: nn.Module, __: Any, output: Tensor, name: str = name) -> None:
                values = output.detach().flatten()
                values = values[:: 1 + len(values) // 1_000_000]
                found[name] = max(found.get(name, 0.0), float(torch.quantile(values, 0.999)))

            hooks.append(module.register_forward_hook(note))
    with torch.no_grad():
        frozen(calibration)
    for name, ceiling in found.items():
        one = prepared.get_submodule(name)
        if ceiling > 0 and isinstance(one, RateNorm):
            one.highest.fill_(ceiling)
        elif ceiling > 0 and isinstance(one, QuantisedClip | LearnableClip):
            one.bound.data.fill_(ceiling)
