"""Data sets in folders of one's own: pictures and recordings, and what is wrong with them."""

import json
import re
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from perception import Dataset, DatasetError, FolderOptions, LayoutWarning, Preparation, load_dataset
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
    for name in ("train/left", "train/right", "test/left"):
        write_recording(tmp_path / name / "0.npy", [(0, 2047, 1, 1)])
    with pytest.raises(DatasetError, match=r"2 times 100 frames of 2048 x 2048 take 6\.2 GiB, above 2"):
        load_dataset(str(tmp_path), steps=100, options=FolderOptions(resize=2048))
    with pytest.warns(ScaleWarning, match="events of 2048 x 2048 pixels are counted on 48 x 48, each 43 across"):
        assert load_dataset(str(tmp_path), steps=100).pictures.shape == (2, 100, 2, 48, 48)


def make(place: Path, names: list[str], mode: str = "L") -> None:
    for number, name in enumerate(names):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new(mode, (6, 4), 10 * number).save(place / name)


def seen(found: Dataset) -> list[tuple[int, str]]:
    return [(int(p[0, 0, 0]), found.classes.values[int(i)]) for p, i in zip(found.pictures, found.labels, strict=True)]  # pyright: ignore[reportReturnType]


def test_hidden_files_are_passed_over_and_strange_ones_told(tmp_path: Path) -> None:
    make(tmp_path, ["train/a/0.png", "train/b/1.png", "test/a/deep/er/2.png", "test/b/3.png", "train/a/.hidden.png"])
    make(tmp_path, ["train/__MACOSX/a.png", "train/.git/a.png", "train/a/._0.png"])
    for name in ("train/a/Thumbs.db", "train/a/notes.txt", "train/.DS_Store"):
        (tmp_path / name).write_bytes(b"no picture")
    assert seen(load_dataset(str(tmp_path))) == [(0, "a"), (10, "b")]
    assert seen(load_dataset(str(tmp_path), split="test")) == [(20, "a"), (30, "b")]
    (tmp_path / "train" / "a" / "photo.heic").write_bytes(b"new")
    with pytest.warns(LayoutWarning, match=r"passed over 1 with \.heic, whose format is not read"):
        load_dataset(str(tmp_path))
    (tmp_path / "train" / "c").mkdir()
    (tmp_path / "train" / "a" / "photo.heic").rename(tmp_path / "train" / "c" / "photo.heic")
    with pytest.raises(DatasetError, match=r"c: holds files with \.heic, none of"), pytest.warns(LayoutWarning):
        load_dataset(str(tmp_path))


def test_a_part_to_look_at_and_names_in_capitals(tmp_path: Path) -> None:
    make(tmp_path, ["Train/a/0.PNG", "Train/b/1.png", "Validation/a/2.png", "TEST/b/3.png"])
    assert seen(load_dataset(str(tmp_path), split="val")) == [(20, "a")]
    assert seen(load_dataset(str(tmp_path), split="test")) == [(30, "b")]
    (tmp_path / "TEST" / "b" / "3.png").unlink()
    (tmp_path / "TEST" / "b").rmdir()
    (tmp_path / "TEST").rmdir()
    assert seen(load_dataset(str(tmp_path), split="test")) == [(20, "a")]  # then it is the test part
    with pytest.raises(DatasetError, match="has no part val; it has train, test"):
        load_dataset(str(tmp_path), split="val")


def test_folders_of_classes_are_parted_here(tmp_path: Path) -> None:
    make(tmp_path, [f"{label}/{number}.png" for label in "ab" for number in range(5)])
    with pytest.warns(LayoutWarning, match=r"2 of 10 are, one in 5 of each class"):
        assert seen(load_dataset(str(tmp_path), split="test")) == [(40, "a"), (90, "b")]
    with pytest.warns(LayoutWarning):
        assert [label for _, label in seen(load_dataset(str(tmp_path)))] == ["a"] * 4 + ["b"] * 4


@pytest.mark.parametrize(
    ("tables", "train", "test"),
    [
        ({"labels.csv": "filename,label,split\n0.png,sun,train\n1.png,moon,train\n2.png,sun,test\n"}, "ms", "s"),
        (
            {"labels.csv": "id,class\n" + "".join(f"{n},{'sun' if n % 2 else 'moon'}\n" for n in range(10))},
            "m" * 4 + "s" * 4,
            "ms",
        ),
        (
            {
                "train.csv": "file,label\nimages/0.png,sun\n./images/1.png,moon\n",
                "test.csv": "file,label\n2.png,moon\n",
            },
            "ms",
            "m",
        ),
        ({"y.csv": "\ufeff3.png,sun,train\n4.png,moon,train\n5.png,moon,test\n"}, "ms", "m"),
    ],
)
def test_flat_folders_with_a_table(tables: dict[str, str], train: str, test: str, tmp_path: Path) -> None:
    make(tmp_path, [f"images/{number}.png" for number in range(10)])
    for name, text in tables.items():
        (tmp_path / name).write_text(text, "utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayoutWarning)
        for split, expected in (("train", train), ("test", test)):
            found = load_dataset(str(tmp_path), split=split)
            assert sorted(label[0] for _, label in seen(found)) == sorted(expected)
            for value, label in seen(found):
                row = next(
                    r for t in tables.values() for r in t.splitlines() if re.search(rf"\b{value // 10}(\.png)?,", r)
                )
                assert f",{label}" in row


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,label\n0.png,sun\n77.png,moon\n", "row 2 names '77.png', which is not there"),
        ("file,label\n0.png,\n", "row 1 has no label"),
        ("a,b\n1,2\n", "has the columns a, b; expected file and label"),
        ("file,label\n", "has no rows"),
        ("file,label,split\n0.png,sun,train\n1.png,sun,other\n", "is of the part 'other'"),
        ("file,label,split\n0.png,sun,train\n", "has no rows of test"),
        ("file,label,split\n../../secret.png,sun,train\n", "which is not there"),
    ],
)
def test_wrong_tables_are_refused(text: str, said: str, tmp_path: Path) -> None:
    make(tmp_path / "data", ["0.png", "1.png"])
    make(tmp_path, ["secret.png"])
    (tmp_path / "data" / "labels.csv").write_text(text)
    with pytest.raises(DatasetError, match=said):
        load_dataset(str(tmp_path / "data"))


