"""Time: a slot for every neuron, so that all spikes of one wave meet, by synaptic delays or by relay neurons."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..kernels import kernel
from ..network import INPUT, Population, Projection, SpikingNetwork, Synapses
from .neuron_netlist import Certificate, Integers, ThresholdNetlist, rows, take_rows

MOST_RELAYS = 20_000_000


def to_network(
    netlist: ThresholdNetlist, balance: str = "delays", *, aligned: bool = False, max_delay: int | None = None
) -> tuple[SpikingNetwork, Certificate]:
    """The spiking network of a netlist, and its certificate with a row for each added relay.

    A neuron's slot is one after the latest of its sources (inputs: 0, registers: 1), and every synapse delays by the
    difference of slots, so a new wave may enter at every step and no two waves meet. A clocked circuit takes one
    wave every ``period_of(netlist)`` steps: its registers repeat the next state exactly one period later.

    Args:
        netlist: What a mapper returned.
        balance: ``"delays"``: synaptic delays and one population ``gates``; ``"relays"``: unit delays and a chain of
            populations ``layer_1``, ``layer_2``, ... in which every synapse goes from one layer to the next.
        aligned: Whether all outputs answer at the same step (always so with relays).
        max_delay: The longest delay of a synapse in steps; relay neurons take over beyond it.

    Raises:
        NetworkError: if the balance is unknown, ``max_delay`` is below 1, relays are asked for a clocked circuit
            (a loop is no chain), or more than 20 million relays were needed.
    """
    if balance not in ("delays", "relays"):
        raise NetworkError(f"balance {balance!r} is unknown; use 'delays' or 'relays'")
    if max_delay is not None and max_delay < 1:
        raise NetworkError(f"max_delay {max_delay} is below one step")
    if balance == "relays" and len(netlist.register):
        raise NetworkError(
            "a clocked circuit has loops, which no chain of layers can hold; use balance='delays' (a "
            "NIR file holds one loop, with relays for delays)"
        )
    placed = _place(netlist)
    if aligned or balance == "relays":
        placed = _align(placed, at_least=1 if balance == "relays" else 0)
    longest = 1 if balance == "relays" else max_delay
    if longest is not None:
        placed = _shorten(placed, longest)
    order = np.arange(len(placed.threshold))
    if balance == "relays":
        order = np.argsort(placed.slot[netlist.inputs :], kind="stable")
        placed = _reorder(placed, order)
    populations, projections = _layers(placed) if balance == "relays" else _gates(placed, netlist)
    network = SpikingNetwork(
        input_shape=(netlist.inputs,),
        populations=populations,
        projections=projections,
        outputs=placed.outputs,
        output_lines=netlist.output_lines,
        latencies=placed.slot[placed.outputs],
        input_lines=netlist.input_lines,
        period=period_of(netlist),
    )
    return network, _with_relays(netlist, placed, order >= netlist.neurons)


def slots(netlist: ThresholdNetlist) -> Integers:
    """``[I + N]`` steps after the wave at which each line fires."""
    slot = np.zeros(netlist.inputs + netlist.neurons, np.int64)
    state = np.zeros(netlist.neurons, np.bool_)
    state[netlist.register] = True
    _earliest(slot, state, netlist.inputs, netlist.offsets, netlist.sources)
    return slot


def period_of(netlist: ThresholdNetlist) -> int:
    """Steps between two waves of a clocked circuit; 1 if there are no registers.

    One more than the slowest loop: what a neuron fires at step 0, before the first wave can have reached it, must not
    be taken for a state.
    """
    return 1 + int(slots(netlist)[netlist.register_next].max()) if len(netlist.register) else 1


@kernel()
def _earliest(
    slot: Integers, state: NDArray[np.bool_], inputs: int, offsets: Integers, sources: Integers
) -> None:  # pragma: no cover - compiled
    for neuron in range(len(offsets) - 1):
        latest = 0
        for at in range(offsets[neuron], offsets[neuron + 1]):
            latest = max(latest, slot[sources[at]])
        slot[inputs + neuron] = 1 if state[neuron] else latest + 1


@dataclass(frozen=True, eq=False)
class _Placed:
    """Neurons and synapses in time; ``origin[n]`` is the line that neuron ``n`` is, or repeats."""

    inputs: int
    threshold: Integers
    origin: Integers
    slot: Integers  # [I + N]
    pre: Integers
    post: Integers
    weight: Integers
    delay: Integers
    outputs: Integers

    def grown(self, origin: Integers, slot: Integers, pre: Integers, delay: Integers) -> "_Placed":
        """With further neurons of threshold 1, each of which repeats one line."""
        count = len(self.threshold)
        return replace(
            self,
            threshold=np.concatenate([self.threshold, np.ones(len(origin), np.int64)]),
            origin=np.concatenate([self.origin, origin]),
            slot=np.concatenate([self.slot, slot]),
            pre=np.concatenate([self.pre, pre]),
            post=np.concatenate([self.post, count + np.arange(len(origin))]),
            weight=np.concatenate([self.weight, np.ones(len(origin), np.int64)]),
            delay=np.concatenate([self.delay, delay]),
        )


def _place(netlist: ThresholdNetlist) -> _Placed:
    slot, count = slots(netlist), netlist.inputs
    post = np.repeat(np.arange(netlist.neurons), np.diff(netlist.offsets))
    period = period_of(netlist)
    return _Placed(
        inputs=count,
        threshold=netlist.threshold,
        origin=count + np.arange(netlist.neurons),
        slot=slot,
        pre=np.concatenate([netlist.sources, netlist.register_next]),
        post=np.concatenate([post, netlist.register]),
        weight=np.concatenate([netlist.weights, np.ones(len(netlist.register), np.int64)]),
        delay=np.concatenate([slot[count + post] - slot[netlist.sources], period + 1 - slot[netlist.register_next]]),
        outputs=netlist.outputs,
    )


def _align(placed: _Placed, at_least: int) -> _Placed:
    """One relay for each line that answers before the last one."""
    end = max(at_least, int(placed.slot[placed.outputs].max(initial=0)))
    early = np.unique(placed.outputs[placed.slot[placed.outputs] < end])
    moved = np.arange(len(placed.slot))
    moved[early] = len(placed.slot) + np.arange(len(early))
    grown = placed.grown(_origin(placed, early), np.full(len(early), end), early, end - placed.slot[early])
    return replace(grown, outputs=moved[placed.outputs])


def _shorten(placed: _Placed, longest: int) -> _Placed:
    """Chains of relays, shared by all synapses of a source, wherever a delay is too long."""
    hops = (placed.delay - 1) // longest
    chain = np.zeros(len(placed.slot), np.int64)
    np.maximum.at(chain, placed.pre, hops)
    total = int(chain.sum())
    if total > MOST_RELAYS:
        raise NetworkError(f"{total} relay neurons are needed; use balance='delays' with a longer max_delay")
    first = len(placed.slot) + np.cumsum(chain) - chain  # the line of each source's first relay
    source = np.repeat(np.arange(len(chain)), chain)
    link = np.arange(total) - (first - len(placed.slot))[source]
    moved = replace(
        placed,
        pre=np.where(hops > 0, first[placed.pre] + hops - 1, placed.pre),
        delay=placed.delay - hops * longest,
    )
    before = np.where(link > 0, first[source] + link - 1, source)
    return moved.grown(
        _origin(placed, source), placed.slot[source] + (link + 1) * longest, before, np.full(total, longest)
    )


def _origin(placed: _Placed, lines: Integers) -> Integers:
    return np.concatenate([np.arange(placed.inputs), placed.origin])[lines]


def _reorder(placed: _Placed, order: Integers) -> _Placed:
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    line = np.concatenate([np.arange(placed.inputs), placed.inputs + rank])
    return replace(
        placed,
        threshold=placed.threshold[order],
        origin=placed.origin[order],
        slot=np.concatenate([placed.slot[: placed.inputs], placed.slot[placed.inputs :][order]]),
        pre=line[placed.pre],
        post=rank[placed.post],
        outputs=line[placed.outputs],
    )


def _gates(placed: _Placed, netlist: ThresholdNetlist) -> tuple[tuple[Population, ...], tuple[Projection, ...]]:
    """One population of gates; with registers also a neuron ``start`` that fires at step 0 only."""
    count = placed.inputs
    populations = [Population("gates", (len(placed.threshold),), placed.threshold)]
    projections: list[Projection] = []
    for source, chosen, shift in ((INPUT, placed.pre < count, 0), ("gates", placed.pre >= count, count)):
        if chosen.any():
            columns = (column[chosen] for column in (placed.post, placed.weight, placed.delay))
            projections.append(Synapses(source, "gates", placed.pre[chosen] - shift, *columns))
    first = netlist.register[netlist.register_start]
    if len(first):
        populations.append(Population("start", (1,), 1, retain=True, initial=1))
        projections.append(Synapses("start", "gates", np.zeros(len(first), np.int64), first, 1))
    return tuple(populations), tuple(projections)


def _layers(placed: _Placed) -> tuple[tuple[Population, ...], tuple[Projection, ...]]:
    """A population for each slot, each reading only the one before."""
    slot = placed.slot[placed.inputs :]
    depth = int(slot.max(initial=0))
    starts = np.searchsorted(slot, np.arange(1, depth + 2))
    order = np.argsort(placed.post, kind="stable")
    pre, post, weight = placed.pre[order], placed.post[order], placed.weight[order]
    cuts = np.searchsorted(post, starts)
    populations: list[Population] = []
    projections: list[Projection] = []
    for layer in range(depth):
        a, b, part = int(starts[layer]), int(starts[layer + 1]), slice(int(cuts[layer]), int(cuts[layer + 1]))
        name, source = f"layer_{layer + 1}", f"layer_{layer}" if layer else INPUT
        before = placed.inputs + int(starts[layer - 1]) if layer else 0
        populations.append(Population(name, (b - a,), placed.threshold[a:b]))
        projections.append(Synapses(source, name, pre[part] - before, post[part] - a, weight[part]))
    return tuple(populations), tuple(projections)


def _with_relays(netlist: ThresholdNetlist, placed: _Placed, relay: NDArray[np.bool_]) -> Certificate:
    """The certificate in the network's own order of neurons; a relay claims the literal of what it repeats."""
    plain = netlist.certificate
    if not relay.any() and np.array_equal(placed.origin, netlist.inputs + np.arange(netlist.neurons)):
        return plain
    literal = np.concatenate([netlist.input_literals(), plain.literal])[placed.origin]
    original, repeated = np.flatnonzero(~relay), np.flatnonzero(relay & (literal >= 0))
    offsets, (kept,) = take_rows(plain.leaf_offsets, placed.origin[original] - netlist.inputs, plain.leaves)
    row = np.concatenate([np.repeat(original, np.diff(offsets)), repeated])
    leaf_offsets, (leaves,) = rows(row, len(relay), np.concatenate([kept, literal[repeated] >> 1]))
    return replace(plain, literal=literal, leaf_offsets=leaf_offsets, leaves=leaves)


def depth_of(netlist: ThresholdNetlist) -> int:
    """The latest slot of all neurons, in steps after the wave."""
    return int(slots(netlist).max(initial=0))
