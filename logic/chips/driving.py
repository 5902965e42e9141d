"""Currents that fade: which neurons can be driven to twice their threshold, and how far apart waves must come.

Where a spike only takes the threshold off, a neuron that is driven to twice its threshold fires again.
"""

import numpy as np

from ..deployment import TargetNetwork
from ..errors import NetworkError
from ..network import FlatNetwork, SpikingNetwork
from ..proving.lifting import lift
from ..proving.slots import assign_slots
from ..rails import match_lines
from ..sweeping.graph import AndGraph
from ..sweeping.sweeping import sweep


def doubly_driven(network: SpikingNetwork) -> tuple[int, str]:
    """How many neurons some wave drives to twice their threshold, and how that is known.

    For a network of one wave the drive of each neuron is a threshold function of the wave's signals, two rails of a
    signal excluding each other; whether it reaches twice the threshold is decided by SAT. For others every synapse may
    be heard at once.

    Example:
        >>> from logic import compile_circuit, parse_circuit
        >>> circuit = parse_circuit("y = a & b", "eqn")
        >>> doubly_driven(compile_circuit(circuit, "logicsnn"))[0], doubly_driven(compile_circuit(circuit))[0]
        (0, 1)
    """
    flat = network.flatten()
    try:
        driven = _by_waves(network, flat)
    except NetworkError:
        up = flat.bias.copy()
        np.add.at(up, flat.post, np.maximum(flat.weight, 0))
        return int((up >= 2 * flat.threshold).sum()), "if all that they hear fires at once"
    return driven, "proved for all waves"


def _by_waves(network: SpikingNetwork, flat: FlatNetwork) -> int:
    signals = tuple(dict.fromkeys(line.signal for line in network.input_lines))
    if len(network.input_lines) != flat.inputs:
        raise NetworkError("the input lines have no names")
    if assign_slots(flat).clash >= 0:
        raise NetworkError("waves meet")
    graph = AndGraph()
    sources = graph.inputs(len(signals))
    matched = match_lines(network.input_lines, signals)
    lines = sources[matched.place] ^ matched.negated
    count = len(flat.threshold)
    doubled = flat._replace(
        threshold=np.concatenate([flat.threshold, 2 * flat.threshold]),
        bias=np.tile(flat.bias, 2),
        retain=np.tile(flat.retain, 2),
        leak=np.tile(flat.leak, 2),
        subtract=np.tile(flat.subtract, 2),
        initial=np.tile(flat.initial, 2),
        pre=np.tile(flat.pre, 2),
        post=np.concatenate([flat.post, flat.post + count]),
        weight=np.tile(flat.weight, 2),
        delay=np.tile(flat.delay, 2),
    )
    literals = lift(graph, doubled, lines).literal[flat.inputs + count :]
    driven, open_ones = 0, literals[literals != 0]
    driven += int((open_ones == 1).sum())
    open_ones = open_ones[open_ones > 1]
    while len(open_ones):
        found = sweep(graph, np.stack([open_ones, np.zeros_like(open_ones)], axis=1))
        wrong = found.settled == 0
        if not wrong.any():
            return driven
        driven += int(wrong.sum())
        open_ones = open_ones[~wrong & (found.settled != 1)]
    return driven


def fading_period(flat: TargetNetwork) -> int:
    """Steps from wave to wave after which what earlier waves left behind changes no neuron, in the worst case.

    A current that halves in each step leaves of waves every ``P`` steps at most ``1 / (2^P - 1)``; a neuron whose
    threshold lies a sixteenth low needs that of its drive to be below 3/4, and of its inhibition at most 1/8.

    Example:
        >>> from logic import compile_circuit, parse_circuit
        >>> network = compile_circuit(parse_circuit("y = a & b", "eqn"), "positive")
        >>> fading_period(TargetNetwork.of(network))  # 2 / 3 is below 3/4
        2
    """
    up, down = flat.bias.astype(np.float64), np.zeros(flat.neurons)
    np.add.at(up, flat.post, np.maximum(flat.weight, 0))
    np.add.at(down, flat.post, np.maximum(-flat.weight, 0))
    drive, inhibition = float(up.max(initial=0)), float(down.max(initial=0))
    period = 2
    while drive >= 0.75 * (2**period - 1) or inhibition > 0.125 * (2**period - 1):
        period += 1
    return period
