"""Training, on labels or through the rules: the loss is minus the log-probability of the answer."""

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil, cos, isfinite, pi
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reasoner import Reading

from .averaging import WeightAverage
from .checkpoint import write_checkpoint
from .concerns import ShortcutWarning, shortcut_concern
from .history import Epoch as Epoch, History as History
from .model import Model
from .processes import Processes, these_processes
from .resuming import Training, resume, to_checkpoint
from .savings import Savings, Trainable, add_gradients, cheaper
from .training_errors import Interrupted as Interrupted, TrainingError as TrainingError
from .training_log import write_log

WARM_UP = 0.1  # part of all steps during which the learning rate rises
WEIGHT_DECAY = 1e-4


@dataclass(frozen=True)
class _Plan:
    """What a checkpoint must agree on for training to go on from it."""

    samples: int
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    average: float
    seed: int
    held_out: int
    patience: int | None
    savings: Savings

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1:
            raise TrainingError(f"epochs and batch must be at least 1, got {self.epochs} and {self.batch}")
        if not (self.learning_rate > 0 and isfinite(self.learning_rate) and self.weight_decay >= 0):
            raise TrainingError(
                f"the learning rate must be positive and the weight decay not negative, "
                f"got {self.learning_rate} and {self.weight_decay}"
            )
        if not 0 <= self.average < 1:
            raise TrainingError(f"average is the part that is kept at each step, in [0, 1), got {self.average}")
        if self.patience is not None and (self.patience < 1 or not self.held_out):
            raise TrainingError("patience needs at least one epoch and held-out samples of the training part")


def learning_rate_factor(step: int, steps: int) -> float:
    """The learning rate at a step, relative to its peak: linear warm-up, then half a cosine down to zero."""
    return min((step + 1) / max(1.0, WARM_UP * steps), 0.5 * (1 + cos(pi * step / steps)))


def fit(
    model: Trainable,
    pictures: Tensor,
    answers: Sequence[Any] | Tensor,
    *,
    epochs: int,
    batch: int = 16,
    learning_rate: float = 3e-3,
    weight_decay: float = WEIGHT_DECAY,
    average: float = 0.0,
    seed: int = 0,
    augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    held_out: tuple[Tensor, Sequence[Any] | Tensor] | None = None,
    patience: int | None = None,
    savings: Savings | None = None,
    readings: Iterable[Reading] | None = None,
    checkpoint: Path | None = None,
    log: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    evaluate: Callable[[], Mapping[str, float]] | None = None,
) -> History:
    """Trains a model's perception network from answers; the same seed gives the same weights.

    AdamW with linear warm-up and cosine decay. After each epoch everything that training needs is written to
    ``checkpoint``. If that file exists, training goes on from it, exactly as if it had never stopped. In processes
    joined by ``torch.distributed``, each takes its share of each batch, and the result is that of one process.

    Args:
        model: Its ``perception`` is changed in place; a :class:`neurosym.Labelled` for labels, or a
            :class:`neurosym.Model` for answers that follow from rules.
        pictures: ``[M, ...]``, as ``model.log_probability`` takes them, ``[M, N, C, H, W]`` for rules.
        answers: ``M`` answers, in the form that ``model.log_probability`` takes.
        epochs: Passes over the pictures.
        batch: Samples per step, over all processes.
        learning_rate: Peak of the schedule.
        weight_decay: Of AdamW.
        average: Part of a running average of the weights that each step keeps, such as 0.999. The averaged weights are
            evaluated and are what the network has in the end. 0 for none.
        seed: Of the order of samples and of augmentation.
        augment: Changes the pictures of each step.
        held_out: Pictures and answers of the training part that are not trained on; the loss on them is kept.
        patience: Stop when the loss on what is held out has not fallen for so many epochs.
        savings: How to spend less memory or time.
        readings: Which values occur together in samples, if that is known; they are not trained on, only used to
            tell whether other meanings of the symbols would explain the answers as well.
        checkpoint: File to keep the state in, or none.
        log: Folder for ``training.csv`` and TensorBoard's events, or none.
        progress: Called after each step with the number of steps done and of all steps.
        evaluate: Called after each epoch in the first process; its scores are kept.

    Warns:
        ShortcutWarning: if the answers do not tell the meaning of the symbols, with an example.

    Returns:
        The course of the training, the epochs before a resumption included. Its last epoch is the result.

    Raises:
        TrainingError: if the numbers of pictures and answers differ, there are none, a setting makes no sense, a
            picture is no number or the loss is not finite.
        CheckpointError: if the checkpoint is damaged or is of another training.
        FileError: if the checkpoint or the log cannot be written.
        Interrupted: on Ctrl-C; the checkpoint of the last whole epoch is kept.
    """
    answers = _listed(pictures, answers)
    if isinstance(model, Model) and (concern := shortcut_concern(model, answers, readings)):
        warnings.warn(concern, ShortcutWarning, stacklevel=2)
    kept_out = None if held_out is None else (held_out[0], _listed(*held_out))
    savings = savings or Savings()
    plan = _Plan(
        len(answers), epochs, batch, learning_rate, weight_decay, average, seed,
        len(kept_out[1]) if kept_out else 0, patience, savings,
    )  # fmt: skip
    network, processes = model.perception, these_processes()
    processes.agree(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=weight_decay)
    running = WeightAverage(network, average) if average else None
    training = Training(network, optimizer, torch.Generator().manual_seed(seed), running)
    history = History()
    if checkpoint is not None and checkpoint.exists():
        history = resume(checkpoint, training, asdict(plan))
    try:
        while len(history.epochs) < epochs and not (patience and history.epochs_without_progress() >= patience):
            start = time.perf_counter()
            loss = _epoch(model, training, pictures, answers, plan, len(history.epochs), processes, augment, progress)
            seconds = time.perf_counter() - start
            scores = _scores(model, training, kept_out, plan, processes, evaluate)
            history = History((*history.epochs, Epoch(loss, seconds, scores)))
            if checkpoint is not None and processes.first:
                write_checkpoint(checkpoint, to_checkpoint(training, asdict(plan), history))
            if log is not None and processes.first:
                write_log(log, history)
    except KeyboardInterrupt:
        raise Interrupted(_advice(checkpoint, len(history.epochs), epochs)) from None
    if running is not None:
        network.load_state_dict(running.values)
    return history


