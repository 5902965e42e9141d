"""Blocks that keep only their input and compute the rest again in the backward pass.

References:
    Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.
"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage] - the base of all of them

from .packing import Packed, pack, unpack


class _Recomputed(torch.autograd.Function):
    """A block that is run twice: once without a graph, and once more, with one, when its gradient is asked for."""

    @staticmethod
    def forward(ctx: Any, block: nn.Module, run: Any, signal: Tensor, *parameters: Tensor) -> Tensor:
        kind = signal.device.type
        ctx.block, ctx.run, ctx.packed, ctx.parameters = block, run, pack(signal), parameters
        ctx.precision = (kind, torch.get_autocast_dtype(kind), torch.is_autocast_enabled(kind))
        with torch.no_grad():
            return run(signal)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        packed: Packed | Tensor = ctx.packed
        signal = unpack(packed).detach().requires_grad_(ctx.needs_input_grad[2])
        wanted = [tensor for tensor in (signal, *ctx.parameters) if tensor.requires_grad]
        with torch.enable_grad(), torch.autocast(*ctx.precision), _still_statistics(ctx.block):
            output = ctx.run(signal)
        found = iter(torch.autograd.grad(output, wanted, gradients[0], allow_unused=True))
        return (None, None, *(next(found) if t.requires_grad else None for t in (signal, *ctx.parameters)))


@contextmanager
def _still_statistics(block: nn.Module) -> Generator[None]:
    """Give batch norms copies of their running statistics, which must see each batch once only."""
    norms = [layer for layer in block.modules() if isinstance(layer, _BatchNorm)]
    own = [dict(norm.named_buffers()) for norm in norms]
    try:
        for norm, buffers in zip(norms, own, strict=True):
            for name, buffer in buffers.items():
                setattr(norm, name, buffer.clone())
        yield
    finally:
        for norm, buffers in zip(norms, own, strict=True):
            for name, buffer in buffers.items():
                setattr(norm, name, buffer)


@contextmanager
def recomputed(blocks: Iterable[nn.Module]) -> Generator[None]:
    """Within it, each of the blocks keeps only its packed input for the backward pass, which must run inside too.

    Gradients stay the same: the block computes the same again. A block maps one tensor to one tensor and draws no
    random numbers; blocks do not contain one another.

    Args:
        blocks: Parts of a network.

    Example:
        >>> block = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
        >>> with recomputed([block]):
        ...     block(torch.ones(2, 3)).sum().backward()
        >>> block[0].weight.grad.shape
        torch.Size([3, 3])
    """
    changed = list(blocks)
    try:
        for block in changed:
            parameters = tuple(block.parameters())
            run = block.forward
            block.forward = partial(_run, block, run, parameters)
        yield
    finally:
        for block in changed:
            del block.forward  # the class's own comes forth again


def _run(block: nn.Module, run: Any, parameters: tuple[Tensor, ...], signal: Tensor) -> Tensor:
    if not torch.is_grad_enabled():
        return run(signal)
    return torch.as_tensor(_Recomputed.apply(block, run, signal, *parameters))
