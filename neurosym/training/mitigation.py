"""Mitigations of reasoning shortcuts: what to ask of the symbols in training beside the right answers.

Each wraps a model and is trained in its place by :func:`neurosym.training.fit`; the model itself learns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from logic import Symbols
from perception.networks.perception import Perception
from reasoner import infer

from ..model import Model


@dataclass(frozen=True, eq=False)
class EvenUse:
    """Asks that all values be used: the entropy of the mean belief over a batch is rewarded.

    Args:
        model: Learns.
        weight: Nats of log-probability for one nat of entropy.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier, fit
        >>> rule = Program.parse("even(X) :- digit(0, X), 0 is X mod 2.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "even(X)")
        >>> pictures = torch.rand(4, 1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> fit(EvenUse(model), pictures, [0, 2, 4, 6], epochs=1)  # doctest: +ELLIPSIS
        History(1 epoch, loss ...)

    References:
        Manhaeve, Marra, De Raedt, "Approximate inference for neural probabilistic logic programming", KR 2021;
        Marconato et al., NeurIPS 2023 (as a mitigation).
    """

    model: Model
    weight: float = 1.0

    @property
    def perception(self) -> Perception:
        """The network that learns."""
        return self.model.perception

    def log_probability(self, pictures: Tensor, answers: Sequence[Any]) -> Tensor:
        """What training makes larger, ``[B]``, for pictures ``[B, N, 1, H, W]``."""
        symbols = self.model.symbols(pictures)
        return _likelihood(self.model, symbols, answers) + self.weight * use_entropy(symbols)


@dataclass(frozen=True, eq=False)
class Differing:
    """Asks that the symbols be read otherwise than by other models, as the next member of an ensemble.

    Rewarded is the divergence KL(own belief || mean belief of all), at most the log of the number of models.

    Args:
        model: Learns.
        others: Trained before; they stay as they are.
        weight: Nats of log-probability for one nat of divergence.

    References:
        Marconato, Bortolotti, van Krieken, Vergari, Passerini, Teso, "BEARS make neuro-symbolic models aware of their
        reasoning shortcuts", UAI 2024.
    """

    model: Model
    others: Sequence[Model]
    weight: float = 1.0

    @property
    def perception(self) -> Perception:
        """The network that learns."""
        return self.model.perception

    def log_probability(self, pictures: Tensor, answers: Sequence[Any]) -> Tensor:
        """What training makes larger, ``[B]``, for pictures ``[B, N, 1, H, W]``."""
        symbols = self.model.symbols(pictures)
        with torch.no_grad():
            known = [other.perception(pictures).symbols.log_probs.exp() for other in self.others]
        own = symbols.log_probs
        mean = torch.stack([own.exp(), *known]).mean(dim=0)
        divergence = (own.exp() * (own - mean.clamp(min=1e-30).log())).sum(dim=(1, 2)) / symbols.slots
        return _likelihood(self.model, symbols, answers) + self.weight * divergence


@dataclass(frozen=True, eq=False)
class FewLabels:
    """Asks that a few pictures whose symbols are known be read right, in every step of training.

    Args:
        model: Learns.
        pictures: ``[L, 1, H, W]``.
        values: Class numbers of what they show, ``[L]``.
        weight: Of the mean log-probability of these labels.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("even(X) :- digit(0, X), 0 is X mod 2.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "even(X)")
        >>> pictures = torch.rand(4, 1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> asked = FewLabels(model, pictures[:2, 0], torch.tensor([0, 2]), weight=1.0)
        >>> bool((asked.log_probability(pictures, [0, 2, 4, 6]) < model.log_probability(pictures, [0, 2, 4, 6])).all())
        True
    """

    model: Model
    pictures: Tensor
    values: Tensor
    weight: float = 1.0

    @property
    def perception(self) -> Perception:
        """The network that learns."""
        return self.model.perception

    def log_probability(self, pictures: Tensor, answers: Sequence[Any]) -> Tensor:
        """What training makes larger, ``[B]``, for pictures ``[B, N, 1, H, W]``."""
        symbols = self.model.symbols(pictures)
        shown = self.model.perception(self.pictures[:, None]).symbols.log_probs[:, 0]
        known = -nn.functional.nll_loss(shown, self.values)
        return _likelihood(self.model, symbols, answers) + self.weight * known


def use_entropy(symbols: Symbols) -> Tensor:
    """How evenly the values are used: the entropy of the mean belief over samples and slots, in nats, a scalar.

    Example:
        >>> from neurosym import DIGITS
        >>> round(float(use_entropy(Symbols(DIGITS, torch.full((1, 2, 10), 0.1).log()))), 4)  # the log of 10
        2.3026
    """
    mean = symbols.log_probs.exp().mean(dim=(0, 1))
    return -(mean * mean.clamp(min=1e-30).log()).sum()


def most_even(models: Sequence[Model], pictures: Tensor) -> Model:
    """The model that uses the values most evenly in pictures ``[M, N, 1, H, W]``; it takes no label to tell.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("even(X) :- digit(0, X), 0 is X mod 2.")
        >>> models = [Model(SpikingClassifier(DIGITS, seed), rule, "even(X)") for seed in range(2)]
        >>> pictures = torch.rand(4, 1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> used = [use_entropy(model.perception(pictures).symbols).item() for model in models]
        >>> most_even(models, pictures) is models[used.index(max(used))]
        True
    """
    with torch.no_grad():
        return max(models, key=lambda model: float(use_entropy(model.perception(pictures).symbols)))


def _likelihood(model: Model, symbols: Symbols, answers: Sequence[Any]) -> Tensor:
    """Log-probability ``[B]`` of the answers, given what was seen."""
    found = infer(model.program, model.query, symbols)
    return found.log_probs.gather(1, found.indices(list(answers))[:, None])[:, 0]
