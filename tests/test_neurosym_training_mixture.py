"""Mixtures: mean beliefs and mean answers, against sums by hand."""

import pytest
import torch
from torch import Tensor, nn

from neurosym import (
    Domain,
    DomainError,
    Model,
    Percept,
    Program,
    SpikingClassifier,
    Symbols,
    average_meanings,
    ensemble,
)
from neurosym.training.errors import TrainingError
from neurosym.training.mixture import View

BITS = Domain("bit", [0, 1])
PICTURES = torch.rand(5, 2, 1, 16, 16, generator=torch.Generator().manual_seed(3))


def model(seed: int, rule: str = "p(Z) :- bit(0, X), bit(1, Y), Z is X + Y.") -> Model:
    network = SpikingClassifier(BITS, seed, channels=(2, 2), hidden=8, size=16)
    return Model(network, Program.parse(rule, (BITS,)), "p(Z)")


def test_an_ensemble_answers_with_the_mean_of_its_answers() -> None:
    models = [model(seed) for seed in range(3)]
    mixture = ensemble(models)
    beliefs = torch.stack([one.perception(PICTURES).symbols.log_probs.exp() for one in models])
    torch.testing.assert_close(mixture.symbols(PICTURES).log_probs.exp(), beliefs.mean(0))
    first, second = beliefs.unbind(3)  # [models, B, N]
    sums = [first[..., 0] * first[..., 1], first[..., 0] * second[..., 1] + second[..., 0] * first[..., 1],
            second[..., 0] * second[..., 1]]  # fmt: skip
    answers = mixture(PICTURES)
    assert answers.values == (0, 1, 2)
    expected = torch.stack(sums, -1).mean(0)
    torch.testing.assert_close(answers.log_probs.exp(), expected, check_dtype=False, rtol=1e-5, atol=1e-6)


def test_a_view_takes_values_for_what_they_mean() -> None:
    one = model(0)
    seen = one.perception(PICTURES).symbols.log_probs.exp()
    swapped = View(one, {("bit", 0): 1, ("bit", 1): 0}).symbols(PICTURES).log_probs.exp()
    torch.testing.assert_close(swapped, seen.flip(2))
    merged = View(one, {("bit", 0): 1}).symbols(PICTURES).log_probs.exp()
    torch.testing.assert_close(merged[..., 1], torch.ones(5, 2))
    assert merged[..., 0].max() < 1e-20


def test_a_meaning_of_nothing_is_refused() -> None:
    one = model(0)
    with pytest.raises(
        TrainingError, match=r"0: 1, which names no domain of the program; write it as \{\('bit', value"
    ):
        View(one, {0: 1})  # pyright: ignore[reportArgumentType]
    with pytest.raises(TrainingError, match="names no domain"):
        View(one, {("digit", 0): 1})
    for key, value in ((2, 1), (1, 2)):
        with pytest.raises(DomainError, match="domain 'bit' has no value 2"):
            View(one, {("bit", key): value})


class Brightness(nn.Module):
    """Reads 1 where a picture is bright."""

    domain = BITS

    def forward(self, pictures: Tensor) -> Percept:
        bright = pictures.mean((2, 3, 4)).clamp(0.05, 0.95)
        return Percept(Symbols(BITS, torch.stack([1 - bright, bright], -1).log()), {})


def test_all_meanings_that_explain_the_answers_are_averaged() -> None:
    """Whether two bits differ does not tell which is which: swapped, they explain it as well."""
    shown = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    pictures = shown[:, :, None, None, None].float().expand(4, 2, 1, 4, 4)
    one = Model(Brightness(), Program.parse("p(Z) :- bit(0, X), bit(1, Y), Z is abs(X - Y).", (BITS,)), "p(Z)")
    mixture = average_meanings(one, pictures, [0, 1, 1, 0], distinct=True)
    meanings = {tuple(view.meaning.get(("bit", value), value) for value in (0, 1)) for view in mixture.views}
    assert meanings == {(0, 1), (1, 0)}
    torch.testing.assert_close(mixture.symbols(pictures).log_probs.exp(), torch.full((4, 2, 2), 0.5))
    torch.testing.assert_close(mixture(pictures).log_probs, one(pictures).log_probs, check_dtype=False)


def test_an_ensemble_of_one_is_the_one() -> None:
    one = model(4)
    torch.testing.assert_close(ensemble([one])(PICTURES).log_probs, one(PICTURES).log_probs)
    with pytest.raises(TrainingError, match="at least one"):
        ensemble([])
