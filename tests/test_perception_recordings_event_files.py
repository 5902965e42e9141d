"""Event recordings: each format read back from bytes written by hand, frames against a plain loop, bad files."""

import struct
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from perception import DatasetError, Events, RecordingWarning, bin_events, load_dataset, read_events

ROWS = [(5, 3, 33, 1), (5, 33, 0, 0), (70000, 12, 7, 1), (300001, 0, 33, 0)]  # time, x, y, bright


def compact(rows: list[tuple[int, int, int, int]]) -> bytes:
    return b"".join(bytes([x, y]) + struct.pack(">I", p << 23 | t)[1:] for t, x, y, p in rows)


def aedat2(rows: list[tuple[int, int, int, int]], davis: bool) -> bytes:
    head = b"#!AER-DAT2.0\r\n# AEChip: " + (b"DAVIS240C" if davis else b"DVS128") + b"\r\n"
    words = [
        (y << 22 | x << 12 | p << 11 if davis else y << 8 | x << 1 | (1 - p), t) for t, x, y, p in rows
    ]  # fmt: skip
    if davis:
        words.insert(1, (1 << 31, 5))  # a grey value
        words.insert(1, (1 << 10, 5))  # a trigger
    return head + b"".join(struct.pack(">II", *word) for word in words)


def aedat3(rows: list[tuple[int, int, int, int]]) -> bytes:
    words = [(x << 17 | y << 2 | p << 1 | 1, t) for t, x, y, p in rows]
    words.insert(2, (words[1][0] & ~1, 7))  # one that was made invalid
    parts = [words[:2], words[2:]]
    packets = [struct.pack("<hhiiiiii", 1, 0, 8, 4, 0, len(p), len(p), len(p)) for p in parts]
    other = struct.pack("<hhiiiiii", 0, 0, 8, 4, 0, 1, 1, 1) + bytes(8)  # a special event
    data = b"".join(head + b"".join(struct.pack("<II", *w) for w in p) for head, p in zip(packets, parts, strict=True))
    return b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n" + other + data


def header(shape: str) -> bytes:
    text = f"{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + text.ljust(117) + b"\n" + bytes(32)


def write_all(folder: Path) -> list[Path]:
    (folder / "a.bin").write_bytes(compact(ROWS))
    (folder / "a.bs2").write_bytes(compact(ROWS))
    (folder / "dvs.aedat").write_bytes(aedat2(ROWS, davis=False))
    (folder / "davis.aedat").write_bytes(aedat2(ROWS, davis=True))
    (folder / "three.aedat").write_bytes(aedat3(ROWS))
    np.save(folder / "table.npy", np.array(ROWS))
    named = np.array([(p, y, x, t) for t, x, y, p in ROWS], dtype=[(name, "i4") for name in "pyxt"])
    np.save(folder / "named.npy", named)
    return sorted(folder.iterdir())


def test_all_formats_tell_the_same_recording(tmp_path: Path) -> None:
    files = write_all(tmp_path)
    assert len(files) == 7
    for file in files:
        events = read_events(file)
        rows = list(zip(*(column.tolist() for column in (events.time, events.x, events.y, events.bright)), strict=True))
        assert rows == ROWS, file.name


def test_cut_off_files_are_refused(tmp_path: Path) -> None:
    for file in write_all(tmp_path):
        file.write_bytes(file.read_bytes()[:-3])
        with pytest.raises(DatasetError, match=r"cut off|cannot be read"):
            read_events(file)


def test_bad_recordings_are_refused(tmp_path: Path) -> None:
    for name, content, text in (
        ("a.aedat", b"#!AER-DAT1.0\n", "no recording in a known format"),
        ("l.aedat", b"#!AER-DAT4.0\n", "damaged or cut off"),
        ("b.aedat", b"#!AER-DAT3.1\r\n#Format", "header has no end"),
        ("d.npy", b"\x93NUMPY", "cannot be read"),
        ("g.npy", header("(99999999999,4, "), "cannot be read"),
        ("h.npy", header("(99999999999, 4)"), "it states 3,199,999,999,968 bytes"),
        ("i.npy", b"PK\x03\x04" + bytes(40), "cannot be read"),
        ("k.aedat", aedat3([(5, 5, 5, 1), (6, 3, 13229, 1), (7, 1, 1, 1)]), "row 13229; cameras have at most 2048"),
        ("e.aedat", b"#!AER-DAT3.1\n#!END-HEADER\n" + struct.pack("<hhiiiiii", 1, 0, 8, 4, 0, 9, 9, 9), "cut off"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DatasetError, match=text):
            read_events(tmp_path / name)
    np.save(tmp_path / "f.npy", np.zeros((3, 5)))
    with pytest.raises(DatasetError, match=r"expected \[E, 4\]"):
        read_events(tmp_path / "f.npy")
    with pytest.raises(DatasetError, match="no such file"):
        read_events(tmp_path / "none.bin")


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        (0, 0.000821, r"times hold 0.000821, expected whole numbers, .* --time-unit s"),
        (0, np.nan, "times hold nan"),
        (1, 2.5, "x hold 2.5"),
        (1, 20_000, "column 20000, row 0; cameras have at most 2048"),
        (2, -1, "row -1"),
        (2, 1e30, "y hold"),
    ],
)
def test_numbers_that_no_camera_sends(column: int, value: float, text: str, tmp_path: Path) -> None:
    table = np.zeros((3, 4))
    table[1, column] = value
    np.save(tmp_path / "a.npy", table)
    with pytest.raises(DatasetError, match=text):
        read_events(tmp_path / "a.npy")


