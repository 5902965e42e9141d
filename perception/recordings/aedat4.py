"""AEDAT 4 (dv): packets of FlatBuffers, packed by LZ4 or Zstandard or plain.

References:
    iniVation, "AEDAT 4.0 file format"; Google, "FlatBuffers internals".
"""

import re
import struct
from importlib import import_module
from typing import Any

import numpy as np

from .events import MOST_BYTES, Events, RecordingError, to_events

MAGIC = b"#!AER-DAT4.0\r\n"
_KIND = b"EVTS"  # of a packet of events; others hold pictures, triggers, movements
_EVENT = np.dtype({
    "names": ["t", "x", "y", "p"], "formats": ["<i8", "<i2", "<i2", "u1"], "offsets": [0, 8, 10, 12], "itemsize": 16
})  # fmt: skip
_PLAIN, _LZ4, _ZSTD = (0,), (1, 2), (3, 4)  # numbers of the kinds of compression, the second of each the slower
_HEAD = 12  # bytes of a packet that tell its kind


class _Damaged(Exception):
    """Bytes that are none of the format."""


def parse_aedat4(data: bytes, source: str) -> Events:
    """The events of the one stream of events.

    Raises:
        RecordingError: if it is damaged or cut off, holds several streams of events, or needs a package that is not
            installed.
    """
    try:
        header, place = _sized(data, len(MAGIC))
        packing = int.from_bytes(_field(header, 0, 4) or bytes(4), "little")
        end = int.from_bytes(_field(header, 1, 8) or b"\xff" * 8, "little", signed=True)
        size = _camera(_text(header, 2))
        end = end if place <= end <= len(data) else len(data)
        found: dict[int, list[Any]] = {}
        left = MOST_BYTES
        while place < end:
            stream, length = struct.unpack_from("<ii", data, place)
            place += 8
            if length < 0 or place + length > end:
                raise _Damaged(f"the packet before byte {place} is cut off")
            packed = data[place : place + length]
            place += length
            if _unpacked(packed, packing, _HEAD)[8:12] == _KIND:
                content = _unpacked(packed, packing, left)
                left -= len(content)
                found.setdefault(stream, []).append(_elements(content))
    except (_Damaged, struct.error, ValueError, IndexError, OverflowError) as fault:
        raise RecordingError(f"{source}: the file is damaged or cut off ({fault}); get it again") from None
    except ModuleNotFoundError as fault:
        raise RecordingError(
            f"{source}: is packed and needs the package {fault.name}; pip install 'neurosym[events]'"
        ) from None
    if len(found) > 1:
        raise RecordingError(f"{source}: holds {len(found)} streams of events, of several cameras; export one of them")
    table = np.concatenate([np.empty(0, _EVENT), *(part for parts in found.values() for part in parts)])
    return to_events(table["t"], table["x"], table["y"], (table["p"] != 0).astype(np.uint8), source, size)


def _unpacked(packed: bytes, packing: int, most: int) -> bytes:
    """The first bytes of a packet, or all of it if it has fewer than ``most``."""
    if packing in _PLAIN:
        return packed[:most]
    if packing in _LZ4:
        frame = import_module("lz4.frame")
        try:
            content: bytes = frame.LZ4FrameDecompressor().decompress(packed, max_length=most)
        except RuntimeError as fault:
            raise _Damaged(str(fault)) from None
    elif packing in _ZSTD:
        zstandard = import_module("zstandard")
        try:
            content = zstandard.ZstdDecompressor(max_window_size=MOST_BYTES).stream_reader(packed).read(most)
        except zstandard.ZstdError as fault:
            raise _Damaged(str(fault)) from None
    else:
        raise _Damaged(f"it is packed in a way {packing} that is not known")
    if len(content) >= most > _HEAD:
        raise _Damaged(f"it holds more than {MOST_BYTES:,} bytes of events; cut the recording into parts")
    return content


def _sized(data: bytes, place: int) -> tuple[bytes, int]:
    """A FlatBuffer behind its length, and where it ends."""
    (length,) = struct.unpack_from("<I", data, place)
    start = place + 4
    if start + length > len(data):
        raise _Damaged("its header is longer than the file")
    return data[start : start + length], start + length


def _position(table: bytes, number: int) -> int:
    """Where a field of the root table stands; 0 if it is left out."""
    (root,) = struct.unpack_from("<I", table)
    (back,) = struct.unpack_from("<i", table, root)
    offsets = root - back
    if offsets < 0:
        raise _Damaged("a table in it points outside")
    (length,) = struct.unpack_from("<H", table, offsets)
    if 4 + 2 * number >= length:
        return 0
    (offset,) = struct.unpack_from("<H", table, offsets + 4 + 2 * number)
    return root + offset if offset else 0


def _field(table: bytes, number: int, size: int) -> bytes | None:
    place = _position(table, number)
    return table[place : place + size] if place else None


def _vector(table: bytes, number: int) -> tuple[int, int]:
    """Where the elements of a vector begin, and how many there are."""
    place = _position(table, number)
    if not place:
        return 0, 0
    (offset,) = struct.unpack_from("<I", table, place)
    (count,) = struct.unpack_from("<I", table, place + offset)
    return place + offset + 4, count


def _text(table: bytes, number: int) -> str:
    start, count = _vector(table, number)
    return table[start : start + count].decode("utf-8", "replace")


def _elements(content: bytes) -> Any:
    table, _ = _sized(content, 0)
    start, count = _vector(table, 0)
    if start + count * _EVENT.itemsize > len(table):
        raise _Damaged(f"a packet states {count:,} events and is shorter")
    return np.frombuffer(table, _EVENT, count, start)


def _camera(description: str) -> tuple[int, int] | None:
    """Height and width, if the description tells them once for all streams of events."""
    sides: list[set[int]] = []
    for name in ("sizeY", "sizeX"):
        sides.append({int(side) for side in re.findall(rf'key="{name}"[^>]*>(\d{{1,5}})<', description)})
    return (sides[0].pop(), sides[1].pop()) if [len(side) for side in sides] == [1, 1] else None
