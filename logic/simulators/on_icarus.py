"""Our own Verilog in Icarus: one register a neuron, or the core of block memories where the network is large."""

from itertools import pairwise

import numpy as np

from ..deployment import TargetNetwork
from ..hardware.core_form import core_form
from ..hardware.register_form import MOST_SYNAPSES, register_form
from ..hardware.spike_dump import core_dump, register_dump
from ..network import INPUT, Population, SpikingNetwork, Synapses
from .capability import Capability
from .environment import Recipe
from .foreign_simulator import Ready, Simulator

_STEPS = 1 << 16  # for which membranes are right that can run away


def verilog_files(ready: Ready) -> dict[str, str]:
    """The texts that Icarus gets, by file name, and which form they are.

    Example:
        >>> from logic import compile_circuit, parse_circuit
        >>> from logic.simulators import make_ready
        >>> ready = make_ready(RTL, compile_circuit(parse_circuit("y = a ^ b", "eqn")))
        >>> verilog_files(ready)["files"]
        'network.v network_dump.v'
    """
    network = as_populations(ready.network)
    if len(ready.network.weight) <= MOST_SYNAPSES:
        texts, form = {"network.v": register_form(network, "network", _STEPS)}, "registers"
        texts["network_dump.v"] = register_dump(network, "network")
    else:
        texts, form = core_form(network, "network", _STEPS), "core"
        texts["network_dump.v"] = core_dump(network, "network")
    return {**texts, "files": " ".join(texts), "form": form}


def as_populations(flat: TargetNetwork) -> SpikingNetwork:
    """A flat network as populations of like neurons in the same order, without answers."""
    kinds = np.stack([flat.retain, flat.leak, flat.subtract], axis=1).astype(np.int64)
    changes = np.flatnonzero((np.diff(kinds, axis=0) != 0).any(axis=1)) + 1
    bounds = [0, *changes.tolist(), flat.neurons] if flat.neurons else [0]
    populations: list[Population] = []
    links: list[Synapses] = []
    ends = list(pairwise(bounds))
    starts = [(INPUT, 0, flat.inputs)]
    starts += [(f"cells{at}", flat.inputs + low, flat.inputs + high) for at, (low, high) in enumerate(ends)]
    for at, (low, high) in enumerate(ends):
        retain, leak, subtract = kinds[low].tolist()
        populations.append(
            Population(
                f"cells{at}",
                (high - low,),
                flat.threshold[low:high],
                retain=bool(retain),
                leak=leak,
                reset="subtract" if subtract else "zero",
                bias=flat.bias[low:high],
                initial=flat.initial[low:high],
            )
        )
        mine = (flat.post >= low) & (flat.post < high)
        for source, first, last in starts:
            chosen = mine & (flat.pre >= first) & (flat.pre < last)
            if chosen.any():
                columns = flat.post[chosen] - low, flat.weight[chosen], flat.delay[chosen]
                links.append(Synapses(source, f"cells{at}", flat.pre[chosen] - first, *columns))
    none = np.zeros(0, np.int64)
    return SpikingNetwork((flat.inputs,), tuple(populations), tuple(links), none, (), none)


RTL = Simulator(
    name="rtl",
    about="our Verilog in Icarus, which must be installed (apt install iverilog): hardware of `neurosym rtl`",
    capability=Capability(resets=("zero", "subtract"), leaks=True),
    recipe=Recipe((("numpy==2.4.6",),), "numpy", note="Icarus comes from the system: apt install iverilog"),
    adapter="verilog_spikes.py",
    files=verilog_files,
    claim="every neuron at every step of the Verilog that `neurosym rtl` writes, in Icarus; no chip was reached",
)
