"""Concept quality: whether the symbols are right and know how sure they are, beside whether the answers are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from logic import NeurosymError, Symbols
from reasoner import Answers


class ScoreError(NeurosymError, ValueError):
    """Beliefs and truth that cannot be compared."""


BINS = 10  # of equal width between 0 and 1


@dataclass(frozen=True)
class ConceptReport:
    """Scores of a model on samples whose symbols are known; all are shares from 0 to 1.

    Args:
        samples: Number of samples.
        answer_accuracy: Samples whose most probable answer is the given one.
        concept_accuracy: Symbols whose most probable value is the true one.
        concept_error: Expected calibration error (ECE) of the symbols: mean distance between how sure and how often
            right, over 10 bins of equal width of the probability of the likeliest value, weighted by their number of
            symbols.
        answer_error: The same of the answers.
        collapse: Share of the true values that are never read although they occur: 0 if as many different values are
            read as occur, near 1 if nearly all are read as one.

    References:
        Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017 (ECE).
        Bortolotti et al., "A neuro-symbolic benchmark suite for concept quality and reasoning shortcuts", NeurIPS
        2024 (collapse).
    """

    samples: int
    answer_accuracy: float
    concept_accuracy: float
    concept_error: float
    answer_error: float
    collapse: float

    def __str__(self) -> str:
        return (
            f"answers {self.answer_accuracy:.1%} right (ECE {self.answer_error:.3f}), symbols "
            f"{self.concept_accuracy:.1%} right (ECE {self.concept_error:.3f}, collapse {self.collapse:.2f}), "
            f"{self.samples} samples"
        )


def concept_report(
    symbols: Symbols | Mapping[str, Symbols],
    answers: Answers,
    values: Tensor | Mapping[str, Tensor],
    given: Sequence[Any],
) -> ConceptReport:
    """Scores symbols and answers against the truth.

    Args:
        symbols: Beliefs ``[B, N, K]``; of several perceptions those of each, by name.
        answers: What followed from them.
        values: Class numbers of the true values, ``[B, N]``, of several perceptions by the same names.
        given: The ``B`` true answers.

    Raises:
        QueryError: if a given answer is no answer of the query.
        ScoreError: if they are no symbols and answers, or the numbers of samples or slots differ, or there are none.

    Example:
        >>> from neurosym import DIGITS, Program, infer
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> sure = torch.full((1, 2, 10), 0.01)
        >>> sure[0, 0, 3], sure[0, 1, 4] = 0.91, 0.91
        >>> symbols = Symbols(DIGITS, sure.log())
        >>> print(concept_report(symbols, infer(rule, "sum(S)", symbols), torch.tensor([[3, 4]]), [7]))
        answers 100.0% right (ECE 0.171), symbols 100.0% right (ECE 0.090, collapse 0.00), 1 samples
    """
    seen = symbols if isinstance(symbols, Mapping) else {"": symbols}
    truth = values if isinstance(values, Mapping) else {"": values}
    if not all(isinstance(one, Symbols) for one in seen.values()) or not isinstance(answers, Answers):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ScoreError(
            f"a concept report compares Symbols and Answers with the truth, got {type(symbols).__name__} and "
            f"{type(answers).__name__}; give model.perception(pictures).symbols and model(pictures)"
        )
    if seen.keys() != truth.keys():
        raise ScoreError(
            f"symbols of {', '.join(seen)} cannot be scored on values of {', '.join(truth)}; give both of each"
        )
    sure, right, occurring, used = list[Tensor](), list[Tensor](), 0, 0
    for name, one in seen.items():
        shape = truth[name].shape
        if not len(given) or shape != one.log_probs.shape[:2] or len(given) != one.batch:
            raise ScoreError(
                f"{one.batch} samples of {one.slots} symbols cannot be scored on values of shape "
                f"{list(shape)} and {len(given)} answers; give as many of each, and at least one"
            )
        likeliest, read = one.log_probs.detach().exp().max(dim=2)
        sure.append(likeliest.flatten())
        right.append((read == truth[name]).flatten())
        occurring, used = occurring + len(truth[name].unique()), used + len(read.unique())
    answer_sure, answered = answers.log_probs.detach().exp().max(dim=1)
    answer_right = answered == answers.indices(list(given))
    return ConceptReport(
        samples=len(given),
        answer_accuracy=float(answer_right.double().mean()),
        concept_accuracy=float(torch.cat(right).double().mean()),
        concept_error=calibration_error(torch.cat(sure), torch.cat(right)),
        answer_error=calibration_error(answer_sure, answer_right),
        collapse=max(0.0, 1 - used / occurring),
    )


def calibration_error(sure: Tensor, right: Tensor, bins: int = BINS) -> float:
    """The expected calibration error of ``[M]`` probabilities and whether each came true, over bins of equal width."""
    place = (sure * bins).long().clamp(0, bins - 1)
    gaps = torch.zeros(bins, dtype=torch.float64).index_add_(0, place, sure.double() - right.double())
    return float(gaps.abs().sum() / len(sure))
