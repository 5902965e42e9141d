"""Batch norm and leaky neurons behind it as one function: the normalised current is never written.

A norm goes through the memory twice and neurons once more, forwards; here statistics are one pass and all the rest
another. The backward pass keeps the current before the norm alone, from which all else is computed again in blocks that
stay in the cache: a third of what norm and neurons keep apart. A still picture's current stays one step.
"""

# pyright: reportPrivateUsage=false, reportCallIssue=false

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from . import norm_kernels as kernels
from .leaky import IntegrateAndFire, LeakyIntegrateAndFire
from .native_scan import SHAPES, in_parts
from .scan import leaky_scan
from .scan_rule import ScanRule

_BLOCK = 2048  # columns at most, if a pixel has not more


def can_fuse(norm: nn.Module, neuron: nn.Module) -> bool:
    """Whether a norm and neurons behind it may run as one: plain ones, whom nobody watches, and nobody traces."""
    if torch.compiler.is_compiling() or type(norm) is not nn.BatchNorm2d:
        return False
    if type(neuron) not in (LeakyIntegrateAndFire, IntegrateAndFire) or not isinstance(neuron, LeakyIntegrateAndFire):
        return False
    plain = norm.affine and norm.momentum is not None and norm.track_running_stats
    numbers = all(isinstance(number, int | float) for number in (neuron.decay(), neuron.threshold))
    known = neuron.surrogate.name in SHAPES and neuron.surrogate.shape and neuron.tier in ("auto", "native")
    return bool(plain and numbers and known and not neuron.start and not watched(norm) and not watched(neuron))


def watched(module: nn.Module) -> bool:
    """Whether a call of the module does more than its class says: hooks, or a forward of its own."""
    hooks = module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks
    every = nn.modules.module
    everywhere = every._global_forward_hooks, every._global_forward_pre_hooks, every._global_backward_hooks
    return "forward" in vars(module) or any(len(kept) for kept in (*hooks, *everywhere))


def takes(current: Tensor) -> bool:
    """Whether a current ``[M, C, H, W]`` is of the kind that norm and neurons take as one."""
    plain = type(current) is Tensor and current.dtype == torch.float32 and current.device.type == "cpu"
    many = current.numel() > current.shape[1] and not current.is_meta and not torch.is_autocast_enabled("cpu")
    stack = torch._C._functorch.peek_interpreter_stack()  # pyright: ignore - of transforms such as vmap
    return plain and many and not stack and current.is_contiguous(memory_format=torch.channels_last)


class _Run(NamedTuple):
    """What a pass is told: the rule of its neurons, their decay and gain, and what the norm does."""

    rule: ScanRule
    decay: float
    gain: float
    steps: int
    still: bool
    training: bool
    epsilon: float

    def numbers(self) -> tuple[Any, ...]:
        """What both passes' kernels are told of the neurons."""
        rule = self.rule
        return np.float32(self.decay), np.float32(self.gain), np.float32(float(rule.threshold)), rule.reset == "soft"


