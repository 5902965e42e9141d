"""Sampling: how probable the answers of a program are, estimated from worlds drawn by chance, with intervals."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from logic import Symbols

from ..counting.planning import stated_beliefs
from ..errors import QueryError, SamplingError
from ..grounding.grounding import NONE, TEST, Grounding
from ..prolog.border import Limits
from ..prolog.program import Program
from ..prolog.terms import to_text
from .continuous import Values
from .evaluation import Evaluation
from .evidence import Contradiction, Settled, Slot
from .grounded import ground_stated

_BATCH = 1 << 14  # worlds that are drawn at once


@dataclass(frozen=True)
class Estimate:
    """How probable an answer is, or how large its value, as far as samples tell.

    Args:
        value: The estimate.
        low: The lower end of its interval.
        high: The upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Samples:
    """What was drawn.

    Args:
        estimates: By answer.
        count: Worlds that were drawn.
        effective: To how many independent worlds in which the evidence holds they amount.
        confidence: Of the intervals.
        evidence: Of the evidence, if there is any.
        worlds: The answers that hold in some of the worlds, one tuple a world, as many as were asked for.
        choices: What was chosen in the same worlds.
        means: Of answers with a continuous value, such as ``normal(180, 8) :: height(ann)``, its mean where the answer
            holds, with an interval.
    """

    estimates: dict[str, Estimate]
    count: int
    effective: float
    confidence: float
    evidence: Estimate | None
    worlds: tuple[tuple[str, ...], ...]
    choices: tuple[tuple[str, ...], ...]
    means: dict[str, Estimate]


