"""Runs a network in NEST: ``iaf_psc_delta`` at a resolution of 1 ms, our step ``t`` at its time ``t + 1``.

Thresholds stand half way below (sums are integers). A neuron that forgets has a time constant of 0.01 ms, so that
nothing is left after a step, its bias in the threshold, and a reset far below, so that thresholds may be negative; one
that retains its membrane has a time constant of 1e12 ms and its bias as a current.
"""

import sys
import time

import nest  # pyright: ignore[reportMissingImports] - in its own environment
import numpy as np
from exchange import Task, finish, in_parts


def once(task: Task, wide: dict[str, np.ndarray], lines: np.ndarray) -> np.ndarray:
    """Spikes ``[steps, neurons]`` of some copies of the network."""
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = 1.0
    retain = wide["retain"].astype(bool)
    bias, limit = wide["bias"].astype(float), wide["threshold"] - 0.5
    cells = nest.Create(
        "iaf_psc_delta",
        len(limit),
        {
            "E_L": 0.0,
            "C_m": 1.0,
            "t_ref": 0.0,
            "tau_m": np.where(retain, 1e12, 0.01).tolist(),
            "V_reset": np.where(retain, 0.0, -1e6).tolist(),
            "V_th": np.where(retain, limit, limit - bias).tolist(),
            "V_m": np.where(retain, wide["initial"], 0).astype(float).tolist(),
            "I_e": np.where(retain, bias, 0).tolist(),
        },
    )
    times = [{"spike_times": (np.flatnonzero(lines[:, line]) + 1.0).tolist()} for line in range(lines.shape[1])]
    sources = nest.Create("spike_generator", len(times), times)
    ids = np.concatenate([np.array(sources.tolist()), np.array(cells.tolist())])
    if len(wide["pre"]):
        synapse = {
            "synapse_model": "static_synapse",
            "weight": wide["weight"].astype(float),
            "delay": wide["delay"].astype(float),
        }
        nest.Connect(ids[wide["pre"]], np.array(cells.tolist())[wide["post"]], "one_to_one", synapse)
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    nest.Simulate(float(task.steps + 1))
    events = recorder.events
    step, cell = events["times"].astype(int) - 1, events["senders"].astype(int) - int(cells.tolist()[0])
    trains = np.zeros((task.steps, len(limit)), np.uint8)
    kept = step < task.steps
    np.add.at(trains, (step[kept], cell[kept]), 1)
    return trains


if __name__ == "__main__":
    started, task = time.perf_counter(), Task(sys.argv[1])
    finish(sys.argv[2], task, in_parts(task, once), nest.__version__, started)