def normalise_and_fire(
    current: Tensor, norm: nn.BatchNorm2d, neuron: LeakyIntegrateAndFire, steps: int, *, still: bool = False
) -> Tensor:
    """Spikes ``[T * B, C, H, W]``, channels last, that neurons send behind a norm, from rest; gradients as theirs.

    Args:
        current: ``[T * B, C, H, W]``; see :func:`takes`.
        norm: See :func:`can_fuse`; its running statistics move as if it were called.
        neuron: See :func:`can_fuse`.
        steps: ``T``.
        still: Whether the current is ``[B, C, H, W]`` and stays for all steps.
    """
    decay = float(neuron.decay())
    rule = ScanRule(float(neuron.threshold), neuron.surrogate, neuron.reset, neuron.detach_reset)
    run = _Run(rule, decay, 1 - decay if neuron.scale_input else 1.0, steps, still, norm.training, norm.eps)
    if norm.training:
        mean, variance = _moments(current.detach())
        _move(norm, mean, variance, current.numel() // current.shape[1])
    else:
        mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
    inverse = torch.rsqrt(variance + norm.eps).float()
    found = _NormalisedScan.apply(current, norm.weight, norm.bias, mean.float(), inverse, run)
    return torch.as_tensor(found)


class _NormalisedScan(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, current: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, inverse: Tensor, run: _Run
    ) -> Tensor:
        scale = weight.detach() * inverse
        shift = bias.detach() - mean * scale
        ctx.save_for_backward(current, weight, bias, scale, shift, mean, inverse)
        ctx.run = run
        count = len(current) * (run.steps if run.still else 1)
        spikes = torch.empty((count, *current.shape[1:]), memory_format=torch.channels_last)
        rows, written = _steps(current, 1 if run.still else run.steps), _steps(spikes, run.steps)
        scales, shifts = _rows(rows, scale, shift)

        def blocks(first: int, last: int) -> None:
            kernels.normalised_forward(rows, scales, shifts, *run.numbers(), written, first, last)

        in_parts(blocks, rows.shape[1] // len(scales), spikes.numel())
        return spikes

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        current, weight, bias, scale, shift, mean, inverse = ctx.saved_tensors
        run: _Run = ctx.run
        if torch.is_grad_enabled():  # a gradient of this gradient may be asked for
            given = [tensor for tensor in (current, weight, bias) if tensor.requires_grad]
            spikes = _apart(current, weight, bias, mean, inverse, run)
            found = iter(torch.autograd.grad(spikes, given, gradients[0], create_graph=True))
            return (
                *(next(found) if tensor.requires_grad else None for tensor in (current, weight, bias)),
                *(None,) * 3,
            )
        surrogate = SHAPES[run.rule.surrogate.name], run.rule.surrogate.shape[0]
        arriving = _steps(gradients[0].contiguous(memory_format=torch.channels_last), run.steps)
        by_current = torch.empty_like(current)
        rows, written = (_steps(tensor, 1 if run.still else run.steps) for tensor in (current, by_current))
        given = _rows(rows, scale, shift, mean)
        block = len(given[0])

        def blocks(first: int, last: int) -> tuple[Any, Any]:
            return kernels.normalised_backward(
                arriving, rows, *given, *surrogate, *run.numbers(), run.rule.detach_reset, written, first, last
            )

        parts = in_parts(blocks, rows.shape[1] // block, arriving.size)
        sums, products = (_by_channel(sum(part[i] for part in parts), len(scale)) for i in range(2))
        by_weight = products * inverse
        none = torch.zeros_like(scale)
        factors = scale, none, none
        if run.training:
            count = current.numel() // len(scale)
            slope = -scale * inverse * by_weight / count
            factors = scale, slope, -scale * sums / count - slope * mean
        tall = rows.reshape(-1, block), written.reshape(-1, block)
        coefficients = _rows(rows, *factors)

        def through(first: int, last: int) -> None:
            kernels.through_norm(tall[1], tall[0], *coefficients, first, last)

        in_parts(through, len(tall[0]), current.numel())
        return by_current, by_weight, sums, None, None, None


def _apart(current: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, inverse: Tensor, run: _Run) -> Tensor:
    """The same, as a norm and neurons behind it, which autograd knows how to differentiate again."""
    if run.training:
        variance, mean = torch.var_mean(current, (0, 2, 3), correction=0)
        inverse = torch.rsqrt(variance + run.epsilon)
    mean, inverse, weight, bias = (part[:, None, None] for part in (mean, inverse, weight, bias))
    normal = (current - mean) * inverse * weight + bias
    steps = normal.expand(run.steps, *normal.shape) if run.still else normal.unflatten(0, (run.steps, -1))
    return leaky_scan(steps, run.rule, decay=run.decay, gain=run.gain, record=False).spikes.flatten(0, 1)


def _moments(current: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel, ``[C]``, double precision."""
    channels = current.shape[1]
    rows = _steps(current, 1).reshape(-1)
    block = _block(rows.size, channels)
    mean, variance = (torch.from_numpy(part).reshape(-1, channels) for part in kernels.moments(rows.reshape(-1, block)))
    middle = mean.mean(0)
    return middle, (variance + (mean - middle).square()).mean(0).clamp(min=0)


@torch.no_grad()
def _move(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, count: int) -> None:
    """The running statistics, as :class:`torch.nn.BatchNorm2d` moves them."""
    if norm.num_batches_tracked is not None:
        norm.num_batches_tracked.add_(1)
    for running, found in ((norm.running_mean, mean), (norm.running_var, variance * (count / (count - 1)))):
        if running is not None:
            running.lerp_(found.to(running), norm.momentum or 0.0)


def _steps(tensor: Tensor, steps: int) -> Any:
    """``[T, N]`` of a channels-last ``[T * B, C, H, W]``, the same memory."""
    return tensor.detach().permute(0, 2, 3, 1).reshape(steps, -1).numpy()


def _block(columns: int, channels: int) -> int:
    """The most whole pixels that divide the columns and make a block."""
    pixels = columns // channels
    most = max(_BLOCK // channels, 1)
    return channels * next(count for count in range(most, 0, -1) if pixels % count == 0)


def _rows(steps: Any, *channels: Tensor) -> tuple[Any, ...]:
    """What belongs to channels, once for each pixel of a block, ``[block]``."""
    block = _block(steps.shape[1], len(channels[0]))
    return tuple(part.float().repeat(block // len(part)).numpy() for part in channels)


def _by_channel(columns: Any, channels: int) -> Tensor:
    return torch.from_numpy(columns).reshape(-1, channels).sum(0).float()
