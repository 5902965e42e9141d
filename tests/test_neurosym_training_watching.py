"""What a training says of itself: guessing, collapse, silent layers; and what a checkpoint is tied to."""

import warnings
from collections.abc import Callable
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from neurosym import DIGITS, Labelled, Model, Program, SpikingClassifier, TrainingWarning, fit
from neurosym.checkpoint import CheckpointError
from neurosym.training.errors import TrainingError
from neurosym.training.examples import to_source
from neurosym.training.watching import loss_of_guessing
from perception import LeakyIntegrateAndFire
from tests.vision import SmallVision, bars


class Quiet(nn.Module):
    """One layer of neurons behind weights; its pictures may be as small as a single number."""

    def __init__(self, weight: float = 1.0, threshold: float = 1.0, norm: bool = False, steps: int = 1) -> None:
        super().__init__()
        self.weights = nn.Linear(2, 6)
        self.norm = nn.BatchNorm1d(6) if norm else nn.Identity()
        self.fire = LeakyIntegrateAndFire(threshold=threshold)
        self.readout = nn.Linear(6, 2)
        self.steps = steps
        nn.init.constant_(self.weights.weight, weight)
        for parameter in (self.weights.bias, self.readout.bias):
            nn.init.zeros_(parameter)
        nn.init.normal_(self.readout.weight, generator=torch.Generator().manual_seed(0))

    def logits(self, pictures: Tensor) -> Tensor:
        """``[T, B * N, 2]`` of ``[B, N, 2]``."""
        currents = self.norm(self.weights(pictures.flatten(0, 1)))
        return self.readout(self.fire(currents.expand(self.steps, *currents.shape)))


def points(count: int = 64) -> tuple[Tensor, Tensor]:
    labels = torch.arange(count) % 2
    return labels[:, None].float() * torch.ones(2) + 0.1, labels


def said(model: Quiet, labels: Tensor | None = None, **options: Any) -> list[str]:
    samples, truth = points()
    settings: dict[str, Any] = {"epochs": 52, "batch": 16, "learning_rate": 1e-2, **options}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(Labelled(model), samples, truth if labels is None else labels, **settings)
    return [str(one.message) for one in caught if one.category is TrainingWarning]


def test_a_training_that_learns_says_nothing() -> None:
    assert said(Quiet()) == []


def test_guessing_is_told_early_and_once() -> None:
    labels = torch.randint(2, (64,), generator=torch.Generator().manual_seed(0))
    (text,) = said(Quiet(), labels, epochs=60, learning_rate=1e-4)
    assert "no better than that of guessing (0.6" in text


def test_layers_that_never_fire_and_one_answer_for_all_are_told() -> None:
    told = said(Quiet(threshold=1e6), learning_rate=1e-5)
    assert any("layers never fire: 'fire' (100% of its channels)" in one for one in told)
    assert any("the network sees class" in one and "in all of 64 training pictures" in one for one in told)


def test_short_trainings_are_not_judged() -> None:
    assert said(Quiet(threshold=1e6), epochs=4) == []


def test_the_loss_of_guessing_is_the_entropy_of_the_answers() -> None:
    source = to_source(Labelled(SmallVision()), torch.zeros(4, 1, 8, 8), [0, 0, 1, 2], 4)
    assert loss_of_guessing(source) == pytest.approx(0.5 * log(2) + 0.5 * log(4))
    rule = Model(
        SpikingClassifier(DIGITS, 0), Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y."), "sum(S)"
    )
    assert loss_of_guessing(to_source(rule, torch.zeros(2, 2, 1, 28, 28), [3, 4], 2)) == pytest.approx(log(2))
    assert loss_of_guessing(to_source(rule, torch.zeros(2, 2, 1, 28, 28), [3, 3], 2)) is None


@pytest.mark.parametrize("count", [17, 33])
def test_a_last_batch_of_one_goes_with_the_one_before(count: int) -> None:
    samples, labels = points(count)
    history = fit(Labelled(Quiet(norm=True)), samples, labels, epochs=2, batch=16)
    assert len(history.epochs) == 2
    with pytest.raises(TrainingError, match="one sample has no statistics for batch norms"):
        fit(Labelled(Quiet(norm=True)), samples[:1], labels[:1], epochs=1, batch=16)


