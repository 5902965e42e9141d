"""Training: deterministic, interruptible, and exactly the same after a resumption."""

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from logic import Domain, FileError
from neurosym.checkpoint import CheckpointError
from neurosym.training.fit import History, Interrupted, TrainingError, fit, learning_rate_factor
from perception import SpikingClassifier, augment, blend

DOMAIN = Domain("bar", ["row", "column", "none"])


@dataclass
class Sums:
    """Two slots of three classes each; the answer is the sum of the class numbers."""

    perception: SpikingClassifier

    def log_probability(self, pictures: Tensor, answers: Sequence[Any]) -> Tensor:
        """The sum over all pairs of classes, by hand."""
        first, second = self.perception(pictures).symbols.log_probs.unbind(1)
        classes = torch.arange(3)
        fits = classes[:, None] + classes == torch.tensor(answers)[:, None, None]
        return (first[:, :, None] + second[:, None, :]).masked_fill(~fits, -1e30).flatten(1).logsumexp(dim=1)


def model(seed: int = 0) -> Sums:
    return Sums(SpikingClassifier(DOMAIN, torch.Generator().manual_seed(seed), channels=(4, 6), hidden=16, size=16))


def task(count: int = 60) -> tuple[Tensor, list[int], Tensor]:
    """Pictures ``[M, 2, 1, 16, 16]`` of a bright row, a bright column or nothing, their sums and classes."""
    generator = torch.Generator().manual_seed(7)
    classes = torch.randint(0, 3, (count, 2), generator=generator)
    pictures = torch.rand(count, 2, 1, 16, 16, generator=generator) * 0.3
    for number in range(count):
        for slot in range(2):
            place = int(torch.randint(4, 12, (1,), generator=generator))
            if classes[number, slot] == 0:
                pictures[number, slot, 0, place : place + 2, :] = 1
            elif classes[number, slot] == 1:
                pictures[number, slot, 0, :, place : place + 2] = 1
    return pictures, classes.sum(dim=1).tolist(), classes


def train(
    trained: Sums,
    *,
    epochs: int = 4,
    seed: int = 0,
    checkpoint: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    evaluate: Callable[[], Mapping[str, float]] | None = None,
) -> History:
    pictures, sums, _ = task()
    return fit(
        trained,
        pictures,
        sums,
        epochs=epochs,
        batch=8,
        learning_rate=5e-3,
        seed=seed,
        augment=augment,
        checkpoint=checkpoint,
        progress=progress,
        evaluate=evaluate,
    )


def same_weights(first: Sums, second: Sums) -> bool:
    theirs = second.perception.state_dict()
    return all(torch.equal(weight, theirs[name]) for name, weight in first.perception.state_dict().items())


def interrupt_at(step: int) -> Callable[[int, int], None]:
    def progress(done: int, _: int) -> None:
        if done == step:
            raise KeyboardInterrupt

    return progress


def test_it_learns_classes_from_sums_alone() -> None:
    pictures, sums, classes = task(240)
    learner = model()
    history = fit(learner, pictures, sums, epochs=12, batch=8, learning_rate=5e-3)
    assert history.epochs[-1].loss < 0.3 < history.epochs[0].loss
    seen = learner.perception(pictures).symbols.most_likely()
    assert (seen == classes).float().mean() > 0.95


def test_the_seed_decides() -> None:
    first, again, other = model(), model(), model()
    courses = [train(m, seed=s, epochs=2) for m, s in ((first, 0), (again, 0), (other, 1))]
    losses = [[epoch.loss for epoch in course.epochs] for course in courses]
    assert losses[0] == losses[1] != losses[2]
    assert same_weights(first, again)
    assert not same_weights(first, other)


def test_progress_and_scores_are_reported() -> None:
    steps: list[tuple[int, int]] = []
    history = train(
        model(), epochs=2, progress=lambda done, all: steps.append((done, all)), evaluate=lambda: {"right": 0.5}
    )
    assert steps == [(done, 16) for done in range(1, 17)]
    assert [dict(epoch.scores) for epoch in history.epochs] == [{"right": 0.5}] * 2
    assert all(epoch.seconds > 0 for epoch in history.epochs)


@pytest.mark.parametrize("step", [9, 16, 27])
def test_resuming_gives_the_same_course(tmp_path: Path, step: int) -> None:
    whole, stopped, resumed = model(), model(), model(seed=99)
    expected = train(whole)
    path = tmp_path / "state.safetensors"
    with pytest.raises(Interrupted, match="epochs; they are kept in") as caught:
        train(stopped, checkpoint=path, progress=interrupt_at(step))
    assert str(path) in str(caught.value)
    history = train(resumed, checkpoint=path)
    assert [epoch.loss for epoch in history.epochs] == [epoch.loss for epoch in expected.epochs]
    assert same_weights(whole, resumed)


def test_a_finished_training_is_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    trained, loaded = model(), model(seed=99)
    history = train(trained, epochs=2, checkpoint=path)
    assert train(loaded, epochs=2, checkpoint=path, progress=interrupt_at(1)) == history
    assert same_weights(trained, loaded)


def test_interruption_before_anything_is_kept(tmp_path: Path) -> None:
    with pytest.raises(Interrupted, match="nothing was kept"):
        train(model(), checkpoint=tmp_path / "state.safetensors", progress=interrupt_at(3))
    assert not list(tmp_path.iterdir())


def test_another_trainings_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    train(model(), epochs=1, checkpoint=path)
    with pytest.raises(CheckpointError, match="another training"):
        train(model(), epochs=1, seed=5, checkpoint=path)
    wider = Sums(SpikingClassifier(DOMAIN, torch.Generator(), channels=(5, 6), hidden=16, size=16))
    with pytest.raises(CheckpointError, match=r"another training \(network"):
        train(wider, epochs=1, checkpoint=path)


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.safetensors"
    with pytest.raises(Interrupted):
        train(model(), checkpoint=path, progress=interrupt_at(9))
    before = path.read_bytes()

    def full(tensors: Any, filename: Path, metadata: Any) -> None:
        filename.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("neurosym.checkpoint.save_file", full)
    with pytest.raises(FileError, match="No space left on device"):
        train(model(), checkpoint=path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_bad_arguments_are_refused() -> None:
    pictures, sums, _ = task(4)
    for answers, epochs, batch in ((sums[:3], 1, 1), ([], 1, 1), (sums, 0, 1), (sums, 1, 0)):
        with pytest.raises(TrainingError):
            fit(model(), pictures[: len(pictures) if answers else 0], answers, epochs=epochs, batch=batch)


def test_answers_of_rules_are_not_blended() -> None:
    pictures, sums, _ = task(4)
    with pytest.raises(TrainingError, match="train rules without blend"):
        fit(model(), pictures, sums, epochs=1, blend=blend)


def test_learning_rate_warms_up_and_falls_to_zero() -> None:
    factors = [learning_rate_factor(step, 100) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert max(factors) == factors[9] > 0.97
    assert factors[9:] == sorted(factors[9:], reverse=True)
    assert factors[100] == pytest.approx(0)