def test_tables_of_other_kinds_are_refused(tmp_path: Path) -> None:
    for table in (np.array([["a"] * 4]), np.zeros((2, 4), dtype=complex)):
        np.save(tmp_path / "a.npy", table)
        with pytest.raises(DatasetError, match="expected numbers"):
            read_events(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.array([[None] * 4]), allow_pickle=True)
    with pytest.raises(DatasetError, match="cannot be read as a table"):
        read_events(tmp_path / "a.npy")


def test_events_out_of_order_are_sorted_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(compact(ROWS[::-1]))
    with pytest.warns(RecordingWarning, match=r"a\.bin: 2 of 4 events came after a later one"):
        events = read_events(tmp_path / "a.bin")
    assert events.time.tolist() == [row[0] for row in ROWS]
    assert sorted(zip(events.time, events.x, events.y, events.bright, strict=True)) == sorted(ROWS)


def test_markers_of_an_overflow_add_to_the_time(tmp_path: Path) -> None:
    rows = [(8000, 3, 5, 1), (0, 0, 240, 0), (10, 4, 5, 0), (20, 4, 6, 0), (0, 0, 240, 1), (0, 0, 240, 0), (5, 1, 1, 1)]
    (tmp_path / "a.bin").write_bytes(compact(rows))
    events = read_events(tmp_path / "a.bin")
    assert events.time.tolist() == [8000, 8202, 8212, 3 * 8192 + 5]
    assert events.y.tolist() == [5, 5, 6, 1]


def test_an_event_that_begins_like_a_header_is_an_event(tmp_path: Path) -> None:
    head = b"#!AER-DAT2.0\r\n# HardwareInterface: DAVIS240C\r\n"
    data = b"".join(struct.pack(">II", 140 << 22 | x << 12 | 1 << 11, 100 * x) for x in range(20))
    assert data.startswith(b"#")
    (tmp_path / "a.aedat").write_bytes(head + data)
    events = read_events(tmp_path / "a.aedat")
    assert events.x.tolist() == list(range(20))
    assert set(events.y.tolist()) == {140}


@given(st.sampled_from(range(7)), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_bytes_end_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, number: int, changes: list[tuple[int, int]]
) -> None:
    file = write_all(tmp_path_factory.mktemp("events"))[number]
    data = bytearray(file.read_bytes())
    for place, byte in changes:
        data[place % len(data)] = byte
    file.write_bytes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RecordingWarning)
            read_events(str(file))
    except DatasetError as error:
        said = str(error)
    else:
        return
    assert file.name in said
    assert "\n" not in said


@given(
    st.lists(st.tuples(st.integers(0, 999), st.integers(0, 4), st.integers(0, 2), st.integers(0, 1)), max_size=30),
    st.integers(1, 7),
    st.one_of(st.none(), st.integers(1, 1200)),
)
def test_frames_equal_a_plain_loop(rows: list[tuple[int, int, int, int]], steps: int, duration: int | None) -> None:
    rows = sorted(rows)
    time, x, y, bright = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(4))
    expected = torch.zeros(steps, 2, 3, 5)
    for t, column, row, p in rows:
        since = t - rows[0][0]
        step = since * steps // (duration or rows[-1][0] - rows[0][0] + 1)
        if step < steps:
            expected[step, p, row, column] += 1
    assert torch.equal(bin_events(Events(time, x, y, bright), steps, (3, 5), duration), expected)


def test_events_outside_the_camera_are_refused() -> None:
    one = np.array([5])
    with pytest.raises(DatasetError, match=r"event 0 lies at column 5, row 5, outside the camera of 5 x 9"):
        bin_events(Events(one, one, one, one), 2, (9, 5))
    with pytest.raises(DatasetError, match="at least 1"):
        bin_events(Events(one, one, one, one), 0, (9, 9))


def test_nmnist_from_folders_and_from_the_small_archive(tmp_path: Path) -> None:
    folder = tmp_path / "nmnist" / "Test" / "7"
    folder.mkdir(parents=True)
    (folder / "00001.bin").write_bytes(compact(ROWS))
    found = load_dataset("nmnist", tmp_path, split="test", steps=4)
    assert found.pictures.shape == (1, 4, 2, 34, 34)
    assert found.labels.tolist() == [7]
    assert found.pictures[0, 0, :, [33, 0], [3, 33]].tolist() == [[0, 1], [1, 0]]
    assert found.pictures.sum() == 4
    with pytest.raises(DatasetError, match="unpack N-MNIST there"):
        load_dataset("nmnist", tmp_path)
    small = tmp_path / "nmnist_small"
    small.mkdir()
    (small / "3.bs2").write_bytes(compact(ROWS))
    with tarfile.open(small / "nmnist_small_bs2.tar.xz", "w:xz") as archive:
        archive.add(small / "3.bs2", "3.bs2")
    (small / "train1K.txt").write_text("#sample #class\n3\t9\n")
    (small / "test100.txt").write_text("#sample #class\n3\t9\n4\t1\n")
    assert torch.equal(load_dataset("nmnist-small", tmp_path, steps=4).pictures, found.pictures)
    with pytest.raises(DatasetError, match=r"holds no 4.bs2, which test100.txt names"):
        load_dataset("nmnist-small", tmp_path, split="test")
    (small / "test100.txt").write_text("#sample #class\nx\n")
    with pytest.raises(DatasetError, match="no table"):
        load_dataset("nmnist-small", tmp_path, split="test")
