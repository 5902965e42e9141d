"""A resident program beside ProbLog's Python interface: one ground query after the other, and the whole command.

Interleaved medians of CPU time, that of our Prolog workers and of all that a command starts included.
"""

import compileall
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from problog import get_evaluatable
from problog.engine import DefaultEngine
from problog.logic import Term
from problog.program import PrologString

import neurosym
from reasoner import Program
from reasoner.counting.planning import answer_stated
from reasoner.prolog.workers import cpu_seconds

_RULES = "two(X, Z) :- edge(X, Y), edge(Y, Z), X \\= Z.\n"
_LINES = "0.3::a.\nb :- a.\nquery(b).\n"


def chain(facts: int) -> str:
    """So many uncertain edges, each to another node, and a rule of two of them."""
    return "".join(f"0.3::edge({node}, {node * 7 % facts + 1}).\n" for node in range(1, facts + 1)) + _RULES


def ask_ours(program: Program, node: int, end: int) -> float:
    """The probability of one ground query."""
    return answer_stated(program, f"two({node}, {end})")[f"two({node},{end})"]


def ask_problog(engine: DefaultEngine, database: object, node: int, end: int) -> float:
    """The same by ProbLog, whose database is prepared."""
    ground = engine.ground_all(database, queries=[Term.from_string(f"two({node},{end})")], evidence=[])
    return float(next(iter(get_evaluatable().create_from(ground).evaluate().values())))


def per_query(facts: int, queries: int) -> dict[str, float]:
    """Milliseconds of CPU time for a ground query that was never asked, ours and ProbLog's."""
    text = chain(facts)
    engine = DefaultEngine()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ProbLog warns of every '\\='
        database = engine.prepare(PrologString(text))
        before = _used()
        program = Program.parse(text, ())
        loaded = _used() - before
        ours, theirs = list[float](), list[float]()
        for node in range(2, queries + 3):
            end = (node * 7 % facts + 1) * 7 % facts + 1
            for spent, ask in (
                (ours, lambda node=node, end=end: ask_ours(program, node, end)),
                (theirs, lambda node=node, end=end: ask_problog(engine, database, node, end)),
            ):
                before = _used()
                found = ask()
                spent.append(1000 * (_used() - before))
                if abs(found - 0.09) > 1e-9:
                    raise RuntimeError(f"two({node}, {end}) has the probability {found}, not 0.09")
    return {"facts": facts, "load_s": loaded, "ours_ms": median(ours[1:]), "problog_ms": median(theirs[1:])}


def whole_command(times: int) -> dict[str, float]:
    """Milliseconds of CPU and wall time of `neurosym query` and of `problog` for a program of three lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "three.pl"
        path.write_text(_LINES, encoding="utf-8")
        home = Path(sys.executable).parent
        home_of_ours = Path(neurosym.__file__).parent.parent
        for package in ("neurosym", "logic", "reasoner"):  # as pip does with the packages that it copies
            compileall.compile_dir(home_of_ours / package, quiet=2)
        ours = (sys.executable, "-c", "from neurosym.__main__ import main; main()", "query")
        commands = {"ours": ours, "problog": (str(home / "problog"),)}
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(times):
            for name, command in commands.items():
                spent[name].append(
                    _costs(lambda command=command: subprocess.run((*command, path), capture_output=True))
                )
    return {
        f"command_{name}_{kind}_ms": 1000 * median(one[column] for one in found)
        for name, found in spent.items()
        for column, kind in enumerate(("cpu", "wall"))
    }


def _costs(run: Callable[[], object]) -> tuple[float, float]:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - begun


def _used() -> float:
    return time.process_time() + cpu_seconds()


def main(
    queries: Annotated[int, typer.Option(min=1, help="Ground queries of each program.")] = 30,
    commands: Annotated[int, typer.Option(min=1, help="Calls of each command.")] = 11,
) -> None:
    """Programs of 500, 5,000 and 20,000 facts, then the command."""
    for facts in (500, 5_000, 20_000):
        typer.echo(json.dumps({name: round(value, 3) for name, value in per_query(facts, queries).items()}))
    typer.echo(json.dumps({name: round(value, 1) for name, value in whole_command(commands).items()}))


if __name__ == "__main__":
    typer.run(main)
