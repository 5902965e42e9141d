"""AEDAT 4, written by hand from its description: FlatBuffers, plain or packed; a rival reads the same."""

import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from perception import DatasetError, RecordingWarning, read_events
from perception.recordings import aedat4

Rows = list[tuple[int, int, int, int]]
ROWS = [(5, 3, 33, 1), (5, 33, 0, 0), (70000, 12, 7, 1), (300001, 0, 33, 0)]  # time, x, y, bright
NODES = """<dv version="2.0"><node name="outInfo" path="/mainloop/Recorder/outInfo/">{}</node></dv>"""
NODE = """<node name="{0}" path="/mainloop/Recorder/outInfo/{0}/"><attr key="compression" type="string">{2}</attr>
<attr key="typeIdentifier" type="string">{1}</attr><node name="info" path="/mainloop/Recorder/outInfo/{0}/info/">
<attr key="sizeX" type="int">346</attr><attr key="sizeY" type="int">260</attr></node></node>"""


def table(fields: list[bytes], identifier: bytes) -> bytes:
    """A root table whose fields stand in it; the last may be the offset of what is put behind."""
    sizes = [4 + sum(len(field) for field in fields[:number]) for number in range(len(fields))]
    length = 4 + sum(map(len, fields))
    offsets = struct.pack(f"<HH{len(fields)}H", 4 + 2 * len(fields), length, *sizes)
    offsets += bytes(-len(offsets) % 4)
    root = 8 + len(offsets)
    return struct.pack("<I", root) + identifier + offsets + struct.pack("<i", len(offsets)) + b"".join(fields)


def sized(content: bytes) -> bytes:
    return struct.pack("<I", len(content)) + content


def with_vector(fields: list[bytes], identifier: bytes, elements: bytes, count: int, width: int) -> bytes:
    """The same with a vector as its last field, whose elements are aligned."""
    start = len(table([*fields, bytes(4)], identifier))
    gap = -(start + 4) % width
    return table([*fields, struct.pack("<I", 4 + gap)], identifier) + bytes(gap) + struct.pack("<I", count) + elements


def header(packing: int, end: int = -1, text: str = "") -> bytes:
    fields = [struct.pack("<i", packing), struct.pack("<q", end)]
    return b"#!AER-DAT4.0\r\n" + sized(with_vector(fields, b"IOHE", text.encode() + b"\0", len(text.encode()), 4))


def packet(rows: Rows) -> bytes:
    elements = b"".join(struct.pack("<qhhBxxx", t, x, y, p) for t, x, y, p in rows)
    return sized(with_vector([], b"EVTS", elements, len(rows), 8))


def stream(packets: list[tuple[int, bytes]], pack: Callable[[bytes], bytes] = bytes) -> bytes:
    return b"".join(struct.pack("<ii", number, len(pack(data))) + pack(data) for number, data in packets)


def description(name: str) -> str:
    return NODES.format(NODE.format(0, "EVTS", name) + NODE.format(1, "TRIG", name))


def rows_of(path: Path) -> Rows:
    events = read_events(path)
    return list(zip(*(column.tolist() for column in (events.time, events.x, events.y, events.bright)), strict=True))


def ways() -> list[tuple[str, int, Callable[[bytes], bytes]]]:
    lz4, zstandard = pytest.importorskip("lz4.frame"), pytest.importorskip("zstandard")
    return [("NONE", 0, bytes), ("LZ4", 1, lz4.compress), ("LZ4_HIGH", 2, lz4.compress),
            ("ZSTD", 3, zstandard.compress), ("ZSTD_HIGH", 4, zstandard.compress)]  # fmt: skip


def test_every_packing_tells_the_same_recording(tmp_path: Path) -> None:
    other = sized(table([bytes(4)], b"TRIG"))
    for name, number, pack in ways():
        content = stream([(0, packet(ROWS[:1])), (1, other), (0, packet(ROWS[1:]))], pack)
        head = header(number, 0, description(name))
        end = len(head) + len(content)
        (tmp_path / f"{name}.aedat4").write_bytes(header(number, end, description(name)) + content + b"a data table")
        assert rows_of(tmp_path / f"{name}.aedat4") == ROWS, name
        assert read_events(tmp_path / f"{name}.aedat4").size == (260, 346)


def test_a_rival_reads_the_same(tmp_path: Path) -> None:
    aedat = pytest.importorskip("aedat")
    random = np.random.default_rng(0)
    columns = [np.sort(random.integers(0, 9**9, 700)), *(random.integers(0, most, 700) for most in (346, 260, 2))]
    rows: Rows = list(zip(*(column.tolist() for column in columns), strict=True))
    for name, number, pack in ways():
        content = stream([(0, packet(rows[:300])), (0, packet(rows[300:]))], pack)
        file = tmp_path / f"{name}.aedat4"
        file.write_bytes(header(number, -1, description(name)) + content)
        theirs = [tuple(map(int, row)) for part in aedat.Decoder(str(file)) for row in part["events"]]
        assert rows_of(file) == theirs == rows


def test_what_is_wrong_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = header(0) + stream([(0, packet(ROWS))])
    count = good.index(struct.pack("<Iqhh", 4, *ROWS[0][:3]))
    cases = {
        "cut off": good[:-5],
        "in a way 9": header(9) + stream([(0, packet(ROWS))]),
        "2 streams of events": header(0) + stream([(0, packet(ROWS)), (2, packet(ROWS))]),
        "column 400, row 7; its camera has 346 x 260": header(0, -1, description("NONE"))
        + stream([(0, packet([(1, 400, 7, 1)]))]),
        "states 16,777,220 events": good[:count] + struct.pack("<I", 1 << 24 | 4) + good[count + 4 :],
        "its header is longer": good[:20],
    }
    for text, content in cases.items():
        (tmp_path / "a.aedat4").write_bytes(content)
        with pytest.raises(DatasetError, match=text):
            read_events(tmp_path / "a.aedat4")
    lz4 = pytest.importorskip("lz4.frame")
    monkeypatch.setattr(aedat4, "MOST_BYTES", 1000)
    (tmp_path / "bomb.aedat4").write_bytes(header(1) + stream([(0, packet(ROWS * 100))], lz4.compress))
    with pytest.raises(DatasetError, match="more than 1,000 bytes of events"):
        read_events(tmp_path / "bomb.aedat4")


@pytest.mark.parametrize("number", range(5))
def test_damaged_bytes_end_in_one_sentence(number: int, tmp_path: Path) -> None:
    name, packing, pack = ways()[number]
    good = header(packing, -1, description(name)) + stream([(0, packet(ROWS)), (0, packet(ROWS))], pack)
    random, said = np.random.default_rng(number), list[str]()
    for _ in range(150):
        data = bytearray(good)
        for place in random.integers(14, len(data), random.integers(1, 4)):
            data[place] = random.integers(256)
        (tmp_path / "a.aedat4").write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RecordingWarning)
            try:
                read_events(tmp_path / "a.aedat4")
            except DatasetError as fault:
                said.append(str(fault))
    assert said
    assert all("a.aedat4" in one and "\n" not in one for one in said)
