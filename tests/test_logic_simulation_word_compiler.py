"""From neurons to word programs: slots, equal neurons, rows and membranes, against linear algebra and plain sums."""

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from logic.network import INPUT, FlatNetwork, Population, SpikingNetwork, Synapses
from logic.rails import single_lines
from logic.simulation.equal_neurons import Neurons, merge_equal, threshold_neurons
from logic.simulation.reference import simulate_reference
from logic.simulation.step_plan import membrane_bits, plan_steps
from logic.simulation.word_compiler import assemble, find_slots, needed_neurons, reuse_rows, threshold_cells
from logic.simulation.word_program import pack_bits, run_waves, unpack_bits
from tests.networks import random_network

Bits = NDArray[np.bool_]
Integers = NDArray[np.int64]


def flat_network(seed: int, *, balanced: bool, retain: bool = False) -> FlatNetwork:
    return random_network(np.random.default_rng(seed), balanced=balanced, retain=retain).flatten()


@pytest.mark.parametrize("seed", range(40))
def test_slots_are_the_solution_of_the_delays(seed: int) -> None:
    flat = flat_network(seed, balanced=seed % 2 == 0)
    size = flat.inputs + len(flat.threshold)
    equations = np.zeros((len(flat.pre), size))
    np.add.at(equations, (np.arange(len(flat.pre)), flat.post + flat.inputs), 1)
    np.add.at(equations, (np.arange(len(flat.pre)), flat.pre), -1)
    best = np.linalg.lstsq(equations, flat.delay.astype(float), rcond=None)[0] if len(flat.pre) else np.zeros(size)
    solvable = np.allclose(equations @ best, flat.delay)
    slots = find_slots(flat)
    assert (slots is not None) == solvable
    if slots is not None:
        np.testing.assert_array_equal(slots[flat.inputs + flat.post] - slots[flat.pre], flat.delay)
        graph = nx.Graph(zip(flat.pre.tolist(), (flat.post + flat.inputs).tolist(), strict=True))
        graph.add_nodes_from(range(size))
        assert all(min(slots[node] for node in part) == 0 for part in nx.connected_components(graph))


def in_one_wave(flat: FlatNetwork, given: Bits) -> tuple[Bits, Integers]:
    """What each line says of each wave ``[I + N, waves]``, by the sums of the network, and the order of its neurons."""
    slots = find_slots(flat)
    assert slots is not None
    order = np.argsort(slots[flat.inputs :], kind="stable")
    values = np.zeros((flat.inputs + len(flat.threshold), given.shape[1]), dtype=bool)
    values[: flat.inputs] = given
    for neuron in order.tolist():
        own = flat.post == neuron
        total = flat.bias[neuron] + flat.weight[own] @ values[flat.pre[own]].astype(np.int64)
        values[flat.inputs + neuron] = total >= flat.threshold[neuron]
    return values, order


def literal_values(values: Bits, literals: Integers) -> Bits:
    """Values ``[L, waves]`` of literals over lines that are numbered from 1."""
    rows = np.concatenate([np.zeros((1, values.shape[1]), dtype=bool), values])
    return rows[literals >> 1] ^ (literals & 1).astype(bool)[:, None]


def all_inputs(width: int) -> Bits:
    return (np.arange(1 << width) >> np.arange(width)[:, None] & 1).astype(bool)


@pytest.mark.parametrize("seed", range(60))
def test_merged_neurons_say_what_each_line_says(seed: int) -> None:
    flat = flat_network(seed, balanced=True)
    values, order = in_one_wave(flat, all_inputs(flat.inputs))
    lines = 2 * np.arange(1 + flat.inputs)
    merged, known = merge_equal(threshold_neurons(flat), order, lines)
    literals = literal_values(values, known[1:])
    own = (known >> 1 == np.arange(len(known)))[1 + flat.inputs :]
    np.testing.assert_array_equal(literals[: flat.inputs], values[: flat.inputs])
    for neuron in range(len(flat.threshold)):
        line = 1 + flat.inputs + neuron
        if own[neuron]:  # computed, perhaps in complement: its operands are literals of computed lines
            total = weighted(merged, neuron, computed(values, known))
            np.testing.assert_array_equal(total, values[line - 1] ^ bool(known[line] & 1))
        else:
            root = known[line]
            stands = computed(values, known)[root >> 1] ^ bool(root & 1)
            np.testing.assert_array_equal(stands, values[line - 1])
    few = [n for n in range(len(own)) if own[n] and merged.first[n + 1] - merged.first[n] <= 4]
    tables = [values[flat.inputs + n] for n in few]
    for n, table in zip(few, tables, strict=True):  # of those over the same lines, no two compute the same
        alike = [m for m in few if operands(merged, m) == operands(merged, n)]
        same = [m for m in alike if len({*(values[flat.inputs + m] ^ table).tolist()}) == 1]
        assert same == [n]


def operands(neurons: Neurons, neuron: int) -> set[int]:
    return set((neurons.literal[neurons.first[neuron] : neurons.first[neuron + 1]] >> 1).tolist())


