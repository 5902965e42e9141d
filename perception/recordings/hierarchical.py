"""Events in HDF5 files: one table or one array for each column, wherever they stand.

What lies outside of the file is never followed: neither links nor data kept elsewhere.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from .events import MOST_BYTES, Events, RecordingError
from .tables import find_columns, from_array, from_columns

_NODES = 256  # groups and data sets that are looked at
_INSTALL = "is HDF5 and needs the package h5py; pip install 'neurosym[events]'"


def from_hdf5(path: Path, unit: str | None) -> Events:
    """The events of the first group that has the columns t, x, y and p, or of the first table that has.

    Raises:
        RecordingError: if there are none, the file is damaged, packed in a way that is not known, or too large.
    """
    with opened(path) as file:
        for name, node in nodes(file):
            if hasattr(node, "dtype"):
                if node.dtype.names and find_columns(node.dtype.names):
                    return from_array(read(node, f"{path}: {name}"), str(path), unit)
                continue
            columns = find_columns([key for key in node if is_own(node, key) and hasattr(node[key], "dtype")])
            if columns:
                found = {one: read(node[key], f"{path}: {key}") for one, key in columns.items()}
                return from_columns(found, str(path), unit)
    raise RecordingError(f"{path}: holds no group or table with the columns t, x, y and p; export the events so")


class opened:
    """An HDF5 file, whose faults are said in one sentence.

    Args:
        path: The file.

    Raises:
        RecordingError: if it is none, or h5py is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: Any = import_module("h5py").File(path, "r")
        except ModuleNotFoundError:
            raise RecordingError(f"{path}: {_INSTALL}") from None
        except (OSError, RuntimeError, ValueError) as fault:
            raise RecordingError(f"{path}: cannot be read as HDF5 ({_line(fault)}); get the file again") from None

    def __enter__(self) -> Any:
        return self._file

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: object) -> None:
        self._file.close()
        if isinstance(fault, Exception) and not isinstance(fault, RecordingError):
            raise RecordingError(
                f"{self._path}: is damaged or packed in a way that h5py does not know ({_line(fault)}); "
                f"get it again, or export it without"
            ) from None


def nodes(file: Any) -> Iterator[tuple[str, Any]]:
    """The groups and data sets of a file by name, from the root down."""
    todo = [("/", file)]
    for _ in range(_NODES):
        if not todo:
            return
        name, node = todo.pop(0)
        yield name, node
        if not hasattr(node, "dtype"):
            todo += [(f"{name.rstrip('/')}/{key}", node[key]) for key in node if is_own(node, key)]


def within(file: Any, path: str) -> Any:
    """The node at a path of the file itself.

    Raises:
        RecordingError: if there is none.
    """
    node = file
    for key in path.split("/"):
        if hasattr(node, "dtype") or key not in node or not is_own(node, key):
            raise RecordingError(f"{file.filename}: holds no {path}; get the file again")
        node = node[key]
    return node


def is_own(group: Any, key: str) -> bool:
    """Whether what a group names lies in the file itself, and only once."""
    return type(group.get(key, getlink=True)).__name__ == "HardLink" and hasattr(group.get(key), "attrs")


def read(node: Any, name: str) -> Any:
    """The numbers of a data set.

    Raises:
        RecordingError: if they are too many, or lie in another file.
    """
    if node.external or node.is_virtual:
        raise RecordingError(f"{name}: lies in another file; put everything into one")
    if node.size is None or node.size * node.dtype.itemsize > MOST_BYTES:
        raise RecordingError(f"{name}: has more than {MOST_BYTES:,} bytes, or none; cut the recording into parts")
    return node[()]


def _line(fault: BaseException) -> str:
    return " ".join(str(fault).split())[:200]
