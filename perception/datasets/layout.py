"""Which files of a folder belong to which part and class: by sub-folders, or by a table (``.csv``)."""

import csv
import os
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..recordings import RECORDINGS
from .dataset import DatasetError

PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
PARTS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "val": ("val", "valid", "validation", "dev"),
}
_COLUMNS = {
    "file": ("file", "filename", "file_name", "path", "image", "picture", "name", "id", "image_id"),
    "label": ("label", "class", "target", "category", "y"),
    "part": ("split", "part", "set", "subset"),
}
_SILENT = (".csv", ".db", ".ini", ".json", ".md", ".txt", ".xml", ".yaml", ".yml")  # notes beside the files
_FOR_TEST = 5  # one in so many, if nobody says which
_MOST_FILES = 1_000_000
_MOST_ROW = 1 << 16  # bytes of a line of a table


class LayoutWarning(UserWarning):
    """Files of a folder that were passed over or parted here; the text says how."""


@dataclass(frozen=True)
class Layout:
    """The files of a data set.

    Args:
        place: Its folder.
        classes: Names, sorted.
        parts: Files with the names of their classes, by ``train``, ``test`` and, if there is one, ``val``.
        recordings: Whether they are recordings of an event camera.
    """

    place: Path
    classes: tuple[str, ...]
    parts: Mapping[str, Sequence[tuple[Path, str]]]
    recordings: bool


def find_files(place: Path) -> Layout:
    """The files of a folder: ``train/<class>/``, ``test/<class>/`` perhaps ``val/<class>/``; ``<class>/``; a table.

    A table has the columns ``file`` and ``label``, and perhaps ``split``; or there are ``train.csv`` and ``test.csv``.
    Where nothing says what is for tests, one file in five of each class is, always the same. Hidden files are passed
    over; a ``val`` without a ``test`` is the test part.

    Raises:
        DatasetError: if a part or a class is empty, a file is missing or of a class that training lacks, or pictures
            and recordings are mixed.

    Warns:
        LayoutWarning: if files were passed over, or the parts were chosen here.
    """
    folders = _folders(place)
    named = {part: folders[name] for part, names in PARTS.items() for name in names if name in folders}
    tables = sorted(file for file in place.iterdir() if file.suffix.lower() == ".csv" and not _hidden(file))
    found = {part: files for part, folder in named.items() if (files := list(_by_class(folder)))}
    if "train" in found and ("test" in found or "val" in found):
        parts = found
    elif tables:
        parts = _from_tables(place, tables)
    elif "train" in named or "test" in named:
        missing = next((part for part in ("train", "test") if part not in named), None)
        if missing:
            raise DatasetError(f"{place}: holds no folder {missing}; put the files into {missing}/<class>/")
        empty = next(named[part] for part in ("train", "test") if part not in found)
        raise DatasetError(f"{empty}: holds no <class>/<file> ending in {', '.join((*PICTURES, *RECORDINGS))}")
    else:
        parts = _parted(place, list(_by_class(place)))
    parts = {"test" if part == "val" and "test" not in parts else part: files for part, files in parts.items()}
    return _checked(place, parts, named)


def _checked(place: Path, parts: dict[str, list[tuple[Path, str]]], named: Mapping[str, Path]) -> Layout:
    classes = sorted({label for _, label in parts["train"]})
    if "train" in named:  # a folder without usable files is a class that would be missed
        held = sorted(folder.name for folder in _folders(named["train"]).values())
        if empty := next((name for name in held if name not in classes and _visible(named["train"] / name)), None):
            endings = Counter(file.suffix.lower() or "no ending" for file in _visible(named["train"] / empty))
            told = ", ".join(ending for ending, _ in endings.most_common(3))
            raise DatasetError(
                f"{named['train'] / empty}: holds files with {told}, none of {', '.join((*PICTURES, *RECORDINGS))}"
            )
    for files in parts.values():
        for file, label in files:
            if label not in classes:
                raise DatasetError(f"{file}: its class has no folder in train; there are {', '.join(classes)}")
    kinds = {file.suffix.lower() in RECORDINGS for files in parts.values() for file, _ in files}
    if len(kinds) == 2:
        raise DatasetError(f"{place}: holds both pictures and recordings; keep them apart")
    return Layout(place, tuple(classes), parts, kinds.pop())


def files_below(folder: Path) -> list[Path]:
    """The pictures and recordings in a folder and below, sorted, without hidden ones.

    Raises:
        DatasetError: if there are too many.
    """
    return [file for file in _visible(folder) if file.suffix.lower() in (*PICTURES, *RECORDINGS)]


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "__MACOSX", "Thumbs.db"))


def _folders(place: Path) -> dict[str, Path]:
    """Sub-folders by their names in small letters."""
    return {
        folder.name.lower(): folder for folder in sorted(place.iterdir()) if folder.is_dir() and not _hidden(folder)
    }


def _visible(folder: Path) -> list[Path]:
    """Files in a folder and below, without those that are hidden; links to folders are not followed."""

    def walk() -> Iterator[Path]:
        for home, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if not _hidden(Path(name)))
            yield from (Path(home) / name for name in sorted(names) if not _hidden(Path(name)))

    found = list(islice(walk(), _MOST_FILES + 1))
    if len(found) > _MOST_FILES:
        raise DatasetError(f"{folder}: holds more than {_MOST_FILES:,} files; give a smaller folder")
    return found


