"""The scan's loops as machine code (numba): one pass over the memory forwards, one backwards, any number of neurons.

Arrays are ``[T, N]``. The columns are taken in blocks that stay in the cache through all steps. bfloat16 comes
as its bits in ``uint16`` and is computed in float32. No sum is re-associated and no product fused with a sum, so that
every spike is that of the eager tier.
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false
# pyright: reportPrivateImportUsage=false, reportArgumentType=false, reportIndexIssue=false
# The functions below are typed by numba when they are compiled.

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray

from logic.kernels import kernel

Array = NDArray[Any]
Number = Any  # np.float32 or np.float64: what is computed with

BLOCK = 2048  # columns; 8 KiB a row: long enough to be fetched ahead, and 64 steps still fit the second cache
GIVEN, CONSTANT, RECTANGULAR, TRIANGULAR, FAST_SIGMOID, ARCTAN, SIGMOID = range(7)


def _widen(value: Any) -> Any:
    """A value to compute with: float32 for the bits of a bfloat16, else itself."""


@overload(_widen, inline="always")
def _widen_for(value):
    if isinstance(value, types.Integer):
        return lambda value: np.uint32(np.uint32(value) << np.uint32(16)).view(np.float32)
    return lambda value: value


def _narrow(value: Any, like: Any) -> Any:
    """A value to store beside ``like``: rounded to nearest, ties to even, for bfloat16."""


@overload(_narrow, inline="always")
def _narrow_for(value, like) -> Callable[..., Any]:
    if isinstance(like, types.Integer):

        def rounded(value, like):
            bits = np.float32(value).view(np.uint32)
            odd = np.uint32(np.uint32(bits >> np.uint32(16)) & np.uint32(1))
            return np.uint16(np.uint32(bits + np.uint32(0x7FFF) + odd) >> np.uint32(16))

        return rounded
    return lambda value, like: value


def _decline(value: Any) -> Any:
    """``exp(-value)`` for values that are not negative, to the last but one bit of a float32."""


@overload(_decline, inline="always")
def _decline_for(value) -> Callable[..., Any]:
    if value != types.float32:
        return lambda value: np.exp(-value)

    def of_float32(value):  # by hand, since a call would keep the loop from using vectors
        exponent = min(value * np.float32(1.4426950408889634), np.float32(126))  # of 1/2
        whole = np.floor(exponent + np.float32(0.5))
        x = (whole - exponent) * np.float32(0.6931471805599453)  # at most log(2) / 2 in size
        series = np.float32(1 / 720) + x * np.float32(1 / 5040)
        series = np.float32(1 / 24) + x * (np.float32(1 / 120) + x * series)
        series = np.float32(1) + x * (np.float32(1) + x * (np.float32(0.5) + x * (np.float32(1 / 6) + x * series)))
        return series * np.uint32((np.int32(127) - np.int32(whole)) << np.int32(23)).view(np.float32)

    return of_float32


@kernel(large=0, nogil=True, error_model="numpy")
def scan_forward(
    current: Array,
    decay: Number,
    gain: Number,
    threshold: Number,
    soft: bool,
    initial: Array,
    spikes: Array,
    membranes: Array,
    finals: Array,
    first: int,
    last: int,
) -> None:
    """Spikes and membranes of the columns ``first <= i < last``.

    Args:
        current: ``[T, N]``.
        decay: Of the type that is computed with; so are gain and threshold.
        gain: Factor of the current.
        threshold: Of firing.
        soft: Whether the reset subtracts the threshold.
        initial: ``[N]`` membranes before the first step; ``[0]`` for zeros.
        spikes: ``[T, N]``, written.
        membranes: ``[T, N]``, written; ``[0, N]`` if nobody wants them.
        finals: ``[N]`` membranes after the last step, written; ``[0]`` if nobody wants them.
        first: First column.
        last: Column after the last.
    """
    like = current[0, 0]
    one, zero = _narrow(type(decay)(1), like), _narrow(type(decay)(0), like)
    carries = np.empty(BLOCK, dtype=initial.dtype)  # a row of its own stays in the first cache
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        carry = carries[: end - begin]  # slices let the compiler see that no index wraps, and so use vectors
        if initial.shape[0]:
            carry[:] = initial[begin:end]
        else:
            carry[:] = zero
        for step in range(current.shape[0]):
            driving, sent = current[step, begin:end], spikes[step, begin:end]
            if membranes.shape[0]:  # in a loop of its own: fewer arrays, fewer checks that none overlaps another
                kept = membranes[step, begin:end]
                for i in range(end - begin):
                    kept[i] = _narrow(_widen(carry[i]) * decay + _widen(driving[i]) * gain, like)
            for i in range(end - begin):
                stored = _narrow(_widen(carry[i]) * decay + _widen(driving[i]) * gain, like)
                membrane = _widen(stored)
                fired = membrane >= threshold
                low = _narrow(membrane - threshold, like) if soft else zero
                sent[i] = one if fired else zero
                carry[i] = low if fired else stored
        if finals.shape[0]:
            finals[begin:end] = carry


@kernel(large=0, nogil=True, error_model="numpy")
def surrogate_slopes(shape: int, width: float, x: Array, out: Array) -> None:
    """``out[i] = g(x[i])`` for the surrogates of the field; constants are rounded from float64."""
    kind = type(x[0])
    one, none = kind(1), kind(0)
    if shape == CONSTANT:
        out[:] = one
    elif shape == RECTANGULAR:
        half, height = kind(width / 2), one / kind(width)
        for i in range(len(x)):
            out[i] = height if abs(x[i]) < half else none
    elif shape == TRIANGULAR:
        reach, area = kind(width), kind(width * width)
        for i in range(len(x)):
            out[i] = max(reach - abs(x[i]), none) / area
    elif shape == FAST_SIGMOID:
        steepness = kind(width)
        for i in range(len(x)):
            wide = one + steepness * abs(x[i])
            out[i] = one / (wide * wide)
    elif shape == ARCTAN:
        peak, scale = kind(width / 2), kind(np.pi * width / 2)
        for i in range(len(x)):
            scaled = x[i] * scale
            out[i] = peak / (one + scaled * scaled)
    elif shape == SIGMOID:
        steepness = kind(width)
        for i in range(len(x)):
            fall = _decline(steepness * abs(x[i]))
            out[i] = steepness * fall / ((one + fall) * (one + fall))


@kernel(large=0, nogil=True, error_model="numpy")
def _membranes_again(
    current: Array,
    begin: int,
    end: int,
    decay: Number,
    gain: Number,
    threshold: Number,
    soft: bool,
    carry: Array,
    out: Array,
) -> None:
    """The membranes of one block of columns once more, into ``out [T, BLOCK]``; ``carry`` is written over."""
    like = current[0, 0]
    for step in range(current.shape[0]):
        driving, kept = current[step, begin:end], out[step, : end - begin]
        for i in range(end - begin):
            membrane = _widen(_narrow(carry[i] * decay + _widen(driving[i]) * gain, like))
            low = _widen(_narrow(membrane - threshold, like)) if soft else type(decay)(0)
            kept[i] = membrane
            carry[i] = low if membrane >= threshold else membrane


@kernel(large=0, nogil=True, error_model="numpy")
def scan_backward(
    by_spikes: Array,
    by_membranes: Array,
    current: Array,
    slopes: Array,
    shape: int,
    width: float,
    decay: Number,
    gain: Number,
    threshold: Number,
    soft: bool,
    detach: bool,
    initial: Array,
    by_final: Array,
    by_current: Array,
    by_initial: Array,
    learned: bool,
    first: int,
    last: int,
) -> tuple[float, float, float]:
    """Gradients of the columns ``first <= i < last``; those by decay and gain as the two sums that make them up.

    Args:
        by_spikes: ``[T, N]``, or ``[0, N]`` if nothing depends on the spikes; so are the next.
        by_membranes: Gradient by the membranes.
        current: ``[T, N]``, as in the forward scan; membranes are computed from it again, block by block.
        slopes: ``[T, N]`` derivatives of the surrogate if its shape is ``GIVEN``, else ``[0, N]``.
        shape: Which of the surrogates above it is.
        width: Its number.
        decay: As in the forward scan; so are gain, threshold and soft.
        gain: Factor of the current.
        threshold: Of firing.
        soft: Whether the reset subtracts the threshold.
        detach: Whether the reset's spike is held constant.
        initial: ``[N]`` membranes before the first step; ``[0]`` for zeros.
        by_final: ``[N]`` gradient by the last membrane, of the type that is computed with; ``[0]`` for zeros.
        by_current: ``[T, N]``, written.
        by_initial: ``[N]`` gradient by the membrane before the first step, written; ``[0]`` if nobody wants it.
        learned: Whether the sums are wanted.
        first: First column.
        last: Column after the last.

    Returns:
        Sums over all steps and columns of ``dL/dh v[t-1]`` and of ``dL/dh h``, and the gradient by the threshold.
    """
    steps = current.shape[0]
    like, zero = by_current[0, 0], type(decay)(0)
    heights = np.empty((steps, BLOCK), dtype=by_final.dtype)
    distance, slope, carries = np.empty_like(heights[0]), np.empty_like(heights[0]), np.empty_like(heights[0])
    leaked, driven, barred = 0.0, 0.0, 0.0
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        size = end - begin
        for i in range(size):
            distance[i] = _widen(initial[begin + i]) if initial.shape[0] else zero
        _membranes_again(current, begin, end, decay, gain, threshold, soft, distance[:size], heights)
        carry = carries[:size]
        if by_final.shape[0]:
            carry[:] = by_final[begin:end]
        else:
            carry[:] = zero
        for step in range(steps - 1, -1, -1):
            membrane, found = heights[step, :size], by_current[step, begin:end]
            for i in range(size):
                distance[i] = membrane[i] - threshold
            if shape == GIVEN:
                slope[:size] = slopes[step, begin:end]
            else:
                surrogate_slopes(shape, width, distance[:size], slope[:size])
            if learned:
                for i in range(size):
                    if soft and distance[i] >= 0:
                        barred -= carry[i]
                    if not detach:
                        barred += carry[i] * slope[i] * (threshold if soft else membrane[i])
                    if by_spikes.shape[0]:
                        barred -= _widen(by_spikes[step, begin + i]) * slope[i]
            if not detach:
                for i in range(size):
                    kept = type(decay)(1) if soft or distance[i] < 0 else zero
                    carry[i] *= kept - (threshold if soft else membrane[i]) * slope[i]
            elif not soft:
                for i in range(size):
                    carry[i] = carry[i] if distance[i] < 0 else zero
            if by_spikes.shape[0]:
                arriving = by_spikes[step, begin:end]
                for i in range(size):
                    carry[i] += _widen(arriving[i]) * slope[i]
            if by_membranes.shape[0]:
                arriving = by_membranes[step, begin:end]
                for i in range(size):
                    carry[i] += _widen(arriving[i])
            if learned:
                for i in range(size):
                    past = zero
                    if step:
                        past = heights[step - 1, i]
                    elif initial.shape[0]:
                        past = _widen(initial[begin + i])
                    if step and past >= threshold:
                        past = _widen(_narrow(past - threshold, like)) if soft else zero
                    leaked += carry[i] * past
                    driven += carry[i] * membrane[i]
            for i in range(size):
                found[i] = _narrow(carry[i] * gain, like)
                carry[i] *= decay
        if by_initial.shape[0]:
            by_initial[begin:end] = carry
    return leaked, driven, barred
