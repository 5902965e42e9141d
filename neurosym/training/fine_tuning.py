"""Training on in whole numbers: what rounding broke is learned again."""

from typing import Any

from torch import Tensor

from perception import QuantisedPerception

from .fit import Change, fit
from .history import History
from .labelled import Labelled

MOST_FLIPS = 0.003  # share of pictures, above which fine-tuning is worth its time


def fine_tune(
    perception: QuantisedPerception,
    pictures: Tensor,
    labels: Tensor,
    *,
    epochs: int = 2,
    learning_rate: float = 1e-3,
    seed: int = 0,
    augment: Change | None = None,
    **changes: Any,
) -> History:
    """Trains a quantised perception on: what rounding broke is learned again, in whole numbers.

    Args:
        perception: Changed in place; afterwards it no longer has a network of real numbers to be compared with.
        pictures: ``[M, C, H, W]``.
        labels: Class numbers ``[M]``.
        epochs: Passes over them.
        learning_rate: Peak of the schedule.
        seed: Of the order of pictures.
        augment: As for :func:`neurosym.fit`.
        changes: More settings of :func:`neurosym.fit`.

    Example:
        >>> import torch
        >>> from perception import SpikingVision, quantise
        >>> vision = SpikingVision(3, 0, model="tiny_ms_resnet", options={"size": 8, "steps": 1})
        >>> pictures = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
        >>> fine_tune(quantise(vision, bits=4), pictures, torch.arange(6) % 3, epochs=1)  # doctest: +ELLIPSIS
        History(1 epoch, loss ...)
    """
    return fit(
        Labelled(perception), pictures, labels, epochs=epochs, learning_rate=learning_rate, seed=seed, augment=augment,
        **changes,
    )  # fmt: skip