def _listed(pictures: Tensor, answers: Sequence[Any] | Tensor) -> list[Any]:
    """The answers one by one, after a look at whether they and the pictures can be trained on."""
    if len(pictures) != len(answers) or not len(answers):
        raise TrainingError(f"{len(pictures)} pictures and {len(answers)} answers; give one answer for each sample")
    if pictures.is_floating_point() and not bool(torch.isfinite(pictures).all()):
        number = int(torch.isfinite(pictures).flatten(1).all(1).logical_not().nonzero()[0])
        raise TrainingError(f"picture {number} holds NaN or infinite values; look at how it was read")
    return answers.tolist() if isinstance(answers, Tensor) else list(answers)


def _epoch(
    model: Trainable,
    training: Training,
    pictures: Tensor,
    answers: list[Any],
    plan: _Plan,
    epoch: int,
    processes: Processes,
    augment: Callable[[Tensor, torch.Generator], Tensor] | None,
    progress: Callable[[int, int], None] | None,
) -> float:
    """Changes the weights in one pass over the pictures and returns the mean loss."""
    network, optimizer, generator = training.network, training.optimizer, training.generator
    device = next(network.parameters()).device
    per_epoch = ceil(plan.samples / plan.batch)
    steps, total = plan.epochs * per_epoch, 0.0
    network.train()
    for step, chosen in enumerate(
        torch.randperm(plan.samples, generator=generator).split(plan.batch), start=epoch * per_epoch
    ):
        optimizer.param_groups[0]["lr"] = plan.learning_rate * learning_rate_factor(step, steps)
        optimizer.zero_grad()
        seen = pictures[chosen] if augment is None else augment(pictures[chosen], generator)
        share = processes.share(torch.arange(len(chosen)))
        wanted = [answers[i] for i in chosen[share].tolist()]
        with cheaper(network, plan.savings):
            loss = add_gradients(model, seen[share].to(device), wanted, plan.savings, len(chosen), generator)
        loss = processes.add_up(network.parameters(), loss)
        if not isfinite(loss):
            raise TrainingError(
                f"the loss of step {step + 1} (epoch {epoch + 1}) is {loss / len(chosen)}; lower the learning rate"
            )
        optimizer.step()
        total += loss
        if training.average is not None:
            training.average.update(network, step)
        if progress is not None:
            progress(step + 1, steps)
    return total / plan.samples


def _scores(
    model: Trainable,
    training: Training,
    held_out: tuple[Tensor, list[Any]] | None,
    plan: _Plan,
    processes: Processes,
    evaluate: Callable[[], Mapping[str, float]] | None,
) -> dict[str, float]:
    """What is known of the weights, or of their average, after an epoch."""
    network = training.network

    def look() -> dict[str, float]:
        scores: dict[str, float] = {}
        network.eval()
        if held_out is not None:
            scores["held_out_loss"] = _loss(model, *held_out, plan.batch)
        return scores | dict(evaluate() if evaluate is not None else {})

    def look_at_average() -> dict[str, float]:
        if training.average is None:
            return look()
        with training.average.in_place(network):
            return look()

    return processes.from_first(look_at_average)


@torch.no_grad()
def _loss(model: Trainable, pictures: Tensor, answers: list[Any], batch: int) -> float:
    """The mean loss on samples that are not trained on."""
    device = next(model.perception.parameters()).device
    total = 0.0
    for part in torch.arange(len(answers)).split(batch):
        wanted = [answers[i] for i in part.tolist()]
        total -= float(model.log_probability(pictures[part].to(device), wanted).sum())
    return total / len(answers)


def _advice(checkpoint: Path | None, done: int, epochs: int) -> str:
    if checkpoint is None or not done:
        return f"training was interrupted after {done} of {epochs} epochs and nothing was kept; start it again"
    return (
        f"training was interrupted after {done} of {epochs} epochs; they are kept in {checkpoint}. "
        f"Train again with the same settings and this checkpoint to go on from there."
    )
