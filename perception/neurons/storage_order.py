"""Tensors as they lie in memory, whatever the order of their axes: what scans over ``[T, N]`` are given."""

from torch import Tensor


def storage_order(tensor: Tensor) -> list[int]:
    """The axes of a tensor, the first one first and the others in the order of memory."""
    if tensor.is_contiguous():
        return list(range(tensor.ndim))
    return [0, *sorted(range(1, tensor.ndim), key=tensor.stride, reverse=True)]


def inverse(order: list[int]) -> list[int]:
    """The order that undoes another."""
    return sorted(range(len(order)), key=order.__getitem__)
