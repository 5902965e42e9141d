"""Search networks against brute force: every solution, none where there is none, the spikes of the semantics."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic import NetworkError, simulate_reference
from logic.network import Integers, SpikingNetwork
from logic.search.constraint_rows import Group, Row, SearchProblem, clause, gather_groups, weighted_row
from logic.search.event_run import EventRun, fanout
from logic.search.search_network import build_search
from logic.search.searching import search, search_orders
from tests.networks import random_network

VARIABLES = 6
LITERALS = st.integers(1, VARIABLES).flatmap(lambda v: st.sampled_from([v, -v]))
ROWS = st.builds(
    weighted_row, st.dictionaries(LITERALS, st.integers(-3, 3), min_size=1, max_size=5), st.integers(-3, 6)
)
CLAUSES = st.builds(clause, st.lists(LITERALS, min_size=1, max_size=3))
GROUPS = st.builds(
    Group, st.lists(st.integers(1, VARIABLES), min_size=1, max_size=4, unique=True).map(tuple), st.booleans()
)


def solutions(problem: SearchProblem) -> list[frozenset[int]]:
    """By going through all assignments."""
    every = range(1, problem.variables + 1)
    truths = (
        frozenset(v for v, bit in zip(every, bits, strict=True) if bit) for bits in product((0, 1), repeat=len(every))
    )
    return [true for true in truths if problem.holds(true)]


@st.composite
def problems(draw: st.DrawFn) -> SearchProblem:
    rows = draw(st.lists(st.one_of(ROWS, CLAUSES, CLAUSES), max_size=14))
    groups = draw(st.lists(GROUPS, max_size=3))
    order = draw(st.permutations(range(1, VARIABLES + 1)))
    signs = draw(st.lists(st.sampled_from([1, -1]), min_size=VARIABLES, max_size=VARIABLES))
    decisions = tuple(v * sign for v, sign in zip(order, signs, strict=True))
    return SearchProblem(VARIABLES, tuple(row for row in rows if row), tuple(groups), decisions)


@settings(max_examples=80, deadline=None)
@given(problems(), st.sampled_from(["dynamic", "static"]), st.integers(0, 3))
def test_a_solution_is_found_if_and_only_if_there_is_one(problem: SearchProblem, choice: str, seed: int) -> None:
    expected = solutions(problem)
    for said in (problem, gather_groups(problem)):
        found = search(build_search(said, seed=seed, choice=choice))  # pyright: ignore[reportArgumentType]
        assert found.solvable is bool(expected)
        assert found.true is None or found.true in expected


@settings(max_examples=80, deadline=None)
@given(problems(), st.integers(0, 3))
def test_a_static_order_announces_each_solution_once_and_then_the_end(problem: SearchProblem, seed: int) -> None:
    found = search(build_search(problem, seed=seed, choice="static", counts=True, confirm=False))
    assert found.complete
    assert sorted(map(sorted, found.solutions)) == sorted(map(sorted, solutions(problem)))


@settings(max_examples=40, deadline=None)
@given(problems(), st.integers(0, 3))
def test_a_dynamic_choice_announces_each_solution_and_then_the_end(problem: SearchProblem, seed: int) -> None:
    found = search(build_search(problem, seed=seed, counts=True, confirm=False))
    assert found.complete
    assert set(found.solutions) == set(solutions(problem))


@settings(max_examples=30, deadline=None)
@given(problems(), st.sets(st.integers(1, VARIABLES)))
def test_clues_are_heeded(problem: SearchProblem, clues: set[int]) -> None:
    given_from_outside = SearchProblem(
        VARIABLES, problem.rows, problem.groups, problem.decisions, tuple(range(1, VARIABLES + 1))
    )
    expected = [true for true in solutions(problem) if clues <= true]
    found = search(build_search(given_from_outside), sorted(clues))
    assert found.solvable is bool(expected)
    assert found.true is None or found.true in expected


def spikes_of(network: SpikingNetwork, given: Integers, flips: Integers, steps: int) -> np.ndarray:
    """The semantics as a plain loop, with faults."""
    flat = network.flatten()
    trains = np.zeros((steps, flat.inputs + len(flat.threshold)), bool)
    for t in range(steps):
        current = flat.bias.copy()
        heard = flat.delay <= t
        sent = trains[t - flat.delay[heard], flat.pre[heard]]
        np.add.at(current, flat.post[heard], flat.weight[heard] * sent)
        trains[t] = [*given, *(current >= flat.threshold)]
        for at, source in flips.tolist():
            if at == t:
                trains[t, source] ^= True
    return trains


@pytest.mark.parametrize("seed", range(12))
def test_simulation_by_changes_gives_the_spikes_of_the_semantics(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network, steps = random_network(rng, balanced=False), 40
    inputs = int(np.prod(network.input_shape))
    sources = inputs + network.neurons
    given = rng.integers(0, 2, inputs).astype(bool)
    flips = np.stack([rng.integers(0, steps, 6), rng.integers(0, sources, 6)], axis=1)
    flips = np.unique(flips, axis=0) if seed % 2 else flips[:0]
    expected = spikes_of(network, given, flips, steps)
    if not seed % 2:
        assert (expected == simulate_reference(network, np.tile(given, (steps, 1)), steps)).all()
    run = EventRun(fanout(network), given, flips)
    for t in range(steps):
        run.until(t + 1, np.zeros(0, np.int64))
        assert run.step == t
        assert (run.fires == expected[t]).all()
        for age in range(min(t, fanout(network).depth) + 1):
            assert (run.before(age) == expected[t - age]).all()
    assert run.spikes == expected.sum()


def test_a_search_runs_as_the_semantics_says() -> None:
    rows = [clause(c) for c in ([1, 2, 3], [-1, -2], [-2, -3], [-1, -3], [1, -2, 4], [-4, 2], [-4, 3], [4, -3])]
    problem = gather_groups(SearchProblem(4, tuple(row for row in rows if row), decisions=(4, 3, 2, 1)))
    network = build_search(problem, choice="static", counts=True, confirm=False)
    found = search(network)
    trains = simulate_reference(network.network, np.zeros((0, 0), bool), found.step + 1)
    solved, unsat = network.network.outputs[:2]
    assert found.complete
    assert trains[:, unsat].nonzero()[0].tolist() == [found.step]
    assert (np.diff(trains[:, solved].astype(int)) == 1).sum() == len(found.solutions) == len(solutions(problem)) > 0
    assert trains.sum() == found.spikes
    assert trains[:, network.place("wipe")].sum() == found.conflicts


def pigeons(count: int) -> SearchProblem:
    """One more pigeon than holes."""
    place = {(p, h): p * count + h + 1 for p in range(count + 1) for h in range(count)}
    groups = [Group(tuple(place[p, h] for h in range(count)), True) for p in range(count + 1)]
    groups += [Group(tuple(place[p, h] for p in range(count + 1)), False) for h in range(count)]
    return SearchProblem(len(place), (), tuple(groups), tuple(place.values()))


def test_no_solution_is_said_only_after_two_exhausted_searches() -> None:
    once, twice = (search(build_search(pigeons(3), confirm=confirm)) for confirm in (False, True))
    assert once.solvable is twice.solvable is False
    assert twice.step > once.step
    assert twice.refuted[-1].clause == ()
    assert sum(not refuted.clause for refuted in twice.refuted) == 2


def test_not_finished_is_not_no_solution() -> None:
    assert search(build_search(pigeons(4)), steps=50).solvable is None


def test_the_first_of_several_orders_wins() -> None:
    problem = pigeons(4)
    steps = [search(build_search(problem, seed=seed)).step for seed in range(5)]
    assert len(set(steps)) > 1
    found, winner = search_orders(problem, orders=5)
    assert (found.step, winner) == (min(steps), steps.index(min(steps)))


def test_rows_are_normalised() -> None:
    assert weighted_row({1: -1, 2: -1}, -1) == Row((-1, -2), (1, 1), 1)
    assert weighted_row({1: 9, 2: 4}, 3) == clause([1, 2])._replace(bound=3, weights=(3, 3))  # pyright: ignore
    assert clause([1, -1]) is None
    assert weighted_row({1: 1}, 2) == Row((), (), 2)


def test_literals_out_of_range_are_refused() -> None:
    with pytest.raises(NetworkError, match="3 is no literal of the variables 1"):
        SearchProblem(2, (Row((3,), (1,), 1, "line 4"),))
    with pytest.raises(NetworkError, match="is no clue"):
        search(build_search(pigeons(2)), [1])


def test_what_is_too_large_is_refused_before_it_is_wired() -> None:
    variables = tuple(range(1, 6_001))
    problem = SearchProblem(6_000, (), (Group(variables, True, "p.pl, line 7"),), (1, 2))
    with pytest.raises(NetworkError, match=r"synapses, at most 20,000,000; the group of p.pl, line 7 alone"):
        build_search(problem)
