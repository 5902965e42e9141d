"""Every command and function that writes a file, under every fault of a disk: old file or new, one sentence.

The faults: no room (a limit on the size of files, and a file system of 1 MB where this user may mount one), a failing
synchronisation, a folder that cannot be written.
"""

import os
import resource
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from logic import FileError, NeurosymError, compile_circuit, parse_circuit, write_circuit, write_nir
from neurosym import Model, save_model
from neurosym.commands.cli import app
from neurosym.reports.page import write_report
from neurosym.training.history import Epoch, History
from neurosym.training.log import write_log
from perception import SpikingClassifier, load_dataset
from reasoner import DIGITS, Program

OLD = ".model old\n.inputs a b\n.outputs y\n.names a b y\n11 1\n.end\n"
NEW = (
    ".model new\n.inputs a b c\n.outputs y z\n.names a b n\n1- 1\n-1 1\n.names n c y\n10 1\n.names a c z\n11 1\n.end\n"
)
WRONG = NEW.replace("10 1", "01 1")
ROOM = 10  # bytes of a file that the disk has room for


@contextmanager
def no_room() -> Generator[None]:
    """No file grows beyond a few bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def failing_disk() -> Generator[None]:
    """What was written does not reach the disk."""

    def fail(handle: int) -> None:
        raise OSError(5, os.strerror(5))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("os.fsync", fail)
        yield


FAULTS: Mapping[str, Callable[[], "contextmanager[None]"]] = {"no room": no_room, "failing disk": failing_disk}  # type: ignore[type-arg]

COMMANDS: Mapping[str, tuple[str, ...]] = {
    **{f"compile {kind}": ("compile", "{spec}", "--output", f"some.{kind}")
       for kind in ("nir", "aig", "aag", "blif", "v", "dot", "svg")},
    "certificate": ("verify", "{spec}", "--certificate", "some.cnf"),
    "vcd": ("verify", "{spec}", "{wrong}", "--waveform", "some.vcd"),
    "raster": ("verify", "{spec}", "{wrong}", "--waveform", "some.svg"),
    "drawing": ("solve", "sudoku4", "--drawing", "some.svg"),
}  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of netlists, written before the disk is full."""
    folder = tmp_path_factory.mktemp("inputs")
    for name, text in (("old", OLD), ("new", NEW), ("wrong-old", OLD.replace("11 1", "1- 1")), ("wrong-new", WRONG)):
        (folder / f"{name}.blif").write_text(text)
    return folder


def run(words: tuple[str, ...], folder: Path, inputs: Path, spec: str) -> tuple[int, str]:
    """The exit code of a command in a folder, and its last words."""
    places = {"spec": str(inputs / f"{spec}.blif"), "wrong": str(inputs / f"wrong-{spec}.blif")}
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        done = CliRunner().invoke(app, [word.format(**places) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_keeps_the_old_file_and_says_why(tmp_path: Path, inputs: Path, name: str, fault: str) -> None:
    words, folder = COMMANDS[name], tmp_path / "outputs"
    folder.mkdir()
    run(words, tmp_path, inputs, "new")  # compiles kernels, which need room for themselves
    for there in (False, True):
        before = contents(folder)
        assert bool(before) == there
        with FAULTS[fault]():
            code, said = run(words, folder, inputs, "new")
        assert code == 2, said
        assert said.count("\n") == 1, said
        assert said.startswith("Error: some.")
        assert "cannot be written" in said
        assert contents(folder) == before
        assert not [path for path in folder.rglob("*") if path.is_dir()]
        assert run(words, folder, inputs, "old")[0] in (0, 1)
    assert run(words, folder, inputs, "new")[0] in (0, 1)
    assert set(contents(folder)) == set(before)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_is_made_or_it_is_said_why_not(tmp_path: Path, inputs: Path, name: str) -> None:
    *words, output = COMMANDS[name]
    (tmp_path / "file").touch()
    code, said = run((*words, f"file/{output}"), tmp_path, inputs, "new")
    assert (code, said.count("\n")) == (2, 1)
    assert "folder" in said
    assert run((*words, f"new/folder/{output}"), tmp_path, inputs, "new")[0] in (0, 1)
    assert output in {path.name for path in (tmp_path / "new" / "folder").iterdir()}


def training() -> History:
    return History((Epoch(0.5, 1.0, {}),))


def nir(path: Path) -> None:
    write_nir(compile_circuit(parse_circuit(NEW, "blif"), "dual-rail", "relays", aligned=True), path)


FUNCTIONS: Mapping[str, tuple[str, Callable[[Path], object]]] = {
    "write_nir": ("some.nir", nir),
    "write_circuit": ("some.blif", lambda path: write_circuit(parse_circuit(NEW, "blif"), path)),
    "save_model": ("some.safetensors", lambda path: save_model(
        Model(SpikingClassifier(DIGITS, torch.Generator()), Program.parse("sum(S) :- digit(0, S)."), "sum(S)"), path)),
    "write_report": ("some.html", lambda path: write_report(path, "title", [])),
    "write_log": ("log/training.csv", lambda path: write_log(path.parent, training())),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_keeps_the_old_file_and_raises_one_error(tmp_path: Path, name: str, fault: str) -> None:
    file, write = FUNCTIONS[name]
    path = tmp_path / "outputs" / file
    for there in (False, True):
        before = contents(tmp_path)
        assert bool(before) == there
        with FAULTS[fault](), pytest.raises(NeurosymError, match="cannot be written") as caught:
            write(path)
        assert "\n" not in str(caught.value)
        assert contents(tmp_path) == before
        write(path)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("train", "digits", "--quick", "--epochs", "1", "--output", "model.safetensors"), "settings.json"),
        (("run", "--quick", "--epochs", "1", "--output", "some"), "plan.json"),
    ],
    ids=["train", "run"],
)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_training_does_not_begin_without_room(
    tmp_path: Path, inputs: Path, words: tuple[str, ...], first: str, fault: str
) -> None:
    load_dataset("digits")  # loads libraries that need room for themselves
    with FAULTS[fault]():
        code, said = run(words, tmp_path, inputs, "new")
    assert (code, said.count("\n")) == (2, 1), said
    assert f"{first}: cannot be written" in said
    assert not contents(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", place]).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_disk_that_fills_up_keeps_what_it_has(small_disk: Path) -> None:
    """A netlist of 20 KB is kept while one that the rest of the disk does not hold is refused."""
    path = small_disk / "some.v"
    write_circuit(parse_circuit(OLD, "blif"), path)
    before = path.read_bytes()
    (small_disk / "filler").write_bytes(bytes((1 << 20) - 4 * 4096))
    large = [".model large", ".inputs a b", ".outputs " + " ".join(f"y{i}" for i in range(2000))]
    large += [f".names a b y{i}\n11 1" for i in range(2000)]
    with pytest.raises(FileError, match="No space left on device"):
        write_circuit(parse_circuit("\n".join([*large, ".end", ""]), "blif"), path)
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in small_disk.iterdir()) == ["filler", "some.v"]
