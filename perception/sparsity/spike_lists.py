"""Where the spikes of a tensor are: for each pixel, the channels that fired."""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false
# pyright: reportCallIssue=false, reportReturnType=false
# The kernels below are typed by numba when they are compiled.

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray
from torch import Tensor

from logic.kernels import kernel

Array = NDArray[Any]

_TOGETHER = 16  # elements looked at together
_HIGHEST = 8  # level; a higher one would stand in its list too often


@dataclass(frozen=True, eq=False)
class SpikeLists:
    """Spikes as lists, in the order of a channels-last memory; a level of two stands in its list twice.

    Args:
        starts: Where the list of each pixel begins, and the last one ends, ``[M * H * W + 1]``, ``int32``.
        places: ``x * C + c`` of each spike, ``[spikes]``, ``uint16``.
        shape: Of the tensor, ``M, C, H, W``.
        levels: The largest of its numbers.
    """

    starts: Tensor
    places: Tensor
    shape: torch.Size
    levels: int

    def dense(self) -> Tensor:
        """The tensor once more, ``[M, C, H, W]``, ``float32``, channels last."""
        count, channels, height, width = self.shape
        out = torch.zeros(count, height, width, channels)
        _fill(self.starts.numpy(), self.places.numpy(), width, channels, out.numpy().reshape(-1))
        return out.permute(0, 3, 1, 2)


def spike_lists(signal: Tensor, most: float) -> SpikeLists | None:
    """The lists of a signal, or none if it has others than whole numbers from 0 to 8, or too many spikes.

    Args:
        signal: ``[M, C, H, W]``, ``float32`` on a CPU.
        most: Spikes for each element, from 0 to 1, above which there are too many.
    """
    count, channels, height, width = signal.shape
    if width * channels > np.iinfo(np.uint16).max or not signal.numel():
        return None
    rows = signal.detach().permute(0, 2, 3, 1).contiguous().numpy().reshape(count * height, width * channels)
    spikes, levels = _count(rows, int(most * signal.numel()))
    if spikes < 0:
        return None
    starts = torch.empty(count * height * width + 1, dtype=torch.int32)
    places = torch.empty(spikes + _TOGETHER, dtype=torch.uint16)  # some more, written and never read
    _list(rows.reshape(-1), channels, width, levels, starts.numpy(), places.numpy())
    return SpikeLists(starts, places, signal.shape, levels)


@kernel(large=0, nogil=True, error_model="numpy")
def _count(rows: Array, most: int) -> tuple[int, int]:
    """How many spikes there are and the largest number; -1 for too many, or for numbers that no spike sends."""
    total, largest = 0, np.int32(0)
    for number in range(rows.shape[0]):
        row = rows[number]
        found, wrong = np.int32(0), np.int32(0)
        for i in range(len(row)):
            level = np.int32(row[i])
            found += level
            largest = max(largest, level)
            wrong |= np.int32((np.float32(level) != row[i]) | (level < 0) | (level > _HIGHEST))
        total += found
        if wrong or total > most:
            return -1, 0
    return total, largest


@intrinsic
def _append(typing, signal, at, count, place, places, spike):
    """Appends ``place + j`` to the places for each ``signal[at + j] != 0``, ``0 <= j < count, 16``; gives the new end.

    Sixteen elements are read, and sixteen places written, of which those behind the new end mean nothing.
    """
    word, half = ir.IntType(64), ir.IntType(16)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def pointer(number: int, offset: Any, kind: Any) -> Any:
            data = cgutils.create_struct_proxy(signature.args[number])(context, builder, arguments[number]).data
            return builder.bitcast(builder.gep(data, [offset]), ir.VectorType(kind, _TOGETHER).as_pointer())

        numbers, short = ir.VectorType(ir.FloatType(), _TOGETHER), ir.VectorType(half, _TOGETHER)
        found = builder.load(pointer(0, arguments[1], ir.FloatType()), align=4)
        fired = builder.fcmp_unordered("!=", found, ir.Constant(numbers, [0.0] * _TOGETHER))
        order, zeros = ir.Constant(short, list(range(_TOGETHER))), ir.VectorType(ir.IntType(32), _TOGETHER)

        def spread(number: Any) -> Any:
            one = builder.insert_element(ir.Constant(short, ir.Undefined), builder.trunc(number, half), word(0))
            return builder.shuffle_vector(one, one, ir.Constant(zeros, [0] * _TOGETHER))

        all_places = builder.add(spread(arguments[3]), order)
        fired = builder.and_(fired, builder.icmp_signed("<", order, spread(arguments[2])))
        bits = ir.VectorType(ir.IntType(1), _TOGETHER)
        compress = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(short, [short, bits, short]), "llvm.experimental.vector.compress.v16i16"
        )
        kept = builder.call(compress, [all_places, fired, ir.Constant(short, ir.Undefined)])
        builder.store(kept, pointer(4, arguments[5], half), align=2)
        return builder.add(arguments[5], builder.zext(builder.ctpop(builder.bitcast(fired, half)), word))

    number = types.int64
    return number(signal, number, number, number, places, number), generate


@kernel(large=0, nogil=True, error_model="numpy")
def _list(signal: Array, channels: int, columns: int, levels: int, starts: Array, places: Array) -> None:
    spike = 0
    for pixel in range(len(starts) - 1):
        starts[pixel] = spike
        at, place = pixel * channels, pixel % columns * channels
        if levels == 1 and at + channels + _TOGETHER <= len(signal):
            for begin in range(0, channels, _TOGETHER):
                spike = _append(signal, at + begin, channels - begin, place + begin, places, spike)
            continue
        for channel in range(channels):
            for _ in range(signal[at + channel]):
                places[spike] = place + channel
                spike += 1
    starts[len(starts) - 1] = spike


@kernel(large=0, nogil=True, error_model="numpy")
def _fill(starts: Array, places: Array, columns: int, channels: int, out: Array) -> None:
    for pixel in range(len(starts) - 1):
        row = (pixel - pixel % columns) * channels
        for spike in range(starts[pixel], starts[pixel + 1]):
            out[row + places[spike]] += 1
