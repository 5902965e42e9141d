"""What `compile` and `verify` do: a netlist file compiled, proved and written, as figures to be shown."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import logic  # whose other names are loaded where they are asked for
from logic import (
    Circuit,
    CircuitError,
    NetworkError,
    SpikingNetwork,
    Target,
    Verdict,
    compile_certified,
    verify,
)
from logic.deployment import neurons_with_relays
from logic.formats import read_circuit, read_modules, write_circuit
from logic.kernels import work_time
from logic.mapping.constraints import weight_bits
from logic.rails import has_two_rails, rail_pairs
from logic.targets import target_of_file
from logic.watch import Watch
from logic.writing import whole_file

if TYPE_CHECKING:
    from logic.formats.files import Reading
    from logic.mapping.compiler import Bounds
    from logic.mapping.trade import Cost


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
        fan_in: Most synapses into a neuron.
        weight_bits: Of a signed weight.
        neurons_with_relays: Where every synapse delays by one step, as in a NIR file; ``neurons`` and relays.
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
    fan_in: int
    weight_bits: int
    neurons_with_relays: int

    def with_relays(self) -> "Sizes":
        """The same where relay neurons wait in place of delays, each with one synapse."""
        relays = self.neurons_with_relays - self.neurons
        neurons, synapses = self.neurons + relays, self.synapses + relays
        return replace(self, neurons=neurons, synapses=synapses, longest_delay=min(1, self.longest_delay))


@dataclass(frozen=True)
class Compiled:
    """A netlist file as a network.

    Args:
        sizes: Of the network.
        verdict: Of the network against its circuit, if bounds were to be kept.
    """

    sizes: Sizes
    verdict: Verdict | None


@dataclass(frozen=True)
class Proved:
    """A verdict on a netlist file.

    Args:
        verdict: Of the network against the specification.
        sizes: Of the network.
        compile_seconds: Wall time of reading and compiling.
        obligations: What else was asked of the network, by name.
    """

    verdict: Verdict
    sizes: Sizes
    compile_seconds: float
    obligations: dict[str, Verdict] = field(default_factory=dict[str, Verdict])


def measure(circuit: Circuit, network: SpikingNetwork) -> Sizes:
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
        period=network.period,
        largest_weight=int(np.abs(flat.weight).max(initial=0)),
        longest_delay=int(flat.delay[used].max(initial=0)),
        fan_in=int(np.bincount(flat.post[used], minlength=1).max(initial=0)),
        weight_bits=weight_bits(flat.weight),
        neurons_with_relays=neurons_with_relays(network),
    )


def compile_file(
    path: Path,
    mapping: str,
    output: Path | None,
    profile: str | None = None,
    *,
    reading: "Reading | None" = None,
    bounds: "Bounds | None" = None,
) -> Compiled:
    """Compiles a netlist file and, if asked for, writes the network for a target, or the circuit in another format.

    Args:
        path: The netlist.
        mapping: How it is compiled.
        reading: How the file is read: its library of cells, what undriven wires are.
        bounds: What the target allows; what was made to keep within is proved.
        output: The file of a target (such as ``.nir``) takes the network, balanced as the target needs; any other the
            circuit, in the format of its suffix.
        profile: Of the target's file, such as ``cuba`` or ``lif``; the target's usual one if left out.

    Raises:
        FormatError: if the file cannot be read, or the circuit not written.
        CircuitError: if the mapping is unknown or cannot express the circuit.
        NetworkError: if the target cannot carry the network.
    """
    circuit, target = read_circuit(path, **(reading or {})), None if output is None else target_of_file(output)
    balance = "delays" if target is None or circuit.register_names else target.limits.balance
    compiled = compile_certified(circuit, mapping, balance, aligned=target is not None, **(bounds or {}))
    verdict = verify(compiled.network, circuit, certificate=compiled.certificate) if bounds else None
    if verdict is not None and verdict.holds is False:
        raise NetworkError(f"{path}: what was made to keep within the bounds is wrong; please report it: {verdict}")
    if output is not None and target is not None:
        profile = profile or target.profiles[0]
        target.check_profile(profile)
        target.write(compiled.network, output, profile, _example(compiled.network))
    elif profile is not None:
        raise CircuitError(f"--profile {profile} is for the file of a network; give --output a target's suffix (.nir)")
    elif output is not None:
        write_circuit(circuit, output)
    return Compiled(measure(circuit, compiled.network), verdict)


def module_rows(path: Path, mapping: str, reading: "Reading | None" = None) -> list[dict[str, object]]:
    """What each module of a file costs, compiled by itself, the whole first; a module counts all within it.

    Raises:
        FormatError: if the file cannot be read.
        CircuitError: if the mapping is unknown or cannot express a module.
    """
    rows: list[dict[str, object]] = []
    for module in read_modules(path, **(reading or {})):
        found = measure(module.circuit, compile_certified(module.circuit, mapping).network)
        figures = {
            name: getattr(found, name) for name in ("inputs", "outputs", "gates", "neurons", "synapses", "latency")
        }
        registers = len(module.circuit.register_names)
        row: dict[str, object] = {
            "module": module.name,
            "instances": module.instances,
            "registers": registers,
            **figures,
        }
        rows.append({**row, "neurons_of_all_instances": module.instances * found.neurons})
    return rows


def translate_file(path: Path, output: Path, reading: "Reading | None" = None) -> dict[str, object]:
    """Writes a netlist in the format of another suffix, and says how large the circuit is.

    Raises:
        FormatError: if the file cannot be read, or the format cannot hold the circuit.
    """
    circuit = read_circuit(path, **(reading or {}))
    write_circuit(circuit, output)
    sizes: dict[str, object] = {"inputs": len(circuit.inputs), "outputs": len(circuit.outputs)}
    sizes |= {"registers": len(circuit.register_names), "gates": len(circuit.kinds)}
    return {"circuit": str(path), "written": str(output), **sizes}


def _example(network: SpikingNetwork, waves: int = 16) -> NDArray[np.bool_]:
    """Random waves back to back for the file's golden spikes, ``[waves, 1, I]``, a pair of rails always a codeword."""
    values = np.random.default_rng(0).integers(0, 2, (waves, network.input_shape[0])).astype(bool)
    if has_two_rails(network.input_lines):
        rails = rail_pairs(network.input_lines)
        values[:, rails[:, 0]] = ~values[:, rails[:, 1]]
    return values[:, None]


