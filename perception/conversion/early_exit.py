"""Early exit: an answer is given as soon as it is sure enough, by calibrated margins or by fusing two heads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .converted import ConvertedNetwork
from .signal_graph import ConversionError

_LEAST = 1e-16


@dataclass(frozen=True)
class ExitedAnswers:
    """Answers, each as it stood when it was given.

    Args:
        outputs: ``[B, K]``.
        steps: Steps that each picture took, ``[B]``.
    """

    outputs: Tensor
    steps: Tensor

    @property
    def average_steps(self) -> float:
        """Mean number of steps of a picture."""
        return float(self.steps.double().mean())

    def accuracy(self, labels: Tensor) -> float:
        """Share of right answers."""
        return float((self.outputs.argmax(1) == labels).double().mean())


class Stepwise(Protocol):
    """What tells its answer after each step: a converted network, or a stream."""

    def outputs_by_step(self, inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """What it would answer after each step, ``[T, B, K]``."""
        ...


@dataclass(frozen=True)
class EarlyExit:
    """After each step a picture may go whose margin, best output minus second best, reaches the step's.

    Args:
        margins: One per step, infinite where nobody may go; the last step lets everybody go.
        agreement: Share of the calibration pictures that go at a step whose class is that of the last step.
    """

    margins: tuple[float, ...]
    agreement: float

    def __call__(self, converted: Stepwise, pictures: Tensor) -> ExitedAnswers:
        """The answers of a network, each after as few steps as its margin allows."""
        return exit_by(_by_step(converted, pictures), self.margins)


def calibrate_exit(converted: Stepwise, pictures: Tensor, agreement: float = 0.99) -> EarlyExit:
    """The smallest margins with which those who go keep the class of the last step as often as asked.

    Args:
        converted: A converted network, for as many steps as it was made for, or a :func:`neurosym.stream`.
        pictures: Calibration pictures ``[N, ...]``, without labels; of a stream, recordings ``[T, N, ...]``.
        agreement: Least share of pictures that go at a step and agree with the last step.

    Example:
        >>> from perception import convert
        >>> generator = torch.Generator().manual_seed(0)
        >>> network = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
        >>> pictures = torch.rand(64, 4, generator=generator)
        >>> spiking = convert(network, pictures, "group", steps=4)
        >>> found = calibrate_exit(spiking, pictures)(spiking, pictures)
        >>> 1 <= found.average_steps <= 4
        True
    """
    if not 0 < agreement <= 1:
        raise ConversionError(f"agreement must lie above 0 and not above 1, got {agreement}")
    course = _by_step(converted, pictures)
    final = course[-1].argmax(1)
    margins = [_least_margin(outputs, outputs.argmax(1) == final, agreement) for outputs in course[:-1]]
    return EarlyExit((*margins, 0.0), agreement)


def exit_curve(
    converted: Stepwise,
    calibration: Tensor,
    pictures: Tensor,
    labels: Tensor,
    agreements: Sequence[float] = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0),
) -> list[tuple[float, float, float]]:
    """Average steps against accuracy: ``(agreement, average steps, accuracy)`` for each agreement that is asked for."""
    seen, course = _by_step(converted, calibration), _by_step(converted, pictures)
    final = seen[-1].argmax(1)
    rows: list[tuple[float, float, float]] = []
    for agreement in agreements:
        margins = [_least_margin(outputs, outputs.argmax(1) == final, agreement) for outputs in seen[:-1]]
        found = exit_by(course, (*margins, 0.0))
        rows.append((agreement, found.average_steps, found.accuracy(labels)))
    return rows


def exit_by(course: Tensor, margins: Sequence[float]) -> ExitedAnswers:
    """The answers of a course ``[T, B, K]`` when each picture goes at the first step whose margin it reaches."""
    reached = torch.stack([margin(outputs) >= least for outputs, least in zip(course, margins, strict=True)])
    reached[-1] = True
    step = reached.int().argmax(0)
    return ExitedAnswers(course[step, torch.arange(course.shape[1])], step + 1)


def margin(outputs: Tensor) -> Tensor:
    """Best output minus second best, ``[B]``."""
    best = outputs.topk(2, dim=1).values
    return best[:, 0] - best[:, 1]


def _least_margin(outputs: Tensor, agrees: Tensor, agreement: float) -> float:
    """The smallest margin above which the share of those who agree is as asked; infinite if there is none."""
    order = margin(outputs).sort(descending=True)
    share = agrees[order.indices].double().cumsum(0) / torch.arange(1, len(agrees) + 1)
    good = (share >= agreement).nonzero()
    return float(order.values[int(good[-1])]) if len(good) else float("inf")


def _by_step(converted: Stepwise, pictures: Tensor) -> Tensor:
    course = converted.outputs_by_step(pictures)
    if isinstance(course, tuple) or course.dim() != 3:
        raise ConversionError("early exit by margins needs one output [B, K]; fuse the heads of a network of several")
    if isinstance(converted, ConvertedNetwork) and converted.method.timing == "window":
        raise ConversionError(
            f"method '{converted.method.name}' answers when its last layer does, not step by step; take a rate method"
        )
    return course


def fuse_beta(early: Tensor, counts: Tensor, steps: int, strength: float) -> tuple[Tensor, Tensor]:
    """Mean and variance of a rate by Bayes: a Beta prior around an early head's rate, and the spikes of the last head.

    The prior is ``Beta(a, a (1/E - 1))``, whose mean is ``E``; after ``M`` spikes in ``N`` steps the mean is
    ``(a + M) / (a / E + N)``.

    Args:
        early: Rates E of the early head, ``[B, K]``; kept in 1e-16 to 1.
        counts: Spikes M of the last head, ``[B, K]``, from 0 to ``steps``.
        steps: N.
        strength: a: how many spikes the early head is worth; 0 forgets it.

    Raises:
        ConversionError: if the counts are none of ``steps`` binary spikes, as those of graded heads are not: divide
            those by the number of levels first.

    Example:
        >>> mean, variance = fuse_beta(torch.tensor([[0.5]]), torch.tensor([[3.0]]), 4, strength=2.0)
        >>> mean.item(), round(variance.item(), 4)
        (0.625, 0.026)

    References:
        Habara et al., "BayesianSpikeFusion", Frontiers in Neuroscience 2024.
    """
    if bool((counts < 0).any()) or bool((counts > steps).any()):
        raise ConversionError(
            f"a head sent {float(counts.min()):g} to {float(counts.max()):g} spikes in {steps} steps, so that it is "
            f"graded; divide its counts by its levels"
        )
    if strength < 0:
        raise ConversionError(f"strength must not be negative, got {strength}")
    rate = early.clamp(_LEAST, 1.0)
    first = strength + counts
    total = strength / rate + steps
    mean = first / total
    return mean, mean * (1 - mean) / (total + 1)


def fuse_heads(converted: ConvertedNetwork, pictures: Tensor, strength: float) -> Tensor:
    """The fused belief of a network with two outputs, the early head first, after each step, ``[T, B, K]``.

    The heads read numbers, not spikes: each is normalised by softmax, and N steps of the last one count as ``N`` times
    its share.
    """
    course = converted.outputs_by_step(pictures)
    if not isinstance(course, tuple) or len(course) != 2 or course[0].shape != course[1].shape:
        raise ConversionError("fusion needs a network that returns (early, last), two outputs [B, K] of one shape")
    early, last = (head.softmax(-1) for head in course)
    return torch.stack(
        [fuse_beta(early[step], (step + 1) * last[step], step + 1, strength)[0] for step in range(len(last))]
    )
