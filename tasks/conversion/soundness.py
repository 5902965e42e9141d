"""Is what is said of a converted network true? Mutants of it are judged by the proof and by simulation.

Run ``python -m tasks.conversion.soundness`` (about seven CPU minutes). Half of the mutants are of small random networks
of levels, whose pictures are all simulated; half are of the packaged ones, of which random pictures and digits are.
Each has one weight, threshold, first membrane, bias, delay or kind of neuron changed, in one of the codes. A verdict is
wrong if it is PROVED and simulation shows a difference, if it is REFUTED and its picture shows none, or if all pictures
were simulated and it says something else. It is undecided if it is UNKNOWN. Exit status 1 if one is wrong, or a mutant
that simulation tells apart is undecided.
"""

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import torch
import typer

from logic import Convolution, Projection, SpikingNetwork, Synapses
from logic.levels.level_codes import LEVEL_CODES, level_code
from logic.levels.level_layers import LevelLayer, LevelNetwork, LevelTerm
from logic.levels.level_proof import prove_levels
from logic.levels.level_run import read_run, run_levels
from logic.levels.level_search import all_pictures, random_pictures
from logic.levels.level_wiring import wire_levels
from logic.projections import Integers, write_out
from perception import convert, packaged_network
from perception.datasets.mnist import load_digits
from perception.proved_conversion import PACKAGED, read_levels

METHODS = {"members": ("group", 1), "window": ("two-phase", 8), "timed": ("ttfs", 8)}
KINDS = ("weight", "synapse", "threshold", "initial", "bias", "neuron", "delay")
RANDOM = 256  # pictures on which a mutant of a packaged network is simulated


@dataclass(frozen=True)
class Judged:
    """A mutant, and what was said of it.

    Args:
        mutation: In words.
        word: Of the verdict.
        same: Whether no simulated picture shows a difference.
        all_simulated: Whether these were all pictures that there are.
        confirmed: Whether the verdict's picture shows a difference, if it has one.
        detail: Of the verdict.
    """

    mutation: str
    word: str
    same: bool
    all_simulated: bool
    confirmed: bool
    detail: str

    @property
    def outcome(self) -> str:
        """``right``, ``wrong``, ``unseen`` (refuted where simulation saw nothing) or ``undecided``."""
        if self.word == "UNKNOWN":
            return "undecided" if self.same else "undecided although it differs"
        if self.word == "PROVED":
            return "right" if self.same else "wrong"
        if not self.confirmed or (self.same and self.all_simulated):
            return "wrong"
        return "unseen" if self.same else "right"


def small_network(draw: np.random.Generator) -> LevelNetwork:
    """Two layers on 2 x 3 pixels of two bits: 4,096 pictures. One in two has sums over windows and a second term."""
    if draw.random() < 0.5:
        return pooled_network(draw)
    first = LevelTerm("input", draw.integers(-7, 8, (2, 1, 2, 2)), padding=1)
    return LevelNetwork(
        (1, 2, 3),
        (
            LevelLayer("one", (first,), draw.integers(-5, 6, 2), draw.integers(1, 12, 2)),
            LevelLayer(
                "two",
                (LevelTerm("one", draw.integers(-7, 8, (2, 2, 3, 2))),),
                draw.integers(-5, 6, 2),
                draw.integers(2, 20, 2),
            ),
            LevelLayer("last", (LevelTerm("two", draw.integers(-7, 8, (3, 2, 1, 3))),), draw.integers(-5, 6, 3), None),
        ),
        levels=int(draw.integers(2, 5)),
        bits=2,
    )


def pooled_network(draw: np.random.Generator) -> LevelNetwork:
    """A layer of sums over 2 x 2 in two groups, which hears the picture too."""
    first = LevelTerm("input", draw.integers(-7, 8, (2, 1, 1, 2)))
    pooled = LevelTerm("one", draw.integers(-7, 8, (2, 1, 1, 1)), groups=2, pool=2)
    past = LevelTerm("input", draw.integers(-2, 3, (2, 1, 2, 3)))
    return LevelNetwork(
        (1, 2, 3),
        (
            LevelLayer("one", (first,), draw.integers(-5, 6, 2), draw.integers(1, 12, 2)),
            LevelLayer("two", (pooled, past), draw.integers(-5, 6, 2), draw.integers(2, 20, 2)),
            LevelLayer("last", (LevelTerm("two", draw.integers(-7, 8, (3, 2, 1, 1))),), draw.integers(-5, 6, 3), None),
        ),
        levels=int(draw.integers(2, 5)),
        bits=2,
    )


def packaged_levels() -> dict[tuple[str, str], LevelNetwork]:
    """The packaged networks in whole numbers, by name and code."""
    pictures = load_digits().pictures[::10] / 255
    return {
        (name, code): read_levels(convert(packaged_network(name), pictures, method, steps=steps)).network
        for name in PACKAGED
        for code, (method, steps) in METHODS.items()
    }


