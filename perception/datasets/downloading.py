"""Downloads that can be cut off and go on, and that are believed only if their checksum is right."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from .dataset import DatasetError

_CHUNK = 1 << 20
_SECONDS = 30.0  # without a byte


@dataclass(frozen=True)
class Resource:
    """A file on the net.

    Args:
        url: Where it lies.
        md5: Its checksum, as its publisher states it.
    """

    url: str
    md5: str

    @property
    def file(self) -> str:
        """Its name without the path."""
        return self.url.rpartition("/")[2]


def download(resource: Resource, folder: Path, progress: Callable[[int, int], None] | None = None) -> Path:
    """Brings a file into a folder unless it lies there already.

    What came before a cut is kept in ``<name>.part`` and the rest is asked for the next time.

    Args:
        resource: What to bring.
        folder: Where to; it is made.
        progress: Called with the number of bytes at hand and of all bytes (0 if the server does not say).

    Returns:
        The file.

    Raises:
        DatasetError: if there is no network, the server refuses, or the checksum is wrong.
    """
    path = folder / resource.file
    if path.exists():
        return path
    part = path.with_name(path.name + ".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(resource.url, part, progress)
    except (OSError, HTTPException) as fault:
        raise DatasetError(
            f"{resource.url}: cannot be downloaded ({fault}); check the network and try again (it goes on where it "
            f"stopped), or put the file into {folder} yourself"
        ) from None
    found = hashlib.md5(part.read_bytes(), usedforsecurity=False).hexdigest()
    if found != resource.md5:
        part.unlink()
        raise DatasetError(
            f"{resource.url}: the downloaded file has the checksum {found}, expected {resource.md5}; it was thrown "
            f"away, try again"
        )
    part.replace(path)
    return path


def _fetch(url: str, part: Path, progress: Callable[[int, int], None] | None) -> None:
    """Appends to ``part`` what is missing of the file behind ``url``."""
    there = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    try:
        response = urlopen(request, timeout=_SECONDS)
    except HTTPError as fault:
        if there and fault.code == 416:  # nothing is missing; the checksum decides
            return
        raise
    with response:
        resumes = response.status == 206  # 200: the server sends everything from the start
        done = there if resumes else 0
        total = done + int(response.headers.get("Content-Length") or -done)
        with part.open("ab" if resumes else "wb") as file:
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(done, total)
        if done < total:
            raise OSError(f"the connection broke after {done} of {total} bytes")
