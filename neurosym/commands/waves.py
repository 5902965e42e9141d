"""What `simulate` does: random waves through the compiled network of a netlist file, as figures to be shown."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from logic import CircuitError, compile_circuit
from logic.formats import read_circuit
from logic.simulation.energy import EnergyModel, count_events
from logic.simulation.faults import FaultStatistics, inject_faults
from logic.simulation.random_run import run_random_waves

if TYPE_CHECKING:
    from logic.formats.files import Reading


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


def simulate_file(
    path: Path, mapping: str, waves: int, seed: int, deletion: float, insertion: float, reading: "Reading | None" = None
) -> Simulated:
    """Runs random waves through the compiled network of a netlist file and checks every answer.

    A circuit with registers gets its waves in streams of 64 from the first clock on.

    Raises:
        FormatError: if the file cannot be read.
        CircuitError: if the mapping cannot express the circuit, or faults are asked for of one with registers.
        NetworkError: if faults are asked for without two rails.
    """
    circuit = read_circuit(path, **(reading or {}))
    if circuit.register_names and (deletion or insertion):
        raise CircuitError(f"{path}: has registers; faults are injected into combinational circuits only")
    network = compile_circuit(circuit, mapping)
    run = run_random_waves(network, circuit, waves, seed)
    counts = count_events(network, run.spikes, run.neuron_steps)
    faults = (
        inject_faults(network, waves, seed, deletion=deletion, insertion=insertion) if deletion or insertion else None
    )
    joules, spikes = counts.picojoules(EnergyModel()), int(counts.spikes.sum())
    return Simulated(run.waves, run.wrong, run.seconds, spikes, counts.synaptic_events, joules, faults)
