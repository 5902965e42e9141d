"""The wheel: its commands work in a folder whose files bear the names of ours, its data and types are in it."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
NAMES = ("tasks", "puzzles", "circuits", "vision", "rules", "targets", "door", "commands", "networks")  # not logic
COMMANDS = {
    "query coins.pl": "win  0.28",
    "solve sudoku": "unique: proved",
    "compile adder.eqn --output adder.nir": "neurons",
    "verify adder.nir adder.eqn": "PROVED",
    "simulate adder.eqn --waves 64": "wrong",
    "learn-gate 0110": "PROVED",
    "models": "tiny_resnet",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (found,) = folder.glob("*.whl")
    with ZipFile(found) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_data_and_types_are_in_the_wheel_and_tasks_are_not(wheel: Path) -> None:
    packages = {path.name for path in wheel.iterdir() if not path.name.endswith(".dist-info")}
    assert packages == {"neurosym", "logic", "perception", "reasoner"}
    for package in packages:
        assert (wheel / package / "py.typed").is_file()
        assert (wheel / package / "__init__.pyi").is_file()
        sources = {path.relative_to(ROOT) for path in (ROOT / package).rglob("*.pl")}
        assert sources == {path.relative_to(wheel) for path in (wheel / package).rglob("*.pl")}


def test_every_command_works_in_a_folder_of_strangers(wheel: Path, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} of a stranger was loaded')\n")
    (tmp_path / "coins.pl").write_text("0.4::heads(1). 0.7::heads(2). win :- heads(1), heads(2). query(win).\n")
    (tmp_path / "adder.eqn").write_text("s = a ^ b ^ c;\nt = (a * b) + (a * c) + (b * c);\n")
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    for command, shown in COMMANDS.items():  # each in the order in which files are made
        done = subprocess.run(
            [sys.executable, "-m", "neurosym", *command.split()],
            cwd=tmp_path, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert shown in done.stdout, command


def test_the_shell_completes_commands(wheel: Path) -> None:
    asked = {"_NEUROSYM_COMPLETE": "complete_bash", "COMP_WORDS": "neurosym ver", "COMP_CWORD": "1"}
    environment = {**os.environ, "PYTHONPATH": str(wheel), **asked}
    code = "from neurosym.commands.cli import app; app(prog_name='neurosym')"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["verify"], done.stderr
