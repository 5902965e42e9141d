"""Whether two spiking networks say the same: one is lifted to a circuit, the other is proved against it."""

from dataclasses import replace

import numpy as np

from ..circuit import Circuit, Gate
from ..errors import NetworkError
from ..network import SpikingNetwork
from ..rails import Line, match_lines
from ..sweeping.graph import AndGraph
from ..verdict import Verdict
from ..watch import Watch
from .lifting import lift
from .unfolding import in_step, judge


def prove_same(first: SpikingNetwork, second: SpikingNetwork, timeout: float | Watch | None = None) -> Verdict:
    """Whether two networks give the same answers to every wave, for all values of the input signals.

    Lines are matched by signal and rail; a signal that has one rail in one network and two in the other is compared
    by what its lines say. Both rails of an input are driven by one value, so only codewords are compared.

    Args:
        first: Any network that :func:`logic.proving.unfolding.judge` judges.
        second: The other; one of the two must be memoryless with paths of equal length.
        timeout: Seconds, or None for no bound.

    Raises:
        NetworkError: if signals differ, or neither network can be lifted.
    """
    if not in_step(second, second.flatten()):
        first, second = second, first
    circuit = lifted_circuit(second)
    signals = {line.signal for line in first.input_lines}
    if signals != set(circuit.inputs):
        raise NetworkError(f"the networks' inputs differ in {sorted(signals ^ set(circuit.inputs))[:10]}")
    lines: dict[str, list[int]] = {}
    for other, line in enumerate(second.output_lines):
        lines.setdefault(line.signal, []).append(other)
    pairs = [
        (own, other)
        for own, line in enumerate(first.output_lines)
        for other in lines.get(line.signal, [])
        if line.rail == second.output_lines[other].rail or None in (line.rail, second.output_lines[other].rail)
    ]
    for ends, which in ((first.output_lines, 0), (second.output_lines, 1)):
        if missing := [str(ends[at]) for at in sorted(set(range(len(ends))) - {pair[which] for pair in pairs})]:
            raise NetworkError(f"output lines {missing[:10]} are in one network only")
    shown = [f"{first.output_lines[own]} and {second.output_lines[other]}" for own, other in pairs]
    names = [f"{text} (pair {at})" for at, text in enumerate(shown)]  # two pairs may read alike
    chosen, theirs = np.array(pairs, np.int64).reshape(-1, 2).T
    flipped = np.array([second.output_lines[other].negated for other in theirs.tolist()], np.int64)
    specification = replace(circuit, outputs=circuit.outputs[theirs] ^ flipped, output_names=tuple(names))
    compared = replace(
        first,
        outputs=first.outputs[chosen],
        latencies=first.latencies[chosen],
        output_lines=tuple(
            Line(name, 0 if first.output_lines[own].negated else None)
            for name, own in zip(names, chosen.tolist(), strict=True)
        ),
    )
    verdict = judge(compared, specification, timeout=timeout)
    claim = (
        f"{first.neurons} and {second.neurons} neurons say the same on {len(pairs)} output lines "
        f"for all values of {len(circuit.inputs)} inputs"
    )
    return replace(verdict, claim=claim)


def lifted_circuit(network: SpikingNetwork) -> Circuit:
    """The circuit that a network computes, from its weights, thresholds and delays alone.

    Args:
        network: Memoryless, without loops, paths of equal length, with named input lines.

    Returns:
        An and-inverter circuit with one input for each signal of the input lines, and one output for each output line,
        called as the line is shown (a later one of the same text gets primes).

    Raises:
        NetworkError: if the network is none of that.

    Example:
        >>> from logic import CircuitBuilder, compile_circuit
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> lifted_circuit(compile_circuit(make.build(y=a | b))).output_names
        ('y=0', 'y=1')
    """
    flat = network.flatten()
    if len(network.input_lines) != flat.inputs:
        raise NetworkError(f"{flat.inputs} input lines bear {len(network.input_lines)} names; name each line")
    if not in_step(network, flat):
        raise NetworkError(
            "the network keeps a state, or waves meet in it, so that it is no circuit of one wave; "
            "prove it against the circuit that it shall compute"
        )
    signals = tuple(dict.fromkeys(line.signal for line in network.input_lines))
    graph = AndGraph()
    sources = graph.inputs(len(signals))
    matched = match_lines(network.input_lines, signals)
    literal = lift(graph, flat, sources[matched.place] ^ matched.negated).literal
    size, first = len(graph), 1 + len(signals)
    pairs = np.stack([graph.nodes.first[first:size], graph.nodes.second[first:size]], axis=1)
    names: dict[str, None] = {}
    for line in network.output_lines:
        name = str(line)
        while name in names:
            name += "'"
        names[name] = None
    return Circuit(
        inputs=signals,
        kinds=np.full(size - first, int(Gate.AND)),
        offsets=2 * np.arange(size - first + 1),
        literals=pairs.reshape(-1).astype(np.int64),
        outputs=literal[network.outputs],
        output_names=tuple(names),
    )
