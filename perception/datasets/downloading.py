"""Downloads that can be cut off and go on, and that are believed only if size and checksum are right."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from .dataset import DatasetError

_CHUNK = 1 << 20
_SECONDS = 30.0  # without a byte


@dataclass(frozen=True)
class Resource:
    """A file on the net.

    Args:
        url: Where it lies; nothing but ``https`` is asked, nor followed when the server sends elsewhere.
        sha256: Its checksum, in hexadecimal digits.
        size: Bytes; a server that sends more is not listened to any longer.
    """

    url: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        """Its name without the path."""
        return self.url.rpartition("/")[2]


def download(resource: Resource, folder: Path, progress: Callable[[int, int], None] | None = None) -> Path:
    """Brings a file into a folder unless it lies there already; what lies there must be the published file, too.

    What came before a cut is kept in ``<name>.part`` and the rest is asked for the next time. Several processes may
    ask for the same file: one brings it while the others wait.

    Args:
        resource: What to bring.
        folder: Where to; it is made.
        progress: Called with the number of bytes at hand and of all bytes.

    Returns:
        The file.

    Raises:
        DatasetError: if there is no network, the server refuses, the address is not secure, another file lies there
            or the checksum is wrong.
    """
    path = folder / resource.file
    if not resource.url.startswith("https://"):
        raise DatasetError(f"{resource.url}: is no https address; bring the file by hand and put it into {folder}")
    try:
        if path.exists():
            return _verified(path, resource)
        folder.mkdir(parents=True, exist_ok=True)
        with _only_one(path.with_name(path.name + ".part")) as (part, file):
            if path.exists():  # another process brought it meanwhile
                part.unlink()
                return _verified(path, resource)
            _fetch(resource, file, progress)
            file.flush()
            os.fsync(file.fileno())
            if (found := _checksum(part)) != resource.sha256:
                part.unlink()
                raise DatasetError(
                    f"{resource.url}: the downloaded file has the SHA-256 {found}, expected {resource.sha256}; it was "
                    f"thrown away, try again"
                )
            part.replace(path)
    except DatasetError:
        raise
    except (OSError, HTTPException) as fault:
        raise DatasetError(
            f"{resource.url}: cannot be downloaded ({fault}); check the network and try again (it goes on where it "
            f"stopped), or put the file into {folder} yourself"
        ) from None
    return path


def _verified(path: Path, resource: Resource) -> Path:
    """A file that was there before, if it is the published one; it may be the user's own, so it is left alone."""
    if path.stat().st_size != resource.size or _checksum(path) != resource.sha256:
        raise DatasetError(
            f"{path}: is not the file of {resource.url} (its size or SHA-256 differs); move it away to have the "
            f"published one brought, or load what you have without a download"
        )
    return path


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _only_one(part: Path) -> Generator[tuple[Path, IO[bytes]]]:
    """The file to append to, held by this process alone; the system lets go of it when the process dies."""
    while True:
        with part.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                same = os.path.samestat(os.fstat(file.fileno()), part.stat())
            except FileNotFoundError:
                same = False
            if same:  # else it was put in place or thrown away while this process waited
                yield part, file
                return


class _OnlySecure(HTTPRedirectHandler):
    """Follows a server to another address only if that is secure, too."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if not newurl.startswith("https://"):
            raise URLError(f"the server sends to {newurl[:200]!r}, which is no https address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(resource: Resource, file: IO[bytes], progress: Callable[[int, int], None] | None) -> None:
    """Appends what is missing."""
    if file.tell() >= resource.size:  # the checksum decides
        return
    request = Request(resource.url, headers={"Range": f"bytes={file.tell()}-"} if file.tell() else {})
    try:
        response = build_opener(_OnlySecure).open(request, timeout=_SECONDS)
    except HTTPError as fault:
        fault.close()
        if fault.code != 416:
            raise
        file.truncate(0)  # the server knows of no such rest: begin anew the next time
        raise URLError("the server has no more of it than what lies here") from None
    with response:
        if response.status != 206:  # the server sends everything from the start
            file.truncate(0)
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {file.tell()}-"):
            raise URLError("the server sends another part than the one that is missing")
        done = file.seek(0, os.SEEK_END)
        while chunk := response.read(_CHUNK):
            done += len(chunk)
            if done > resource.size:
                file.truncate(0)
                raise URLError(f"the server sends more than the {resource.size} bytes that the file has")
            file.write(chunk)
            if progress is not None:
                progress(done, resource.size)
        if done < resource.size:
            raise URLError(f"the connection broke after {done} of {resource.size} bytes")
