"""Channels that never fire and so never learn: found while a network runs, named, and brought back."""

import warnings
from collections.abc import Callable, Iterable
from types import TracebackType

import torch
from torch import Tensor, nn

from logic.randomness import Seed, to_generator

from ..neurons import Neuron

ADVICE = (
    "remedies, as revive() applies them: wide_surrogate; threshold_norm (ThresholdBatchNorm); fluctuating_weights; "
    "learned_leak (plif, lsg); half_start (start=0.5); balanced_threshold; detached_reset (detach_reset=True); "
    "rescaled_weights; or rate_penalty in the loss"
)


class DeadNeuronWarning(UserWarning):
    """A layer of which channels have been silent, or out of the surrogate's reach, for long."""


class DeadNeuronDetector:
    """Watches all neurons of a model while it runs; a context manager.

    A channel is dead if its running firing rate lies below ``rate``, or if in less than ``reach`` of its places and
    steps the surrogate is above a hundredth of its peak. A layer with such channels after ``patience`` runs is warned
    of once, by its name.

    Args:
        model: Any module with layers of ours.
        rate: Spikes per neuron and step.
        reach: Least share within the surrogate's window.
        patience: Number of runs of the model.
        memory: Share of the past in the running values at each run.

    Example:
        >>> from perception import IntegrateAndFire
        >>> model = nn.Sequential(IntegrateAndFire())
        >>> with DeadNeuronDetector(model, patience=1) as detector, warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     _ = model(torch.tensor([[[0.9, 0.0]], [[0.9, 0.0]]]))
        >>> detector.dead()["0"].tolist()
        [False, True]
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        rate: float = 1e-3,
        reach: float = 0.01,
        patience: int = 100,
        memory: float = 0.9,
    ) -> None:
        self.layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, Neuron)}
        self.rate, self.reach, self.patience, self.memory = rate, reach, patience, memory
        self.rates = dict[str, Tensor]()
        self.reaches = dict[str, Tensor]()
        self._runs = dict[str, int]()
        self._hooks: list[torch.utils.hooks.RemovableHandle] = []

    def __enter__(self) -> "DeadNeuronDetector":
        for name, layer in self.layers.items():
            self._hooks.append(layer.register_forward_hook(self._watch(name)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def dead(self) -> dict[str, Tensor]:
        """For each layer that has run, which channels ``[C]`` are dead."""
        return {name: (rates < self.rate) | (self.reaches[name] < self.reach) for name, rates in self.rates.items()}

    def _watch(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(layer: nn.Module, inputs: tuple[Tensor, ...], spikes: Tensor) -> None:
            if not isinstance(layer, Neuron):
                return
            with torch.no_grad():
                membrane = layer.fire(inputs[0]).membrane
                inside = (
                    layer.surrogate.derivative(membrane - layer.threshold_over(membrane)) > layer.surrogate.peak / 100
                )
                self._remember(self.rates, name, by_channel(spikes != 0))
                self._remember(self.reaches, name, by_channel(inside))
            self._runs[name] = self._runs.get(name, 0) + 1
            if self._runs[name] == self.patience:
                self._report(name)

        return hook

    def _remember(self, values: dict[str, Tensor], name: str, new: Tensor) -> None:
        old = values.get(name, new)
        values[name] = new if old.shape != new.shape else self.memory * old + (1 - self.memory) * new

    def _report(self, name: str) -> None:
        dead = self.dead()[name]
        if dead.any():
            warnings.warn(
                f"layer {name!r}: {int(dead.sum())} of {len(dead)} channels are dead (rates down to "
                f"{self.rates[name].min():.2g}, within the surrogate's reach down to {self.reaches[name].min():.1%} of "
                f"the time); {ADVICE}",
                DeadNeuronWarning,
                stacklevel=2,
            )


def by_channel(values: Tensor) -> Tensor:
    """Means ``[C]`` of ``[T, B, C, ...]``; of ``[T, B]``, the one mean."""
    wide = values.float()
    return wide.mean().reshape(1) if wide.ndim < 3 else wide.transpose(0, 2).flatten(1).mean(dim=1)


@torch.no_grad()
def rescale_silent(weight: Tensor, membranes: Tensor, dead: Tensor, *, threshold: float = 1.0) -> None:
    """Scales the weights into dead channels so that the 99th percentile of their membranes is the threshold.

    Channels whose membranes never rise above zero cannot be scaled to fire; their weights change sign first.

    Args:
        weight: ``[C, ...]``, changed in place.
        membranes: Of the silent run, ``[T, B, C, ...]``.
        dead: Which channels, ``[C]``.
        threshold: Of the neurons.

    Example:
        >>> weight, currents = torch.full((1, 1), 0.2), torch.ones(4, 1, 1)
        >>> rescale_silent(weight, 0.2 * currents, torch.tensor([True]))
        >>> weight.item()
        1.0
    """
    for channel in dead.nonzero().flatten().tolist():
        values = membranes[:, :, channel].flatten().float()
        sign = 1.0 if values.quantile(0.99) > 0 else -1.0
        height = (sign * values).quantile(0.99)
        if height > 0:
            weight[channel] *= sign * threshold / height


@torch.no_grad()
def balance_threshold(
    layers: Iterable[Neuron], rates: Iterable[Tensor], *, target: float = 0.1, speed: float = 0.1
) -> None:
    """Lowers the threshold of layers that fire too rarely and raises that of others: ``-= speed (target - rate)``.

    Args:
        layers: Neurons, changed in place; a threshold stays above a hundredth.
        rates: Of each layer's channels, as the detector has them.
        target: Mean rate to reach, spikes per neuron and step.
        speed: Change of the threshold for a rate that is 1 off.

    Example:
        >>> from perception import IntegrateAndFire
        >>> layer = IntegrateAndFire(threshold=1.0)
        >>> balance_threshold([layer], [torch.tensor([0.0])], target=0.1, speed=0.5)
        >>> layer.threshold
        0.95
    """
    for layer, rate in zip(layers, rates, strict=True):
        rise = speed * (float(rate.mean()) - target)
        if isinstance(layer.threshold, Tensor):
            layer.threshold.add_(rise).clamp_(min=0.01)
        else:
            layer.threshold = max(layer.threshold + rise, 0.01)


@torch.no_grad()
def draw_fluctuating(
    layer: nn.Module, generator: Seed, *, rate: float = 0.1, threshold: float = 1.0, sigmas: float = 2.0
) -> None:
    """Draws weights of mean 0 such that currents from spikes of a rate have standard deviation ``threshold / sigmas``.

    Args:
        layer: With a ``weight [out, ...]``, as ``Linear`` or ``Conv2d``.
        generator: Source of the weights.
        rate: Of the spikes that arrive, per line and step.
        threshold: Of the neurons behind it.
        sigmas: How many standard deviations the threshold lies away.

    Example:
        >>> layer = nn.Linear(1000, 100)
        >>> draw_fluctuating(layer, 0, rate=0.1, sigmas=2.0)
        >>> round(layer.weight.std().item(), 2)  # 1 / 2 / sqrt(1000 * 0.1)
        0.05

    References:
        Rossbroich, Gygax and Zenke, "Fluctuation-driven initialization for spiking neural network training", 2022.
    """
    generator = to_generator(generator)
    weight = layer.get_parameter("weight")
    fan_in = weight[0].numel()
    weight.normal_(0, threshold / sigmas / (fan_in * rate) ** 0.5, generator=generator)
