"""Circuits down to gates: Verilog that Icarus runs and Verilator accepts, and yosys' cells proved against an ``.aig``.

Run ``python -m tasks.circuits.hardware_table``; with ``NEUROSYM_DATA`` naming the folder that holds ``circuits`` c880
is among them. A network file of ours as argument (such as ``network.nir`` of ``neurosym run``) is run on the core too.
Exit status 1 if a testbench fails or cells are not proved.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from logic import Circuit, compile_circuit, read_circuit, read_nir, write_circuit
from logic.hardware import lint, prove_rtl, run_testbench, write_rtl

from .deployed import deployed_circuits

MAPPINGS = ("single-rail", "dual-rail")
SLOW = {("gates1000", "dual-rail")}  # minutes of yosys


class Row(NamedTuple):
    """A circuit in one mapping; wall times in seconds."""

    circuit: str
    mapping: str
    neurons: int
    synapses: int
    latency: int
    period: int
    lookup_tables: int
    flip_flops: int
    testbench: str
    synthesis: float
    verdict: str
    proving: float


def row_of(name: str, circuit: Circuit, mapping: str) -> Row:
    """Everything of one circuit, through an ``.aig`` file."""
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "source.aig"
        write_circuit(circuit, source)
        design = write_rtl(compile_circuit(read_circuit(source), mapping), place, name="dut")
        said = run_testbench(place, "dut").split(":")[0]
        lint(place, "dut")
        resources, verdict = prove_rtl(place, read_circuit(source))
    sizes = design.neurons, design.synapses, design.latency, design.period
    cells = resources.lookup_tables, resources.flip_flops
    return Row(name, mapping, *sizes, *cells, said, resources.seconds, verdict.word, verdict.seconds)


def main() -> int:
    """Prints the table; 0 if all is well."""
    console, circuits = Console(width=150), deployed_circuits()
    if data := os.environ.get("NEUROSYM_DATA"):
        circuits["c880"] = read_circuit(Path(data) / "circuits" / "iscas85" / "c880.bench")
    pairs = [(name, mapping) for name in circuits for mapping in MAPPINGS if (name, mapping) not in SLOW]
    rows: list[Row] = []
    for name, mapping in track(pairs, console=Console(stderr=True)):
        rows.append(row_of(name, circuits[name], mapping))
    table = Table(*(head.replace("_", " ") for head in Row._fields))
    for row in rows:
        table.add_row(*(f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in row))
    console.print(table)
    failed = [row for row in rows if (row.testbench, row.verdict) != ("PASSED", "PROVED")]
    for argument in sys.argv[1:]:
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as place:
            write_rtl(read_nir(argument), place, form="core", name="core")
            lint(place, "core")
            said = run_testbench(place, "core", simulator="verilator")
        console.print(f"{argument} on the core: {said} ({time.monotonic() - start:.0f} s)")
        failed += [] if said.startswith("PASSED") else rows[:1]
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
