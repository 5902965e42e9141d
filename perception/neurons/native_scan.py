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
from .scan_rule import Arriving, Gradients, Numbers, Scanned, ScanRule

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


def native_forward(current: Tensor, rule: ScanRule, numbers: Numbers, initial: Tensor | None, record: bool) -> Scanned:
    """As :func:`.eager_scan.eager_forward`, for tensors without gaps; the last membrane comes with the others alone."""
    spikes = torch.empty_like(current)
    membranes, final = torch.empty_like(current if record else current[:0]), torch.empty_like(current[: int(record)])
    number = _number_type(current.dtype)
    start = current[0, :0] if initial is None else initial
    driving, rows = _flat(current), (_row(start), _flat(spikes), _flat(membranes), _row(final))

    def columns(decay: float, gain: float, threshold: float, first: int, last: int) -> None:
        three = number(decay), number(gain), number(threshold)
        kernels.scan_forward(driving, *three, rule.reset == "soft", *rows, first, last)  # pyright: ignore[reportCallIssue]

    _by_numbers(columns, numbers, current)
    return Scanned(spikes, membranes, final[0] if record else final)


def native_backward(
    arriving: Arriving,
    current: Tensor,
    rule: ScanRule,
    numbers: Numbers,
    initial: Tensor | None,
    slopes: Tensor | None,
    learned: bool,
) -> Gradients:
    """As :func:`.eager_scan.eager_backward`, but from the current: its membranes are computed once more on the way.

    A pass over the memory is dearer than the arithmetic, so the forward scan need not write any membrane.
    """
    shape = kernels.GIVEN if slopes is not None else SHAPES.get(rule.surrogate.name, kernels.GIVEN)
    number, wide = _number_type(current.dtype), torch.promote_types(current.dtype, torch.float32)
    none, none_wide = current[:0], current[:0].to(wide)
    if shape == kernels.GIVEN and slopes is None:
        membranes = native_forward(current, rule, numbers, initial, True).membranes
        slopes = rule.surrogate.derivative(membranes.to(wide) - numbers.threshold)
    by_final = none_wide if arriving.final is None else arriving.final.to(wide)
    by_current, by_initial = (
        torch.empty_like(current),
        torch.empty_like(current[: int(initial is not None)], dtype=wide),
    )
    by_spikes, by_membranes = (
        _flat(none if gradient is None else gradient.to(current.dtype))
        for gradient in (arriving.spikes, arriving.membranes)
    )
    flat = _flat(current), _flat(none_wide if slopes is None else slopes.to(wide))
    rows = _row(none if initial is None else initial), _row(by_final), _flat(by_current), _row(by_initial)

    def columns(decay: float, gain: float, threshold: float, first: int, last: int) -> tuple[float, float, float]:
        return kernels.scan_backward(
            by_spikes,
            by_membranes,
            *flat,
            shape,
            rule.surrogate.shape[0] if shape != kernels.GIVEN else 1.0,
            number(decay),
            number(gain),
            number(threshold),
            rule.reset == "soft",
            rule.detach_reset,
            *rows,
            learned,
            first,
            last,
        )

    found = _by_numbers(columns, numbers, current)
    leaked = driven = barred = none_wide.new_zeros(())
    if learned:
        sums = torch.tensor(
            [[sum(part[n] for part in parts) for n in range(3)] for parts in found], dtype=torch.float64
        )
        leaked, driven, barred = sums.T.reshape(3, *_differing(numbers))
    by_initial = by_initial if initial is None else by_initial[0].to(current.dtype)
    by_gain = (driven - numbers.decay * leaked) / numbers.gain if learned else driven
    return Gradients(by_current, by_initial, leaked, by_gain, barred)


def _differing(numbers: Numbers) -> tuple[int, ...]:
    """The axes of a row, of which the first ones are as long as numbers differ and the last ones are 1."""
    return tuple(torch.broadcast_shapes(*(number.shape for number in numbers if isinstance(number, Tensor))))


def _by_numbers(run: Callable[[float, float, float, int, int], T], numbers: Numbers, current: Tensor) -> list[list[T]]:
    """Runs over all columns, those that share their three numbers at a time; what each part of each gave."""
    columns = current[0].numel()
    if not any(isinstance(number, Tensor) for number in numbers):
        one = [float(number) for number in numbers]
        return [in_parts(lambda first, last: run(one[0], one[1], one[2], first, last), columns, current.numel())]
    shape = _differing(numbers)
    groups = prod(shape)
    length = columns // groups
    each = [
        number.expand(shape).flatten().tolist() if isinstance(number, Tensor) else [number] * groups
        for number in numbers
    ]
    own = zip(*each, strict=True)
    return [[run(a, b, c, place * length, (place + 1) * length)] for place, (a, b, c) in enumerate(own)]


def in_parts(run: Callable[[int, int], T], columns: int, elements: int) -> list[T]:
    """Runs over all columns, on as many threads as torch may use if there is enough to do."""
    parts = min(torch.get_num_threads(), elements // _WORTH_A_THREAD) if elements > _WORTH_A_THREAD else 1
    if parts == 1:
        return [run(0, columns)]
    bounds = [columns * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts) as pool:
        return list(pool.map(run, bounds[:-1], bounds[1:]))


def _flat(tensor: Tensor) -> NDArray[Any]:
    """``[T, N]``, the same memory; a bfloat16 as its bits."""
    return _row(tensor).reshape(len(tensor), prod(tensor.shape[1:]))


def _row(tensor: Tensor) -> NDArray[Any]:
    """``[N]`` of a row, or ``[0]`` of none, the same memory."""
    rows = tensor.detach().reshape(-1)
    return (rows.view(torch.uint16) if rows.dtype == torch.bfloat16 else rows).numpy()


def _number_type(dtype: torch.dtype) -> type[np.floating[Any]]:
    return np.float64 if dtype == torch.float64 else np.float32
