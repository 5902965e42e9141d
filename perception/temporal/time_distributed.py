"""Layers of torch over time: steps and samples merged, so that each step is a picture of its own."""

from torch import Tensor, nn

from ..neurons import Neuron, NeuronError
from .memory_layer import MemoryLayer


class TimeDistributed(nn.Module):
    """Applies layers without memory to each step: ``[T, B, ...]`` is merged to ``[T * B, ...]`` and parted again.

    Whatever torch has for single pictures: convolutions in one, two and three dimensions, pools, linear layers,
    ``Flatten``, norms. Batch norms take their statistics over steps, samples and places together (tdBN) while they
    train.

    Args:
        layers: Run one after the other.

    Raises:
        NeuronError: if a layer has a memory, which would take samples for steps.

    Example:
        >>> import torch
        >>> from perception import LeakyIntegrateAndFire
        >>> network = nn.Sequential(
        ...     TimeDistributed(nn.Conv2d(2, 8, 3, padding=1), nn.BatchNorm2d(8)),
        ...     LeakyIntegrateAndFire(),
        ...     TimeDistributed(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8 * 4 * 4, 10)),
        ... )
        >>> network(torch.rand(5, 3, 2, 8, 8)).shape  # five steps of three samples
        torch.Size([5, 3, 10])

    References:
        Zheng et al., "Going Deeper With Directly-Trained Larger Spiking Neural Networks", AAAI 2021 (statistics of
        norms over time).
    """

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        if not layers:
            raise NeuronError("TimeDistributed needs a layer, such as TimeDistributed(nn.Conv2d(1, 8, 3))")
        for name, layer in ((name, part) for one in layers for name, part in one.named_modules()):
            if isinstance(layer, Neuron | MemoryLayer | nn.RNNBase | TimeDistributed):
                raise NeuronError(
                    f"{type(layer).__name__}{f' ({name})' if name else ''} takes [T, B, ...] itself; put it behind "
                    f"TimeDistributed(...), not into it"
                )
        self.layers = nn.Sequential(*layers)

    def forward(self, signal: Tensor) -> Tensor:
        """``[T, B, ...]`` of ``[T, B, ...]``.

        Raises:
            NeuronError: if there are no such axes.
        """
        if signal.ndim < 3:
            raise NeuronError(f"a signal needs the axes [T, B, ...] and one more, got shape {list(signal.shape)}")
        return self.layers(signal.flatten(0, 1)).unflatten(0, signal.shape[:2])
