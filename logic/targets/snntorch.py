"""snnTorch as a target: an independent simulator that runs the NIR file itself."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .conformance import Conformance, compare
from .nir import NIR
from .nir_loop import is_chain
from .nir_reader import read_graph
from .target import Target

if TYPE_CHECKING:
    from torch import Tensor


def run_in_snntorch(path: str | Path, spikes: Tensor, steps: int) -> Tensor:
    """Spikes ``[steps, B, n]`` of a NIR file's output node, as snnTorch's own importer and neurons give them.

    Args:
        path: NIR file.
        spikes: ``[T, B, *input_shape]`` zeros and ones; silence after ``T``.
        steps: How many steps to run.

    Raises:
        NetworkError: if the file cannot be read.
    """
    import snntorch
    import torch
    from snntorch.import_nir import import_from_nir

    graph = read_graph(path)
    shape = np.ravel(graph.nodes["input"].input_type["input"]).tolist()
    with contextlib.redirect_stdout(io.StringIO()):  # the importer prints
        module = import_from_nir(graph)
    state, answers = None, list[torch.Tensor]()
    given = spikes.reshape(*spikes.shape[:2], *shape).float()
    silence = torch.zeros(given.shape[1:])
    with torch.no_grad():
        for t in range(steps):
            answer, state = module(given[t] if t < len(given) else silence, state)
            answers.append(answer.flatten(1))
    neurons = snntorch.SpikingNeuron.instances
    neurons[:] = [
        neuron for neuron in neurons if neuron not in set[torch.nn.Module](module.modules())
    ]  # it keeps them forever
    return torch.stack(answers)


def compare_with_snntorch(path: str | Path, spikes: Tensor) -> Conformance:
    """Runs a NIR file in snnTorch and, read back, in our simulator, and compares every answer spike.

    Args:
        path: NIR file with its second file, whose last population answers.
        spikes: ``[T, B, *input_shape]`` zeros and ones.

    Raises:
        NetworkError: if the files cannot be read or the answers are not those of the last population.

    Example:
        >>> import torch
        >>> from tempfile import TemporaryDirectory
        >>> from logic import CircuitBuilder, compile_circuit, write_nir
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> network = compile_circuit(make.build(y=a ^ b), balance="relays", aligned=True)
        >>> waves = torch.tensor([[[1, 0, 1, 0], [1, 0, 0, 1]]])  # one step, two samples, two rails for each input
        >>> with TemporaryDirectory() as folder:
        ...     write_nir(network, f"{folder}/xor.nir")
        ...     compare_with_snntorch(f"{folder}/xor.nir", waves)
        Conformance(samples=2, spikes=2, different=0, shift=2)
    """
    return compare(SNNTORCH, path, spikes)


SNNTORCH = Target(
    name="snntorch",
    about="snnTorch, a simulator in PyTorch; it runs NIR files, in which a connection takes no step",
    suffix=NIR.suffix,
    mark=NIR.mark,
    limits=NIR.limits,
    profiles=NIR.profiles,
    requires=(*NIR.requires, "snntorch", "nirtorch"),
    write=NIR.write,
    read=NIR.read,
    run=run_in_snntorch,
    delay=lambda network: len(network.populations) if is_chain(network) else 0,
)
