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


def test_deep_grey_is_divided_and_not_cut_off(tmp_path: Path) -> None:
    pixels = np.array([[0, 256, 1000, 2000], [30_000, 60_000, 65_000, 65_535]], dtype=np.uint16)
    Image.fromarray(pixels).save(tmp_path / "deep.png")
    read = read_picture(tmp_path / "deep.png", (2, 4))[0]
    assert read.tolist() == np.rint(pixels / 257).astype(int).tolist()


def test_a_photograph_is_turned_as_it_was_taken(tmp_path: Path) -> None:
    upright = np.zeros((4, 6), dtype=np.uint8)
    upright[0] = 255  # the sky
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: to be turned by 90 degrees clockwise
    Image.fromarray(np.rot90(upright)).save(tmp_path / "photo.png", exif=exif)
    assert np.array_equal(read_picture(tmp_path / "photo.png", (4, 6))[0].numpy(), upright)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pictures_are_turned_as_others_are(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = np.arange(24, dtype=np.uint16).reshape(4, 6)
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "byte.png", exif=exif)
    Image.fromarray(pixels * 257).save(tmp_path / "deep.png", exif=exif)
    size = (4, 6) if orientation < 5 else (6, 4)
    assert torch.equal(read_picture(tmp_path / "deep.png", size), read_picture(tmp_path / "byte.png", size))


def test_a_transparent_value_of_a_deep_picture_lies_on_white(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 257, 65535]], np.uint16)).save(tmp_path / "ink.png", transparency=0)
    assert read_picture(tmp_path / "ink.png", (1, 3)).flatten().tolist() == [255, 1, 255]


@pytest.mark.parametrize("suffix", ["gif", "png", "tiff", "webp"])
def test_files_of_several_pictures_are_refused(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"film.{suffix}"
    Image.new("L", (4, 4)).save(file, save_all=True, append_images=[Image.new("L", (4, 4), 255)])
    with pytest.raises(PictureError, match=rf"film\.{suffix}: holds 2 pictures; give a file of one"):
        read_picture(file, (4, 4))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_lies_on_white(mode: str, tmp_path: Path) -> None:
    ink = Image.new("RGBA", (3, 1), (0, 0, 0, 0))  # black where nothing is
    ink.putpixel((1, 0), (0, 0, 0, 255))
    ink.putpixel((2, 0), (255, 255, 255, 255))
    drawn = ink.convert(mode)
    if mode == "P":  # black, black and white, the first of them transparent
        drawn = Image.new("P", (3, 1))
        drawn.putpalette([0, 0, 0, 0, 0, 0, 255, 255, 255])
        drawn.putdata([0, 1, 2])
        drawn.info["transparency"] = 0
    drawn.save(tmp_path / "ink.png")
    assert read_picture(tmp_path / "ink.png", (1, 3)).flatten().tolist() == [255, 0, 255]


def test_numbers_without_a_range_and_bombs_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 0.5, dtype=np.float32)).save(tmp_path / "float.tiff")
    with pytest.raises(PictureError, match=r"float.tiff: .* no known range \(mode F\)"):
        read_picture(tmp_path / "float.tiff", (4, 4))
    for size in ((9000, 9000), (12_000, 12_000), (8, 70_000)):
        Image.new("1", size).save(tmp_path / "bomb.png")
        with pytest.raises(PictureError, match=r"bomb.png: .* pixels"):
            read_picture(tmp_path / "bomb.png")


@pytest.mark.parametrize("kind", ["png", "gif", "jpg", "bmp"])
def test_damaged_bytes_end_in_one_sentence(kind: str, tmp_path: Path) -> None:
    random, file = np.random.default_rng(0), tmp_path / f"a.{kind}"
    Image.fromarray(random.integers(0, 255, (28, 28), dtype=np.uint8)).save(file)
    whole, said = file.read_bytes(), list[str]()
    for number in range(150):
        damaged = bytearray(whole)
        for place in random.integers(0, min(len(whole), 200), 1 + number % 6):
            damaged[place] = random.integers(256)
        file.write_bytes(damaged)
        try:
            read_picture(file)
        except PictureError as error:
            said.append(str(error))
    assert len(said) > 10
    assert all(file.name in sentence and "\n" not in sentence for sentence in said)
