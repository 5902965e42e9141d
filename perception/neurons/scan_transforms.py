"""The scan's operator under ``torch.func``: many examples at once (vmap), and gradients of any depth (grad).

The examples become an axis beside the batch, so that all of them are one scan.
"""

from typing import Any, cast

import torch
from torch import Tensor
from torch.library import register_vmap

from .scan_operator import backward, backward_again, backward_operator, save_backward, save_forward, scan_operator


class OperatorInTransforms(torch.autograd.Function):
    """The operator for ``torch.func.grad``, which does not look into the gradients of operators."""

    generate_vmap_rule = True
    forward = staticmethod(scan_operator)
    setup_context = staticmethod(save_forward)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        """As that of the operator."""
        return backward(ctx, *gradients, run=_BackwardInTransforms.apply)


class _BackwardInTransforms(torch.autograd.Function):
    generate_vmap_rule = True
    forward = staticmethod(backward_operator)
    setup_context = staticmethod(save_backward)
    backward = staticmethod(backward_again)


def _batched(tensor: Tensor | None, dim: int | None, size: int, at: int) -> Tensor | None:
    """A tensor with the examples as its axis ``at``, the same for all if it had none."""
    if tensor is None:
        return None
    if dim is None:
        return tensor.unsqueeze(at).expand(*tensor.shape[:at], size, *tensor.shape[at:])
    return tensor.movedim(dim, at)


def _batched_number(number: Tensor, dim: int | None, size: int, rows: int, each: bool) -> Tensor:
    """A number or row with the examples as its first axis; ``each``: even if all have the same."""
    if dim is None and not number.ndim and not each:
        return number
    number = number.expand(size, *number.shape) if dim is None else number.movedim(dim, 0)
    return number.reshape(size, *[1] * (rows - number.ndim), *number.shape[1:]) if number.ndim < rows else number


def _forward_of_many(info: Any, dims: tuple[Any, ...], *inputs: Any) -> tuple[Any, Any]:
    size = info.batch_size
    current, slopes = (_batched(inputs[n], dims[n], size, 1) for n in (0, 5))
    rows = cast(Tensor, current).ndim - 1
    numbers = [_batched_number(inputs[n], dims[n], size, rows, False) for n in (1, 2, 3)]
    initial = _batched(inputs[4], dims[4], size, 0)
    return scan_operator(current, *numbers, initial, slopes, *inputs[6:]), (1, 1, 1)


def _backward_of_many(info: Any, dims: tuple[Any, ...], *inputs: Any) -> tuple[Any, Any]:
    size, learned = info.batch_size, inputs[-1]
    *arriving, kept, slopes = (_batched(inputs[n], dims[n], size, 1) for n in (0, 1, 2, 3, 8))
    rows = cast(Tensor, kept).ndim - 1
    numbers = [_batched_number(inputs[n], dims[n], size, rows, learned) for n in (4, 5, 6)]
    initial = _batched(inputs[7], dims[7], size, 0)
    by_current, by_initial, *by_numbers = backward_operator(*arriving, kept, *numbers, initial, slopes, *inputs[9:])
    alone = [inputs[n].ndim - (dims[n] is not None) for n in (4, 5, 6)]
    each = [
        found if not found.ndim else found.reshape(size, *found.shape[found.ndim - axes :] if axes else ())
        for found, axes in zip(by_numbers, alone, strict=True)
    ]
    return (by_current, by_initial, *each), (1, 1, *(0 if found.ndim else None for found in each))


register_vmap(scan_operator, _forward_of_many)
register_vmap(backward_operator, _backward_of_many)