def trade_file(path: Path, reading: "Reading | None" = None) -> "tuple[Cost, ...]":
    """What every mapping costs for a netlist file.

    Raises:
        FormatError: if the file cannot be read.
    """
    from logic.mapping.trade import pareto

    return pareto(read_circuit(path, **(reading or {})))


def verify_files(
    path: Path,
    spec: Path | None,
    mapping: str,
    timeout: float | None,
    waveform: Path | None = None,
    certificate: Path | None = None,
    *,
    obligations: bool = False,
    match: str | None = None,
    reading: "Reading | None" = None,
    bounds: "Bounds | None" = None,
    spec_top: str | None = None,
    jobs: int = 1,
) -> Proved:
    """Compiles a netlist file and proves the network against another one, or against itself.

    The network is proved against the circuit that it was compiled from (one with registers by induction over clocked
    waves), and that circuit against the specification. A network that has been compiled before is given as ``.nir``.

    Args:
        path: The netlist that is compiled, or a ``.nir`` file of ours, which needs a specification.
        spec: The specification; ``path`` itself if none is given.
        mapping: How it is compiled.
        timeout: Seconds for each proof: of the network, of all its properties, of the specification; None for no bound.
            Ctrl-C ends them with what is known.
        waveform: Where a counterexample is written if there is one: ``.svg`` as a raster, else a value change dump.
        certificate: Where the formula of a small network is written (``.cnf``), its DRAT proof beside it.
        obligations: Whether to judge the network's other promises too (see :func:`logic.prove_obligations`).
        match: How the two circuits' signals are matched: ``order``, ``names`` or a file (see :func:`logic.verify`).
        reading: How both netlists are read: their library of cells, what undriven wires are.
        bounds: What the target allows of the network.
        spec_top: The module that is meant, of the specification if it is Verilog.
        jobs: Threads that a proof may use.

    Raises:
        FormatError: if a file cannot be read.
        CircuitError: if the mapping cannot express the circuit, or the two circuits' signals cannot be matched.
        NetworkError: if a ``.nir`` file cannot be read or its lines cannot be matched.
    """
    start = work_time()
    if (target := target_of_file(path)) is not None:
        of_spec: Reading = {**(reading or {}), "top": spec_top}
        return _verify_network(target, path, spec, timeout, waveform, certificate, obligations, of_spec, jobs)
    circuit = read_circuit(path, **(reading or {}))
    compiled = compile_certified(circuit, mapping, **(bounds or {}))
    seconds = work_time() - start
    network, watch = compiled.network, Watch(jobs=jobs)

    def each() -> Watch:
        return watch if timeout is None else watch.until(timeout)

    verdict = verify(network, circuit, certificate=compiled.certificate, timeout=each())
    others = logic.prove_obligations(network, circuit, function=verdict) if obligations else {}
    if circuit.properties and verdict.holds is not False and not watch.interrupted:
        from logic.checking import all_hold, prove_properties

        verdict = _both(verdict, all_hold(prove_properties(circuit, None, each())))
    if spec is not None and verdict.holds is not False and not watch.interrupted:
        other: Reading = {**(reading or {}), "top": spec_top}
        verdict = _both(verdict, verify(circuit, read_circuit(spec, **other), timeout=each(), match=match))
    _keep(verdict, network, circuit, waveform, certificate)
    return Proved(_as_read(verdict, reading), measure(circuit, compiled.network), seconds, others)


