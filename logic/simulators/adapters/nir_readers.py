"""Runs a NIR file in one of its readers, step by step, and records every population by its node's name."""

# They lie in the environment of the simulator alone.
# pyright: reportMissingImports=false

import contextlib
import io
import sys
import time
import warnings
from importlib.metadata import version
from typing import Any

import nir
import numpy as np
import torch
from exchange import Task, finish


def load(reader: str, graph: nir.NIRGraph, samples: int) -> torch.nn.Module:
    """The module that a reader makes of a graph, with the time step that the file means."""
    if reader == "snntorch":
        from snntorch.import_nir import import_from_nir

        return import_from_nir(graph)
    if reader == "norse":
        from norse.torch import from_nir

        return from_nir(graph, dt=1e-4)
    if reader == "spikingjelly":
        from spikingjelly.activation_based import nir_exchange

        return nir_exchange.import_from_nir(graph, dt=1e-4)
    from sinabs.nir import from_nir

    return from_nir(graph, batch_size=samples)


def run(reader: str, task: Task) -> np.ndarray:
    """Spikes ``[steps, samples, neurons]`` of the nodes that the task names, one after the other."""
    graph = nir.read(task.text("graph"), type_check=False)
    names = task.text("nodes").split()
    shape = np.ravel(graph.nodes["input"].input_type["input"]).tolist()
    with contextlib.redirect_stdout(io.StringIO()):  # one of them prints
        module = load(reader, graph, task.samples)
    module.eval()
    heard: dict[str, torch.Tensor] = {}

    def listen(name: str) -> None:
        def keep(_module: torch.nn.Module, _given: object, answer: Any) -> None:
            heard[name] = answer[0] if isinstance(answer, tuple) else answer

        module.get_submodule(name).register_forward_hook(keep)

    for name in names:
        listen(name)
    given = torch.from_numpy(task.spikes).reshape(*task.spikes.shape[:2], *shape).float()
    silence = torch.zeros(given.shape[1:])
    trains = np.zeros((task.steps, task.samples, task.neurons), np.uint8)
    state = None
    with torch.no_grad():
        for step in range(task.steps):
            _, state = module(given[step] if step < len(given) else silence, state)
            parts = [heard[name].reshape(task.samples, -1) for name in names]
            trains[step] = torch.cat(parts, dim=1).round().clamp(0, 255).numpy()
    return trains


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    started, task = time.perf_counter(), Task(sys.argv[1])
    reader = task.text("reader")
    finish(sys.argv[2], task, run(reader, task), version(reader), started)
