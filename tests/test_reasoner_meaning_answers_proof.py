"""Answers of any kind are proved against rules, and mutants are judged as running every reading judges them."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from logic import Domain, SpikingNetwork, Symbols, Synapses, compile_circuit, simulate_reference
from reasoner import (
    MeaningError,
    Program,
    answer_circuit,
    ground,
    infer,
    prove_answers,
    prove_grounded,
    prove_rule,
    read_code,
)

COIN, SUIT = Domain("coin", ("heads", "tails")), Domain("suit", ("clubs", "hearts", "spades"))
DIE = Domain("die", (1, 2, 5))
DOMAINS = (COIN, SUIT, DIE)
UNFOLDED = {
    "an atom": ("w(X) :- coin(0, X), \\+ suit(0, clubs). w(none) :- suit(0, clubs).", "w(W)"),
    "a truth": ("same :- suit(0, X), suit(1, X).", "same"),
    "a list": ("l([X, Y]) :- die(0, X), suit(0, Y).", "l(L)"),
    "two variables": ("p(X, Y) :- die(0, X), coin(0, Y).", "p(X, Y)"),
    "numbers": ("s(S) :- die(0, X), die(1, Y), S is X * Y.", "s(S)"),
    "head and tail": ("h(X, N) :- p([a, b, c], X, T), q(T, N), suit(0, _). p([H|T], H, T). q([_, _|L], L).", "h(X, N)"),
    "inside of a list": ("l([X, Y]) :- die(0, X), suit(0, Y).", "l([A, B])"),
}
GROUNDED = {
    "a sorted list": ("l(L) :- suit(0, X), suit(1, Y), msort([X, Y], L).", "l(L)"),
    "lists read by recursion": ("s(L) :- r([0, 1], L). r([], []). r([I|R], [X|Q]) :- die(I, X), r(R, Q).", "s(L)"),
    "recursion": ("s(0, 0). s(N, S) :- N > 0, M is N - 1, s(M, R), die(M, X), S is R + X.", "s(2, S)"),
}


def compiled(text: str, query: str) -> tuple[Program, SpikingNetwork]:
    program = Program.parse(text, DOMAINS)
    return program, compile_circuit(answer_circuit(ground(program, query)), "positive", "relays")


def wrong_readings(program: Program, query: str, network: SpikingNetwork) -> int:
    """How many readings are answered otherwise than the reasoner answers them, one by one."""
    slots = ground(program, query).slots
    wrong = 0
    for reading in product(*(slot.domain.values for slot in slots)):
        shown = [f"{d.name}({n})={v}" for (d, n), v in zip(slots, reading, strict=True)]
        fired = simulate_reference(network, np.isin(network.input_names, shown)[None], network.latency + 1)
        said = fired[network.latency, network.outputs]
        symbols = [
            Symbols(one, torch.eye(len(one))[torch.tensor([[one.index(v) for v in values]])].log())
            for one in DOMAINS
            if (values := [v for (d, _), v in zip(slots, reading, strict=True) if d == one])
        ]
        answers = infer(program, query, symbols)
        truth = answers.most_likely()[0] if answers.values[0] != () else bool(answers.log_probs.exp() > 0.5)
        wrong += read_code(network.output_names, said[None]) != [truth]
    return wrong


def mutants(network: SpikingNetwork, count: int, seed: int) -> list[SpikingNetwork]:
    """Networks with another weight or threshold."""
    generator, found = np.random.default_rng(seed), list[SpikingNetwork]()
    for number in range(count):
        by = int(generator.choice([-2, -1, 1, 2]))
        if number % 2:
            place = int(generator.integers(len(network.projections)))
            synapses = network.projections[place]
            assert isinstance(synapses, Synapses)
            weight = synapses.weight.copy()
            weight[generator.integers(len(weight))] += by
            one: Any = Synapses(synapses.source, synapses.target, synapses.pre, synapses.post, weight, synapses.delay)
            parts = [*network.projections]
            parts[place] = one
            found.append(replace(network, projections=tuple(parts)))
        else:
            place = int(generator.integers(len(network.populations)))
            threshold = network.populations[place].threshold.copy()
            threshold[generator.integers(len(threshold))] += by
            cells = [*network.populations]
            cells[place] = replace(cells[place], threshold=threshold)
            found.append(replace(network, populations=tuple(cells)))
    return found


@pytest.mark.parametrize("text", UNFOLDED.values(), ids=UNFOLDED)
def test_mutants_are_judged_as_all_readings_judge_them(text: tuple[str, str]) -> None:
    program, network = compiled(*text)
    assert prove_rule(program, text[1], network).holds
    assert prove_grounded(program, text[1], network).holds
    assert wrong_readings(program, text[1], network) == 0
    refuted = 0
    for mutant in mutants(network, 12, 5):
        truth = wrong_readings(program, text[1], mutant) == 0
        for verdict in (prove_rule(program, text[1], mutant), prove_grounded(program, text[1], mutant)):
            assert verdict.holds is truth, verdict
            refuted += not truth
    assert refuted


@pytest.mark.parametrize("text", GROUNDED.values(), ids=GROUNDED)
def test_what_does_not_unfold_is_proved_against_its_grounding(text: tuple[str, str]) -> None:
    program, network = compiled(*text)
    with pytest.raises(MeaningError):
        prove_rule(program, text[1], network)
    verdict = prove_answers(program, text[1], network)
    assert verdict.holds
    assert "as the grounded rules do" in verdict.claim
    for mutant in mutants(network, 10, 3):
        assert prove_answers(program, text[1], mutant).holds is (wrong_readings(program, text[1], mutant) == 0)


def test_another_rule_and_unclear_ones_are_refuted() -> None:
    text, query = UNFOLDED["an atom"]
    _, network = compiled(text, query)
    other = Program.parse("w(X) :- coin(0, X), \\+ suit(0, hearts). w(none) :- suit(0, hearts).", DOMAINS)
    unclear = Program.parse("w(X) :- coin(0, X). w(none) :- suit(0, clubs).", DOMAINS)
    for program in (other, unclear):
        assert prove_rule(program, query, network).holds is False
        assert prove_grounded(program, query, network).holds is False
    foreign = Program.parse("w(X) :- coin(0, X), suit(0, _). w(more) :- coin(0, tails).", DOMAINS)
    assert prove_rule(foreign, query, network).holds is False


def test_several_answers_are_proved_each() -> None:
    program = Program.parse("w(X) :- suit(0, X). w(X) :- suit(1, X).", DOMAINS)
    network = compile_circuit(answer_circuit(ground(program, "w(W)"), several=True), "positive", "relays")
    assert prove_rule(program, "w(W)", network).holds
    assert prove_grounded(program, "w(W)", network).holds
    for mutant in mutants(network, 10, 1):
        assert prove_rule(program, "w(W)", mutant).holds is prove_grounded(program, "w(W)", mutant).holds
