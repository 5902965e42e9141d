"""The prover of clocked networks against an enumeration of their states: random mutants, each judged by both.

Run ``python -m tasks.circuits.clocked_soundness --mutants 2000``; it writes one JSON line and exits with 1 if the two
ever disagree. The enumeration is a breadth-first search over what a network can hold (recent spikes, membranes) beside
the circuit's registers, by plain integer arithmetic.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from logic import Circuit, CircuitBuilder, Literal, SpikingNetwork, compile_circuit
from logic.evaluation import clock, from_words, to_words
from logic.proving.induction import prove_machine
from logic.proving.streams import to_stream, wrong_answers
from logic.rails import match_lines

from .prover_soundness import KINDS, MAPPINGS, mutate, tell

Bits = NDArray[np.bool_]
Integers = NDArray[np.int64]
State = tuple[Bits, Integers, Bits, Bits, Bits]
Logic = Callable[[Sequence[Literal], Sequence[Literal]], tuple[Sequence[Literal], Sequence[Literal]]]
MOST_STATES = 20_000


def machines() -> dict[str, Circuit]:
    """Small clocked circuits: counters, a shift register, a ring, an arbiter, a detector, a queue's pointers."""
    return {
        "toggle": _machine(["t"], [0], lambda i, r: ([r[0] ^ i[0]], [r[0]])),
        "counter2": _machine(["en"], [0, 0], lambda i, r: ([r[0] ^ i[0], r[1] ^ (r[0] & i[0])], [r[0], r[1]])),
        "counter3": _machine(
            ["en", "clear"],
            [0, 0, 0],
            lambda i, r: (
                [~i[1] & b for b in (r[0] ^ i[0], r[1] ^ (r[0] & i[0]), r[2] ^ (r[0] & r[1] & i[0]))],
                [r[0] & r[1] & r[2]],
            ),
        ),
        "shift3": _machine(["d"], [1, 0, 1], lambda i, r: ([i[0], r[0], r[1]], [r[2], r[1] ^ i[0]])),
        "ring3": _machine(["go"], [1, 0, 0], _ring),
        "arbiter": _machine(["a", "b"], [0], _arbiter),
        "detector": _machine(["x"], [0, 0], lambda i, r: ([i[0], r[0] & ~i[0]], [r[1] & i[0]])),
        "pointers": _machine(
            ["push", "pop"],
            [0, 0],
            lambda i, r: ([r[0] ^ (i[0] & ~i[1]), r[1] ^ (i[1] & ~i[0])], [r[0] ^ r[1], ~(r[0] ^ r[1])]),
        ),
    }


def _ring(inputs: Sequence[Literal], held: Sequence[Literal]) -> tuple[Sequence[Literal], Sequence[Literal]]:
    go = inputs[0]
    return [(go & held[at - 1]) | (~go & held[at]) for at in range(len(held))], held


def _arbiter(inputs: Sequence[Literal], held: Sequence[Literal]) -> tuple[Sequence[Literal], Sequence[Literal]]:
    (a, b), turn = inputs, held[0]
    return [(a & ~b) | (turn & a)], [a & ~(turn & b), b & (~a | turn)]


def _machine(inputs: list[str], initial: list[int], logic: Logic) -> Circuit:
    make = CircuitBuilder()
    names = [f"r{at}" for at in range(len(initial))]
    literals = make.inputs(*inputs, *names)
    following, outputs = logic(literals[: len(inputs)], literals[len(inputs) :])
    ends = {f"next{at}": one for at, one in enumerate(following)} | {f"y{at}": one for at, one in enumerate(outputs)}
    low = make.build_from(ends)
    count = len(initial)
    return replace(
        low,
        inputs=tuple(inputs),
        register_names=tuple(names),
        register_initial=np.array(initial),
        register_next=low.outputs[:count],
        outputs=low.outputs[count:],
        output_names=low.output_names[count:],
    )


class _Run:
    """Networks side by side, each with what it remembers, taken wave by wave."""

    def __init__(self, network: SpikingNetwork, circuit: Circuit) -> None:
        self.flat, self.network, self.circuit = network.flatten(), network, circuit
        flat = self.flat
        self.lines, self.period = flat.inputs + len(flat.threshold), network.period
        self.depth = max(1, int(flat.delay[flat.weight != 0].max(initial=1)))
        self.weights = np.zeros((self.depth + 1, self.lines, len(flat.threshold)), np.int64)
        used = flat.weight != 0
        np.add.at(self.weights, (flat.delay[used], flat.pre[used], flat.post[used]), flat.weight[used])
        self.lag = network.latency // self.period
        self.inputs, self.outputs = (
            match_lines(network.input_lines, circuit.inputs),
            match_lines(network.output_lines, circuit.output_names),
        )
        count = len(circuit.inputs)
        self.vectors = (np.arange(1 << count)[:, None] >> np.arange(count) & 1).astype(np.bool_)

    def first(self) -> State:
        """One network before its first wave: spikes, membranes, registers, answers due, whether any are."""
        return (
            np.zeros((1, self.depth, self.lines), np.bool_),
            self.flat.initial[None].copy(),
            (self.circuit.register_initial == 1)[None],
            np.zeros((1, self.lag, len(self.network.outputs)), np.bool_),
            np.zeros((1, self.lag), np.bool_),
        )

    def wave(self, past: Bits, membrane: Integers, given: Bits) -> tuple[Bits, Integers, Bits]:
        """What is remembered after a wave of input lines ``[B, I]``, and its steps' spikes ``[P, B, L]``."""
        flat, steps = self.flat, list[Bits]()
        for step in range(self.period):
            spikes = np.zeros((len(past), self.lines), np.bool_)
            if step == 0:
                spikes[:, : flat.inputs] = given
            current = flat.bias + sum(
                past[:, d - 1].astype(np.int64) @ self.weights[d] for d in range(1, self.depth + 1)
            )
            driven = np.where(flat.retain, membrane >> flat.leak, 0) + current
            fired = driven >= flat.threshold
            membrane = np.where(fired, np.where(flat.subtract, driven - flat.threshold, 0), driven)
            membrane = np.where(flat.retain, membrane, 0)
            spikes[:, flat.inputs :] = fired
            past = np.concatenate([spikes[:, None], past[:, :-1]], axis=1)
            steps.append(spikes)
        return past, membrane, np.stack(steps)

    def wrong(self, steps: Bits, due: Bits, there: Bits) -> Bits:
        """``[B]`` whether an answer of these steps is not what is due: ``[B, lag + 1, O]``, this wave's first."""
        found = np.zeros(len(due), np.bool_)
        for output, (line, latency) in enumerate(
            zip(self.network.outputs.tolist(), self.network.latencies.tolist(), strict=True)
        ):
            lag, offset = divmod(latency, self.period)
            found |= there[:, lag] & (steps[offset, :, line] != due[:, lag, output])
        return found


