"""While a network is traced, layers over time are single operations: their loops over steps are not looked into."""

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ..temporal import DelayedLinear
from ..temporal.carrying import OverTime, layers_over_time, replaced

LEAF = "layer_over_time"


@torch.library.custom_op(f"neurosym::{LEAF}", mutates_args=())
def layer_over_time(signal: Tensor, place: str, features: int) -> Tensor:
    """Stands for the layer of a place while a network is traced; it never runs.

    Args:
        signal: ``[T, B, ...]``.
        place: Of the layer in its network.
        features: Size of the result's last axis; that of the signal's if negative.
    """
    raise NotImplementedError(place)


@layer_over_time.register_fake
def _(signal: Tensor, place: str, features: int) -> Tensor:
    return signal.new_empty(signal.shape if features < 0 else (*signal.shape[:-1], features))


@contextmanager
def leaves(network: nn.Module) -> Generator[dict[str, OverTime]]:
    """Within it, layers over time are single operations."""
    found = layers_over_time(network)
    with replaced(found, _stand_in):
        yield found


def _stand_in(place: str, layer: OverTime, signal: Tensor) -> Tensor:
    features = len(layer.weight) if isinstance(layer, DelayedLinear) else -1
    return torch.ops.neurosym.layer_over_time(signal, place, features)
