"""Whether a target says what we say: the same file there and, read back, in our own simulator, spike by spike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ..circuit import CircuitBuilder
from ..errors import NetworkError
from ..mapping.compiler import compile_circuit
from .nir_loop import is_chain
from .nir_notes import answer_trains
from .target import Target

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Conformance:
    """What two simulators said of the same inputs.

    Args:
        samples: Inputs that were run.
        spikes: Answer spikes of ours, over all steps.
        different: Entries of the answer trains that differ; 0 means identical, spike for spike.
        shift: Steps by which our answers come later, as the target declares them, the same for all.
    """

    samples: int
    spikes: int
    different: int
    shift: int


def compare(target: Target, path: str | Path, spikes: Tensor) -> Conformance:
    """Runs a file in a target and, read back, in our simulator, and compares every answer spike.

    Args:
        target: One that runs.
        path: A file that it wrote; of a chain the last population answers.
        spikes: ``[T, B, *input_shape]`` zeros and ones.

    Raises:
        NetworkError: if the target does not run, the file cannot be read, or the answers are not those of the last
            population.
    """
    if target.run is None:
        raise NetworkError(f"{target.name} is a file format and runs nothing; compare with a simulator that reads it")
    network = target.read(Path(path))
    last, shift, lines = network.populations[-1], target.delay(network), network.outputs
    if is_chain(network):
        lines = lines - int(np.prod(network.input_shape)) - (network.neurons - last.size)
    if lines.size and lines.min() < 0:
        raise NetworkError(f"{path}: an answer is not in the last population '{last.name}'")
    steps = max(network.latency, len(spikes) + shift) + 1
    ours = answer_trains(network, spikes, steps)[shift:]
    theirs = target.run(Path(path), spikes, steps - shift)[:, :, lines.tolist()].bool()
    return Conformance(spikes.shape[1], int(ours.sum()), int((ours != theirs).sum()), shift)


def self_test(target: Target) -> Conformance:
    """A full adder, written and run on all eight inputs: whether a target works where it is installed.

    Args:
        target: One that runs.

    Raises:
        NetworkError: as :func:`compare`.
        FileError: if nothing can be written to the folder for temporary files.

    Example:
        >>> from logic import find_target
        >>> self_test(find_target("snntorch")).different
        0
    """
    import torch

    make = CircuitBuilder()
    a, b, carry = make.inputs("a", "b", "carry")
    circuit = make.build(sum=a ^ b ^ carry, carry_out=(a & b) | (carry & (a ^ b)))
    network = compile_circuit(circuit, "single-rail", target.limits.balance, aligned=True)
    waves = torch.tensor([[number >> bit & 1 for bit in range(3)] for number in range(8)], dtype=torch.bool)
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"adder{target.suffix}"
        target.write(network, file, target.profiles[0], None)
        return compare(target, file, waves[:, None])
