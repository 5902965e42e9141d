"""EM: rounds of expected counts and shares, drawn out two at a time, and how sharp the top is."""

from collections import defaultdict
from collections.abc import Sequence
from math import exp, log
from statistics import NormalDist
from time import process_time

import numpy as np
import torch
from numpy.typing import NDArray

from ..counting.inference import gather_beliefs
from ..counting.planning import Prepared
from ..errors import PrologTimeout
from ..grounding.rules import Row, SlotValue, denied_by
from ..grounding.sums import IMPOSSIBLE
from .parameters import Parameters

MOST = 300  # parameters whose intervals are computed
_EDGE = 1e-6  # so near to 0 or 1, the likelihood falls to one side only

Floats = NDArray[np.float64]


class Group:
    """Examples on one circuit.

    Args:
        prepared: The circuit, an output for each example.
        counts: How often each was seen.
    """

    def __init__(self, prepared: Prepared, counts: Sequence[int]) -> None:
        self.grounding = prepared.grounding
        self._prepared = prepared
        self._base = gather_beliefs(self.grounding).double()
        possible = prepared.counter.log_probabilities(self._base)[0] > IMPOSSIBLE / 2
        self._counts = torch.tensor(counts, dtype=torch.float64) * possible
        self.examples = float(self._counts.sum())
        self._to: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def place(self, parameters: Parameters) -> None:
        """Notes which inputs are learned, and how often each slot matters in the examples."""
        relevant = self._relevance()
        inputs: list[int] = []
        places: list[int] = []
        totals: list[float] = []
        starts: list[int] = []
        for slot, table in parameters.places(self.grounding):
            group = self.grounding.one_hot[slot]
            key = self.grounding.slots[slot].domain.name, self.grounding.slots[slot].number
            starts += [len(inputs)] * len(group)
            inputs += group
            places += range(table.start, table.start + len(group))
            totals += [relevant.get(key, 0.0)] * len(group)
        self._from = torch.tensor(inputs, dtype=torch.long)
        self._to = np.array(places, dtype=np.int64)
        self._totals, self._starts = np.array(totals), np.array(starts, dtype=np.int64)

    def _relevance(self) -> dict[tuple[str, int], float]:
        """In how many examples each slot is one of those that the example rests on."""
        by_head: defaultdict[int, list[Row]] = defaultdict(list)
        for rows in self.grounding.circles:
            for row in rows:
                by_head[row.head].append(row)
        denied = denied_by(self.grounding.leaves)
        found: defaultdict[tuple[str, int], float] = defaultdict(float)
        for answer, count in zip(self.grounding.answers, self._counts.tolist(), strict=True):
            seen, todo = {answer.atom}, [answer.atom]
            slots: set[tuple[str, int]] = set()
            while todo:
                for row in by_head.get(todo.pop(), ()):
                    for item in row.body:
                        leaf = self.grounding.leaves[item] if item < 0 else None
                        if isinstance(leaf, SlotValue):
                            slots.add((leaf.domain, leaf.slot))
                        atom = denied.get(item, item)
                        if atom >= 0 and atom not in seen:
                            seen.add(atom)
                            todo.append(atom)
            for slot in slots:
                found[slot] += count
        return found

    def expected(self, values: Floats) -> tuple[float, Floats]:
        """The log-likelihood, and how often each parameter is expected to have been chosen, ``[P]``."""
        with np.errstate(divide="ignore"):
            logs = np.maximum(np.log(values), IMPOSSIBLE)
        beliefs = self._base.clone()
        if len(self._to):
            beliefs[0, self._from] = torch.from_numpy(logs[self._to])
        beliefs.requires_grad_()
        found = (self._prepared.counter.log_probabilities(beliefs)[0] * self._counts).sum()
        (gradient,) = torch.autograd.grad(found, beliefs)
        counts = np.zeros(len(values))
        if len(self._to):
            read = gradient[0, self._from].numpy()
            sums = np.zeros(len(read))
            np.add.at(sums, self._starts, read)
            unread = np.maximum(self._totals - sums[self._starts], 0.0)  # where a slot was not read, all is as before
            np.add.at(counts, self._to, read + unread * values[self._to])
        return found.item(), counts


