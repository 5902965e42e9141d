"""Training on labels with every option of fit: objectives, savings, averaging, early stopping, and bad settings."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from neurosym import History, Labelled, Savings, fit
from neurosym.checkpoint import CheckpointError
from neurosym.training.averaging import WeightAverage
from neurosym.training.fit import Interrupted, TrainingError
from neurosym.training.labelled import TwoLabels
from perception import PerceptionError, blend, temporal_loss
from tests.vision import SmallVision, bars


def train(vision: SmallVision, **options: Any) -> History:
    pictures, labels = bars()
    settings: dict[str, Any] = {"epochs": 2, "batch": 12, "learning_rate": 5e-3, **options}
    return fit(Labelled(vision), pictures, labels, **settings)


def weights(vision: SmallVision) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in vision.parameters()])


def test_it_learns_labels() -> None:
    pictures, labels = bars(96)
    vision = SmallVision()
    history = fit(Labelled(vision), pictures, labels, epochs=15, batch=16, learning_rate=1e-2)
    assert history.epochs[-1].loss < 0.35 < history.epochs[0].loss
    unseen, theirs = bars(60, seed=5)
    assert (vision.logits(unseen[:, None]).mean(0).argmax(1) == theirs).float().mean() > 0.9


def test_objectives_by_hand() -> None:
    vision = SmallVision()
    pictures, labels = bars(6)
    logits = vision.logits(pictures[:, None])
    mean = torch.stack([functional.cross_entropy(logits[:, i].mean(0), labels[i]) for i in range(6)])
    torch.testing.assert_close(-Labelled(vision).log_probability(pictures, labels.tolist()), mean)
    found = -Labelled(vision, "tet", regularity=0.1).log_probability(pictures, labels.tolist())
    torch.testing.assert_close(found.mean(), temporal_loss(logits, labels, weight=0.1))
    one = -Labelled(vision, "tet", regularity=0.1).log_probability(pictures[2:3], labels[2:3].tolist())
    torch.testing.assert_close(found[2:3], one)


def test_frames_are_seen_in_the_order_of_time() -> None:
    vision = SmallVision()
    frames = torch.rand(5, 4, 1, 8, 8)
    expected = vision.network(frames.transpose(0, 1))
    torch.testing.assert_close(Labelled(vision).logits(frames), expected)


@pytest.mark.parametrize(
    "savings",
    [Savings(pack=True), Savings(recompute=True), Savings(pack=True, recompute=True)],
    ids=["pack", "recompute", "both"],
)
def test_lossless_savings_give_the_same_weights(savings: Savings) -> None:
    plain, saving = SmallVision(norm=True), SmallVision(norm=True)
    expected, found = train(plain), train(saving, savings=savings)
    assert [e.loss for e in expected.epochs] == [e.loss for e in found.epochs]
    assert torch.equal(weights(plain), weights(saving))


@pytest.mark.parametrize("parts", [2, 5, 99])
def test_a_batch_in_parts_is_the_batch(parts: int) -> None:
    plain, split = SmallVision(), SmallVision()
    train(plain)
    train(split, savings=Savings(parts=parts))
    torch.testing.assert_close(weights(plain), weights(split), rtol=1e-3, atol=1e-4)


def test_lower_precision_learns_nearly_the_same() -> None:
    plain, low = SmallVision(), SmallVision()
    losses = [
        train(plain, epochs=4).epochs[-1].loss,
        train(low, epochs=4, savings=Savings(precision="bfloat16")).epochs[-1].loss,
    ]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], abs=0.15)
    assert all(parameter.dtype == torch.float32 for parameter in low.parameters())


@pytest.mark.parametrize("steps_back", [1, 2, 4])
def test_step_by_step_learns(steps_back: int) -> None:
    pictures, labels = bars(96)
    history = fit(
        Labelled(SmallVision(), "tet"), pictures, labels, epochs=12, batch=16, learning_rate=1e-2,
        savings=Savings(steps_back=steps_back),
    )  # fmt: skip
    assert history.epochs[-1].loss < 0.6 < history.epochs[0].loss


def test_a_steps_choice_is_right_in_expectation() -> None:
    """The mean over all single steps sent back is what all steps sent back give."""
    pictures, labels = bars(12)
    found: dict[int, torch.Tensor] = {}
    for steps_back, tries in ((4, 1), (1, 200)):
        vision = SmallVision()
        generator = torch.Generator().manual_seed(0)
        for _ in range(tries):
            Labelled(vision).send_back_online(
                pictures, labels.tolist(), scale=1 / tries, steps_back=steps_back, generator=generator
            )
        found[steps_back] = torch.cat([p.grad.flatten() for p in vision.parameters() if p.grad is not None])
    assert functional.cosine_similarity(found[4], found[1], dim=0) > 0.99
    assert found[1].norm() == pytest.approx(float(found[4].norm()), rel=0.1)


def test_the_average_follows_its_formula_and_is_what_remains() -> None:
    vision = SmallVision()
    average = WeightAverage(vision, 0.9)
    expected = weights(vision)
    for step, factor in enumerate((2.0, -1.0, 0.5)):
        with torch.no_grad():
            for parameter in vision.parameters():
                parameter.mul_(factor)
        average.update(vision, step)
        keep = min(0.9, (1 + step) / (10 + step))
        expected = keep * expected + (1 - keep) * weights(vision)
    before = weights(vision)
    with average.in_place(vision):
        torch.testing.assert_close(weights(vision), expected)
    assert torch.equal(weights(vision), before)


@pytest.mark.parametrize("objective", ["mean", "tet"])
def test_two_labels_weigh_as_their_shares(objective: Any) -> None:
    pictures, _ = bars(4)
    model = Labelled(SmallVision(), objective, smoothing=0.1)
    first, second = [0, 1, 2, 0], [2, 1, 0, 1]
    share = torch.tensor([0.25, 0.5, 1.0, 0.0])
    mixed = [TwoLabels(*answer) for answer in zip(first, second, share.tolist(), strict=True)]
    expected = share * model.log_probability(pictures, first) + (1 - share) * model.log_probability(pictures, second)
    torch.testing.assert_close(model.log_probability(pictures, mixed), expected)


def test_blended_pictures_teach_and_sgd_resumes(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    options: dict[str, Any] = {"epochs": 20, "optimizer": "sgd", "learning_rate": 0.1, "blend": blend}
    whole, resumed = SmallVision(), SmallVision(seed=9)
    expected = train(whole, **options)
    assert expected.epochs[-1].loss < 0.6 < expected.epochs[0].loss  # the last epochs show pictures as they are
    plain = train(SmallVision(), **{**options, "blend": None})
    assert plain.epochs[0].loss != expected.epochs[0].loss

    def interrupt(done: int, _: int) -> None:
        if done == 15:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        train(SmallVision(), **options, checkpoint=path, progress=interrupt)
    found = train(resumed, **options, checkpoint=path)
    assert [e.loss for e in found.epochs] == [e.loss for e in expected.epochs]
    assert torch.equal(weights(whole), weights(resumed))


def test_averaged_training_resumes_to_the_same_weights(tmp_path: Path) -> None:
    whole, stopped, resumed = SmallVision(), SmallVision(), SmallVision(seed=9)
    seen: list[torch.Tensor] = []

    def look() -> dict[str, float]:
        seen.append(weights(whole))
        return {}

    expected = train(whole, epochs=3, average=0.95, evaluate=look)
    assert torch.equal(seen[-1], weights(whole))  # what was evaluated last is what remains
    plain = SmallVision()
    train(plain, epochs=3)
    assert not torch.equal(weights(plain), weights(whole))
    path = tmp_path / "state.safetensors"

    def interrupt(done: int, _: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        train(stopped, epochs=3, average=0.95, checkpoint=path, progress=interrupt)
    found = train(resumed, epochs=3, average=0.95, checkpoint=path)
    assert [e.loss for e in found.epochs] == [e.loss for e in expected.epochs]
    assert torch.equal(weights(whole), weights(resumed))
    with pytest.raises(CheckpointError, match="another training"):
        train(SmallVision(), epochs=3, checkpoint=path)


def test_it_stops_when_what_is_held_out_gets_no_better(tmp_path: Path) -> None:
    pictures, labels = bars(24, seed=3)
    wrong = (labels + 1) % 3  # the better the training, the worse the loss on these
    path = tmp_path / "state.safetensors"
    options: dict[str, Any] = {"epochs": 20, "held_out": (pictures, wrong), "patience": 2, "checkpoint": path}
    history = train(SmallVision(), **options)
    losses = [epoch.scores["held_out_loss"] for epoch in history.epochs]
    assert 3 <= len(losses) < 20
    assert min(losses[-2:]) >= min(losses[:-2])
    assert train(SmallVision(), **options) == history  # a training that has stopped is not taken up again
    right = train(SmallVision(), epochs=4, held_out=(pictures, labels))
    assert len(right.epochs) == 4


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"epochs": 0}, "at least 1"),
        ({"learning_rate": 0.0}, "learning rate must be positive"),
        ({"learning_rate": float("nan")}, "learning rate must be a number"),
        ({"weight_decay": -1.0}, "weight decay"),
        ({"average": 1.0}, "average"),
        ({"patience": 3}, "held-out"),
        ({"learning_rate": 1e30}, "lower the learning rate"),
        ({"optimizer": "adam"}, "choose adamw or sgd"),
        ({"device": "gpu"}, "there is no device 'gpu' here"),
    ],
)
def test_bad_settings_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(TrainingError, match=text):
        train(SmallVision(), **options)


def test_bad_savings_and_data_are_refused() -> None:
    for make, text in (
        (lambda: Savings(parts=0), "at least 1"),
        (lambda: Savings(precision="float8"), "unknown precision"),  # pyright: ignore[reportArgumentType]
        (lambda: Savings(recompute=True, steps_back=1), "nothing to recompute"),
        (lambda: Labelled(SmallVision(), "softmax"), "choose mean or tet"),  # pyright: ignore[reportArgumentType]
        (lambda: Labelled(SmallVision(), smoothing=1.0), "smoothing"),
        (lambda: train(SmallVision(), savings=Savings(steps_back=5)), "5 of 4 steps"),
        (lambda: fit(Labelled(SmallVision()), bars()[0], bars()[1] + 1, epochs=1), "3 is no class number"),
        (lambda: fit(Labelled(SmallVision()), bars()[0], bars()[1] / 2, epochs=1), "0.5 is no class number"),
    ):
        with pytest.raises(TrainingError, match=text):
            make()
    with pytest.raises(PerceptionError, match="a Linear is no perception network"):
        Labelled(torch.nn.Linear(2, 2))
    pictures, labels = bars(6)
    pictures[4, 0, 2, 2] = float("nan")
    with pytest.raises(TrainingError, match="picture 4 holds NaN"):
        fit(Labelled(SmallVision()), pictures, labels, epochs=1)
