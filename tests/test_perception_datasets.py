"""Data sets: files of every format and what is said of bad ones; splits."""

import gzip
import io
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st
from PIL import Image

from logic import Domain
from perception import DATASETS, Dataset, DatasetError, hold_out, load_dataset, load_digits, read_idx


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_mnist(folder: Path, count: int = 7) -> np.ndarray:
    folder.mkdir(parents=True)
    pictures = np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pictures)))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count, dtype=np.uint8)))
    return pictures


@pytest.mark.parametrize("inner", [True, False])
def test_mnist_is_read_zipped_or_not_from_its_folder_or_above(tmp_path: Path, inner: bool) -> None:
    pictures = write_mnist(tmp_path / "mnist")
    for split in ("train", "test"):
        found = load_dataset("mnist", tmp_path / "mnist" if inner else tmp_path, split=split)
        assert (found.pictures[:, 0].numpy() == pictures).all()
        assert found.labels.tolist() == list(range(7))
        assert found.classes == Domain("digit", range(10))


def test_the_root_may_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path / "mnist")
    monkeypatch.setenv("NEUROSYM_DATA", str(tmp_path))
    assert len(load_dataset("mnist").labels) == 7
    monkeypatch.setenv("NEUROSYM_DATA", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(DatasetError, match=r"there is no folder .*cache"):
        load_dataset("mnist")


def test_package_data_equal_their_origin_and_splits_share_nothing() -> None:
    whole = load_digits()  # held against the published ones in its own tests
    train, test = load_dataset("mnist5k"), load_dataset("mnist5k", split="test")
    rows = torch.cat([train.pictures, test.pictures]).flatten(1).numpy()
    assert sorted(map(bytes, rows)) == sorted(map(bytes, whole.pictures.flatten(1).numpy()))
    assert torch.equal(whole.labels.bincount(), train.labels.bincount() + test.labels.bincount())
    assert torch.equal(test.labels.bincount(), torch.full((10,), 100))
    assert torch.equal(load_dataset("mnist5k").pictures, train.pictures)
    small = [load_dataset("digits", split=split) for split in ("train", "test")]
    assert sum(len(part.labels) for part in small) == 1797
    assert small[0].pictures.max() == 255


def test_bad_idx_files_are_refused(tmp_path: Path) -> None:
    good = idx(np.zeros((3, 2, 2), dtype=np.uint8))
    path = tmp_path / "file"
    for content, axes, text in (
        (good[:-1], 3, "cut off"),
        (good + b"x", 3, "holds 13"),
        (good[:9], 3, "no IDX file"),
        (b"\x89PNG....................", 3, "no IDX file"),
        (good, 1, "exchanged"),
        (b"", 1, "no IDX file"),
        (b"\0\0\x08\x03" + b"\xff" * 12, 3, "damaged"),
    ):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=text):
            read_idx(path, axes)
    zipped = tmp_path / "file.gz"
    for content in (gzip.compress(good)[:-9], b"no gzip", b"\x1f\x8b\x08\x00" + b"\xff" * 30):
        zipped.write_bytes(content)
        with pytest.raises(DatasetError, match="unpacked"):
            read_idx(zipped, 3)
    with pytest.raises(DatasetError, match="no such file"):
        read_idx(tmp_path / "none", 1)


@given(st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(lambda b: struct.pack(">I", len(b)) + b)))
def test_no_bytes_crash_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(b"\0\0\x08\x01" + content)
    if len(content) >= 4 and int.from_bytes(content[:4], "big") == len(content) - 4:
        assert read_idx(path, 1).numpy().tobytes() == content[4:]
    else:
        with pytest.raises(DatasetError, match="again"):
            read_idx(path, 1)


def test_labels_must_fit(tmp_path: Path) -> None:
    digit = Domain("digit", range(10))
    with pytest.raises(DatasetError, match="10 classes"):
        Dataset("some", torch.zeros(2, 1, 3, 3), torch.tensor([0, 10]), digit)
    with pytest.raises(DatasetError, match="expected"):
        Dataset("some", torch.zeros(3, 1, 3, 3), torch.tensor([0, 1]), digit)
    with pytest.raises(DatasetError, match="expected"):
        Dataset("some", torch.zeros(2, 3, 3), torch.tensor([0, 1]), digit)


def test_a_data_set_shows_what_it_is() -> None:
    digits = load_dataset("digits", split="test")
    assert repr(digits) == "Dataset('digits', 360 pictures of 1 x 8 x 8, 10 classes)"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(DatasetError, match=r"no data set 'mnits'; did you mean 'mnist'\?"):
        load_dataset("mnits")
    for call, text in (
        (lambda: load_dataset("mnits"), f"choose one of {', '.join(DATASETS)}"),
        (lambda: load_dataset("digits", split="validation"), "train or test"),
        (lambda: load_dataset("digits", steps=0), "at least one frame"),
        (lambda: load_dataset("mnist", "/nowhere"), "download=True"),
        (lambda: load_dataset("nmnist", "/nowhere"), "cannot be downloaded"),
    ):
        with pytest.raises(DatasetError, match=text):
            call()


