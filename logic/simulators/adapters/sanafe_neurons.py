"""Runs a network on SANA-FE's model of Loihi: thresholds that must be passed, 1,024 neurons and inputs a core.

Inputs lie on the first cores, neurons on the following ones in order. A neuron with a bias, or that fires by itself,
must be looked at every step.
Samples run one after the other, each on a chip of its own.
"""

import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import sanafe  # pyright: ignore[reportMissingImports] - in its own environment
from exchange import Task, finish

A_CORE = 1024


def run(task: Task) -> tuple[np.ndarray, float]:
    """Spikes ``[steps, samples, neurons]``, and the energy of all samples in joules."""
    arch = sanafe.load_loihi()
    cores = arch.cores()
    trains = np.zeros((task.steps, task.samples, task.neurons), np.uint8)
    energy = 0.0
    for sample in range(task.samples):
        net = sanafe.Network()
        given = np.zeros((task.steps, task.inputs), bool)
        given[: len(task.spikes)] = task.spikes[: task.steps, sample]
        lines = net.create_neuron_group("lines", max(task.inputs, 1))
        for number, line in enumerate(lines):
            spikes = given[:, number].astype(int).tolist() if task.inputs else [0]
            line.set_attributes(soma_hw_name=f"loihi_inputs[{number % A_CORE}]", model_attributes={"spikes": spikes})
            line.map_to_core(cores[number // A_CORE])
        first = -(-max(task.inputs, 1) // A_CORE)  # a core holds that many of both kinds together
        cells = net.create_neuron_group("cells", task.neurons, soma_hw_name="loihi_lif", log_spikes=True)
        awake = (task.bias != 0) | (task.threshold <= 0) | task.retain.astype(bool)
        for number, cell in enumerate(cells):
            attributes: dict[str, object] = {
                "threshold": float(task.threshold[number]) - 0.5,
                "reset": 0.0,
                "reset_mode": "hard",
                "leak_decay": 1.0 if task.retain[number] else 0.0,
                "input_decay": 0.0,
            }
            if awake[number]:
                attributes |= {"bias": float(task.bias[number]), "force_update": True}
            cell.set_attributes(model_attributes=attributes)
            cell.map_to_core(cores[first + number // A_CORE])
        for group, shift, chosen in (
            (lines, 0, task.pre < task.inputs),
            (cells, task.inputs, task.pre >= task.inputs),
        ):
            if chosen.any():
                pairs = list(zip((task.pre[chosen] - shift).tolist(), task.post[chosen].tolist(), strict=True))
                group.connect_neurons_sparse(cells, {"weight": task.weight[chosen].astype(float).tolist()}, pairs)
        chip = sanafe.SpikingChip(arch)
        chip.load(net)
        with tempfile.TemporaryDirectory() as folder:
            trace = Path(folder) / "spikes.csv"
            found = chip.sim(task.steps, spike_trace=str(trace))
            energy += float(found["energy"]["total"] if isinstance(found["energy"], dict) else found["energy"])
            for row in trace.read_text().splitlines()[1:]:
                name, step = row.split(",")[:2]
                group_name, number = name.rsplit(".", 1)
                if group_name == "cells":
                    trains[int(step) - 1, sample, int(number)] += 1
    return trains, energy


if __name__ == "__main__":
    started, task = time.perf_counter(), Task(sys.argv[1])
    trains, energy = run(task)
    finish(sys.argv[2], task, trains, version("sanafe"), started, energy)
