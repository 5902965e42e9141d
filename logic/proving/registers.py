"""Which neuron may hold which register: those that do the same in a simulation, as a hint for induction.

In the literature: signal correspondence (van Eijk, IEEE TCAD 2000), here of state only and proved by the reader.
"""

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..evaluation import clock, from_words, random_vectors, to_words
from ..network import FlatNetwork, SpikingNetwork
from ..simulation.bit_simulator import simulate_bits
from .streams import Bits, input_spikes

Integers = NDArray[np.int64]
_WAVES, _STREAMS = 48, 64


def held_registers(network: SpikingNetwork, circuit: Circuit, seed: int = 0) -> Integers:
    """``[N]`` the literal of the register that each neuron seems to hold, -1 for the others.

    A neuron holds a register if it fires one step after each wave's arrival exactly when the register is true, or
    exactly when it is false. Registers that never differ are shared out among their neurons in order.

    Args:
        network: A clocked network, one wave each ``network.period`` steps.
        circuit: Its specification; first values that are not defined count as 0.
        seed: Of the random streams.
    """
    values = random_vectors(np.random.default_rng(seed), circuit, (_WAVES, _STREAMS))
    states = _states(circuit, values).reshape(_WAVES * _STREAMS, -1).T
    flat = network.flatten()
    candidates = np.setdiff1d(_repeaters(flat, network.period), passing_on(network, flat))
    steps = _WAVES * network.period + 1
    trains = simulate_bits(network, input_spikes(network, circuit, values), steps, lines=flat.inputs + candidates)
    held = trains[1 :: network.period][:_WAVES].reshape(_WAVES * _STREAMS, -1).T
    literals = np.full(network.neurons, -1)
    registers = _by_train(np.concatenate([states, ~states]))
    for train, members in _by_train(held).items():
        choices = registers.get(train, [])
        for position, member in enumerate(members):
            if choices:
                code = choices[position * len(choices) // len(members)]
                wire = 1 + len(circuit.inputs) + code % len(states)
                literals[candidates[member]] = 2 * wire + (code >= len(states))
    return literals


def passing_on(network: SpikingNetwork, flat: FlatNetwork) -> Integers:
    """Neurons that no one hears and that answer later than a register's value is there: they only pass something on."""
    late = network.outputs[network.latencies != 1] - flat.inputs
    return np.setdiff1d(late, flat.pre[flat.weight != 0] - flat.inputs)


def _repeaters(flat: FlatNetwork, period: int) -> Integers:
    """Neurons that repeat one source after more than a step, as registers do, perhaps with a start from elsewhere."""
    plain = (flat.weight != 0) & ~np.append(np.zeros(flat.inputs, np.bool_), flat.retain)[flat.pre]
    post, delay = flat.post[plain], flat.delay[plain]
    enough = (flat.weight[plain] >= flat.threshold[post]) & (flat.threshold[post] > 0)
    count = np.bincount(post, minlength=len(flat.threshold))
    good = np.bincount(post[enough & (delay > 1) & (delay <= period + 1)], minlength=len(flat.threshold))
    return np.flatnonzero((count == 1) & (good == 1) & ~flat.retain & (flat.bias == 0))


def _by_train(rows: Bits) -> dict[bytes, list[int]]:
    """Rows that are equal, by what they hold."""
    groups: dict[bytes, list[int]] = {}
    for position, row in enumerate(np.packbits(rows, axis=1)):
        groups.setdefault(row.tobytes(), []).append(position)
    return groups


def _states(circuit: Circuit, values: Bits) -> Bits:
    """What the registers hold in each wave, ``[T, B, R]``."""
    batch = values.shape[1]
    state = to_words(np.repeat(circuit.register_initial[None, :] == 1, batch, axis=0))
    seen: list[Bits] = []
    for rows in values:
        seen.append(from_words(state, batch))
        state = clock(circuit, to_words(rows), state)[1]
    return np.stack(seen)
