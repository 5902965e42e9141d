"""Concept quality, concerns before training, mitigations and mixtures: closed forms, and what each changes."""

import math
import warnings

import pytest
import torch
from sklearn.metrics import accuracy_score
from torch import Tensor, nn

from logic import Domain, Symbols
from neurosym.concepts import calibration_error, concept_report
from neurosym.model import Model
from neurosym.training.concerns import ShortcutWarning
from neurosym.training.fit import fit
from neurosym.training.mitigation import Differing, EvenUse, FewLabels, most_even, use_entropy
from neurosym.training.mixture import View, average_meanings, ensemble
from perception import SpikingClassifier
from reasoner import Program, infer

BITS = Domain("bit", (0, 1))
XOR = Program.parse("p(Z) :- bit(0, X), bit(1, Y), Z is (X + Y) mod 2.", (BITS,))
SUM = Program.parse("p(Z) :- bit(0, X), bit(1, Y), Z is X + Y.", (BITS,))


def model(program: Program, seed: int = 0) -> Model:
    generator = torch.Generator().manual_seed(seed)
    return Model(SpikingClassifier(BITS, generator, channels=(2, 2), hidden=8), program, "p(Z)")


def bars(values: Tensor) -> Tensor:
    """A picture ``[..., 1, 28, 28]`` of each bit: a bar upright or across."""
    pictures = torch.zeros(*values.shape, 1, 28, 28)
    pictures[..., 0, 4:24, 12:16] = (values == 1).float()[..., None, None]
    pictures[..., 0, 12:16, 4:24] += (values == 0).float()[..., None, None]
    return pictures.clamp(max=1)


def test_the_report_by_hand() -> None:
    shares = torch.tensor([[[0.9, 0.1], [0.2, 0.8]], [[0.6, 0.4], [0.9, 0.1]]])
    symbols = Symbols(BITS, shares.log())
    values = torch.tensor([[0, 1], [1, 0]])
    report = concept_report(symbols, infer(SUM, "p(Z)", symbols), values, [1, 1])
    assert report.samples == 2
    assert report.concept_accuracy == pytest.approx(accuracy_score([0, 1, 1, 0], [0, 1, 0, 0]))
    assert report.answer_accuracy == 0.5  # .74 for 1; .54 for 0 in the second sample
    assert report.concept_error == pytest.approx((abs(0.9 + 0.9 - 2) + abs(0.8 - 1) + abs(0.6 - 0)) / 4)
    assert report.answer_error == pytest.approx((abs(0.74 - 1) + abs(0.54 - 0)) / 2)
    assert report.collapse == 0.0
    one = Symbols(BITS, torch.tensor([[[0.9, 0.1], [0.8, 0.2]]]).log())
    assert concept_report(one, infer(SUM, "p(Z)", one), torch.tensor([[0, 1]]), [1]).collapse == 0.5
    with pytest.raises(ValueError, match="2 samples of 2 symbols"):
        concept_report(symbols, infer(SUM, "p(Z)", symbols), values[:1], [1])


def test_the_calibration_error_of_honest_beliefs_vanishes() -> None:
    generator = torch.Generator().manual_seed(0)
    sure = torch.rand(200_000, generator=generator)
    right = torch.rand(200_000, generator=generator) < sure
    assert calibration_error(sure, right) < 0.01
    assert calibration_error(sure, torch.ones(200_000, dtype=torch.bool)) == pytest.approx(0.5, abs=0.01)
    assert calibration_error(torch.ones(4), torch.zeros(4, dtype=torch.bool)) == 1.0


def test_fit_warns_where_answers_do_not_tell_the_meaning() -> None:
    pictures = bars(torch.tensor([[0, 1], [1, 1]]))
    with pytest.warns(ShortcutWarning, match=r"2 meanings .* takes bit 0 for 1, bit 1 for 0"):
        fit(model(XOR), pictures, [1, 0], epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model(SUM), pictures, [1, 2], epochs=1)
    with pytest.warns(ShortcutWarning, match="bit 0 for 1, bit 1 for 0"):
        fit(model(SUM), pictures, [1, 1], epochs=1, readings=[(0, 1)])


