"""What a command loads: no torch, no numba and none of the heavy libraries where they have nothing to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "numba", "scipy", "sklearn", "matplotlib", "sympy", "z3", "networkx", "pandas", "snntorch", "nir"}
COINS = "0.4::heads(1). 0.7::heads(2). win :- heads(1), heads(2). query(win).\n"
ADDER = "s = a ^ b ^ c;\nt = (a * b) + (a * c) + (b * c);\n"
COMMANDS = {
    "--help": (),
    "verify --help": (),
    "query coins.pl": ("numpy", "rich"),
    "query coins.pl --explain": ("rich",),
    "solve sudoku": ("rich",),
    "compile adder.eqn": (),
    "verify adder.eqn": ("rich",),
    "simulate adder.eqn --waves 64": (),
    "learn-gate 0110": ("rich",),
}
CODE = """
import sys
from neurosym.commands.cli import app
try:
    app(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended.code
print("LOADED", *sys.modules)
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_loads_what_it_needs_and_no_more(command: str, tmp_path: Path) -> None:
    (tmp_path / "coins.pl").write_text(COINS)
    (tmp_path / "adder.eqn").write_text(ADDER)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CODE, *command.split()], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    loaded = {name for name in done.stdout.split("LOADED")[-1].split() if "." not in name}
    allowed = {"z3"} if command.startswith("solve") else set[str]()
    assert "neurosym" in loaded
    assert not loaded & {*HEAVY, *COMMANDS[command]} - allowed


def test_a_plain_query_loads_no_command_line(tmp_path: Path) -> None:
    path = tmp_path / "three.pl"
    path.write_text("0.3::a.\nb :- a.\nquery(b).\n")
    heavy = "typer", "rich", "torch", "numpy", "lazy_loader"
    script = (
        f"import sys; from neurosym.__main__ import main; sys.argv[1:] = ['query', {str(path)!r}]; main(); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "b  0.3\n[]\n"


def test_a_plain_query_ends_as_the_whole_command_does(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pl"
    wrong.write_text("0.3::a")
    for words in (["query", str(wrong)], ["query", str(tmp_path / "none.pl")], ["query", str(tmp_path)]):
        plain, whole = (
            subprocess.run([sys.executable, "-m", "neurosym", *words, *more], capture_output=True, text=True)
            for more in ([], ["--timeout", "60"])
        )
        assert plain.returncode == 2
        assert (plain.returncode, plain.stdout, plain.stderr) == (whole.returncode, whole.stdout, whole.stderr)
