"""How fast spiking circuits are simulated: against a plain AIG simulator, and against Brian2, NEST and snnTorch.

Run ``python -m tasks.circuits.simulation_benchmark CIRCUIT ...`` (AIGER files). One JSON line a measurement. The
simulators are compared only if they are installed beside this package; what is missing is said on the error stream.
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# The kernels below are typed by numba when they are compiled.

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numba import njit

from logic import Circuit, Gate, NetworkError, compile_circuit
from logic.formats import read_circuit
from logic.rails import has_two_rails, rail_pairs
from logic.simulation.bit_simulator import WavePlan, plan_waves, run_wave_plan, simulate_bits
from logic.simulation.word_program import pack_bits, unpack_bits

from .rival_simulators import RIVALS, Trains

_BLOCK = 64


def main(
    circuits: Annotated[list[Path], typer.Argument(help="AIGER files.")],
    mapping: Annotated[list[str], typer.Option(help="Mappings to compare with the AIG.")] = ["dual-rail"],  # noqa: B006
    words: Annotated[int, typer.Option(help="Words of 64 input vectors.")] = 1024,
    repeats: Annotated[int, typer.Option(help="Interleaved repetitions; the median counts.")] = 21,
    waves: Annotated[int, typer.Option(help="Waves for the rivals; 0 leaves them out.")] = 2048,
) -> None:
    """Measure and print."""
    for path in circuits:
        circuit = read_circuit(path)
        for name in mapping:
            compare_with_aig(path.stem, circuit, name, words, repeats)
        if waves:
            compare_with_rivals(path.stem, circuit, waves)


def compare_with_aig(name: str, circuit: Circuit, mapping: str, words: int, repeats: int) -> None:
    """Gate evaluations of the source per second, by its AIG and by its spiking network, in turns on one thread."""
    if (circuit.kinds != Gate.AND).any() or (np.diff(circuit.offsets) != 2).any():
        raise NetworkError(f"{name} is not an AIG; give an AIGER file")
    network = compile_circuit(circuit, mapping)
    dual = has_two_rails(network.input_lines)
    values = np.random.default_rng(0).integers(0, 2**64, (len(circuit.inputs), words), dtype=np.uint64)
    expected = np.empty((len(circuit.outputs), words), dtype=np.uint64)
    plan = plan_waves(network, codewords=dual, outputs_only=True)
    everything = plan_waves(network)
    spikes = values
    if dual:
        spikes = np.empty((2 * len(values), words), dtype=np.uint64)
        rails = rail_pairs(network.input_lines)
        spikes[rails[:, 0]], spikes[rails[:, 1]] = ~values, values
    literals = circuit.literals.reshape(-1, 2).copy()
    runs: dict[str, Callable[[], object]] = {
        "aig": lambda: _aig(literals, circuit.first_gate, values, circuit.outputs, expected),
        "answers": lambda: run_wave_plan(plan, values),
        "lines": lambda: run_wave_plan(everything, spikes),
    }
    for run in runs.values():
        run()
    answers = run_wave_plan(plan, values)
    if not np.array_equal(answers[1::2] if dual else answers, expected):
        raise NetworkError(f"the {mapping} network of {name} does not compute what its AIG does")
    seconds: dict[str, list[float]] = {key: [] for key in runs}
    for _ in range(repeats):
        for key, run in runs.items():
            seconds[key].append(_seconds(run, time.thread_time))
    evaluations = len(circuit.kinds) * words * 64
    medians = {key: statistics.median(times) for key, times in seconds.items()}
    _show(
        circuit=name,
        mapping=mapping,
        ands=len(circuit.kinds),
        neurons=network.neurons,
        instructions=len(plan.program.code),
        aig_gates_per_second=evaluations / medians["aig"],
        gates_per_second=evaluations / medians["answers"],
        of_aig=medians["aig"] / medians["answers"],
        of_aig_with_any_spikes=medians["aig"] / medians["lines"],
    )


def compare_with_rivals(name: str, circuit: Circuit, waves: int) -> None:
    """The same network, the same waves back to back, every spike of every neuron recorded and compared."""
    network = compile_circuit(circuit, "dual-rail")
    values = np.random.default_rng(1).random((waves, len(circuit.inputs))) < 0.5
    rails = rail_pairs(network.input_lines)
    spikes = np.zeros((waves, len(network.input_lines)), dtype=bool)
    spikes[:, rails[:, 0]], spikes[:, rails[:, 1]] = ~values, values
    steps = waves + network.latency
    plan, inputs = plan_waves(network), len(network.input_lines)
    # Every neuron is quiet without input, so the waves before the first and after the last are silent.
    runs: dict[str, Callable[[], Trains]] = {
        "run": lambda: _run_plan(plan, spikes, steps),
        "call": lambda: simulate_bits(network, spikes[:, None], steps)[:, 0, inputs:],
    }
    medians: dict[str, float] = {}
    for key, run in runs.items():
        run()  # compiles
        medians[key] = statistics.median(_seconds(run) for _ in range(7))
    ours = runs["call"]()
    agree = bool(np.array_equal(ours, runs["run"]()))
    _show(circuit=name, simulator="neurosym", neurons=network.neurons, steps=steps, agree=agree, **medians)
    for rival, simulate in RIVALS.items():
        try:
            trains, spent = simulate(network, spikes, steps)
        except ImportError as missing:
            typer.echo(f"SKIPPED {rival}: {missing}", err=True)
            continue
        _show(
            circuit=name,
            simulator=rival,
            seconds=spent,
            times_run=spent / medians["run"],
            times_call=spent / medians["call"],
            same_spikes=bool(np.array_equal(trains, ours)),
        )


def _run_plan(plan: WavePlan, spikes: Trains, steps: int) -> Trains:
    """Spikes ``[steps, N]`` of all neurons from spikes ``[T, I]``, by a plan that has been made before."""
    waves, inputs = spikes.shape
    neurons = np.arange(inputs, len(plan.lines))
    rows = unpack_bits(run_wave_plan(plan, pack_bits(spikes.T), lines=neurons), waves).view(np.bool_)
    trains = np.zeros((len(neurons), steps), dtype=bool)
    for row, slot in enumerate(plan.slots[inputs:].tolist()):
        trains[row, slot : slot + waves] = rows[row, : steps - slot]
    return trains.T


def _seconds(run: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    run()
    return clock() - start


@njit(cache=True, nogil=True)
def _aig(literals, first, given, outputs, result):
    """The plain rival: two loads, an AND and a store for each gate on blocks of 64 words."""
    rows = np.zeros((first + len(literals), _BLOCK), dtype=np.uint64)
    for start in range(0, given.shape[1], _BLOCK):
        size = min(_BLOCK, given.shape[1] - start)
        for j in range(given.shape[0]):
            for w in range(size):
                rows[j + 1, w] = given[j, start + w]
        for gate in range(len(literals)):
            a, b = literals[gate, 0], literals[gate, 1]
            flip_a, flip_b = np.uint64(0) - np.uint64(a & 1), np.uint64(0) - np.uint64(b & 1)
            a, b, own = np.uint64(a >> 1), np.uint64(b >> 1), np.uint64(first + gate)
            for w in range(_BLOCK):
                rows[own, w] = (rows[a, w] ^ flip_a) & (rows[b, w] ^ flip_b)
        for j in range(len(outputs)):
            flip, row = np.uint64(0) - np.uint64(outputs[j] & 1), np.uint64(outputs[j] >> 1)
            for w in range(size):
                result[j, start + w] = rows[row, w] ^ flip


def _show(**measured: object) -> None:
    typer.echo(json.dumps(measured))


if __name__ == "__main__":
    typer.run(main)
