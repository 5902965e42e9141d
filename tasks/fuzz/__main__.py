"""``python -m tasks.fuzz KIND --seconds N``: mutated inputs, tried under limits; faults are made small and kept.

Exit status 1 if any input gave a traceback, killed the process, or took more than its time or memory.
"""

import hashlib
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from .kinds import KINDS, inputs, outcome
from .mutation import Files, minimize
from .watching import Found, Watched

LIMIT_SECONDS = 5.0  # of CPU time; programs stop themselves after 2


def fuzz(
    name: str, seconds: float, seed: int, folder: Path, memory: int | None = None
) -> tuple[Counter[str], dict[str, int], float]:
    """Tries mutated inputs of a kind.

    Args:
        name: Of the kind.
        seconds: Wall time.
        seed: Of the mutations.
        folder: Where the first input of each fault is kept, made small.
        memory: Bytes that an input may take; what its kind says if left out.

    Returns:
        How many inputs became what, how often each fault occurred, and the most CPU seconds of an input.
    """
    kind, generator = KINDS[name], np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    faults: dict[str, int] = {}
    slowest = 0.0
    with Watched(partial(outcome, kind), LIMIT_SECONDS, memory or kind.memory, kind.corpus()[0]) as attempt:
        end = time.monotonic() + seconds
        for files in inputs(kind, generator):
            if time.monotonic() > end:
                return counts, faults, slowest
            found = attempt(files)
            counts[found.kind] += 1
            slowest = max(slowest, found.seconds)
            if found.fault:
                what = f"{found.kind}: {found.place}"
                if what not in faults:
                    keep(folder, name, files, found, attempt)
                faults[what] = faults.get(what, 0) + 1
    return counts, faults, slowest


def keep(folder: Path, name: str, files: Files, found: Found, attempt: Watched) -> None:
    """Writes an input that is wrong in some way, made as small as it still is; one that hangs stays as it is."""

    def still(tried: Files) -> bool:
        again = attempt(tried)
        return (again.kind, again.place) == (found.kind, found.place)

    small = minimize(files, still) if found.kind in ("traceback", "memory") else files
    folder.mkdir(parents=True, exist_ok=True)
    mark = hashlib.sha256(repr(small).encode()).hexdigest()[:8]
    for number, data in enumerate(small):
        (folder / f"{name}-{found.kind}-{mark}.{number}").write_bytes(data)
    (folder / f"{name}-{found.kind}-{mark}.txt").write_text(f"{found.place}\n{found.text}")


def main(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(KINDS)}; or all, which share the time.")],
    seconds: Annotated[float, typer.Option(min=1, help="Wall time.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    folder: Annotated[Path, typer.Option(help="For the inputs that were wrong.")] = Path("runs/fuzz"),
) -> None:
    """Try mutated inputs and say what became of them."""
    if kind not in (*KINDS, "all"):
        raise typer.BadParameter(f"there is no kind {kind!r}; choose all, {', '.join(KINDS)}")
    names = list(KINDS) if kind == "all" else [kind]
    table, wrong = Table("kind", "inputs", "results", "refused", "faults", "slowest"), 0
    for name in names:
        counts, faults, slowest = fuzz(name, seconds / len(names), seed, folder)
        told = "\n".join(f"{times} x {what}" for what, times in faults.items())
        wrong += len(faults)
        row = (counts.total(), counts["result"], counts["refused"], told or "none", f"{slowest:.2f} s")
        table.add_row(name, *map(str, row))
    Console(width=140).print(table, markup=False)
    raise typer.Exit(bool(wrong))


if __name__ == "__main__":
    typer.run(main)
