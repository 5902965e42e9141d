"""Bounds: between which numbers the probability of each output lies, where exact counting is over its budget.

In the literature: anytime weighted model counting (WMC) by branching, as DPLL-style #SAT.
"""

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding_bag

from logic import Circuit
from logic.circuit import Integers

from ..compilation.normal_form import check_inputs
from ..errors import CountingError
from ..grounding.sums import IMPOSSIBLE
from .branching import OPEN, TRUE, Floats, Marks, examine

if TYPE_CHECKING:
    from ..grounding.grounding import Grounding

_ROUND, _ROUND_LIMIT = 32, 4096  # branches that are split in one call; as many as an eighth of those that are open


@dataclass(frozen=True)
class Budget:
    """What may be spent on bounds.

    Args:
        branches: Partial readings that are looked at.
        seconds: Wall time; it is looked at between rounds of some hundred branches.
    """

    branches: int = 100_000
    seconds: float = 1.0


@dataclass(frozen=True, eq=False, repr=False)
class Bounds:
    """What is certain of the probability of each output.

    Args:
        log_lower: ``[B, O]``, log of the probability of the worlds shown to make the output true; differentiable.
        log_open: ``[B, O]``, log of the probability of the worlds that were not decided; about -1e30 if all were.
        branches: Partial readings that were looked at.
    """

    log_lower: Tensor
    log_open: Tensor
    branches: int

    def __repr__(self) -> str:
        batch, outputs = self.log_lower.shape
        return f"Bounds({outputs} outputs, batch of {batch}, {self.branches} branches)"

    @property
    def lower(self) -> Tensor:
        """``[B, O]``: no probability is less."""
        return self.log_lower.exp()

    @property
    def upper(self) -> Tensor:
        """``[B, O]``: no probability is more."""
        return (self.log_lower.exp() + self.log_open.exp()).clamp(max=1.0)

    @property
    def exact(self) -> Tensor:
        """``[B, O]``, whether all worlds were decided, so that lower and upper are one."""
        return self.log_open < IMPOSSIBLE / 2


def bound_rules(grounding: "Grounding", log_probs: Tensor, budget: Budget) -> Bounds:
    """Bounds of the probability of each answer of a ground program, given its evidence.

    Where rules pass on one truth each the most probable states of their frontier are followed, else the circuit is
    split by :func:`bound`.

    Args:
        grounding: The ground program.
        log_probs: As for :func:`bound`.
        budget: What may be spent; a state counts as a branch.

    Raises:
        PrologLimit: if the rules are not of that kind, and their circuit is over the limits of the grounding.
        QueryError: if the evidence is impossible.
    """
    from ..compilation.portfolio import bounded
    from .counter import Counter

    mean = log_probs.detach().double().exp().mean(0).tolist()
    chances = [mean[group.start : group.stop] for group in grounding.one_hot]
    plans = bounded(grounding.rules(), chances, budget.branches, budget.seconds)
    if plans is None:
        found = bound(grounding.circuit, log_probs, budget)
    else:
        log_lower, log_open = (Counter(plan).log_probabilities(log_probs) for plan in plans)
        found = Bounds(log_lower, log_open.detach(), plans[0].report.nodes)
    return _given_evidence(found, grounding) if grounding.evidence else found


def _given_evidence(found: Bounds, grounding: "Grounding") -> Bounds:
    """The least of an answer and the evidence by the most of the evidence, and the other way round."""
    from .planning import check_evidence

    log_upper = found.upper.clamp(min=torch.finfo(found.log_lower.dtype).tiny).log()
    check_evidence(grounding, torch.maximum(found.log_lower, found.log_open)[:, -1].min().item())
    lower = (found.log_lower[:, :-1] - log_upper[:, -1:]).clamp(min=IMPOSSIBLE, max=0.0)
    upper = (log_upper[:, :-1] - found.log_lower[:, -1:]).clamp(max=0.0)
    gap = upper.exp() - lower.exp()
    decided = found.exact[:, :-1] & found.exact[:, -1:]
    log_open = torch.where(decided | (gap <= 0), IMPOSSIBLE, gap.clamp(min=1e-300).log())
    return Bounds(lower, log_open.detach(), found.branches)


