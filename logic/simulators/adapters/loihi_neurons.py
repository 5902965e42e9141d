"""Runs a network in brian2-loihi, an emulator of Loihi 1: even 8-bit weights, thresholds that must be passed.

All neurons that forget stand in one group, at the highest of their thresholds; a source that fires at every step makes
up for lower ones and for biases. Neurons that retain their membrane stand in one group for each threshold. Input
spikes are given one step later than the bias source's, since a spike generator acts in its own step and a neuron in the
next. A delay belongs to a whole object of synapses, so there is one for each.
"""

# They lie in the environment of the simulator alone.
# pyright: reportMissingImports=false

import sys
import time
from importlib.metadata import version

import brian2
import numpy as np
from brian2_loihi import LoihiNetwork, LoihiNeuronGroup, LoihiSpikeGeneratorGroup, LoihiSpikeMonitor, LoihiSynapses
from exchange import Task, finish, in_parts

MIXED, MOST = 1, 254


def once(task: Task, wide: dict[str, np.ndarray], lines: np.ndarray) -> np.ndarray:
    """Spikes ``[steps, neurons]`` of some copies of the network."""
    brian2.prefs.codegen.target = "numpy"
    retain, threshold, bias = wide["retain"].astype(bool), wide["threshold"].copy(), wide["bias"].copy()
    if not retain.all():
        top = max(2, int(threshold[~retain].max()))
        bias[~retain] += top - threshold[~retain]
        threshold[~retain] = top
    kinds, kind = np.unique(np.stack([retain, threshold]), axis=1, return_inverse=True)
    kind = kind.ravel()
    place = np.zeros(len(kind), np.int64)  # in its group
    parts: list[object] = []
    groups = []
    for number, (keeps, limit) in enumerate(kinds.T.tolist()):
        members = np.flatnonzero(kind == number)
        place[members] = np.arange(len(members))
        decay = 0 if keeps else 4096
        group = LoihiNeuronGroup(
            len(members), refractory=1, threshold_v_mant=limit - 1, decay_v=decay, decay_I=4096, name=f"cells_{number}"
        )
        if keeps:
            group.v = 64 * wide["initial"][members]
        groups.append((group, members))
        parts.append(group)
    when, line = np.nonzero(lines)
    sources = LoihiSpikeGeneratorGroup(lines.shape[1], line, when + 1, name="sources")
    always = LoihiSpikeGeneratorGroup(1, np.zeros(task.steps, int), np.arange(task.steps), name="always")
    parts += [sources, always]

    def connect(source: object, target: object, i: np.ndarray, j: np.ndarray, w: np.ndarray, delay: int) -> None:
        synapses = LoihiSynapses(source, target, delay=delay, sign_mode=MIXED)
        synapses.connect(i=i, j=j)
        synapses.w = w.astype(np.int64)
        parts.append(synapses)

    for target, members in groups:
        drive = bias[members]
        while drive.any():
            j = np.flatnonzero(drive)
            w = np.clip(drive[j], -MOST, MOST)
            connect(always, target, np.zeros(len(j), int), j, w, 0)
            drive[j] -= w
    pre, post, weight, delay = (wide[name].astype(np.int64) for name in ("pre", "post", "weight", "delay"))
    inputs = lines.shape[1]
    origin = np.where(pre < inputs, -1, kind[np.maximum(pre - inputs, 0)])
    index = np.where(pre < inputs, pre, place[np.maximum(pre - inputs, 0)])
    for source, target, steps in np.unique(np.stack([origin, kind[post], delay]), axis=1).T.tolist():
        chosen = (origin == source) & (kind[post] == target) & (delay == steps)
        start = sources if source < 0 else groups[source][0]
        connect(start, groups[target][0], index[chosen], place[post[chosen]], weight[chosen], steps - 1)
    monitors = [(LoihiSpikeMonitor(group), members) for group, members in groups]
    network = LoihiNetwork(*parts, *(monitor for monitor, _ in monitors))
    network.run(task.steps)
    trains = np.zeros((task.steps, len(kind)), np.uint8)
    for monitor, members in monitors:
        moments = np.rint(np.asarray(monitor.t_) * 1000).astype(int)
        np.add.at(trains, (moments, members[np.asarray(monitor.i)]), 1)
    return trains


if __name__ == "__main__":
    started, task = time.perf_counter(), Task(sys.argv[1])
    finish(sys.argv[2], task, in_parts(task, once), version("brian2-loihi"), started)
