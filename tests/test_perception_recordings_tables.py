"""Tables of events: columns by name, units of time, archives and HDF5, and what is wrong with them."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from perception import DatasetError, RecordingWarning, read_events

Rows = list[tuple[int, int, int, int]]
ROWS = [(5, 3, 33, 1), (5, 33, 0, 0), (70000, 12, 7, 1), (300001, 0, 33, 0)]  # time, x, y, bright
TABLE = np.array(ROWS)
COLUMNS = dict(zip("txyp", TABLE.T, strict=True))


def rows_of(path: Path, unit: str | None = None) -> Rows:
    events = read_events(path, unit)
    return list(zip(*(column.tolist() for column in (events.time, events.x, events.y, events.bright)), strict=True))


def test_names_of_columns(tmp_path: Path) -> None:
    named = np.array(
        [(p, y, x, t) for t, x, y, p in ROWS], dtype=[(n, "i4") for n in ("polarity", "y", "x", "timestamp")]
    )
    np.save(tmp_path / "a.npy", named)
    np.savez(tmp_path / "b.npz", **COLUMNS)
    np.savez_compressed(tmp_path / "c.npz", events=TABLE)
    np.savez(tmp_path / "d.npz", ts=COLUMNS["t"], xs=COLUMNS["x"], ys=COLUMNS["y"], ps=2 * COLUMNS["p"] - 1)  # 1 and -1
    np.save(tmp_path / "e.npy", np.asfortranarray(TABLE))
    np.savetxt(tmp_path / "f.csv", TABLE[:, [1, 2, 0, 3]], "%d", ",", header="x,y,t,p", comments="")
    np.savetxt(tmp_path / "g.txt", TABLE, "%d")
    for file in sorted(tmp_path.iterdir()):
        assert rows_of(file) == ROWS, file.name


@pytest.mark.parametrize(("unit", "scale"), [("s", 1e-6), ("ms", 1e-3), ("us", 1.0), ("ns", 1000)])
def test_units_of_time(unit: str, scale: float, tmp_path: Path) -> None:
    kind = np.int64 if scale == 1000 else np.float64
    time = (COLUMNS["t"] * scale).astype(kind)
    np.savez(tmp_path / "a.npz", **{**COLUMNS, "t": time})
    assert rows_of(tmp_path / "a.npz", unit) == ROWS
    if scale < 1:
        with pytest.raises(DatasetError, match=r"its times hold .*, expected whole numbers, microseconds; say"):
            read_events(tmp_path / "a.npz")
    since_1970 = COLUMNS["t"] + 1_700_000_000 * 10**6
    np.savez(tmp_path / "b.npz", **{**COLUMNS, "t": (since_1970 * scale).astype(kind)})
    found = rows_of(tmp_path / "b.npz", unit)
    assert [t - found[0][0] for t, *_ in found] == pytest.approx([t - 5 for t, *_ in ROWS], abs=0.5)
    with pytest.raises(DatasetError, match="there is no unit of time 'minutes'; choose s, ms, us, ns"):
        read_events(tmp_path / "a.npz", "minutes")


def test_signed_times_and_counters_that_begin_again(tmp_path: Path) -> None:
    for kind, least, most in (("i4", -(2**31), 2**31 - 1), ("u4", 0, 2**32 - 1)):
        named = np.array([(most, 1, 1, 0), (least, 2, 1, 1)], dtype=[("t", kind), ("x", "i2"), ("y", "i2"), ("p", "?")])
        np.save(tmp_path / "a.npy", named)
        assert rows_of(tmp_path / "a.npy") == [(most, 1, 1, 0), (most + 1, 2, 1, 1)]
    np.save(tmp_path / "a.npy", np.array([[-20, 1, 1, 1], [-5, 1, 1, 0], [7, 1, 1, 0]]))  # before and after a mark
    assert [t for t, *_ in rows_of(tmp_path / "a.npy")] == [-20, -5, 7]


def test_columns_in_another_order_are_seen(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", TABLE[:, [1, 2, 0, 3]])
    with pytest.raises(DatasetError, match=r"not t, x, y and p \(the first is in no order and another is\)"):
        read_events(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", TABLE[:, [3, 1, 2, 0]])
    with pytest.raises(DatasetError, match="the last holds 3 values, expected the two polarities"):
        read_events(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", TABLE[::-1])
    with pytest.warns(RecordingWarning, match="2 of 4 events came after a later one"):
        assert sorted(rows_of(tmp_path / "a.npy")) == sorted(ROWS)


def test_bad_tables_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "part.npz", t=TABLE, x=TABLE)
    np.savez(tmp_path / "long.npz", t=TABLE[:, 0], x=np.arange(9), y=TABLE[:, 2], p=TABLE[:, 3])
    np.savez(tmp_path / "object.npz", events=np.array([[None] * 4]))
    whole = (tmp_path / "long.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[:-60])
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("events.npy", bytes(1 << 28))
    (tmp_path / "text.txt").write_text("1 2 three 4\n")
    for name, text in (
        ("part.npz", "holds t, x; expected one array 'events'"),
        ("long.npz", "columns differ in length"),
        ("object.npz", "cannot be read as a table"),
        ("cut.npz", "the archive is damaged"),
        ("bomb.npz", "holds more than 134,217,728 bytes"),
        ("text.txt", "is no table of events"),
    ):
        with pytest.raises(DatasetError, match=text):
            read_events(tmp_path / name)


def test_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "columns.h5", "w") as file:
        file["version"] = 1
        for name, column in COLUMNS.items():
            file.create_dataset(f"events/{name}s", data=column, compression="gzip")
    table = np.array(ROWS, dtype=[(name, "i8") for name in "txyp"])
    with h5py.File(tmp_path / "table.hdf5", "w") as file:
        file["CD/events"] = table[["x", "y", "p", "t"]]
        file["CD/indexes"] = np.arange(3)
    for name in ("columns.h5", "table.hdf5"):
        assert rows_of(tmp_path / name) == ROWS


def test_hdf5_that_reaches_outside_or_is_damaged_is_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["events"] = np.array(ROWS, dtype=[(name, "i8") for name in "txyp"])
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["events"] = h5py.ExternalLink("secret.h5", "events")
        file["itself"] = file["/"]
        file["soft"] = h5py.SoftLink("/nowhere")
    layout = h5py.VirtualLayout(shape=(4,), dtype=[(name, "i8") for name in "txyp"])
    layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "events", shape=(4,))
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        file.create_virtual_dataset("events", layout)
    with h5py.File(tmp_path / "large.h5", "w") as file:
        file.create_dataset("events", (1 << 40,), [(name, "i8") for name in "txyp"], chunks=(1024,))
    (tmp_path / "cut.h5").write_bytes((tmp_path / "secret.h5").read_bytes()[:900])
    for name, text in (
        ("link.h5", "holds no group or table"),
        ("virtual.h5", "lies in another file"),
        ("large.h5", "has more than"),
        ("cut.h5", "cannot be read as HDF5"),
    ):
        with pytest.raises(DatasetError, match=text):
            read_events(tmp_path / name)
