"""Whole files: old content or new under faults, kills and rivals; nothing else is left."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from logic import FileError, whole_file, whole_files

ROOT = Path(__file__).parent.parent


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_old_file_stays_until_the_block_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "some.txt"
    with whole_file(path) as place:
        place.write_text("old")
        assert not path.exists()
    with pytest.raises(ZeroDivisionError), whole_file(path) as place:  # noqa: PT012
        place.write_text("to")
        raise ZeroDivisionError
    with pytest.raises(FileError, match="there was no room"), whole_file(path) as place:
        raise OSError("there was no room")
    with pytest.raises(FileError, match="No such file"), whole_file(path):
        (tmp_path / "none").read_bytes()
    assert path.read_text() == "old"
    assert names(path.parent) == ["some.txt"]


@pytest.mark.parametrize("call", ["fsync", "replace", "chmod"])
def test_files_that_belong_together_change_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    first, second = tmp_path / "b", tmp_path / "a"
    first.write_text("old")
    second.write_text("old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    with (  # noqa: PT012
        monkeypatch.context() as patched,
        pytest.raises(FileError, match=r"Input/output error"),
        whole_files(first, second) as places,
    ):
        for place in places:
            place.write_text("new")
        patched.setattr(f"os.{call}", fail)
    assert (first.read_text(), second.read_text()) == ("old", "old")
    with whole_files(first, second) as (place, _):
        place.write_text("new")
    assert (first.read_text(), second.read_text()) == ("new", "old")
    assert names(tmp_path) == ["a", "b"]


def test_rights_are_those_of_the_old_file_or_of_any_new_one(tmp_path: Path) -> None:
    path, plain = tmp_path / "some", tmp_path / "plain"
    plain.touch()
    for expected in (plain.stat().st_mode, 0o100600):
        with whole_file(path) as place:
            place.touch(0o640)
        assert path.stat().st_mode == expected
        path.chmod(0o600)


def test_what_is_no_plain_file_is_left_alone(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/null"), Path("/dev/null/some")):
        with pytest.raises(FileError, match=r"plain file|is no folder"), whole_file(path) as place:
            place.touch()
    assert pipe.is_fifo()


def test_writers_of_one_file_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "some"

    def add(number: int) -> None:
        with whole_file(path) as place:
            place.write_text((path.read_text() if path.exists() else "") + f"{number}\n")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert sorted(map(int, path.read_text().split())) == list(range(40))
    monkeypatch.setattr("logic.writing._PATIENCE", 0.05)
    with pytest.raises(FileError, match="another process"), whole_file(path), whole_file(path):
        pass
    assert names(tmp_path) == ["some"]


def test_a_killed_writer_leaves_the_old_file_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from logic.writing import whole_file\n"
        "with whole_file(Path(sys.argv[1])) as place:\n"
        "    place.write_text('to'); place.with_name('other').touch(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "some"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", script, path], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    with whole_file(path) as place:
        assert not list(place.parent.iterdir())
        place.write_text("new")
    assert path.read_text() == "new"
    assert names(tmp_path) == ["some"]
