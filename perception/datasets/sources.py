"""The data sets by name: what each consists of, where its files are looked for and where they can be had from."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import MappingProxyType
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from logic import Domain, whole_file

from ..recordings import bin_events, read_events
from ..recordings.compact import parse_compact
from .archive import read_members
from .colour import CLASSES as CIFAR10_CLASSES, read_binary, read_jpeg_archive
from .dataset import Dataset, DatasetError
from .downloading import Resource, download as bring
from .folder import FolderOptions, load_folder
from .idx import read_idx
from .mnist import Digits, load_digits, load_small_digits, split_digits
from .neuromorphic import CAMERA, GESTURES, load_cifar10_dvs, load_gestures, load_words
from .preparation import Preparation

_DIGIT = Domain("digit", range(10))
_GARMENT = Domain(
    "garment", ("t_shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot")
)
_THING = Domain("thing", CIFAR10_CLASSES)
_GESTURE = Domain("gesture", GESTURES)

_IDX_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
_NMNIST_SIZE = (34, 34)


@dataclass(frozen=True)
class Source:
    """A data set that can be loaded.

    Args:
        about: A line for people.
        classes: What its labels mean.
        folder: Name of its folder under the root; none for data that come with a package.
        resources: Its files on the net; none if it cannot be downloaded.
        load: Pictures and labels of a split, given the folder and the number of frames for recordings.
        resized: The same on at most so many pixels across, for recordings of which that can be asked.
        parts: Splits that it has.
    """

    about: str
    classes: Domain
    folder: str | None
    resources: tuple[Resource, ...]
    load: Callable[[Path, str, int], tuple[Tensor, Tensor]]
    resized: Callable[[Path, str, int, int | None], tuple[Tensor, Tensor]] | None = None
    parts: tuple[str, ...] = ("train", "test")


def load_dataset(
    name: str,
    root: str | Path | None = None,
    *,
    split: str = "train",
    steps: int = 8,
    download: bool = False,
    progress: Callable[[int, int], None] | None = None,
    options: FolderOptions | None = None,
) -> Dataset:
    """A data set by its name, one of :data:`DATASETS`, or one of your own in a folder.

    Args:
        name: Such as ``mnist``; or a folder that holds ``train/<class>/<file>`` and ``test/<class>/<file>``, or
            ``<class>/<file>``, or files and a table, pictures or recordings (:func:`perception.datasets.load_folder`).
        root: Folder that holds the data set's folder, or is it. Without it, the environment variable
            ``NEUROSYM_DATA``, and without that ``~/.cache/neurosym``.
        split: ``train`` or ``test``, or ``val`` of a folder that has it. Data that know no such split are split here,
            always in the same way, each class alike.
        steps: Frames per recording, ``T``; of no meaning for pictures.
        download: Whether to bring missing files from the net, by https; files that lie there already must then be the
            published ones, too.
        progress: Called during a download with the number of bytes at hand and of all bytes.
        options: What is said of the files of a folder: size, fitting, unit of time.

    Raises:
        DatasetError: if the name or split is unknown, or files are missing, damaged or cannot be downloaded.

    Example:
        >>> digits = load_dataset("digits", split="test")
        >>> digits.pictures.shape, digits.classes.name
        (torch.Size([360, 1, 8, 8]), 'digit')
    """
    if name not in DATASETS and not (name and Path(name).is_dir()):
        near = get_close_matches(name, DATASETS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise DatasetError(
            f"there is no data set {name!r}{hint}; choose one of {', '.join(DATASETS)}, or name a folder"
        )
    if split not in (DATASETS[name].parts if name in DATASETS else ("train", "test", "val")):
        raise DatasetError(f"there is no split {split!r} of {name}; choose train or test")
    if steps < 1:
        raise DatasetError(f"a recording has at least one frame, got steps = {steps}")
    if name not in DATASETS:
        return load_folder(Path(name), split, steps, options)
    source = DATASETS[name]
    across = options.resize if options else None
    if options is not None and replace(options, resize=None if source.resized else across) != FolderOptions():
        raise DatasetError(f"{name}: is as it was published; only files in a folder are resized or have a unit of time")
    folder = _folder(source, None if root is None else Path(root))
    for resource in source.resources if download else ():
        bring(resource, folder, progress)
    if source.folder is not None and not folder.is_dir():
        remedy = "download it (download=True)" if source.resources else "it cannot be downloaded; put its files there"
        raise DatasetError(f"{name}: there is no folder {folder}; {remedy} or name another root")
    pictures, labels = (
        source.resized(folder, split, steps, across) if source.resized else source.load(folder, split, steps)
    )
    if pictures.ndim == 3:
        return Dataset(name, pictures, labels, source.classes, trains=True)
    channels, size = pictures.shape[-3], (pictures.shape[-2], pictures.shape[-1])
    preparation = Preparation(channels, size)
    if pictures.ndim == 5:
        camera = CAMERA if source.resized else size
        preparation = Preparation(channels, size, pictures.shape[1], camera=camera, coarse=-(-camera[0] // size[0]))
    return Dataset(name, pictures, labels, source.classes, preparation)


def _folder(source: Source, root: Path | None) -> Path:
    """Where the files of a data set lie, or shall lie."""
    if source.folder is None:
        return Path()
    if root is not None:
        return root / source.folder if (root / source.folder).is_dir() or not root.is_dir() else root
    if (named := os.environ.get("NEUROSYM_DATA")) and (Path(named) / source.folder).is_dir():
        return Path(named) / source.folder
    return _cache() / source.folder


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neurosym"


def _load_idx(folder: Path, split: str, steps: int) -> tuple[Tensor, Tensor]:
    pictures, labels = (folder / name for name in _IDX_FILES[split])
    pictures, labels = (path if path.is_file() else path.with_name(path.name + ".gz") for path in (pictures, labels))
    return read_idx(pictures, 3)[:, None], read_idx(labels, 1).long()


def _load_mnist5k(folder: Path, split: str, steps: int) -> tuple[Tensor, Tensor]:
    return _split_here(load_digits(), 100, split)


def _load_small_digits(folder: Path, split: str, steps: int) -> tuple[Tensor, Tensor]:
    return _split_here(load_small_digits(), 36, split)


def _split_here(digits: Digits, held_out: int, split: str) -> tuple[Tensor, Tensor]:
    """The split of data that come without one: of each class, ``held_out`` pictures are for tests."""
    train, test = split_digits(digits, held_out, torch.Generator().manual_seed(0))
    chosen = train if split == "train" else test
    return chosen.pictures, chosen.labels


def _load_cifar10(folder: Path, split: str, steps: int) -> tuple[Tensor, Tensor]:
    archive, unpacked = folder / "cifar-10-binary.tar.gz", folder / "cifar-10-batches-bin"
    if unpacked.is_dir():
        return read_binary(unpacked, split)
    return read_binary(archive if archive.is_file() else folder, split)


def _load_cifar10_jpeg(folder: Path, split: str, steps: int) -> tuple[Tensor, Tensor]:
    """Decoding takes half a minute, so what came out is kept in the cache."""
    archive = folder / "cifar10_jpeg_q75.tar.xz"
    kept = _cache() / "cifar10_jpeg" / f"{split}.npz"
    if archive.is_file() and kept.is_file() and kept.stat().st_mtime > archive.stat().st_mtime:
        try:
            with kept.open("rb") as file, np.load(file) as arrays:
                return torch.from_numpy(arrays["pictures"]), torch.from_numpy(arrays["labels"])
        except (OSError, KeyError, ValueError, BadZipFile):
            kept.unlink()
    pictures, labels = read_jpeg_archive(archive, split)
    with whole_file(kept) as place:
        np.savez(place, pictures=pictures.numpy(), labels=labels.numpy())
    return pictures, labels


def _load_nmnist(folder: Path, split: str, steps: int) -> tuple[Tensor, Tensor]:
    """Recordings of N-MNIST as published: ``Train/<digit>/<number>.bin`` and ``Test/<digit>/<number>.bin``."""
    files = sorted((folder / split.capitalize()).glob("[0-9]/*.bin"))
    if not files:
        raise DatasetError(f"{folder / split.capitalize()}: holds no <digit>/<number>.bin; unpack N-MNIST there")
    frames = [bin_events(read_events(file), steps, _NMNIST_SIZE) for file in files]
    return torch.stack(frames), torch.tensor([int(file.parent.name) for file in files])


def _load_nmnist_small(folder: Path, split: str, steps: int) -> tuple[Tensor, Tensor]:
    """1,000 + 100 recordings in one archive, their numbers and labels in a table beside it."""
    archive, table = folder / "nmnist_small_bs2.tar.xz", folder / ("train1K.txt" if split == "train" else "test100.txt")
    try:
        labels = [(row.split()[0], int(row.split()[1])) for row in table.read_text().splitlines()[1:]]
    except (OSError, ValueError, IndexError) as fault:
        raise DatasetError(f"{table}: is no table of numbers and labels ({fault}); get the file again") from None
    if not labels:
        raise DatasetError(f"{table}: names no recordings; the file is cut off, get it again")
    recordings = read_members(archive, (".bs2",))
    missing = [number for number, _ in labels if f"{number}.bs2" not in recordings]
    if missing:
        raise DatasetError(f"{archive}: holds no {missing[0]}.bs2, which {table.name} names; get the archive again")
    frames = [
        bin_events(parse_compact(recordings[f"{number}.bs2"], f"{archive}: {number}.bs2"), steps, _NMNIST_SIZE)
        for number, _ in labels
    ]
    return torch.stack(frames), torch.tensor([label for _, label in labels])


def _resources(base: str, published: Sequence[tuple[str, int]]) -> tuple[Resource, ...]:
    """The four files of an IDX data set, checksums and sizes in the order of training and test pictures and labels."""
    names = [name for pair in _IDX_FILES.values() for name in pair]
    return tuple(Resource(f"{base}/{name}.gz", *known) for name, known in zip(names, published, strict=True))


_MNIST = _resources(
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    (
        ("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9_912_422),
        ("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881),
        ("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1_648_877),
        ("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542),
    ),
)
_FASHION = _resources(  # the publisher's own server knows no https, the repository of the publisher does
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    (
        ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880),
        ("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515),
        ("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102),
        ("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148),
    ),
)
_CIFAR10 = (
    Resource(
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        170_052_171,
    ),
)


def _recorded(
    about: str, classes: Domain, folder: str, load: Callable[[Path, str, int, int | None], tuple[Tensor, Tensor]]
) -> Source:
    return Source(about, classes, folder, (), lambda place, split, steps: load(place, split, steps, None), load)


def _spoken(name: str, about: str, words: int, parts: tuple[str, ...]) -> Source:
    return Source(about, Domain("word", range(words)), name, (), partial(load_words, name), parts=parts)


DATASETS: Mapping[str, Source] = MappingProxyType(
    {
        "digits": Source("1,797 digits of 8 x 8 pixels", _DIGIT, None, (), _load_small_digits),
        "mnist5k": Source("5,000 digits of MNIST's training part", _DIGIT, None, (), _load_mnist5k),
        "mnist": Source("70,000 digits of 28 x 28 pixels", _DIGIT, "mnist", _MNIST, _load_idx),
        "fashion-mnist": Source("70,000 garments of 28 x 28 pixels", _GARMENT, "fashion_mnist", _FASHION, _load_idx),
        "cifar10": Source("60,000 colour pictures of 32 x 32 pixels", _THING, "cifar10", _CIFAR10, _load_cifar10),
        "cifar10-jpeg": Source("CIFAR-10 (JPEG q75 copy)", _THING, "cifar10_jpeg", (), _load_cifar10_jpeg),
        "nmnist": Source("70,000 digits seen by an event camera", _DIGIT, "nmnist", (), _load_nmnist),
        "nmnist-small": Source("1,100 of them", _DIGIT, "nmnist_small", (), _load_nmnist_small),
        "dvs-gesture": _recorded("1,342 gestures of 29 people", _GESTURE, "dvs_gesture", load_gestures),
        "cifar10-dvs": _recorded("10,000 pictures seen by an event camera", _THING, "cifar10_dvs", load_cifar10_dvs),
        "shd": _spoken("shd", "10,420 spoken digits as spikes", 20, ("train", "test")),
        "ssc": _spoken("ssc", "105,829 spoken words as spikes", 35, ("train", "test", "val")),
    }
)
