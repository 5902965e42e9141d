"""The prover against simulation: random mutants of compiled networks, each refuted truly or proved harmless truly.

Run ``python -m tasks.circuits.prover_soundness --mutants 10000`` with ``NEUROSYM_DATA`` naming the folder that holds
``circuits``; it writes one JSON line and exits with 1 if the prover and a simulation ever disagree.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from logic import Circuit, CircuitBuilder, Literal, NetworkError, Population, SpikingNetwork, Synapses, compile_circuit
from logic.evaluation import evaluate, random_vectors, to_words
from logic.formats import read_circuit
from logic.library import alu, at_least, carry_select_add, less, multiply, popcount, ripple_add
from logic.proving.streams import search_streams, to_stream, wrong_answers
from logic.proving.unfolding import in_step, judge
from logic.rails import match_lines
from logic.simulation.bit_simulator import plan_waves, run_wave_plan

MAPPINGS = ("dual-rail", "majority", "logicsnn", "single-rail", "fail-silent")
KINDS = ("weight", "threshold", "delay", "removed")
FILES = (
    "iscas85/c17.bench",
    "iscas85/c432.aig",
    "iscas85/c499.aig",
    "iscas85/c880.aig",
    "iscas85/c1355.aig",
    "epfl/random_control/ctrl.aig",
    "epfl/random_control/cavlc.aig",
    "epfl/random_control/int2float.aig",
    "epfl/random_control/dec.aig",
    "epfl/random_control/router.aig",
)
EXHAUSTIVE_INPUTS = 20
VECTORS = 100_000
STREAM = 64  # waves of a random stream

Word = tuple[Literal, ...]


def generated_circuits() -> dict[str, Circuit]:
    """Ten circuits of the library."""

    def build(function: Callable[..., Word], **widths: int) -> Circuit:
        make = CircuitBuilder()
        words: tuple[Word, ...] = tuple(make.inputs(*(f"{n}{i}" for i in range(bits))) for n, bits in widths.items())
        return make.build_from({f"y{place}": literal for place, literal in enumerate(function(*words))})

    make = CircuitBuilder()
    values = make.inputs(*(f"v{value}" for value in range(6)), one_hot=True)
    (bit,) = make.inputs("bit")
    return {
        "adder4": build(ripple_add, a=4, b=4),
        "adder8": build(ripple_add, a=8, b=8),
        "adder16": build(ripple_add, a=16, b=16),
        "select8": build(carry_select_add, a=8, b=8),
        "multiplier4": build(multiply, a=4, b=4),
        "alu4": build(alu, o=3, a=4, b=4),
        "less12": build(_less, a=12, b=12),
        "popcount15": build(popcount, x=15),
        "majority5": build(_majority, x=5),
        "one_hot6": make.build(y=values[1] ^ bit, z=(values[0] | values[3]) & bit, last=values[5] | ~bit),
    }


def _less(a: Word, b: Word) -> Word:
    return (less(a, b),)


def _majority(x: Word) -> Word:
    return (at_least(len(x) // 2 + 1, x),)


def read_circuits(folder: Path) -> dict[str, Circuit]:
    """The benchmark circuits that take part."""
    return {Path(name).stem: read_circuit(folder / name) for name in FILES}


def mutate(network: SpikingNetwork, kind: str, generator: np.random.Generator) -> SpikingNetwork:
    """The network with one threshold, weight or delay changed, or one synapse removed."""
    populations, projections = list(network.populations), list(network.projections)
    if kind == "threshold":
        sizes = np.array([population.size for population in populations])
        place = int(generator.choice(len(sizes), p=sizes / sizes.sum()))
        old = populations[place]
        threshold = old.threshold.copy()
        threshold[generator.integers(old.size)] += generator.choice([-2, -1, 1, 2])
        populations[place] = Population(
            old.name,
            old.shape,
            threshold,
            retain=old.retain,
            leak=old.leak,
            reset=old.reset,
            bias=old.bias,
            initial=old.initial,
        )
        return replace(network, populations=tuple(populations))
    links = [projection for projection in projections if isinstance(projection, Synapses)]
    sizes = np.array([len(link.pre) for link in links])
    old = links[int(generator.choice(len(sizes), p=sizes / sizes.sum()))]
    columns = [column.copy() for column in (old.pre, old.post, old.weight, old.delay)]
    synapse = int(generator.integers(len(old.pre)))
    if kind == "removed":
        columns = [np.delete(column, synapse) for column in columns]
    elif kind == "weight":
        weight = int(columns[2][synapse])
        columns[2][synapse] = generator.choice([weight - 1, weight + 1, -weight, 2 * weight + 1])
    else:
        delay = int(columns[3][synapse])
        columns[3][synapse] = generator.choice([d for d in range(max(1, delay - 2), delay + 4) if d != delay])
    projections[projections.index(old)] = Synapses(old.source, old.target, *columns)
    return replace(network, projections=tuple(projections))


def outcome(network: SpikingNetwork, circuit: Circuit, generator: np.random.Generator, timeout: float) -> str:
    """``refuted``, ``harmless`` (followed by ``, waves meet`` for an unfolded one), ``unknown`` or ``disagreement``."""
    verdict = judge(network, circuit, timeout=timeout)
    if verdict.holds is None:
        return "unknown"
    meeting = "" if in_step(network, network.flatten()) else ", waves meet"
    if verdict.counterexample is not None:
        stream = to_stream(verdict.counterexample, circuit.inputs)
        confirmed = (wrong_answers(network, circuit, stream.values)[:, 0] == stream.judged).any()
        return f"refuted{meeting}" if confirmed else "disagreement"
    wrong = (
        finds_wrong_stream(network, circuit, generator) if meeting else finds_wrong_wave(network, circuit, generator)
    )
    return "disagreement" if wrong else f"harmless{meeting}"


def finds_wrong_wave(network: SpikingNetwork, circuit: Circuit, generator: np.random.Generator) -> bool:
    """Whether one of all (up to 20 inputs) or of 100,000 random input vectors is answered wrongly."""
    try:
        plan = plan_waves(network, outputs_only=True)
    except NetworkError:  # a silent synapse is out of step: the prover sees through it, the plan does not
        return finds_wrong_stream(network, circuit, generator)
    count = len(circuit.inputs)
    if count <= EXHAUSTIVE_INPUTS:
        values = (np.arange(1 << count)[:, None] >> np.arange(count) & 1).astype(np.bool_)
        for group in circuit.one_hot:
            values = values[values[:, group.start : group.stop].sum(axis=1) == 1]
    else:
        values = random_vectors(generator, circuit, (VECTORS,))
    words = to_words(values)
    places, negated = match_lines(network.input_lines, circuit.inputs)
    lines = words[places] ^ np.where(negated, ~np.uint64(0), np.uint64(0))[:, None]
    answers = run_wave_plan(plan, lines)
    places, negated = match_lines(network.output_lines, circuit.output_names)
    expected = evaluate(circuit, words)[places] ^ np.where(negated, ~np.uint64(0), np.uint64(0))[:, None]
    differ = answers ^ expected
    if tail := len(values) % 64:
        differ[:, -1] &= np.uint64((1 << tail) - 1)
    return bool(differ.any())


def finds_wrong_stream(network: SpikingNetwork, circuit: Circuit, generator: np.random.Generator) -> bool:
    """Whether a wave in one of many random streams, 100,000 waves together, is answered wrongly."""
    shape = (STREAM, -(-VECTORS // STREAM))
    return search_streams(network, circuit, random_vectors(generator, circuit, shape)) is not None


def examine(circuits: Mapping[str, Circuit], mutants: int, seed: int, timeout: float) -> dict[str, Counter[str]]:
    """Outcomes by kind of mutation, of equally many mutants of every circuit, over all mappings in turn."""
    generator = np.random.default_rng(seed)
    found = {kind: Counter[str]() for kind in KINDS}
    each = -(-mutants // len(circuits))
    console = Console(stderr=True)
    for name, circuit in circuits.items():
        networks = [compile_circuit(circuit, mapping) for mapping in MAPPINGS]
        for turn in track(range(each), name, console=console):
            kind = KINDS[turn // len(MAPPINGS) % len(KINDS)]
            mutant = mutate(networks[turn % len(MAPPINGS)], kind, generator)
            found[kind][outcome(mutant, circuit, generator, timeout)] += 1
    return found


def tell(found: Mapping[str, Counter[str]], circuits: int, seed: int, start: float, cpu: float) -> int:
    """Writes one JSON line of what came out.

    Args:
        found: Outcomes by kind of mutation.
        circuits: How many circuits.
        seed: Of mutations.
        start: When it began, by the clock.
        cpu: The same by the processor's time.

    Returns:
        How many disagreements there are.
    """
    total = sum(found.values(), Counter[str]())
    result = {
        "circuits": circuits,
        "mutants": sum(total.values()),
        "seed": seed,
        **total,
        "disagreements": total["disagreement"],
        "by_kind": found,
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }
    typer.echo(json.dumps(result))
    return total["disagreement"]


def main(
    mutants: Annotated[int, typer.Option(help="All circuits together, at least.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Of mutations and vectors.")] = 0,
    timeout: Annotated[float, typer.Option(help="Seconds for each verdict.")] = 60.0,
) -> None:
    """Judge mutants, confirm every verdict, write one JSON line; exit with 1 at a disagreement, 2 without data."""
    data = os.environ.get("NEUROSYM_DATA")
    if not data:
        typer.echo("Set NEUROSYM_DATA to the folder that holds 'circuits'.", err=True)
        raise typer.Exit(2)
    start, cpu = time.perf_counter(), time.process_time()
    circuits = generated_circuits() | read_circuits(Path(data) / "circuits")
    found = examine(circuits, mutants, seed, timeout)
    raise typer.Exit(1 if tell(found, len(circuits), seed, start, cpu) else 0)


if __name__ == "__main__":
    typer.run(main)
