"""The command line as a user meets it: quick help, one-line errors, and the exit codes of the shell's customs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest
from typer.testing import CliRunner

from logic import NeurosymError
from neurosym import Explanation
from neurosym.commands import cli as cli

RESERVED = ("export", "bench")
ROOT = Path(__file__).parent.parent


class Calls:
    """A task that notes how it was called, and then does what it was told."""

    def __init__(self, act: Callable[[], None] = lambda: None) -> None:
        self.calls: list[tuple[str, tuple[object, ...], dict[str, object]]] = []
        self.act = act

    def stand_in(self, name: str) -> Callable[..., object]:
        def call(*given: object, **options: object) -> object:
            self.calls.append((name, given, options))
            self.act()
            return Explanation("sum(S)", (), ())

        return call


def invoke(monkeypatch: pytest.MonkeyPatch, task: Calls, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command with ``task`` in the place of the real one."""
    for name in ("run", "train", "explain"):
        monkeypatch.setattr(f"neurosym.addition.run.{name}", task.stand_in(name))
    result = CliRunner().invoke(cli.app, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)


def test_help_is_quick_and_needs_no_torch() -> None:
    show_help = "from neurosym.commands.cli import app; app(['--help'], standalone_mode=False)"
    seconds: list[float] = []  # of the processor, which other programs do not lengthen as they do those of the clock
    for _ in range(3):
        before = getrusage(RUSAGE_CHILDREN)
        done = python(f"import sys; {show_help}; sys.exit('torch' in sys.modules)")
        after = getrusage(RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert done.returncode == 0, done.stderr
        assert "doctor" in done.stdout
    assert min(seconds) < 0.5


def test_help_names_what_works_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = invoke(monkeypatch, Calls(), "--help")
    assert code == 0
    shown = {line.strip("│ ").split(" ")[0] for line in out.splitlines()}
    assert {"run", "train", "explain", "doctor", "compile", "verify", "simulate", "learn-gate"} <= shown
    assert not shown & set(RESERVED)


@pytest.mark.parametrize("name", RESERVED)
def test_a_reserved_name_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = invoke(monkeypatch, Calls(), name, "something", "--help")
    assert (code, out) == (2, "")
    assert err == f"Error: '{name}' is reserved for a later release; see neurosym --help for what works now\n"


def test_run_passes_its_options_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    task = Calls()
    assert (
        invoke(monkeypatch, task, "run", "--seed", "3", "--epochs", "2", "--output", str(tmp_path), "--quick")[0] == 0
    )
    name, _, options = task.calls[0]
    wanted = {"seed": 3, "epochs": 2, "output": tmp_path, "quick": True, "resume": False}
    assert name == "run"
    assert options | wanted == options


def test_run_chooses_a_folder_by_the_time_and_resumes_in_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    task = Calls()
    monkeypatch.chdir(tmp_path)
    invoke(monkeypatch, task, "run")
    invoke(monkeypatch, task, "run", "--resume", "runs/old")
    folder = task.calls[0][2]["output"]
    assert isinstance(folder, Path)
    assert folder.parent == Path("runs")
    assert (task.calls[1][2]["output"], task.calls[1][2]["resume"]) == (Path("runs/old"), True)


def test_explain_and_train_pass_their_options_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    task = Calls()
    model, picture, rule = (tmp_path / name for name in ("m.safetensors", "a.png", "r.pl"))
    for path in (model, picture, rule):
        path.touch()
    assert invoke(monkeypatch, task, "explain", str(model), str(picture), str(picture), "--rule", str(rule))[0] == 0
    assert invoke(monkeypatch, task, "train", "--output", str(tmp_path / "n.safetensors"))[0] == 0
    assert [name for name, _, _ in task.calls] == ["explain", "train"]
    assert task.calls[0][1] == (model, [picture, picture], rule)
    assert task.calls[1][2]["output"] == tmp_path / "n.safetensors"


def fail(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


@pytest.mark.parametrize("words", [("run",), ("train",), ("explain", __file__, __file__)])
def test_our_errors_are_one_line_and_exit_code_2(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    text = f"[bold]rule.pl[/], line 1:\n  {'a long explanation ' * 10}"
    code, out, err = invoke(monkeypatch, Calls(fail(NeurosymError(text))), *words)
    assert (code, out) == (2, "")
    assert err == f"Error: {' '.join(text.split())}\n"


def test_a_missing_package_points_to_the_doctor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    task = Calls(fail(ModuleNotFoundError("No module named 'z3'", name="z3")))
    code, _, err = invoke(monkeypatch, task, "run")
    assert (code, err) == (2, "Error: the package 'z3' is not installed; run: neurosym doctor\n")


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ZeroDivisionError):
        invoke(monkeypatch, Calls(fail(ZeroDivisionError())), "run")


@pytest.mark.parametrize("kept", [True, False])
def test_an_interrupted_run_says_how_to_go_on(kept: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if kept:
        (tmp_path / "checkpoint.safetensors").touch()
    code, _, err = invoke(monkeypatch, Calls(fail(KeyboardInterrupt())), "run", "--output", str(tmp_path))
    assert code == 130
    assert (f"go on with: neurosym run --resume {tmp_path}" in err) == kept
    assert ("nothing is kept" in err) != kept


@pytest.mark.parametrize("words", [("rn",), ("run", "--seed", "x"), ("run", "--epochs", "0"), ("explain",)])
def test_a_misspelt_command_is_exit_code_2(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    task = Calls()
    assert invoke(monkeypatch, task, *words)[0] == 2
    assert not task.calls


def test_doctor_prints_a_table_or_json(monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = invoke(monkeypatch, Calls(), "doctor")
    assert code == 0
    assert "SWI-Prolog" in out
    code, out, _ = invoke(monkeypatch, Calls(), "doctor", "--json")
    assert code == 0
    assert all(finding["works"] for finding in json.loads(out))


def test_doctor_exits_with_1_if_something_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)
    code, out, _ = invoke(monkeypatch, Calls(), "doctor")
    assert code == 1
    assert "FAILS" in out
    assert "z3-solver" in out