class Climb:
    """EM over all groups.

    Args:
        parameters: What is learned; its values are changed.
        groups: The examples.
        seconds: CPU time.

    Attributes:
        told: Whether there are few enough parameters to tell intervals.
    """

    def __init__(self, parameters: Parameters, groups: Sequence[Group], seconds: float) -> None:
        self._parameters, self._groups, self._seconds = parameters, groups, seconds
        self._end = process_time() + seconds
        self.told = len(parameters.values) <= MOST

    def _expected(self, values: Floats) -> tuple[float, Floats]:
        if process_time() > self._end:
            raise PrologTimeout(f"learning did not end within {self._seconds:g} s; raise Limits.seconds")
        found = [group.expected(values) for group in self._groups]
        return sum(one for one, _ in found), np.sum([counts for _, counts in found], axis=0)

    def _round(self, values: Floats) -> tuple[float, Floats]:
        """The log-likelihood of these values, and those of the next round."""
        self._parameters.values = values
        score, counts = self._expected(values)
        return score, self._parameters.normalised(counts)

    def run(self, rounds: int, tolerance: float) -> tuple[float, int]:
        """EM until nothing is gained; the log-likelihood, and how many rounds it took."""
        values = self._parameters.values
        score, first = self._round(values)
        done = 1
        while done < rounds:
            middle, second = self._round(first)
            done += 1
            step, bend = first - values, second - 2 * first + values
            size = float(np.linalg.norm(bend))
            reach = max(1.0, float(np.linalg.norm(step)) / size) if size > 1e-14 else 1.0
            drawn = self._inside(values + 2 * reach * step + reach**2 * bend)
            after, then = self._round(drawn)
            done += 1
            if not after >= middle:
                drawn = second
                after, then = self._round(drawn)
                done += 1
            gained, moved = after - score, float(np.abs(drawn - values).max(initial=0.0))
            values, score, first = drawn, after, then
            if gained < tolerance and moved < 1e-9:
                break
        self._parameters.values = values
        return score, done

    def _inside(self, values: Floats) -> Floats:
        """Values that are shares again."""
        return self._parameters.normalised(np.clip(values, 0.0, 1.0))

    def intervals(self, confidence: float) -> list[tuple[float, float]]:
        """Where each parameter lies, from the curvature of the log-likelihood at the top, on the scale of logits."""
        parameters, values = self._parameters, self._parameters.values
        if not self.told:
            return [(0.0, 1.0)] * len(values)
        free = np.zeros(len(values), dtype=bool)
        mass = np.ones(len(values))
        group = np.zeros(len(values), dtype=np.int64)
        for number, table in enumerate(parameters.tables.values()):
            here = slice(table.start, table.start + len(table.free))
            free[here] = table.free & (values[here] > _EDGE) & (values[here] < 1 - table.fixed - _EDGE)
            mass[here], group[here] = 1 - table.fixed, number
        z = NormalDist().inv_cdf(0.5 + confidence / 2)
        found = self._edges(confidence)
        inner = np.flatnonzero(free)
        if not len(inner):
            return found
        slope = self._slopes(values, inner, mass, group)
        powers, axes = np.linalg.eigh(-(slope + slope.T) / 2)
        sharp = powers > 1e-7 * max(1.0, float(powers.max(initial=0.0)))
        for row, place in enumerate(inner.tolist()):
            same = group[inner] == group[place]
            lean = -np.where(same, values[inner], 0.0) * values[place] / mass[place]
            lean[row] += values[place]
            along = axes.T @ lean
            if np.abs(along[~sharp]).max(initial=0.0) > 1e-4 * max(np.abs(lean).max(), 1e-12):
                found[place] = (0.0, float(mass[place]))
                continue
            spread = float(np.sqrt((along[sharp] ** 2 / powers[sharp]).sum()))
            share = float(np.clip(values[place] / mass[place], 1e-12, 1 - 1e-12))
            middle, width = log(share / (1 - share)), z * spread / mass[place] / (share * (1 - share))
            found[place] = (_share(middle - width, mass[place]), _share(middle + width, mass[place]))
        return found

    def _slopes(self, values: Floats, inner: NDArray[np.int64], mass: Floats, group: NDArray[np.int64]) -> Floats:
        """How the gradient by the logits changes with the logits, by differences, ``[F, F]``."""

        def gradient(moved: Floats) -> Floats:
            _, counts = self._expected(moved)
            totals = np.zeros(int(group.max()) + 1)
            free = np.concatenate([table.free for table in self._parameters.tables.values()])
            np.add.at(totals, group, np.where(free, counts, 0.0))
            return (counts - totals[group] * moved / mass)[inner]

        step = 1e-4
        slope = np.empty((len(inner), len(inner)))
        for column, place in enumerate(inner.tolist()):
            ends: list[Floats] = []
            for sign in (step, -step):
                moved = values.copy()
                moved[place] *= exp(sign)
                moved = self._parameters.normalised(moved)
                ends.append(gradient(moved))
            slope[:, column] = (ends[0] - ends[1]) / (2 * step)
        return slope

    def _edges(self, confidence: float) -> list[tuple[float, float]]:
        """Of what was learned to be 0 or 1: as far off as the number of cases still lets it be. The rule of three."""
        _, counts = self._expected(self._parameters.values)
        found = [(float(value), float(value)) for value in self._parameters.values]
        for table in self._parameters.tables.values():
            here = range(table.start, table.start + len(table.free))
            cases = float(sum(counts[place] for place in here))
            left = 1 - table.fixed
            slack = left * (1 - (1 - confidence) ** (1 / cases)) if cases > 0 else left
            for place, free in zip(here, table.free.tolist(), strict=True):
                value = float(self._parameters.values[place])
                if free:
                    low, high = (0.0, slack) if value < left / 2 else (left - slack, left)
                    found[place] = (max(0.0, low), min(left, high))
        return found


def _share(logit: float, whole: float) -> float:
    return float(whole) / (1 + exp(-min(max(logit, -700.0), 700.0)))
