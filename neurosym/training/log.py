"""The course of a training as files: a table for people and spreadsheets, and events for TensorBoard.

An event file is a chain of records ``length, crc(length), data, crc(data)``; the data are protocol buffers, of which
a scalar needs five fields, so they are written by hand here instead of depending on a package of 10 MB.

References:
    TensorFlow, "TFRecord and tf.train.Event" (event.proto, summary.proto); Castagnoli et al., 1993 (CRC-32C).
"""

import csv
import io
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from logic import whole_file

from .history import History

EVENTS = "events.out.tfevents.0.neurosym"
TABLE = "training.csv"


def write_log(folder: Path, history: History) -> None:
    """Writes the course so far to ``training.csv`` and to a file that TensorBoard reads.

    Both are written anew, whole or not at all, so that they always tell what the checkpoint tells. The time of an
    event is the time spent on training until then.

    Args:
        folder: Where to; it is made.
        history: The epochs so far.

    Raises:
        FileError: if a file cannot be written.
    """
    rows = [{"epoch": float(number), **figures} for number, figures in enumerate(_figures(history), start=1)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    with whole_file(folder / TABLE) as place, place.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "epoch": int(row["epoch"])} for row in rows)
    with whole_file(folder / EVENTS) as place:
        place.write_bytes(to_events(history))


def to_events(history: History) -> bytes:
    """The course as the content of a TensorBoard event file: one scalar for each figure of each epoch."""
    content = io.BytesIO()
    content.write(_record(_event(0.0, 0, b"\x1a" + _sized(b"brain.Event:2"))))
    clock = 0.0
    for number, figures in enumerate(_figures(history), start=1):
        clock += figures["seconds"]
        values = b"".join(_sized(_scalar(name, value), 1) for name, value in figures.items())
        content.write(_record(_event(clock, number, _sized(values, 5))))
    return content.getvalue()


def _figures(history: History) -> Iterator[Mapping[str, float]]:
    for epoch in history.epochs:
        yield {"loss": epoch.loss, "seconds": epoch.seconds, **epoch.scores}


def _event(clock: float, step: int, rest: bytes) -> bytes:
    """``wall_time`` is field 1 (double), ``step`` field 2 (variable length)."""
    return b"\x09" + struct.pack("<d", clock) + b"\x10" + _varint(step) + rest


def _scalar(name: str, value: float) -> bytes:
    """``tag`` is field 1, ``simple_value`` field 2 (float)."""
    return _sized(name.encode(), 1) + b"\x15" + struct.pack("<f", value)


def _sized(data: bytes, field: int | None = None) -> bytes:
    key = b"" if field is None else bytes([field << 3 | 2])
    return key + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    """Seven bits to a byte, the lowest first; all but the last byte have the highest bit set."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _masked_checksum(length) + data + _masked_checksum(data)


def _masked_checksum(data: bytes) -> bytes:
    checksum = crc32c(data)
    return struct.pack("<I", ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def crc32c(data: bytes) -> int:
    """CRC-32 with Castagnoli's polynomial, bit by bit; logs are short.

    Example:
        >>> hex(crc32c(b"123456789"))  # the check value of RFC 3720
        '0xe3069283'
    """
    checksum = 0xFFFFFFFF
    for byte in data:
        checksum ^= byte
        for _ in range(8):
            checksum = checksum >> 1 ^ (0x82F63B78 if checksum & 1 else 0)
    return checksum ^ 0xFFFFFFFF
