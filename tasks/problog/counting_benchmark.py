"""How fast probabilities are counted beside ProbLog and aGrUM: ``python -m tasks.problog.counting_benchmark``.

Each program is asked of each system in a process of its own: compile and count (without grounding, warm), and the whole
command. One JSON line a program; at the end, per class, how often we are at most as slow as ProbLog's best, and what it
does not finish. Networks are read from a folder of BIF files; without it, or without a rival, that part is left out.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from .counting_programs import Work, asked_of, programs
from .counting_systems import SYSTEMS

_MEGABYTES = 8192


def main(
    seconds: Annotated[float, typer.Option(help="Processor time that a system has for one program.")] = 20.0,
    networks: Annotated[Path | None, typer.Option(help="Folder of BIF files; else NEUROSYM_DATA/networks.")] = None,
    python: Annotated[Path | None, typer.Option(help="A Python that has the rivals, if this one has not.")] = None,
    only: Annotated[str, typer.Option(help="Programs whose name holds this text.")] = "",
    commands: Annotated[bool, typer.Option(help="Whether whole commands are measured too.")] = True,
) -> None:
    """Measure and print; exit code 1 if answers differ."""
    folder = networks or Path(os.environ.get("NEUROSYM_DATA", "")) / "networks"
    rival = str(python or sys.executable)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as kept:
        for command in ([sys.executable, "-m", "neurosym"], [rival, "-m", "problog"]):
            _run([*command, "--help"], seconds)  # compiles modules
        for work in programs(folder if folder.is_dir() else None):
            if only not in work.name:
                continue
            row = _measured(work, Path(kept), seconds, rival, folder, commands)
            rows.append(row)
            typer.echo(json.dumps(row))
    _sum_up(rows)
    raise typer.Exit(1 if any(row["different"] for row in rows) else 0)


def _measured(work: Work, kept: Path, seconds: float, rival: str, networks: Path, commands: bool) -> dict[str, Any]:
    path = kept / "program.pl"
    path.write_text(work.text, encoding="utf-8")
    systems = [name for name in SYSTEMS if name != "agrum" or work.kind == "network"]
    if work.kind == "network":
        asked = {"bif": str(networks / f"{work.name}.bif"), **asked_of(networks / f"{work.name}.bif")}
        path.with_suffix(".json").write_text(json.dumps(asked), encoding="utf-8")
    found: dict[str, dict[str, Any]] = {}
    for name in systems:
        own = sys.executable if name == "neurosym" else rival
        told = _run([own, "-m", "tasks.problog.counting_systems", name, str(path)], seconds)[1]
        if told:
            found[name] = json.loads(told.splitlines()[-1])
    row: dict[str, Any] = {"kind": work.kind, "name": work.name}
    row["count"] = {name: round(found[name]["count"], 4) if name in found else None for name in systems}
    row["ground"] = {name: round(one["ground"], 4) for name, one in found.items()}
    if commands:
        row["command"] = {
            "neurosym": _run([sys.executable, "-m", "neurosym", "query", str(path)], seconds)[0],
            **{kind: _run([rival, "-m", "problog", str(path), "-k", kind], seconds)[0] for kind in ("sdd", "ddnnf")},
        }
    row |= {key: found["neurosym"][key] for key in ("method", "nodes", "width")} if "neurosym" in found else {}
    values = {name: next(iter(one["answers"].values())) for name, one in found.items()}
    row["answer"] = values.get("neurosym")
    row["different"] = len(values) > 1 and max(values.values()) - min(values.values()) > 1e-6
    return row


def _run(command: list[str], seconds: float) -> tuple[float | None, str]:
    """Processor seconds of a command and all that it starts, and its output; none if it does not finish."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 5, int(seconds) + 6))
        resource.setrlimit(resource.RLIMIT_AS, (_MEGABYTES << 20, _MEGABYTES << 20))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=_environment(),
        start_new_session=True,
        preexec_fn=limited,
    )
    try:
        told, _ = child.communicate(timeout=3 * seconds + 10)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return None, ""
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    failed = child.returncode or not told or "Error: " in told  # which ProbLog tells on its output, and ends well
    return (None, "") if failed else (round(spent, 3), told)


@cache
def _environment() -> dict[str, str]:
    """With a folder for compiled modules, since an installed package has its own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "counting-benchmark-modules")}


def _sum_up(rows: list[dict[str, Any]]) -> None:
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_kind[row["kind"]].append(row)
    for kind, own in by_kind.items():
        told: dict[str, Any] = {"kind": kind, "programs": len(own)}
        for measure in ("count", "command"):
            ratios: list[float] = []
            for row in own:
                theirs = [row.get(measure, {}).get(rival) for rival in ("sdd", "ddnnf")]
                best = min([one for one in theirs if one is not None], default=None)
                ours = row.get(measure, {}).get("neurosym")
                if best is not None and ours is not None:
                    ratios.append(ours / best)
            told[f"{measure}: worst ratio to ProbLog's best"] = round(max(ratios), 2) if ratios else None
            told[f"{measure}: not slower"] = f"{sum(ratio <= 1 for ratio in ratios)} of {len(ratios)}"
        told["ProbLog does not finish"] = sum(
            row["count"]["sdd"] is None and row["count"]["ddnnf"] is None for row in own
        )
        told["we do not finish"] = sum(row["count"]["neurosym"] is None for row in own)
        typer.echo(json.dumps(told))


if __name__ == "__main__":
    typer.run(main)
