"""Runs a network in xylosim, the bit-accurate model of Xylo: reset by subtraction, currents that halve in each step.

One unit of weight is ``unit``, and a threshold of ``theta`` is half of it times ``theta`` less a sixteenth: what a
spike leaves behind must fade before the next wave, so waves come ``period`` steps apart and no neuron may be driven to
twice its threshold. All neurons are hidden ones; layer ``l`` fires ``l`` steps after its wave.
"""

# They lie in the environment of the simulator alone.
# pyright: reportMissingImports=false

import sys
import time
from importlib.metadata import version

import numpy as np
from exchange import Task, finish
from xylosim.v2 import XyloLayer, XyloSynapse


def run(task: Task) -> np.ndarray:
    """Spikes ``[steps, samples, neurons]``, one sample after the other."""
    most = int(np.abs(task.weight).max(initial=1))
    unit = min(64, 126 // most // 2 * 2)
    if unit < 2:
        raise ValueError(f"a weight of {most} has no place in 8 bits")
    theta = (task.threshold.astype(int) * unit // 2 - unit // 16).tolist()
    heard = [[] for _ in range(task.inputs + task.neurons)]
    for pre, post, weight in zip(task.pre.tolist(), task.post.tolist(), task.weight.tolist(), strict=True):
        heard[pre].append(XyloSynapse(post, 0, weight * unit))
    inputs, recurrent = heard[: task.inputs], heard[task.inputs :]
    outputs: list[list[XyloSynapse]] = [[] for _ in range(task.neurons)]
    count = task.neurons
    trains = np.zeros((task.steps, task.samples, count), np.uint8)
    for sample in range(task.samples):
        layer = XyloLayer(
            synapses_in=inputs,
            synapses_rec=recurrent,
            synapses_out=outputs,
            aliases=[[] for _ in range(count)],
            threshold=theta,
            threshold_out=[],
            has_bias=False,
            bias=[0] * count,
            bias_out=[],
            weight_shift_inp=0,
            weight_shift_rec=0,
            weight_shift_out=0,
            dash_mem=[0] * count,
            dash_mem_out=[],
            dash_syns=[[1, 1]] * count,
            dash_syns_out=[],
            name="cells",
        )
        given = np.zeros((task.steps, task.inputs), int)
        given[1 : len(task.spikes) + 1] = task.spikes[: task.steps - 1, sample]  # an input is heard in its own step
        layer.evolve(given.tolist())
        trains[:, sample] = np.array(layer.rec_recurrent_spikes)[: task.steps]
    return trains


if __name__ == "__main__":
    started, task = time.perf_counter(), Task(sys.argv[1])
    finish(sys.argv[2], task, run(task), version("xylosim"), started)