class _Branches(NamedTuple):
    """Branches: each the worlds that agree with a partial reading.

    Args:
        readings: ``[N, S]``, number of the value of each slot; -1 where it is not read.
        log_masses: ``[N, B]``, log-probability of the reading in each sample.
        outputs: ``[N, O]``, what the reading decides.
        slots: ``[N]``, the slot to be read next.
    """

    readings: Integers
    log_masses: Floats
    outputs: Marks
    slots: Integers

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "_Branches":
        """Some of them."""
        return _Branches(self.readings[rows], self.log_masses[rows], self.outputs[rows], self.slots[rows])

    def joined(self, other: "_Branches") -> "_Branches":
        """These and others."""
        return _Branches(
            np.concatenate([self.readings, other.readings]),
            np.concatenate([self.log_masses, other.log_masses]),
            np.concatenate([self.outputs, other.outputs]),
            np.concatenate([self.slots, other.slots]),
        )


def bound(circuit: Circuit, log_probs: Tensor, budget: Budget | None = None) -> Bounds:
    """Bounds of the probability of each output, the closer the more is spent.

    The worlds are split by the value of a slot, the part with the most undecided probability first, until the gates
    decide the outputs whatever else is seen. With a larger budget the same parts are split further, so the bounds
    never move apart; where no part is left they meet. A batch shares its parts, chosen by what they weigh on average.

    Args:
        circuit: Any gates; each input in a one-hot group.
        log_probs: ``[B, I]``, log-probability of each input, normalised in each group.
        budget: What may be spent.

    Raises:
        CountingError: if an input stands in no one-hot group, the shape does not fit, or the budget is not positive.

    Example:
        >>> from logic import CircuitBuilder, Gate
        >>> make = CircuitBuilder()
        >>> a, b = (make.inputs(f"{name}=0", f"{name}=1", one_hot=True) for name in "ab")
        >>> both = make.build(both=make.gate(Gate.AND, [a[1], b[1]]))
        >>> found = bound(both, torch.tensor([[0.5, 0.5, 0.6, 0.4]]).log())
        >>> round(found.lower.item(), 4), round(found.upper.item(), 4), found.exact.item()
        (0.2, 0.2, True)

    References:
        Poole, "Probabilistic Horn abduction and Bayesian networks", Artificial Intelligence 64 (1993), section 5.
    """
    budget = budget or Budget()
    check_inputs(circuit)
    if log_probs.ndim != 2 or log_probs.shape[1] != len(circuit.inputs):
        raise CountingError(f"counting needs [B, {len(circuit.inputs)}] log-probabilities, got {list(log_probs.shape)}")
    if budget.branches < 1 or budget.seconds <= 0:
        raise CountingError(f"a budget of {budget.branches} branches and {budget.seconds} s allows nothing; give more")
    deadline = monotonic() + budget.seconds
    split = _Splitting(circuit, log_probs.detach().double().clamp(min=IMPOSSIBLE).cpu().numpy())
    while split.waiting and split.looked_at < budget.branches and monotonic() < deadline:
        split.next_round()
    log_lower = _log_masses(log_probs, circuit, split)
    log_open = torch.from_numpy(split.log_open()).to(log_probs)
    return Bounds(log_lower, log_open, split.looked_at)


