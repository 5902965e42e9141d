"""Proof that a race decides as arg-max does: from the wired network alone, for all membranes that there can be.

Shown in four steps, each exact for the neurons as they are wired:

1. Each neuron of ``pairs`` hears the evidence of one value less that of another, weight by weight, and none can fire
   before the last of it has arrived (intervals over all inputs). So its membrane is ``D = E_i - E_j`` and what all get.
2. From then on what it does depends on ``D`` alone; it is run for every ``D`` within its bounds, and with it the neuron
   of ``won`` that hears it. So it is known for which ``D`` that one fires when the winners listen.
3. The winners are threshold sums of these. Z3 decides for all evidence within its bounds whether exactly the value with
   most of it fires, of equals the lowest.
4. If a step fails, spikes of the evidence's sources are looked for after which another value wins; what is found is
   confirmed by the reference simulation (:mod:`perception.networks.race_search`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
import z3
from numpy.typing import NDArray

from logic import INPUT, MembraneBounds, Population, RealLink, SpikingNetwork, Synapses, Verdict, membrane_bounds
from logic.formula import conjunction, disjunction, equality, negation
from logic.kernels import work_time
from logic.refinement.real_layers import written_links

from .race import EVIDENCE, value_pairs
from .race_search import Heard, Question, search

Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]
Ranges = tuple[tuple[int, int], ...]
"""Whole numbers as runs, both ends included."""


@dataclass(frozen=True, eq=False)
class Decision:
    """What a race shall decide.

    Args:
        links: What speaks for each value: maps from populations to ``(slots * K, 1, 1)`` neurons that are never made.
        unit: Of their weights.
        lines: Names of all values of all slots, ``digit(0)=3``.
        values: Number of values of a slot, ``K``.
        announce: Step at which the winners fire.
        prefix: Before the names of the three populations.
    """

    links: Sequence[RealLink]
    unit: float
    lines: tuple[str, ...]
    values: int
    announce: int
    prefix: str = ""


def prove_race(
    network: SpikingNetwork,
    decision: Decision,
    shown: int,
    *,
    bounds: MembraneBounds | None = None,
) -> Verdict:
    """Whether at its step exactly the value with most evidence wins in each slot, of equals the lowest.

    Args:
        network: Which ends in a race, or has one on the way.
        decision: What it shall decide.
        shown: Steps in which its input lines can fire.
        bounds: Of its membranes in the steps until then, if they are known.

    Returns:
        PROVED; or REFUTED with the membranes of evidence, or the spikes that cause them, after which another value wins
        or none or several; or UNKNOWN.

    Raises:
        NetworkError: if a population or a link is missing.
    """
    start = work_time()
    if bounds is None or bounds.steps is None or bounds.steps <= decision.announce:
        bounds = membrane_bounds(network, decision.announce + 1, shown)
    claim = (
        f"for all membranes within their bounds, in each of {len(decision.lines) // decision.values} slots exactly the "
        f"value with most evidence wins, of equals the lowest, at step {decision.announce}"
    )

    def found(holds: bool | None, detail: str, example: dict[str, int] | None = None) -> Verdict:
        return Verdict(holds, claim, example, work_time() - start, detail)

    race = _Wired(network, decision, bounds)
    if obstacle := race.misfit():
        return found(None, obstacle)
    if suspects := race.suspects():
        return found(*search(race.question(network, [*suspects]), next(iter(suspects.values()))))
    wrong = race.decide()
    if wrong is not None:
        return found(False, _told(wrong), wrong)
    return found(True, f"{race.pairs.size} comparisons run for every membrane, their outcomes decided by Z3")


class _Wired:
    """The race as it is wired.

    Args:
        network: In which it is.
        decision: What it shall decide.
        bounds: What can fire when.
    """

    def __init__(self, network: SpikingNetwork, decision: Decision, bounds: MembraneBounds) -> None:
        self.decision, self.fires, self.flat = decision, bounds.fires, network.flatten()
        self.names = [population.name for population in network.populations]
        sizes = [population.size for population in network.populations]
        starts = np.cumsum([self.flat.inputs, *sizes])[:-1].tolist()
        self.first = {INPUT: 0, **dict(zip(self.names, starts, strict=True))}
        self.pairs, self.won, self.winners = (
            network.population(f"{decision.prefix}{name}") for name in ("pairs", "won", "winners")
        )
        order = np.argsort(self.flat.post, kind="stable")
        self._pre, self._weight, self._delay = (
            column[order] for column in (self.flat.pre, self.flat.weight, self.flat.delay)
        )
        self._begin = np.searchsorted(self.flat.post[order], np.arange(len(self.flat.threshold) + 1))
        self.slots = len(decision.lines) // decision.values
        shapes = {name: network.shape_of(name) for name in (INPUT, *self.names)}
        shapes[EVIDENCE] = (len(decision.lines), 1, 1)
        self.evidence = _rows(
            [
                Synapses(INPUT, EVIDENCE, part.pre + self.first[part.source], part.post, part.weight, part.delay)
                for part in written_links(decision.links, shapes, EVIDENCE, Fraction(decision.unit))
            ],
            len(decision.lines),
        )
        steps = np.arange(len(self.fires))[:, None]
        self.last = np.where(self.fires, steps, -1).max(axis=0)
        self.earliest = np.where(self.fires, steps, len(self.fires)).min(axis=0)

    def heard(self, line: int) -> Heard:
        """What a neuron hears."""
        here = slice(*self._begin[line - self.flat.inputs : line - self.flat.inputs + 2])
        return _once(self._pre[here], self._weight[here], self._delay[here])

    def line(self, population: str, place: int) -> int:
        """The line of a neuron of the race."""
        return self.first[f"{self.decision.prefix}{population}"] + place

    def misfit(self) -> str:
        """What makes the populations no race at all; nothing if they are one."""
        size = self.slots * len(value_pairs(self.decision.values))
        sizes, expected = (self.pairs.size, self.won.size, self.winners.size), (size, size, len(self.decision.lines))
        if sizes != expected:
            return f"the race has populations of {sizes} neurons, expected {expected}"
        if not self.pairs.retain or self.pairs.leak or self.pairs.reset != "zero" or self.winners.retain:
            return "the neurons of the race are of another kind"
        return ""

    def suspects(self) -> dict[int, str]:
        """Comparisons that are not those of their values, or are not decided by the difference alone, and why."""
        found: dict[int, str] = {}
        pairs = value_pairs(self.decision.values)
        for number in range(self.pairs.size):
            slot, place = divmod(number, len(pairs))
            one, other = (self.evidence[slot * self.decision.values + value] for value in pairs[place])
            wanted = _once(
                np.concatenate([one.pre, other.pre]),
                np.concatenate([one.weight, -other.weight]),
                np.concatenate([one.delay, other.delay]),
            )
            line = self.line("pairs", number)
            heard, remembered = self.heard(line), self.heard(self.line("won", number))
            if not all(map(np.array_equal, heard, wanted)):
                found[number] = (
                    f"comparison {place} of slot {slot} does not hear the difference of its values' evidence"
                )
            elif self._arrival(heard) > min(self.earliest[line], self.decision.announce - 1):
                found[number] = f"comparison {place} of slot {slot} can fire before its evidence is complete"
            elif len(remembered.pre) and remembered.pre.tolist() != [line]:
                found[number] = f"neuron {number} of 'won' does not hear its comparison alone"
        for number in range(self.winners.size):
            first = number // self.decision.values * len(pairs)
            heard = self.heard(self.line("winners", number)).pre - self.line("won", first)
            if ((heard < 0) | (heard >= len(pairs))).any():
                found[first] = f"the winner {self.decision.lines[number]} hears others than its slot's comparisons"
        return found

    def question(self, network: SpikingNetwork, suspects: list[int]) -> Question:
        """What is to be searched if some comparisons are not as they should be."""
        compared = [self.heard(self.line("pairs", number)) for number in range(self.pairs.size)]
        names = self.pairs.name, self.won.name, self.winners.name
        known, fires = self.decision, self.fires
        return Question(
            network, names, known.lines, known.values, known.announce, self.evidence, compared, fires, suspects
        )

    def decide(self) -> dict[str, int] | None:
        """Evidence after which the winners are wrong, if there is any."""
        values, pairs = self.decision.values, value_pairs(self.decision.values)
        outcomes: dict[tuple[int, ...], Ranges] = {}
        settled: set[tuple[object, ...]] = set()
        for slot in range(self.slots):
            evidence = [z3.Int(f"evidence{value}") for value in range(values)]
            reach = [self._reach(row) for row in self.evidence[slot * values : (slot + 1) * values]]
            apart = [self._reach(self.heard(self.line("pairs", slot * len(pairs) + at))) for at in range(len(pairs))]
            differences = [cast(z3.ArithRef, evidence[first] - evidence[second]) for first, second in pairs]
            fires: list[z3.BoolRef] = []
            shape: list[object] = [*reach, *apart]  # of the question; slots of one shape are decided once
            for number in range(slot * values, (slot + 1) * values):
                need = int(self.winners.threshold[number] - self.winners.bias[number])
                heard = self.heard(self.line("winners", number))
                votes = [z3.IntVal(0)]
                shape.append(need)
                for pre, weight, delay in zip(*map(np.ndarray.tolist, heard), strict=True):
                    pair = pre - self.line("won", 0)
                    outcome = self._outcome(pair, self.decision.announce - delay, outcomes)
                    shape.append((pair - slot * len(pairs), weight, outcome))
                    won = _within(differences[pair - slot * len(pairs)], outcome)
                    votes.append(cast(z3.IntNumRef, z3.If(won, weight, 0)))
                fires.append(cast(z3.ArithRef, z3.Sum(votes)) >= need)
            if tuple(shape) in settled:
                continue
            settled.add(tuple(shape))
            solver = z3.Solver()
            solver.add(*(_within(e, (ends,)) for e, ends in zip(evidence + differences, reach + apart, strict=True)))
            wanted = [_wins(evidence, value) for value in range(values)]
            solver.add(disjunction([negation(equality(one, two)) for one, two in zip(fires, wanted, strict=True)]))
            if solver.check() == z3.sat:
                model = solver.model()
                found = [model.eval(e, model_completion=True) for e in evidence]
                names = self.decision.lines[slot * values : (slot + 1) * values]
                return {n: cast(z3.IntNumRef, e).as_long() for n, e in zip(names, found, strict=True)}
        return None

    def _arrival(self, heard: Heard) -> int:
        """The last step at which something can arrive."""
        can = self.last[heard.pre] >= 0
        return int((self.last[heard.pre] + heard.delay)[can].max(initial=0))

    def _reach(self, heard: Heard) -> tuple[int, int]:
        """The least and the greatest that can be heard in all."""
        times = self.fires[:, heard.pre].sum(axis=0)
        total = heard.weight * times
        return int(np.minimum(total, 0).sum()), int(np.maximum(total, 0).sum())

    def _outcome(self, number: int, step: int, known: dict[tuple[int, ...], Ranges]) -> Ranges:
        """For which differences of evidence a neuron of ``won`` fires at a step, as ranges."""
        heard = self.heard(self.line("pairs", number))
        own = self.heard(self.line("won", number))
        weight, delay = (int(own.weight[0]), int(own.delay[0])) if len(own.pre) else (0, 1)
        low, high = self._reach(heard)
        arrival = self._arrival(heard)
        key = (
            *(int(row[number]) for p in (self.pairs, self.won) for row in (p.threshold, p.bias, p.initial)),
            *(low, high, arrival, step, weight, delay),
        )
        if key not in known:
            membranes = np.arange(low, high + 1)
            train = _run(self.pairs, number, {arrival: membranes}, step + 1, len(membranes))
            drive = {t + delay: fired * weight for t, fired in enumerate(train)}
            known[key] = _ranges(_run(self.won, number, drive, step + 1, len(membranes))[step], low)
        return known[key]


def _told(evidence: dict[str, int]) -> str:
    """A counterexample in words."""
    best = max(evidence.values())
    winner = next(name for name, membrane in evidence.items() if membrane == best)
    return f"with these membranes of evidence '{winner}' should win, and alone"


def _run(cell: Population, number: int, drive: dict[int, Integers], steps: int, size: int) -> list[Bits]:
    """Spikes of a neuron at each step for many courses of its drive at once; without drive all courses are alike."""
    threshold, bias = int(cell.threshold[number]), int(cell.bias[number])
    membrane = np.full(size, int(cell.initial[number]))
    trains: list[Bits] = []
    for step in range(steps):
        before = membrane >> cell.leak if cell.retain else np.zeros_like(membrane)
        driven = before + bias + drive.get(step, 0)
        fired = driven >= threshold
        membrane = np.where(fired, driven - threshold if cell.reset == "subtract" else 0, driven)
        trains.append(fired)
    return trains


def _ranges(holds: Bits, low: int) -> Ranges:
    """The runs of true in a row that begins at ``low``, both ends included."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], holds, [False]]).astype(np.int8)))
    return tuple((low + int(a), low + int(b) - 1) for a, b in edges.reshape(-1, 2))


