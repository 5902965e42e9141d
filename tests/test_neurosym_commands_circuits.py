"""The commands on circuits with bounds, cells of a library, modules, pairings and translations."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from logic.formats import read_circuit
from neurosym.commands.cli import app

WIDE = ".model m\n.inputs {0}\n.outputs y\n.names {0} y\n{1} 1\n.end\n".format(
    " ".join(f"x{at}" for at in range(50)), "1" * 50
)
GENLIB = "GATE nand2 2 O=!(a*b); PIN * INV 1 999 1 0 1 0\n"
MAPPED = ".model m\n.inputs a b\n.outputs y\n.gate nand2 a=a b=b O=y\n.end\n"
NESTED = (
    ".model top\n.inputs a\n.outputs y\n.subckt no i=a o=t\n.subckt no i=t o=y\n.end\n"
    ".model no\n.inputs i\n.outputs o\n.names i o\n0 1\n.end\n"
)


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, text in {
        "wide.blif": WIDE,
        "mapped.blif": MAPPED,
        "cells.genlib": GENLIB,
        "nested.blif": NESTED,
        "one.eqn": "INORDER = a b; OUTORDER = y; y = !(a & b);",
        "other.eqn": "INORDER = a c; OUTORDER = y; y = !a | !c;",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_bounds_are_kept_and_what_was_made_is_proved(place: Path) -> None:
    found = json.loads(command("compile", place / "wide.blif", "--fan-in", "4", "--json").stdout)
    assert (found["fan_in"], found["verdict"], found["weight_bits"]) == (4, "PROVED", 2)
    free = json.loads(command("compile", place / "wide.blif", "--json").stdout)
    assert (free["fan_in"], "verdict" in free) == (50, False)
    assert found["with_relays"]["neurons"] == found["neurons_with_relays"] >= found["neurons"]
    text = command("compile", place / "wide.blif", "--fan-in", "4", "--max-delay", "1")
    assert re.search(r"with delays.*with relays", text.stdout)
    assert "PROVED: " in text.stdout
    refused = command("compile", place / "wide.blif", "--neurons", "20", "--fan-in", "4")
    assert refused.exit_code == 2
    assert re.search(
        r"34 neurons where 20 are allowed; what fits: positive \(\d+ neurons\)", " ".join(refused.output.split())
    )
    assert command("verify", place / "wide.blif", "--fan-in", "2", "--weight-bits", "2").exit_code == 0


def test_cells_of_a_library(place: Path) -> None:
    for verb in ("compile", "verify", "simulate"):
        assert command(verb, place / "mapped.blif", "--genlib", place / "cells.genlib").exit_code == 0
        assert "--genlib FILE" in command(verb, place / "mapped.blif").output
    assert (
        command("verify", place / "mapped.blif", place / "one.eqn", "--genlib", place / "cells.genlib").exit_code == 0
    )
    assert command("verify", place / "mapped.blif", "--genlib", place / "no.genlib").exit_code == 2
    network = place / "network.nir"
    assert command("compile", place / "one.eqn", "--output", network).exit_code == 0
    assert command("verify", network, place / "mapped.blif", "--liberty", place / "cells.genlib").exit_code == 0


@pytest.mark.filterwarnings("ignore:.*is read but never driven")
def test_what_undriven_wires_were_taken_for_stands_in_the_claim(place: Path) -> None:
    (place / "open.blif").write_text(".model m\n.inputs a b\n.outputs y\n.names a b u y\n11- 1\n--1 1\n.end\n")
    (place / "and.eqn").write_text("INORDER = a b; OUTORDER = y; y = a & b;")
    for words in (("open.blif", "and.eqn"), ("open.blif",)):
        found = command("verify", *(place / word for word in words), "--undriven", "zero")
        assert found.exit_code == 0
        assert "wires without a driver being 0" in " ".join(found.output.split())
    free = command("verify", place / "open.blif", place / "and.eqn")
    assert (free.exit_code, "wires without a driver being 0" in free.output) == (1, False)


def test_sizes_of_modules(place: Path) -> None:
    rows = json.loads(command("compile", place / "nested.blif", "--modules", "--json").stdout)
    assert [(row["module"], row["instances"]) for row in rows] == [("top", 1), ("no", 2)]
    assert "neurons of all instances" in command("compile", place / "nested.blif", "--modules").stdout
    flat = json.loads(command("compile", place / "wide.blif", "--modules", "--json").stdout)
    assert [(row["module"], row["neurons"]) for row in flat] == [("wide", 2)]


def test_signals_are_matched_as_asked(place: Path) -> None:
    pair = place / "one.eqn", place / "other.eqn"
    assert command("verify", *pair).exit_code == 2
    assert command("verify", *pair, "--match", "names").exit_code == 2
    assert command("verify", *pair, "--match", "order", "--jobs", "2").exit_code == 0
    (place / "pairs").write_text("input b c\n")
    assert command("verify", *pair, "--match", place / "pairs").exit_code == 0
    (place / "wrong.eqn").write_text("INORDER = a c; OUTORDER = y; y = !a & !c;")
    wave = place / "wave.vcd"
    found = command("verify", place / "one.eqn", place / "wrong.eqn", "--match", "order", "--waveform", wave, "--json")
    assert (found.exit_code, set(json.loads(found.stdout)["counterexample"])) == (1, {"a", "b"})
    assert wave.exists()
    assert command("verify", place / "one.eqn", "--match", "order").exit_code == 2


@pytest.mark.parametrize("suffix", ["aag", "aig", "bench", "blif", "eqn", "v", "dot", "svg"])
def test_a_netlist_is_translated(place: Path, suffix: str) -> None:
    written = place / f"new.{suffix}"
    found = command("translate", place / "mapped.blif", written, "--genlib", place / "cells.genlib", "--json")
    assert (found.exit_code, json.loads(found.stdout)["outputs"]) == (0, 1)
    if suffix not in ("dot", "svg"):
        assert read_circuit(written).inputs == ("a", "b")
        assert command("verify", written, place / "one.eqn").exit_code == 0
    assert command("translate", place / "one.eqn", place / "one.nir").exit_code == 2
    assert command("translate", place / "one.eqn", place / "one.eqn").exit_code == 2
