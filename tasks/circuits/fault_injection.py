"""Fail-silence by experiment: random sets of spikes are deleted in the 32-bit adder, and no wrong rail may fire.

Run ``python -m tasks.circuits.fault_injection --trials 10000000``; it exits with 1 if any answer is wrong.
"""

import json
import time
from typing import Annotated

import typer

from logic import CircuitBuilder, Gate, Literal, SpikingNetwork, compile_circuit
from logic.simulation.faults import FaultStatistics, inject_faults, inject_weight_noise

DELETION_RATES = (0.0001, 0.001, 0.01, 0.05, 0.5)  # at the last one every set of spikes is equally likely
NOISE = (0.1, 0.2, 0.3)


def majority_adder(bits: int) -> SpikingNetwork:
    """The fail-silent adder of majorities alone: C = M(a, b, c), S = M(~C, M(a, b, ~c), c); 6 neurons a bit."""
    make = CircuitBuilder()
    first = make.inputs(*(f"a{bit}" for bit in range(bits)))
    second = make.inputs(*(f"b{bit}" for bit in range(bits)))
    (carry,) = make.inputs("c")
    sums: dict[str, Literal] = {}
    for bit, (a, b) in enumerate(zip(first, second, strict=True)):
        following = make.gate(Gate.MAJ, (a, b, carry))
        inner = make.gate(Gate.MAJ, (a, b, ~carry))
        sums[f"s{bit}"] = make.gate(Gate.MAJ, (~following, inner, carry))
        carry = following
    return compile_circuit(make.build_from({**sums, f"s{bits}": carry}), "dual-rail")


def xor_block() -> SpikingNetwork:
    """Exclusive or of two wires as three AND gates, dual-rail."""
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    return compile_circuit(make.build(o=(a | b) & ~(a & b)), "dual-rail")


def main(
    trials: Annotated[int, typer.Option(help="Deletion sets, all rates together.")] = 10_000_000,
    bits: Annotated[int, typer.Option(help="Width of the adder.")] = 32,
    seed: Annotated[int, typer.Option(help="Of inputs and faults.")] = 0,
    threads: Annotated[int, typer.Option(help="Workers.")] = 1,
) -> None:
    """Inject faults and write one JSON line a setting; exit with 1 if a deletion made an answer wrong."""
    network = majority_adder(bits)
    wrong = 0
    for rate in DELETION_RATES:
        start = time.perf_counter()
        found = inject_faults(network, -(-trials // len(DELETION_RATES)), seed, deletion=rate, threads=threads)
        _show(f"adder{bits}", {"deletion": rate}, found, time.perf_counter() - start)
        wrong += found.wrong + found.torn
    for sigma in NOISE:
        start = time.perf_counter()
        _show(
            "xor", {"sigma": sigma}, inject_weight_noise(xor_block(), 400_000, seed, sigma), time.perf_counter() - start
        )
    for deletion, insertion in ((0.0, 0.01), (0.01, 0.001)):
        start = time.perf_counter()
        found = inject_faults(xor_block(), 400_000, seed, deletion=deletion, insertion=insertion)
        _show("xor", {"deletion": deletion, "insertion": insertion}, found, time.perf_counter() - start)
    raise typer.Exit(1 if wrong else 0)


def _show(circuit: str, rates: dict[str, float], found: FaultStatistics, seconds: float) -> None:
    kinds = {kind: getattr(found, kind) for kind in ("answers", "right", "silent", "torn", "wrong")}
    typer.echo(json.dumps({"circuit": circuit, **rates, **kinds, "seconds": round(seconds, 2)}))


if __name__ == "__main__":
    typer.run(main)