def _within(value: z3.ArithRef, ranges: Ranges) -> z3.BoolRef:
    return disjunction([conjunction([value >= low, value <= high]) for low, high in ranges])


def _wins(evidence: list[z3.ArithRef], value: int) -> z3.BoolRef:
    """A value has more evidence than all before it and no less than all after it."""
    own = evidence[value]
    return conjunction([own > e if other < value else own >= e for other, e in enumerate(evidence) if other != value])


def _once(pre: Integers, weight: Integers, delay: Integers) -> Heard:
    """Synapses by line and delay, those of one line and delay added up, without zeros."""
    span = int(delay.max(initial=0)) + 1
    keys, place = np.unique(pre * span + delay, return_inverse=True)
    total = np.zeros(len(keys), np.int64)
    np.add.at(total, place, weight)
    kept = total != 0
    return Heard(keys[kept] // span, total[kept], keys[kept] % span)


def _rows(parts: Sequence[Synapses], size: int) -> list[Heard]:
    """What each of the neurons that are never made would hear."""
    nothing = np.zeros(0, np.int64)
    post, pre, weight, delay = (
        np.concatenate([nothing, *(getattr(part, name) for part in parts)])
        for name in ("post", "pre", "weight", "delay")
    )
    order = np.argsort(post, kind="stable")
    begin = np.searchsorted(post[order], np.arange(size + 1))
    return [_once(*(column[order[begin[n] : begin[n + 1]]] for column in (pre, weight, delay))) for n in range(size)]
