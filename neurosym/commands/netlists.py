"""What the circuit commands do: a netlist file compiled, proved, simulated or learned, as figures to be shown."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from logic import Circuit, CircuitError, SpikingNetwork, Verdict, compile_certified, read_nir, verify, write_nir
from logic.evaluation import evaluate
from logic.formats import read_circuit, write_circuit
from logic.learning.pattern_neurons import LearnedGate, learn_gate
from logic.learning.proof import prove_gate, training_report as training_report
from logic.mapping.trade import Cost, pareto
from logic.proving import prove_equivalent
from logic.proving.drat import certify
from logic.proving.induction import prove_machine
from logic.proving.machines import prove_machines
from logic.proving.streams import expected_answers, input_spikes, random_vectors, to_stream
from logic.proving.waveform import trains_of, write_waveform
from logic.rails import Line, has_two_rails, match_lines, rail_pairs
from logic.simulation.bit_simulator import count_spikes, plan_waves, run_wave_plan, simulate_bits
from logic.simulation.energy import EnergyModel, count_events
from logic.simulation.faults import FaultStatistics, inject_faults, random_words
from logic.writing import whole_file


@dataclass(frozen=True)
class Sizes:
    """How large a compiled network is.

    Args:
        inputs: Of the circuit.
        outputs: Of the circuit.
        gates: Of the circuit.
        neurons: Relays included.
        synapses: Without zero weights.
        latency: Steps from a wave to its last answer.
        period: Steps from wave to wave; 1 without registers.
        largest_weight: Largest absolute weight.
        longest_delay: Steps.
    """

    inputs: int
    outputs: int
    gates: int
    neurons: int
    synapses: int
    latency: int
    period: int
    largest_weight: int
    longest_delay: int


@dataclass(frozen=True)
class Proved:
    """A verdict on a netlist file.

    Args:
        verdict: Of the network against the specification.
        sizes: Of the network.
        compile_seconds: Wall time of reading and compiling.
    """

    verdict: Verdict
    sizes: Sizes
    compile_seconds: float


@dataclass(frozen=True)
class Simulated:
    """A simulation of random waves.

    Args:
        waves: How many.
        wrong: Answers that are not the circuit's, over all waves and output lines.
        seconds: Wall time of the evaluation alone.
        spikes: Of all input lines and neurons, over all waves.
        synaptic_events: Over all waves.
        picojoules: Estimate for all waves, by the energies of a published chip.
        faults: Kinds of answers under injected faults, if any were asked for.
    """

    waves: int
    wrong: int
    seconds: float
    spikes: int
    synaptic_events: int
    picojoules: float
    faults: FaultStatistics | None


def measure(circuit: Circuit, network: SpikingNetwork, period: int) -> Sizes:
    """The sizes of a compiled network."""
    flat = network.flatten()
    used = flat.weight != 0
    return Sizes(
        inputs=len(circuit.inputs),
        outputs=len(circuit.output_names),
        gates=len(circuit.kinds),
        neurons=network.neurons,
        synapses=int(used.sum()),
        latency=network.latency,
        period=period,
        largest_weight=int(np.abs(flat.weight).max(initial=0)),
        longest_delay=int(flat.delay[used].max(initial=0)),
    )


def compile_file(path: Path, mapping: str, output: Path | None, profile: str = "lif") -> Sizes:
    """Compiles a netlist file and, if asked for, writes the network as NIR, or the circuit in another format.

    Args:
        path: The netlist.
        mapping: How it is compiled.
        output: A ``.nir`` file takes the network, balanced by relays; any other the circuit, in the format of its
            suffix.
        profile: Kind of the NIR neurons, ``lif`` or ``cuba``.

    Raises:
        FormatError: if the file cannot be read, or the circuit not written.
        CircuitError: if the mapping is unknown or cannot express the circuit.
        NetworkError: if NIR cannot carry the network.
    """
    circuit, nir = read_circuit(path), output is not None and output.suffix == ".nir"
    compiled = compile_certified(circuit, mapping, "relays" if nir else "delays", aligned=nir)
    if output is not None and nir:
        write_nir(compiled.network, output, profile, golden=_example(compiled.network))
    elif output is not None:
        write_circuit(circuit, output)
    return measure(circuit, compiled.network, compiled.period)


def _example(network: SpikingNetwork, waves: int = 16) -> Tensor:
    """Random waves back to back for the file's golden spikes, ``[waves, 1, I]``, a pair of rails always a codeword."""
    values = np.random.default_rng(0).integers(0, 2, (waves, network.input_shape[0])).astype(bool)
    if has_two_rails(network.input_lines):
        rails = rail_pairs(network.input_lines)
        values[:, rails[:, 0]] = ~values[:, rails[:, 1]]
    return torch.from_numpy(values)[:, None]


