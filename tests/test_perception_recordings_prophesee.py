"""Prophesee's words, written by hand from their description; a rival reads those that both know."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from perception import DatasetError, read_events
from perception.recordings import prophesee

ROWS = [(5, 3, 33, 1), (5, 33, 0, 0), (70000, 12, 7, 1), (300001, 0, 33, 0)]  # time, x, y, bright
Rows = list[tuple[int, int, int, int]]


def rows_of(path: Path) -> Rows:
    events = read_events(path)
    return list(zip(*(column.tolist() for column in (events.time, events.x, events.y, events.bright)), strict=True))


def evt2(rows: Rows, order: str = "<") -> bytes:
    words: list[int] = [0x12345 | 0x1 << 28]  # an event before the first time, which is of no known time
    for t, x, y, p in rows:
        words += [8 << 28 | t >> 6 & 0xFFFFFFF, 0xA << 28 | 1, p << 28 | (t & 63) << 22 | x << 11 | y]
    return b"".join(struct.pack(order + "I", word) for word in words)


def evt21(rows: Rows, exchanged: bool = False) -> bytes:
    words: list[int] = []
    for t, x, y, p in rows:
        words += [8 << 60 | (t >> 6) << 32, p << 60 | (t & 63) << 54 | x << 43 | y << 32 | 1]
    return b"".join(struct.pack("<Q", word >> 32 | (word & 0xFFFFFFFF) << 32 if exchanged else word) for word in words)


def evt3(rows: Rows) -> bytes:
    """Each event by itself; halves of the time and the row only when they change."""
    words, high, low, line = [0x2005, 0x6007], -1, 0, -1  # a column and a time before anything is known
    for t, x, y, p in rows:
        if t >> 12 & 0xFFF != high:
            high, low = t >> 12 & 0xFFF, 0
            words += [8 << 12 | high]
        if t & 0xFFF != low:
            low = t & 0xFFF
            words += [8 << 12 | high, 6 << 12 | low]  # cameras say the high half again and again
        if y != line:
            line = y
            words += [line]
        words += [2 << 12 | p << 11 | x]
    return b"".join(struct.pack("<H", word) for word in words)


HEADERS = {
    "2": b"% camera_integrator_name Prophesee\n% evt 2.0\n% geometry 640x480\n% end\n",
    "21": b"% format EVT21;height=720;width=1280\n% end\n",
    "3": b"% evt 3.0\n% format EVT3;height=720;width=1280\n% end\n",
}


def test_all_forms_tell_the_same_recording(tmp_path: Path) -> None:
    for name, content in (
        ("2.raw", HEADERS["2"] + evt2(ROWS)),
        ("2big.raw", HEADERS["2"].replace(b"% end", b"% endianness big\n% end") + evt2(ROWS, ">")),
        ("2old.raw", b"% Date 2018\n% evt 2.0\n" + evt2(ROWS)),
        ("21.raw", HEADERS["21"] + evt21(ROWS)),
        ("21little.raw", b"% format EVT21;endianness=little\n% end\n" + evt21(ROWS)),
        ("21exchanged.raw", HEADERS["21"] + evt21(ROWS, exchanged=True)),
        ("21legacy.raw", b"% format EVT21;endianness=legacy\n% end\n" + evt21(ROWS, exchanged=True)),
        ("3.raw", HEADERS["3"] + evt3(ROWS)),
    ):
        (tmp_path / name).write_bytes(content)
        assert rows_of(tmp_path / name) == ROWS, name
    assert read_events(tmp_path / "3.raw").size == (720, 1280)
    assert read_events(tmp_path / "2.raw").size == (480, 640)
    assert read_events(tmp_path / "2old.raw").size is None


def test_masks_of_pixels(tmp_path: Path) -> None:
    words = [0x8001, 0x6002, 0x0009, 0x3800 | 100, 0x4000 | 0b100000000001, 0x4000 | 0b10, 0x50FF & 0x5081, 0x2000 | 7]
    (tmp_path / "a.raw").write_bytes(HEADERS["3"] + b"".join(struct.pack("<H", word) for word in words))
    expected = [100, 111, 113, 124, 131]  # bits 0 and 11; 1 of the next twelve; 0 and 7 of the last eight
    assert rows_of(tmp_path / "a.raw") == [*((4098, x, 9, 1) for x in expected), (4098, 7, 9, 0)]
    words21 = [8 << 60 | 2 << 32, 1 << 60 | 3 << 54 | 64 << 43 | 5 << 32 | 0x80000001]
    (tmp_path / "b.raw").write_bytes(HEADERS["21"] + b"".join(struct.pack("<Q", word) for word in words21))
    assert rows_of(tmp_path / "b.raw") == [(131, 64, 5, 1), (131, 95, 5, 1)]


@given(
    st.lists(st.tuples(st.integers(0, 9_000_000), *[st.integers(0, 479)] * 2, st.integers(0, 1)), max_size=20),
    st.integers(2, 9),
)
def test_the_time_goes_on_where_its_counter_begins_again(
    tmp_path_factory: pytest.TempPathFactory, drawn: Rows, together: int
) -> None:
    """Whatever the part of the words that is taken apart at a time."""
    time, rows = 4000, list[tuple[int, int, int, int]]()
    for pause, x, y, p in drawn:
        time += min(pause, 8_000_000)  # less than half of the 24 bits of EVT 3
        rows.append((time, x, y, p))
    folder = tmp_path_factory.mktemp("raw")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prophesee, "_TOGETHER", together)
        for name, content in (("2", evt2(rows)), ("21", evt21(rows)), ("3", evt3(rows))):
            file = folder / f"{name}.raw"
            file.write_bytes(HEADERS[name] + content)
            expected = [(t - rows[0][0], *rest) for t, *rest in rows]
            assert [(t - rows[0][0], *rest) for t, *rest in rows_of(file)] == expected, name


def dat(rows: Rows, version: int) -> bytes:
    form = (14, 28) if version >= 2 else (9, 17)
    head = f"% Data file containing CD events.\n% Version {version}\n% Height 240\n% Width 304\n".encode()
    words = [(t, p << form[1] | y << form[0] | x) for t, x, y, p in rows]
    return head + b"\x0c\x08" + b"".join(struct.pack("<II", *word) for word in words)


def test_dat_of_both_versions(tmp_path: Path) -> None:
    for version in (1, 2):
        (tmp_path / "a.dat").write_bytes(dat(ROWS, version))
        assert rows_of(tmp_path / "a.dat") == ROWS
        assert read_events(tmp_path / "a.dat").size == (240, 304)
    (tmp_path / "a.dat").write_bytes(dat([(2**32 - 5, 1, 1, 1), (3, 2, 2, 0)], 2))
    assert rows_of(tmp_path / "a.dat") == [(2**32 - 5, 1, 1, 1), (2**32 + 3, 2, 2, 0)]


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.raw", b"% evt 4.0\n% end\n", "tells EVT 4.0; EVT 2.0, 2.1 and 3.0 are read"),
        ("a.raw", b"no header at all", "tells no format"),
        ("a.raw", HEADERS["3"] + b"abc", "no whole number of words of EVT 3.0"),
        ("a.raw", HEADERS["2"] + evt2([(5, 700, 3, 1)]), "column 700, row 3; its camera has 640 x 480"),
        ("a.raw", HEADERS["2"].replace(b"640", b"0") + evt2(ROWS), "states a camera of 0 x 480"),
        ("a.dat", dat(ROWS, 2)[:-3], "cut off"),
        ("a.dat", dat(ROWS, 2).replace(b"\x0c\x08", b"\x0e\x08", 1), "events of kind 14"),
        ("a.dat", dat([(5, 304, 3, 1)], 2), "its camera has 304 x 240"),
    ],
)
def test_what_is_wrong_is_said(name: str, content: bytes, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=text):
        read_events(tmp_path / name)


def test_a_rival_reads_the_same(tmp_path: Path) -> None:
    expelliarmus = pytest.importorskip("expelliarmus")
    random = np.random.default_rng(0)
    time = np.sort(random.integers(0, 2_000_000, 500))
    columns = [random.integers(0, most, 500) for most in (304, 240, 2)]
    rows: Rows = list(zip(*(column.tolist() for column in (time, *columns)), strict=True))
    for name, content, kind in (("a.dat", dat(rows, 2), "dat"), ("a.raw", HEADERS["2"] + evt2(rows)[4:], "evt2")):
        (tmp_path / name).write_bytes(content)
        theirs = expelliarmus.Wizard(encoding=kind).read(tmp_path / name)
        assert rows_of(tmp_path / name) == [tuple(int(row[key]) for key in "txyp") for row in theirs] == rows
