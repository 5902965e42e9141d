"""Data sets in folders of one's own: pictures and recordings, and what is wrong with them."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from perception import DatasetError, load_dataset
from perception.pictures.picture import ScaleWarning


def write_picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (6, 4)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def write_recording(path: Path, events: list[tuple[int, int, int, int]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.array(events))


def test_pictures(tmp_path: Path) -> None:
    for split, count in (("train", 2), ("test", 1)):
        for number in range(count):
            write_picture(tmp_path / split / "sun" / f"{number}.png", (200, 200, 200))
            write_picture(tmp_path / split / "moon" / f"{number}.png", (90 + number, 90 + number, 90 + number))
    found = load_dataset(str(tmp_path))
    assert found.pictures.shape == (4, 1, 4, 6)
    assert [found.classes.values[label] for label in found.labels.tolist()] == ["moon", "moon", "sun", "sun"]
    assert found.pictures[:, 0, 1, 1].tolist() == [90, 91, 200, 200]
    write_picture(tmp_path / "test" / "moon" / "red.png", (255, 0, 0))
    assert load_dataset(str(tmp_path)).pictures.shape == (4, 3, 4, 6)  # colours in one split are colours in both
    assert load_dataset(str(tmp_path), split="test").pictures.shape == (3, 3, 4, 6)


def test_pictures_are_held_once(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for number in range(3):
            write_picture(
                tmp_path / split / ("sun", "moon")[number % 2] / f"{number}.png", (200, 100, number), (1000, 1000)
            )
    tracemalloc.start()
    found = load_dataset(str(tmp_path))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.pictures.shape == (3, 3, 1000, 1000)
    assert most < 20e6  # 9 MB of pictures, and those of another size or two


def test_recordings(tmp_path: Path) -> None:
    write_recording(tmp_path / "train" / "left" / "0.npy", [(0, 2, 1, 1), (10, 1, 1, 0)])
    write_recording(tmp_path / "train" / "right" / "0.npy", [(0, 1, 1, 1), (10, 2, 1, 1)])
    write_recording(tmp_path / "test" / "left" / "0.npy", [(0, 4, 0, 1)])
    found = load_dataset(str(tmp_path), steps=2)
    assert found.pictures.shape == (2, 2, 2, 5, 5)  # of both splits, the last column is 4
    assert torch.equal(found.pictures.nonzero()[:2], torch.tensor([[0, 0, 1, 1, 2], [0, 1, 0, 1, 1]]))
    assert found.labels.tolist() == [0, 1]
    assert load_dataset(str(tmp_path), split="test", steps=2).pictures.sum() == 1


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    def refused(text: str) -> None:
        with pytest.raises(DatasetError, match=text):
            load_dataset(str(tmp_path))

    refused("holds no folder train")
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
    refused(r"holds no <class>/<file> ending in \.bmp")
    write_picture(tmp_path / "train" / "sun" / "0.png", (1, 2, 3))
    write_picture(tmp_path / "test" / "star" / "0.png", (1, 2, 3))
    refused("its class has no folder in train; there are sun")
    write_picture(tmp_path / "train" / "star" / "0.png", (1, 2, 3), (5, 5))
    refused("sizes 6 x 4, 5 x 5")
    file = tmp_path / "train" / "star" / "0.png"
    file.write_bytes(file.read_bytes()[:20])
    refused(r"0\.png: the picture is damaged")
    file.unlink()
    write_recording(tmp_path / "train" / "star" / "0.npy", [(0, 1, 1, 1)])
    refused("both pictures and recordings")


def test_deep_grey_is_scaled_as_what_it_is_and_told(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name, value in (("dark", 1500), ("bright", 45_000)):
            (tmp_path / split / name).mkdir(parents=True)
            Image.fromarray(np.full((4, 6), value, dtype=np.uint16)).save(tmp_path / split / name / "0.png")
    with pytest.warns(ScaleWarning, match="4 pictures have 16 bits a pixel and were divided by 257"):
        found = load_dataset(str(tmp_path))
    assert found.pictures.flatten(1)[:, 0].tolist() == [round(45_000 / 257), round(1500 / 257)]


def test_the_largest_coordinate_does_not_decide_over_the_memory(tmp_path: Path) -> None:
    for split in ("train", "test"):
        write_recording(tmp_path / split / "left" / "0.npy", [(0, 20_000, 1, 1)])
    with pytest.raises(DatasetError, match="column 20000, row 1; cameras have at most 2048"):
        load_dataset(str(tmp_path))
    for split in ("train", "test"):
        write_recording(tmp_path / split / "left" / "0.npy", [(0, 2047, 1, 1)])
    with pytest.raises(DatasetError, match=r"1 times 100 frames of 2048 x 2048 take 3\.1 GiB, above 2"):
        load_dataset(str(tmp_path), steps=100)
