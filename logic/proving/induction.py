"""Clocked networks by induction over waves: the state before a wave is free, the state after it is proved.

The spikes of register neurons are taken out as inputs of a wave, which leaves a memoryless feed-forward network. If
every neuron has one slot in it, and no slot of a register's source exceeds the period, then what a neuron does at step
``k * period + slot`` depends on wave ``k`` and on the registers at ``k * period + 1`` alone. So it suffices to prove,
for all states and inputs of one wave, that the outputs and the registers one period later are the circuit's (the
step), and that the registers hold their initial values at step 1 (the base, by simulation: no wave has reached them).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..checking.portfolio import Outcome, settle
from ..circuit import Circuit
from ..errors import CircuitError, NetworkError
from ..evaluation import random_vectors
from ..kernels import work_time
from ..network import INPUT, FlatNetwork, Population, SpikingNetwork, Synapses
from ..rails import Line
from ..showing import shortened
from ..simulation.reference import simulate_reference
from ..verdict import Verdict
from ..watch import Watch
from .equivalence import prove_network
from .registers import held_registers, passing_on
from .signals import after
from .slots import assign_slots
from .streams import Stream, search_streams, to_counterexample, wrong_answers
from .wave_machine import wave_machine

Integers = NDArray[np.int64]
_UNTIL_REST = 128  # steps; any membrane that leaks has come to rest by then


class _Held(NamedTuple):
    """The register neurons: which they are, whose value each holds, and what they repeat."""

    neuron: Integers  # [K]
    wire: Integers  # [K] register of the circuit
    negated: NDArray[np.bool_]  # [K] whether the neuron fires for false
    source: Integers  # [K] the line repeated
    delay: Integers  # [K]


def prove_machine(
    network: SpikingNetwork,
    circuit: Circuit,
    literals: Integers | None = None,
    *,
    timeout: float | Watch | None = None,
    waves: int = 24,
    seed: int = 0,
) -> Verdict:
    """Whether a clocked network answers every stream of waves, one each ``network.period`` steps, as the circuit does.

    Args:
        network: The implementation, from :func:`logic.mapping.compiler.compile_certified`.
        circuit: The specification, with registers; a first value that is not defined counts as 0, which the claim says.
        literals: ``[N]`` the literal that each neuron is claimed to hold (``certificate.literal``). Only claims on
            registers are used, as the invariant, and they are proved. If not given, they are guessed from what
            neurons and registers do in a simulation.
        timeout: Seconds, the watch of a longer proof, or None for no bound; Ctrl-C ends it too, with what is known.
        waves: How long the random streams are that look for a wrong answer when induction fails.
        seed: Of those streams.

    Returns:
        True if base and step are proved, or the network beside its circuit, as one machine, is never wrong
        (:mod:`logic.checking`). False with a stream that the reference simulation confirms to be answered wrongly, as
        in :func:`logic.proving.unfolding.judge`. Otherwise None.

    Raises:
        CircuitError: if the circuit has no registers.
        NetworkError: if lines cannot be matched.
    """
    start, watch = work_time(), Watch.of(timeout)
    if not circuit.register_names:
        raise CircuitError("induction needs a circuit with registers; prove one without them by prove_network")
    claim = f"{network.neurons} neurons do what {len(circuit.register_names)} registers and their logic do, for ever"
    claim += ", from their first values on" + _assumed(circuit)
    literals = held_registers(network, circuit) if literals is None else literals
    obstacle, questions = _induct(network, circuit, literals, network.period, watch)
    seconds = work_time() - start
    if not obstacle:
        return Verdict(True, claim, seconds=seconds, detail=f"base and step for all states and inputs, {questions}")
    values = random_vectors(np.random.default_rng(seed), circuit, (waves, 256))
    searched = search_streams(network, circuit, values)
    if searched is not None:
        stream = searched[0]
    else:
        found, stream = _in_one_machine(network, circuit, watch)
        if found.holds is not False or stream is None:
            detail = found.how if found.holds else f"not inductive: {obstacle}; {found.how}"
            return Verdict(found.holds, claim, seconds=work_time() - start, detail=detail)
    wrong = [line for wave, line in wrong_answers(network, circuit, stream.values).tolist() if wave == stream.judged]
    if not wrong:
        raise NetworkError("the reference simulation does not confirm the refutation; please report this network")
    example = to_counterexample(stream, circuit.inputs)
    detail = f"output line '{network.output_lines[wrong[0]]}' is wrong at wave {stream.judged} from the start"
    return Verdict(False, claim, counterexample=example, seconds=work_time() - start, detail=detail)


def _in_one_machine(network: SpikingNetwork, circuit: Circuit, watch: Watch) -> tuple[Outcome, Stream | None]:
    """What engines for properties say of the network beside its circuit, and a stream that is answered wrongly."""
    try:
        machine = wave_machine(network, circuit)
    except NetworkError as error:
        return Outcome(None, str(error)), None
    found = settle(machine.circuit, 0, watch)
    if found.inputs is None:
        return found, None
    inputs = found.inputs[:, : len(circuit.inputs)]
    ended = found.inputs[:, len(circuit.inputs) :].any(axis=1)
    waves = int(ended.argmax()) if ended.any() else len(inputs)
    return found, Stream(inputs[:waves], len(inputs) - 1 - machine.lag)


def _assumed(circuit: Circuit) -> str:
    """What is assumed of first values that are not defined, and of the clock."""
    names = [circuit.register_names[at] for at in np.flatnonzero(circuit.register_initial < 0).tolist()]
    values = f", undefined ones ({shortened(names, 5)}) being 0" if names else ""
    return values + (f", one wave at {circuit.clock}" if circuit.clock is not None else "")


def _induct(
    network: SpikingNetwork, circuit: Circuit, literals: Integers, period: int, watch: Watch
) -> tuple[str, str]:
    """What stands in the way of induction, or nothing and how it was proved."""
    flat = network.flatten()
    clocks = np.flatnonzero(flat.retain)
    driven = np.zeros(len(flat.threshold), np.bool_)
    driven[flat.post[flat.weight != 0]] = True
    if driven[clocks].any():
        return f"neuron {int(clocks[driven[clocks].argmax()])} retains its membrane", ""
    held = _registers(flat, circuit, literals, period, passing_on(network, flat))
    if isinstance(held, str):
        return held, ""
    if obstacle := _base(network, flat, circuit, held, clocks):
        return obstacle, ""
    wave, spec = _one_wave(network, flat, circuit, held, period)
    try:
        alone = wave.flatten()
        settling = assign_slots(alone).slot < 0
        settling[alone.inputs :] &= np.isin(np.arange(len(alone.threshold)), alone.post[alone.weight != 0])
        if settling[wave.outputs].any():
            return "an answer or a next state hears no wave; it may settle too late", ""
        found = prove_network(wave, spec, timeout=watch)
    except NetworkError as error:
        return str(error), ""
    return ("" if found.holds else f"the step is {'out of budget' if found.holds is None else 'refuted'}"), found.detail


def _registers(flat: FlatNetwork, circuit: Circuit, literals: Integers, period: int, passing: Integers) -> _Held | str:
    """The neurons that are claimed to hold a register and repeat one line; every loop must pass one of them."""
    first, count = 1 + len(circuit.inputs), len(flat.threshold)
    wire = (np.asarray(literals)[:count] >> 1) - first
    plain = np.flatnonzero((flat.weight != 0) & ~np.append(np.zeros(flat.inputs, np.bool_), flat.retain)[flat.pre])
    heard = np.bincount(flat.post[plain], minlength=count)
    only = np.zeros(count, np.int64)  # the synapse into each neuron, where it is the only one
    only[flat.post[plain]] = plain
    neurons = np.flatnonzero((wire >= 0) & (wire < len(circuit.register_names)) & (heard[: len(wire)] == 1))
    at = only[neurons]
    right = ~flat.retain[neurons] & (flat.bias[neurons] == 0) & ~np.isin(neurons, passing)
    right &= (flat.threshold[neurons] > 0) & (flat.threshold[neurons] <= flat.weight[at])
    right &= (flat.delay[at] > 1) & (flat.delay[at] <= period + 1)  # else not yet silent at step 1, or of another wave
    neurons, at = neurons[right], at[right]
    if not len(neurons):
        return "no neuron holds a register"
    negated = (np.asarray(literals)[neurons] & 1).astype(np.bool_)
    return _Held(neurons, wire[neurons], negated, flat.pre[at], flat.delay[at])


def _base(network: SpikingNetwork, flat: FlatNetwork, circuit: Circuit, held: _Held, clocks: Integers) -> str:
    """That registers are right at step 1 and that only step 0 knows the clock neurons, as they fire once."""
    trains = simulate_reference(network, np.zeros((0, flat.inputs), np.bool_), 2)
    if not _fires_once(flat, clocks):
        return "a neuron that hears no one may fire after the first step"
    heard = np.isin(flat.pre - flat.inputs, clocks) & (flat.weight != 0)
    if not np.isin(flat.post[heard], held.neuron).all() or (flat.delay[heard] != 1).any():
        return "a start neuron reaches more than the registers"
    if (trains[1, flat.inputs + held.neuron] != ((circuit.register_initial[held.wire] == 1) ^ held.negated)).any():
        return "a register does not start at its first value"
    return ""


def _fires_once(flat: FlatNetwork, clocks: Integers) -> bool:
    """Whether neurons that hear no one are silent for ever after step 0: they come to rest before they fire again."""
    bias, threshold, leak = flat.bias[clocks], flat.threshold[clocks], flat.leak[clocks]
    membrane = flat.initial[clocks]
    for step in range(_UNTIL_REST):
        driven = (membrane >> leak) + bias
        fired = driven >= threshold
        if step and fired.any():
            return False
        after = np.where(fired, np.where(flat.subtract[clocks], driven - threshold, 0), driven)
        if step and np.array_equal(after, membrane):
            return True
        membrane = after
    return False


def _one_wave(
    network: SpikingNetwork, flat: FlatNetwork, circuit: Circuit, held: _Held, period: int
) -> tuple[SpikingNetwork, Circuit]:
    """The network of one wave, whose inputs are the lines and, one step later, the register neurons."""
    count, neurons = flat.inputs, len(flat.threshold)
    extra = len(held.neuron)
    kept = ~np.isin(flat.post, held.neuron) & ~np.append(np.zeros(count, np.bool_), flat.retain)[flat.pre]
    pre, post = flat.pre[kept], flat.post[kept]
    pre = np.concatenate([pre + extra * (pre >= count), count + np.arange(extra)])
    weight = np.concatenate([flat.weight[kept], flat.threshold[held.neuron]])
    delay = np.concatenate([flat.delay[kept], np.ones(extra, np.int64)])
    post = np.concatenate([post, held.neuron])
    from_input = pre < count + extra
    cells = Population("cells", (neurons,), np.where(flat.retain, 1, flat.threshold), bias=flat.bias)
    links = tuple(
        Synapses(name, "cells", pre[chosen] - shift, post[chosen], weight[chosen], delay[chosen])
        for name, chosen, shift in ((INPUT, from_input, 0), ("cells", ~from_input, count + extra))
    )
    ends = np.concatenate([network.outputs, held.source])
    rails = [
        Line(circuit.register_names[wire], int(not negated))
        for wire, negated in zip(held.wire.tolist(), held.negated.tolist(), strict=True)
    ]
    following = after(circuit.register_names, circuit.output_names)
    wave = SpikingNetwork(
        input_shape=(count + extra,),
        populations=(cells,),
        projections=links,
        outputs=ends + extra * (ends >= count),
        output_lines=(*network.output_lines, *(Line(following[line.signal], line.rail) for line in rails)),
        latencies=np.concatenate([network.latencies, period + 1 - held.delay]),
        input_lines=(*network.input_lines, *rails),
    )
    wires = np.unique(held.wire)
    spec = Circuit(
        inputs=(*circuit.inputs, *circuit.register_names),
        kinds=circuit.kinds,
        offsets=circuit.offsets,
        literals=circuit.literals,
        outputs=np.concatenate([circuit.outputs, circuit.register_next[wires]]),
        output_names=(*circuit.output_names, *(following[circuit.register_names[wire]] for wire in wires)),
        one_hot=circuit.one_hot,
    )
    return wave, spec
