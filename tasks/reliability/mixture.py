"""Good and hostile requests from eight threads at once: the good ones are answered right, and in bounded time.

``python -m tasks.reliability.mixture --requests 200 --seed 0``. A good request may have to wait for hostile ones that
came before it, each for as long as its limit lets it run: one in each of the other threads. It must never wait longer.
Waiting is told in CPU seconds that the process spends meanwhile on all its cores, as limits are: so the load of the
machine plays no part.
"""

import os
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import isclose
from statistics import median
from typing import Annotated

import typer
from rich.console import Console

from logic import Circuit, NeurosymError, compile_circuit, parse_circuit, verify
from reasoner import ConstraintProgram, Limits, Program, explain, infer, solve, to_text

SECONDS = 0.3  # the limit of a hostile request

_RAIN = "0.3::rain. 0.4::sprinkler. wet :- rain. wet :- sprinkler. query(wet)."
_PATHS = "0.5::edge(a,b). 0.5::edge(b,c). path(X,Y) :- edge(X,Y). path(X,Y) :- edge(X,Z), path(Z,Y). query(path(a,c))."
_COINS = "puzzle(X, Y) :- [X, Y] ins 0..9, X + Y #= 17, X #> Y."
_FOR_EVER = "count(X) :- count(s(X)). never :- count(0). query(never)."
_WIDE = "0.5::bit(X) :- between(1, 24, X). pick(L) :- findall(X, bit(X), L). query(pick(L))."
_PIGEONS = (
    "pigeons(Xs) :- length(Xs, 13), Xs ins 1..12, apart(Xs). "
    "apart([]). apart([X|Xs]) :- others(X, Xs), apart(Xs). "
    "others(_, []). others(X, [Y|Ys]) :- X #\\= Y, others(X, Ys)."
)


@dataclass(frozen=True)
class Request:
    """What is asked.

    Args:
        kind: Of request, for the table.
        ask: Asks, and says whether the answer is right; a hostile request is right if it ends without harm.
        hostile: Whether it tries to take more than its share.
    """

    kind: str
    ask: Callable[[], bool]
    hostile: bool


@dataclass(frozen=True)
class Reply:
    """What became of a request.

    Args:
        request: What was asked.
        right: Whether the answer is right.
        seconds: CPU time of the whole process from asking to the answer.
    """

    request: Request
    right: bool
    seconds: float


def requests() -> Sequence[Request]:
    """One request of each kind."""
    adder = "\n".join(f".names a{i} b{i} y{i}\n10 1\n01 1" for i in range(4))
    inputs, outputs = " ".join(f"a{i} b{i}" for i in range(4)), " ".join(f"y{i}" for i in range(4))
    circuit = parse_circuit(f".model m\n.inputs {inputs}\n.outputs {outputs}\n{adder}\n.end\n", "blif")
    good: Mapping[str, Callable[[], bool]] = {
        "query": lambda: _asked(_RAIN, 0.58),
        "query paths": lambda: _asked(_PATHS, 0.25),
        "explain": lambda: "sprinkler" in to_text(explain(Program.parse(_RAIN), "wet", ())[0].proof),
        "solve": lambda: solve(ConstraintProgram.parse(_COINS), "puzzle(X, Y)").bindings == {"X": 9, "Y": 8},
        "verify": partial(_proved, circuit),
    }
    limits = Limits(seconds=SECONDS)
    hostile: Mapping[str, Callable[[], object]] = {
        "query for ever": lambda: infer(Program.parse(_FOR_EVER), limits=limits),
        "explain for ever": lambda: explain(Program.parse(_FOR_EVER), "never", (), limits=limits),
        "query of all subsets": lambda: infer(Program.parse(_WIDE), limits=limits),
        "solve pigeons": lambda: solve(ConstraintProgram.parse(_PIGEONS), "pigeons(Xs)", seconds=SECONDS),
        "solve nonsense": lambda: solve(ConstraintProgram.parse("p(X) :- " + "(" * 500 + "X"), "p(X)", seconds=SECONDS),
    }
    return [
        *(Request(kind, ask, False) for kind, ask in good.items()),
        *(Request(kind, partial(_harmless, ask), True) for kind, ask in hostile.items()),
    ]


def mix(count: int, threads: int, seed: int, hostile: float = 0.5) -> Iterator[Reply]:
    """Requests drawn at random, the hostile ones with their share, asked by several threads."""
    kinds = requests()
    shares = [hostile if one.hostile else 1 - hostile for one in kinds]
    chosen = random.Random(seed).choices(kinds, shares, k=count)
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(answer, chosen)


def answer(request: Request) -> Reply:
    """Asks and takes the time."""
    start = time.process_time()
    try:
        right = request.ask()
    except NeurosymError:
        right = False
    return Reply(request, right, time.process_time() - start)


def _asked(program: str, probability: float) -> bool:
    return isclose(float(infer(Program.parse(program)).log_probs[0, 0].exp()), probability, rel_tol=1e-6)


def _proved(circuit: Circuit) -> bool:
    return verify(compile_circuit(circuit), circuit).holds is True


def _harmless(ask: Callable[[], object]) -> bool:
    """Refused or answered; any other error is a fault and is not caught."""
    with suppress(NeurosymError):
        ask()
    return True


def main(
    count: Annotated[int, typer.Option("--requests", min=1, help="How many.")] = 200,
    threads: Annotated[int, typer.Option(min=1, help="That ask at once.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of the requests.")] = 0,
) -> None:
    """Mix requests; exit code 1 if a good one is answered wrong or waits too long."""
    console, alone = Console(), {one.kind: _alone(one) for one in requests() if not one.hostile}
    found: defaultdict[str, list[Reply]] = defaultdict(list)
    for reply in mix(count, threads, seed):
        found[reply.request.kind].append(reply)
    cores, failed = min(threads, os.cpu_count() or 1), False
    for kind, replies in found.items():
        times = [reply.seconds for reply in replies]
        right = sum(reply.right for reply in replies)
        said = f"{kind:22} {right} of {len(replies)} right, median {median(times):.3f} s, most {max(times):.3f} s"
        if kind in alone:
            late = max(times) > cores * (threads * alone[kind] + (threads - 1) * SECONDS)
            failed |= late or right < len(replies)
            said += f", alone {alone[kind]:.3f} s" + ", TOO LATE" * late
        console.print(said, soft_wrap=True)
    raise typer.Exit(1 if failed else 0)


def _alone(request: Request) -> float:
    """Seconds of a request that nobody disturbs, once what it needs is loaded."""
    answer(request)
    return max(answer(request).seconds for _ in range(5))


if __name__ == "__main__":
    typer.run(main)
