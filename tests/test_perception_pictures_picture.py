"""Pictures from files: good ones read exactly, bad ones named."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from perception import PictureError, check_pictures, read_picture


def test_reads_what_was_written(tmp_path: Path) -> None:
    pixels = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert picture.shape == (1, 28, 28)
    assert picture.dtype == torch.uint8
    assert np.array_equal(picture[0].numpy(), pixels)


def test_colours_become_grey(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2), (255, 255, 255)).save(tmp_path / "white.png")
    assert read_picture(tmp_path / "white.png", (2, 3)).flatten().tolist() == [255] * 6


def test_each_fault_names_file_and_remedy(tmp_path: Path) -> None:
    Image.new("L", (30, 20)).save(tmp_path / "large.png")
    (tmp_path / "text.png").write_text("no picture")
    whole = tmp_path / "whole.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (28, 28), dtype=np.uint8)).save(whole)
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:300])
    cases = {
        "large.png": "30 x 20 pixels, expected 28 x 28",
        "text.png": "not a picture",
        "cut.png": "damaged",
        "missing.png": "no such file",
        "": "is a folder",
    }
    for name, text in cases.items():
        with pytest.raises(PictureError, match=text) as caught:
            read_picture(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


def test_batches_of_a_wrong_shape_are_refused() -> None:
    check_pictures(torch.zeros(2, 2, 1, 28, 28), (28, 28))
    for shape in [(2, 1, 28, 28), (2, 2, 3, 28, 28), (2, 2, 1, 28, 27)]:
        with pytest.raises(PictureError, match="expected"):
            check_pictures(torch.zeros(shape), (28, 28))
