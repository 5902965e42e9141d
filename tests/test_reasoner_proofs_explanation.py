"""Explanations against brute force: k best proofs in order, posteriors, most probable worlds and smallest changes."""

from itertools import product
from math import exp, log, prod

import pytest
import torch
from hypothesis import given, settings, strategies as st

from logic import Domain, Symbols
from reasoner import CountingError, Program, QueryError, best_proofs, explain, ground, infer
from reasoner.grounding.grounding import Grounding, Negation, SlotValue, Support
from reasoner.proofs.cheapest import cheapest_derivation, cheapest_derivations
from reasoner.proofs.derivations import derivation_graph

COLOURS = Domain("colour", ("red", "green", "blue"))
PROGRAMS = {
    "disjoint": "p(X) :- colour(0, X), colour(1, X). p(none) :- colour(0, X), colour(1, Y), X \\= Y.",
    "shared": """p(yes) :- a, b. a :- colour(0, red). a :- colour(1, green).
        b :- colour(1, green). b :- colour(2, blue).""",
    "dearer and shared": """p(yes) :- a, colour(1, red). a :- colour(0, red). a :- colour(0, red), colour(2, red).
        a :- colour(0, red), colour(1, red).""",
    "negated": "p(yes) :- \\+ q. p(no) :- q. q :- colour(0, X), colour(1, X). q :- colour(2, red), \\+ colour(0, red).",
    "circular": """p(X) :- r(0, X). e(0, 1) :- colour(0, red). e(1, 2) :- colour(1, red). e(2, 0) :- colour(2, red).
        e(0, 2) :- colour(0, blue). e(2, 1) :- colour(2, blue). r(X, Y) :- e(X, Y). r(X, Y) :- r(X, Z), e(Z, Y).""",
    "unreached": """p(cut) :- \\+ r(0, 2). p(whole) :- r(0, 2). e(0, 1) :- colour(0, red). e(1, 0) :- colour(1, blue).
        e(1, 2) :- colour(2, red). r(X, Y) :- e(X, Y). r(X, Y) :- e(X, Z), r(Z, Y).""",
}


def belief(seed: int, slots: int = 3) -> Symbols:
    scores = torch.randn(1, slots, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Symbols(COLOURS, (2 * scores).log_softmax(2))


def all_proofs(grounding: Grounding, atom: int, above: tuple[int, ...] = ()) -> list[dict[int, str]]:
    """The values that each proof of an atom uses, by plain recursion; only for programs without negation."""
    place = {slot.number: number for number, slot in enumerate(grounding.slots)}
    found: list[dict[int, str]] = []
    for instance in (i for i in grounding.instances if i.head == atom):

        def ways(support: Support) -> list[dict[int, str]]:
            assert not isinstance(support, Negation)
            if isinstance(support, SlotValue):
                return [{place[support.slot]: str(support.value)}]
            return [] if support in (*above, atom) else all_proofs(grounding, support, (*above, atom))

        for parts in product(*(ways(support) for support in instance.body)):
            merged: dict[int, str] = {}
            if all(merged.setdefault(slot, value) == value for part in parts for slot, value in part.items()):
                found.append(merged)
    return found


@pytest.mark.parametrize("name", ["disjoint", "shared", "dearer and shared", "circular"])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_proofs_are_those_of_brute_force_in_order(name: str, seed: int) -> None:
    program, symbols = Program.parse(PROGRAMS[name], (COLOURS,)), belief(seed)
    grounding = ground(program, "p(X)")
    for answer in grounding.answers:
        sizes: list[float] = []
        for used in all_proofs(grounding, answer.atom):
            picked = [(grounding.slots[slot].number, COLOURS.index(value)) for slot, value in used.items()]
            sizes.append(prod(exp(symbols.log_probs[0, slot, value]) for slot, value in picked))
        found = best_proofs(program, "p(X)", symbols, answer.text, count=1000)
        assert [proof.probability for proof in found] == pytest.approx(sorted(sizes, reverse=True))
        for proof in found:
            facts = {node.text for node in proof.proof.nodes() if node.kind == "fact"}
            assert facts == {f"colour({slot},{value})" for (_, slot), value in proof.values.items()}


@pytest.mark.parametrize("name", list(PROGRAMS))
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6))
def test_worlds_posteriors_and_changes_are_those_of_brute_force(name: str, seed: int) -> None:
    program, symbols = Program.parse(PROGRAMS[name], (COLOURS,)), belief(seed)
    slots = [slot.number for slot in ground(program, "p(X)").slots]
    log_probs = symbols.log_probs[0][slots]
    answers = explain(program, "p(X)", symbols, top=10)
    holds: dict[str, list[tuple[int, ...]]] = {answer.atom: [] for answer in answers}
    for world in product(range(3), repeat=len(slots)):
        certain = torch.full((1, 3, 3), -1e6, dtype=torch.float64)
        certain[0, slots, list(world)] = 0.0
        for atom, value in zip(*_found(program, certain), strict=True):
            if value > 0.5:
                holds[atom].append(world)

    def weight(world: tuple[int, ...]) -> float:
        return exp(sum(float(log_probs[slot, value]) for slot, value in enumerate(world)))

    first = tuple(COLOURS.index(value) for value in answers[0].world.values())
    for answer in answers:
        worlds = holds[answer.atom]
        total = sum(map(weight, worlds))
        assert answer.probability == pytest.approx(total)
        assert answer.world_probability == pytest.approx(max(map(weight, worlds)))
        for slot, shares in enumerate(answer.posterior.values()):
            for value, share in enumerate(shares.values()):
                assert share == pytest.approx(sum(weight(w) for w in worlds if w[slot] == value) / total, abs=1e-9)
        if answer.contrast is None:
            assert answer is answers[0]
            continue
        distance = {world: sum(a != b for a, b in zip(world, first, strict=True)) for world in worlds}
        assert len(answer.contrast.changes) == min(distance.values())
        nearest = [world for world in worlds if distance[world] == min(distance.values())]
        assert answer.contrast.cost == pytest.approx(log(weight(first) / max(map(weight, nearest))), abs=1e-6)
        assert answer.contrast.gap == pytest.approx(log(answers[0].probability / answer.probability))


