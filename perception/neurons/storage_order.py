"""Tensors as they lie in memory, whatever the order of their axes: what scans over ``[T, N]`` are given."""

from torch import Tensor


def in_storage_order(tensor: Tensor) -> tuple[Tensor, list[int]]:
    """The tensor with its axes but the first in the order of memory, contiguous, and that order."""
    order = [0, *sorted(range(1, tensor.ndim), key=tensor.stride, reverse=True)]
    if tensor.is_contiguous():
        order = list(range(tensor.ndim))
    return tensor.permute(order).contiguous(), order


def inverse(order: list[int]) -> list[int]:
    """The order that undoes another."""
    return sorted(range(len(order)), key=order.__getitem__)
