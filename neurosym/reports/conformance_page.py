"""What a comparison with other simulators found, as a page: the table, the chip's cores, rasters side by side."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from logic.simulators import SIMULATORS, Outcome

from . import figures
from .chip_figures import core_map
from .page import Figure, Part, Section, Table, Text, Tile, Tiles, write_report

_MOST_LINES = 40  # of a raster
_MOST_STEPS = 60
_A_CORE = 1024  # neurons, of Loihi


def write_conformance_page(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Writes the page.

    Raises:
        FileError: if it cannot be written.
    """
    networks = list(dict.fromkeys(outcome.network for outcome in outcomes))
    sections = [_summary(outcomes), *(_network(name, [o for o in outcomes if o.network == name]) for name in networks)]
    write_report(
        path,
        "Spike for spike elsewhere",
        sections,
        subtitle="The same networks in simulators of others: every neuron at every step, at the declared steps only.",
        footer=f"neurosym, Python {sys.version.split()[0]}; {' '.join(sys.argv[1:])}",
    )


def _summary(outcomes: Sequence[Outcome]) -> Section:
    counts = {word: sum(outcome.verdict == word for outcome in outcomes) for word in ("identical", "refused", "wrong")}
    compared = sum(outcome.neurons * outcome.steps * outcome.samples for outcome in outcomes if outcome.version)
    tiles = Tiles(
        (
            Tile(f"{counts['identical']}", "identical", "", "Networks in targets, all neurons at all steps."),
            Tile(f"{counts['wrong']}", "wrong", "none", "", counts["wrong"] == 0),
            Tile(f"{counts['refused']}", "refused", "", "With the neuron, the limit and a way out."),
            Tile(f"{compared:,}", "entries compared", "", "Neurons times steps, each zero or one spike."),
        )
    )
    head = ("network", "target", "result", "neurons", "steps", "waves", "shift", "spikes", "seconds", "memory")
    rows = [
        (
            outcome.network,
            f"{outcome.target} {outcome.version}".strip(),
            f"{outcome.verdict}: {outcome.reason}" if outcome.reason else outcome.verdict,
            f"{outcome.neurons:,}",
            f"{outcome.steps:,}",
            f"{outcome.waves:,}",
            str(outcome.shift),
            f"{outcome.spikes:,}",
            f"{outcome.seconds:.1f}",
            f"{outcome.peak_bytes / 2**20:.0f} MB" if outcome.peak_bytes else "",
        )
        for outcome in outcomes
    ]
    used = {outcome.target for outcome in outcomes}
    claims = [(simulator.name, simulator.claim) for simulator in SIMULATORS if simulator.name in used]
    return Section(
        "What was found",
        [tiles, Table(head, rows), Table(("target", "what identical means there"), claims)],
    )


def _network(name: str, outcomes: Sequence[Outcome]) -> Section:
    parts: list[Part] = []
    largest = max(outcomes, key=lambda outcome: outcome.neurons)
    if largest.trains is not None:
        rates = largest.trains[0].mean(axis=0)
        cores = core_map(rates, _A_CORE)
        count = -(-largest.neurons // _A_CORE)
        words = (
            f"{largest.neurons:,} neurons on {count} cores of {_A_CORE:,}, as Loihi has them, in order; darker neurons"
        )
        parts.append(Figure(cores, f"{words} fire more often ({largest.target})."))
    for outcome in outcomes:
        if outcome.trains is None:
            parts.append(Text(f"{outcome.target}: {outcome.verdict}. {outcome.reason}"))
            continue
        ours, theirs = outcome.trains
        shown = _telling(ours, theirs)
        steps = _window(ours, theirs)
        labels = [f"neuron {neuron}" for neuron in shown]
        for who, trains in (("ours", ours), (outcome.target, theirs)):
            words = f"{who}: neurons {shown[0]} to {shown[-1]}, from step {steps.start}; {outcome.verdict}"
            parts.append(
                Figure(figures.line_raster(labels, trains[steps.start : steps.stop, shown]), words, wide=False)
            )
    return Section(name, parts)


def _telling(ours: np.ndarray, theirs: np.ndarray) -> list[int]:
    """Neurons that differ first, then those that fire, in order."""
    different = np.flatnonzero((ours != theirs).any(axis=0))
    firing = np.flatnonzero(ours.any(axis=0))
    chosen = list(dict.fromkeys([*different.tolist(), *firing.tolist()]))[:_MOST_LINES]
    return sorted(chosen) or [0]


def _window(ours: np.ndarray, theirs: np.ndarray) -> range:
    """Steps that are drawn: the first ones, or those around the first difference."""
    wrong = np.flatnonzero((ours != theirs).any(axis=1))
    start = max(0, int(wrong[0]) - _MOST_STEPS // 2) if len(wrong) else 0
    return range(start, min(len(ours), start + _MOST_STEPS))
