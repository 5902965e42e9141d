"""How many pairs of clocked circuits are settled, and how fast, beside ABC's ``dsec`` and ``pdr`` in the same run.

Run ``python -m tasks.circuits.sequential_benchmark --data FOLDER``; FOLDER holds ``circuits/iscas89/*.bench`` and
``circuits/itc99/*.bench`` (public repositories have both). ABC (``berkeley-abc``) makes a version of each
by dc2, dretime, scorr and retime, once, into a cache folder; flip-flops start at 0. Every prover is given the same two
AIGER files and one thread, one after the other; CPU seconds are compared. ``pdr`` is asked where ``dsec`` leaves a pair
open or takes long. Our own seconds include reading the files and the independent check, not the start of Python or
kernels' compilation. ``--mutants N`` compares one-edge mutants of the smallest machines instead, which mostly differ.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from logic import Circuit, CircuitError
from logic.formats import read_circuit, write_circuit
from logic.proving import prove_equivalent

from .abc_process import run_abc
from .rival_totals import OPEN, OURS, Answer, compare, median

_CACHE = Path(tempfile.gettempdir()) / "neurosym-sequential-pairs"
_VERSIONS = {"dc2": "dc2", "dretime": "dretime", "scorr": "scorr", "retime": "retime; strash"}
_LONG = 5.0  # CPU seconds of dsec, after which pdr is asked too
_WARM = 100  # pairs that are run before
_SMALLEST = 20  # machines of which mutants are made
_LARGEST = 400_000  # bytes of a bench file; larger ones are left to --names


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Circuits, or pairs like s298-dc2; all by default.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds for each prover and pair.")] = 60,
    data: Annotated[Path, typer.Option(envvar="NEUROSYM_DATA", help="Folder with circuits/iscas89.")] = Path("data"),
    cache: Annotated[Path, typer.Option(help="Where the versions are kept.")] = _CACHE,
    abc: Annotated[str, typer.Option(help="The ABC executable.")] = "berkeley-abc",
    rounds: Annotated[int, typer.Option(help="Times that each prover runs; the median counts.")] = 1,
    skip: Annotated[list[str] | None, typer.Option(help="Pairs left out.")] = None,
    mutants: Annotated[int, typer.Option(help="One-edge mutants of each of the 20 smallest machines.")] = 0,
) -> None:
    """Measure and print: one JSON line a pair, then the totals."""
    if shutil.which(abc) is None:
        raise CircuitError(f"{abc} is not installed; it makes the versions and is the rival")
    os.environ["OMP_NUM_THREADS"] = "1"
    rows: dict[str, dict[str, Answer]] = {}
    found = list(_mutated(data, cache, abc, mutants) if mutants else _pairs(data, cache, abc, set(names or ())))
    found = [pair for pair in found if pair[1].stem not in (skip or ())]
    for original, version in found[:_WARM]:  # compiles the kernels, so that no pair pays for it
        _ours(original, version, timeout)
    for original, version in found:
        answers: dict[str, list[Answer]] = {OURS: [], "dsec": [], "pdr": []}
        for _ in range(rounds):
            answers[OURS].append(_ours(original, version, timeout))
            answers["dsec"].append(_rival(abc, f"dsec -n {original} {version}", timeout))
            if not answers["dsec"][-1].settled or answers["dsec"][-1].cpu > _LONG:
                answers["pdr"].append(_rival(abc, f"miter -n {original} {version}; pdr -T {int(timeout)}", timeout))
        row = {prover: median(runs) for prover, runs in answers.items() if runs}
        typer.echo(json.dumps({"pair": version.stem} | {prover: asdict(answer) for prover, answer in row.items()}))
        rows[version.stem] = row
    different = sum("different" in {answer.said for answer in row.values()} for row in rows.values())
    typer.echo(f"{len(rows)} pairs, {different} of them different. {compare(rows)}")


def _pairs(data: Path, cache: Path, abc: str, names: set[str]) -> Iterator[tuple[Path, Path]]:
    """Originals and versions as AIGER files; what ABC fails to make is said to be left out."""
    cache.mkdir(parents=True, exist_ok=True)
    for path in _originals(data):
        if not names and path.stat().st_size > _LARGEST:
            continue
        for version, commands in _VERSIONS.items():
            pair = f"{path.stem}-{version}"
            if names and path.stem not in names and pair not in names:
                continue
            original, other = cache / f"{path.stem}.aig", cache / f"{pair}.aig"
            if not other.exists():
                run_abc(abc, f"read {path}; strash; zero; write_aiger {original}; {commands}; write_aiger {other}", 300)
            if other.exists():
                yield original, other
            else:
                typer.echo(f"{pair} is left out: {abc} did not make it", err=True)


def _originals(data: Path) -> list[Path]:
    """The bench files, smallest first."""
    found = [path for room in ("iscas89", "itc99") for path in (data / "circuits" / room).glob("*.bench")]
    found = [path for path in found if path.stat().st_size and "_opt" not in path.stem]
    if not found:
        raise CircuitError(f"no bench files in {data}/circuits/iscas89 or itc99; give --data")
    return sorted(found, key=lambda path: path.stat().st_size)


def _mutated(data: Path, cache: Path, abc: str, count: int) -> Iterator[tuple[Path, Path]]:
    """The 20 smallest machines, each with some of its edges complemented, one at a time."""
    generator = np.random.default_rng(1)
    cache.mkdir(parents=True, exist_ok=True)
    machines = 0
    for path in _originals(data):
        original = cache / f"{path.stem}.aig"
        if not original.exists():
            run_abc(abc, f"read {path}; strash; zero; write_aiger {original}", 60)
        machines += original.exists()
        if not original.exists() or machines > _SMALLEST:
            continue
        circuit = read_circuit(original)
        for number in range(count):
            mutant = cache / f"{path.stem}-mutant{number}.aig"
            write_circuit(_mutant(circuit, generator), mutant)
            yield original, mutant


def _mutant(circuit: Circuit, generator: np.random.Generator) -> Circuit:
    column = circuit.literals.copy()
    column[generator.integers(len(column))] ^= 1
    return replace(circuit, literals=column)


def _ours(original: Path, version: Path, timeout: float) -> Answer:
    """Our prover, in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    spec, impl = read_circuit(original), read_circuit(version)
    impl = replace(impl, inputs=spec.inputs, output_names=spec.output_names)  # by order, as ABC matches them
    verdict = prove_equivalent(impl, spec, timeout)
    said = {True: "equal", False: "different", None: OPEN}[verdict.holds]
    return Answer(said, time.process_time() - cpu, time.perf_counter() - wall, verdict.detail)


def _rival(abc: str, script: str, timeout: float) -> Answer:
    """ABC in a process of its own, ended at the timeout."""
    output, cpu, wall = run_abc(abc, script, timeout)
    if "NOT EQUIVALENT" in output or "was asserted" in output:
        return Answer("different", cpu, wall)
    return Answer("equal" if "are equivalent" in output or "Property proved" in output else OPEN, cpu, wall)


if __name__ == "__main__":
    typer.run(main)
