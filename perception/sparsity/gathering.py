"""The loops of a convolution over spikes as machine code (numba): rows of weights are summed in registers.

A spike needs no product. For each place of the result and each row of the window, the spikes that it sees lie in one
piece of the list of :class:`.spike_lists.SpikeLists`, and the sum of their weight rows is taken in vector registers; so
is, for each weight, the sum of the gradients that its spikes met. numba by itself would go through the memory for each
spike: the sum is written in the compiler's own language.
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownMemberType=false
# pyright: reportCallIssue=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false
# The functions below are typed by numba when they are compiled.

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from logic.kernels import kernel

Array = NDArray[Any]

WIDTHS = (64, 32, 16)  # channels whose sums are held in registers at a time
NEAR = 12_288  # floats of a gradient that stay in the first cache while spikes pick from them


def _gather_of(width: int, *, weighed: bool = False) -> Any:
    """Makes ``out[j] += sum of rows[index[i] * scale + j]`` over ``begin <= i < end``, for ``0 <= j < width``.

    Two sums run side by side, so that an addition need not wait for the one before. If they are weighed, each row comes
    ``factors[i]`` times.
    """
    word, vector = ir.IntType(64), ir.VectorType(ir.FloatType(), width)
    lanes = ir.VectorType(ir.IntType(32), width)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        index, begin, end, rows, row, scale, out, at, *factors = arguments

        def pointer(number: int, array: Any, offset: Any) -> Any:
            data = cgutils.create_struct_proxy(signature.args[number])(context, builder, array).data
            return builder.gep(data, [offset])

        source, indices = pointer(3, rows, row), pointer(0, index, ir.Constant(word, 0))
        target = builder.bitcast(pointer(6, out, at), vector.as_pointer())
        before, none = builder.load(target, align=4), ir.Constant(vector, [0.0] * width)
        even = builder.add(begin, builder.and_(builder.sub(end, begin), ir.Constant(word, -2)))

        def fetch(place: Any) -> Any:
            number = builder.zext(builder.load(builder.gep(indices, [place])), word)
            found = builder.gep(source, [builder.mul(number, scale)])
            vectors = builder.load(builder.bitcast(found, vector.as_pointer()), align=4)
            if not weighed:
                return vectors
            factor = builder.load(pointer(8, factors[0], place))
            one = builder.insert_element(ir.Constant(vector, ir.Undefined), factor, word(0))
            return builder.fmul(vectors, builder.shuffle_vector(one, one, ir.Constant(lanes, [0] * width)))

        entry = builder.block
        pairs, odd, last = (builder.append_basic_block(name) for name in ("pairs", "odd", "last"))
        done = builder.append_basic_block("done")
        builder.cbranch(builder.icmp_signed("<", begin, even), pairs, odd)

        builder.position_at_end(pairs)
        place, left, right = builder.phi(word), builder.phi(vector), builder.phi(vector)
        more_left = builder.fadd(left, fetch(place))
        more_right = builder.fadd(right, fetch(builder.add(place, ir.Constant(word, 1))))
        following = builder.add(place, ir.Constant(word, 2))
        for phi, start, again in ((place, begin, following), (left, before, more_left), (right, none, more_right)):
            phi.add_incoming(start, entry)
            phi.add_incoming(again, pairs)
        builder.cbranch(builder.icmp_signed("<", following, even), pairs, odd)

        builder.position_at_end(odd)
        lefts, rights = builder.phi(vector), builder.phi(vector)
        for phi, start, again in ((lefts, before, more_left), (rights, none, more_right)):
            phi.add_incoming(start, entry)
            phi.add_incoming(again, pairs)
        total = builder.fadd(lefts, rights)
        builder.cbranch(builder.icmp_signed("<", even, end), last, done)

        builder.position_at_end(last)
        one_more = builder.fadd(total, fetch(even))
        builder.branch(done)

        builder.position_at_end(done)
        found = builder.phi(vector)
        found.add_incoming(total, odd)
        found.add_incoming(one_more, last)
        builder.store(found, target, align=4)
        return context.get_dummy_value()

    number = types.int64

    @intrinsic
    def gather(typing, index, begin, end, rows, row, scale, out, at):
        return types.void(index, number, number, rows, number, number, out, number), generate

    @intrinsic
    def gather_weighed(typing, index, begin, end, rows, row, scale, out, at, factors):
        return types.void(index, number, number, rows, number, number, out, number, factors), generate

    return gather_weighed if weighed else gather


@intrinsic
def _copy(typing, source, begin, target, at, count):
    """``target[at + j] = source[begin + j]`` for ``0 <= j < count``; a slice would take longer to make."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        ends = list[Any]()
        for number in (0, 2):
            data = cgutils.create_struct_proxy(signature.args[number])(context, builder, arguments[number]).data
            ends.append(builder.gep(data, [arguments[number + 1]]))
        cgutils.raw_memcpy(builder, ends[1], ends[0], arguments[4], 4)
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64, types.int64), generate


