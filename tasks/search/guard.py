"""The guard of the network for any board, proved on the wired network for all 2^729 assignments, and mutants of it."""

from dataclasses import replace

import numpy as np

from logic.network import Population, Synapses
from logic.search.guard_proof import prove_guard
from logic.search.search_network import SearchNetwork, build_search

from .any_board import any_board
from .counts import latin_blocks
from .figures import Report

MOVES = {"two": 1, "bad": 1, "every": -1, "solved": -1}
"""By which step of a threshold the guard of a board announces more."""


def mutant(network: SearchNetwork, rng: np.random.Generator) -> tuple[SearchNetwork, str]:
    """The same with a guard that announces more: a threshold moved by one or a synapse gone; and what was done."""
    links, populations = list(network.network.projections), list(network.network.populations)
    if rng.random() < 0.5:
        place = int(rng.choice([k for k, population in enumerate(populations) if population.name in MOVES]))
        old = populations[place]
        threshold = old.threshold.copy()
        threshold[(at := int(rng.integers(len(threshold))))] += MOVES[old.name]
        populations[place] = Population(old.name, old.shape, threshold, bias=old.bias)
        what = f"threshold of {old.name}[{at}] moved by {MOVES[old.name]}"
    else:
        place = int(
            rng.choice([k for k, link in enumerate(links) if link.target in ("two", "bad") or link.source == "bad"])
        )
        link = links[place]
        if not isinstance(link, Synapses):
            raise TypeError(f"{link} is not written out")
        weight = link.weight.copy()
        weight[(at := int(rng.integers(len(weight))))] = 0
        links[place] = Synapses(link.source, link.target, link.pre, link.post, weight, link.delay)
        what = f"synapse {at} of {link.source} -> {link.target} gone"
    wired = replace(network.network, projections=tuple(links), populations=tuple(populations))
    return replace(network, network=wired), what


def reports(scale: float, seed: int) -> list[Report]:
    """The proof, and ``20 scale`` mutants of the guards of a 9 x 9 and of a 4 x 4 board."""
    rng = np.random.default_rng(seed)
    report = Report("the guard, from the wired weights")
    for name, problem in (("4 x 4", latin_blocks(4, 2)), ("9 x 9", any_board())):
        network = build_search(problem)
        verdict = prove_guard(network)
        report.say(name, f"{verdict} in {verdict.seconds:.2f} s", verdict.holds is True)
        verdicts = [prove_guard(mutant(network, rng)[0], seconds=2.0).holds for _ in range(max(2, round(20 * scale)))]
        said = ", ".join(
            f"{verdicts.count(v)} {w}" for v, w in ((True, "proved"), (False, "refuted"), (None, "unknown"))
        )
        report.say(f"{name}, {len(verdicts)} mutants", said, True not in verdicts)
    return [report]