def _as_read(verdict: Verdict, reading: "Reading | None") -> Verdict:
    """The verdict with what was taken for granted when the files were read."""
    if (reading or {}).get("undriven") != "zero":
        return verdict
    return replace(verdict, claim=f"{verdict.claim}, wires without a driver being 0")


def _verify_network(
    target: Target,
    path: Path,
    spec: Path | None,
    timeout: float | None,
    waveform: Path | None,
    certificate: Path | None,
    obligations: bool,
    reading: "Reading",
    jobs: int,
) -> Proved:
    """The network of a target's file against a specification."""
    if spec is None:
        raise CircuitError(f"{path}: a network needs a specification; give the circuit that it shall compute")
    start = work_time()
    network, circuit = target.read(path), read_circuit(spec, **reading)
    seconds = work_time() - start
    verdict = _as_read(verify(network, circuit, timeout=timeout, jobs=jobs), reading)
    others = logic.prove_obligations(network, circuit, function=verdict) if obligations else {}
    _keep(verdict, network, circuit, waveform, certificate)
    return Proved(verdict, measure(circuit, network), seconds, others)


def _keep(
    verdict: Verdict,
    network: SpikingNetwork,
    circuit: Circuit,
    waveform: Path | None,
    certificate: Path | None,
) -> None:
    """Writes the certificate of a proof, or the waveform of a counterexample."""
    if certificate is not None and verdict.holds:
        logic.certify(network, circuit, certificate)
        if not logic.check_certificate(certificate):
            raise NetworkError(f"{certificate}: the checker does not accept the proof; please report this network")
    if waveform is not None and verdict.counterexample is not None:
        from logic.proving.streams import to_stream
        from logic.proving.waveform import trains_of, write_waveform

        stream = to_stream(verdict.counterexample, circuit.inputs)
        names, trains = trains_of(network, circuit, stream)
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