def test_labels_of_other_forms_mean_the_same() -> None:
    samples, labels = points(12)
    expected = fit(Labelled(Quiet()), samples, labels, epochs=2).epochs
    rows = torch.nn.functional.one_hot(labels, 2)
    for form in (rows, rows.float().numpy(), labels.float(), labels[:, None], labels.to(torch.uint16), labels.bool(),
                 np.asarray(labels, np.float64), rows.tolist()):  # fmt: skip
        found = fit(Labelled(Quiet()), samples, form, epochs=2).epochs
        assert [one.loss for one in found] == [one.loss for one in expected]
    loader = DataLoader(TensorDataset(samples, rows), batch_size=12)
    assert len(fit(Labelled(Quiet()), loader, epochs=2).epochs) == 2  # pyright: ignore[reportArgumentType]
    for wrong, text in (
        (rows * 0.5, "is not one-hot"),
        (rows + 1, "is not one-hot"),
        (labels + 0.5, "no class number"),
    ):
        with pytest.raises(TrainingError, match=text):
            fit(Labelled(Quiet()), samples, wrong, epochs=1)


OTHER_TYPES: list[tuple[Callable[[Tensor], Any], str]] = [
    (lambda pictures: (pictures * 65535).to(torch.uint16), "torch.uint16"),
    (lambda pictures: (pictures * 65535).to(torch.uint16).numpy(), "torch.uint16"),
    (lambda pictures: pictures * 255, "expected 0 to 1; divide those from 0 to 255 by 255"),
    (lambda pictures: (pictures * 255).long(), "give bytes from 0 to 255"),
]


@pytest.mark.parametrize(("change", "text"), OTHER_TYPES)
def test_pictures_of_other_types_are_named(change: Callable[[Tensor], Any], text: str) -> None:
    from perception import SpikingVision

    vision = SpikingVision(3, 0, options={"size": 8, "steps": 1})
    with pytest.raises(ValueError, match=text):
        fit(Labelled(vision), change(bars(6)[0]), bars(6)[1], epochs=1)


def test_a_checkpoint_is_tied_to_network_data_and_objective(tmp_path: Path) -> None:
    samples, labels = points(12)
    path = tmp_path / "state.safetensors"

    def go_on(model: nn.Module, **options: Any) -> Any:
        settings: dict[str, Any] = {"epochs": 2, "checkpoint": path, **options}
        data = settings.pop("data", (samples, labels))
        return fit(Labelled(model, **settings.pop("labelled", {})), *data, **settings)

    first = go_on(Quiet())
    assert go_on(Quiet()).epochs == first.epochs
    for model, options, text in (
        (Quiet(threshold=2.0), {}, "network 'Quiet"),  # of the same shape
        (Quiet(), {"data": (samples + 0.1, labels)}, "data '12 samples"),
        (Quiet(), {"data": (samples, 1 - labels)}, "data '12 samples"),
        (Quiet(), {"labelled": {"smoothing": 0.1}}, "objective 'mean, smoothing 0.0"),
        (Quiet(), {"labelled": {"objective": "tet"}}, "objective 'mean"),
        (Quiet(), {"epochs": 1}, "epochs 2, not 1"),
    ):
        with pytest.raises(CheckpointError, match=f"belongs to another training .*{text}") as caught:
            go_on(model, **options)
        assert str(caught.value).count("\n") == 0


def test_more_epochs_go_on(tmp_path: Path) -> None:
    samples, labels = points(12)
    path = tmp_path / "state.safetensors"
    first = fit(Labelled(Quiet()), samples, labels, epochs=2, checkpoint=path)
    network = Quiet()
    longer = fit(Labelled(network), samples, labels, epochs=5, checkpoint=path)
    assert len(longer.epochs) == 5
    assert longer.epochs[:2] == first.epochs
    assert longer.epochs[4].loss < first.epochs[1].loss


def test_parts_of_a_network_stay_as_they_are_statistics_included() -> None:
    samples, labels = points(32)
    network = Quiet(norm=True)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    fit(Labelled(network), samples, labels, epochs=3, frozen=("weights", "norm"))
    same = {name: torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items()}
    assert {name.split(".")[0] for name, equal in same.items() if not equal} == {"readout"}
    with pytest.raises(TrainingError, match=r"part 'norms' to be frozen; the model has .*; did you mean norm"):
        fit(Labelled(network), samples, labels, epochs=1, frozen=("norms",))
    with pytest.raises(TrainingError, match="nothing is left to be learned"):
        fit(Labelled(network), samples, labels, epochs=1, frozen=("weights", "norm", "readout"))
