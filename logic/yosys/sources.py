"""The Verilog files of a design, copied into the one folder that yosys sees, with all files that they include."""

import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import FormatError

_READS = re.compile(rb'(`include\s*|\$readmem[bh]\s*\(\s*)"([^"\n\\]*)"')
_MOST = 1 << 26  # bytes of all files together
_MANY = 4096  # files


@dataclass
class Sources:
    """What yosys is given.

    Args:
        folders: In which included files are looked for, and out of which none is taken.
        copies: The files, by their names in the folder of yosys.
        given: How the user calls them, by the same names.
        tops: Names of the files that are read one after the other.
    """

    folders: tuple[Path, ...]
    copies: dict[str, bytes] = field(default_factory=dict[str, bytes])
    given: dict[str, str] = field(default_factory=dict[str, str])
    tops: list[str] = field(default_factory=list[str])

    def place(self, name: str) -> str:
        """How the user calls a file of yosys' folder."""
        return self.given.get(name.removeprefix("./"), name)

    def error(self, name: str, line: int, problem: str) -> FormatError:
        """An error in a file of yosys' folder."""
        return FormatError(f"{self.place(name)}:{line}: {problem}")


def gather(files: Sequence[tuple[str, bytes]], folders: Sequence[Path]) -> Sources:
    """The files with those that they include or read into memories, under flat names.

    A name that is included is looked for beside the file that includes it and in ``folders``. What lies in none of
    these folders (an absolute path, ``../``, a link that leads out) is left for yosys to miss.

    Args:
        files: Name and content of each.
        folders: That may be looked into, with what is in them.

    Raises:
        FormatError: if there are too many, or they are too large.
    """
    found = Sources(tuple(folder.resolve() for folder in folders))
    known: dict[Path, str] = {}
    size = 0

    def take(given: str, suffix: str) -> str:
        if len(found.given) >= _MANY:
            raise FormatError(f"{given}: the design has more than {_MANY} files; give less")
        name = f"f{len(found.given)}{suffix}"
        found.given[name] = given
        return name

    def copy(name: str, data: bytes, beside: Path | None) -> None:
        nonlocal size
        size += len(data)
        if size > _MOST:
            raise FormatError(f"{found.given[name]}: with it the design has more than {_MOST >> 20} MiB; give less")

        def renamed(match: re.Match[bytes]) -> bytes:
            path = _find(match[2], beside, found.folders)
            if path is None:
                return match[0]
            if path not in known:
                included = match[1][:1] == b"`"
                known[path] = take(str(path), ".vh" if included else ".dat")
                copy(known[path], path.read_bytes().removeprefix(BOM_UTF8), path.parent if included else None)
            return match[1] + b'"' + known[path].encode() + b'"'

        found.copies[name] = data if name.endswith(".dat") else _READS.sub(renamed, data)

    for given, data in files:
        netlist = data[:1] == b"{" or data.lstrip()[:1] == b"{"  # of yosys, in JSON
        name = take(given, ".json" if netlist else ".sv" if given.endswith(".sv") else ".v")
        copy(name, data, Path(given).resolve().parent if found.folders else None)
        found.tops.append(name)
    return found


def _find(name: bytes, beside: Path | None, folders: Sequence[Path]) -> Path | None:
    """The file of that name, if it is within one of the folders."""
    try:
        text = name.decode()
        for folder in (*([beside] if beside else []), *folders):
            path = (folder / text).resolve()
            if path.is_file() and any(path.is_relative_to(known) for known in folders):
                return path
    except (OSError, ValueError):  # no name that a file can have
        return None
    return None
