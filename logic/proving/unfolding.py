"""Judgement of networks whose waves meet: unequal paths, loops and retained membranes, unfolded over the waves.

An answer is written as a function of all waves that can reach it. An *instance* is a neuron at one step, counted from
the judged wave's arrival; it reads instances at earlier steps, so that the instances form a feed-forward network of
their own, which is lifted and swept like any other. Waves come back to back from some first to some last one; a wave
outside is silence, and so is every neuron before the first wave.
"""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..errors import CircuitError, NetworkError
from ..evaluation import random_vectors
from ..kernels import work_time
from ..network import FlatNetwork, SpikingNetwork
from ..rails import Line, match_lines
from ..showing import shortened
from ..simulation.reference import simulate_reference
from ..sweeping.codewords import codewords
from ..sweeping.graph import AndGraph
from ..sweeping.sweeping import sweep
from ..verdict import Verdict
from ..watch import Watch
from .equivalence import minimise, prove_network
from .lifting import lift
from .slots import assign_slots
from .streams import Stream, search_streams, to_counterexample, wrong_answers

Integers = NDArray[np.int64]
Instance = tuple[int, int]  # a line of the flat network, and a step
MOST_INSTANCES = 1_000_000


class _Cone(NamedTuple):
    """What the outputs depend on."""

    heard: dict[int, list[tuple[int, int, int]]]  # line of a neuron: its sources' lines, weights and delays
    loops: bool
    clocks: frozenset[int]  # retaining neurons that hear no one: their trains are known
    retained: bool  # whether another neuron retains its membrane


class _Answer(NamedTuple):
    """What a budgeted comparison found."""

    holds: bool | None
    stream: Stream | None = None
    line: Line | None = None
    waves: int = 1
    questions: int = 0


def judge(
    network: SpikingNetwork, circuit: Circuit, *, timeout: float | Watch | None = None, waves: int = 8, seed: int = 0
) -> Verdict:
    """Whether every answer of a network is the circuit's, whatever its delays, loops and membranes are.

    A memoryless network without loops is decided: every wave gets a free input vector, and the answers are compared
    with the circuit's for the judged wave. With loops, wrong answers are searched among the first ``waves`` waves, by
    proof, and with retained membranes by simulation; neither is ever proved.

    Args:
        network: The implementation, one wave a step.
        circuit: The specification, combinational.
        timeout: Seconds, or None for no bound.
        waves: How many waves a network with loops is unfolded for.
        seed: Of the random vectors.

    Returns:
        A verdict; the counterexample names the inputs of the wave that is answered wrongly, and as ``name@-1`` or
        ``name@+2`` those of the waves around it. It is minimised and confirmed by the reference simulation.

    Raises:
        NetworkError: if lines cannot be matched.
        CircuitError: if the circuit has registers (see :func:`logic.proving.induction.prove_machine`).
    """
    start, watch = work_time(), Watch.of(timeout)
    if circuit.register_names:
        raise CircuitError("the circuit has registers; prove it with prove_machine")
    if network.period > 1:
        raise NetworkError(f"waves come every {network.period} steps; only those that come at every step are unfolded")
    flat = network.flatten()
    if in_step(network, flat):
        return prove_network(network, circuit, timeout=watch)
    cone = _cone(flat, network.outputs)
    if cone.retained:
        answer = _search(network, circuit, waves, seed)
    elif not cone.loops and not cone.clocks:
        answer = _compare(network, flat, circuit, cone, None, watch)
    else:
        answer = _Answer(None)
        for before in range(waves):
            answer = _compare(network, flat, circuit, cone, -before, watch)
            if answer.holds is not True:
                break
        answer = answer._replace(holds=None) if answer.holds else answer
    claim = f"{network.neurons} neurons compute {len(circuit.outputs)} outputs of {len(circuit.inputs)} inputs"
    return _verdict(network, circuit, claim, answer, work_time() - start)


def in_step(network: SpikingNetwork, flat: FlatNetwork) -> bool:
    """Whether every neuron has one slot in each wave, and every output the slot that is declared."""
    try:
        slots = assign_slots(flat)
    except NetworkError:
        return False
    slot = slots.slot[network.outputs]
    return slots.clash < 0 and not ((slot >= 0) & (slot != network.latencies)).any()


