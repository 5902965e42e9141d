"""Neurons of each mapping for every benchmark circuit, against the sizes known before.

Run ``python -m tasks.circuits.circuit_sizes`` with ``NEUROSYM_DATA`` naming the folder that holds ``circuits``.
"""

import os
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from logic.circuit import Circuit
from logic.formats import read_circuit
from logic.lowering import to_and_inverter
from logic.mapping import depth_of
from logic.mapping.compiler import map_circuit

# Neurons of single threshold functions over cuts of at most four leaves, in area mode, as measured with a prototype.
KNOWN = {
    "adder": 256, "bar": 1798, "max": 1442, "sin": 2696, "multiplier": 14113, "square": 7989, "log2": 16338,
    "div": 36944, "voter": 4788, "i2c": 662, "cavlc": 327, "priority": 608, "arbiter": 4266, "mem_ctrl": 22482,
    "c880": 175, "c6288": 698,
}  # fmt: skip
MAPPINGS = ("logicsnn", "dual-rail", "majority", "single-rail")


def rows(folder: Path) -> list[tuple[str, list[str]]]:
    """Name and columns of every AIGER file below ``folder``."""
    return [(file.stem, row(file.stem, read_circuit(file))) for file in sorted(folder.rglob("*.aig"))]


def row(name: str, circuit: Circuit) -> list[str]:
    """Gates, neurons and depth of each mapping, and the seconds that the single-rail mapping took."""
    columns = [f"{len(to_and_inverter(circuit).kinds):,}"]
    seconds = 0.0
    for mapping in MAPPINGS:
        start = time.process_time()
        netlist = map_circuit(circuit, mapping)
        seconds = time.process_time() - start
        columns.append(f"{netlist.neurons:,} ({depth_of(netlist):,})")
    known = KNOWN.get(name)
    return [*columns, f"{known:,}" if known else "", f"{seconds:.2f}"]


def main() -> None:
    """Print the table."""
    data = os.environ.get("NEUROSYM_DATA")
    console = Console()
    if not data:
        console.print("Set NEUROSYM_DATA to the folder that holds 'circuits'.")
        sys.exit(2)
    table = Table("circuit", "ANDs", *(f"{name} (depth)" for name in MAPPINGS), "known", "seconds")
    for name, columns in rows(Path(data) / "circuits"):
        table.add_row(name, *columns)
    console.print(table)


if __name__ == "__main__":
    main()