def holds(network: SpikingNetwork, circuit: Circuit) -> bool | None:
    """Whether no stream of waves is ever answered wrongly; None if there are too many states."""
    run = _Run(network, circuit)
    front = run.first()
    known = {*_keys(front)}
    while len(front[0]):
        after = None if run.lag and _ends_wrongly(run, front) else _step(run, front)
        if after is None:
            return False
        fresh = {key: at for at, key in enumerate(_keys(after)) if key not in known}
        known.update(fresh)
        front = _chosen(after, np.array([*fresh.values()], np.int64))
        if len(known) > MOST_STATES:
            return None
    return True


def _ends_wrongly(run: _Run, front: State) -> bool:
    """Whether an answer that is due is wrong if no further wave comes."""
    past, membrane, _, due, there = front
    for _ in range(run.lag):
        past, membrane, steps = run.wave(past, membrane, np.zeros((len(past), run.flat.inputs), np.bool_))
        due, there = np.insert(due, 0, False, axis=1), np.insert(there, 0, False, axis=1)
        if run.wrong(steps, due, there).any():
            return True
        due, there = due[:, :-1], there[:, :-1]
    return False


def _step(run: _Run, front: State) -> State | None:
    """All states after one more wave; None if an answer is wrong."""
    times = len(run.vectors)
    past, membrane, state, due, there = _chosen(front, np.repeat(np.arange(len(front[0])), times))
    values = np.tile(run.vectors, (len(past) // times, 1))
    answers, following = clock(run.circuit, to_words(values), to_words(state))
    said = from_words(answers, len(values))[:, run.outputs.place] ^ run.outputs.negated
    past, membrane, steps = run.wave(past, membrane, values[:, run.inputs.place] ^ run.inputs.negated)
    due, there = np.concatenate([said[:, None], due], axis=1), np.insert(there, 0, True, axis=1)
    if run.wrong(steps, due, there).any():
        return None
    return past, membrane, from_words(following, len(values)), due[:, : run.lag], there[:, : run.lag]


def _chosen(front: State, which: Integers) -> State:
    """Some of the states, or some more than once."""
    past, membrane, state, due, there = front
    return past[which], membrane[which], state[which], due[which], there[which]


def _keys(front: State) -> list[bytes]:
    """What each state is known by."""
    rows = [np.ascontiguousarray(part.reshape(len(part), -1)) for part in front]
    return [b"".join(part[at].tobytes() for part in rows) for at in range(len(rows[0]))]


def outcome(network: SpikingNetwork, circuit: Circuit, timeout: float) -> str:
    """``refuted``, ``proved``, ``unknown``, ``too large`` (for the enumeration) or ``disagreement``."""
    verdict, truth = prove_machine(network, circuit, timeout=timeout), holds(network, circuit)
    if verdict.counterexample is not None:
        stream = to_stream(verdict.counterexample, circuit.inputs)
        if not (wrong_answers(network, circuit, stream.values)[:, 0] == stream.judged).any():
            return "disagreement"
    if truth is None:
        return "too large"
    if verdict.holds is None:
        return "unknown"
    return ("proved" if verdict.holds else "refuted") if verdict.holds is truth else "disagreement"


def mutants(count: int, seed: int) -> Iterator[tuple[str, SpikingNetwork, Circuit]]:
    """As many mutants of each circuit, over all mappings and kinds in turn, with their kind."""
    generator = np.random.default_rng(seed)
    circuits = machines()
    networks = {name: [compile_circuit(circuit, mapping) for mapping in MAPPINGS] for name, circuit in circuits.items()}
    for turn in range(count):
        name = list(circuits)[turn % len(circuits)]
        turn //= len(circuits)
        kind = KINDS[turn // len(MAPPINGS) % len(KINDS)]
        yield kind, mutate(networks[name][turn % len(MAPPINGS)], kind, generator), circuits[name]


def main(
    count: Annotated[int, typer.Option("--mutants", help="All circuits together.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Of mutations.")] = 0,
    timeout: Annotated[float, typer.Option(help="Seconds for each verdict.")] = 60.0,
) -> None:
    """Judge mutants by both, write one JSON line; exit with 1 at a disagreement."""
    start, cpu = time.perf_counter(), time.process_time()
    found = {kind: Counter[str]() for kind in KINDS}
    for kind, network, circuit in track(mutants(count, seed), total=count, console=Console(stderr=True)):
        found[kind][outcome(network, circuit, timeout)] += 1
    raise typer.Exit(1 if tell(found, len(machines()), seed, start, cpu) else 0)


if __name__ == "__main__":
    typer.run(main)
