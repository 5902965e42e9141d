"""The same forgetful network on other simulators; each returns all spikes and the seconds of the run alone.

Building a network is not counted. Thresholds stand half a unit below the integers, where ``>`` and ``>=`` agree.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from logic import FlatNetwork, SpikingNetwork

Trains = NDArray[np.bool_]


def run_brian2(network: SpikingNetwork, spikes: Trains, steps: int) -> tuple[Trains, float]:
    """Brian2 with its numpy code generation, which needs no compiler; spikes ``[T, I]`` in, ``[steps, N]`` out."""
    import brian2 as b2  # pyright: ignore[reportMissingImports] - a rival, installed only to be compared with

    flat = network.flatten()
    b2.prefs.codegen.target = "numpy"
    b2.defaultclock.dt = 1 * b2.ms
    when, line = np.nonzero(spikes)
    source = b2.SpikeGeneratorGroup(flat.inputs, line, when * b2.ms)
    cells = b2.NeuronGroup(len(flat.threshold), "v : 1\nlimit : 1 (constant)", threshold="v > limit", reset="")
    cells.limit = flat.threshold - 0.5
    cells.run_regularly("v = 0", when="before_synapses")
    net = b2.Network(source, cells)
    net.schedule = ["start", "groups", "thresholds", "resets", "synapses", "end"]
    for group, chosen, base in ((source, flat.pre < flat.inputs, 0), (cells, flat.pre >= flat.inputs, flat.inputs)):
        if chosen.any():
            link = b2.Synapses(group, cells, "w : 1", on_pre="v_post += w")
            link.connect(i=flat.pre[chosen] - base, j=flat.post[chosen])
            link.w = flat.weight[chosen]
            link.delay = (flat.delay[chosen] - 1) * b2.ms  # a spike is heard in its own step, and fires in the next
            net.add(link)
    monitor = b2.SpikeMonitor(cells)
    net.add(monitor)
    net.run(0 * b2.ms)
    start = time.perf_counter()
    net.run(steps * b2.ms)
    seconds = time.perf_counter() - start
    trains = np.zeros((steps, len(flat.threshold)), dtype=bool)
    trains[np.round(np.asarray(monitor.t / b2.ms)).astype(int), np.asarray(monitor.i)] = True
    return trains, seconds


def run_nest(network: SpikingNetwork, spikes: Trains, steps: int) -> tuple[Trains, float]:
    """NEST's ``iaf_psc_delta`` with a membrane that forgets within a step; one thread."""
    import nest  # pyright: ignore[reportMissingImports] - a rival, installed only to be compared with

    flat = network.flatten()
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = 1.0
    size = len(flat.threshold)
    common = {"E_L": 0.0, "V_reset": 0.0, "V_m": 0.0, "C_m": 1.0, "t_ref": 0.0, "tau_m": 0.01}
    cells = nest.Create("iaf_psc_delta", size, {**common, "V_th": (flat.threshold - 0.5).tolist()})
    source = nest.Create("spike_generator", flat.inputs, [{"spike_times": np.flatnonzero(s) + 1.0} for s in spikes.T])
    ids = np.concatenate([np.asarray(source.global_id), np.asarray(cells.global_id)])
    synapse = {"weight": flat.weight.astype(float), "delay": flat.delay.astype(float)}
    nest.Connect(ids[flat.pre], ids[flat.inputs + flat.post], "one_to_one", synapse)
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    nest.Prepare()
    start = time.perf_counter()
    nest.Run(float(steps + 1))
    seconds = time.perf_counter() - start
    nest.Cleanup()
    events = recorder.get("events")
    at = np.round(events["times"]).astype(int) - 1
    trains = np.zeros((steps + 1, size), dtype=bool)
    trains[at, events["senders"] - ids[flat.inputs]] = True
    return trains[:steps], seconds


def run_snntorch(network: SpikingNetwork, spikes: Trains, steps: int) -> tuple[Trains, float]:
    """SnnTorch's ``Leaky`` neurons behind one sparse matrix a delay, since it has no delays of its own; one thread."""
    import snntorch

    flat, threads = network.flatten(), torch.get_num_threads()
    torch.set_num_threads(1)
    size, lines = len(flat.threshold), flat.inputs + len(flat.threshold)
    limits: Any = torch.tensor(flat.threshold - 0.5).float()  # its annotation knows of one threshold only
    neuron = snntorch.Leaky(beta=0.0, threshold=limits, reset_mechanism="none")
    links = {int(delay): _matrix(flat, delay, size, lines) for delay in np.unique(flat.delay)}
    train = torch.zeros(steps, lines)
    train[: len(spikes), : flat.inputs] = torch.tensor(spikes).float()
    silent = torch.zeros(size)
    start = time.perf_counter()
    with torch.inference_mode():
        for t in range(steps):
            heard = [matrix @ train[t - delay] for delay, matrix in links.items() if delay <= t]
            train[t, flat.inputs :] = neuron(torch.stack(heard).sum(0) if heard else silent, silent)[0]
    seconds = time.perf_counter() - start
    torch.set_num_threads(threads)
    return train[:, flat.inputs :].bool().numpy(), seconds


def _matrix(flat: FlatNetwork, delay: int, size: int, lines: int) -> torch.Tensor:
    here = flat.delay == delay
    places = torch.tensor(np.stack([flat.post[here], flat.pre[here]]))
    weights = torch.tensor(flat.weight[here]).float()
    return torch.sparse_coo_tensor(places, weights, (size, lines), check_invariants=True).coalesce().to_sparse_csr()


RIVALS: dict[str, Callable[[SpikingNetwork, Trains, int], tuple[Trains, float]]] = {
    "Brian2": run_brian2,
    "NEST": run_nest,
    "snnTorch": run_snntorch,
}
