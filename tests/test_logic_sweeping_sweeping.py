"""Sweeping and matching say of nodes what their truth tables say, and never more."""

import numpy as np
import pytest
from numpy.typing import NDArray

from logic.sweeping import sweeping
from logic.sweeping.graph import AndGraph
from logic.sweeping.matching import same_function
from logic.sweeping.sweeping import sweep

INPUTS = 7
ROWS = np.arange(1 << INPUTS)


def random_graph(rng: np.random.Generator) -> tuple[AndGraph, list[int]]:
    """Conjunctions of earlier literals, and some functions written twice in different ways."""
    graph = AndGraph()
    literals = graph.inputs(INPUTS).tolist()
    for _ in range(int(rng.integers(5, 40))):
        a, b, c = (int(literals[i]) ^ int(rng.integers(2)) for i in rng.integers(0, len(literals), 3))
        if rng.random() < 0.5:
            literals.append(graph.conjunction(a, b))
            continue
        left = graph.conjunction(graph.conjunction(a, b), c)  # twice the same, once from each side
        right = graph.conjunction(a, graph.conjunction(b, c))
        either = graph.conjunction(graph.conjunction(a, b) ^ 1, graph.conjunction(a, c) ^ 1)  # not (ab or ac)
        factored = graph.conjunction(a, graph.conjunction(b ^ 1, c ^ 1) ^ 1)  # a (b or c)
        literals += [left, right, either ^ 1, factored]
    return graph, literals


def truth(graph: AndGraph) -> NDArray[np.bool_]:
    """The truth table of every node."""
    table = np.zeros((len(graph), len(ROWS)), dtype=bool)
    entered = 0
    for node in range(1, len(graph)):
        first, second = int(graph.nodes.first[node]), int(graph.nodes.second[node])
        if first < 0:
            table[node] = ROWS >> entered & 1
            entered += 1
        else:
            table[node] = (table[first >> 1] ^ bool(first & 1)) & (table[second >> 1] ^ bool(second & 1))
    assert entered == INPUTS
    return table


def value(table: NDArray[np.bool_], literal: int) -> NDArray[np.bool_]:
    return table[literal >> 1] ^ bool(literal & 1)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("all_vectors", [True, False])
def test_each_pair_is_settled_as_its_truth_tables_say(
    seed: int, all_vectors: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not all_vectors:  # so few inputs leave nothing to SAT else
        monkeypatch.setattr(sweeping, "_BUDGETS", dict.fromkeys((100, 2_000, 50_000), 0.0))
    rng = np.random.default_rng(seed)
    graph, literals = random_graph(rng)
    table = truth(graph)
    equal = [(a, b) for a in literals for b in literals if a < b and (value(table, a) == value(table, b)).all()]
    proved = sweep(graph, np.array(equal).reshape(-1, 2), seed=seed)
    assert (proved.settled == 1).all()
    assert proved.witness is None
    for node, literal in enumerate(proved.merged.tolist()):
        assert literal < 0 or (table[node] == value(table, literal)).all()
    a, b = (int(literals[i]) for i in rng.integers(0, len(literals), 2))
    found = sweep(graph, np.array([*equal, (a, b)]), seed=seed)
    if (value(table, a) == value(table, b)).all():
        assert (found.settled == 1).all()
        return
    assert found.settled[-1] == 0
    assert found.witness is not None
    row = int(found.witness @ (1 << np.arange(INPUTS)))
    assert value(table, a)[row] != value(table, b)[row]


@pytest.mark.parametrize("seed", range(20))
def test_matching_by_structure_is_sound_and_sees_what_is_written_twice(seed: int) -> None:
    graph, _ = random_graph(np.random.default_rng(seed))
    table = truth(graph)
    first, second = graph.nodes.first[: len(graph)].copy(), graph.nodes.second[: len(graph)].copy()
    for node in range(1 + INPUTS, len(graph)):
        for other in range(node):
            for flip in (0, 1):
                if same_function(first, second, node, other, flip):
                    assert (table[node] == (table[other] ^ bool(flip))).all()


def test_matching_sees_distributivity() -> None:
    graph = AndGraph()
    a, b, c = graph.inputs(3).tolist()
    apart = graph.conjunction(graph.conjunction(a, b) ^ 1, graph.conjunction(a, c) ^ 1)
    together = graph.conjunction(a, graph.conjunction(b ^ 1, c ^ 1) ^ 1)
    first, second = graph.nodes.first[: len(graph)].copy(), graph.nodes.second[: len(graph)].copy()
    late, early = max(apart, together) >> 1, min(apart, together) >> 1
    flip = (apart ^ together ^ 1) & 1
    assert same_function(first, second, late, early, flip)
    assert not same_function(first, second, late, early, flip ^ 1)
