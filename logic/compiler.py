"""Circuit to spiking network: one threshold neuron for each gate of a circuit without complements.

A positive AND of ``n`` literals is a neuron with unit weights and threshold ``n``, an OR one with threshold 1, a
majority one with threshold ``(n + 1) / 2``. A general circuit is first written over rails (two lines a signal, one
that fires for 0 and one for 1), where it has no complements. Because all weights are positive and no neuron retains
its membrane, deleting any spikes can only silence a rail, never fire a wrong one (fail-silence, LogicSNN notes 1.3.4).
"""

from collections.abc import Sequence

import numpy as np

from .circuit import Circuit, CircuitBuilder, Gate, Literal
from .errors import CircuitError
from .network import INPUT, Population, SpikingNetwork, Synapses

MAPPINGS = ("positive", "dual-rail")
BALANCES = ("delays", "relays")


def compile_circuit(circuit: Circuit, mapping: str = "dual-rail", balance: str = "delays") -> SpikingNetwork:
    """A memoryless spiking network that answers a wave of input spikes, one wave a step, with the circuit's outputs.

    Args:
        circuit: Combinational; ``positive`` needs one without complemented literals and parity gates.
        mapping: ``positive`` (one line a signal, one neuron a gate) or ``dual-rail`` (lines ``x=0`` and ``x=1``).
        balance: Paths are made equally long by synaptic ``delays``, or by ``relays`` in layers (a strict chain).

    Raises:
        CircuitError: if an option is unknown, the circuit has registers, or is not positive where it must be.
    """
    if mapping not in MAPPINGS or balance not in BALANCES:
        raise CircuitError(f"unknown mapping {mapping!r} or balance {balance!r}; use {MAPPINGS} and {BALANCES}")
    if circuit.register_names:
        raise CircuitError(
            f"the circuit has registers ({circuit.register_names[0]} ...); only combinational ones compile"
        )
    positive = circuit if mapping == "positive" else to_rails(circuit)
    return _with_delays(positive) if balance == "delays" else _with_relays(positive)


def to_rails(circuit: Circuit) -> Circuit:
    """The same function over rails: inputs and outputs ``x=0`` and ``x=1``, gates AND, OR and MAJ, no complements."""
    make = CircuitBuilder()
    rails: list[tuple[Literal, Literal]] = [(~make.false, make.false)]  # the lines that fire for 0 and for 1
    rails += [_pair(make.inputs(f"{name}=0", f"{name}=1", one_hot=True)) for name in circuit.inputs]

    def rail(code: int) -> tuple[Literal, Literal]:
        zero, one = rails[code >> 1]
        return (one, zero) if code & 1 else (zero, one)

    for gate, kind in enumerate(circuit.kinds):
        operands = [rail(int(code)) for code in circuit.operands(gate)]
        zeros, ones = [zero for zero, _ in operands], [one for _, one in operands]
        if kind == Gate.AND:
            rails.append((make.gate(Gate.OR, zeros), make.gate(Gate.AND, ones)))
        elif kind == Gate.OR:
            rails.append((make.gate(Gate.AND, zeros), make.gate(Gate.OR, ones)))
        elif kind == Gate.MAJ:
            rails.append((make.gate(Gate.MAJ, zeros), make.gate(Gate.MAJ, ones)))
        else:
            zero, one = operands[0]
            for other_zero, other_one in operands[1:]:
                zero, one = (zero & other_zero) | (one & other_one), (zero & other_one) | (one & other_zero)
            rails.append((zero, one))
    outputs: dict[str, Literal] = {}
    for name, code in zip(circuit.output_names, circuit.outputs, strict=True):
        outputs[f"{name}=0"], outputs[f"{name}=1"] = rail(int(code))
    return make.build_from(outputs)


def _pair(lines: Sequence[Literal]) -> tuple[Literal, Literal]:
    zero, one = lines
    return zero, one


