"""Networks whose waves meet: judged exactly as all short streams of waves show, by the reference simulation."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, Gate, Population, SpikingNetwork, Synapses, compile_circuit
from logic.proving.streams import search_streams, to_counterexample, to_stream, wrong_answers
from logic.proving.unfolding import judge
from logic.rails import single_lines


def adder() -> Circuit:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    return make.build(sum=a ^ b ^ c, carry=make.gate(Gate.MAJ, (a, b, c)))


def delayed(network: SpikingNetwork, projection: int, synapse: int, steps: int) -> SpikingNetwork:
    links = list(network.projections)
    old = links[projection]
    assert isinstance(old, Synapses)
    delay = old.delay.copy()
    delay[synapse] += steps
    links[projection] = Synapses(old.source, old.target, old.pre, old.post, old.weight, delay)
    return replace(network, projections=tuple(links))


def harmful(network: SpikingNetwork, circuit: Circuit, waves: int) -> bool:
    """Whether some stream of at most so many waves is answered wrongly."""
    vectors = np.array(list(product((False, True), repeat=len(circuit.inputs))))
    return any(
        len(wrong_answers(network, circuit, np.array(stream)))
        for length in range(1, waves + 1)
        for stream in product(vectors, repeat=length)
    )


@pytest.mark.parametrize("mapping", ["single-rail", "dual-rail"])
def test_delayed_synapses_are_judged_as_all_streams_say(mapping: str) -> None:
    circuit = adder()
    network = compile_circuit(circuit, mapping)
    for projection, links in enumerate(network.projections):
        assert isinstance(links, Synapses)
        for synapse in range(len(links.delay)):
            mutant = delayed(network, projection, synapse, 1)
            verdict = judge(mutant, circuit)
            assert verdict.holds is not None
            assert verdict.holds is not harmful(mutant, circuit, 2)
            if verdict.counterexample is not None:
                stream = to_stream(verdict.counterexample, circuit.inputs)
                assert stream.judged in wrong_answers(mutant, circuit, stream.values)[:, 0]
                assert to_counterexample(stream, circuit.inputs) == verdict.counterexample


def identity(*links: Synapses, populations: tuple[Population, ...], latency: int) -> tuple[SpikingNetwork, Circuit]:
    make = CircuitBuilder()
    (a,) = make.inputs("a")
    network = SpikingNetwork(
        (1,), populations, links, np.array([1]), single_lines("y"), np.array([latency]), single_lines("a")
    )
    return network, make.build(y=a)


def test_a_late_spike_that_cannot_matter_is_harmless() -> None:
    gates = Population("gates", (1,), 2)
    links = Synapses("input", "gates", [0, 0], [0, 0], [2, 1], [1, 2])
    network, circuit = identity(links, populations=(gates,), latency=1)
    verdict = judge(network, circuit)
    assert verdict.holds is True
    assert "2 waves" in verdict.detail


def test_an_answer_that_comes_late_is_refuted_by_neighbouring_waves() -> None:
    network, circuit = identity(
        Synapses("input", "gates", [0], [0], 1, 2), populations=(Population("gates", (1,), 1),), latency=1
    )
    verdict = judge(network, circuit)
    assert verdict.holds is False
    assert verdict.counterexample is not None
    stream = to_stream(verdict.counterexample, ("a",))
    assert wrong_answers(network, circuit, stream.values).tolist() == [[stream.judged, 0]]


def test_what_fires_before_the_first_wave_is_silent() -> None:
    """A neuron that always fires is read two steps back; the first wave finds it silent and is answered wrongly."""
    populations = (Population("gates", (2,), [2, 0]),)
    links = (Synapses("input", "gates", [0], [0], 1, 1), Synapses("gates", "gates", [1], [0], 1, 2))
    network, circuit = identity(*links, populations=populations, latency=1)
    verdict = judge(network, circuit)
    assert verdict.holds is False
    assert verdict.counterexample == {"a": 1}


def test_loops_are_refuted_or_left_open() -> None:
    gates = Population("gates", (1,), 1)
    links = (Synapses("input", "gates", [0], [0], 1), Synapses("gates", "gates", [0], [0], 1, 2))
    network, circuit = identity(*links, populations=(gates,), latency=1)
    verdict = judge(network, circuit)
    assert verdict.holds is False
    assert verdict.counterexample == {"a@-2": 1, "a@-1": 0, "a": 0}
    weak = (Synapses("input", "gates", [0], [0], 2), Synapses("gates", "gates", [0], [0], 1, 2))
    network, circuit = identity(*weak, populations=(Population("gates", (1,), 2),), latency=1)
    assert judge(network, circuit).holds is None


def test_retained_membranes_are_refuted_or_left_open() -> None:
    link = Synapses("input", "gates", [0], [0], 1)
    network, circuit = identity(link, populations=(Population("gates", (1,), 2, retain=True),), latency=1)
    verdict = judge(network, circuit)
    assert verdict.holds is False
    assert verdict.counterexample is not None
    network, circuit = identity(link, populations=(Population("gates", (1,), 1, retain=True),), latency=1)
    assert judge(network, circuit).holds is None


def test_random_streams_find_what_is_wrong() -> None:
    circuit = adder()
    network = compile_circuit(circuit, "single-rail")
    values = np.random.default_rng(0).random((20, 8, 3)) < 0.5
    assert search_streams(network, circuit, values) is None
    found = search_streams(delayed(network, 0, 0, 1), circuit, values)
    assert found is not None
    assert len(wrong_answers(delayed(network, 0, 0, 1), circuit, found[0].values))


def test_one_hot_inputs_are_refuted_with_a_valid_codeword() -> None:
    make = CircuitBuilder()
    values = make.inputs(*(f"v{value}" for value in range(6)), one_hot=True)
    circuit = make.build(y=values[4], z=~values[5])
    network = compile_circuit(make.build(y=values[3], z=~values[5]))
    for delayed_too in (network, replace(network, latencies=network.latencies + 1)):
        verdict = judge(delayed_too, circuit)
        assert verdict.holds is False
        assert verdict.counterexample is not None
        stream = to_stream(verdict.counterexample, circuit.inputs)
        assert (stream.values.sum(axis=1) == 1).all()
        assert len(wrong_answers(delayed_too, circuit, stream.values))