_gather_64, _gather_32, _gather_16 = (_gather_of(width) for width in WIDTHS)
_weigh_64, _weigh_32, _weigh_16 = (_gather_of(width, weighed=True) for width in WIDTHS)


@kernel(large=0, nogil=True, error_model="numpy")
def gather_forward(
    starts: Array,
    places: Array,
    weights: Array,
    bias: Array,
    height: int,
    columns: int,
    channels: int,
    stride: int,
    padding: int,
    out: Array,
    first: int,
    last: int,
) -> None:
    """The convolution of the pictures ``first <= m < last``.

    Args:
        starts: ``[M * H * W + 1]``, as in the lists of spikes.
        places: ``[spikes]``, ``x * C + c`` of each.
        weights: ``[O / width, kernel, kernel * C, width]``.
        bias: ``[O]``.
        height: ``H``.
        columns: ``W``.
        channels: ``C``.
        stride: Of the window.
        padding: Of zeros at each rim.
        out: ``[M, H', W', O]``, written.
        first: First picture.
        last: Picture after the last.
    """
    blocks, kernel, _, width = weights.shape
    rows, across, outputs = out.shape[1:]
    given, written = weights.reshape(weights.size), out.reshape(out.size)
    for picture in range(first, last):
        for y in range(rows):
            for x in range(across):
                out[picture, y, x] = bias
        for block in range(blocks):
            for down in range(kernel):
                slab = (block * kernel + down) * kernel * channels * width
                for y in range(rows):
                    source = y * stride - padding + down
                    if source < 0 or source >= height:
                        continue
                    pixel = (picture * height + source) * columns
                    target = (picture * rows + y) * across * outputs + block * width
                    for x in range(across):
                        left = x * stride - padding
                        begin, end = starts[pixel + max(left, 0)], starts[pixel + min(left + kernel, columns)]
                        if begin >= end:
                            continue
                        row, at = slab - left * channels * width, target + x * outputs
                        if width == 64:
                            _gather_64(places, begin, end, given, row, width, written, at)
                        elif width == 32:
                            _gather_32(places, begin, end, given, row, width, written, at)
                        else:
                            _gather_16(places, begin, end, given, row, width, written, at)


