"""Whether a spiking network computes a circuit, or two circuits agree, by lifting and sweeping."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..errors import CircuitError, NetworkError
from ..kernels import work_time
from ..mapping import Certificate
from ..network import SpikingNetwork
from ..rails import Line, match_lines
from ..showing import assignment
from ..sweeping.codewords import codewords
from ..sweeping.graph import AndGraph
from ..sweeping.patterns import simulate as simulate_graph
from ..sweeping.sweeping import Sweep, sweep
from ..verdict import Verdict
from ..watch import Watch
from .certifying import certified
from .lifting import lift
from .signals import by_one_name
from .slots import assign_slots
from .streams import wrong_answers

Integers = NDArray[np.int64]


class Posed(NamedTuple):
    """A network and its specification written into one graph; proved if every pair is one function."""

    graph: AndGraph
    inputs: Integers  # [I] literals of the circuit's inputs
    free: Integers  # [F] literals that range over all their values
    pairs: Integers  # [O, 2] literals that are to be equal
    rows: int  # neurons that rows of a certificate have proved


def pose(
    network: SpikingNetwork, circuit: Circuit, certificate: Certificate | None = None, watch: Watch | None = None
) -> Posed:
    """What there is to prove of a network, as :func:`prove_network` proves it.

    Args:
        network: Memoryless and feed-forward, one wave a step.
        circuit: The specification, combinational.
        certificate: As for :func:`prove_network`.
        watch: Ends it early, with fewer rows proved, and -1 in ``pairs`` for outputs that were not reached.

    Raises:
        NetworkError, CircuitError: as :func:`prove_network`.
    """
    _combinational(circuit)
    graph, watch = AndGraph(), watch or Watch(deaf=True)
    inputs, free = codewords(graph, circuit)
    wires = graph.add(circuit, inputs)
    flat = network.flatten()
    lines = _literals(network.input_lines, circuit.inputs, inputs)
    if len(lines) != flat.inputs:
        raise NetworkError(
            f"{flat.inputs} input lines bear {len(lines)} names; name each after an input of the circuit"
        )
    expected_wires = wires[circuit.outputs >> 1] ^ (circuit.outputs & 1)
    if missing := set(circuit.output_names) - {line.signal for line in network.output_lines}:
        raise NetworkError(f"the network has no output for {sorted(missing)[:10]}")
    expected = _literals(network.output_lines, circuit.output_names, expected_wires)
    slots = assign_slots(flat)
    known = np.full(network.neurons, -1)
    if certificate is not None and slots.clash < 0:
        known = certified(graph, flat, slots, network.input_lines, certificate, circuit, inputs, watch)
    last = network.outputs[network.outputs >= flat.inputs] - flat.inputs
    roots = np.zeros(network.neurons, np.bool_)
    roots[last[known[last] < 0]] = True
    lifted = lift(graph, flat, lines, slots=slots, known=known, roots=roots, watch=watch)
    slot = slots.slot[network.outputs]
    ready = np.where(slot < 0, slots.settled[network.outputs], slot)
    late = np.where(slot < 0, ready > network.latencies, slot != network.latencies)
    if late.any():
        worst = int(late.argmax())
        raise NetworkError(
            f"output '{network.output_lines[worst]}' answers after {ready[worst]} steps, not after the declared "
            f"{network.latencies[worst]}"
        )
    pairs = np.stack([lifted.literal[network.outputs], expected], axis=1)
    return Posed(graph, inputs, free, pairs, int((known >= 0).sum()))


def prove_network(
    network: SpikingNetwork,
    circuit: Circuit,
    *,
    certificate: Certificate | None = None,
    timeout: float | Watch | None = None,
    jobs: int = 1,
) -> Verdict:
    """Whether every output line gives the circuit's value, for all inputs and all waves.

    A line is matched to the signal that it names; a rail fires for its value. If both rails of each output hold,
    exactly one of them fires. A refutation is minimised and confirmed by the reference simulation.

    Args:
        network: Memoryless and feed-forward, one wave a step.
        circuit: The specification, combinational.
        certificate: What each neuron is claimed to compute; a hint whose rows are proved (see :mod:`.rows`).
        timeout: Seconds, the watch of a longer proof, or None for no bound; Ctrl-C ends it too, with what is known.
        jobs: Threads that solve hard questions.

    Raises:
        NetworkError: if lines cannot be matched, or the network does not lift (see :func:`lift`).
        CircuitError: if the circuit has registers.
    """
    start, watch = work_time(), Watch.of(timeout, jobs)
    posed = pose(network, circuit, certificate, watch)
    graph, pairs = posed.graph, posed.pairs
    claim = f"{network.neurons} neurons compute {len(circuit.outputs)} outputs of {len(circuit.inputs)} inputs"
    if (pairs < 0).any():  # it was ended before all was written down
        settled = np.where(pairs[:, 0] == pairs[:, 1], 1, -1)
        found = Sweep(settled, None, np.zeros(0, np.int64), 0)
    else:
        found = sweep(graph, pairs, watch=watch)
    if found.witness is None:
        rows = f"{posed.rows} rows of the certificate, " if certificate is not None else ""
        return _unrefuted(claim, found, start, watch, rows)
    values, pair, wanted = minimise(graph, pairs, posed.inputs, posed.free, found)
    line = network.output_lines[pair]
    if [0, pair] not in wrong_answers(network, circuit, values[None]).tolist():
        raise NetworkError("the reference simulation does not confirm the refutation; please report this network")
    return _refuted(claim, circuit.inputs, values, f"line '{line}'", wanted, start)


def prove_combinational(impl: Circuit, spec: Circuit, timeout: float | Watch | None = None) -> Verdict:
    """Whether two combinational circuits agree on all inputs.

    Args:
        impl: One circuit. Inputs and outputs are matched by name, or by order if no name is common (``by_one_name``).
        spec: The other; its one-hot groups are promised of the inputs.
        timeout: Seconds, the watch of a longer proof, or None for no bound; Ctrl-C ends it too, with what is known.

    Returns:
        The verdict; a counterexample calls the inputs as ``impl`` does.

    Raises:
        CircuitError: if signals cannot be matched or a circuit has registers.
    """
    start, watch = work_time(), Watch.of(timeout)
    for circuit in (impl, spec):
        _combinational(circuit)
    impl, names, note = by_one_name(impl, spec)
    graph = AndGraph()
    inputs, free = codewords(graph, spec)
    expected = graph.add(spec, inputs)
    place = {name: position for position, name in enumerate(spec.inputs)}
    wires = graph.add(impl, inputs[[place[name] for name in impl.inputs]])
    where = {name: position for position, name in enumerate(impl.output_names)}
    outputs = impl.outputs[[where[name] for name in spec.output_names]]
    pairs = np.stack([wires[outputs >> 1] ^ (outputs & 1), expected[spec.outputs >> 1] ^ (spec.outputs & 1)], axis=1)
    claim = f"two circuits agree on {len(outputs)} outputs of {len(inputs)} inputs{note}"
    found = sweep(graph, pairs, watch=watch)
    if found.witness is None:
        return _unrefuted(claim, found, start, watch)
    values, pair, wanted = minimise(graph, pairs, inputs, free, found)
    return _refuted(claim, names, values, repr(spec.output_names[pair]), wanted, start)


def minimise(
    graph: AndGraph, pairs: Integers, inputs: Integers, free: Integers, found: Sweep
) -> tuple[NDArray[np.bool_], int, bool]:
    """A refuting vector ``[I]`` with few true inputs, the pair that it tells apart, and the value of the pair's second.

    Free inputs are set to 0 greedily, 63 trials at a time, as long as one and the same pair still differs.
    """
    if found.witness is None:
        raise CircuitError("nothing was refuted, so there is no vector to minimise")
    pair = int(np.flatnonzero(found.settled == 0)[0])
    row = np.zeros((len(graph), 1), np.uint64)
    every = np.flatnonzero(graph.nodes.first[: len(graph)] < 0)[1:]
    vector = np.zeros(len(graph), np.bool_)
    vector[every] = found.witness
    left, right = (int(x) for x in pairs[pair])

    def run() -> int:
        simulate_graph(graph.nodes, row)
        differ = int(row[left >> 1, 0]) ^ int(row[right >> 1, 0])
        return differ ^ ((1 << 64) - 1) if (left ^ right) & 1 else differ

    position, nodes = 0, free >> 1
    nodes = nodes[vector[nodes]]
    while position < len(nodes):
        batch = nodes[position : position + 63]
        row[every, 0] = np.where(vector[every], np.iinfo(np.uint64).max, 0)
        row[batch, 0] &= ~(np.uint64(1) << np.arange(len(batch), dtype=np.uint64))
        differ = run() & ((1 << len(batch)) - 1)
        if differ:
            first = (differ & -differ).bit_length() - 1
            vector[batch[first]] = False
            position += first + 1
        else:
            position += len(batch)
    row[every, 0] = vector[every]
    run()
    values = (row[inputs >> 1, 0] ^ (inputs & 1).astype(np.uint64)) & np.uint64(1)
    return values.astype(np.bool_), pair, bool(int(row[right >> 1, 0]) & 1 ^ (right & 1))


def _literals(lines: Sequence[Line], signals: tuple[str, ...], literals: Integers) -> Integers:
    """``[L]`` for which literal of the signals each line fires."""
    matched = match_lines(lines, signals)
    return literals[matched.place] ^ matched.negated


def _combinational(circuit: Circuit) -> None:
    if circuit.register_names:
        raise CircuitError(f"the circuit has registers ({circuit.register_names[0]!r} ...); this proof is for one wave")


def _unrefuted(claim: str, found: Sweep, start: float, watch: Watch, rows: str = "") -> Verdict:
    open_pairs = int((found.settled < 0).sum())
    seconds = work_time() - start
    if open_pairs:
        why = "interrupted" if watch.interrupted else "out of budget"
        proved = f"{len(found.settled) - open_pairs} of {len(found.settled)} outputs"
        detail = f"{why} with {rows}{proved} proved"
        return Verdict(None, claim, seconds=seconds, detail=detail)
    return Verdict(True, claim, seconds=seconds, detail=f"all inputs, {rows}{found.questions} questions to SAT")


def _refuted(
    claim: str, names: tuple[str, ...], values: NDArray[np.bool_], what: str, wanted: bool, start: float
) -> Verdict:
    given = {name: int(value) for name, value in zip(names, values, strict=True)}
    return Verdict(
        False,
        claim,
        counterexample=given,
        seconds=work_time() - start,
        detail=f"{assignment(given)}: {what} is {int(not wanted)}, should be {int(wanted)}",
    )
