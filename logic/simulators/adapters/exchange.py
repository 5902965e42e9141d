"""What an adapter is given and what it gives back: a network and input spikes in, spikes of all neurons out.

Both are ``.npz`` files without pickles. An adapter runs in the environment of its simulator, where nothing of ours can
be imported; this file lies beside it and needs numpy alone.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

MOST_SYNAPSES = 5_000_000  # of all samples that are run side by side
COLUMNS = ("threshold", "bias", "retain", "leak", "subtract", "initial", "pre", "post", "weight", "delay")


class Task:
    """What is to be run: the network's columns as attributes, and the input.

    Args:
        path: The ``.npz`` file that the caller wrote.
    """

    def __init__(self, path: str) -> None:
        with np.load(path, allow_pickle=False) as held:
            self.held = {name: held[name] for name in held.files}
        self.inputs = int(self.held["inputs"])
        self.neurons = int(self.held["neurons"])
        self.steps = int(self.held["steps"])
        shape = self.held["shape"].tolist()  # steps given, samples, inputs
        self.spikes = np.unpackbits(self.held["spikes"], count=int(np.prod(shape))).reshape(shape).astype(bool)
        self.samples = shape[1]

    def __getattr__(self, name: str) -> np.ndarray:
        if name in self.held:
            return self.held[name]
        raise AttributeError(name)

    def text(self, name: str) -> str:
        """An entry that is a text."""
        return str(self.held[name])

    def copies(self, samples: int) -> dict[str, np.ndarray]:
        """The columns of that many copies side by side: input lines of all copies first, then all neurons."""
        count = {name: len(self.held[name]) for name in COLUMNS}
        wide = {name: np.tile(self.held[name], samples) for name in COLUMNS}
        copy = np.repeat(np.arange(samples), count["pre"])
        pre = wide["pre"].astype(np.int64)
        wide["pre"] = np.where(
            pre < self.inputs, pre + copy * self.inputs, pre + (samples - 1) * self.inputs + copy * self.neurons
        )
        wide["post"] = wide["post"].astype(np.int64) + copy * self.neurons
        return wide


def in_parts(task: Task, once: Callable[[Task, dict[str, np.ndarray], np.ndarray], np.ndarray]) -> np.ndarray:
    """Spikes ``[steps, samples, neurons]``: as many samples at a time as five million synapses allow, side by side.

    Args:
        task: What is to be run.
        once: Runs the columns of some copies with input ``[T, copies x inputs]``; gives ``[steps, copies x neurons]``.
    """
    trains = np.zeros((task.steps, task.samples, task.neurons), np.uint8)
    size = max(1, MOST_SYNAPSES // max(1, len(task.held["pre"])))
    for first in range(0, task.samples, size):
        part = task.spikes[:, first : first + size]
        count = part.shape[1]
        found = once(task, task.copies(count), part.reshape(len(part), -1))
        trains[:, first : first + count] = found.reshape(task.steps, count, task.neurons)
    return trains


def finish(path: str, task: Task, trains: np.ndarray, version: str, started: float, joules: float = -1.0) -> None:
    """Writes the answer.

    Args:
        path: Of the answer.
        task: What was run.
        trains: ``[steps, samples, neurons]`` how often each neuron fired in each step; more than once shows as such.
        version: Of the simulator.
        started: When it began, of ``time.perf_counter()``.
        joules: What the simulator says that the chip takes; below 0 if it says nothing.
    """
    if trains.shape != (task.steps, task.samples, task.neurons):
        raise ValueError(f"spikes of shape {trains.shape}, expected {(task.steps, task.samples, task.neurons)}")
    counts = np.minimum(trains, 255).astype(np.uint8)
    step, sample, neuron = np.nonzero(counts)
    np.savez_compressed(
        path,
        step=step.astype(np.int32),
        sample=sample.astype(np.int32),
        neuron=neuron.astype(np.int32),
        times=counts[step, sample, neuron],
        shape=np.array(trains.shape),
        version=np.array(version),
        python=np.array(sys.version.split()[0]),
        seconds=np.array(time.perf_counter() - started),
        joules=np.array(joules),
        peak_bytes=np.array(peak_bytes()),
    )


def peak_bytes() -> int:
    """The largest resident set of this process; where the system does not tell it, that of whoever started it too."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
