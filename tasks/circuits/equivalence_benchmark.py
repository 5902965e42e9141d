"""How fast circuits are proved equal to their optimised versions, beside ABC's ``cec`` and ``&cec`` in the same run.

Run ``python -m tasks.circuits.equivalence_benchmark --timeout 60 sqrt div``. The EPFL circuits lie in
``$NEUROSYM_DATA``; ABC (``berkeley-abc``) optimises each once into a cache folder. Every prover is given the same two
AIGER files and one thread; CPU seconds are compared. Our own include reading the files, not the start of Python or
kernels' compilation.
"""

import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from logic import CircuitError
from logic.formats import read_circuit
from logic.proving import prove_equivalent

_CACHE = Path(tempfile.gettempdir()) / "neurosym-pairs"
_DOUBLED = {"hyp": 2}  # circuits also compared as 2^k copies side by side, the usual way to enlarge EPFL circuits
_RESYN2 = "balance; rewrite; refactor; balance; rewrite; rewrite -z; balance; refactor -z; rewrite -z; balance"
_CELLS = """\
GATE zero 0 O=CONST0;
GATE one 0 O=CONST1;
GATE buf 1 O=a; PIN * NONINV 1 999 1 0 1 0
GATE inv 1 O=!a; PIN * INV 1 999 0.9 0 0.9 0
GATE nand2 2 O=!(a*b); PIN * INV 1 999 1 0 1 0
GATE nand3 3 O=!(a*b*c); PIN * INV 1 999 1.1 0 1.1 0
GATE nand4 4 O=!(a*b*c*d); PIN * INV 1 999 1.4 0 1.4 0
GATE nor2 2 O=!(a+b); PIN * INV 1 999 1.4 0 1.4 0
GATE nor3 3 O=!(a+b+c); PIN * INV 1 999 2.4 0 2.4 0
GATE and2 3 O=a*b; PIN * NONINV 1 999 1.9 0 1.9 0
GATE or2 3 O=a+b; PIN * NONINV 1 999 2.4 0 2.4 0
GATE xor2 5 O=a*!b+!a*b; PIN * UNKNOWN 2 999 1.9 0 1.9 0
GATE xnor2 5 O=a*b+!a*!b; PIN * UNKNOWN 2 999 2.1 0 2.1 0
GATE aoi21 3 O=!(a*b+c); PIN * INV 1 999 1.6 0 1.6 0
GATE aoi22 4 O=!(a*b+c*d); PIN * INV 1 999 2 0 2 0
GATE oai21 3 O=!((a+b)*c); PIN * INV 1 999 1.6 0 1.6 0
GATE oai22 4 O=!((a+b)*(c+d)); PIN * INV 1 999 2 0 2 0
"""


@dataclass(frozen=True)
class Pair:
    """Two circuits to compare, as AIGER files."""

    name: str
    original: Path
    version: Path


@dataclass(frozen=True)
class Answer:
    """What one prover said: ``equal``, ``different`` or ``open``, after how many CPU and wall seconds."""

    said: str
    cpu: float
    wall: float


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help="Circuits, or pairs like div-resyn2; all by default.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds for each prover and pair.")] = 60,
    data: Annotated[Path, typer.Option(envvar="NEUROSYM_DATA", help="Folder with circuits/epfl.")] = Path("data"),
    cache: Annotated[Path, typer.Option(help="Where the optimised circuits are kept.")] = _CACHE,
    abc: Annotated[str, typer.Option(help="The ABC executable.")] = "berkeley-abc",
    rival: Annotated[bool, typer.Option(help="Run ABC's provers too.")] = True,
    skip: Annotated[list[str] | None, typer.Option(help="Circuits or pairs left out.")] = None,
) -> None:
    """Measure and print: one JSON line a pair, then the table and the totals."""
    if shutil.which(abc) is None:
        raise CircuitError(f"{abc} is not installed; it makes the optimised circuits and is the rival")
    os.environ["OMP_NUM_THREADS"] = "1"
    rows: list[tuple[str, dict[str, Answer]]] = []
    warm_up(data, cache, abc)
    for pair in pairs(data, cache, abc, set(names or ()), set(skip or ())):
        answers = {"neurosym": ours(pair, timeout)}
        if rival:
            answers |= {command: abc_says(abc, command, pair, timeout) for command in ("cec", "&cec")}
        typer.echo(json.dumps({"pair": pair.name} | {key: asdict(value) for key, value in answers.items()}))
        rows.append((pair.name, answers))
    typer.echo(table(rows))


