"""How commands end when the world around them does: closed pipes, signals, full disks."""

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import IO

import pytest

from neurosym.commands.conventions.ending import plain_errors

PROGRAM = "".join(f"0.5::coin({number}).\n" for number in range(2000)) + "query(coin(_)).\n"


def start(*words: str, stdout: int | IO[str] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "neurosym", *words]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "coins.pl"
    path.write_text(PROGRAM)
    return path


def test_a_reader_that_leaves_is_no_fault(program: Path) -> None:
    reading, writing = os.pipe()
    asked = start("query", str(program), stdout=writing)
    os.close(writing)
    os.close(reading)  # before anything is written
    assert asked.communicate()[1] == ""
    assert asked.returncode == 141  # as of a process that SIGPIPE ended


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_one_line(program: Path) -> None:
    with Path("/dev/full").open("w") as full:
        asked = start("query", str(program), stdout=full)
        errors = asked.communicate()[1]
    assert asked.returncode == 2
    assert errors == ("Error: the answer cannot be written to standard output (No space left on device); make room\n")


def test_a_warning_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with plain_errors():
            warnings.warn("other [bold]meanings[/]\n fit as well", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "Warning: other [bold]meanings[/] fit as well\n"


@pytest.mark.parametrize(("numbers", "code"), [((signal.SIGTERM,), 143), ((signal.SIGINT, signal.SIGINT), 130)])
def test_a_training_that_is_asked_to_end_keeps_what_it_has(
    numbers: tuple[signal.Signals, ...], code: int, tmp_path: Path
) -> None:
    output = tmp_path / "m.safetensors"
    asked = start(
        "train", "digits", "--quick", "--epochs", "2", "--steps", "2", "--batch", "8", "--output", str(output)
    )
    state = tmp_path / "m-training" / "state.safetensors"
    for _ in range(1200):
        if state.exists() or asked.poll() is not None:
            break
        time.sleep(0.05)
    for number in numbers:
        asked.send_signal(number)
    errors = asked.communicate(timeout=60)[1]
    assert asked.returncode == code, errors
    assert errors.count("\n") == 1
    assert errors.startswith("Error: training was interrupted after 1 of 2 epochs")
    assert {path.name for path in tmp_path.iterdir()} == {"m-training"}
    assert {path.name for path in state.parent.iterdir()} >= {"state.safetensors", "settings.json"}
    assert not [path for path in state.parent.iterdir() if path.name.startswith(".")]
