"""Files out of a tar archive, without unpacking it to disk."""

import lzma
import tarfile
import zlib
from pathlib import Path

from .dataset import DatasetError


def read_members(archive: Path, endings: tuple[str, ...], start: str = "") -> dict[str, bytes]:
    """The files of an archive whose names begin and end so; the archive is read once, from front to back.

    Args:
        archive: A ``.tar``, however compressed.
        endings: What the names may end in.
        start: What they begin with.

    Returns:
        Contents by name.

    Raises:
        DatasetError: if the archive is missing, cut off or damaged.
    """
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:*") as file:
            for member in file:
                name = member.name.removeprefix("./")
                content = file.extractfile(member) if name.startswith(start) and name.endswith(endings) else None
                if content is not None:
                    found[name] = content.read()
    except FileNotFoundError:
        raise DatasetError(f"{archive}: there is no such file; check the path or download it") from None
    except (OSError, EOFError, tarfile.TarError, lzma.LZMAError, zlib.error) as fault:
        reason = str(fault).partition("\n")[0].rstrip(":")  # more lines say what each kind of compression makes of it
        raise DatasetError(f"{archive}: the archive is damaged ({reason}); get it again") from None
    return found
