"""A search network that waits for its clues: one wave of spikes tells them, latches hold them, the search begins."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..errors import NetworkError
from ..network import INPUT, Population, Projection, SpikingNetwork, Synapses
from ..rails import Line
from .constraint_rows import Literal
from .search_network import SearchNetwork

HELD = "held"  # one latch for each clue of the problem


def listen(search: SearchNetwork, tells: Mapping[Line, Literal | None]) -> SpikingNetwork:
    """The network that hears its clues once, all at one step, and searches from then on.

    Its run is that of the search network with those clues given at every step, begun one step after the wave.

    Args:
        search: Made by :func:`logic.search.search_network.build_search`, of a problem with clues.
        tells: Its input lines, each with the clue that it gives, or None if it gives none; some line of each wave must
            fire, so that the search begins.

    Raises:
        NetworkError: if a literal is no clue of the problem.

    Example:
        >>> from logic.search.constraint_rows import SearchProblem, clause
        >>> from logic.search.search_network import build_search
        >>> either = SearchProblem(2, (clause([1, 2]),), decisions=(1, 2), clues=(1, -1))
        >>> waiting = listen(build_search(either), {Line("a=yes"): 1, Line("a=no"): -1, Line("a=?"): None})
        >>> waiting.input_shape, waiting.output_names[:2]
        ((3,), ('solved', 'unsat'))
    """
    clues, network = search.problem.clues, search.network
    place = {literal: number for number, literal in enumerate(clues)}
    if strangers := [literal for literal in tells.values() if literal is not None and literal not in place]:
        raise NetworkError(f"'{search.problem.name(strangers[0])}' is no clue of the problem; it has {len(clues)}")
    told = [(line, place[literal]) for line, literal in enumerate(tells.values()) if literal is not None]
    every = np.arange(len(clues))
    links: list[Projection] = [
        Synapses(INPUT, HELD, [line for line, _ in told], [clue for _, clue in told], 1),
        Synapses(HELD, HELD, every, every, 1),
        Synapses(INPUT, "begun", range(len(tells)), np.zeros(len(tells), np.int64), 1),
        Synapses("begun", "begun", [0], [0], 1),
    ]
    for projection in network.projections:
        links.append(replace(projection, source=HELD) if projection.source == INPUT else projection)
    shift = len(tells) + len(clues) - int(np.prod(network.input_shape))
    return SpikingNetwork(
        (len(tells),),
        (
            Population(HELD, (len(clues),), 1),
            *(replace(p, bias=0) if p.name == "begun" else p for p in network.populations),
        ),
        tuple(links),
        network.outputs + shift,
        network.output_lines,
        network.latencies,
        tuple(tells),
    )