def sample(
    program: Program,
    query: str | None = None,
    symbols: Symbols | Sequence[Symbols] = (),
    count: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    keep: int = 0,
    limits: Limits | None = None,
) -> Samples:
    r"""Estimates of the probability of each answer given the program's evidence.

    The program is grounded once and evaluated in thousands of worlds together; continuous values, which only samples
    can compare, are drawn beside them. Evidence settles what it can beforehand; of what is left, noisy observations
    are weighed and the rest is a condition that a world must meet.

    Args:
        program: The rules.
        query: One goal; without it, the program's queries given its evidence.
        symbols: Beliefs with a batch of one; none if nothing is perceived.
        count: How many worlds are drawn.
        seed: The same seed draws the same worlds.
        confidence: Of the intervals (Wilson's, with the effective number of samples).
        keep: How many worlds are told one by one.
        limits: What grounding may spend.

    Raises:
        QueryError: as :func:`reasoner.infer`.
        SamplingError: if the evidence holds in none of the worlds.

    Example:
        >>> coins = Program.parse("0.5::h(1). 0.6::h(2). won :- h(_). query(won). evidence(h(2), false).")
        >>> found = sample(coins).estimates["won"]
        >>> found.low < 0.5 < found.high, found.high - found.low < 0.03
        (True, True)

    References:
        Fung and Chang, "Weighing and integrating evidence for stochastic simulation in Bayesian networks", UAI 1989,
        and Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if count < 1 or not 0 < confidence < 1:
        raise SamplingError(
            f"{count} samples with confidence {confidence:g} tell nothing; draw 1 or more, between 0 and 1"
        )
    grounding = ground_stated(replace(program, drawn=True), query, limits)
    beliefs = _beliefs(grounding, symbols)
    try:
        drawing = _Drawing(grounding, beliefs, np.random.default_rng(seed))
    except Contradiction:
        raise _contradicted(grounding) from None
    columns = [answer.text for answer in grounding.answers]
    sums, weights, squares = np.zeros(len(columns)), 0.0, 0.0
    moments = {text: np.zeros(3) for text in columns if drawing.has_value(text)}
    kept: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for size in _batches(count):
        weight, holds, values, drawn = drawing.draw(size)
        sums += holds @ weight
        weights += float(weight.sum())
        squares += float((weight**2).sum())
        for text, marks in zip(columns, holds, strict=True):
            if text in moments:
                own, value = weight * marks, drawn.of(drawing.atom_of(text))
                moments[text] += own.sum(), (own * value).sum(), (own * value**2).sum()
        for world in drawing.chosen(weight, keep - len(kept)):
            atoms = tuple(
                f"{text} = {drawn.of(drawing.atom_of(text))[world]:.6g}" if text in moments else text
                for text, marks in zip(columns, holds, strict=True)
                if marks[world]
            )
            kept.append((atoms, drawing.choices(values[:, world])))
    if not weights:
        raise SamplingError(
            f"{grounding.program.source}: the evidence holds in none of {count} samples; draw more, or ask for the "
            f"exact probability by neurosym query"
        )
    effective = weights**2 / squares
    shares = np.clip(sums / weights, 0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    estimates = {text: _estimate(float(share), effective, z) for text, share in zip(columns, shares, strict=True)}
    observed = None
    if grounding.evidence:
        mean = weights / count
        of = mean**2 * count / max(squares / count, 1e-300)  # as many as would tell as much
        whole = _estimate(mean, max(1.0, min(count, of)), z)
        observed = Estimate(*(exp(drawing.log_settled) * one for one in (mean, whole.low, whole.high)))
    means = {text: _mean(found, effective / weights, z) for text, found in moments.items() if found[0] > 0}
    return Samples(estimates, count, effective, confidence, observed, *_split(kept), means)


def _mean(sums: NDArray[np.float64], worth: float, z: float) -> Estimate:
    """A mean and its interval, from the sums of weights, of values and of their squares."""
    weight, first, second = sums.tolist()
    mean = first / weight
    half = z * sqrt(max(0.0, second / weight - mean**2) / max(1.0, weight * worth))
    return Estimate(float(mean), float(mean - half), float(mean + half))


def _split(
    kept: Sequence[tuple[tuple[str, ...], tuple[str, ...]]],
) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    return tuple(atoms for atoms, _ in kept), tuple(choices for _, choices in kept)


def _batches(count: int) -> Iterator[int]:
    while count > 0:
        yield min(count, _BATCH)
        count -= _BATCH


def _beliefs(grounding: Grounding, symbols: Symbols | Sequence[Symbols]) -> NDArray[np.float64]:
    """Log-probabilities ``[I]`` of the values of the slots."""
    if not symbols:
        return np.array(stated_beliefs(grounding), dtype=np.float64)
    from ..counting.inference import gather_beliefs

    found = gather_beliefs(grounding, symbols)
    if len(found) != 1:
        raise QueryError(f"worlds are drawn for one sample at a time, but the batch holds {len(found)}")
    return found[0].detach().double().cpu().numpy()


def _contradicted(grounding: Grounding) -> QueryError:
    observed = ", ".join(f"{grounding.atoms[atom]} = {str(truth).lower()}" for atom, truth in grounding.evidence)
    return QueryError(f"{grounding.program.source}: the evidence contradicts the program: {observed}")


def _estimate(share: float, count: float, z: float) -> Estimate:
    square = z * z / count
    centre, half = share + square / 2, z * sqrt(max(0.0, share * (1 - share)) / count + square / (4 * count))
    return Estimate(share, max(0.0, (centre - half) / (1 + square)), min(1.0, (centre + half) / (1 + square)))


class _Drawing:
    """Draws worlds of one ground program."""

    def __init__(self, grounding: Grounding, beliefs: NDArray[np.float64], random: np.random.Generator) -> None:
        self._grounding = grounding
        self._random = random
        self._answers = {answer.text: to_text(answer.term) for answer in grounding.answers}
        self._tests = [
            (place, grounding.tests[slot.number])
            for place, slot in enumerate(grounding.slots)
            if slot.domain.name == TEST
        ]
        self._evaluation = Evaluation(grounding)
        self._settled = Settled(grounding)
        self.log_settled = 0.0
        self._ends: list[NDArray[np.float64]] = []  # of each slot, up to where each value reaches
        self._shares: dict[Slot, dict[int | str, float]] = {}
        for slot, group in zip(grounding.slots, grounding.one_hot, strict=True):
            key = slot.domain.name, slot.number
            shares = np.exp(beliefs[group.start : group.stop])
            required = self._settled.required.get(key)
            if required is not None:
                shares = np.where([value in required for value in slot.domain.values], shares, 0.0)
                total = float(shares.sum())
                if total <= 0.0:
                    raise Contradiction
                self.log_settled += float(np.log(total))
            shares = shares / shares.sum()
            self._shares[key] = dict(zip(slot.domain.values, shares.tolist(), strict=True))
            ends = np.cumsum(shares)
            ends[-1] = 1.0
            self._ends.append(ends)

    def draw(self, worlds: int) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64], Values]:
        """Some worlds.

        Returns:
            The weight of each, ``[N]``; which answers hold, ``[A, N]``; the values of the slots, ``[S, N]``; and those
            of continuous atoms.
        """
        drawn = Values(self._grounding.densities, worlds, self._random)
        values = np.empty((len(self._ends), worlds), dtype=np.int64)
        for slot, ends in enumerate(self._ends):
            values[slot] = np.searchsorted(ends, self._random.random(worlds), side="right")
        for place, test in self._tests:
            values[place] = ~drawn.holds(test)
        truths = self._evaluation.truths(values)
        bits = _Bits(lambda item: self._evaluation.bits(truths[item], worlds))
        weight = np.ones(worlds)
        for atom, truth in self._settled.rejected:
            weight *= bits[atom] == truth
        if self._settled.weighed:
            weight *= self._settled.weight(bits, self._shares, worlds)
        holds = np.array([bits[answer.atom] for answer in self._grounding.answers], dtype=np.bool_)
        return weight, holds.reshape(len(self._grounding.answers), worlds), values, drawn

    def atom_of(self, answer: str) -> str:
        """How an answer is named among the continuous atoms."""
        return self._answers[answer]

    def has_value(self, answer: str) -> bool:
        """Whether an answer has a continuous value."""
        return self.atom_of(answer) in self._grounding.densities

    def chosen(self, weight: NDArray[np.float64], most: int) -> NDArray[np.int64]:
        """Worlds to be told, each as probable as its weight."""
        if most <= 0:
            return np.empty(0, dtype=np.int64)
        top = weight.max()
        taken = np.flatnonzero(self._random.random(len(weight)) * top < weight) if top > 0 else np.empty(0, np.int64)
        return taken[:most]

    def choices(self, values: NDArray[np.int64]) -> tuple[str, ...]:
        """What was chosen in a world, of the choices that the program states."""
        found = (
            (slot.domain.values[value], constants)
            for slot, constants, value in zip(
                self._grounding.slots, self._grounding.constants, values.tolist(), strict=True
            )
            if (slot.domain.name, slot.number) not in self._settled.integrated and slot.domain.name != TEST
        )
        return tuple(str(value) for value, constants in found if constants is not None and value != NONE)


class _Bits(dict[int, NDArray[np.bool_]]):
    """The worlds in which an item holds, made when it is read."""

    def __init__(self, make: Callable[[int], NDArray[np.bool_]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, item: int) -> NDArray[np.bool_]:
        self[item] = self._make(item)
        return self[item]
