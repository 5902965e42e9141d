"""The joint machine of two clocked circuits: one graph of conjunctions over shared inputs and the registers of both."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..sweeping.codewords import codewords
from ..sweeping.graph import AndGraph
from .machine import Machine, in_order, moved

Integers = NDArray[np.int64]


class Joint(NamedTuple):
    """The machine of two circuits and how it speaks of them.

    Args:
        machine: With one pair an output.
        inputs: ``[I]`` what each input of the circuits is in the machine: literals, for one-hot groups of conjunctions.
        ours: How many registers are of the first circuit; they come first.
        partners: ``[R]`` the number of the first register that bears the name of each.
        names: What the open first values are called, in the order of their numbers.
    """

    machine: Machine
    inputs: Integers
    ours: int
    partners: Integers
    names: tuple[str, ...]


def join(impl: Circuit, spec: Circuit) -> Joint:
    """Both circuits in one machine.

    Args:
        impl: One; its inputs and outputs bear the names of the other's, in any order.
        spec: The other; its one-hot groups are promised of the inputs. Registers of both that bear one name and have
            both an open first value start alike.
    """
    graph = AndGraph(1 + len(impl.kinds) + len(spec.kinds) + 2 * len(spec.inputs))
    literals, _ = codewords(graph, spec)
    states = [graph.inputs(len(circuit.register_names)) for circuit in (impl, spec)]
    order = {name: at for at, name in enumerate(spec.inputs)}
    own = literals[[order[name] for name in impl.inputs]]
    ends: list[Integers] = []
    following: list[Integers] = []
    for circuit, given, state in ((impl, own, states[0]), (spec, literals, states[1])):
        wires = graph.add(circuit, np.concatenate([given, state]))
        ends.append(wires[circuit.outputs >> 1] ^ (circuit.outputs & 1))
        following.append(wires[circuit.register_next >> 1] ^ (circuit.register_next & 1))
    where = {name: at for at, name in enumerate(impl.output_names)}
    pairs = np.stack([ends[0][[where[name] for name in spec.output_names]], ends[1]], axis=1)
    names: dict[str, int] = {}
    initial = [
        int(value) if value >= 0 else 2 * (1 + names.setdefault(name, len(names)))
        for circuit in (impl, spec)
        for name, value in zip(circuit.register_names, circuit.register_initial, strict=True)
    ]
    size = len(graph)
    first, second = graph.nodes.first[:size], graph.nodes.second[:size]
    registers = np.concatenate(states) >> 1
    free = first < 0
    free[0] = free[registers] = False
    machine = Machine(
        first, second, np.flatnonzero(free).astype(np.int32), registers.astype(np.int32),
        np.concatenate(following).astype(np.int32), np.array(initial, np.int32), pairs.astype(np.int32),
    )  # fmt: skip
    machine, images = in_order(machine)
    registers_called: dict[str, int] = {}
    called = (*impl.register_names, *spec.register_names)
    partners = np.array([registers_called.setdefault(name, at) for at, name in enumerate(called)], np.int64)
    return Joint(machine, moved(images, literals), len(impl.register_names), partners, tuple(names))
