"""What a command loads: no torch, no numba and none of the heavy libraries where they have nothing to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "numba", "scipy", "sklearn", "matplotlib", "sympy", "z3", "networkx", "pandas", "snntorch", "nir"}
COINS = "0.4::heads(1). 0.7::heads(2). win :- heads(1), heads(2). query(win).\n"
FRIENDS = [(a, b) for a in range(12) for b in ((a + 1) % 12, (a + 5) % 12)]
SMOKERS = "\n".join(
    [
        "smokes(X) :- stress(X). smokes(X) :- influences(Y, X), smokes(Y). query(smokes(11)). evidence(smokes(0)).",
        *(f"0.3::stress({person})." for person in range(12)),
        *(f"0.2::influences({a},{b}). 0.2::influences({b},{a})." for a, b in FRIENDS[:18]),
    ]
)
NETWORK = "\n".join(
    [
        "0.3::x(0,N) :- between(0, 3, N). 0.6::x(N,0) :- between(1, 3, N). query(x(3,3)).",
        "0.2::x(A,B) :- y(A,B), C is A - 1, D is B - 1, x(C,B), x(A,D).",
        "0.7::x(A,B) :- y(A,B), C is A - 1, D is B - 1, x(C,B), \\+ x(A,D).",
        "0.4::x(A,B) :- y(A,B), C is A - 1, D is B - 1, \\+ x(C,B).",
        "y(A,B) :- between(1, 3, A), between(1, 3, B).",
    ]
)
ADDER = "s = a ^ b ^ c;\nt = (a * b) + (a * c) + (b * c);\n"
COMMANDS = {
    "--help": (),
    "verify --help": (),
    "query coins.pl": ("numpy", "rich"),
    "query smokers.pl": ("numpy", "oxidd", "rich"),
    "query network.pl": ("numpy", "oxidd", "rich"),
    "query coins.pl --explain": ("rich",),
    "solve sudoku": ("rich",),
    "compile adder.eqn": (),
    "compile adder.eqn --output adder.nir": (),
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
    (tmp_path / "smokers.pl").write_text(SMOKERS)
    (tmp_path / "network.pl").write_text(NETWORK)
    (tmp_path / "adder.eqn").write_text(ADDER)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CODE, *command.split()], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    loaded = {name for name in done.stdout.split("LOADED")[-1].split() if "." not in name}
    allowed = {"z3"} if command.startswith("solve") else {"nir"} if command.endswith("nir") else set[str]()
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
