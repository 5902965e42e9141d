"""Inputs that are not there, outputs that would harm something, and two commands with one output."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from neurosym.commands.cli import app
from neurosym.commands.conventions.files import PathError, claimed, existing, writable


def command(*words: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "adder.aig").touch()
    with pytest.raises(PathError, match=r"adde.aig: there is no such file; did you mean adder.aig\?"):
        existing(tmp_path / "adde.aig")
    with pytest.raises(PathError, match="there is no such file; check the path"):
        existing(tmp_path / "something.else")
    with pytest.raises(PathError, match="there is no folder"):
        existing(tmp_path / "none" / "adder.aig")
    with pytest.raises(PathError, match="is a folder"):
        existing(tmp_path)
    assert existing(tmp_path / "adder.aig").name == "adder.aig"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.safetensors", b"\x10\0\0\0\0\0\0\0{}"), ("a.svg", b"<svg/>"), ("a.blif", b".model top\n"),
        ("a.v", b"// by hand\nmodule m;"), ("a.aig", b"aig 1 1"), ("a.nir", b"\x89HDF\r\n"), ("a.vcd", b"$date"),
        ("empty.svg", b""), ("new.svg", None),
    ],
)  # fmt: skip
def test_an_output_of_the_same_kind_is_written_anew(name: str, kept: bytes | None, tmp_path: Path) -> None:
    if kept is not None:
        (tmp_path / name).write_bytes(kept)
    assert writable(tmp_path / name) == tmp_path / name


@pytest.mark.parametrize("name", ["a.safetensors", "a.svg", "a.blif", "a.v", "a.aig", "a.nir", "a.vcd", "a.html"])
def test_a_file_of_another_kind_is_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"The only copy of a thesis.")
    with pytest.raises(PathError, match="holds something else"):
        writable(tmp_path / name)


def test_what_cannot_be_an_output_is_said_before_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PathError, match="is a folder"):
        writable(tmp_path)
    with pytest.raises(PathError, match=r"is written as \.svg or \.vcd"):
        writable(tmp_path / "a.txt", kinds=(".svg", ".vcd"))
    (tmp_path / "in.svg").write_text("<svg/>")
    with pytest.raises(PathError, match="is read by this command"):
        writable(tmp_path / "in.svg", tmp_path / "in.svg")
    monkeypatch.setattr("os.access", Mock(return_value=False))  # tests may run as root, who may write everywhere
    with pytest.raises(PathError, match="no folder that this user may write in"):
        writable(tmp_path / "new" / "a.svg")


def test_one_output_has_one_writer(tmp_path: Path) -> None:
    output = tmp_path / "m.safetensors"
    with claimed(output):
        with pytest.raises(PathError, match="another command is writing there"), claimed(output):
            pass
        code, _, err = command("train", "digits", "--quick", "--output", output)
        assert (code, "another command is writing there" in err) == (2, True)
    with claimed(output):
        pass
    assert not list(tmp_path.iterdir())


def test_a_claim_ends_with_its_process(tmp_path: Path) -> None:
    output = tmp_path / "m.safetensors"
    code = (
        "import os, signal; from pathlib import Path; from neurosym.commands.conventions.files import claimed\n"
        f"with claimed(Path({str(output)!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with claimed(output):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("compile", "IN.aig", "--output", "notes.txt"), "is written as .nir or .aag"),
        (("compile", "IN.aig", "--output", "IN.aig"), "is read by this command"),
        (("compile", "IN.aig", "--output", "thesis.svg"), "holds something else"),
        (("compile", "IN.aig", "--pareto", "--output", "new.nir"), "--output: has no meaning here"),
        (("compile", "IM.aig",), "did you mean IN.aig?"),
        (("verify", "IN.aig", "--waveform", "thesis.svg"), "holds something else"),
        (("verify", "net.nir", "IN.aig", "--mapping", "single-rail"), "leave --mapping out"),
        (("query", "coin.pl"), "did you mean coins.pl?"),
        (("solve", "sudoku", "--drawing", "thesis.svg"), "holds something else"),
        (("solve", "sudokku"), "did you mean sudoku?"),
        (("solve", "coin.pl"), "did you mean coins.pl?"),
        (("train", "digits", "--output", "thesis.safetensors"), "holds something else"),
        (("train", "nowhere", "--model", "tiny"), "unknown model 'tiny'"),
        (("train", "nowhere", "--batch", "32", "--patience", "2", "--held-out", "0"), "hold some out"),
        (("train", "nowhere", "--smoothing", "2"), "smoothing and regularity lie in [0, 1)"),
        (("train", "nowhere", "--average", "1"), "average is the part"),
        (("train", "--batch", "32", "--steps", "3"), "--steps, --batch: has no meaning here"),
        (("run", "--resume", "runs", "--seed", "3"), "leave the others out"),
    ],
)  # fmt: skip
def test_settings_and_files_are_looked_at_first(
    words: tuple[str, ...], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No data set is there and no circuit is whole, so that whoever read them first would complain of them."""
    monkeypatch.chdir(tmp_path)
    for name in ("IN.aig", "thesis.svg", "thesis.safetensors", "net.nir", "coins.pl"):
        Path(name).write_text("The only copy of a thesis.")
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert text in err
    assert err.count("\n") == 1
    assert all(path.read_text() == "The only copy of a thesis." for path in tmp_path.iterdir())


def test_a_run_of_other_settings_is_left_alone(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"seed": 7, "epochs": 3, "quick": true}')
    code, _, err = command("run", "--quick", "--output", tmp_path)
    assert (code, "holds a run with other settings" in err) == (2, True)
    assert plan.read_text() == '{"seed": 7, "epochs": 3, "quick": true}'
