"""Published recordings and trains by name, from made files of the layout that they are published in."""

import gzip
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from perception import DatasetError, FolderOptions, load_dataset
from perception.datasets.colour import CLASSES


def gestures(folder: Path, labels: Mapping[str, str]) -> None:
    """Recordings of one event at each of 40 ms, in column = milliseconds."""
    folder.mkdir(parents=True)
    for trial, text in labels.items():
        words = [(t << 17 | 5 << 2 | 1 << 1 | 1, 1000 * t) for t in range(40)]
        packet = struct.pack("<hhiiiiii", 1, 0, 8, 4, 0, 40, 40, 40) + b"".join(struct.pack("<II", *w) for w in words)
        (folder / f"{trial}.aedat").write_bytes(b"#!AER-DAT3.1\r\n#!END-HEADER\r\n" + packet)
        (folder / f"{trial}_labels.csv").write_text("class,startTime_usec,endTime_usec\n" + text)
    (folder / "trials_to_train.txt").write_text(
        "\n".join(f"{name}.aedat" for name in labels if name != "user24") + "\n"
    )
    (folder / "trials_to_test.txt").write_text("user24.aedat\n")


def test_gestures_are_cut_by_their_labels(tmp_path: Path) -> None:
    folder = tmp_path / "dvs_gesture"
    gestures(folder, {"user01": "1,0,10000\n11,10000,30000\n", "user24": "2,5000,6000\n"})
    found = load_dataset("dvs-gesture", tmp_path, steps=2)
    assert (found.pictures.shape, found.labels.tolist()) == ((2, 2, 2, 128, 128), [0, 10])
    columns = [[found.pictures[n, t, 1, 5].nonzero().flatten().tolist() for t in range(2)] for n in range(2)]
    assert columns == [[[*range(5)], [*range(5, 10)]], [[*range(10, 20)], [*range(20, 30)]]]
    small = load_dataset("dvs-gesture", tmp_path, split="test", steps=2, options=FolderOptions(resize=32))
    assert (small.pictures.shape, small.pictures.sum()) == ((1, 2, 2, 32, 32), 1)
    assert small.preparation is not None
    assert small.preparation.read(folder / "user24.aedat").shape == (2, 2, 32, 32)
    (folder / "user24_labels.csv").write_text("class,startTime_usec,endTime_usec\n12,0,5\n")
    with pytest.raises(DatasetError, match=r"user24_labels.csv: line 2 is '12,0,5'"):
        load_dataset("dvs-gesture", tmp_path, split="test")
    (folder / "trials_to_test.txt").unlink()
    with pytest.raises(DatasetError, match=r"trials_to_test\.txt: cannot be read"):
        load_dataset("dvs-gesture", tmp_path, split="test")


def test_the_last_tenth_of_each_class_is_for_tests(tmp_path: Path) -> None:
    for label, name in enumerate(CLASSES):
        folder = tmp_path / "cifar10_dvs" / name
        folder.mkdir(parents=True)
        for number in range(11):  # the tenth and the eleventh come behind the second by number, not by name
            data = struct.pack(">II", label << 8 | number << 1, 5)
            (folder / f"cifar10_{name}_{number}.aedat").write_bytes(b"#!AER-DAT2.0\r\n" + data)
    train, test = (load_dataset("cifar10-dvs", tmp_path, split=split, steps=1) for split in ("train", "test"))
    assert train.labels.bincount().tolist() == [10] * 10
    places = test.pictures.nonzero()
    assert places[:, 3].tolist() == test.labels.tolist() == list(range(10))  # the row tells the class
    assert places[:, 4].tolist() == [10] * 10  # and the column the number
    (tmp_path / "cifar10_dvs" / "cat").rename(tmp_path / "cat")
    with pytest.raises(DatasetError, match=r"cat: holds no \.aedat or \.aedat4; unpack cat\.zip there"):
        load_dataset("cifar10-dvs", tmp_path)


def test_spoken_words(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    folder = tmp_path / "shd"
    folder.mkdir()
    times = [[0.0, 0.35, 1.39], [0.7], [2.0, 0.1]]
    units = [[0, 699, 3], [5], [7, 8]]
    with h5py.File(folder / "shd_train.h5", "w") as file:
        kinds = h5py.vlen_dtype(np.float16), h5py.vlen_dtype(np.uint16)
        for name, rows, kind in (("times", times, kinds[0]), ("units", units, kinds[1])):
            node = file.create_dataset(f"spikes/{name}", (3,), kind)
            for number, row in enumerate(rows):
                node[number] = row
        file["labels"] = np.array([19, 0, 4], np.uint16)
    found = load_dataset("shd", tmp_path, steps=4)
    assert (found.pictures.shape, found.labels.tolist(), len(found.classes)) == ((3, 4, 700), [19, 0, 4], 20)
    expected = torch.zeros(3, 4, 700)
    for number, (row, channels) in enumerate(zip(times, units, strict=True)):
        for time, channel in zip(row, channels, strict=True):
            expected[number, min(int(np.float16(time) / 1.4 * 4), 3), channel] += 1
    assert torch.equal(found.pictures, expected)
    assert "3 spike trains of 4 x 700" in repr(found)
    whole = (folder / "shd_train.h5").read_bytes()
    (folder / "shd_train.h5").unlink()
    with zipfile.ZipFile(folder / "shd_train.h5.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("shd_train.h5", whole)
    (folder / "shd_test.h5.gz").write_bytes(gzip.compress(whole))
    for split in ("train", "test"):
        assert torch.equal(load_dataset("shd", tmp_path, split=split, steps=4).pictures, expected)
    (folder / "shd_test.h5").unlink()
    (folder / "shd_test.h5.gz").write_bytes(gzip.compress(whole)[:-9])
    with pytest.raises(DatasetError, match=r"shd_test\.h5\.gz: cannot be unpacked"):
        load_dataset("shd", tmp_path, split="test")
    assert not (folder / "shd_test.h5").exists()
    (folder / "shd_test.h5.gz").unlink()
    with pytest.raises(DatasetError, match=r"shd_test\.h5: there is no such file"):
        load_dataset("shd", tmp_path, split="test")
    with pytest.raises(DatasetError, match="no split 'val' of shd"):
        load_dataset("shd", tmp_path, split="val")
    with h5py.File(folder / "shd_train.h5", "a") as file:
        file["spikes/units"][1] = [700]
    with pytest.raises(DatasetError, match="sample 1 holds times or channels that are none of 700"):
        load_dataset("shd", tmp_path)
    (folder / "shd_train.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(90))
    with pytest.raises(DatasetError, match="cannot be read as HDF5"):
        load_dataset("shd", tmp_path)