def _verdict(network: SpikingNetwork, circuit: Circuit, claim: str, answer: _Answer, seconds: float) -> Verdict:
    if answer.holds:
        detail = f"all inputs of {answer.waves} waves, {answer.questions} questions to SAT"
        return Verdict(True, claim, seconds=seconds, detail=detail)
    if answer.stream is None:
        return Verdict(None, claim, seconds=seconds, detail=f"no wrong answer found in {answer.waves} waves")
    wrong = wrong_answers(network, circuit, answer.stream.values).tolist()
    if not any(wave == answer.stream.judged and network.output_lines[line] == answer.line for wave, line in wrong):
        raise NetworkError("the reference simulation does not confirm the refutation; please report this network")
    found = to_counterexample(answer.stream, circuit.inputs)
    true = shortened([name for name, value in found.items() if value], 20) or "no input"
    waves = len(answer.stream.values)
    detail = f"output line '{answer.line}' is wrong in a stream of {waves} waves, when true: {true}"
    return Verdict(False, claim, counterexample=found, seconds=seconds, detail=detail)


def _search(network: SpikingNetwork, circuit: Circuit, waves: int, seed: int) -> _Answer:
    """Random streams, shortest first."""
    generator = np.random.default_rng(seed)
    for length in range(1, waves + 1):
        found = search_streams(network, circuit, random_vectors(generator, circuit, (length, 256)))
        if found is not None:
            return _Answer(False, *found)
    return _Answer(None, waves=waves)


def _cone(flat: FlatNetwork, outputs: Integers) -> _Cone:
    order = np.argsort(flat.post, kind="stable")
    begin = np.searchsorted(flat.post[order], np.arange(len(flat.threshold) + 1)).tolist()
    rows = np.stack([flat.pre, flat.weight, flat.delay], axis=1)[order].tolist()
    heard: dict[int, list[tuple[int, int, int]]] = {}
    waiting = [line for line in outputs.tolist() if line >= flat.inputs]
    while waiting:
        line = waiting.pop()
        if line in heard:
            continue
        neuron = line - flat.inputs
        heard[line] = [(pre, weight, delay) for pre, weight, delay in rows[begin[neuron] : begin[neuron + 1]] if weight]
        waiting += [pre for pre, _, _ in heard[line] if pre >= flat.inputs]
    retaining = {line for line in heard if flat.retain[line - flat.inputs]}
    clocks = frozenset(line for line in retaining if not heard[line])
    try:
        TopologicalSorter({line: [pre for pre, _, _ in sources] for line, sources in heard.items()}).prepare()
    except CycleError:
        return _Cone(heard, True, clocks, bool(retaining - clocks))
    return _Cone(heard, False, clocks, bool(retaining - clocks))


def _instances(cone: _Cone, roots: Iterable[Instance], begin: int | None) -> list[Instance]:
    """All instances that the roots depend on, earlier steps first; none before ``begin``."""
    seen = set(roots)
    waiting = list(seen)
    while waiting:
        line, step = waiting.pop()
        for source, _, delay in cone.heard.get(line, ()):
            instance = (source, step - delay)
            if instance not in seen and (begin is None or instance[1] >= begin):
                seen.add(instance)
                waiting.append(instance)
        if len(seen) > MOST_INSTANCES:
            raise NetworkError(f"more than {MOST_INSTANCES} neurons and steps matter to one answer; too many to unfold")
    return sorted(seen, key=lambda instance: instance[1])


class _Waves:
    """The input vectors of the waves ``low .. high`` around the judged one, as literals of a graph.

    Args:
        graph: Receives the inputs.
        circuit: Names and one-hot groups.
        low: The earliest wave, at most 0.
        high: The latest.
        whole: Whether all waves from ``low`` to 0 are there; otherwise the stream may begin later.
    """

    def __init__(self, graph: AndGraph, circuit: Circuit, low: int, high: int, whole: bool) -> None:
        self.offsets = range(low, high + 1)
        before, after = [] if whole else range(-1, low - 1, -1), range(1, high + 1)
        switches = graph.inputs(len(before) + len(after)).tolist()
        self.present = dict.fromkeys(range(low, 1), 1)
        chosen: list[tuple[int, int]] = []
        for side in (before, after):
            until = 1  # a wave is there if it and all between it and the judged one are
            for offset in side:
                chosen.append((abs(offset), switch := switches.pop()))
                until = self.present[offset] = graph.conjunction(until, switch)
        free = [np.array([switch for _, switch in sorted(chosen)], np.int64)]
        self.values: dict[int, Integers] = {}
        for offset in self.offsets:
            self.values[offset], more = codewords(graph, circuit)
            free.append(more)
        self.free = np.concatenate(free)

    def literals(self) -> Integers:
        """Whether each wave is there, then all their inputs."""
        there = np.array([self.present[offset] for offset in self.offsets], np.int64)
        return np.concatenate([there, *(self.values[offset] for offset in self.offsets)])

    def stream(self, values: NDArray[np.bool_]) -> Stream:
        """The waves that are there, from the values of :meth:`literals`."""
        count = len(self.offsets)
        kept = values[:count]
        return Stream(values[count:].reshape(count, -1)[kept], int(kept[: -self.offsets[0]].sum()))


