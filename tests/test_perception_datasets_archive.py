"""Hostile archives: bombs, names outside, links, devices, lying sizes end in one sentence, soon and in little room."""

import gzip
import io
import random
import tarfile
import time
import tracemalloc
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from perception import DatasetError
from perception.datasets.archive import read_members


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, **fields: object) -> bytes:
    """Header and content of a member; a header may say another size than the content has."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    padding = -len(content) % tarfile.BLOCKSIZE
    return info.tobuf(tarfile.GNU_FORMAT) + content + bytes(padding)


def zeros(path: Path, head: bytes, count: int) -> None:
    """A gzipped file of a header and so many zeros, written piece by piece."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(head)
        for _ in range(count >> 20):
            file.write(bytes(1 << 20))


GOOD = member("a.bin", b"content")
BAD = {
    "parent": (member("../a.bin", b"content"), "outside"),
    "hidden parent": (member("./x/../../a.bin", b"content"), "outside"),
    "absolute": (member("/etc/a.bin", b"content"), "outside"),
    "outside, unwanted": (GOOD + member("../b.txt"), "outside"),
    "symbolic link": (member("b.bin", kind=tarfile.SYMTYPE, linkname="/etc/passwd"), "no plain file"),
    "hard link": (GOOD + member("b.bin", kind=tarfile.LNKTYPE, linkname="a.bin"), "no plain file"),
    "link to itself": (member("b.bin", kind=tarfile.SYMTYPE, linkname="b.bin"), "no plain file"),
    "character device": (member("zero.bin", kind=tarfile.CHRTYPE, devmajor=1, devminor=5), "no plain file"),
    "block device": (member("disk.bin", kind=tarfile.BLKTYPE), "no plain file"),
    "pipe": (member("pipe.bin", kind=tarfile.FIFOTYPE), "no plain file"),
    "twice": (GOOD + member("./a.bin", b"other"), "twice"),
    "more than there is": (member("a.bin", b"content", size=1 << 20), "damaged"),
    "unwanted, more than there is": (member("a.txt", b"content", size=1 << 20), "damaged"),
    "huge": (member("a.bin", b"content", size=65 << 20), "of 68,157,440 bytes"),
    "huge, unwanted": (member("a.txt", b"content", size=3 << 30), "more than 2,147,483,648 bytes"),
    "negative": (member("a.bin", b"content", size=-(1 << 20)), "damaged|header"),
    "huge extended header": (member("a", b"content", tarfile.XHDTYPE, size=2 << 20), "a header of more than"),
    "huge name": (member("a", b"content", tarfile.GNUTYPE_LONGNAME, size=1 << 33), "a header of more than"),
    "chain of names": (member("a", b"b" * 9, tarfile.GNUTYPE_LONGNAME) * 5000, "damaged|a header of more than"),
    "sparse": (
        member("a", b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n30 GNU.sparse.realsize=99999\n", tarfile.XHDTYPE)
        + member("a.bin", b"1\n0\n9\n".ljust(512, b"\0") + b"content"),
        "no plain file",
    ),
    "sparse map without an end": (
        member("a", b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n", tarfile.XHDTYPE)
        + member("a.bin", b"99999999\n" + b"0\n" * (2 << 20)),
        "a header of more than",
    ),
    "no header": (b"nonsense" * 200, "damaged"),
    "nothing": (b"", "damaged"),
}


@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", BAD)
def test_hostile_archives_are_refused(tmp_path: Path, kind: str, packed: Callable[[bytes], bytes]) -> None:
    content, text = BAD[kind]
    path = tmp_path / "some.tar"
    path.write_bytes(packed(content + (bytes(1024) if content else b"")))
    with pytest.raises(DatasetError, match=text) as caught:
        read_members(path, (".bin",))
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["a.bin", "a.txt"])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, name: str) -> None:
    """A member of 3 GB is not unpacked to be found too large."""
    path = tmp_path / "bomb.tgz"
    zeros(path, member(name, size=3 << 30), 64 << 20)
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(DatasetError, match="as no data set does"):
        read_members(path, (".bin",))
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()
    assert time.process_time() - start < 0.5


def test_many_small_members_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perception.datasets.archive._MEMBERS", 2_000)
    path = tmp_path / "many.tgz"
    path.write_bytes(gzip.compress(member("a.txt") * 2_001, 1))
    with pytest.raises(DatasetError, match="more than 2,000 members"):
        read_members(path, (".bin",))


def damaged(content: bytes, generator: random.Random, count: int) -> Iterable[bytes]:
    for _ in range(count):
        changed = bytearray(content)
        for _ in range(generator.randrange(1, 6)):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
        yield bytes(changed[: generator.randrange(len(changed))] if generator.random() < 0.2 else changed)


@pytest.mark.parametrize("kind", ["", "gz", "bz2", "xz"])
def test_no_damage_is_a_traceback(tmp_path: Path, kind: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{kind}", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        for number in range(4):
            info = tarfile.TarInfo(f"{'ü' * 90 * (number % 2)}{number}.bin")
            info.size = 700 * number
            tar.addfile(info, io.BytesIO(bytes(info.size)))
    path = tmp_path / "some.tar"
    path.write_bytes(buffer.getvalue())
    assert sorted(map(len, read_members(path, (".bin",)).values())) == [0, 700, 1400, 2100]
    for content in damaged(buffer.getvalue(), random.Random(0), 100):
        path.write_bytes(content)
        with suppress(DatasetError):  # the damage may lie in the content
            read_members(path, (".bin",))