def _neurons(circuit: Circuit) -> tuple[list[list[int]], list[int]]:
    """For each neuron the wires it hears and its threshold; constants that are outputs become neurons as well."""
    complemented = [*circuit.literals.tolist(), *circuit.outputs.tolist()]
    if any(code & 1 and code != 1 for code in complemented) or (circuit.kinds == Gate.XOR).any():
        raise CircuitError("the circuit has complemented literals or parity gates; use the mapping 'dual-rail'")
    heard: list[list[int]] = []
    threshold: list[int] = []
    for gate, kind in enumerate(circuit.kinds):
        codes = circuit.operands(gate).tolist()
        needed = {Gate.AND: len(codes), Gate.OR: 1, Gate.MAJ: len(codes) // 2 + 1}[Gate(int(kind))]
        heard.append([code >> 1 for code in codes if code > 1])
        threshold.append(needed - codes.count(1))  # a constant true counts as heard
    return heard, threshold


def _levels(heard: list[list[int]], inputs: int) -> list[int]:
    level = [0] * (1 + inputs)
    for wires in heard:
        level.append(1 + max((level[wire] for wire in wires), default=0))
    return level


def _with_delays(circuit: Circuit) -> SpikingNetwork:
    """All neurons in one population; a synapse waits as long as its levels are apart."""
    inputs = len(circuit.inputs)
    heard, threshold = _neurons(circuit)
    level = _levels(heard, inputs)
    outputs: list[int] = []
    latencies: list[int] = []
    for code in circuit.outputs.tolist():
        if code > 1:
            outputs.append((code >> 1) - 1)
            latencies.append(level[code >> 1])
        else:  # a neuron without synapses fires always (threshold 0) or never (threshold 1)
            heard.append([])
            threshold.append(1 - code)
            outputs.append(inputs + len(heard) - 1)
            latencies.append(1)
    target = np.repeat(np.arange(len(heard)), [len(wires) for wires in heard])
    source = np.array([wire for wires in heard for wire in wires], dtype=np.int64)
    wire_level = np.array(level + [1] * (len(heard) - len(circuit.kinds)), dtype=np.int64)
    delay = wire_level[target + 1 + inputs] - wire_level[source]
    early, late = source <= inputs, source > inputs
    return SpikingNetwork(
        input_shape=(inputs,),
        populations=(Population("gates", (len(heard),), threshold),),
        projections=(
            Synapses(INPUT, "gates", source[early] - 1, target[early], 1, delay[early]),
            Synapses("gates", "gates", source[late] - 1 - inputs, target[late], 1, delay[late]),
        ),
        outputs=np.array(outputs, dtype=np.int64),
        output_names=circuit.output_names,
        latencies=np.array(latencies, dtype=np.int64),
        input_names=circuit.inputs,
    )


def _with_relays(circuit: Circuit) -> SpikingNetwork:
    """Layer after layer; a signal that is needed later is relayed by a neuron in every layer between."""
    inputs = len(circuit.inputs)
    heard, threshold = _neurons(circuit)
    level = _levels(heard, inputs)
    depth = max([1, *(level[code >> 1] for code in circuit.outputs.tolist())])
    last = list(level)  # the last layer in which a wire must be present
    for gate, wires in enumerate(heard):
        for wire in wires:
            last[wire] = max(last[wire], level[1 + inputs + gate] - 1)
    for code in circuit.outputs.tolist():
        last[code >> 1] = depth
    place = {wire: wire - 1 for wire in range(1, 1 + inputs)}  # position of each wire in the layer before
    populations: list[Population] = []
    projections: list[Synapses] = []
    for layer in range(1, depth + 1):
        members = [wire for wire in range(1, len(level)) if level[wire] <= layer <= last[wire]]
        constants = sorted({code for code in circuit.outputs.tolist() if code <= 1}) if layer == depth else []
        thresholds, pre, post = [], list[int](), list[int]()
        for position, wire in enumerate(members):
            own = level[wire] == layer
            wires = heard[wire - 1 - inputs] if own else [wire]
            thresholds.append(threshold[wire - 1 - inputs] if own else 1)
            pre += [place[w] for w in wires]
            post += [position] * len(wires)
        thresholds += [1 - code for code in constants]
        name = f"layer_{layer}"
        populations.append(Population(name, (len(thresholds),), thresholds))
        projections.append(Synapses(populations[-2].name if layer > 1 else INPUT, name, pre, post, 1))
        place = {wire: position for position, wire in enumerate(members)}
        place |= {code - 2: len(members) + position for position, code in enumerate(constants)}
    first = inputs + sum(population.size for population in populations[:-1])
    ends = [place[code - 2 if code <= 1 else code >> 1] for code in circuit.outputs.tolist()]
    return SpikingNetwork(
        input_shape=(inputs,),
        populations=tuple(populations),
        projections=tuple(projections),
        outputs=first + np.array(ends, dtype=np.int64),
        output_names=circuit.output_names,
        latencies=np.full(len(ends), depth),
        input_names=circuit.inputs,
    )