def pairs(data: Path, cache: Path, abc: str, names: set[str], skip: set[str]) -> Iterator[Pair]:
    """The pairs asked for, smallest circuit first; what is not in the cache is made, or said to be left out."""
    folder = data / "circuits" / "epfl"
    originals = sorted(folder.glob("*/*.aig"), key=lambda path: path.stat().st_size)
    if not originals:
        raise CircuitError(f"no circuits in {folder}; set NEUROSYM_DATA or give --data")
    cache.mkdir(parents=True, exist_ok=True)
    cells = cache / "cells.genlib"
    cells.write_text(_CELLS)
    for path in originals:
        sources = {"resyn2": f"read {path}; strash; {_RESYN2}", "dch": f"read {path}; strash; dch; map; strash"}
        for best in sorted((folder / "best_depth").glob(f"{path.stem}_depth_*.blif")):
            sources["best_depth"] = f"read {best}; strash"
        made = {f"{path.stem}-{version}": (path, "", commands) for version, commands in sources.items()}
        if times := _DOUBLED.get(path.stem):
            name, double = f"{path.stem}_{times}xd", "; logic; double; strash" * times
            made[f"{name}-resyn2"] = cache / f"{name}.aig", f"read {path}; strash{double}", sources["resyn2"] + double
        for name, (original, enlarged, commands) in made.items():
            wanted = not names or path.stem in names or name in names
            if not wanted or path.stem in skip or name in skip:
                continue
            try:
                _make(abc, enlarged, original)
                _make(abc, f"read_library {cells}; {commands}", cache / f"{name}.aig")
            except CircuitError as error:  # dch of some ABC ends in a failed assertion on hyp
                typer.echo(f"{name} is left out: {error}", err=True)
                continue
            yield Pair(name, original, cache / f"{name}.aig")


def _make(abc: str, commands: str, path: Path) -> None:
    """Has ABC write a circuit, unless it is there; a run cut short leaves nothing."""
    if path.exists():
        return
    scratch = path.with_suffix(f".{os.getpid()}.aig")
    done = subprocess.run(
        [abc, "-q", f"{commands}; write_aiger -s {scratch}"], capture_output=True, text=True, check=False
    )
    if not scratch.exists():
        raise CircuitError(f"{abc} made no {path.stem}: {done.stdout[-300:]}{done.stderr[-300:]}")
    scratch.rename(path)


def warm_up(data: Path, cache: Path, abc: str) -> None:
    """Compiles the kernels, so that no pair pays for it."""
    for pair in pairs(data, cache, abc, {"ctrl-resyn2", "cavlc-dch"}, set()):
        ours(pair, 60)


def ours(pair: Pair, timeout: float) -> Answer:
    """Our prover, in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    spec, version = read_circuit(pair.original), read_circuit(pair.version)
    version = replace(version, inputs=spec.inputs, output_names=spec.output_names)  # by order, as ABC matches them
    verdict = prove_equivalent(version, spec, timeout)
    said = {True: "equal", False: "different", None: "open"}[verdict.holds]
    return Answer(said, time.process_time() - cpu, time.perf_counter() - wall)


def abc_says(abc: str, command: str, pair: Pair, timeout: float) -> Answer:
    """One of ABC's provers in a process of its own, ended at the timeout; matched by order."""
    files = f"{pair.original} {pair.version}"
    script = (
        f"cec -n -T {int(timeout)} -C 1000000000 {files}"
        if command == "cec"
        else (f"&read {pair.version}; &cec -T {int(timeout)} -C 1000000000 {pair.original}")
    )
    limit = int(timeout) + 1

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))

    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([abc, "-q", script], capture_output=True, text=True, check=False, preexec_fn=bounded)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    said = "equal" if "are equivalent" in done.stdout else "different" if "NOT EQUIVALENT" in done.stdout else "open"
    return Answer(said, cpu, time.perf_counter() - wall)


def table(rows: list[tuple[str, dict[str, Answer]]]) -> str:
    """A Markdown table of CPU seconds, the totals over the pairs both sides settle, and the pairs one side settles."""
    lines = ["| pair | neurosym s | cec s | &cec s |", "|---|---|---|---|"]
    for name, answers in rows:
        shown = [answers.get(key) for key in ("neurosym", "cec", "&cec")]
        cells = ["-" if x is None else f"{x.cpu:.2f}" if x.said != "open" else f"open ({x.cpu:.0f})" for x in shown]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    both, own, rivals, alone, lost, still = 0, 0.0, 0.0, [""][:0], [""][:0], [""][:0]
    for name, answers in rows:
        times = [x.cpu for key, x in answers.items() if key != "neurosym" and x.said != "open"]
        settled = answers["neurosym"].said != "open"
        if settled and times:
            both, own, rivals = both + 1, own + answers["neurosym"].cpu, rivals + min(times)
        elif settled or times:
            (alone if settled else lost).append(name)
        else:
            still.append(name)
    ratio = f" = {own / rivals:.2f} times" if rivals else ""
    lines += [
        "",
        f"Settled by both: {both} pairs, neurosym {own:.1f} s, the better of ABC's {rivals:.1f} s{ratio}.",
        f"By neurosym alone: {', '.join(alone) or 'none'}. By ABC alone: {', '.join(lost) or 'none'}.",
        f"By neither: {', '.join(still) or 'none'}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
