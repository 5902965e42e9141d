"""Recordings of event cameras: good ones in each format that is read, mutated, and trained on as a folder."""

import io
from contextlib import suppress
from pathlib import Path

import numpy as np

from .mutation import Files, mutate_bytes

_AEDAT4 = bytes.fromhex(  # a header, and a packet of two events
    "23214145522d444154342e300d0a2d00000014000000494f48450a00140004000800100000000c00000000000000ffffffff"
    "ffffffff04000000000000000000000000440000004000000010000000455654530600080004000000080000000800000000"
    "000000020000000500000000000000030021000100000005000000000000002100000000000000"
)


def recordings() -> list[Files]:
    """Events in each format that is read: a file's ending and its content."""
    generator = np.random.default_rng(0)
    time = np.sort(generator.integers(0, 1000, 20))
    x, y, bright = (generator.integers(0, most, 20) for most in (30, 30, 2))
    words = (x.astype(np.int64) << 32) | (y << 24) | (bright << 23) | time
    compact = b"".join(int(word).to_bytes(5, "big") for word in words)
    pairs = np.stack([y << 8 | x << 1 | bright, time], 1).astype(">i4").tobytes()
    header = np.array([1, 0, 8, 4, 0, 20, 20, 20], "<i2").astype(np.int16)
    size = np.array([8, 4, 0, 20, 20, 20], "<i4").tobytes()
    polarity = np.stack([x << 17 | y << 2 | bright << 1 | 1, time], 1).astype("<i4").tobytes()
    table, rows = io.BytesIO(), np.zeros(20, [("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "i1")])
    np.save(table, np.stack([time, x, y, bright], 1))
    rows["t"], rows["x"], rows["y"], rows["p"] = time, x, y, bright
    structured = io.BytesIO()
    np.save(structured, rows)
    archive, hierarchy = io.BytesIO(), io.BytesIO()
    np.savez(archive, t=time, x=x, y=y, p=bright)
    with suppress(ImportError):
        import h5py

        with h5py.File(hierarchy, "w") as file:
            for name, column in zip("txyp", (time, x, y, bright), strict=True):
                file[f"events/{name}"] = column
    words2 = np.stack([8 << 28 | time >> 6, bright << 28 | (time & 63) << 22 | x << 11 | y], 1).astype("<u4").tobytes()
    words3 = np.stack([0x8000 | time >> 12, 0x6000 | time & 0xFFF, y, 0x2000 | bright << 11 | x], 1)
    masks = np.array([0x3005, 0x4FFF, 0x50FF], "<u2").tobytes()
    return [
        *([(b".h5", hierarchy.getvalue())] if hierarchy.getvalue() else []),
        (b".npz", archive.getvalue()),
        (b".raw", b"% evt 2.0\n% geometry 640x480\n% end\n" + words2),
        (b".raw", b"% format EVT3;height=720;width=1280\n% end\n" + words3.astype("<u2").tobytes() + masks),
        (b".dat", b"% Version 2\n\x0c\x08" + np.stack([time, bright << 28 | y << 14 | x], 1).astype("<u4").tobytes()),
        (b".aedat4", _AEDAT4),
        (b".bin", compact),
        (b".aedat", b"#!AER-DAT2.0\r\n# comment\r\n" + pairs),
        (b".aedat", b"#!AER-DAT3.1\r\n#!END-HEADER\r\n" + header[:2].tobytes() + size + polarity),
        (b".npy", table.getvalue()),
        (b".npy", structured.getvalue()),
    ]


def mutate_recording(files: Files, generator: np.random.Generator) -> Files:
    """Other bytes under the same ending."""
    return (files[0], mutate_bytes(files[1], generator))


def watch(files: Files, folder: Path) -> object:
    """What `train` does with a folder of recordings."""
    from neurosym import load_dataset

    for part in ("train", "test"):
        for label in ("a", "b"):
            place = folder / "own" / part / label / f"recording{files[0].decode()}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[1])
    return load_dataset(str(folder / "own"), steps=4)
