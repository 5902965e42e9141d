"""All EPFL and ISCAS-85 circuits, compiled in each mapping and proved against their source.

Run ``python -m tasks.circuits.prove_suite`` with ``NEUROSYM_DATA`` naming the folder that holds ``circuits``; exit
status 1 if a network is not proved. Seconds are CPU time of this process; the kernels are compiled before the clock
starts.
"""

import os
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from logic import Circuit, Gate, Verdict, compile_certified, verify
from logic.circuit import CircuitBuilder
from logic.formats import read_circuit

MAPPINGS = ("logicsnn", "dual-rail", "single-rail")
SUITES = {"EPFL": "epfl/[ar]*/*.aig", "ISCAS-85": "iscas85/*.bench"}
LIMIT = 60.0  # seconds for a proof


class Run(NamedTuple):
    """One circuit in one mapping; times in seconds of CPU."""

    neurons: int
    compiling: float
    proving: float
    verdict: Verdict


def prove(circuit: Circuit, mapping: str, timeout: float | None = LIMIT) -> Run:
    """Compiles a circuit and proves the network with the compiler's certificate."""
    start = time.process_time()
    compiled = compile_certified(circuit, mapping)
    middle = time.process_time()
    verdict = verify(compiled.network, circuit, certificate=compiled.certificate, timeout=timeout)
    return Run(compiled.network.neurons, middle - start, time.process_time() - middle, verdict)


def warm_up() -> None:
    """Compiles all kernels on an adder, right and wrong."""
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    adder = make.build(sum=a ^ b ^ c, carry=make.gate(Gate.MAJ, (a, b, c)))
    other = make.build(sum=a ^ b ^ ~c, carry=make.gate(Gate.MAJ, (a, b, ~c)))
    rebuilt = make.build(sum=(a | b | c) & ~(a & b | a & c | b & c) | a & b & c, carry=a & b | c & (a ^ b))
    for mapping in MAPPINGS:
        compiled = compile_certified(adder, mapping)
        for circuit in (adder, other, rebuilt):
            verify(compiled.network, circuit, certificate=compiled.certificate)


def main() -> int:
    """Prints the table; 0 if everything was proved."""
    console, data = Console(), os.environ.get("NEUROSYM_DATA")
    if not data:
        console.print("Set NEUROSYM_DATA to the folder that holds 'circuits'.")
        return 2
    warm_up()
    table = Table("circuit", "gates", *(f"{m}: neurons, compile + prove s" for m in MAPPINGS), "open")
    totals: dict[tuple[str, str], float] = defaultdict(float)
    unproved, slowest = 0, 0.0
    for suite, pattern in SUITES.items():
        for file in sorted((Path(data) / "circuits").glob(pattern)):
            circuit = read_circuit(file)
            runs = {mapping: prove(circuit, mapping) for mapping in MAPPINGS}
            for mapping, run in runs.items():
                totals[suite, mapping] += run.compiling + run.proving
                slowest = max(slowest, run.compiling + run.proving)
            missing = [f"{mapping}: {run.verdict}" for mapping, run in runs.items() if run.verdict.holds is not True]
            unproved += len(missing)
            columns = [f"{run.neurons:,}, {run.compiling:.2f} + {run.proving:.2f}" for run in runs.values()]
            table.add_row(file.stem, f"{len(circuit.kinds):,}", *columns, "; ".join(missing))
    console.print(table)
    for (suite, mapping), seconds in totals.items():
        console.print(f"{suite} in {mapping}: {seconds:.1f} s of compiling and proving")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    console.print(f"{unproved} networks not proved; slowest {slowest:.1f} s; peak memory {peak:.2f} GB")
    return 1 if unproved or not totals else 0


if __name__ == "__main__":
    sys.exit(main())
