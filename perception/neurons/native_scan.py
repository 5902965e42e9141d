"""The scan on a CPU by the machine code of :mod:`.native_kernels`, compiled once a machine and type, and kept on disk.

The first scan of a type on a machine waits some seconds for numba, later ones do not. It is compiled where it is
needed, not in a thread beside: numba sets the filters of warnings meanwhile, which belong to the whole process.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import native_kernels as kernels
from .scan_rule import Arriving, Gradients, Scanned, ScanRule
from .storage_order import in_storage_order, inverse

SHAPES = {
    "straight_through": kernels.CONSTANT,
    "rectangular": kernels.RECTANGULAR,
    "triangular": kernels.TRIANGULAR,
    "fast_sigmoid": kernels.FAST_SIGMOID,
    "arctan": kernels.ARCTAN,
    "sigmoid": kernels.SIGMOID,
}
TYPES = (torch.float32, torch.float64, torch.bfloat16)
_WORTH_A_THREAD = 2**20  # elements; below, starting a thread takes longer than it saves
T = TypeVar("T")


def native_forward(
    current: Tensor, rule: ScanRule, decay: float, gain: float, initial: Tensor | None, record: bool
) -> Scanned:
    """As :func:`.eager_scan.eager_forward`."""
    current, order = in_storage_order(current)
    spikes = torch.empty_like(current)
    membranes = torch.empty_like(current if record else current[:0])
    final = torch.zeros_like(current[0])
    if initial is not None:
        final.copy_(initial.unsqueeze(0).permute(order)[0])
    number = _number_type(current.dtype)
    flat = [_flat(tensor) for tensor in (current, final.unsqueeze(0), spikes, membranes)]

    def columns(first: int, last: int) -> None:
        kernels.scan_forward(
            flat[0],
            number(decay),
            number(gain),
            number(rule.threshold),
            rule.reset == "soft",
            flat[1][0],
            flat[2],
            flat[3],
            first,
            last,
        )

    _in_parts(columns, final.numel(), current.numel())
    back = inverse(order)
    return Scanned(spikes.permute(back), membranes.permute(back), final.unsqueeze(0).permute(back)[0])


def native_backward(
    arriving: Arriving,
    current: Tensor,
    rule: ScanRule,
    decay: float,
    gain: float,
    initial: Tensor | None,
    learned: bool,
) -> Gradients:
    """As :func:`.eager_scan.eager_backward`, but from the current: its membranes are computed once more on the way.

    A pass over the memory is dearer than the arithmetic, so the forward scan need not write any membrane.
    """
    shape = SHAPES.get(rule.surrogate.name, kernels.GIVEN) if rule.surrogate.shape else kernels.GIVEN
    number, wide = _number_type(current.dtype), torch.promote_types(current.dtype, torch.float32)
    none, slopes = current[:0], current[:0].to(wide)
    if shape == kernels.GIVEN:
        membranes = native_forward(current, rule, decay, gain, initial, True).membranes
        slopes = rule.surrogate.derivative(membranes.to(wide) - rule.threshold)
    current, order = in_storage_order(current)
    carry = torch.zeros_like(current[0], dtype=wide)
    if arriving.final is not None:
        carry.copy_(arriving.final.unsqueeze(0).permute(order)[0])
    start = torch.zeros_like(current[0]) if initial is None else initial.unsqueeze(0).permute(order)[0].contiguous()
    by_current = torch.empty_like(current)
    by_spikes, by_membranes = (
        _flat(none if gradient is None else gradient.permute(order).to(current.dtype).contiguous())
        for gradient in (arriving.spikes, arriving.membranes)
    )
    flat = _flat(current), _flat(slopes.permute(order).contiguous())
    rows = _flat(start.unsqueeze(0))[0], _flat(carry.unsqueeze(0))[0]
    found = _flat(by_current)

    def columns(first: int, last: int) -> tuple[float, float]:
        return kernels.scan_backward(
            by_spikes,
            by_membranes,
            *flat,
            shape,
            rule.surrogate.shape[0] if shape != kernels.GIVEN else 1.0,
            number(decay),
            number(gain),
            number(rule.threshold),
            rule.reset == "soft",
            rule.detach_reset,
            *rows,
            found,
            learned,
            first,
            last,
        )

    sums = _in_parts(columns, carry.numel(), current.numel())
    leaked, driven = sum(part[0] for part in sums), sum(part[1] for part in sums)
    back = inverse(order)
    return Gradients(
        by_current if back == order else by_current.permute(back),  # a fresh tensor becomes .grad without a copy
        carry.to(current.dtype).unsqueeze(0).permute(back)[0],
        torch.tensor(leaked, dtype=wide),
        torch.tensor((driven - decay * leaked) / gain, dtype=wide),
    )


def _in_parts(run: Callable[[int, int], T], columns: int, elements: int) -> list[T]:
    """Runs over all columns, on as many threads as torch may use if there is enough to do."""
    parts = min(torch.get_num_threads(), elements // _WORTH_A_THREAD) if elements > _WORTH_A_THREAD else 1
    if parts == 1:
        return [run(0, columns)]
    bounds = [columns * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts) as pool:
        return list(pool.map(run, bounds[:-1], bounds[1:]))


def _flat(tensor: Tensor) -> NDArray[Any]:
    """``[T, N]``, the same memory; a bfloat16 as its bits."""
    rows = tensor.detach().reshape(len(tensor), prod(tensor.shape[1:]))
    return (rows.view(torch.uint16) if rows.dtype == torch.bfloat16 else rows).numpy()


def _number_type(dtype: torch.dtype) -> type[np.floating[Any]]:
    return np.float64 if dtype == torch.float64 else np.float32