def test_mixed_sizes_are_fitted_as_pillow_does(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name, size in (("train/a/0.png", (40, 30)), ("train/b/0.png", (9, 17)), ("test/a/0.png", (32, 32))):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "test" / "b").mkdir()
    with pytest.raises(DatasetError, match=r"sizes .*; scale them to one, for example by --resize 32"):
        load_dataset(str(tmp_path))
    with Image.open(tmp_path / "train/a/0.png") as picture:
        ways = {
            "pad": ImageOps.pad(picture, (16, 16), Image.Resampling.BICUBIC),
            "crop": ImageOps.fit(picture, (16, 16), Image.Resampling.BICUBIC),
            "stretch": picture.resize((16, 16), Image.Resampling.BICUBIC),
        }
    for fitting, expected in ways.items():
        found = load_dataset(str(tmp_path), options=FolderOptions(16, fitting))  # pyright: ignore[reportArgumentType]
        assert np.array_equal(found.pictures[0].numpy(), np.moveaxis(np.asarray(expected), -1, 0)), fitting
        assert found.preparation is not None
        again = Preparation.from_json(json.loads(json.dumps(found.preparation.to_json())))
        assert torch.equal(again.read(tmp_path / "train/a/0.png"), found.pictures[0])
    with pytest.raises(DatasetError, match="choose pad, crop or stretch"):
        FolderOptions(16, "squeeze")  # pyright: ignore[reportArgumentType]
    with pytest.raises(DatasetError, match="4 to 2,048"):
        FolderOptions(1)


@pytest.mark.parametrize(("ending", "mode"), [
    ("png", "RGBA"), ("png", "P"), ("png", "LA"), ("png", "1"), ("jpg", "CMYK"), ("jpg", "L"), ("webp", "RGB"),
    ("webp", "RGBA"),
    ("tif", "RGB"), ("tiff", "CMYK"), ("tif", "I;16"), ("gif", "P"), ("bmp", "RGB"), ("ppm", "RGB"),
])  # fmt: skip
def test_formats_and_modes_are_read_as_pillow_reads_them(ending: str, mode: str, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    for name in (f"train/a/0.{ending}", f"train/b/0.{ending}", f"test/a/0.{ending}"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if mode == "I;16":
            picture = Image.fromarray(pixels[:, :, 0].astype(np.uint16) * 257)
        elif mode in ("RGBA", "LA"):
            picture = Image.fromarray(pixels).convert("RGBA")
            picture.putalpha(Image.fromarray(pixels[:, :, 1]))
            picture = picture.convert(mode)
        else:
            picture = Image.fromarray(pixels).convert(mode)
        picture.save(tmp_path / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScaleWarning)
        found = load_dataset(str(tmp_path)).pictures[0]
    with Image.open(tmp_path / f"train/a/0.{ending}") as image:
        if mode == "I;16":
            expected = pixels[None, :, :, 0]
        elif "A" in image.getbands():  # by hand: what is transparent lies on white
            rgba = np.asarray(image.convert("RGBA")).astype(float)
            alpha = rgba[..., 3:] / 255
            expected = np.moveaxis(rgba[..., :3] * alpha + 255 * (1 - alpha), -1, 0)
        else:
            expected = np.moveaxis(np.asarray(image.convert("RGB")), -1, 0)
    expected = expected[: len(found)] if len(found) == 1 else expected
    assert np.abs(found.numpy() - expected).max() <= 1


def test_twelve_bits_in_sixteen_keep_their_steps(tmp_path: Path) -> None:
    for number, name in enumerate(("train/a/0.png", "train/b/0.png", "test/a/0.png")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 6), (1000, 1300, 4000)[number], dtype=np.uint16)).save(tmp_path / name)
    with pytest.warns(ScaleWarning, match=r"divided by 16\.06 \(the brightest pixel is 4,000\)"):
        found = load_dataset(str(tmp_path))
    assert found.pictures[:, 0, 0, 0].tolist() == [round(1000 / 4095 * 255), round(1300 / 4095 * 255)]
