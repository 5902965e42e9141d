"""The same NIR file in an independent simulator, snnTorch, spike by spike beside ours."""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import NetworkError
from ..simulation.simulator import simulate
from .nir import read_nir


@dataclass(frozen=True)
class Conformance:
    """What two simulators said of the same inputs.

    Args:
        samples: Inputs that were run.
        spikes: Answer spikes of ours, over all steps.
        different: Entries of the answer trains that differ; 0 means identical, spike for spike.
        shift: Steps by which our answers come later, one for each layer, the same for all.
    """

    samples: int
    spikes: int
    different: int
    shift: int


def run_in_snntorch(path: Path | str, spikes: Tensor, steps: int) -> Tensor:
    """Spikes ``[steps, B, n]`` of a NIR file's output node, as snnTorch's own importer and neurons give them.

    Args:
        path: NIR file.
        spikes: ``[T, B, *input_shape]`` zeros and ones; silence after ``T``.
        steps: How many steps to run.
    """
    import nir
    import snntorch
    from snntorch.import_nir import import_from_nir

    with contextlib.redirect_stdout(io.StringIO()):  # the importer prints
        module = import_from_nir(nir.read(path, type_check=False))  # which walks every path of a graph with branches
    state, answers = None, list[Tensor]()
    silence = torch.zeros(spikes.shape[1:])
    with torch.no_grad():
        for t in range(steps):
            answer, state = module(spikes[t].float() if t < len(spikes) else silence, state)
            answers.append(answer.flatten(1))
    neurons = snntorch.SpikingNeuron.instances
    neurons[:] = [
        neuron for neuron in neurons if neuron not in set[nn.Module](module.modules())
    ]  # it keeps them forever
    return torch.stack(answers)


def compare_with_snntorch(path: Path | str, spikes: Tensor) -> Conformance:
    """Runs a NIR file in snnTorch and, read back, in our simulator, and compares every answer spike.

    Args:
        path: NIR file with its second file, whose last population answers.
        spikes: ``[T, B, *input_shape]`` zeros and ones.

    Raises:
        NetworkError: if the files cannot be read or the answers are not those of the last population.
    """
    network = read_nir(path)
    last, shift = network.populations[-1], len(network.populations)
    lines = network.outputs - int(np.prod(network.input_shape)) - (network.neurons - last.size)
    if lines.size and lines.min() < 0:
        raise NetworkError(f"{path}: an answer is not in the last population '{last.name}'")
    steps = max(network.latency, len(spikes) + shift) + 1
    ours = simulate(network, spikes, steps, record=[last.name])[last.name].flatten(2)[shift:, :, lines]
    theirs = run_in_snntorch(path, spikes, steps - shift)[:, :, lines].bool()
    return Conformance(spikes.shape[1], int(ours.sum()), int((ours != theirs).sum()), shift)
