"""Batch norm and leaky neurons in one pass over the memory forwards and two backwards, as machine code (numba).

Arrays are ``[T, N]`` of a channels-last memory. Columns are taken in blocks of whole pixels, so that what belongs to a
channel, repeated for the pixels of a block, is one row beside each block. No sum is re-associated but those over a
batch, and no product fused with a sum.
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# The functions below are typed by numba when they are compiled.

from typing import Any

import numpy as np
from numpy.typing import NDArray

from logic.kernels import kernel

from .native_kernels import surrogate_slopes

Array = NDArray[Any]


@kernel(large=0, nogil=True, error_model="numpy")
def moments(current: Array) -> tuple[Array, Array]:
    """Mean and variance of each column of ``[M, block]`` rows, in double precision.

    Args:
        current: ``[M, block]``; what lies around the first row is summed, 64 rows at a time in its own precision.
    """
    block = current.shape[1]
    first = current[0].copy()
    sums, squares = np.zeros(block), np.zeros(block)
    some, more = np.zeros(block, dtype=current.dtype), np.zeros(block, dtype=current.dtype)
    for begin in range(0, current.shape[0], 64):
        some[:] = 0
        more[:] = 0
        for row in range(begin, min(begin + 64, current.shape[0])):
            values = current[row]
            for i in range(block):
                away = values[i] - first[i]
                some[i] += away
                more[i] += away * away
        for i in range(block):
            sums[i] += some[i]
            squares[i] += more[i]
    sums /= current.shape[0]
    squares /= current.shape[0]
    return sums + first, squares - sums * sums


@kernel(large=0, nogil=True, error_model="numpy")
def normalised_forward(
    current: Array,
    scale: Array,
    shift: Array,
    decay: float,
    gain: float,
    threshold: float,
    soft: bool,
    spikes: Array,
    first: int,
    last: int,
) -> None:
    """Spikes of the blocks ``first <= b < last`` under ``scale * current + shift``, from rest.

    Args:
        current: ``[T, N]``, or ``[1, N]`` that stays for all steps.
        scale: ``[block]``.
        shift: ``[block]``.
        decay: As in the scan; so are the next.
        gain: Of the current.
        threshold: Of firing.
        soft: Whether the reset subtracts the threshold.
        spikes: ``[T, N]``, written.
        first: First block.
        last: Block after the last.
    """
    block = len(scale)
    one, zero = current.dtype.type(1), current.dtype.type(0)
    carry = np.empty(block, dtype=current.dtype)
    for begin in range(first * block, last * block, block):
        carry[:] = zero
        for step in range(spikes.shape[0]):
            driving, sent = current[step % current.shape[0], begin : begin + block], spikes[step, begin : begin + block]
            for i in range(block):
                membrane = carry[i] * decay + (driving[i] * scale[i] + shift[i]) * gain
                fired = membrane >= threshold
                sent[i] = one if fired else zero
                low = membrane - threshold if soft else zero
                carry[i] = low if fired else membrane


@kernel(large=0, nogil=True, error_model="numpy")
def normalised_backward(
    by_spikes: Array,
    current: Array,
    scale: Array,
    shift: Array,
    mean: Array,
    shape: int,
    width: float,
    decay: float,
    gain: float,
    threshold: float,
    soft: bool,
    detach: bool,
    by_normal: Array,
    first: int,
    last: int,
) -> tuple[Array, Array]:
    """Gradients by the normalised current of the blocks ``first <= b < last``, and what the norm's own are made of.

    Args:
        by_spikes: ``[T, N]``.
        current: As in the forward pass; so are the next.
        scale: ``[block]``.
        shift: ``[block]``.
        mean: ``[block]``.
        shape: Which surrogate of :mod:`.native_kernels` it is.
        width: Its number.
        decay: As in the scan; so are the next.
        gain: Of the current.
        threshold: Of firing.
        soft: Whether the reset subtracts the threshold.
        detach: Whether the reset's spike is held constant.
        by_normal: ``[T, N]``, or ``[1, N]`` for a current that stays; written.
        first: First block.
        last: Block after the last.

    Returns:
        For each column of a block, the sums of the gradient, and of the gradient times the current's distance to its
        mean.
    """
    steps, block = by_spikes.shape[0], len(scale)
    kind = current.dtype.type
    zero = kind(0)
    heights = np.empty((steps, block), dtype=current.dtype)
    carry, distance, slope = np.empty_like(heights[0]), np.empty_like(heights[0]), np.empty_like(heights[0])
    some, more = np.empty_like(heights[0]), np.empty_like(heights[0])
    sums, products = np.zeros(block), np.zeros(block)
    still = current.shape[0] == 1
    for begin in range(first * block, last * block, block):
        end = begin + block
        carry[:] = zero
        for step in range(steps):
            driving, membrane = current[0 if still else step, begin:end], heights[step]
            for i in range(block):
                height = carry[i] * decay + (driving[i] * scale[i] + shift[i]) * gain
                membrane[i] = height
                low = height - threshold if soft else zero
                carry[i] = low if height >= threshold else height
        carry[:] = zero
        some[:] = zero
        more[:] = zero
        if still:
            by_normal[0, begin:end] = zero
        for step in range(steps - 1, -1, -1):
            membrane, arriving = heights[step], by_spikes[step, begin:end]
            for i in range(block):
                distance[i] = membrane[i] - threshold
            surrogate_slopes(shape, width, distance, slope)
            if not detach:
                for i in range(block):
                    kept = kind(1) if soft or distance[i] < 0 else zero
                    carry[i] *= kept - (threshold if soft else membrane[i]) * slope[i]
            elif not soft:
                for i in range(block):
                    carry[i] = carry[i] if distance[i] < 0 else zero
            for i in range(block):
                carry[i] += arriving[i] * slope[i]
            found, driving = by_normal[0 if still else step, begin:end], current[0 if still else step, begin:end]
            if still:  # short loops: with more arrays in one, the compiler would not use vectors
                for i in range(block):
                    found[i] += carry[i] * gain
            else:
                for i in range(block):
                    found[i] = carry[i] * gain
            for i in range(block):
                some[i] += carry[i]
            for i in range(block):
                more[i] += carry[i] * (driving[i] - mean[i])
            for i in range(block):
                carry[i] *= decay
        for i in range(block):
            sums[i] += some[i] * gain
            products[i] += more[i] * gain
    return sums, products


@kernel(large=0, nogil=True, error_model="numpy")
def through_norm(
    by_normal: Array, current: Array, by_scale: Array, by_current: Array, by_one: Array, first: int, last: int
) -> None:
    """``by_normal = by_scale * by_normal + by_current * current + by_one`` for the rows ``first <= m < last``.

    Args:
        by_normal: ``[M, block]``, changed.
        current: ``[M, block]``.
        by_scale: ``[block]``.
        by_current: ``[block]``.
        by_one: ``[block]``.
        first: First row.
        last: Row after the last.
    """
    for row in range(first, last):
        found, driving = by_normal[row], current[row]
        for i in range(len(by_scale)):
            found[i] = by_scale[i] * found[i] + by_current[i] * driving[i] + by_one[i]
