"""The proof of a race judges mutants as brute force over all spikes does; what it shows really fails."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from logic import INPUT, Domain, Population, RealLink, SpikingNetwork, Synapses, simulate
from perception.networks import race_search
from perception.networks.race import EVIDENCE, race, with_race
from perception.networks.race_proof import Decision, prove_race

STEPS = 2
ONE = np.array([[1, -1, 0, 0, 0, 0], [0, 0, 1, -1, 0, 0], [0, 0, 0, 0, 1, -1]])  # every membrane in -2 .. 2 is reached
TWO = np.array([[1, -1, 0, 0], [0, 0, 1, 0], [0, 0, 0, -1], [1, 0, -1, 0]])  # two slots, two values, shared inputs


def raced(weights: np.ndarray, slots: int, rounds: int = 3) -> tuple[SpikingNetwork, Decision]:
    values = len(weights) // slots
    look = Synapses.dense(INPUT, EVIDENCE, weights)
    found = race([look], Domain("d", range(values)), range(slots), depth=1, steps=STEPS, rounds=rounds)
    network = with_race((weights.shape[1],), (), (), found)
    lines = tuple(map(str, network.output_lines))
    return network, Decision([RealLink(INPUT, weights.astype(float))], 1.0, lines, values, found.latency)


def patterns(lines: int) -> torch.Tensor:
    """All spikes ``[T, 2^(T lines), lines]``."""
    rows = np.arange(1 << (STEPS * lines))[:, None] >> np.arange(STEPS * lines) & 1
    return torch.tensor(rows.reshape(-1, STEPS, lines).transpose(1, 0, 2).astype(bool))


def right(network: SpikingNetwork, weights: np.ndarray, slots: int, announce: int) -> bool:
    """Whether the winners are the lowest of the largest for all spikes of the input, by running them all."""
    spikes = patterns(weights.shape[1])
    fired = simulate(network, spikes, announce + 1, record=["winners"])["winners"][announce].numpy()
    evidence = (spikes.numpy().sum(axis=0) @ weights.T).reshape(spikes.shape[1], slots, -1)
    best = np.eye(len(weights) // slots, dtype=bool)[evidence.argmax(axis=2)]
    return bool((fired == best.reshape(fired.shape)).all())


def changed(value: int, kind: int) -> int:
    return (value + 1, value - 1, 2 * value, 0, -value, value + 7)[kind]


def mutants(network: SpikingNetwork, count: int, seed: int) -> list[tuple[str, SpikingNetwork]]:
    """Networks in which one number of the race is another."""
    generator = np.random.default_rng(seed)
    found: list[tuple[str, SpikingNetwork]] = []
    while len(found) < count:
        kind = int(generator.integers(6))
        if generator.random() < 0.5:
            place = int(generator.integers(len(network.projections)))
            synapses = network.projections[place]
            assert isinstance(synapses, Synapses)
            at = int(generator.integers(len(synapses.weight)))
            weight = synapses.weight.copy()
            weight[at] = changed(int(weight[at]), kind)
            one: Any = Synapses(synapses.source, synapses.target, synapses.pre, synapses.post, weight, synapses.delay)
            new = replace(network, projections=(*network.projections[:place], one, *network.projections[place + 1 :]))
            what = f"{synapses.source} -> {synapses.target} [{at}]"
        else:
            place = int(generator.integers(len(network.populations)))
            population = network.populations[place]
            part = ("threshold", "bias", "initial")[int(generator.integers(3 if population.retain else 2))]
            at = int(generator.integers(population.size))
            numbers = getattr(population, part).copy()
            numbers[at] = changed(int(numbers[at]), kind)
            one = replace(population, **{part: numbers})
            assert isinstance(one, Population)
            new = replace(network, populations=(*network.populations[:place], one, *network.populations[place + 1 :]))
            what = f"{part} of {population.name} [{at}]"
        found.append((f"{what} kind {kind}", new))
    return found


@pytest.mark.parametrize(("weights", "slots", "seed"), [(ONE, 1, 0), (TWO, 2, 1)])
def test_mutants_are_judged_as_brute_force_judges_them(weights: np.ndarray, slots: int, seed: int) -> None:
    network, decision = raced(weights, slots)
    assert prove_race(network, decision, STEPS).holds
    assert right(network, weights, slots, decision.announce)
    refuted = 0
    for what, mutant in mutants(network, 100, seed):
        verdict = prove_race(mutant, decision, STEPS)
        assert verdict.holds is right(mutant, weights, slots, decision.announce), f"{what}: {verdict}"
        if verdict.counterexample is not None:
            refuted += 1
            assert fails(mutant, decision, weights, verdict.counterexample), f"{what}: {verdict!r}"
    assert 30 <= refuted <= 95


def fails(network: SpikingNetwork, decision: Decision, weights: np.ndarray, example: dict[str, int]) -> bool:
    """Whether a counterexample is one: its spikes, or some that give its membranes, make another value win."""
    slots, spikes = len(weights) // decision.values, patterns(weights.shape[1])
    if all("@" in name for name in example):
        chosen = torch.zeros(STEPS, 1, weights.shape[1], dtype=torch.bool)
        for name in example:
            line, step = name.removeprefix("input[").split("]@")
            chosen[int(step), 0, int(line)] = True
        spikes = chosen
    evidence = (spikes.numpy().sum(axis=0) @ weights.T).reshape(spikes.shape[1], slots, -1)
    fired = simulate(network, spikes, decision.announce + 1, record=["winners"])["winners"][decision.announce].numpy()
    best = np.eye(decision.values, dtype=bool)[evidence.argmax(axis=2)].reshape(fired.shape)
    wrong = (fired != best).any(axis=1)
    if "@" not in next(iter(example), "@"):
        places = [decision.lines.index(name) for name in example]
        wrong = wrong[(evidence.reshape(len(wrong), -1)[:, places] == list(example.values())).all(axis=1)]
    return bool(wrong.any())


def test_what_cannot_be_tried_in_full_is_never_proved_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race_search, "_ALL", 0)
    network, decision = raced(ONE, 1)
    found = {True: 0, False: 0, None: 0}
    for what, mutant in mutants(network, 60, 7):
        verdict, truth = prove_race(mutant, decision, STEPS), right(mutant, ONE, 1, decision.announce)
        assert verdict.holds is None or verdict.holds is truth, f"{what}: {verdict}"
        found[verdict.holds] += 1
        assert not (truth is False and verdict.holds is None), f"{what}: {verdict}"
    assert found[False] > 20


def test_a_changed_weight_of_a_large_race_is_found() -> None:
    weights = np.random.default_rng(0).integers(-60, 61, (10, 100))
    network, decision = raced(weights, 1, rounds=8)
    assert prove_race(network, decision, STEPS).holds
    heard = network.projections[0]
    assert isinstance(heard, Synapses)
    for at, by in ((0, 1), (1234, -1), (4000, 3)):
        weight = heard.weight.copy()
        weight[at] += by
        one = Synapses(heard.source, heard.target, heard.pre, heard.post, weight)
        mutant = replace(network, projections=(one, *network.projections[1:]))
        verdict = prove_race(mutant, decision, STEPS)
        assert verdict.holds is False, verdict
