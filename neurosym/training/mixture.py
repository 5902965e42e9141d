"""Mixtures: several models, or one under several meanings of its symbols, that answer with their mean belief."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

from logic import Symbols
from reasoner import Answers, Meaning, Value, count_shortcuts, ground, infer

from ..model import Model
from .errors import TrainingError


@dataclass(frozen=True, eq=False)
class View:
    """One way to read the pictures: a model, and what each value that it reads is taken for.

    Args:
        model: Reads.
        meaning: Domain name and value to value, ``{("digit", 2): 4}``; a value that is not in it stands for itself.

    Raises:
        TrainingError: if the meaning is of no domain of the program.
        DomainError: if a value is none of its domain.
    """

    model: Model
    meaning: Meaning

    def __post_init__(self) -> None:
        domains = {domain.name: domain for domain in self.model.program.domains}
        for key, value in self.meaning.items():
            if not isinstance(key, tuple) or len(key) != 2 or key[0] not in domains:  # pyright: ignore[reportUnnecessaryIsInstance, reportUnnecessaryComparison] - from users
                raise TrainingError(
                    f"a meaning says {key!r}: {value!r}, which names no domain of the program; write it as "
                    f"{{('{next(iter(domains), 'digit')}', value): value}}"
                )
            for one in (key[1], value):
                domains[key[0]].index(one)

    def symbols(self, pictures: Tensor) -> Symbols:
        """The belief under this meaning, for pictures ``[B, N, 1, H, W]``."""
        symbols = self.model.symbols(pictures)
        domain = symbols.domain
        place = torch.tensor([domain.index(self.meaning.get((domain.name, v), v)) for v in domain.values])
        moved = torch.zeros_like(symbols.log_probs).index_add_(2, place, symbols.log_probs.exp())
        return Symbols(domain, moved.clamp(min=1e-30).log())


@dataclass(frozen=True, eq=False)
class Mixture:
    """Views that count alike: beliefs and answers are means over them, so that where they differ it is unsure.

    Args:
        views: At least one; their models share program and query.

    Raises:
        TrainingError: if there are none.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("even(X) :- digit(0, X), 0 is X mod 2.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "even(X)")
        >>> mixture = Mixture([View(model, {}), View(model, {("digit", 2): 4, ("digit", 4): 2})])
        >>> answers = mixture(torch.rand(1, 1, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
        >>> bool(torch.isclose(answers.probability(2), answers.probability(4)))
        True
    """

    views: Sequence[View]

    def __post_init__(self) -> None:
        if not self.views:
            raise TrainingError("a mixture has no views; give at least one model")

    def symbols(self, pictures: Tensor) -> Symbols:
        """The mean belief, for pictures ``[B, N, 1, H, W]``."""
        beliefs = [view.symbols(pictures) for view in self.views]
        return Symbols(beliefs[0].domain, _mean([belief.log_probs for belief in beliefs]))

    def __call__(self, pictures: Tensor) -> Answers:
        """The mean answer: each view answers by itself, since within a view what one symbol is depends on the others.

        Args:
            pictures: ``[B, N, 1, H, W]``.
        """
        answers = [infer(v.model.program, v.model.query, v.symbols(pictures)) for v in self.views]
        first = answers[0]
        return Answers(first.query, first.atoms, first.values, _mean([answer.log_probs for answer in answers]))


def ensemble(models: Sequence[Model]) -> Mixture:
    """The mixture of models, each taken at its word.

    Raises:
        TrainingError: if there are none.

    Example:
        >>> from neurosym import DIGITS, Model, Program, SpikingClassifier
        >>> rule = Program.parse("even(X) :- digit(0, X), 0 is X mod 2.")
        >>> models = [Model(SpikingClassifier(DIGITS, seed), rule, "even(X)") for seed in range(2)]
        >>> ensemble(models)(torch.zeros(3, 1, 1, 28, 28)).values
        (0, 2, 4, 6, 8)
    """
    return Mixture([View(model, {}) for model in models])


def average_meanings(
    model: Model, pictures: Tensor, answers: Sequence[Value], *, share: float = 0.005, distinct: bool = False
) -> Mixture:
    """The mixture of all meanings of a trained model's symbols that explain its training answers as well as its own.

    What it reads in the training pictures, where its answer is right, is asked for in how many other ways it could be
    meant (:func:`reasoner.count_shortcuts`). No label of a symbol is used: the mixture is as unsure of the symbols as
    the answers leave them.

    Args:
        model: Trained.
        pictures: Of training, ``[M, N, 1, H, W]``.
        answers: Of training, ``M`` of them.
        share: Readings that make up less than this share of the samples are taken for slips and left out.
        distinct: Whether different values must stand for different things.
    """
    with torch.no_grad():
        parts = [(model.symbols(part), model(part)) for part in pictures.split(500)]
    values = parts[0][0].domain.values
    slots = [slot.number for slot in ground(model.program, model.query).slots]
    read = [tuple(values[row[s]] for s in slots) for symbols, _ in parts for row in symbols.most_likely().tolist()]
    answered = [answer for _, found in parts for answer in found.most_likely()]
    right = Counter(r for r, said, given in zip(read, answered, answers, strict=True) if said == given)
    often = [reading for reading, number in right.items() if number >= share * len(answers)]
    found = count_shortcuts(model.program, model.goal(), readings=often, distinct=distinct)
    return Mixture([View(model, meaning) for meaning in found.meanings or ({},)])


def _mean(log_probs: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(log_probs)).logsumexp(dim=0) - log(len(log_probs))