def computed(values: Bits, known: Integers) -> Bits:
    """What the signals hold: the constant, the lines, and those that are computed in complement complemented."""
    rows = np.concatenate([np.zeros((1, values.shape[1]), dtype=bool), values])
    own = known >> 1 == np.arange(len(known))
    return rows ^ (own & (known & 1 == 1))[:, None]


def weighted(neurons: Neurons, neuron: int, signals: Bits) -> Bits:
    part = slice(neurons.first[neuron], neurons.first[neuron + 1])
    literal = neurons.literal[part]
    true = signals[literal >> 1] ^ (literal & 1).astype(bool)[:, None]
    return neurons.weight[part] @ true.astype(np.int64) >= neurons.need[neuron]


def test_one_function_in_three_writings_is_computed_once() -> None:
    cells = Population("cells", (4,), [2, 4, -1, 1])  # x and y; the same with other weights; its contrary; a relay
    wires = Synapses(INPUT, "cells", [0, 1, 0, 1, 0, 1, 0], [0, 0, 1, 1, 2, 2, 3], [1, 1, 3, 2, -1, -1, 5])
    lines = single_lines(f"n{i}" for i in range(4))
    network = SpikingNetwork((2,), (cells,), (wires,), np.arange(2, 6), lines, np.ones(4, dtype=np.int64))
    _, known = merge_equal(threshold_neurons(network.flatten()), np.arange(4), np.array([0, 2, 4]))
    first = int(known[3])
    assert known[3:].tolist() == [first, first, first ^ 1, 2]


@pytest.mark.parametrize("seed", range(40))
def test_programs_give_the_sums_also_in_few_rows(seed: int) -> None:
    flat = flat_network(seed, balanced=True)
    given = np.random.default_rng(seed).random((flat.inputs, 200)) < 0.5
    values, order = in_one_wave(flat, given)
    size = 1 + len(values)
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    lines = np.arange(size)
    chosen = np.ones(len(order), dtype=bool)
    cells = threshold_cells(threshold_neurons(flat), chosen, lines, lines[1 + flat.inputs :], position)
    program = assemble(cells, size, lines[1 : 1 + flat.inputs])
    wanted = 2 * lines[1 + flat.inputs :] + 1  # complements
    none = np.zeros(0, dtype=np.int64), np.zeros((0, 2), dtype=np.int64)
    for run, literals in ((program, wanted), reuse_rows(program, wanted)):
        words, _ = run_waves(run, pack_bits(given), literals, *none)
        np.testing.assert_array_equal(unpack_bits(words, 200), ~values[flat.inputs :])
    assert reuse_rows(program, wanted[:1])[0].signals <= program.signals


@pytest.mark.parametrize("seed", range(20))
def test_needed_neurons_are_the_ancestors(seed: int) -> None:
    flat = flat_network(seed, balanced=True)
    _, order = in_one_wave(flat, all_inputs(flat.inputs))
    neurons, size = threshold_neurons(flat), flat.inputs + len(flat.threshold)
    wanted = flat.inputs + int(np.random.default_rng(seed).integers(len(flat.threshold)))
    graph = nx.DiGraph([(a, b + flat.inputs) for a, b, w in zip(flat.pre, flat.post, flat.weight, strict=True) if w])
    graph.add_nodes_from(range(size))
    found = needed_neurons(neurons, order, np.array([1 + wanted]), size, flat.inputs)
    assert set(np.flatnonzero(found) + flat.inputs) == {
        node for node in nx.ancestors(graph, wanted) | {wanted} if node >= flat.inputs
    }


@pytest.mark.parametrize("seed", range(30))
def test_membranes_fit_into_their_bits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, balanced=False, retain=True, spread=int(rng.choice([2, 9])))
    flat, steps = network.flatten(), 20
    bits = membrane_bits(flat, steps)
    spikes = rng.random((steps, flat.inputs)) < rng.random()
    fired = simulate_reference(network, spikes, steps)
    membrane, reached = flat.initial.copy(), [flat.initial]
    for step in range(steps):
        arrived = step - flat.delay
        on = np.where(arrived >= 0, fired[np.maximum(arrived, 0), flat.pre], False)
        total = (membrane >> flat.leak) + flat.bias
        np.add.at(total, flat.post, flat.weight * on)
        reached.append(total)
        np.testing.assert_array_equal(total >= flat.threshold, fired[step, flat.inputs :])  # the same neurons
        membrane = np.where(total >= flat.threshold, np.where(flat.subtract, total - flat.threshold, 0), total)
        reached.append(membrane)
    assert (-(1 << (bits - 1)) <= np.min(reached, axis=0)).all()
    assert (np.max(reached, axis=0) < 1 << (bits - 1)).all()


def test_the_first_membranes_are_binary_numbers_above_the_lowest() -> None:
    flat = flat_network(5, balanced=False, retain=True)
    bits = membrane_bits(flat, 10)
    plan = plan_steps(flat, False, bits)
    size = 1 + flat.inputs + len(flat.threshold)
    states = np.split(plan.initial[size : size + bits.sum()], np.cumsum(bits)[:-1])
    found = [int(state @ (1 << np.arange(len(state)))) - (1 << (len(state) - 1)) for state in states]
    assert found == flat.initial.tolist()
    assert plan.depth.max() >= flat.delay.max() + 1
