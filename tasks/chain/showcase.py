"""What a showcase is: something that is learned through rules, and samples on which it is judged."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from neurosym import Model, Sample, collate
from neurosym.interval import wilson

CHUNK = 100  # samples answered together


@dataclass(frozen=True, eq=False)
class Learned:
    """A model after training.

    Args:
        model: Its networks learned from answers alone.
        tests: Samples that it has not seen.
        query: The one goal that can be joined with the network into one of spikes, with numbered slots; none if what is
            asked differs from sample to sample.
        parts: More test samples by a name, whose accuracy is told apart.
    """

    model: Model
    tests: Sequence[Sample]
    query: str | None = None
    parts: Mapping[str, Sequence[Sample]] = field(default_factory=dict[str, Sequence[Sample]])


@dataclass(frozen=True)
class Showcase:
    """Something that is learned through rules.

    Args:
        about: What, in one line.
        learn: Learns it, given the seed of samples, weights and order, and how much of the usual work to do, up to 1.
    """

    about: str
    learn: Callable[[int, float], Learned]


@dataclass(frozen=True)
class Outcome:
    """How well something was learned.

    Args:
        right: Test samples answered right.
        tests: Of so many.
        cpu_seconds: Of learning.
        parts: Share of right answers by the name of each part.
        learned: What was learned.
    """

    right: int
    tests: int
    cpu_seconds: float
    parts: Mapping[str, float]
    learned: Learned

    def __str__(self) -> str:
        low, high = wilson(self.right, self.tests)
        parts = "".join(f", {name} {share:.1%}" for name, share in self.parts.items())
        return f"{self.right / self.tests:.2%} [{low:.2%}, {high:.2%}]{parts}, {self.cpu_seconds:.0f} CPU s"


def judged(showcase: Showcase, seed: int, share: float = 1.0) -> Outcome:
    """Learns and counts right answers."""
    began = time.process_time()
    learned = showcase.learn(seed, share)
    spent = time.process_time() - began
    parts = {name: right_answers(learned.model, tests) / len(tests) for name, tests in learned.parts.items()}
    return Outcome(right_answers(learned.model, learned.tests), len(learned.tests), spent, parts, learned)


@torch.no_grad()
def right_answers(model: Model, tests: Sequence[Sample]) -> int:
    """How many samples are answered right; the networks are in evaluation."""
    model.eval()
    right = 0
    for start in range(0, len(tests), CHUNK):
        part = tests[start : start + CHUNK]
        found = model.most_likely(collate(part))
        right += sum(one == value_of(sample.answer) for one, sample in zip(found, part, strict=True))
    return right


def value_of(answer: Any) -> Any:
    """An answer as models give it: lists are tuples."""
    return tuple(map(value_of, answer)) if isinstance(answer, list | tuple) else answer