def _by_class(place: Path) -> Iterator[tuple[Path, str]]:
    """Files with the names of the sub-folders that they lie in."""
    strange, usable = Counter[str](), False
    for folder in _folders(place).values():
        for file in _visible(folder):
            ending = file.suffix.lower()
            if ending in PICTURES or ending in RECORDINGS:
                usable = True
                yield file, folder.name
            elif ending not in _SILENT:
                strange[ending or "no ending"] += 1
    if strange and usable:
        told = ", ".join(f"{count} with {ending}" for ending, count in strange.most_common(5))
        warnings.warn(f"{place}: passed over {told}, whose format is not read", LayoutWarning, stacklevel=2)


def _parted(place: Path, files: list[tuple[Path, str]]) -> dict[str, list[tuple[Path, str]]]:
    """One file in five of each class for tests, evenly from its first to its last."""
    if not files:
        raise DatasetError(
            f"{place}: holds no folder train; put the files into train/<class>/ and test/<class>/, or beside a table "
            f"(.csv) with the columns file, label and split"
        )
    rank = Counter[str]()
    parts: dict[str, list[tuple[Path, str]]] = {"train": [], "test": []}
    for file, label in files:
        rank[label] += 1
        parts["train" if rank[label] % _FOR_TEST else "test"].append((file, label))
    if not parts["test"]:
        raise DatasetError(f"{place}: has less than {_FOR_TEST} files of each class; put some into test/<class>/")
    warnings.warn(
        f"{place}: nothing says which files are for tests; {len(parts['test'])} of {len(files)} are, one in "
        f"{_FOR_TEST} of each class (put them into train/<class>/ and test/<class>/ to choose)",
        LayoutWarning,
        stacklevel=2,
    )
    return parts


def _from_tables(place: Path, tables: Sequence[Path]) -> dict[str, list[tuple[Path, str]]]:
    by_name = {part: table for part, names in PARTS.items() for table in tables if table.stem.lower() in names}
    if "train" in by_name and len(by_name) > 1:
        return {part: [row[:2] for row in _rows(place, table)] for part, table in by_name.items()}
    table = by_name.get("train") or tables[0]
    if len(tables) > 1 and not by_name:
        raise DatasetError(
            f"{place}: holds the tables {', '.join(t.name for t in tables)}; keep one, or train and test"
        )
    rows = list(_rows(place, table))
    if all(part is None for _, _, part in rows):
        return _parted(place, [row[:2] for row in rows])
    known = {name: part for part, names in PARTS.items() for name in names}
    parts: dict[str, list[tuple[Path, str]]] = {}
    for file, label, part in rows:
        if (part or "").lower() not in known:
            raise DatasetError(f"{table}: {file.name} is of the part {part!r}; expected train, test or val")
        parts.setdefault(known[(part or "").lower()], []).append((file, label))
    if "train" not in parts or len(parts) < 2:
        raise DatasetError(f"{table}: has no rows of {'test' if 'train' in parts else 'train'}; say it in column split")
    return parts


def _rows(place: Path, table: Path) -> Iterator[tuple[Path, str, str | None]]:
    """Files, labels and parts of a table; file names may lack their endings and lie in sub-folders."""
    try:
        lines = table.read_text("utf-8-sig").splitlines()
        rows = [row for row in csv.reader(line for line in lines if len(line) < _MOST_ROW) if row]
    except (OSError, UnicodeError, csv.Error) as fault:
        raise DatasetError(f"{table}: cannot be read as a table ({fault}); save it as CSV in UTF-8") from None
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    at = {kind: next((head.index(n) for n in names if n in head), None) for kind, names in _COLUMNS.items()}
    beside = {name: file for file in reversed(_visible(place)) for name in (_under(place, file), file.name, file.stem)}
    if at["file"] is None or at["label"] is None:
        if len(head) < 2 or rows[0][0].strip() not in beside:
            raise DatasetError(f"{table}: has the columns {', '.join(head) or 'of nothing'}; expected file and label")
        at = {"file": 0, "label": 1, "part": 2 if len(head) > 2 else None}
    else:
        rows = rows[1:]
    if not rows:
        raise DatasetError(f"{table}: has no rows; the file is cut off")
    for number, row in enumerate(rows, start=1):
        cells = {
            kind: row[column].strip() if column < len(row) else "" for kind, column in at.items() if column is not None
        }
        file = beside.get(cells["file"].removeprefix("./"))
        if file is None or not cells["label"]:
            what = f"names {cells['file']!r}, which is not there" if file is None else "has no label"
            raise DatasetError(f"{table}: row {number} {what}")
        if file.suffix.lower() not in (*PICTURES, *RECORDINGS):
            raise DatasetError(f"{table}: row {number} names {file.name}, whose format is not read")
        yield file, cells["label"], cells.get("part")


def _under(place: Path, file: Path) -> str:
    return file.relative_to(place).as_posix()