def mutant(wired: SpikingNetwork, kind: str, draw: np.random.Generator) -> tuple[SpikingNetwork, str]:
    """A network with one thing changed, and what it is."""
    populations, projections = list(wired.populations), list(wired.projections)
    by = int(draw.choice([-3, -2, -1, 1, 2, 3]))
    if kind in ("threshold", "initial", "bias", "neuron"):
        place = int(draw.integers(len(populations)))
        one = populations[place]
        at = int(draw.integers(one.size))
        if kind == "neuron":
            changes: list[dict[str, Any]] = (
                [
                    {"leak": 1},
                    {"retain": False, "reset": "zero"},
                    {"reset": "zero" if one.reset == "subtract" else "subtract"},
                ]
                if one.retain
                else [{"retain": True}, {"retain": True, "leak": 1}, {"retain": True, "reset": "subtract"}]
            )
            change = changes[int(draw.integers(len(changes)))]
            populations[place] = replace(one, **change)
            return replace(wired, populations=tuple(populations)), f"{one.name} is {change}"
        values: Integers = getattr(one, kind).copy()
        values[at] += by
        populations[place] = replace(one, **{kind: values})
        return replace(wired, populations=tuple(populations)), f"{kind} {at} of {one.name} {by:+}"
    place = int(draw.integers(len(projections)))
    projections[place], text = _changed(wired, projections[place], kind, by, draw)
    return replace(wired, projections=tuple(projections)), text


def _changed(
    wired: SpikingNetwork, one: Projection, kind: str, by: int, draw: np.random.Generator
) -> tuple[Projection, str]:
    """A projection with one weight or delay changed; of a convolution all places alike, or one synapse alone."""
    link = f"{one.source} -> {one.target}"
    if isinstance(one, Convolution) and kind == "weight":
        kernel = one.kernel.copy()
        at = int(draw.integers(kernel.size))
        kernel.reshape(-1)[at] += by
        return replace(one, kernel=kernel), f"weight {at} of the kernel {link} {by:+}"
    if isinstance(one, Convolution) and kind == "delay":
        return replace(one, delay=max(1, one.delay + (by > 0) * 2 - 1)), f"delay of {link} {by:+}"
    found = write_out(one, wired.shape_of(one.source), wired.shape_of(one.target))
    weight, delay, at = found.weight.copy(), found.delay.copy(), int(draw.integers(found.weight.size))
    if kind == "delay":
        delay[at] = max(1, delay[at] + (by > 0) * 2 - 1)
    else:
        weight[at] += by
    return Synapses(found.source, found.target, found.pre, found.post, weight, delay), f"{kind} {at} of {link} {by:+}"


def judge(network: LevelNetwork, code: str, wired: SpikingNetwork, mutation: str, pictures: Integers) -> Judged:
    """What the proof and simulation say of a mutant."""
    verdict = prove_levels(wired, network, code)
    same, everything = agrees(network, code, wired, pictures), len(pictures) == 2 ** (network.bits * pictures[0].size)
    confirmed = False
    if verdict.counterexample is not None:
        shown = np.zeros((1, *network.picture), np.int64)
        for name, value in verdict.counterexample.items():
            shown[0, *map(int, name.removeprefix("picture[").removesuffix("]").split(","))] = value
        confirmed = not agrees(network, code, wired, shown)
    return Judged(f"{code}: {mutation}", verdict.word, same, everything, confirmed, verdict.detail)


def agrees(network: LevelNetwork, code: str, wired: SpikingNetwork, pictures: Integers) -> bool:
    """Whether all levels and logits are right for some pictures, by simulation."""
    wanted, found = run_levels(network, pictures), read_run(network, level_code(code), wired, pictures)
    levels = all((wanted.levels[name] == found.levels[name]).all() for name in wanted.levels)
    return levels and bool((wanted.logits == found.logits).all())


def judge_small(count: int, seed: int) -> list[Judged]:
    """Mutants of small networks, all pictures simulated."""
    found: list[Judged] = []
    for number in range(count):
        draw = np.random.default_rng([seed, number])
        network, code = small_network(draw), list(LEVEL_CODES)[number % len(LEVEL_CODES)]
        wired, text = mutant(wire_levels(network, code), KINDS[number % len(KINDS)], draw)
        found.append(judge(network, code, wired, text, all_pictures(network)))
    return found


def judge_packaged(count: int, seed: int) -> list[Judged]:
    """Mutants of the packaged networks, some pictures simulated."""
    found: list[Judged] = []
    known = packaged_levels()
    digits = load_digits().pictures.numpy().astype(np.int64)
    for number in range(count):
        draw = np.random.default_rng([seed, number])
        name, code = list(PACKAGED)[number % len(PACKAGED)], list(METHODS)[number % len(METHODS)]
        network = known[name, code]
        wired, text = mutant(wire_levels(network, code), KINDS[number % len(KINDS)], draw)
        shown = [digits[draw.permutation(len(digits))[: RANDOM // 2]], random_pictures(network, RANDOM // 2, draw)]
        found.append(judge(network, code, wired, f"{name}, {text}", np.concatenate(shown)))
    return found


def main(
    count: Annotated[int, typer.Option(min=2, help="Number of mutants.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
) -> None:
    """Judge mutants and print what was said of them."""
    torch.set_num_threads(1)
    small, packaged = judge_small(count // 2, seed), judge_packaged(count - count // 2, seed)
    for judged in (*small, *packaged):
        if judged.outcome not in ("right", "unseen"):
            typer.echo(
                json.dumps({"outcome": judged.outcome, "mutation": judged.mutation, "detail": judged.detail[:200]})
            )
    for name, some in (("small", small), ("packaged", packaged)):
        row = {
            "networks": name,
            **Counter(judged.word for judged in some),
            **Counter(judged.outcome for judged in some),
        }
        typer.echo(json.dumps(row))
    bad = [judged for judged in (*small, *packaged) if judged.outcome in ("wrong", "undecided although it differs")]
    raise typer.Exit(bool(bad))


if __name__ == "__main__":
    typer.run(main)
