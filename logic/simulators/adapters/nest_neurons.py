"""Runs a network in NEST: ``iaf_psc_delta`` at a resolution of 1 ms, our step ``t`` at its time ``t + 1``.

Thresholds stand half way below (sums are integers). A neuron that forgets has a time constant of 0.01 ms, so that
nothing is left after a step, its bias in the threshold, and a reset far below, so that thresholds may be negative; one
that retains its membrane has a time constant of 1e12 ms; with a bias, which is its current, 1e9 ms, since NEST knows
what a current adds in a step with an error of ``2^-53`` time constants. One whose membrane is halved ``k``
times a step has a time constant of ``1 / (k ln 2)`` ms: it keeps fractions, the smallest of which is ``2^(-k steps)``,
and its threshold stands half of that below.
"""

import sys
import time

import nest  # pyright: ignore[reportMissingImports] - in its own environment
import numpy as np
from exchange import Task, finish, in_parts

FINEST = 28  # binary places of a membrane that are told apart beside thresholds of up to 2^22


def once(task: Task, wide: dict[str, np.ndarray], lines: np.ndarray) -> np.ndarray:
    """Spikes ``[steps, neurons]`` of some copies of the network."""
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = 1.0
    retain = wide["retain"].astype(bool)
    leak = np.where(retain, wide["leak"], 0)
    bias = wide["bias"].astype(float)
    limit = wide["threshold"] - 2.0 ** -(1 + np.minimum(leak * task.steps, FINEST))
    halving = 1 / (np.maximum(leak, 1) * np.log(2))
    tau = np.where(leak > 0, halving, np.where(retain, np.where(bias == 0, 1e12, 1e9), 0.01))
    current = np.where(leak > 0, bias / (halving * (1 - 2.0 ** -leak.astype(float).clip(1))), bias)
    cells = nest.Create(
        "iaf_psc_delta",
        len(limit),
        {
            "E_L": 0.0,
            "C_m": 1.0,
            "t_ref": 0.0,
            "tau_m": tau.tolist(),
            "V_reset": np.where(retain, 0.0, -1e6).tolist(),
            "V_th": np.where(retain, limit, limit - bias).tolist(),
            "V_m": np.where(retain, wide["initial"], 0).astype(float).tolist(),
            "I_e": np.where(retain, current, 0).tolist(),
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