class _Splitting:
    """The search of :func:`bound`: what is still open, and the readings that were found to make an output true."""

    def __init__(self, circuit: Circuit, log_probs: Floats) -> None:
        self._circuit = circuit
        self._log_probs = log_probs
        self._beliefs = np.exp(log_probs).mean(0)
        self._values = [
            np.flatnonzero((log_probs[:, group.start : group.stop] > IMPOSSIBLE / 2).any(0))
            for group in circuit.one_hot
        ]
        known = [values[0] if len(values) == 1 else -1 for values in self._values]
        start = np.array([known], dtype=np.int64)
        undecided = np.full((1, len(circuit.outputs)), OPEN, dtype=np.int8)
        self.looked_at = 0
        self.found: list[tuple[Integers, NDArray[np.bool_]]] = []
        self._open = self._look(start, np.zeros((1, len(log_probs))), undecided)

    @property
    def waiting(self) -> bool:
        """Whether something is still open."""
        return len(self._open.slots) > 0

    def next_round(self) -> None:
        """Splits the heaviest open branches by the slots that would tell most."""
        count = len(self._open.slots)
        size = min(count, max(_ROUND, count // 8), _ROUND_LIMIT)
        weight = np.exp(self._open.log_masses).mean(1) * (self._open.outputs == OPEN).sum(1)
        heaviest = np.argpartition(-weight, size - 1)[:size]
        chosen = self._open.at(heaviest)
        values = [self._values[slot] for slot in chosen.slots]
        parent = np.repeat(np.arange(size), [len(own) for own in values])
        slots, value = chosen.slots[parent], np.concatenate(values)
        starts = np.array([group.start for group in self._circuit.one_hot])
        readings = chosen.readings[parent]
        readings[np.arange(len(parent)), slots] = value
        log_masses = chosen.log_masses[parent] + self._log_probs[:, starts[slots] + value].T
        new = self._look(readings, log_masses, chosen.outputs[parent])
        rest = self._open.at(np.setdiff1d(np.arange(count), heaviest, assume_unique=True))
        self._open = rest.joined(new)

    def _look(self, readings: Integers, log_masses: Floats, before: Marks) -> _Branches:
        """The branches of these readings that are open; those that have just made an output true are noted."""
        outputs, slots = examine(self._circuit, readings, self._beliefs)
        self.looked_at += len(readings)
        now_true = (outputs == TRUE) & (before == OPEN)
        rows = now_true.any(1)
        self.found.append((readings[rows], now_true[rows]))
        return _Branches(readings, log_masses, outputs, slots).at((outputs == OPEN).any(1))

    def log_open(self) -> Floats:
        """``[B, O]``: log-probability of the worlds in which each output is open."""
        totals = np.full((len(self._log_probs), len(self._circuit.outputs)), IMPOSSIBLE)
        for output, marks in enumerate(self._open.outputs.T):
            masses = self._open.log_masses[marks == OPEN]
            if len(masses):
                totals[:, output] = np.logaddexp.reduce(masses, axis=0)
        return totals


def _log_masses(log_probs: Tensor, circuit: Circuit, split: _Splitting) -> Tensor:
    """``[B, O]``: log of the sum, over the readings that make an output true, of their probabilities."""
    readings = np.concatenate([found for found, _ in split.found])
    starts = np.array([group.start for group in circuit.one_hot])
    unread = len(circuit.inputs)  # the number of a row of zeros
    index = torch.from_numpy(np.where(readings < 0, unread, starts + readings)).to(log_probs.device)
    table = torch.cat(
        [log_probs.double().clamp(min=IMPOSSIBLE), log_probs.new_zeros(len(log_probs), 1, dtype=torch.float64)], dim=1
    ).t()
    masses = embedding_bag(index, table.contiguous(), mode="sum")  # [readings, B]
    row, output = (
        torch.from_numpy(part).to(log_probs.device) for part in np.nonzero(np.concatenate([t for _, t in split.found]))
    )
    terms = masses[row]
    most = terms.new_full((len(circuit.outputs), len(log_probs)), IMPOSSIBLE)
    most = most.scatter_reduce(0, output[:, None].expand_as(terms), terms.detach(), "amax")
    sums = torch.zeros_like(most).index_add(0, output, (terms - most[output]).exp())
    return (sums.clamp(min=torch.finfo(sums.dtype).tiny).log() + most).t().to(log_probs.dtype)
