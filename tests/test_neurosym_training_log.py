"""The log: its table read by csv, its events by a decoder written here and by TensorBoard, checksums by vectors."""

import csv
import struct
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from neurosym.training.history import Epoch, History
from neurosym.training.log import EVENTS, TABLE, crc32c, to_events, write_log

HISTORY = History((Epoch(2.5, 3.0, {"accuracy": 0.25}), Epoch(0.125, 4.0, {"accuracy": 0.5, "held_out_loss": 1.5})))


@pytest.mark.parametrize(
    ("data", "checksum"),
    [(b"", 0), (b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43)],
)
def test_checksums_are_those_of_rfc_3720(data: bytes, checksum: int) -> None:
    assert crc32c(data) == checksum


def fields(data: bytes) -> list[tuple[int, object]]:
    """The fields of a protocol buffer: numbers as they are, the rest as bytes."""
    found: list[tuple[int, object]] = []
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(data):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
        else:
            size = {1: 8, 5: 4}.get(key & 7) or varint()
            found.append((key >> 3, data[place : place + size]))
            place += size
    return found


def records(data: bytes) -> list[bytes]:
    """The records of an event file; both checksums of each are looked at."""
    found: list[bytes] = []
    place = 0
    while place < len(data):
        (size,) = struct.unpack_from("<Q", data, place)
        for start, end in ((place, place + 8), (place + 12, place + 12 + size)):
            (masked,) = struct.unpack_from("<I", data, end)
            unmasked = (masked - 0xA282EAD8) & 0xFFFFFFFF
            assert (unmasked << 15 | unmasked >> 17) & 0xFFFFFFFF == crc32c(data[start:end])
        found.append(data[place + 12 : place + 12 + size])
        place += size + 16
    return found


def test_events_say_what_happened_when() -> None:
    version, *rest = [dict(fields(record)) for record in records(to_events(HISTORY))]
    assert version[3] == b"brain.Event:2"
    told: list[tuple[object, float, str, float]] = []
    for event in rest:
        (clock,) = struct.unpack("<d", event[1]) if isinstance(event[1], bytes) else (0.0,)
        assert isinstance(event[5], bytes)
        for number, value in fields(event[5]):
            assert number == 1
            assert isinstance(value, bytes)
            scalar = dict(fields(value))
            tag, simple = scalar[1], scalar[2]
            assert isinstance(tag, bytes)
            assert isinstance(simple, bytes)
            told.append((event[2], clock, tag.decode(), struct.unpack("<f", simple)[0]))
    assert told == [
        (1, 3.0, "loss", 2.5),
        (1, 3.0, "seconds", 3.0),
        (1, 3.0, "accuracy", 0.25),
        (2, 7.0, "loss", 0.125),
        (2, 7.0, "seconds", 4.0),
        (2, 7.0, "accuracy", 0.5),
        (2, 7.0, "held_out_loss", 1.5),
    ]


def test_tensorboard_reads_the_events(tmp_path: Path) -> None:
    loader: Any = import_module("tensorboard.backend.event_processing.event_file_loader")
    write_log(tmp_path, HISTORY)
    events = list(loader.LegacyEventFileLoader(str(tmp_path / EVENTS)).Load())
    told = [(e.step, value.tag, value.simple_value) for e in events for value in e.summary.value]
    assert (2, "held_out_loss", 1.5) in told
    assert len(told) == 7


def test_the_table_has_a_row_for_each_epoch(tmp_path: Path) -> None:
    write_log(tmp_path / "deep" / "folder", HISTORY)
    with (tmp_path / "deep" / "folder" / TABLE).open() as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {"epoch": "1", "loss": "2.5", "seconds": "3.0", "accuracy": "0.25", "held_out_loss": ""},
        {"epoch": "2", "loss": "0.125", "seconds": "4.0", "accuracy": "0.5", "held_out_loss": "1.5"},
    ]
