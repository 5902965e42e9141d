"""The monolithic check: a whole memoryless network and its circuit as one formula for Z3, on the neurons' semantics.

It shares nothing with the other engines, so it cross-checks them on small networks.
"""

import numpy as np
import z3

from ..circuit import Circuit, Gate
from ..errors import NetworkError
from ..formula import conjunction, disjunction, negation
from ..kernels import work_time
from ..network import SpikingNetwork
from ..rails import Line
from ..showing import shortened
from ..verdict import Verdict


def network_formulas(network: SpikingNetwork, lines: list[z3.BoolRef]) -> list[z3.BoolRef]:
    """What each output says of one wave, as a formula over the input lines of that wave.

    Every neuron gets one time slot such that each synapse's delay is the difference of its ends' slots. Neurons
    forget their membrane, so what a neuron does at a step depends on one wave only and waves may follow each other at
    every step.

    Args:
        network: Without retained membranes and without loops.
        lines: ``I`` formulas, whether each input line fires in the wave.

    Raises:
        NetworkError: if a neuron retains its membrane, the network has a loop, or delays do not fit one wave.
    """
    flat = network.flatten()
    if flat.retain.any():
        raise NetworkError(f"neuron {int(flat.retain.argmax())} retains its membrane; only memoryless networks lift")
    fan_in: list[list[int]] = [[] for _ in flat.threshold]
    for synapse, neuron in enumerate(flat.post.tolist()):
        fan_in[neuron].append(synapse)
    slot: list[int | None] = [0] * flat.inputs + [None] * len(fan_in)
    formula: list[z3.BoolRef | None] = [*lines, *([None] * len(fan_in))]
    for neuron in _in_order(flat.inputs, fan_in, flat.pre):
        terms: list[tuple[z3.BoolRef, int]] = []
        needed = int(flat.threshold[neuron] - flat.bias[neuron])
        arrivals: set[int] = set()
        for synapse in fan_in[neuron]:
            source, weight = int(flat.pre[synapse]), int(flat.weight[synapse])
            heard, when = formula[source], slot[source]
            if heard is None or weight == 0:
                continue
            if when is not None:  # a neuron that hears no one belongs to every wave
                arrivals.add(when + int(flat.delay[synapse]))
            terms.append((heard, weight) if weight > 0 else (negation(heard), -weight))
            needed += -weight if weight < 0 else 0  # -w s = w (1 - s) - w
        if len(arrivals) > 1:
            raise NetworkError(f"neuron {neuron} hears spikes of one wave at different steps {sorted(arrivals)}")
        slot[flat.inputs + neuron] = arrivals.pop() if arrivals else None
        formula[flat.inputs + neuron] = z3.PbGe(terms, needed) if terms else z3.BoolVal(needed <= 0)
    for line, output, latency in zip(network.output_lines, network.outputs, network.latencies, strict=True):
        when = slot[int(output)]
        if when is not None and when != latency:
            raise NetworkError(f"output '{line}' answers after {when} steps, not after the declared {latency}")
    return [found for output in network.outputs if (found := formula[int(output)]) is not None]


