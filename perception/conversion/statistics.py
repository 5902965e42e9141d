"""What calibration pictures make of each activation: maxima, histograms and moments, in one pass over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .interpreting import activate, along, evaluate
from .signal_graph import ConversionError, Operation, SignalGraph

BINS = 1024
BATCH = 64


@dataclass
class Statistics:
    """Of one activation, per channel or for the layer as one channel.

    Args:
        greatest: Greatest value of each channel, ``[C]``.
        counts: Histogram from 0 to ``top``, ``[C, BINS]``; ``None`` if only maxima were asked for.
        top: Upper end of each channel's histogram, ``[C]``.
        mean: Of the input of the activation, ``[C]``.
        deviation: Its standard deviation, ``[C]``.
        dead_share: Share of the neurons that never fired.
    """

    greatest: Tensor
    counts: Tensor | None
    top: Tensor
    mean: Tensor
    deviation: Tensor
    dead_share: float

    @property
    def centres(self) -> Tensor:
        """The value that each bin stands for, ``[C, BINS]``; the first one stands for 0."""
        centres = (torch.arange(BINS, device=self.top.device) + 0.5) / BINS
        centres[0] = 0.0
        return self.top[:, None] * centres

    def quantile(self, share: float) -> Tensor:
        """The value that ``share`` of the activations do not exceed, ``[C]``; zeros count."""
        if self.counts is None:
            return self.greatest
        summed = self.counts.cumsum(1)
        wanted = share * summed[:, -1:]
        bin_ = torch.searchsorted(summed, wanted).clamp(max=BINS - 1)
        before = summed.gather(1, bin_) - self.counts.gather(1, bin_)
        inside = (wanted - before) / self.counts.gather(1, bin_).clamp(min=1)
        value = (bin_ + inside.clamp(0, 1)) * self.top[:, None] / BINS
        return torch.minimum(value[:, 0], self.greatest)

    def share_above(self, threshold: Tensor) -> float:
        """Share of the activations above a threshold, one number or ``[C]``."""
        if self.counts is None:
            return 0.0
        above = self.centres > threshold.reshape(-1, 1)
        return float((self.counts * above).sum() / self.counts.sum().clamp(min=1))


class _Recorder:
    def __init__(self, operation: Operation, *, per_channel: bool, histogram: bool, moments: bool) -> None:
        self.axis = operation.channel_axis
        self.per_channel, self.histogram, self.moments = per_channel, histogram, moments
        self.batch_axis = operation.batch_axis
        self.two_sided = operation.activation is not None and operation.activation.two_sided
        self.greatest: Tensor | None = None
        self.counts: Tensor | None = None
        self.top = torch.zeros(())
        self.sums = torch.zeros(3, 1)

    def update(self, x: Tensor, y: Tensor) -> None:
        """Takes in a batch: what enters the activation, and what leaves it."""
        y = y.abs() if self.two_sided else y
        highest = y.amax(self.batch_axis)
        self.greatest = highest if self.greatest is None else torch.maximum(self.greatest, highest)
        if self.histogram:
            self._count(y)
        if self.moments:
            axes = [axis for axis in range(x.dim()) if axis != self.axis or not self.per_channel]
            wide = x.double()
            sums = torch.stack([torch.ones_like(wide).sum(axes), wide.sum(axes), wide.square().sum(axes)]).reshape(
                3, -1
            )
            self.sums = self.sums + sums

    def _count(self, y: Tensor) -> None:
        channels = y.shape[self.axis] if self.per_channel else 1
        counts = self.counts
        if counts is None:
            counts = torch.zeros(channels, BINS, dtype=torch.float64, device=y.device)
            self.top = torch.zeros(channels, dtype=y.dtype, device=y.device)
        reached = self.channel_maxima()
        unset = (self.top == 0) & (reached > 0)
        self.top = torch.where(unset, reached * 1.25, self.top)
        while (grow := reached > self.top).any():  # twice the range, each bin two of the old ones
            merged = counts.reshape(channels, BINS // 2, 2).sum(2)
            merged = torch.cat([merged, torch.zeros_like(merged)], 1)
            counts = torch.where(grow[:, None], merged, counts)
            self.top = torch.where(grow, 2 * self.top, self.top)
        scale = BINS / self.top.clamp(min=torch.finfo(y.dtype).tiny)
        scale = torch.where(self.top > 0, scale, 0)
        bins = (y * along(scale, y.dim(), self.axis) if self.per_channel else y * scale).to(torch.int32)
        bins.clamp_(0, BINS - 1)
        if self.per_channel:
            bins += along(torch.arange(channels, dtype=torch.int32, device=y.device) * BINS, y.dim(), self.axis)
        self.counts = counts + torch.bincount(bins.flatten(), minlength=channels * BINS).reshape(channels, BINS)

    def channel_maxima(self) -> Tensor:
        """Greatest value so far, ``[C]``."""
        if self.greatest is None:
            raise ConversionError("there are no calibration pictures; give at least one")
        if not self.per_channel:
            return self.greatest.max().reshape(1)
        axis = self.axis - (self.axis > self.batch_axis)
        return self.greatest.movedim(axis, 0).reshape(self.greatest.shape[axis], -1).amax(1)

    def finish(self) -> Statistics:
        """What was seen."""
        greatest = self.channel_maxima()
        number, total, squares = self.sums if self.moments else torch.ones(3, 1)
        mean = total / number
        deviation = (squares / number - mean.square()).clamp(min=0).sqrt()
        dead = float((self.greatest <= 0).double().mean()) if self.greatest is not None else 0.0
        return Statistics(greatest, self.counts, self.top, mean, deviation, dead)


def collect(
    graph: SignalGraph,
    constants: Mapping[str, Tensor],
    pictures: Sequence[Tensor] | Tensor,
    *,
    per_channel: bool,
    histogram: bool = True,
    moments: bool = False,
) -> dict[str, Statistics]:
    """Statistics of every layer of neurons, by name, from one pass of the network over calibration pictures.

    Args:
        graph: The network.
        constants: Its tensors.
        pictures: ``[N, ...]``.
        per_channel: Whether channels are told apart.
        histogram: Whether histograms are kept beside the maxima.
        moments: Whether means and deviations of the inputs are kept.

    Raises:
        ConversionError: if a value is not finite.
    """
    settings = {"per_channel": per_channel, "histogram": histogram, "moments": moments}
    recorders = {one.name: _Recorder(one, **settings) for one in graph.neurons}

    def watch(operation: Operation, x: Tensor) -> None:
        if operation.activation:
            recorders[operation.name].update(x, activate(operation.activation, constants, x, operation.channel_axis))

    with torch.no_grad():
        for start in range(0, len(pictures), BATCH):
            outputs = evaluate(graph, constants, torch.as_tensor(pictures[start : start + BATCH]), watch)
            if not all(bool(output.isfinite().all()) for output in outputs):
                raise ConversionError(
                    f"the network gives values that are not finite for calibration pictures {start} to "
                    f"{min(start + BATCH, len(pictures)) - 1}; look for NaN in them and in the weights"
                )
    return {name: recorder.finish() for name, recorder in recorders.items()}
