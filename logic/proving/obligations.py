"""What a compiled network promises beyond its function: exclusive rails, silence when spikes are lost, safe sizes."""

from functools import lru_cache
from typing import cast

import numpy as np
import z3

from ..circuit import Circuit
from ..errors import NetworkError
from ..formula import conjunction, disjunction, implication, negation
from ..kernels import work_time
from ..network import FlatNetwork, SpikingNetwork
from ..rails import has_two_rails, rail_pairs
from ..simulation.reference import simulate_reference
from ..verdict import Verdict
from .membranes import membrane_bounds
from .monolith import decide
from .slots import assign_slots
from .verifier import verify

_RUNS, _DRIVEN = 32, 24  # random runs that shall drive a membrane far, and their steps


def prove_obligations(
    network: SpikingNetwork,
    circuit: Circuit,
    *,
    function: Verdict | None = None,
    membrane_bits: int = 16,
    max_delay: int = 63,
    timeout: float | None = None,
) -> dict[str, Verdict]:
    """The proof obligations of a network that implements a circuit.

    Example:
        >>> from logic import CircuitBuilder, compile_circuit
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> circuit = make.build(y=a & b)
        >>> {name: verdict.holds for name, verdict in prove_obligations(compile_circuit(circuit), circuit).items()}
        {'function': True, 'exclusive': True, 'fail-silent': True, 'overflow': True, 'delay': True}

    Args:
        network: The implementation, one wave a step.
        circuit: The specification.
        function: That the network computes the circuit, if it has been judged before.
        membrane_bits: Width of the target's signed membrane.
        max_delay: The target's longest synaptic delay in steps.
        timeout: Seconds for the functional proof, or None for no bound.

    Returns:
        Verdicts by name: ``function``, ``exclusive``, ``fail-silent``, ``overflow`` and ``delay``.
    """
    function = verify(network, circuit, timeout=timeout) if function is None else function
    return {
        "function": function,
        "exclusive": prove_exclusive(network, function),
        "fail-silent": prove_fail_silent(network, function),
        "overflow": prove_no_overflow(network, membrane_bits),
        "delay": prove_delays(network, max_delay),
    }


def prove_exclusive(network: SpikingNetwork, function: Verdict) -> Verdict:
    """Whether exactly one rail of each output fires for every wave.

    It follows from the function: if both rails are proved to be their value's, exactly one of them fires. A wrong
    function leaves it open, and so does an output with one rail.
    """
    claim = "exactly one rail of each output fires"
    if not has_two_rails(network.output_lines):
        return Verdict(None, claim, detail="an output has one rail only, so that silence means false")
    if function.holds is None or not function.holds:
        return Verdict(None, claim, detail="the function is not proved")
    return Verdict(True, claim, seconds=function.seconds, detail="both rails are proved to be their value's")


def prove_fail_silent(network: SpikingNetwork, function: Verdict) -> Verdict:
    """Whether no set of lost spikes, at inputs, neurons or outputs, can make a wrong rail fire.

    Sufficient and structural: neurons forget, no weight is negative, and lines are rails in pairs. Then the spikes of
    the lossy network are among those of the whole one, by induction over time with :func:`losing_spikes` (which Z3
    proves for up to 8 sources with symbolic weights; more only add terms of one sign), and in the whole one, whose
    function is proved, no wrong rail fires. A network that breaks a condition may still be fail-silent: open then.
    """
    start, claim = work_time(), "losing any set of spikes never makes a wrong rail fire"

    def unsettled(why: str) -> Verdict:
        return Verdict(None, claim, seconds=work_time() - start, detail=why)

    flat = network.flatten()
    if not function.holds:
        return unsettled("the function is not proved")
    if not (has_two_rails(network.input_lines) and has_two_rails(network.output_lines)):
        return unsettled("a signal has one rail only: a lost spike reads as false")
    if flat.retain.any():
        return unsettled(f"neuron {int(flat.retain.argmax())} retains its membrane")
    if (flat.weight < 0).any():
        neuron = int(flat.post[int((flat.weight < 0).argmax())])
        return unsettled(f"neuron {neuron} has a negative weight: a lost spike can make it fire")
    lemma = losing_spikes(int(min(8, np.bincount(flat.post, minlength=1).max(initial=1))))
    if not lemma.holds:
        return unsettled(f"lemma not proved: {lemma.claim}")
    seconds = function.seconds + work_time() - start
    return Verdict(True, claim, seconds=seconds, detail=f"{len(flat.weight)} weights are non-negative; monotone")


