"""Runs a network in Brian2, which can say our semantics word for word, leaks and soft resets too.

The state ``v`` holds what is kept, the bias and what has arrived; it is judged at the beginning of a step, and what a
spike sends with a delay of ``d`` arrives at the end of the step ``d - 1`` later.
"""

import sys
import time

import brian2  # pyright: ignore[reportMissingImports] - in its own environment
import numpy as np
from exchange import Task, finish, in_parts

MODEL = """
v : 1
kept : 1 (constant)
halves : 1 (constant)
soft : 1 (constant)
bias : 1 (constant)
theta : 1 (constant)
"""


def once(task: Task, wide: dict[str, np.ndarray], lines: np.ndarray) -> np.ndarray:
    """Spikes ``[steps, neurons]`` of some copies of the network."""
    brian2.prefs.codegen.target = "numpy"
    step = 1 * brian2.ms
    brian2.defaultclock.dt = step
    cells = brian2.NeuronGroup(len(wide["threshold"]), MODEL, threshold="v >= theta", reset="v = soft * (v - theta)")
    halves = 2.0 ** wide["leak"]
    cells.kept, cells.halves, cells.soft = wide["retain"], halves, wide["subtract"]
    cells.bias, cells.theta = wide["bias"], wide["threshold"]
    cells.v = wide["retain"] * np.floor(wide["initial"] / halves) + wide["bias"]
    cells.run_regularly("v = kept * floor(v / halves) + bias", dt=step, when="before_synapses")
    when, line = np.nonzero(lines)
    sources = brian2.SpikeGeneratorGroup(lines.shape[1], line, when * step)
    parts: list[object] = [cells, sources]
    from_input = wide["pre"] < lines.shape[1]
    for group, chosen, shift in ((sources, from_input, 0), (cells, ~from_input, lines.shape[1])):
        if not chosen.any():
            continue
        synapses = brian2.Synapses(group, cells, "w : 1", on_pre="v_post += w")
        synapses.connect(i=wide["pre"][chosen] - shift, j=wide["post"][chosen])
        synapses.w = wide["weight"][chosen]
        synapses.delay = (wide["delay"][chosen] - 1) * step
        parts.append(synapses)
    monitor = brian2.SpikeMonitor(cells)
    network = brian2.Network(*parts, monitor)
    network.schedule = ["start", "groups", "thresholds", "resets", "synapses", "end"]
    network.run(task.steps * step)
    trains = np.zeros((task.steps, len(cells)), np.uint8)
    np.add.at(trains, (np.rint(np.asarray(monitor.t / brian2.ms)).astype(int), np.asarray(monitor.i)), 1)
    return trains


if __name__ == "__main__":
    started, task = time.perf_counter(), Task(sys.argv[1])
    finish(sys.argv[2], task, in_parts(task, once), brian2.__version__, started)