def trade_file(path: Path) -> tuple[Cost, ...]:
    """What every mapping costs for a netlist file.

    Raises:
        FormatError: if the file cannot be read.
    """
    return pareto(read_circuit(path))


def verify_files(
    path: Path,
    spec: Path | None,
    mapping: str,
    timeout: float | None,
    waveform: Path | None = None,
    certificate: Path | None = None,
) -> Proved:
    """Compiles a netlist file and proves the network against another one, or against itself.

    The network is proved against the circuit that it was compiled from (one with registers by induction over clocked
    waves), and that circuit against the specification. A network that has been compiled before is given as ``.nir``.

    Args:
        path: The netlist that is compiled, or a ``.nir`` file of ours, which needs a specification.
        spec: The specification; ``path`` itself if none is given.
        mapping: How it is compiled.
        timeout: Seconds for each of the two proofs, or None for no bound.
        waveform: Where a counterexample is written if there is one: ``.svg`` as a raster, else a value change dump.
        certificate: Where the formula of a small network is written (``.cnf``), its DRAT proof beside it.

    Raises:
        FormatError: if a file cannot be read.
        CircuitError: if the mapping cannot express the circuit, or the two circuits' signals cannot be matched.
        NetworkError: if a ``.nir`` file cannot be read or its lines cannot be matched.
    """
    start = time.perf_counter()
    if path.suffix == ".nir":
        return _verify_network(path, spec, timeout, waveform, certificate)
    circuit = read_circuit(path)
    compiled = compile_certified(circuit, mapping)
    seconds = time.perf_counter() - start
    network, claims, period = compiled.network, compiled.certificate, compiled.period
    if circuit.register_names:
        verdict = prove_machine(network, circuit, claims.literal, period, timeout=timeout)
    else:
        verdict = verify(network, circuit, certificate=claims, timeout=timeout)
    if spec is not None and verdict.holds is not False:
        verdict = _both(verdict, _compare(circuit, read_circuit(spec), timeout))
    _keep(verdict, network, circuit, period, waveform, certificate)
    return Proved(verdict, measure(circuit, compiled.network, compiled.period), seconds)


def _verify_network(
    path: Path, spec: Path | None, timeout: float | None, waveform: Path | None, certificate: Path | None
) -> Proved:
    """The network of a NIR file against a specification."""
    if spec is None:
        raise CircuitError(f"{path}: a network needs a specification; give the circuit that it shall compute")
    start = time.perf_counter()
    network, circuit = read_nir(path), read_circuit(spec)
    seconds = time.perf_counter() - start
    verdict = verify(network, circuit, timeout=timeout)
    _keep(verdict, network, circuit, 1, waveform, certificate)
    return Proved(verdict, measure(circuit, network, 1), seconds)


def _compare(circuit: Circuit, spec: Circuit, timeout: float | None) -> Verdict:
    """Two circuits, clocked or not."""
    clocked = bool(circuit.register_names or spec.register_names)
    return (prove_machines if clocked else prove_equivalent)(circuit, spec, timeout)


def _keep(
    verdict: Verdict,
    network: SpikingNetwork,
    circuit: Circuit,
    period: int,
    waveform: Path | None,
    certificate: Path | None,
) -> None:
    """Writes the certificate of a proof, or the waveform of a counterexample."""
    if certificate is not None and verdict.holds:
        certify(network, circuit, certificate)
    if waveform is not None and verdict.counterexample is not None:
        stream = to_stream(verdict.counterexample, circuit.inputs)
        names, trains = trains_of(network, circuit, stream, period)
        if waveform.suffix == ".svg":
            from ..reports.figures import line_raster  # matplotlib takes as long to load as many a proof

            with whole_file(waveform) as file:
                file.write_text(line_raster(names, trains), encoding="utf-8")
        else:
            write_waveform(waveform, names, trains)


def _both(network: Verdict, circuits: Verdict) -> Verdict:
    """A network equals a specification if it equals its circuit and that equals the specification."""
    holds = circuits.holds if network.holds or circuits.holds is False else None
    claim = f"{network.claim}, and {circuits.claim}"
    seconds = network.seconds + circuits.seconds
    return Verdict(holds, claim, circuits.counterexample, seconds, circuits.detail)