def test_each_mitigation_adds_what_it_says() -> None:
    pictures, answers = bars(torch.tensor([[0, 1], [1, 1], [0, 0]])), [1, 0, 0]
    own, other = model(XOR), model(XOR, seed=1)
    plain = own.log_probability(pictures, answers)
    belief, rival = own.perception(pictures).symbols, other.perception(pictures).symbols
    even = EvenUse(own, 0.5).log_probability(pictures, answers) - plain
    mean = belief.log_probs.exp().mean(dim=(0, 1))
    entropy = torch.distributions.Categorical(mean).entropy()
    assert torch.allclose(even, 0.5 * entropy.expand(3), atol=1e-6)
    differing = Differing(own, [other], 2.0).log_probability(pictures, answers) - plain
    mixed = (belief.log_probs.exp() + rival.log_probs.exp()) / 2
    divergence = nn.functional.kl_div(mixed.log(), belief.log_probs, log_target=True, reduction="none").sum((1, 2)) / 2
    assert torch.allclose(differing, 2 * divergence, atol=1e-5)
    values = torch.tensor([0, 1])
    labelled = FewLabels(own, bars(values), values).log_probability(pictures, answers) - plain
    shown = own.perception(bars(values)[:, None]).symbols.log_probs[:, 0]
    assert torch.allclose(labelled, (shown[0, 0] + shown[1, 1]).expand(3) / 2, atol=1e-5)


def test_labels_settle_the_meaning_that_answers_leave_open() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randint(2, (60, 2), generator=generator)
    answers, both = (values.sum(dim=1) % 2).tolist(), torch.tensor([0, 1])
    for truth in (both, 1 - both):  # the same answers, the other names
        learner = model(XOR)
        fit(FewLabels(learner, bars(both), truth), bars(values), answers, epochs=15, learning_rate=1e-2)
        assert torch.equal(learner.perception(bars(both)[None]).symbols.most_likely()[0], truth)
        assert learner(bars(values)).most_likely() == tuple(answers)


def test_a_mixture_of_meanings_is_as_unsure_as_the_answers_leave_it() -> None:
    values = torch.tensor([[0, 1], [1, 1], [1, 0], [0, 0]] * 5)
    answers = (values.sum(dim=1) % 2).tolist()
    learner = model(XOR)
    fit(FewLabels(learner, bars(torch.tensor([0, 1])), torch.tensor([0, 1])), bars(values), answers, epochs=30)
    mixture = average_meanings(learner, bars(values), answers)
    assert [view.meaning for view in mixture.views] in (
        [{("bit", 0): 0, ("bit", 1): 1}, {("bit", 0): 1, ("bit", 1): 0}],
        [{("bit", 0): 1, ("bit", 1): 0}, {("bit", 0): 0, ("bit", 1): 1}],
    )
    assert torch.allclose(mixture.symbols(bars(values)).log_probs, torch.tensor(math.log(0.5)), atol=1e-6)
    assert torch.allclose(mixture(bars(values)).log_probs, learner(bars(values)).log_probs, atol=1e-5)


def test_a_mixture_is_the_mean_of_its_views() -> None:
    pictures, models = bars(torch.tensor([[0, 1], [1, 1]])), [model(SUM), model(SUM, seed=1)]
    mixture = ensemble(models)
    for found, parts in (
        (mixture(pictures).log_probs, [one(pictures).log_probs for one in models]),
        (mixture.symbols(pictures).log_probs, [one.perception(pictures).symbols.log_probs for one in models]),
    ):
        assert torch.allclose(found.exp(), (parts[0].exp() + parts[1].exp()) / 2, atol=1e-6)
    swapped = View(models[0], {("bit", 0): 1, ("bit", 1): 0}).symbols(pictures)
    assert torch.allclose(swapped.log_probs, models[0].perception(pictures).symbols.log_probs.flip(2), atol=1e-6)


def test_the_most_even_model_uses_all_values() -> None:
    pictures, models = bars(torch.tensor([[0, 1], [1, 1]])), [model(SUM, seed) for seed in range(3)]
    entropies = [use_entropy(one.perception(pictures).symbols).item() for one in models]
    assert most_even(models, pictures) is models[entropies.index(max(entropies))]
