"""Trying all vectors: a single one that tells two functions apart is found, and none is made up."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic.sweeping.exhaustive import Cone, cone_of, try_all
from logic.sweeping.graph import AndGraph
from logic.watch import Watch


def conjunctions(inputs: int, vector: int, reverse: bool) -> Cone:
    """All inputs as one vector has them: beside a constant, or beside the same written the other way round."""
    graph = AndGraph()
    own = [int(literal) ^ (~vector >> i & 1) for i, literal in enumerate(graph.inputs(inputs))]
    left = right = 1
    for literal in own:
        left = graph.conjunction(left, literal)
    for literal in reversed(own):
        right = graph.conjunction(right, literal)
    pairs = np.array([[left, right if reverse else 0]])
    first, second = graph.nodes.first[: len(graph)], graph.nodes.second[: len(graph)]
    return cone_of(first, second, pairs, np.ones(len(graph), np.bool_))


@settings(deadline=None)
@given(st.integers(1, 14), st.data(), st.integers(1, 3))
def test_the_only_vector_that_tells_them_apart_is_found(inputs: int, data: st.DataObject, jobs: int) -> None:
    vector = data.draw(st.integers(0, (1 << inputs) - 1))
    tried, found = try_all(conjunctions(inputs, vector, False), Watch(jobs=jobs))
    assert tried
    assert found is not None
    assert int(found @ (1 << np.arange(inputs))) == vector
    assert try_all(conjunctions(inputs, vector, True), Watch(jobs=jobs)) == (True, None)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_vector_far_behind_is_found_by_several_turns(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logic.sweeping.exhaustive._TURN", 1)
    vector = (1 << 15) - 2
    found = try_all(conjunctions(15, vector, False), Watch(jobs=jobs))[1]
    assert found is not None
    assert int(found @ (1 << np.arange(15))) == vector


def test_a_late_watch_leaves_it_open() -> None:
    assert try_all(conjunctions(9, 5, True), Watch(deadline=0.0)) == (False, None)


def test_work_says_what_nobody_waits_for() -> None:
    assert conjunctions(10, 3, True).work == pytest.approx(16 * (1 + 10 + 9 + 8), rel=0.2)
    assert conjunctions(50, 3, True).work == float("inf")