def _found(program: Program, log_probs: torch.Tensor) -> tuple[tuple[str, ...], list[float]]:
    found = infer(program, "p(X)", Symbols(COLOURS, log_probs.log_softmax(2)))
    return found.atoms, found.log_probs[0].exp().tolist()


@pytest.mark.parametrize("name", list(PROGRAMS))
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6))
def test_the_cheapest_derivation_is_the_first_that_the_search_finds(name: str, seed: int) -> None:
    graph = derivation_graph(ground(Program.parse(PROGRAMS[name], (COLOURS,)), "p(X)"))
    costs = (-belief(seed).log_probs[0]).tolist()
    for answer in range(len(graph.answers)):
        first, at_once = next(cheapest_derivations(graph, answer, costs)), cheapest_derivation(graph, answer, costs)
        assert at_once.cost == pytest.approx(first.cost)
        assert at_once[1:] == first[1:]
    assert graph.exact == (name == "disjoint")


def test_many_proofs_of_a_long_sum_come_in_order() -> None:
    text = "p(S) :- t(6, S). t(0, 0). t(N, S) :- N > 0, M is N - 1, t(M, R), bit(M, D), S is R + D."
    bits = Domain("bit", (0, 1))
    symbols = Symbols(bits, torch.randn(1, 6, 2, generator=torch.Generator().manual_seed(0)).double().log_softmax(2))
    program = Program.parse(text, (bits,))
    found = [proof.probability for proof in best_proofs(program, "p(S)", symbols, 3, count=100)]
    rows = [w for w in product((0, 1), repeat=6) if sum(w) == 3]
    expected = [prod(exp(symbols.log_probs[0, i, v]) for i, v in enumerate(w)) for w in rows]
    assert found == pytest.approx(sorted(expected, reverse=True))


def test_budget_and_unknown_answers() -> None:
    program = Program.parse(PROGRAMS["shared"], (COLOURS,))
    with pytest.raises(CountingError, match="within 3 steps"):
        next(cheapest_derivations(derivation_graph(ground(program, "p(X)")), 0, [[1.0] * 3] * 3, budget=3))
    with pytest.raises(QueryError, match="never has the answer 'maybe'"):
        best_proofs(program, "p(X)", belief(0), "maybe")
