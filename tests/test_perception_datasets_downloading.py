"""Downloads over a real https server that breaks, lies and sends elsewhere: the published file or one sentence."""

import hashlib
import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

import pytest

from perception import DatasetError, load_dataset
from perception.datasets.downloading import Resource, download

CONTENT = bytes(range(256)) * 40
PUBLISHED = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class _Behaviour:
    """How the server answers; what it was asked for."""

    breaks: bool = False
    ranges: bool = True
    content: bytes = CONTENT
    sends_to: str | None = None
    asked: list[str | None] = field(default_factory=list[str | None])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine, and its key."""
    if which("openssl") is None:
        pytest.skip("openssl makes the certificate of the server")
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.fixture
def server(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Resource, _Behaviour]]:
    """A server that is trusted here, its file, and how it behaves."""
    behaviour = _Behaviour()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            behaviour.asked.append(asked)
            if behaviour.sends_to is not None:
                self.send_response(302)
                self.send_header("Location", behaviour.sends_to)
                self.end_headers()
                return
            start = int(asked[6:-1]) if asked and behaviour.ranges else 0
            if start >= len(behaviour.content):
                self.send_error(416)
                return
            rest = behaviour.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(rest)))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{start + len(rest) - 1}/{len(behaviour.content)}")
            self.end_headers()
            self.wfile.write(rest[: len(rest) // 2] if behaviour.breaks and not start else rest)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.socket = context.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Resource(f"https://127.0.0.1:{http.server_port}/some.bin", PUBLISHED, len(CONTENT)), behaviour
        http.shutdown()
        thread.join()


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_goes_on_where_it_stopped(
    server: tuple[Resource, _Behaviour], tmp_path: Path, ranges: bool
) -> None:
    """Where the server knows of no ranges it begins anew."""
    resource, behaviour = server
    behaviour.breaks, behaviour.ranges = True, ranges
    with pytest.raises(DatasetError, match=r"https://.*broke after 5120 of 10240 bytes.*try again"):
        download(resource, tmp_path)
    assert (tmp_path / "some.bin.part").stat().st_size == len(CONTENT) // 2
    behaviour.breaks = False
    seen: list[tuple[int, int]] = []
    path = download(resource, tmp_path, lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert behaviour.asked == [None, "bytes=5120-"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [file.name for file in tmp_path.iterdir()] == ["some.bin"]


def test_a_wrong_checksum_is_thrown_away(server: tuple[Resource, _Behaviour], tmp_path: Path) -> None:
    part = tmp_path / "some.bin.part"
    part.write_bytes(CONTENT[:-1] + b"!")  # complete, but not what was published
    with pytest.raises(DatasetError, match="expected " + PUBLISHED):
        download(server[0], tmp_path)
    assert not list(tmp_path.iterdir())
    part.write_bytes(b"!" + CONTENT[1:100])  # its beginning is wrong
    with pytest.raises(DatasetError, match="thrown away"):
        download(server[0], tmp_path)
    assert download(server[0], tmp_path).read_bytes() == CONTENT


def test_a_server_that_sends_too_much_or_nothing_is_left(server: tuple[Resource, _Behaviour], tmp_path: Path) -> None:
    resource, behaviour = server
    behaviour.content = CONTENT * 1000
    with pytest.raises(DatasetError, match="more than the 10240 bytes"):
        download(resource, tmp_path)
    assert (tmp_path / "some.bin.part").stat().st_size == 0
    behaviour.content = CONTENT[:100]
    (tmp_path / "some.bin.part").write_bytes(CONTENT[:200])
    with pytest.raises(DatasetError, match="no more of it"):
        download(resource, tmp_path)
    behaviour.content = CONTENT
    assert download(resource, tmp_path).read_bytes() == CONTENT


def test_a_file_that_lies_there_is_held_against_the_checksum(
    server: tuple[Resource, _Behaviour], tmp_path: Path
) -> None:
    path = tmp_path / "some.bin"
    for other in (CONTENT[:-1], CONTENT[:-1] + b"!"):
        path.write_bytes(other)
        with pytest.raises(DatasetError, match=r"some.bin: is not the file of .*move it away"):
            download(server[0], tmp_path)
        assert path.read_bytes() == other  # it may be the user's own
    path.write_bytes(CONTENT)
    assert download(server[0], tmp_path) == path
    assert not server[1].asked


def test_nothing_but_https_is_asked_or_followed(server: tuple[Resource, _Behaviour], tmp_path: Path) -> None:
    resource, behaviour = server
    with pytest.raises(DatasetError, match="no https address"):
        download(replace(resource, url=resource.url.replace("https", "http")), tmp_path)
    for elsewhere in ("http://127.0.0.1:9/some.bin", "ftp://127.0.0.1/some.bin", "file:///etc/passwd"):
        behaviour.sends_to = elsewhere
        with pytest.raises(DatasetError, match=r"no https address|is not allowed"):
            download(resource, tmp_path)


def test_a_stranger_with_another_certificate_is_not_believed(
    server: tuple[Resource, _Behaviour], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(DatasetError, match=r"CERTIFICATE_VERIFY_FAILED.*check the network"):
        download(server[0], tmp_path)


def test_without_a_network_one_line_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"127.0.0.1:9/.*cannot be downloaded .*put the file into"):
        download(Resource("https://127.0.0.1:9/some.bin", "", 1), tmp_path)
    with pytest.raises(DatasetError, match=r"cannot be downloaded"):
        download(Resource("https://127.0.0.1:9/some.bin", "", 1), Path("/dev/null/folder"))


def test_several_at_once_bring_a_file_once(server: tuple[Resource, _Behaviour], tmp_path: Path) -> None:
    """Locks belong to open files, so threads stand for processes here."""
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(download, [server[0]] * 4, [tmp_path] * 4))
    assert [path.read_bytes() for path in paths] == [CONTENT] * 4
    assert server[1].asked == [None]
    assert [file.name for file in tmp_path.iterdir()] == ["some.bin"]


def test_a_data_set_with_a_changed_file_is_not_brought(tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(b"other")
    with pytest.raises(DatasetError, match="move it away"):
        load_dataset("mnist", tmp_path, download=True)
