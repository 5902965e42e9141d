"""The programs of others that look at our Verilog: Icarus and Verilator simulate it, yosys makes cells of it."""

import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import NeurosymError

_PACKAGES = {"iverilog": "iverilog", "vvp": "iverilog", "verilator": "verilator", "yosys": "yosys"}


Simulator = Literal["icarus", "verilator"]


class ToolError(NeurosymError, RuntimeError):
    """A program that is not installed, or that does not accept what it was given."""


@dataclass(frozen=True)
class Resources:
    """What yosys made of a design for a chip of the family iCE40.

    Args:
        lookup_tables: Tables of four inputs (LUT4).
        flip_flops: Registers.
        carries: Carry cells.
        memories: Block memories of 4 kbit.
        seconds: Wall time of the synthesis.
    """

    lookup_tables: int
    flip_flops: int
    carries: int
    memories: int
    seconds: float


def installed(tool: str) -> bool:
    """Whether a program is there."""
    return shutil.which(tool) is not None


def call_tool(tool: str, *arguments: str, folder: Path, timeout: float | None = None) -> str:
    """What a program says, on both of its outputs.

    Args:
        tool: ``iverilog``, ``vvp``, ``verilator`` or ``yosys``.
        arguments: Of it.
        folder: Where it runs.
        timeout: Seconds, or None for no bound.

    Raises:
        ToolError: if it is not installed, fails, or takes too long.
    """
    if not installed(tool):
        raise ToolError(
            f"{tool} is not installed; install it (Debian, Ubuntu: apt install {_PACKAGES.get(tool, tool)})"
        )
    try:
        done = subprocess.run(
            [tool, *arguments], cwd=folder, capture_output=True, text=True, timeout=timeout, errors="replace"
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"{tool} took more than {timeout:.0f} s in {folder}; give it more time") from None
    said = done.stdout + done.stderr
    if done.returncode:
        raise ToolError(f"{tool} does not accept the design in {folder}: {_first_lines(said)}")
    return said


def _first_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "; ".join(lines[:4]) or "it says nothing"


def run_testbench(
    folder: str | Path, name: str, *, simulator: Simulator = "icarus", timeout: float | None = None
) -> str:
    """Runs the testbench of a design.

    Args:
        folder: Of the design.
        name: Of the design.
        simulator: ``icarus`` begins at once; ``verilator`` compiles for half a minute (with g++ and make) and is then
            a hundred times as fast, for large networks.
        timeout: Seconds of the run, or None for no bound.

    Returns:
        Its last line, which begins with PASSED or FAILED.

    Raises:
        ToolError: if the simulator is not installed, does not accept the design or warns of it, or gives no verdict.
    """
    folder = Path(folder)
    files = f"{name}.v", f"{name}_testbench.v"
    with tempfile.TemporaryDirectory() as place:
        built = str(Path(place) / "testbench")
        if simulator == "icarus":
            warned = call_tool("iverilog", "-g2001", "-Wall", "-o", built, *files, folder=folder)
            if warned.strip():
                raise ToolError(f"iverilog warns of the design in {folder}: {_first_lines(warned)}")
            said = call_tool("vvp", "-n", built, folder=folder, timeout=timeout)
        else:
            options = "--binary", "-Wno-fatal", "-Wno-lint", "--top-module", f"{name}_testbench", "-Mdir", place
            call_tool("verilator", *options, "-o", built, *files, folder=folder)
            said = call_tool(built, folder=folder, timeout=timeout)
    verdicts = [line for line in said.splitlines() if line.startswith(("PASSED", "FAILED"))]
    if not verdicts:
        raise ToolError(f"the testbench in {folder} gives no verdict: {_first_lines(said)}")
    return verdicts[-1]


def lint(folder: str | Path, name: str) -> None:
    """Has Verilator look at a design with all its warnings.

    Raises:
        ToolError: if Verilator is not installed or warns.
    """
    call_tool("verilator", "--lint-only", "-Wall", f"{name}.v", folder=Path(folder))


def synthesize(folder: str | Path, name: str, timeout: float | None = None) -> Resources:
    """Has yosys make cells of the iCE40 of a design; the netlist goes to ``NAME_cells.json``, which nextpnr takes.

    Raises:
        ToolError: if yosys is not installed, does not accept the design, or takes too long.
    """
    start, folder = time.monotonic(), Path(folder)
    with tempfile.TemporaryDirectory() as place:
        counts, cells = Path(place) / "counts.json", Path(place) / "cells.json"
        script = f"read_verilog {name}.v; synth_ice40 -top {name} -json {cells}; tee -q -o {counts} stat -json"
        call_tool("yosys", "-q", "-p", script, folder=folder, timeout=timeout)
        found: dict[str, int] = json.loads(counts.read_text())["design"]["num_cells_by_type"]
        shutil.move(cells, folder / f"{name}_cells.json")

    def count(beginning: str) -> int:
        return sum(number for cell, number in found.items() if cell.startswith(beginning))

    seconds = time.monotonic() - start
    return Resources(count("SB_LUT4"), count("SB_DFF"), count("SB_CARRY"), count("SB_RAM"), seconds)
