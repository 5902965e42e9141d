"""How fast circuits are proved equal to their optimised versions, beside ABC's ``cec`` and ``&cec`` in the same run.

Run ``python -m tasks.circuits.equivalence_benchmark --timeout 60 sqrt div`` for the EPFL circuits, which lie in
``$NEUROSYM_DATA``, or with ``--folder FOLDER`` for the family of netlists in a folder (repeat it for more). ABC
(``berkeley-abc``) optimises each once into a cache folder. Every prover is given the same two AIGER files, matched by
order, and one thread; CPU seconds are compared, the median of three runs where the first took below 0.1 s. Our own
include reading the files, in this process: not the start of Python, and kernels have been compiled or loaded by other
circuits before. ABC's are those of its process. ``--commands N`` also takes the CPU seconds of our whole command
``neurosym verify A B`` for the first N pairs of a family: it starts Python, and compiles, proves and reads a spiking
network, so that it does more than ABC is asked for.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import typer

from logic import CircuitBuilder, CircuitError, Literal
from logic.formats import read_circuit, write_circuit
from logic.library import carry_select_add, multiply, popcount, ripple_add
from logic.proving import prove_equivalent

from .abc_process import CpuWatch, run_abc, run_command
from .equivalence_pairs import VERSIONS, Choice, Pair, epfl_pairs, folder_pairs
from .rival_totals import OPEN, OURS, Answer, compare, median

_CACHE = Path(tempfile.gettempdir()) / "neurosym-pairs"
_SHORT = 0.1  # CPU seconds below which a run is repeated
_SAID = {True: "equal", False: "different", None: OPEN}


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help="Circuits, or pairs like div-resyn2; all by default.")
    ] = None,
    folder: Annotated[list[Path] | None, typer.Option(help="Take the netlists of this folder instead.")] = None,
    version: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(VERSIONS)}; resyn2 and dch, of a folder all, by default.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="CPU seconds for each prover and pair.")] = 60,
    data: Annotated[Path, typer.Option(envvar="NEUROSYM_DATA", help="Folder with circuits/epfl.")] = Path("data"),
    cache: Annotated[Path, typer.Option(help="Where the optimised circuits are kept.")] = _CACHE,
    abc: Annotated[str, typer.Option(help="The ABC executable.")] = "berkeley-abc",
    rival: Annotated[bool, typer.Option(help="Run ABC's provers too.")] = True,
    skip: Annotated[list[str] | None, typer.Option(help="Circuits or pairs left out.")] = None,
    largest: Annotated[float, typer.Option(help="Bytes of the largest netlist taken.")] = float("inf"),
    commands: Annotated[int, typer.Option(help="Pairs of a family that our whole command is run on too.")] = 0,
) -> None:
    """Measure and print: one JSON line a pair, then a table, and the totals of each family."""
    if shutil.which(abc) is None:
        raise CircuitError(f"{abc} is not installed; it makes the optimised circuits and is the rival")
    os.environ["OMP_NUM_THREADS"] = "1"
    rows: dict[str, dict[str, dict[str, Answer]]] = {}
    warm_up()
    for pair in _chosen(data, cache, abc, folder or [], version or [], names or [], skip or [], largest):
        family = rows.setdefault(pair.family, {})
        answers = {OURS: repeated(lambda pair=pair: ours(pair, timeout))}
        if rival:
            for prover in ("cec", "&cec"):
                answers[prover] = repeated(lambda pair=pair, prover=prover: abc_says(abc, prover, pair, timeout))
        line: dict[str, object] = {"pair": pair.name, **{prover: asdict(answer) for prover, answer in answers.items()}}
        if len(family) < commands:
            line["command"] = round(whole_command(pair, timeout), 3)
        typer.echo(json.dumps(line))
        family[pair.name] = answers
    every = {name: row for family in rows.values() for name, row in family.items()}
    typer.echo(table(every))
    long = {name: row for name, row in every.items() if max(answer.cpu for answer in row.values()) >= _SHORT}
    groups = rows | ({"all": every} if len(rows) > 1 else {}) | {f"{_SHORT} s and more": long}
    for group, found in groups.items():
        typer.echo(f"\n{group}: {len(found)} pairs. {compare(found)}")


def _chosen(
    data: Path,
    cache: Path,
    abc: str,
    folders: list[Path],
    versions: list[str],
    names: list[str],
    skip: list[str],
    largest: float,
) -> Iterator[Pair]:
    if unknown := set(versions) - set(VERSIONS):
        raise CircuitError(f"no version is called {', '.join(sorted(unknown))}; there are {', '.join(VERSIONS)}")
    made = tuple(versions or (VERSIONS if folders else Choice.versions))
    choice = Choice(frozenset(names), frozenset(skip), made, largest)
    if not folders:
        return epfl_pairs(data, cache, abc, choice)
    return chain.from_iterable(folder_pairs(folder, cache, abc, choice) for folder in folders)


def warm_up() -> None:
    """Compiles or loads the kernels on circuits that are in no family, so that no pair pays for it."""
    words = {"a": 7, "b": 7}

    def swapped(a: tuple[Literal, ...], b: tuple[Literal, ...]) -> tuple[Literal, ...]:
        return multiply(b, a)

    def counted(a: tuple[Literal, ...], b: tuple[Literal, ...]) -> tuple[Literal, ...]:
        return popcount(a + b)

    def recounted(a: tuple[Literal, ...], b: tuple[Literal, ...]) -> tuple[Literal, ...]:
        return popcount(b[::-1] + a[::2] + a[1::2])

    def wrong(a: tuple[Literal, ...], b: tuple[Literal, ...]) -> tuple[Literal, ...]:
        return (*ripple_add(a, b)[:-1], a[0] & b[1] & a[2] & b[3] & a[4] & b[5] & a[6])

    pairs = (ripple_add, carry_select_add), (multiply, swapped), (counted, recounted), (ripple_add, wrong)
    with tempfile.TemporaryDirectory() as folder:
        for place, both in enumerate(pairs):
            paths = [Path(folder) / f"{place}{side}.aig" for side in "ab"]
            for path, function in zip(paths, both, strict=True):
                make = CircuitBuilder()
                inputs = [make.inputs(*(f"{name}{bit}" for bit in range(bits))) for name, bits in words.items()]
                found = function(inputs[0], inputs[1])
                write_circuit(make.build_from({f"y{bit}": literal for bit, literal in enumerate(found)}), path)
            ours(Pair("warm", "warm", *paths), 60)


def repeated(run: Callable[[], Answer]) -> Answer:
    """One answer, or the median of three if it came at once."""
    first = run()
    return first if first.cpu >= _SHORT else median([first, *(run() for _ in range(2))])


def ours(pair: Pair, timeout: float) -> Answer:
    """Our prover, in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    spec, version = read_circuit(pair.original), read_circuit(pair.version)
    version = replace(version, inputs=spec.inputs, output_names=spec.output_names)  # by order, as ABC matches them
    verdict = prove_equivalent(version, spec, CpuWatch(timeout))
    said = _SAID[verdict.holds]
    return Answer(said, time.process_time() - cpu, time.perf_counter() - wall, verdict.detail)


