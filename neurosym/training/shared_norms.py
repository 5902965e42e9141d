"""Batch norms whose statistics are those of all processes, so that training does not depend on how many there are."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage] - the base of all of them


class _AddUp(torch.autograd.Function):
    """A sum over all processes, whose gradient is the sum of all their gradients."""

    @staticmethod
    def forward(ctx: Any, numbers: Tensor) -> Tensor:
        found = numbers.clone()
        distributed.all_reduce(found)
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        found = gradients[0].clone()
        distributed.all_reduce(found)
        return found


@contextmanager
def shared_norms(network: nn.Module, *, shared: bool = True) -> Generator[None]:
    """Within it, the network's batch norms take mean and variance over the samples of all processes.

    All processes must run the network equally often, forwards and backwards.

    Args:
        network: Of any kind.
        shared: Without it, nothing happens.
    """
    norms = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)] if shared else []
    try:
        for norm in norms:
            norm.forward = partial(_normalize, norm)  # pyright: ignore[reportAttributeAccessIssue] - a name
        yield
    finally:
        for norm in norms:
            del norm.forward  # the class's own comes forth again


def _normalize(norm: _BatchNorm, signal: Tensor) -> Tensor:
    """``gamma (x - mean) / sqrt(var + eps) + beta`` with the mean and variance of all processes' signals."""
    if not norm.training:
        return functional.batch_norm(
            signal, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps
        )
    axes = [0, *range(2, signal.ndim)]
    shape = [1, -1, *[1] * (signal.ndim - 2)]
    wide = signal.float()
    sums = _AddUp.apply(torch.cat([wide.sum(axes), wide.new_tensor([wide[:, 0].numel()])]))
    count = torch.as_tensor(sums)[-1].detach()
    mean = torch.as_tensor(sums)[:-1] / count
    centred = wide - mean.reshape(shape)
    variance = torch.as_tensor(_AddUp.apply(centred.square().sum(axes))) / count
    _remember(norm, mean.detach(), variance.detach() * count / (count - 1))
    normal = centred * (variance + norm.eps).rsqrt().reshape(shape)
    if norm.affine:
        normal = normal * norm.weight.reshape(shape) + norm.bias.reshape(shape)
    return normal.to(signal.dtype)


@torch.no_grad()
def _remember(norm: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
    """Moves the running statistics towards those of a batch."""
    if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
        return
    norm.num_batches_tracked.add_(1)
    part = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), part)
    norm.running_var.lerp_(variance.to(norm.running_var.dtype), part)