def _compare(
    network: SpikingNetwork,
    flat: FlatNetwork,
    circuit: Circuit,
    cone: _Cone,
    begin: int | None,
    watch: Watch,
) -> _Answer:
    """All answers to one wave against the circuit; the stream begins anywhere, or at ``begin``."""
    roots = list(zip(network.outputs.tolist(), network.latencies.tolist(), strict=True))
    instances = _instances(cone, roots, begin)
    steps = [step for line, step in instances if line < flat.inputs or (begin is None and step < 0)]
    low = min([0, *steps]) if begin is None else begin
    graph = AndGraph()
    waves = _Waves(graph, circuit, low, max([0, *steps]), begin is not None)
    wires = graph.add(circuit, waves.values[0])
    places, negated = match_lines(network.output_lines, circuit.output_names)
    expected = (wires[circuit.outputs >> 1] ^ (circuit.outputs & 1))[places] ^ negated
    literal = _lift(graph, network, flat, circuit, cone, instances, waves, begin)
    pairs = np.stack([np.array([literal.get(root, 0) for root in roots], np.int64), expected], axis=1)
    found = sweep(graph, pairs, watch=watch)
    if found.witness is None:
        holds = None if (found.settled < 0).any() else True
        return _Answer(holds, waves=len(waves.offsets), questions=found.questions)
    values, pair, _ = minimise(graph, pairs, waves.literals(), waves.free, found)
    return _Answer(False, waves.stream(values), network.output_lines[pair])


def _lift(
    graph: AndGraph,
    network: SpikingNetwork,
    flat: FlatNetwork,
    circuit: Circuit,
    cone: _Cone,
    instances: list[Instance],
    waves: _Waves,
    begin: int | None,
) -> dict[Instance, int]:
    """The literal of each instance: the instances are written as a network of their own, all of whose paths agree."""
    places, negated = match_lines(network.input_lines, circuit.inputs)
    clocks = _clock_trains(network, cone, instances, begin)
    literals: list[int] = []
    where: dict[Instance, int] = {}
    for line, step in instances:
        if line < flat.inputs and step in waves.values:
            value = int(waves.values[step][places[line]]) ^ int(negated[line])
            where[line, step] = len(literals)
            literals.append(graph.conjunction(waves.present[step], value))
        elif line in cone.clocks:
            where[line, step] = len(literals)
            literals.append(int(clocks[step - (begin or 0), line]))
    started = {} if begin is not None else {s: len(literals) + i for i, s in enumerate(range(waves.offsets[0], 0))}
    literals += [waves.present[step] for step in started]
    neurons = [instance for instance in instances if instance[0] in cone.heard and instance[0] not in cone.clocks]
    where |= {instance: len(literals) + position for position, instance in enumerate(neurons)}
    base = min((step for _, step in neurons), default=0) - 1
    pre, post, weight, delay = list[int](), list[int](), list[int](), list[int]()
    need: list[int] = []
    for position, (line, step) in enumerate(neurons):
        sources = [((pre, step - d), w) for pre, w, d in cone.heard[line] if (pre, step - d) in where]
        needed = int(flat.threshold[line - flat.inputs] - flat.bias[line - flat.inputs])
        if step in started:  # silent before the first wave, whatever its threshold is
            big = abs(needed) + sum(abs(w) for _, w in sources) + 1
            pre, post, weight, delay = [*pre, started[step]], [*post, position], [*weight, big], [*delay, step - base]
            needed += big
        for source, w in sources:
            pre.append(where[source])
            post.append(position)
            weight.append(w)
            delay.append(step - (source[1] if where[source] >= len(literals) else base))
        need.append(needed)
    nothing, never = np.zeros(len(neurons), np.int64), np.zeros(len(neurons), np.bool_)
    columns = (np.array(column, np.int64) for column in (pre, post, weight, delay))
    plain = FlatNetwork(
        len(literals), np.array(need, np.int64), never, nothing, never, nothing, nothing, *columns
    )  # fmt: skip
    found = lift(graph, plain, np.array(literals, np.int64)).literal
    return {instance: int(found[place]) for instance, place in where.items()}


def _clock_trains(
    network: SpikingNetwork, cone: _Cone, instances: list[Instance], begin: int | None
) -> NDArray[np.bool_]:
    """``[steps, lines]`` spikes when no wave comes, which is what neurons that hear no one always do."""
    if not cone.clocks or begin is None:
        return np.zeros((0, 0), np.bool_)
    last = max((step for _, step in instances), default=begin)
    return simulate_reference(network, np.zeros((0, int(np.prod(network.input_shape))), np.bool_), last - begin + 1)
