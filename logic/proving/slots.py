"""Time slots: the one step, counted from a wave's arrival, in which each neuron answers that wave."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..kernels import kernel
from ..network import FlatNetwork

Integers = NDArray[np.int64]


class Slots(NamedTuple):
    """A timing of a memoryless feed-forward network.

    *Pipelining.* Let every synapse's delay be the difference of the slots of its ends (``clash`` is -1). By induction
    along ``order``, what neuron ``n`` does at step ``t`` is a function of the input spikes of step ``t - slot[n]``
    alone: its sources fired at ``t - d = (t - slot[n]) + slot[pre]``. So an output that is read at its slot answers
    one wave and no other, and a new wave may enter every step. A neuron that no input reaches has slot -1; it is
    constant from the step on in which its own sources are, which ``clash`` checks too.
    """

    order: Integers  # [N] neurons, sources first
    slot: Integers  # [I + N] steps after the wave's arrival, -1 for neurons that no input reaches
    incoming: Integers  # [S] synapses ordered by target
    begin: Integers  # [N + 1] the synapses into n are incoming[begin[n]:begin[n + 1]]
    clash: int  # a neuron that hears two waves at once, or -1
    settled: Integers  # [I + N] the step from which on a neuron of slot -1 is constant, else 0


def assign_slots(flat: FlatNetwork) -> Slots:
    """The slots of a network, in linear time.

    Raises:
        NetworkError: if a neuron retains its membrane or the synapses form a loop.
    """
    if flat.retain.any():
        raise NetworkError(f"neuron {int(flat.retain.argmax())} retains its membrane; only memoryless neurons lift")
    neurons = len(flat.threshold)
    incoming, begin = _grouped(flat.post, neurons)
    outgoing, fan = _grouped(flat.pre, flat.inputs + neurons)
    order = _order(flat.inputs, flat.post[outgoing], fan, np.diff(begin))
    if len(order) < neurons:
        raise NetworkError("the network has a loop of synapses; only feed-forward networks lift")
    slot, clash, settled = _slots(
        flat.inputs, order, flat.pre[incoming], flat.delay[incoming], flat.weight[incoming], begin
    )
    return Slots(order, slot, incoming, begin, int(clash), settled)


def _grouped(ends: Integers, count: int) -> tuple[Integers, Integers]:
    begin = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(ends, minlength=count), out=begin[1:])
    return np.argsort(ends, kind="stable"), begin


@kernel()
def _order(inputs: int, post: Integers, fan: Integers, waiting: Integers) -> Integers:  # pragma: no cover - compiled
    order = np.empty(len(waiting), np.int64)
    count = 0
    for neuron in range(len(waiting)):
        if waiting[neuron] == 0:
            order[count] = neuron
            count += 1
    for source in range(inputs):
        for synapse in range(fan[source], fan[source + 1]):
            waiting[post[synapse]] -= 1
            if waiting[post[synapse]] == 0:
                order[count] = post[synapse]
                count += 1
    done = 0
    while done < count:
        source = inputs + order[done]
        done += 1
        for synapse in range(fan[source], fan[source + 1]):
            waiting[post[synapse]] -= 1
            if waiting[post[synapse]] == 0:
                order[count] = post[synapse]
                count += 1
    return order[:count]


@kernel()
def _slots(
    inputs: int, order: Integers, pre: Integers, delay: Integers, weight: Integers, begin: Integers
) -> tuple[Integers, int, Integers]:  # pragma: no cover - compiled
    slot = np.full(inputs + len(order), -1, np.int64)
    settled = np.zeros(inputs + len(order), np.int64)
    slot[:inputs] = 0
    clash = -1
    for neuron in order:
        here = inputs + neuron
        for synapse in range(begin[neuron], begin[neuron + 1]):
            source = pre[synapse]
            if weight[synapse] and slot[source] >= 0:
                arrival = slot[source] + delay[synapse]
                if slot[here] < 0:
                    slot[here] = arrival
                elif slot[here] != arrival:
                    clash = neuron
        for synapse in range(begin[neuron], begin[neuron + 1]):
            source = pre[synapse]
            if weight[synapse] and slot[source] < 0:
                ready = settled[source] + delay[synapse]
                if slot[here] < 0:
                    settled[here] = max(settled[here], ready)
                elif ready > slot[here]:
                    clash = neuron
    return slot, clash, settled