def simulate_file(path: Path, mapping: str, waves: int, seed: int, deletion: float, insertion: float) -> Simulated:
    """Runs random waves through the compiled network of a netlist file and checks every answer.

    A circuit with registers gets its waves in streams of 64 from the first clock on.

    Raises:
        FormatError: if the file cannot be read.
        CircuitError: if the mapping cannot express the circuit, or faults are asked for of one with registers.
        NetworkError: if faults are asked for without two rails.
    """
    circuit = read_circuit(path)
    if circuit.register_names:
        if deletion or insertion:
            raise CircuitError(f"{path}: has registers; faults are injected into combinational circuits only")
        return _simulate_clocked(circuit, mapping, waves, seed)
    network = compile_certified(circuit, mapping).network
    words = -(-waves // 64)
    values = random_words(seed, 0.5, (len(circuit.inputs), words))
    plan = plan_waves(network)
    lines = _rails_of(network.input_lines, circuit.inputs, values)
    start = time.perf_counter()
    answers = run_wave_plan(plan, lines)
    seconds = time.perf_counter() - start
    wrong = _wrong(network, circuit, answers, evaluate(circuit, values), waves)
    counts = count_events(network, count_spikes(plan, lines, waves), waves * network.neurons)
    faults = (
        inject_faults(network, waves, seed, deletion=deletion, insertion=insertion) if deletion or insertion else None
    )
    joules = counts.picojoules(EnergyModel())
    return Simulated(waves, wrong, seconds, int(counts.spikes.sum()), counts.synaptic_events, joules, faults)


def _simulate_clocked(circuit: Circuit, mapping: str, waves: int, seed: int) -> Simulated:
    """Streams of at most 64 waves side by side."""
    compiled = compile_certified(circuit, mapping)
    network, period, length = compiled.network, compiled.period, min(64, waves)
    values = random_vectors(np.random.default_rng(seed), circuit, (length, -(-waves // length)))
    steps = length * period + network.latency
    spikes = input_spikes(network, circuit, values, period)
    start = time.perf_counter()
    trains = simulate_bits(network, spikes, steps)
    seconds = time.perf_counter() - start
    when = np.arange(length)[:, None] * period + network.latencies
    answers = trains[when, :, network.outputs].transpose(0, 2, 1)
    wrong = int((answers != expected_answers(network, circuit, values)).sum())
    total = values.shape[0] * values.shape[1]
    counts = count_events(network, trains.sum((0, 1)), steps * values.shape[1] * network.neurons)
    joules = counts.picojoules(EnergyModel())
    return Simulated(total, wrong, seconds, int(counts.spikes.sum()), counts.synaptic_events, joules, None)


def _wrong(
    network: SpikingNetwork,
    circuit: Circuit,
    answers: np.ndarray[tuple[int, ...], np.dtype[np.uint64]],
    expected: np.ndarray[tuple[int, ...], np.dtype[np.uint64]],
    waves: int,
) -> int:
    """Answers that differ from the circuit's, over the first ``waves`` bits of the words."""
    last = np.uint64(2 ** (waves - 64 * (answers.shape[1] - 1)) - 1 if waves % 64 else 2**64 - 1)
    mask = np.full(answers.shape[1], 2**64 - 1, dtype=np.uint64)
    mask[-1] = last
    wanted = _rails_of(network.output_lines, circuit.output_names, expected)
    return sum(int(np.bitwise_count((one ^ other) & mask).sum()) for one, other in zip(answers, wanted, strict=True))


def _rails_of(
    lines: tuple[Line, ...], signals: tuple[str, ...], values: np.ndarray[tuple[int, ...], np.dtype[np.uint64]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    """What the lines ``[L, W]`` say of values ``[S, W]`` of signals."""
    matched = match_lines(lines, signals)
    return values[matched.place] ^ np.where(matched.negated, ~np.uint64(0), np.uint64(0))[:, None]


def learn(table: str, flip: float, seed: int) -> tuple[LearnedGate, Verdict]:
    """Learns the gate of a truth table by STDP with a teacher, and proves what was learned.

    Args:
        table: ``2 ** k`` zeros and ones, in row ``m`` input ``i`` is bit ``i`` of ``m``.
        flip: Probability that the teacher shows the wrong value.
        seed: Of the teacher's errors.

    Raises:
        LearningError: if it is no such table.
    """
    gate = learn_gate(table, flip=flip, seed=seed) if not flip else learn_gate(table, epochs=200, flip=flip, seed=seed)
    return gate, prove_gate(gate)