@kernel(large=0, nogil=True, error_model="numpy")
def gather_by_weights(
    starts: Array,
    places: Array,
    arriving: Array,
    height: int,
    columns: int,
    channels: int,
    stride: int,
    padding: int,
    levels: int,
    out: Array,
    first: int,
    last: int,
) -> None:
    """Adds to the gradient by the weights what the pictures ``first <= m < last`` say.

    The pictures are taken in pieces whose gradients stay in the first cache, bordered by zeros, so that for each weight
    its spikes in the piece are one list of rows to sum. A spike of row ``y`` meets the windows ``(y + padding - down) /
    stride`` for each ``down`` that leaves no remainder; spikes of one remainder go together.

    Args:
        starts: As for :func:`gather_forward`; so are the next.
        places: Of each spike.
        arriving: ``[M, H', W', O]`` gradient by the result.
        height: ``H``.
        columns: ``W``.
        channels: ``C``.
        stride: Of the window.
        padding: Of zeros at each rim, less than the window.
        levels: The most spikes that one place holds.
        out: ``[O / width, kernel, kernel, C, width]``, added to.
        first: First picture.
        last: Picture after the last.
    """
    blocks, kernel, _, _, width = out.shape
    rows, across, outputs = arriving.shape[1:]
    edge, reach = padding // stride, (kernel - 1) // stride  # the first spike's last window; how many lie before it
    bases, broad = (height - 1 + padding) // stride - edge + 1, (columns - 1 + padding) // stride - edge + 1 + reach
    base_at, bucket_at = np.empty(columns * channels, np.uint16), np.empty(columns * channels, np.uint16)
    for place in range(columns * channels):
        column = place // channels + padding
        base_at[place], bucket_at[place] = column // stride - edge, column % stride * channels + place % channels
    band = bases  # rows of a piece, or pictures of it where several are near enough
    while band > 1 and (band + reach) * broad * width > NEAR:
        band = (band + 1) // 2
    tall = band + reach
    together = max(1, NEAR // (tall * broad * width)) if band == bases else 1
    near = np.zeros((blocks, together, tall, broad, width), dtype=arriving.dtype)
    flat, written, given = near.reshape(near.size), out.reshape(out.size), arriving.reshape(arriving.size)
    room, buckets = together * band * broad * levels, stride * stride * channels
    chosen, ends = np.empty(buckets * room, dtype=np.uint16), np.empty(buckets, dtype=np.int64)
    begin_column, end_column = max(edge - reach, 0), min(edge - reach + broad, across)
    copied, shift = end_column - begin_column, begin_column - edge + reach
    for start in range(first, last, together):
        stop = min(start + together, last)
        for top in range(edge, edge + bases, band):
            for bucket in range(buckets):
                ends[bucket] = bucket * room
            for picture in range(start, stop):
                for line in range(tall):
                    y = top - reach + line
                    for block in range(blocks):
                        row = (((block * together + picture - start) * tall + line) * broad + shift) * width
                        if not 0 <= y < rows:
                            flat[row : row + copied * width] = 0
                            continue
                        source = ((picture * rows + y) * across + begin_column) * outputs + block * width
                        if blocks == 1:
                            _copy(given, source, flat, row, copied * width)
                            continue
                        for x in range(copied):
                            _copy(given, source + x * outputs, flat, row + x * width, width)
                for y in range(max(top * stride - padding, 0), min((top + band) * stride - padding, height)):
                    line, remainder = (y + padding) // stride - top, (y + padding) % stride * stride * channels
                    row, pixel = ((picture - start) * tall + line) * broad, (picture * height + y) * columns
                    for spike in range(starts[pixel], starts[pixel + columns]):
                        place = places[spike]
                        bucket = remainder + bucket_at[place]
                        chosen[ends[bucket]] = row + base_at[place]
                        ends[bucket] += 1
            for block in range(blocks):
                for bucket in range(buckets):
                    begin, end = bucket * room, ends[bucket]
                    remainder, channel = bucket // channels, bucket % channels
                    for down in range(remainder // stride, kernel if end > begin else 0, stride):
                        for right in range(remainder % stride, kernel, stride):
                            line = block * together * tall + reach - down // stride
                            row = (line * broad + reach - right // stride) * width
                            at = (((block * kernel + down) * kernel + right) * channels + channel) * width
                            if width == 64:
                                _gather_64(chosen, begin, end, flat, row, width, written, at)
                            elif width == 32:
                                _gather_32(chosen, begin, end, flat, row, width, written, at)
                            else:
                                _gather_16(chosen, begin, end, flat, row, width, written, at)


@kernel(large=0, nogil=True, error_model="numpy")
def gather_by_signal(
    arriving: Array, weights: Array, kernel: int, stride: int, padding: int, out: Array, first: int, last: int
) -> None:
    """The gradient by the signal of the pictures ``first <= m < last``, where that by the result is mostly zeros.

    So it is behind a max-pool of currents, of which one in four has a gradient.

    Args:
        arriving: ``[M, H', W', O]`` gradient by the result.
        weights: ``[O, kernel, blocks, width]``: rows of the window, ``kernel * C`` numbers and zeros behind them.
        kernel: Height and width of the window.
        stride: Of the window.
        padding: Of zeros at each rim, less than the window.
        out: ``[M, H, W, C]``, written.
        first: First picture.
        last: Picture after the last.
    """
    rows, across, outputs = arriving.shape[1:]
    height, columns, channels = out.shape[1:]
    blocks, width = weights.shape[2:]
    breadth = blocks * width
    broad = max((across - 1) * stride * channels + breadth, (columns + padding) * channels)
    near = np.empty(height * broad, dtype=out.dtype)
    given, written = weights.reshape(weights.size), out.reshape(out.size)
    index, factors = np.empty(outputs, dtype=np.uint16), np.empty(outputs, dtype=out.dtype)
    for picture in range(first, last):
        near[:] = 0
        for y in range(rows):
            for x in range(across):
                found, count = arriving[picture, y, x], 0
                for channel in range(outputs):
                    index[count], factors[count] = channel, found[channel]
                    count += found[channel] != 0
                for down in range(kernel if count else 0):
                    line = y * stride - padding + down
                    if line < 0 or line >= height:
                        continue
                    for block in range(blocks):
                        row, at = down * breadth + block * width, line * broad + x * stride * channels + block * width
                        if width == 64:
                            _weigh_64(index, 0, count, given, row, kernel * breadth, near, at, factors)
                        elif width == 32:
                            _weigh_32(index, 0, count, given, row, kernel * breadth, near, at, factors)
                        else:
                            _weigh_16(index, 0, count, given, row, kernel * breadth, near, at, factors)
        for line in range(height):
            begin = line * broad + padding * channels
            _copy(near, begin, written, (picture * height + line) * columns * channels, columns * channels)
