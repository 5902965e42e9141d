"""The compiled addition rule is proved on its text, and every mutation of a neuron that matters is refuted."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from logic import NetworkError, Population, SpikingNetwork, Synapses, compile_circuit, simulate_reference
from logic.rails import single_lines
from reasoner import MeaningError, Program, answer_bits, ground, prove_rule

SUM = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")


@pytest.fixture(scope="module")
def network() -> SpikingNetwork:
    return compile_circuit(answer_bits(ground(SUM, "sum(S)")), "positive", "relays")


def answers_wrongly(network: SpikingNetwork) -> set[tuple[int, int]]:
    """All readings for which the spikes are not those of the sum, by simulating every one of them."""
    readings = list(product(range(10), repeat=2))
    waves = np.zeros((len(readings), 20), dtype=bool)
    for step, (x, y) in enumerate(readings):
        waves[step, [network.input_names.index(f"digit(0)={x}"), network.input_names.index(f"digit(1)={y}")]] = True
    trains = simulate_reference(network, waves, len(readings) + network.latency)
    wrong: set[tuple[int, int]] = set()
    for step, (x, y) in enumerate(readings):
        for name, line in zip(network.output_names, network.outputs, strict=True):
            bit, value = int(name[3]), int(name[-1])
            if trains[step + network.latency, line] != ((x + y) >> bit & 1 == value):
                wrong.add((x, y))
    return wrong


def thresholds_changed(network: SpikingNetwork) -> list[SpikingNetwork]:
    """Every neuron's threshold one higher and one lower."""
    changed: list[SpikingNetwork] = []
    for index, population in enumerate(network.populations):
        for neuron, step in product(range(population.size), (-1, 1)):
            threshold = population.threshold.copy()
            threshold[neuron] += step
            populations = list(network.populations)
            populations[index] = Population(population.name, population.shape, threshold)
            changed.append(replace(network, populations=tuple(populations)))
    return changed


def neurons_muted(network: SpikingNetwork) -> list[SpikingNetwork]:
    """One incoming weight of every neuron turned to zero, or to twice what it was."""
    changed: list[SpikingNetwork] = []
    for index, synapses in enumerate(network.projections):
        assert isinstance(synapses, Synapses)
        firsts = np.unique(synapses.post, return_index=True)[1]
        for synapse, factor in product(firsts.tolist(), (0, 2)):
            weight = synapses.weight.copy()
            weight[synapse] *= factor
            projections = list(network.projections)
            projections[index] = Synapses(synapses.source, synapses.target, synapses.pre, synapses.post, weight)
            changed.append(replace(network, projections=tuple(projections)))
    return changed


def test_the_rule_is_proved_and_right(network: SpikingNetwork) -> None:
    assert answers_wrongly(network) == set()
    verdict = prove_rule(SUM, "sum(S)", network)
    assert verdict.holds
    assert "100 readings" in verdict.claim


def test_every_mutation_of_a_neuron_that_matters_is_refuted(network: SpikingNetwork) -> None:
    mutants = thresholds_changed(network) + neurons_muted(network)
    assert len(mutants) == 4 * network.neurons
    refuted = 0
    for mutant in mutants:
        wrong = answers_wrongly(mutant)
        verdict = prove_rule(SUM, "sum(S)", mutant)
        assert verdict.holds is (not wrong)
        if verdict.counterexample:
            refuted += 1
            values = [int(name[-1]) for name, true in verdict.counterexample.items() if true]
            assert tuple(values) in wrong
    assert refuted > 2 * network.neurons


def test_another_rule_is_refuted(network: SpikingNetwork) -> None:
    product_rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X * Y.")
    assert prove_rule(product_rule, "sum(S)", network).holds is False


def test_a_rule_without_bits_is_refused(network: SpikingNetwork) -> None:
    with pytest.raises(MeaningError, match="not values of the rule's slots"):
        prove_rule(Program.parse("sum(S) :- digit(0, S)."), "sum(S)", network)
    renamed = replace(network, output_lines=single_lines(f"out{i}" for i in range(10)))
    with pytest.raises(MeaningError, match="no answers"):
        prove_rule(SUM, "sum(S)", renamed)
    loop = Synapses("layer_1", "layer_1", [0, 1], [1, 0], 1)
    with pytest.raises(NetworkError, match="loop"):
        prove_rule(SUM, "sum(S)", replace(network, projections=(*network.projections, loop)))
