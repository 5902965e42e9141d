"""Circuits and spiking networks as graphs of networkx, for its algorithms and for drawing elsewhere."""

from typing import Any

import networkx as nx

from .circuit import Circuit, Gate
from .network import SpikingNetwork


def circuit_graph(circuit: Circuit) -> "nx.MultiDiGraph[Any]":
    """A circuit as a directed graph; what :meth:`logic.Circuit.to_networkx` returns.

    Args:
        circuit: Any netlist.

    Returns:
        A node for each wire, by its number, with ``kind`` (``constant``, ``input``, ``register`` or a gate's name) and
        ``name`` where there is one, and the nodes ``("output", name)`` and ``("next", register)`` for what is read in
        the end. An edge from each wire to what reads it, with ``negated``.
    """
    graph: nx.MultiDiGraph[Any] = nx.MultiDiGraph()
    graph.add_node(0, kind="constant", name="false")
    for wire, name in enumerate(circuit.inputs, start=1):
        graph.add_node(wire, kind="input", name=name)
    for wire, name in enumerate(circuit.register_names, start=1 + len(circuit.inputs)):
        graph.add_node(wire, kind="register", name=name)
    for gate, kind in enumerate(circuit.kinds.tolist()):
        wire = circuit.first_gate + gate
        graph.add_node(wire, kind=Gate(kind).name)
        for literal in circuit.operands(gate).tolist():
            graph.add_edge(literal >> 1, wire, negated=bool(literal & 1))
    ends = [("output", name, literal) for name, literal in zip(circuit.output_names, circuit.outputs, strict=True)]
    ends += [
        ("next", name, literal) for name, literal in zip(circuit.register_names, circuit.register_next, strict=True)
    ]
    for kind, name, literal in ends:
        graph.add_node((kind, name), kind=kind, name=name)
        graph.add_edge(int(literal) >> 1, (kind, name), negated=bool(literal & 1))
    return graph


def network_graph(network: SpikingNetwork) -> "nx.MultiDiGraph[Any]":
    """A spiking network as a directed graph; what :meth:`logic.SpikingNetwork.to_networkx` returns.

    Args:
        network: Any network; convolutions are written out.

    Returns:
        A node for each input line and neuron, numbered as in :class:`logic.FlatNetwork`, with ``population`` and, of
        neurons, ``threshold``, ``bias``, ``initial``, ``retain``, ``leak`` and ``subtract``; ``lines`` are the output
        lines that read it. An edge for each synapse, with ``weight`` and ``delay`` in steps.
    """
    flat = network.flatten()
    graph: nx.MultiDiGraph[Any] = nx.MultiDiGraph()
    names = network.input_names or tuple(f"input {line}" for line in range(flat.inputs))
    for line, name in enumerate(names):
        graph.add_node(line, population="input", name=name, lines=list[str]())
    owners = [population.name for population in network.populations for _ in range(population.size)]
    kept = ("threshold", "bias", "initial", "retain", "leak", "subtract")
    columns = [getattr(flat, what).tolist() for what in kept]
    for node, (owner, *values) in enumerate(zip(owners, *columns, strict=True), start=flat.inputs):
        graph.add_node(node, population=owner, lines=list[str](), **dict(zip(kept, values, strict=True)))
    for pre, post, weight, delay in zip(
        *(x.tolist() for x in (flat.pre, flat.post, flat.weight, flat.delay)), strict=True
    ):
        graph.add_edge(pre, flat.inputs + post, weight=weight, delay=delay)
    for node, name in zip(network.outputs.tolist(), network.output_names, strict=True):
        graph.nodes[node]["lines"].append(name)
    return graph
