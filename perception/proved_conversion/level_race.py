"""The race behind a network of levels, proved from its wiring: its sources fire in their windows and never else."""

from math import prod

import numpy as np

from logic import INPUT, NetworkError, Projection, RealLink, SpikingNetwork, Synapses, Verdict, membrane_bounds
from logic.levels.level_codes import delay, sendings
from logic.levels.level_weights import Weights
from logic.projections import write_out

from ..networks.race import EVIDENCE
from ..networks.race_proof import Decision, prove_race
from .level_perception import LevelPerception

RACE = ("pairs", "won", "winners")


def prove_level_race(
    wired: SpikingNetwork, perception: LevelPerception, lines: tuple[str, ...], announce: int
) -> Verdict:
    """Whether the value with the greatest logit wins, given that the layers send their levels.

    Args:
        wired: Layers and race of one slot, as they are wired.
        perception: Whose logits decide.
        lines: Names of its values.
        announce: Step at which the winner fires.
    """
    network, times = perception.network, sendings(perception.network, perception.code)
    readout = network.readout
    sources = list(dict.fromkeys((INPUT, *(term.source for term in readout.terms))))
    first = dict(
        zip(sources, np.cumsum([0, *(prod(wired.shape_of(name)) for name in sources)])[:-1].tolist(), strict=True)
    )
    size = sum(prod(wired.shape_of(name)) for name in sources)
    fires = np.zeros((announce + 1, size), np.bool_)
    for name in sources:
        here = slice(first[name], first[name] + prod(wired.shape_of(name)))
        fires[times[name].first : times[name].last + 1, here] = True
    alone = _race_alone(wired, first, size)
    weights = Weights(wired, network, perception.code)
    links: list[RealLink] = []
    for term in readout.terms:
        wanted = write_out(
            weights.wanted(readout, term, EVIDENCE), wired.shape_of(term.source), network.shapes[readout.name]
        )
        moved = Synapses(INPUT, EVIDENCE, wanted.pre + first[term.source], wanted.post, wanted.weight)
        links.append(RealLink(INPUT, moved, delay=delay(readout, term.source, times)))
    source = readout.terms[0].source if perception.code.together else INPUT
    biased, on = np.flatnonzero(readout.bias), first[source] + (weights.on(source) or 0)
    bias = Synapses(INPUT, EVIDENCE, np.full(len(biased), on), biased, readout.bias[biased])
    links.append(RealLink(INPUT, bias, delay=times[readout.name].ready - times[source].last))
    decision = Decision(links, 1.0, lines, len(lines), announce)
    return prove_race(alone, decision, announce + 1, bounds=membrane_bounds(alone, announce + 1, fires))


def _race_alone(wired: SpikingNetwork, first: dict[str, int], size: int) -> SpikingNetwork:
    """The populations of the race, hearing the lines of some others as their input."""
    kept: list[Projection] = []
    for one in wired.projections:
        if one.target in RACE and one.source in RACE:
            kept.append(one)
        elif one.target in RACE and one.source not in first:
            raise NetworkError(f"'{one.target}' hears '{one.source}', which is no source of the readout")
        elif one.target in RACE:
            found = write_out(one, wired.shape_of(one.source), wired.shape_of(one.target))
            kept.append(
                Synapses(INPUT, one.target, found.pre + first[one.source], found.post, found.weight, found.delay)
            )
    populations = tuple(wired.population(name) for name in RACE)
    count = populations[-1].size
    return SpikingNetwork(
        (size,),
        populations,
        tuple(kept),
        size + sum(population.size for population in populations[:-1]) + np.arange(count),
        wired.output_lines,
        np.full(count, wired.latency),
    )