def abc_says(abc: str, command: str, pair: Pair, timeout: float) -> Answer:
    """One of ABC's provers in a process of its own, ended at the timeout; matched by order."""
    script = (
        f"cec -n -T {int(timeout)} -C 1000000000 {pair.original} {pair.version}"
        if command == "cec"
        else f"&read {pair.version}; &cec -T {int(timeout)} -C 1000000000 {pair.original}"
    )
    found = run_abc(abc, script, timeout)
    said = "equal" if "are equivalent" in found.output else "different" if "NOT EQUIVALENT" in found.output else OPEN
    return Answer(said, found.cpu, found.wall)


def whole_command(pair: Pair, timeout: float) -> float:
    """CPU seconds of ``neurosym verify``, which also compiles and proves a spiking network."""
    words = ["verify", str(pair.version), str(pair.original), "--match", "order", "--timeout", str(timeout)]
    return run_command([sys.executable, "-m", "neurosym", *words], 2 * timeout).cpu


def table(rows: dict[str, dict[str, Answer]], most: int = 60) -> str:
    """A Markdown table of CPU seconds of the pairs that took the longest."""
    lines = ["| pair | neurosym s | cec s | &cec s |", "|---|---|---|---|"]
    longest = sorted(rows, key=lambda name: -max(answer.cpu for answer in rows[name].values()))
    kept = set(islice(longest, most))
    for name, answers in rows.items():
        if name in kept:
            shown = [answers.get(key) for key in (OURS, "cec", "&cec")]
            cells = ["-" if x is None else f"{x.cpu:.2f}" if x.settled else f"open ({x.cpu:.0f})" for x in shown]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    if len(rows) > most:
        lines.append(f"\nand {len(rows) - most} pairs that took less.")
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