def prove_fail_silent_directly(network: SpikingNetwork, *, timeout: float | None = None) -> Verdict:
    """Whether no output rail fires under deletions that is silent without, every deletion being a free variable.

    Together with the function this is fail-silence, found without the monotonicity argument: in the lossy copy of the
    network line ``n`` fires when its threshold is reached and ``deleted_n`` is false, for a wave whose input rails
    exclude each other. One question to Z3 over all inputs and all deletion sets.

    Args:
        network: Memoryless, in step, dual-rail.
        timeout: Seconds, or None for no bound.

    Raises:
        NetworkError: if the network does not lift, or lines are no pairs of rails.
    """
    start = work_time()
    flat = network.flatten()
    slots = assign_slots(flat)
    if slots.clash >= 0:
        raise NetworkError(f"neuron {slots.clash} hears spikes of one wave at different steps")
    size = flat.inputs + len(flat.threshold)
    whole, lossy, rules = _whole_and_lossy(flat, slots.order.tolist(), slots.incoming.tolist(), slots.begin.tolist())
    rules += [
        negation(conjunction([whole[zero], whole[one]])) for zero, one in rail_pairs(network.input_lines).tolist()
    ]
    goal = conjunction(disjunction([whole[line], negation(lossy[line])]) for line in network.outputs.tolist())
    claim = f"none of 2^{size} sets of deleted spikes makes a rail fire that is silent without them"
    found = decide(claim, (), [], rules, goal, timeout)
    return Verdict(found.holds, claim, seconds=work_time() - start, detail=found.detail)


def _whole_and_lossy(
    flat: FlatNetwork, order: list[int], incoming: list[int], begin: list[int]
) -> tuple[list[z3.BoolRef], list[z3.BoolRef], list[z3.BoolRef]]:
    """Every line without and with deletions, and the equations that tie them to the neurons' thresholds."""
    size = flat.inputs + len(flat.threshold)
    whole = [z3.Bool(f"s{line}") for line in range(size)]
    lossy = [z3.Bool(f"l{line}") for line in range(size)]
    deleted = [z3.Bool(f"d{line}") for line in range(size)]
    rules = [
        cast(z3.BoolRef, lossy[line] == conjunction([whole[line], negation(deleted[line])]))
        for line in range(flat.inputs)
    ]
    for neuron in order:
        line = flat.inputs + neuron
        for lines, keep in ((whole, z3.BoolVal(True)), (lossy, negation(deleted[line]))):
            terms, need = list[tuple[z3.BoolRef, int]](), int(flat.threshold[neuron] - flat.bias[neuron])
            for synapse in incoming[begin[neuron] : begin[neuron + 1]]:
                heard, weight = lines[int(flat.pre[synapse])], int(flat.weight[synapse])
                terms.append((heard, weight) if weight >= 0 else (negation(heard), -weight))
                need += max(0, -weight)
            fires = z3.PbGe(terms, need) if terms else z3.BoolVal(need <= 0)
            rules.append(cast(z3.BoolRef, lines[line] == conjunction([fires, keep])))
    return whole, lossy, rules


def prove_no_overflow(network: SpikingNetwork, membrane_bits: int, steps: int | None = None) -> Verdict:
    """Whether no sum of spikes and no threshold leaves a signed membrane of so many bits, for all inputs.

    Args:
        network: Any; membranes are bounded by :func:`logic.proving.membranes.membrane_bounds`.
        membrane_bits: Sign included.
        steps: How long it runs; for all time if not given.

    Returns:
        PROVED; REFUTED, if a threshold does not fit or random waves drive a neuron beyond; else UNKNOWN: a bound need
        not be reached.
    """
    start, limit = work_time(), 1 << (membrane_bits - 1)
    claim = f"no membrane leaves {membrane_bits} signed bits" + (f" in {steps} steps" if steps is not None else "")

    def found(holds: bool | None, detail: str, example: dict[str, int] | None = None) -> Verdict:
        return Verdict(holds, claim, example, work_time() - start, detail)

    flat, bounds = network.flatten(), membrane_bounds(network, steps)
    largest = int(np.abs(flat.threshold).max(initial=0))
    if largest > limit or (largest == limit and int(flat.threshold.max()) == limit):
        return found(False, f"neuron {int(np.abs(flat.threshold).argmax())} has a threshold of {largest}, beyond them")
    if not bounds.bounded.all():
        return found(
            None, f"neuron {int((~bounds.bounded).argmax())} has no bound for all time; give a number of steps"
        )
    needed, worst = bounds.bits, int(bounds.bits.max(initial=0))
    if worst <= membrane_bits:
        low, high = int(bounds.low.min(initial=0)), int(bounds.high.max(initial=0))
        return found(True, f"all lie in {low} .. {high}, which takes {worst} bits")
    text = f"neuron {int(needed.argmax())} may need {worst} bits"
    reached = _driven_beyond(network, flat, limit, steps)
    if reached is None:
        return found(None, f"{text}; random waves do not drive it so far")
    neuron, value, example = reached
    return found(False, f"neuron {neuron} reaches {value}", example)


