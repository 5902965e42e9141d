"""Prophesee's ``.raw`` in EVT 2.0, 2.1 and 3.0, and ``.dat``: words of bits behind lines of text.

References:
    Prophesee, "EVT 2.0 Format", "EVT 2.1 Format", "EVT 3.0 Format" and "DAT File Format" of the Metavision SDK's
    documentation.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .events import MOST_BYTES, Events, RecordingError, to_events, unwrapped

_MOST_EVENTS = MOST_BYTES // 8
_TOGETHER = 1 << 19  # words that are taken apart at a time
_HEADER_LINE = re.compile(rb"%[^\n]{0,4096}\n")
_GEOMETRY = re.compile(rb"% geometry (\d{1,5})x(\d{1,5})")
_CHANGES = (0x00, 0x0C)  # kinds of .dat that hold changes, of old and newer software
_KINDS_21 = (0, 1, 8, 10, 14, 15)  # that a word of EVT 2.1 may have

Words = NDArray[np.unsignedinteger]
Column = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Part:
    """What some words say.

    Args:
        columns: Time, column, row and polarity of each event.
        state: Words that tell the state behind them once more.
        turns: How often the counter of the time began again.
    """

    columns: tuple[Column, Column, Column, Column]
    state: Words
    turns: int


@dataclass(frozen=True)
class _Format:
    """A form of words.

    Args:
        read: Takes words apart.
        kind: Type of a word.
        bits: Of the whole time.
    """

    read: Callable[[Words], _Part]
    kind: str
    bits: int


def parse_raw(data: bytes, source: str) -> Events:
    """The changes in a stream of words; triggers and what else a camera sends are passed over.

    Raises:
        RecordingError: if the header tells no known format, or the words are cut off.
    """
    header, start = _header(data)
    version, order = _version(header)
    if version not in _FORMATS:
        raise RecordingError(
            f"{source}: its header tells {version or 'no format'}; EVT 2.0, 2.1 and 3.0 are read; save it as one"
        )
    form = _FORMATS[version]
    kind = np.dtype(form.kind).newbyteorder(">" if order == "big" else "<")
    if (len(data) - start) % kind.itemsize:
        raise RecordingError(f"{source}: {len(data) - start} bytes are no whole number of words of {version}; cut off")
    words = np.frombuffer(data, kind, offset=start).astype(form.kind)
    if version == "EVT 2.1" and (order == "legacy" or (not order and not _plausible(words))):
        words = (words >> 32 | words << 32).astype(form.kind)
    parts, state, turns, count = [(np.empty(0, np.int64),) * 4], words[:0], 0, 0
    for begin in range(0, len(words), _TOGETHER):
        part = form.read(np.concatenate([state, words[begin : begin + _TOGETHER]]))
        time, x, y, bright = part.columns
        parts.append((time + (turns << form.bits), x.astype(np.int16), y.astype(np.int16), bright.astype(np.uint8)))  # pyright: ignore[reportArgumentType]
        state, turns, count = part.state, turns + part.turns, count + len(time)
        if count > _MOST_EVENTS:
            raise RecordingError(f"{source}: holds more than {_MOST_EVENTS:,} events; cut the recording into parts")
    time, x, y, bright = (np.concatenate(column) for column in zip(*parts, strict=True))
    return to_events(time, x, y, bright, source, _size(header))


def parse_dat(data: bytes, source: str) -> Events:
    """Pairs of a 32-bit time and an address, whose form follows from the version that the header tells.

    Raises:
        RecordingError: if it holds no changes, or is cut off.
    """
    header, start = _header(data)
    version = re.search(rb"% Version (\d+)", header)
    if header:
        kind, size = (data[start], data[start + 1]) if len(data) > start + 1 else (-1, 8)
        if kind not in _CHANGES or size != 8:
            raise RecordingError(
                f"{source}: holds events of kind {kind} in {size} bytes, expected changes (kind 12) in 8; it is "
                f"cut off or of another kind"
            )
        start += 2
    if (len(data) - start) % 8:
        raise RecordingError(f"{source}: {len(data) - start} bytes are no whole number of 8-byte events; it is cut off")
    table = np.frombuffer(data, "<u4", offset=start).reshape(-1, 2)
    address = table[:, 1]
    if version is not None and int(version[1]) >= 2:
        x, y, bright = address & 0x3FFF, address >> 14 & 0x3FFF, address >> 28 & 1
    else:
        x, y, bright = address & 0x1FF, address >> 9 & 0xFF, address >> 17 & 1
    return to_events(unwrapped(table[:, 0], 32), x, y, bright, source, _size(header))


def _header(data: bytes) -> tuple[bytes, int]:
    """The lines that begin with a per cent sign, and where the rest begins."""
    place = 0
    while line := _HEADER_LINE.match(data, place):
        place = line.end()
        if line.group().strip() == b"% end":
            break
    return data[:place], place


def _version(header: bytes) -> tuple[str, str]:
    """Which words, and in what order their bytes come if that is told."""
    order = re.search(rb"endianness[= ](\w+)", header)
    named = re.search(rb"% format EVT(\d)(\d?)", header) or re.search(rb"% evt (\d)\.(\d)", header)
    version = f"EVT {named[1].decode()}.{named[2].decode() or '0'}" if named else ""
    return version, order[1].decode() if order else ""


def _size(header: bytes) -> tuple[int, int] | None:
    """Height and width, if the header tells them."""
    if found := _GEOMETRY.search(header):
        return int(found[2]), int(found[1])
    told = [re.search(rb"\b" + name + rb"[ =](\d{1,5})", header, re.IGNORECASE) for name in (b"height", b"width")]
    return (int(told[0][1]), int(told[1][1])) if told[0] and told[1] else None


def _plausible(words: Words) -> bool:
    """Whether all words of EVT 2.1 have a kind, and some tell the time, as halves in exchanged order do not."""
    kinds = (words[:_TOGETHER] >> 60).astype(np.int64)
    return bool(np.isin(kinds, _KINDS_21).all() and (kinds == 8).any())


def _last(known: NDArray[np.bool_], values: Column) -> Column:
    """At each word, the value of the last word that is known; 0 before the first."""
    place = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    return np.where(place >= 0, values[place], 0)


def _counted(values: Column, known: NDArray[np.bool_], bits: int) -> tuple[Column, int]:
    """At each word, the last value of a counter that begins again whenever it is full; and how often it did."""
    found = np.zeros(len(values), np.int64)
    found[known] = unwrapped(values[known], bits)
    found = _last(known, found)
    return found, int(found[-1]) >> bits


def _newest(words: Words, kind: NDArray[np.bool_]) -> Words:
    """The last word of a kind, if there is one."""
    return words[np.flatnonzero(kind)[-1:]]


def _evt2(words: Words) -> _Part:
    """32 bits: kind 4, then low time 6, x 11, y 11; or high time 28."""
    kind, value = words >> 28, words.astype(np.int64)
    high = kind == 8
    base, turns = _counted(value & 0xFFFFFFF, high, 28)
    change = (kind <= 1) & (np.cumsum(high) > 0)  # what comes before the first time is of no known time
    word = value[change]
    time = (base[change] << 6) + (word >> 22 & 0x3F)
    columns = time, word >> 11 & 0x7FF, word & 0x7FF, kind[change].astype(np.int64)
    return _Part(columns, _newest(words, high), turns)


def _evt21(words: Words) -> _Part:
    """64 bits: kind 4, low time 6, x 11, y 11, and which of 32 pixels from x on; or high time 28."""
    kind, upper = (words >> 60).astype(np.int64), (words >> 32).astype(np.int64)
    high = kind == 8
    base, turns = _counted(upper & 0xFFFFFFF, high, 28)
    change = (kind <= 1) & (np.cumsum(high) > 0)
    which, pixel = _spread((words[change] & 0xFFFFFFFF).astype(np.int64), 32)
    word = upper[change][which]
    time = (base[change][which] << 6) + (word >> 22 & 0x3F)
    columns = time, (word >> 11 & 0x7FF) + pixel, word & 0x7FF, kind[change][which]
    return _Part(columns, _newest(words, high), turns)


def _evt3(words: Words) -> _Part:
    """16 bits: kind 4, and 12 of a row, a column, a mask of 12 or 8 pixels from the base on, or of the time."""
    kind, value = words >> 12, (words & 0xFFF).astype(np.int64)
    place = np.arange(len(words))
    high, low, base, line = kind == 8, kind == 6, kind == 3, kind == 0
    tops, turns = _counted(value, high, 12)
    changed = high & (np.diff(tops, prepend=-1) != 0)  # then the low half begins anew, and is sent unless it is 0
    lows = np.where(_last(low, place) >= _last(changed, place), _last(low, value), 0)
    time, row = (tops << 12) + lows, _last(line, value & 0x7FF)
    known = (np.cumsum(high) > 0) & (np.cumsum(line) > 0)
    single = (kind == 2) & known
    several = ((kind == 4) | (kind == 5)) & known & (np.cumsum(base) > 0)
    width = np.where(kind == 4, 12, np.where(kind == 5, 8, 0)).astype(np.int64)
    before = np.cumsum(width) - width
    bases = _last(base, value & 0x7FF) + before - _last(base, before)  # masks since the base have moved it on
    which, pixel = _spread(np.where(kind == 4, value, value & 0xFF)[several], 12)
    polarity = (_last(base, value) >> 11)[several][which]
    places = np.concatenate([place[single], place[several][which]])
    x = np.concatenate([value[single] & 0x7FF, bases[several][which] + pixel])
    bright = np.concatenate([value[single] >> 11, polarity])
    order = np.argsort(places, kind="stable")
    places = places[order]
    x_now = min(int(bases[-1] + width[-1]), 0x7FF)
    now = [
        (high, 0x8000 | int(tops[-1]) & 0xFFF), (high, 0x6000 | int(lows[-1])), (line, int(row[-1])),
        (base, 0x3000 | int(_last(base, value)[-1]) & 0x800 | x_now),
    ]  # fmt: skip
    state = np.array([word for known, word in now if known.any()], words.dtype)
    return _Part((time[places], x[order], row[places], bright[order]), state, turns)


def _spread(masks: Column, bits: int) -> tuple[Column, Column]:
    """Of each mask, the bits that are set: the mask's number and the bit's."""
    which, pixel = np.nonzero(masks[:, None] >> np.arange(bits) & 1)
    return which, pixel


_FORMATS: Mapping[str, _Format] = {
    "EVT 2.0": _Format(_evt2, "u4", 34), "EVT 2.1": _Format(_evt21, "u8", 34), "EVT 3.0": _Format(_evt3, "u2", 24)
}  # fmt: skip