@given(st.integers(1, 59), st.integers(0, 5))
def test_holding_out_parts_without_overlap(count: int, seed: int) -> None:
    labels = torch.arange(60) % 3
    whole = Dataset("some", torch.arange(60).reshape(60, 1, 1, 1), labels, Domain("three", range(3)))
    train, held = hold_out(whole, count, torch.Generator().manual_seed(seed))
    assert len(held.labels) == count
    assert sorted([*train.pictures.flatten().tolist(), *held.pictures.flatten().tolist()]) == list(range(60))
    assert held.labels.bincount(minlength=3).max() - held.labels.bincount(minlength=3).min() <= 1
    assert torch.equal(held.labels, held.pictures.flatten() % 3)


def test_holding_everything_or_nothing_out_is_refused() -> None:
    whole = Dataset("some", torch.zeros(4, 1, 1, 1), torch.zeros(4).long(), Domain("two", range(2)))
    for count in (0, 4, -1):
        with pytest.raises(DatasetError, match="hold"):
            hold_out(whole, count, torch.Generator())


def cifar_records(count: int) -> tuple[bytes, np.ndarray]:
    table = np.random.default_rng(1).integers(0, 256, (count, 3073), dtype=np.uint8)
    table[:, 0] = np.arange(count) % 10
    return table.tobytes(), table


def test_cifar_from_a_folder_and_from_the_archive(tmp_path: Path) -> None:
    data, table = cifar_records(4)
    unpacked = tmp_path / "cifar10" / "cifar-10-batches-bin"
    unpacked.mkdir(parents=True)
    for name in [*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"]:
        (unpacked / name).write_bytes(data)
    found = load_dataset("cifar10", tmp_path)
    assert found.pictures.shape == (20, 3, 32, 32)
    assert (found.pictures[:4].flatten(1).numpy() == table[:, 1:]).all()
    assert found.classes.values[int(found.labels[3])] == "cat"
    archive = tmp_path / "zipped" / "cifar-10-binary.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as file:
        file.add(unpacked, "cifar-10-batches-bin")
    assert torch.equal(load_dataset("cifar10", archive.parent).pictures, found.pictures)
    archive.write_bytes(archive.read_bytes()[:-2000])
    with pytest.raises(DatasetError, match="damaged"):
        load_dataset("cifar10", archive.parent)
    (unpacked / "data_batch_5.bin").write_bytes(data[:-1])
    with pytest.raises(DatasetError, match=r"data_batch_5.bin has 12291 bytes"):
        load_dataset("cifar10", tmp_path)
    (unpacked / "test_batch.bin").unlink()
    with pytest.raises(DatasetError, match=r"holds no test_batch.bin"):
        load_dataset("cifar10", tmp_path, split="test")


def jpeg_archive(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w:xz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def test_jpeg_copies_are_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    archive = tmp_path / "cifar10_jpeg" / "cifar10_jpeg_q75.tar.xz"
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), (250, 10, 10)).save(buffer, "JPEG")
    picture = buffer.getvalue()
    jpeg_archive(archive, {"test/dog/0001.jpg": picture, "test/cat/0000.jpg": picture, "train/dog/0000.jpg": picture})
    found = load_dataset("cifar10-jpeg", tmp_path, split="test")
    assert [found.classes.values[label] for label in found.labels.tolist()] == ["cat", "dog"]
    assert found.pictures[0, :, 5, 5].tolist() == pytest.approx([250, 10, 10], abs=4)
    again = load_dataset("cifar10-jpeg", tmp_path, split="test")
    assert torch.equal(found.pictures, again.pictures)
    kept = tmp_path / "cache" / "neurosym" / "cifar10_jpeg" / "test.npz"
    kept.write_bytes(kept.read_bytes()[:100])  # a damaged cache is made anew
    assert torch.equal(load_dataset("cifar10-jpeg", tmp_path, split="test").pictures, found.pictures)
    for name, content, text in (
        ("train/wolf/0000.jpg", picture, "no folder named by a class"),
        ("train/dog/0000.jpg", picture[: len(picture) // 2], "damaged"),
        ("test/dog/0000.jpg", picture, "holds no pictures under train/"),
    ):
        jpeg_archive(archive, {name: content})
        with pytest.raises(DatasetError, match=text):
            load_dataset("cifar10-jpeg", tmp_path)


class TestDataset:
    """The contract, run by every data set that needs no files of a user's."""

    @pytest.fixture(params=[name for name, source in DATASETS.items() if source.folder is None])
    def name(self, request: pytest.FixtureRequest) -> str:
        return request.param

    def test_pictures_are_bytes_and_labels_are_classes(self, name: str) -> None:
        for split in ("train", "test"):
            found = load_dataset(name, split=split)
            assert found.name == name
            assert found.pictures.dtype == torch.uint8
            assert found.pictures.ndim == 4
            assert found.labels.dtype == torch.int64
            assert set(found.labels.tolist()) == set(range(len(found.classes)))

    def test_it_is_always_the_same_and_its_splits_share_nothing(self, name: str) -> None:
        train, test = load_dataset(name), load_dataset(name, split="test")
        assert torch.equal(load_dataset(name).pictures, train.pictures)
        rows = [set(map(bytes, part.pictures.flatten(1).numpy())) for part in (train, test)]
        assert rows[0].isdisjoint(rows[1])
        assert len(train.labels) > len(test.labels) > 0


def test_each_data_set_says_what_it_is() -> None:
    assert all(source.about and (source.folder or not source.resources) for source in DATASETS.values())
    resources = [resource for source in DATASETS.values() for resource in source.resources]
    assert resources
    assert all(one.url.startswith("https://") and len(bytes.fromhex(one.sha256)) == 32 for one in resources)
