"""How fast MNIST addition is learned from a plain Prolog program: against other reasoners, in turns on one thread.

``python -m tasks.addition.benchmark`` prints one JSON line a measurement: training rates (sums per second of processor
time, the classifier's work included), learning curves, seconds from Prolog text to a prepared query, milliseconds of an
explanation, and seconds to ground what can be reached in a graph. Other reasoners take part if they are installed; what
is missing is said on the error stream.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import networkx
import numpy as np
import torch
import typer

from logic import Symbols
from reasoner import DIGITS, Limits, Program, explain
from reasoner.counting.planning import KEPT, prepare_query
from reasoner.grounding.grounding import ground
from reasoner.prolog.workers import cpu_seconds

from .harness import Sums, Training, accuracy, load_sums
from .reasoners import LABEL, REASONERS, addition_program


def main(
    digits: Annotated[list[int], typer.Option(help="Digits of the numbers.")] = [1, 2, 4, 15],  # noqa: B006
    rounds: Annotated[int, typer.Option(help="Times that the reasoners take turns; the median counts.")] = 5,
    epochs: Annotated[int, typer.Option(help="Passes of a learning curve; 0 leaves it out.")] = 0,
    reasoner: Annotated[list[str], typer.Option(help="Who takes part.")] = ["neurosym", "klay", "carry", "ltn"],  # noqa: B006
    deeplog: Annotated[Path | None, typer.Option(help="A Python that has pydeeplog[mvsdd]; it takes part too.")] = None,
) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    for number in digits:
        training, held_out = load_sums(number)
        compile_seconds(number)
        compare(number, training, reasoner, rounds, deeplog)
        if epochs:
            curve(number, training, held_out, epochs)
    for number in (1, 15):
        explanation(number)
    for acyclic in (True, False):
        for probability in ("", "0.3::"):
            reachability(acyclic, probability)


def compile_seconds(digits: int, repeats: int = 5) -> None:
    """From Prolog text to a query that can be counted: parsed, grounded, factored."""

    def once() -> None:
        KEPT.clear()
        prepare_query(addition_program(digits), "correct")

    once()
    _show(measure="compile", digits=digits, cpu_seconds=statistics.median(_cpu(once) for _ in range(repeats)))


def compare(digits: int, sums: Sums, names: list[str], rounds: int, deeplog: Path | None) -> None:
    """Training rates; each reasoner trains one pass in its turn, and the first pass is not counted."""
    runs: dict[str, Callable[[], float]] = {}
    for name in names:
        try:
            training = Training(sums, REASONERS[name](digits))
        except Exception as reason:  # a rival that is not there, or cannot do it, is said and left out
            _warn(name, digits, reason)
            continue
        runs[name] = lambda training=training: _cpu(lambda: list(training.epoch()))
    child = _deeplog(deeplog, digits) if deeplog and digits <= 2 else None
    if child:
        runs["deeplog"] = lambda: _ask(child)["cpu_seconds"]
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            taken = run()
            if turn:
                seconds[name].append(taken)
    rates = {name: round(len(sums.slots) / statistics.median(taken), 1) for name, taken in seconds.items()}
    spread = {name: [round(len(sums.slots) / s, 1) for s in (max(t), min(t))] for name, t in seconds.items()}
    _show(measure="rate", digits=digits, sums_per_cpu_second=rates, range=spread)
    if child:
        child.terminate()
        child.wait()


def curve(digits: int, sums: Sums, held_out: Sums, epochs: int) -> None:
    """Accuracy of digits and sums after each pass, by this package."""
    training = Training(sums, REASONERS["neurosym"](digits))
    for epoch in range(1, epochs + 1):
        losses = list(training.epoch())
        digit, total = accuracy(training.net, held_out)
        loss = statistics.fmean(losses)
        _show(measure="curve", digits=digits, epoch=epoch, loss=loss, digit_accuracy=digit, sum_accuracy=total)


def explanation(digits: int, repeats: int = 21) -> None:
    """Milliseconds of wall and processor time for one replayed explanation of a sum that is given."""
    generator = torch.Generator().manual_seed(0)
    beliefs = torch.randn(1, 2 * digits, 10, generator=generator).log_softmax(2)
    total = torch.randint(0, 2, (1, digits + 1), generator=generator)
    symbols = (Symbols(DIGITS, beliefs), Symbols(LABEL, torch.eye(10).log()[total]))
    program = addition_program(digits)
    explain(program, "correct", symbols)
    wall, cpu = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        cpu.append(1e3 * _cpu(lambda: explain(program, "correct", symbols)))
        wall.append(1e3 * (time.perf_counter() - start))
    _show(measure="explain", digits=digits, cpu_ms=statistics.median(cpu), wall_ms=statistics.median(wall))


def reachability(acyclic: bool, probability: str, nodes: int = 2000, edges: int = 4000) -> None:
    """Seconds to ground whether one node of a random graph is reached from another, from Prolog text."""
    random = np.random.default_rng(0)
    found: set[tuple[int, int]] = set()
    while len(found) < edges:
        a, b = (int(node) for node in random.choice(nodes, 2, replace=False))
        found.add((min(a, b), max(a, b)) if acyclic else (a, b))
    rules = "reach(X, Y) :- edge(X, Y). reach(X, Y) :- reach(X, Z), edge(Z, Y).\n"
    text = rules + "".join(f"{probability}edge({a}, {b}).\n" for a, b in sorted(found))
    graph = networkx.DiGraph(found)
    source = max(range(100), key=lambda node: len(networkx.descendants(graph, node)) if node in graph else 0)
    target = max(networkx.descendants(graph, source))
    seconds = _cpu(lambda: ground(Program.parse(text, ()), f"reach({source}, {target})", Limits(seconds=60)))
    _show(measure="reach", nodes=nodes, edges=edges, acyclic=acyclic, probabilistic=bool(probability),
          cpu_seconds=seconds)  # fmt: skip


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time() + cpu_seconds()
    work()
    return time.process_time() + cpu_seconds() - start


def _deeplog(python: Path, digits: int) -> "subprocess.Popen[str] | None":
    command = [str(python), "-m", "tasks.addition.rival_deeplog", str(digits)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        _show(measure="compile", digits=digits, reasoner="deeplog", cpu_seconds=_read(child)["compile_seconds"])
    except ValueError as reason:
        _warn("deeplog", digits, reason)
        return None
    return child


def _ask(child: "subprocess.Popen[str]") -> dict[str, Any]:
    if child.stdin:
        child.stdin.write("1\n")
        child.stdin.flush()
    return _read(child)


def _read(child: "subprocess.Popen[str]") -> dict[str, Any]:
    return json.loads(child.stdout.readline() if child.stdout else "")


def _warn(name: str, digits: int, reason: Exception) -> None:
    sys.stderr.write(f"{name} does not take part with {digits} digits: {reason}\n")


def _show(**row: object) -> None:
    typer.echo(json.dumps(row))


if __name__ == "__main__":
    typer.run(main)