def _driven_beyond(
    network: SpikingNetwork, flat: FlatNetwork, limit: int, steps: int | None
) -> tuple[int, int, dict[str, int]] | None:
    """A neuron, its membrane and the input spikes ``line@step`` of a random run that drives it beyond a limit."""
    length = min(_DRIVEN, _DRIVEN if steps is None else steps)
    generator = np.random.default_rng(0)
    for turn in range(_RUNS):
        spikes = generator.random((length, flat.inputs)) < (turn + 1) / _RUNS  # the last one is always on
        for rails in [rail_pairs(network.input_lines)] if has_two_rails(network.input_lines) else []:
            spikes[:, rails[:, 0]] = ~spikes[:, rails[:, 1]]
        fired, membrane = simulate_reference(network, spikes, length), flat.initial
        for step in range(length):
            heard = np.flatnonzero(flat.delay <= step)
            on = heard[fired[step - flat.delay[heard], flat.pre[heard]]]
            membrane = np.where(flat.retain, membrane >> flat.leak, 0) + flat.bias
            np.add.at(membrane, flat.post[on], flat.weight[on])
            beyond = (membrane >= limit) | (membrane < -limit)
            if beyond.any():
                neuron, names = int(beyond.argmax()), network.input_names or [f"input[{i}]" for i in range(flat.inputs)]
                rows = np.argwhere(spikes[:step]).tolist()
                return neuron, int(membrane[neuron]), {f"{names[line]}@{t}": 1 for t, line in rows}
            left = np.where(flat.subtract, membrane - flat.threshold, 0)
            membrane = np.where(membrane >= flat.threshold, left, membrane)
    return None


def prove_delays(network: SpikingNetwork, max_delay: int) -> Verdict:
    """Whether no synapse delays longer than the target can."""
    claim = f"no synaptic delay exceeds {max_delay} steps"
    delay = network.flatten().delay
    longest = int(delay.max(initial=0))
    return Verdict(longest <= max_delay, claim, detail=f"the longest takes {longest} steps")


@lru_cache
def losing_spikes(inputs: int) -> Verdict:
    """That a neuron of any non-negative weights which fires although spikes were lost fires without the loss too."""
    sent = [z3.Bool(f"s{place}") for place in range(inputs)]
    heard = [z3.Bool(f"h{place}") for place in range(inputs)]
    weights = [z3.Int(f"w{place}") for place in range(inputs)]
    need = z3.Int("need")
    assume = [_at_least(w, z3.IntVal(0)) for w in weights]
    assume += [implication(h, s) for h, s in zip(heard, sent, strict=True)]
    lossy = _drive(heard, weights)
    whole = _drive(sent, weights)
    goal = implication(_at_least(lossy, need), _at_least(whole, need))
    return decide(f"a loss among {inputs} sources never makes a neuron fire", (), [], assume, goal, None)


def _at_least(left: z3.ArithRef, right: z3.ArithRef) -> z3.BoolRef:
    return left >= right


def _drive(spikes: list[z3.BoolRef], weights: list[z3.ArithRef]) -> z3.ArithRef:
    return _sum([cast(z3.ArithRef, z3.If(x, w, 0)) for x, w in zip(spikes, weights, strict=True)])


def _sum(terms: list[z3.ArithRef]) -> z3.ArithRef:
    return cast(z3.ArithRef, z3.Sum(terms))
