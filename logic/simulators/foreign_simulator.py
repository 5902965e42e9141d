"""What a simulator of others is, how a network is made ready for it, and how it is run there, in its own process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..deployment import TargetNetwork, run_batch, without_initial
from ..errors import NetworkError, NeurosymError
from ..network import SpikingNetwork
from ..targets.nir import write_nir
from ..targets.nir_loop import LOOP, is_chain, loop_network
from .capability import Capability, lowered
from .environment import Recipe

Bits = NDArray[np.bool_]
Counts = NDArray[np.uint8]
_ADAPTERS = Path(__file__).parent / "adapters"
_COLUMNS = ("threshold", "bias", "retain", "leak", "subtract", "initial", "pre", "post", "weight", "delay")


class SimulatorError(NeurosymError, RuntimeError):
    """A simulator that was started and did not answer."""


@dataclass(frozen=True)
class Simulator:
    """A simulator of others.

    Args:
        name: By which it is asked for.
        about: A line for people.
        capability: What it can express.
        recipe: How its environment is made.
        adapter: The script that its Python runs, in ``adapters``.
        profile: Of the NIR file that it reads; none if it takes arrays.
        options: Further entries for the adapter.
        files: Further entries that depend on the network, such as texts of a hardware description; none if left out.
        mapping: How a circuit is compiled for it; as the user says if ``""``.
        claim: What "identical" means there.
    """

    name: str
    about: str
    capability: Capability
    recipe: Recipe
    adapter: str
    profile: str | None = None
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Callable[[Ready], Mapping[str, str]] | None = None
    mapping: str = ""
    claim: str = ""


@dataclass(frozen=True, eq=False)
class Ready:
    """A network in a simulator's conventions.

    Args:
        simulator: Where it will run.
        network: Lowered, with what was declared of its spikes.
        layers: Where a NIR file is a chain, the layer of each neuron (from 1): its reading gives at step ``t`` what we
            give at ``t + layer``. Zeros elsewhere.
        nodes: Of the NIR file, in the order of neurons; empty for arrays.
        source: What the NIR file is written from; none for arrays.
    """

    simulator: Simulator
    network: TargetNetwork
    layers: NDArray[np.int64]
    nodes: tuple[str, ...] = ()
    source: SpikingNetwork | None = None

    @property
    def shift(self) -> int:
        """The steps by which the last answers come earlier there than here, as it is declared."""
        return int(self.layers.max(initial=0))

    def expected(self, spikes: Bits, steps: int) -> Bits:
        """``[steps, B, N]`` the spikes that the simulator must give at its steps, from our semantics.

        Args:
            spikes: ``[T, B, I0]`` input of the original.
            steps: Of the simulator.
        """
        ours = run_batch(self.network, self.network.stimulus(spikes), steps + self.shift)[:, :, self.network.inputs :]
        trains = np.zeros((steps, *ours.shape[1:]), np.bool_)
        for layer in np.unique(self.layers):
            trains[:, :, self.layers == layer] = ours[layer : layer + steps, :, self.layers == layer]
        return trains


@dataclass(frozen=True, eq=False)
class Run:
    """What a simulator said.

    Args:
        counts: ``[steps, B, N]`` how often each neuron fired.
        version: Of the simulator, as it says itself.
        python: Of its interpreter.
        seconds: Wall time, start-up and building included.
        peak_bytes: Of memory.
        joules: What the simulator says that a chip takes for all samples; below 0 if it says nothing.
    """

    counts: Counts
    version: str
    python: str
    seconds: float
    peak_bytes: int
    joules: float = -1.0


def make_ready(simulator: Simulator, network: SpikingNetwork, layered: SpikingNetwork | None = None) -> Ready:
    """A network in a simulator's conventions.

    Args:
        simulator: Where it shall run.
        network: As compiled; with delays.
        layered: The same with relays in layers, which NIR files of many neurons need; the network itself if left out.

    Raises:
        NetworkError: if it cannot be expressed there; the sentence names a neuron, the limit and a way out.
    """
    if simulator.profile is None:
        flat = lowered(TargetNetwork.of(network), simulator.capability, simulator.name)
        return Ready(simulator, flat, np.zeros(flat.neurons, np.int64))
    source = layered or network
    for sentence in simulator.capability.refusals(without_initial(TargetNetwork.of(source))):
        raise NetworkError(f"{simulator.name} cannot carry this network: {sentence}")
    if is_chain(source):
        names = tuple(population.name for population in source.populations)
        sizes = [population.size for population in source.populations]
        return Ready(simulator, TargetNetwork.of(source), np.repeat(np.arange(len(sizes)) + 1, sizes), names, source)
    flat = loop_network(source)
    return Ready(simulator, flat, np.zeros(flat.neurons, np.int64), (LOOP,), source)


def run_in(ready: Ready, python: Path, spikes: Bits, steps: int, folder: Path, timeout: float = 3600.0) -> Run:
    """Runs a network in its simulator, in a process of its own.

    Args:
        ready: The network.
        python: The interpreter of the simulator's environment.
        spikes: ``[T, B, I0]`` input of the original.
        steps: How many steps the simulator runs.
        folder: For the files that go to and fro; they stay there.
        timeout: Seconds.

    Raises:
        SimulatorError: if it fails, or gives no answer in time.
        NetworkError: if the NIR file cannot be written.
    """
    network, loop = ready.network, ready.nodes == (LOOP,)
    given = network.stimulus(spikes)
    task: dict[str, object] = dict(ready.simulator.options)
    if ready.source is not None:
        write_nir(ready.source, folder / "network.nir", str(ready.simulator.profile))
        task |= {"graph": str(folder / "network.nir"), "nodes": " ".join(ready.nodes)}
    else:
        task |= {name: _small(getattr(network, name)) for name in _COLUMNS}
        task |= {} if ready.simulator.files is None else ready.simulator.files(ready)
    neurons = network.neurons + (network.inputs if loop else 0)  # a loop repeats its inputs first
    task |= {"inputs": network.inputs, "neurons": neurons, "steps": steps, "shape": given.shape}
    arrays = {name: np.asarray(value) for name, value in task.items()}
    np.savez(folder / "task.npz", **arrays, spikes=np.packbits(given))  # pyright: ignore[reportArgumentType]
    _execute(ready.simulator, [str(python), "-s", "-E", str(_ADAPTERS / ready.simulator.adapter)], folder, timeout)
    with np.load(folder / "answer.npz", allow_pickle=False) as answer:
        counts = np.zeros(tuple(answer["shape"].tolist()), np.uint8)
        counts[answer["step"], answer["sample"], answer["neuron"]] = answer["times"]
        return Run(
            counts=counts[:, :, network.inputs :] if loop else counts,
            version=str(answer["version"]),
            python=str(answer["python"]),
            seconds=float(answer["seconds"]),
            peak_bytes=int(answer["peak_bytes"]),
            joules=float(answer["joules"]),
        )


def _small(column: NDArray[np.int64] | Bits) -> NDArray[np.int32] | NDArray[np.int64] | Bits:
    if column.dtype == np.bool_ or (np.abs(column) >= 2**31).any():
        return column
    return column.astype(np.int32)


def _execute(simulator: Simulator, command: list[str], folder: Path, timeout: float) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    clean |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    ends = [str(folder / "task.npz"), str(folder / "answer.npz")]
    try:
        done = subprocess.run(
            [*command, *ends],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=clean,
            cwd=folder,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise SimulatorError(f"{simulator.name} gave no answer in {timeout:.0f} s; give fewer waves") from None
    except OSError as error:
        raise SimulatorError(f"{simulator.name} could not be started ({error}); install it again") from None
    (folder / "said.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode or not (folder / "answer.npz").is_file():
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()][-1:] or ["it said nothing"]
        raise SimulatorError(f"{simulator.name} failed with code {done.returncode}: {said[0][:300]}")