def _in_order(inputs: int, fan_in: list[list[int]], pre: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[int]:
    """The neurons, each after all that it hears."""
    order: list[int] = []
    waiting = [len(synapses) for synapses in fan_in]
    readers: dict[int, list[int]] = {}
    for neuron, synapses in enumerate(fan_in):
        for synapse in synapses:
            readers.setdefault(int(pre[synapse]), []).append(neuron)
    ready = [*range(inputs), *(inputs + neuron for neuron, count in enumerate(waiting) if count == 0)]
    while ready:
        source = ready.pop()
        if source >= inputs:
            order.append(source - inputs)
        for neuron in readers.get(source, ()):
            waiting[neuron] -= 1
            if waiting[neuron] == 0:
                ready.append(inputs + neuron)
    if len(order) < len(fan_in):
        raise NetworkError("the network has a loop of synapses; only feed-forward networks lift")
    return order


def circuit_formulas(circuit: Circuit, inputs: list[z3.BoolRef]) -> list[z3.BoolRef]:
    """The outputs of a combinational circuit as formulas over its inputs."""
    wires: list[z3.BoolRef] = [z3.BoolVal(False), *inputs]

    def literal(code: int) -> z3.BoolRef:
        return negation(wires[code >> 1]) if code & 1 else wires[code >> 1]

    for gate, kind in enumerate(circuit.kinds):
        terms = [literal(int(code)) for code in circuit.operands(gate)]
        if kind == Gate.AND:
            wires.append(conjunction(terms))
        elif kind == Gate.OR:
            wires.append(disjunction(terms))
        elif kind == Gate.MAJ:
            wires.append(z3.AtLeast(*terms, len(terms) // 2 + 1))
        else:
            parity = terms[0]
            for term in terms[1:]:
                parity = z3.Xor(parity, term)
            wires.append(parity)
    return [literal(int(code)) for code in circuit.outputs]


def codewords(inputs: list[z3.BoolRef], one_hot: tuple[range, ...]) -> list[z3.BoolRef]:
    """That exactly one input of every group is true."""
    return [z3.PbEq([(inputs[position], 1) for position in group], 1) for group in one_hot]


def decide(
    claim: str,
    names: tuple[str, ...],
    inputs: list[z3.BoolRef],
    assume: list[z3.BoolRef],
    goal: z3.BoolRef,
    timeout: float | None,
) -> Verdict:
    """Whether ``goal`` follows from ``assume``; a counterexample gives every input a value.

    Args:
        claim: The goal in words.
        names: Name of each input.
        inputs: The input variables.
        assume: What may be assumed of them.
        goal: What must hold.
        timeout: Seconds, or None for no bound.
    """
    start = work_time()
    solver = z3.Solver()
    if timeout is not None:
        solver.set("timeout", max(1, int(timeout * 1000)))
    solver.add(*assume, negation(goal))
    result = solver.check()
    seconds = work_time() - start
    if result == z3.unsat:
        return Verdict(True, claim, seconds=seconds, detail="all inputs, by Z3")
    if result == z3.unknown:
        return Verdict(None, claim, seconds=seconds, detail=f"out of budget: {solver.reason_unknown()}")
    model = solver.model()
    found = {n: int(z3.is_true(model.eval(x, model_completion=True))) for n, x in zip(names, inputs, strict=True)}
    true = shortened([name for name, value in found.items() if value], 20) or "all inputs 0"
    return Verdict(False, claim, counterexample=found, seconds=seconds, detail=f"counterexample: {true}")


def prove_monolithic(network: SpikingNetwork, circuit: Circuit, *, timeout: float | None = None) -> Verdict:
    """Whether the network's outputs are the circuit's, for all inputs and all waves, by Z3 alone.

    A line of the network is matched to the circuit's signal of that name; a rail fires for its value.

    Args:
        network: The implementation, memoryless and feed-forward.
        circuit: The specification, combinational.
        timeout: Seconds, or None for no bound.

    Raises:
        NetworkError: if lines cannot be matched, or the network does not lift.
    """
    inputs = [z3.Bool(name) for name in circuit.inputs]
    lines = _said(network.input_lines, dict(zip(circuit.inputs, inputs, strict=True)))
    found = network_formulas(network, lines)
    expected = circuit_formulas(circuit, inputs)
    wanted = _said(network.output_lines, dict(zip(circuit.output_names, expected, strict=True)))
    if missing := [name for name in circuit.output_names if all(line.signal != name for line in network.output_lines)]:
        raise NetworkError(f"the network has no output for {missing}")
    goals = [is_so == shall_be for is_so, shall_be in zip(found, wanted, strict=True)]
    claim = f"{network.neurons} neurons compute {len(circuit.outputs)} outputs of {len(inputs)} inputs"
    return decide(claim, circuit.inputs, inputs, codewords(inputs, circuit.one_hot), conjunction(goals), timeout)


def _said(lines: tuple[Line, ...], signals: dict[str, z3.BoolRef]) -> list[z3.BoolRef]:
    """What each line says of its signal; written here anew, so that no mistake in matching is shared."""
    said: list[z3.BoolRef] = []
    for signal, rail in lines:
        if signal not in signals:
            raise NetworkError(f"line {signal!r} is not a signal of the circuit; it has {list(signals)[:10]} ...")
        said.append(negation(signals[signal]) if rail == 0 else signals[signal])
    return said
