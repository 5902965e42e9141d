"""Pairs of circuits to compare: circuits of a folder, and versions of each, which ABC makes once into a cache."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from logic import CircuitError
from logic.formats.known_formats import readable_suffixes

from .abc_process import run_abc

_DOUBLED = {"hyp": 2}  # circuits also compared as 2^k copies side by side, the usual way to enlarge EPFL circuits
_RESYN2 = "balance; rewrite; refactor; balance; rewrite; rewrite -z; balance; refactor -z; rewrite -z; balance"
VERSIONS = {
    "resyn2": _RESYN2,
    "dch": "dch; map; strash",
    "mfs2": "if -K 6; mfs2; strash",
    "collapse": "collapse -B 20000; strash",
    "dsd": "collapse -B 20000; dsd; strash",
}
"""How ABC makes each version of a circuit; the last two know nothing of its structure and fail on what is not small."""
_GIVEN = "__"  # b04__opt.bench is a version of b04.bench
_SECONDS = 600.0  # of ABC, for a version
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
    """Two circuits to compare, as AIGER files, and the family that they belong to."""

    family: str
    name: str
    original: Path
    version: Path


@dataclass(frozen=True)
class Choice:
    """Which pairs are wanted.

    Args:
        names: Circuits, or pairs like ``div-resyn2``; all if empty.
        skip: Circuits or pairs left out.
        versions: The versions made of each circuit, of :data:`VERSIONS`; those that a folder gives are always taken.
        largest: Bytes of the largest file taken.
    """

    names: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    versions: tuple[str, ...] = ("resyn2", "dch")
    largest: float = float("inf")

    def wants(self, circuit: str, pair: str) -> bool:
        """Whether a pair is asked for."""
        named = not self.names or circuit in self.names or pair in self.names
        return named and circuit not in self.skip and pair not in self.skip


def epfl_pairs(data: Path, cache: Path, abc: str, choice: Choice) -> Iterator[Pair]:
    """The EPFL circuits against made versions, and the best known ones where they are, smallest circuit first.

    Args:
        data: Folder with ``circuits/epfl``.
        cache: Where versions are kept.
        abc: The ABC executable.
        choice: Which.

    Raises:
        CircuitError: if the folder has no circuits.
    """
    folder = data / "circuits" / "epfl"
    originals = sorted(folder.glob("*/*.aig"), key=lambda path: path.stat().st_size)
    if not originals:
        raise CircuitError(f"no circuits in {folder}; set NEUROSYM_DATA or give --data")
    cache.mkdir(parents=True, exist_ok=True)
    for path in originals:
        if path.stat().st_size > choice.largest:
            continue
        sources = {version: f"read {path}; strash; {VERSIONS[version]}" for version in choice.versions}
        for best in ("size", "depth"):
            for given in sorted((folder / f"best_{best}").glob(f"{path.stem}_{best}_*.blif")):
                sources[f"best_{best}"] = f"read {given}; strash"
        made = {f"{path.stem}-{version}": (path, "", commands) for version, commands in sources.items()}
        if (times := _DOUBLED.get(path.stem)) and "resyn2" in sources:
            name, double = f"{path.stem}_{times}xd", "; logic; double; strash" * times
            made[f"{name}-resyn2"] = cache / f"{name}.aig", f"read {path}; strash{double}", sources["resyn2"] + double
        for name, (original, enlarged, commands) in made.items():
            if choice.wants(path.stem, name) and (
                pair := _made("epfl", name, original, enlarged, commands, cache, abc)
            ):
                yield pair


def folder_pairs(folder: Path, cache: Path, abc: str, choice: Choice) -> Iterator[Pair]:
    """The circuits of a folder against made versions, and against those it gives, smallest file first.

    ABC reads each file and writes the AIGER that every prover gets; of a clocked circuit the combinational core counts.

    Args:
        folder: Netlists; what ABC does not read is left out. ``NAME__VERSION.bench`` is a version of ``NAME``. The
            folder's name is the family's.
        cache: Where AIGER files are kept, in a folder of the family's name.
        abc: The ABC executable.
        choice: Which.

    Raises:
        CircuitError: if the folder has no circuits.
    """
    files = sorted(
        (path for path in folder.glob("*") if path.suffix[1:] in readable_suffixes()),
        key=lambda path: (path.stat().st_size, path),
    )
    originals = [path for path in files if _GIVEN not in path.stem]
    if not originals:
        raise CircuitError(f"no circuits ({', '.join(readable_suffixes())}) in {folder}")
    kept = cache / folder.name
    kept.mkdir(parents=True, exist_ok=True)
    for path in originals:
        if path.stat().st_size > choice.largest:
            continue
        sources = {version: f"read {kept / path.stem}.aig; {VERSIONS[version]}" for version in choice.versions}
        for given in files:
            if given.stem.startswith(path.stem + _GIVEN):
                sources[given.stem.partition(_GIVEN)[2]] = f"read {given}; comb; strash"
        for version, commands in sources.items():
            name, core = f"{path.stem}-{version}", f"read {path}; comb; strash"
            if choice.wants(path.stem, name):
                original = kept / f"{path.stem}.aig"
                pair = _made(folder.name, name, original, core, commands, kept, abc)
                if pair is not None and pair.version.read_bytes() != original.read_bytes():
                    yield pair


def _made(family: str, name: str, original: Path, enlarged: str, commands: str, cache: Path, abc: str) -> Pair | None:
    """The pair, made if it is not in the cache; None, and a message, if ABC fails to make it."""
    version = cache / f"{name}.aig"
    cells = cache / "cells.genlib"
    if not cells.exists():
        cells.write_text(_CELLS)
    try:
        _make(abc, enlarged, original)
        _make(abc, f"read_library {cells}; {commands}", version)
    except CircuitError as error:  # such as dch of some ABC, which ends in a failed assertion on hyp
        typer.echo(f"{name} is left out: {error}", err=True)
        return None
    return Pair(family, f"{family}/{name}", original, version)


def _make(abc: str, commands: str, path: Path) -> None:
    """Has ABC write a circuit, unless it is there or failed before; a run cut short leaves nothing."""
    failed = path.with_suffix(".failed")
    if path.exists():
        return
    scratch = path.with_suffix(f".{os.getpid()}.aig")
    if not failed.exists():
        done = run_abc(abc, f"{commands}; write_aiger {scratch}", _SECONDS)
        if scratch.exists():
            scratch.rename(path)
            return
        failed.write_text(done.output[-300:])
    raise CircuitError(f"{abc} made no {path.stem}: {failed.read_text()}")
