"""What a search says is proved: refutations by another solver and checker, guards by going through everything."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from pysat.solvers import Minisat22

from logic import NetworkError, SpikingNetwork, Synapses
from logic.proving.drat import refutes
from logic.search.constraint_rows import Group, Row, SearchProblem, clause
from logic.search.guard_proof import check_certificate_of_guard, guard_certificate, prove_guard
from logic.search.refutations import Refutation, check_refutation, refutation_of, write_refutation
from logic.search.search_network import SearchNetwork, build_search
from logic.search.searching import search
from tests.test_logic_search_network import pigeons, problems, solutions


@settings(max_examples=60, deadline=None)
@given(problems(), st.integers(0, 3), st.sampled_from(["dynamic", "static"]))
def test_every_exhausted_search_has_spiked_its_refutation(problem: SearchProblem, seed: int, choice: str) -> None:
    network = build_search(problem, seed=seed, choice=choice, counts=True, confirm=False)  # pyright: ignore[reportArgumentType]
    found = search(network)
    refutation = refutation_of(found)
    assert check_refutation(refutation)
    assert len(refutation.excluded) == len(solutions(problem))


@pytest.mark.parametrize("confirm", [False, True])
def test_a_refutation_is_accepted_by_the_checker_of_circuits(confirm: bool) -> None:
    refutation = refutation_of(search(build_search(pigeons(4), confirm=confirm)))
    clauses = [row.literals for row in refutation.rows]
    assert len(refutation.steps) > 3
    assert refutes(clauses, refutation.steps)
    assert check_refutation(refutation)
    with Minisat22(bootstrap_with=[list(c) for c in clauses]) as solver:
        assert not solver.solve()


def test_a_refutation_with_a_false_line_is_refused() -> None:
    good = refutation_of(search(build_search(pigeons(3))))
    assert check_refutation(good)
    assert not check_refutation(replace(good, steps=((1,), *good.steps)))
    assert not check_refutation(replace(good, steps=good.steps[:-1]))
    assert not check_refutation(replace(good, steps=((),)))
    assert not check_refutation(replace(good, rows=good.rows[1:]))
    assert not check_refutation(Refutation(1, (), (), ()))


def test_a_solved_search_has_no_refutation() -> None:
    problem = SearchProblem(1, (Row((1,), (1,), 1),), decisions=(1,))
    with pytest.raises(NetworkError, match="was not exhausted"):
        refutation_of(search(build_search(problem)))


def test_the_files_say_the_formula_and_its_lines(tmp_path: Path) -> None:
    rows = tuple(row for c in ([1, 2], [-1, 2], [1, -2], [-1, -2]) if (row := clause(c)))
    refutation = refutation_of(search(build_search(SearchProblem(2, rows, decisions=(1, 2)), confirm=False)))
    formula, proof = write_refutation(refutation, tmp_path / "two.cnf")
    assert formula.read_text() == "p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n"
    assert proof.read_text() == "-1 0\n0\n"
    formula, proof = write_refutation(refutation, tmp_path / "two.opb")
    assert formula.read_text().splitlines()[:2] == ["* #variable= 2 #constraint= 4", "1 x1 1 x2 >= 1 ;"]
    assert proof.read_text().splitlines() == [
        "pseudo-Boolean proof version 1.1", "f 4", "rup 1 ~x1 >= 1 ;", "rup >= 1 ;", "c 6 0",
    ]  # fmt: skip


def test_weighted_rows_are_refused_as_clauses(tmp_path: Path) -> None:
    rows = (Row((1, 2, 3), (1, 1, 1), 2, "p.pl, line 3"), Row((-1, -2, -3), (1, 1, 1), 2))
    refutation = refutation_of(search(build_search(SearchProblem(3, rows, decisions=(1, 2, 3)))))
    assert check_refutation(refutation)
    with pytest.raises(NetworkError, match=r"p.pl, line 3 is no clause.*weighted.opb"):
        write_refutation(refutation, tmp_path / "weighted.cnf")
    assert list(tmp_path.iterdir()) == []


def announces(network: SpikingNetwork, problem: SearchProblem, rails: int, true: frozenset[int]) -> bool:
    """Whether the guard fires for an assignment, by the weights and thresholds alone."""
    flat = network.flatten()

    def fires(source: int) -> bool:
        if rails <= source < rails + 2 * problem.variables:
            return source - rails + 1 in true
        heard = flat.post == source - flat.inputs
        total = sum(w for pre, w in zip(flat.pre[heard], flat.weight[heard], strict=True) if fires(int(pre)))
        return bool(total + flat.bias[source - flat.inputs] >= flat.threshold[source - flat.inputs])

    return fires(int(network.outputs[0]))


GUARD = ("sat", "violated", "two", "has", "filled", "bad", "every", "solved")


def mutated(network: SearchNetwork, rng: np.random.Generator) -> SearchNetwork:
    """The same with one number of the guard changed, or one synapse gone."""
    links = list(network.network.projections)
    populations = list(network.network.populations)
    kind = rng.integers(3)
    if kind == 2:
        place = int(rng.choice([k for k, p in enumerate(populations) if p.name in GUARD]))
        threshold = populations[place].threshold.copy()
        threshold[rng.integers(len(threshold))] += rng.choice([-1, 1])
        one = populations[place]
        populations[place] = type(one)(one.name, one.shape, threshold, bias=one.bias)
    else:
        place = int(rng.choice([k for k, link in enumerate(links) if link.target in GUARD]))
        link = links[place]
        assert isinstance(link, Synapses)
        weight, at = link.weight.copy(), int(rng.integers(len(link.weight)))
        weight[at] = 0 if kind else weight[at] + rng.choice([-1, 1])
        links[place] = Synapses(link.source, link.target, link.pre, link.post, weight, link.delay)
    wired = replace(network.network, projections=tuple(links), populations=tuple(populations))
    return replace(network, network=wired)


def small_problem(rng: np.random.Generator) -> SearchProblem:
    n = 6
    rows = [
        Row(
            tuple(int(v) * int(rng.choice([-1, 1])) for v in rng.permutation(n)[:3] + 1),
            (2, 1, 1),
            int(rng.integers(1, 4)),
        )
        for _ in range(3)
    ]
    groups = [Group((1, 2, 3), True), Group((4, 5, 6), True), Group((1, 4), False), Group((2, 5), True)]
    return SearchProblem(n, tuple(rows), tuple(groups[: int(rng.integers(0, 5))]), tuple(range(1, n + 1)))


@pytest.mark.parametrize("seed", range(40))
def test_a_guard_is_proved_and_a_mutated_one_only_if_it_is_still_right(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = small_problem(rng)
    network = build_search(problem)
    assert prove_guard(network).holds
    changed = mutated(network, rng)
    verdict = prove_guard(changed)
    assignments = [frozenset(v + 1 for v in range(6) if bits[v]) for bits in product((0, 1), repeat=6)]
    rails = network.starts["rails"]
    wrong = [
        true for true in assignments if announces(changed.network, problem, rails, true) and not problem.holds(true)
    ]
    assert verdict.holds is not bool(wrong)
    if wrong:
        assert verdict.holds is False
        assert verdict.counterexample is not None
        assert frozenset(int(name[1:]) for name, value in verdict.counterexample.items() if value) in wrong


def test_mutations_that_matter_occur() -> None:
    verdicts = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        verdicts.append(prove_guard(mutated(build_search(small_problem(rng)), rng)).holds)
    assert verdicts.count(False) > 8
    assert verdicts.count(True) > 4


def test_a_late_synapse_of_the_guard_is_not_proved() -> None:
    network = build_search(SearchProblem(3, (), (Group((1, 2, 3), True),), (1, 2, 3)))
    links = [
        replace_delay(link) if link.source == "rails" and link.target == "two" else link
        for link in network.network.projections
    ]
    late = replace(network, network=replace(network.network, projections=tuple(links)))
    assert prove_guard(network).holds
    assert not prove_guard(late).holds


def replace_delay(link: object) -> Synapses:
    """The same synapses, a step later."""
    assert isinstance(link, Synapses)
    return Synapses(link.source, link.target, link.pre, link.post, link.weight, link.delay + 1)


def test_a_forged_certificate_is_refused() -> None:
    network = build_search(SearchProblem(3, (), (Group((1, 2, 3), True),), (1, 2, 3)))
    good = guard_certificate(network)
    assert check_certificate_of_guard(network, good) == []
    assert check_certificate_of_guard(network, replace(good, multipliers=())) == [0, 1]
    assert check_certificate_of_guard(network, replace(good, multipliers=({0: -1}, {99: 1}))) == [0, 1]
    assert check_certificate_of_guard(network, replace(good, multipliers=good.multipliers[::-1])) == [0, 1]


def test_two_guards_and_counting_guards_are_proved_too() -> None:
    problem = pigeons(3)
    for network in (build_search(problem, two_guards=True), build_search(problem, counts=True)):
        assert prove_guard(network).holds
