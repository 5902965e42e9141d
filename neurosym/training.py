"""Training through the rules: the loss is minus the log-probability of the answer, and of nothing else."""

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil, cos, pi
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from logic import NeurosymError
from reasoner import Reading

from .checkpoint import Checkpoint, CheckpointError, read_checkpoint, write_checkpoint
from .concerns import ShortcutWarning, shortcut_concern
from .model import Model

WARM_UP = 0.1  # part of all steps during which the learning rate rises
WEIGHT_DECAY = 1e-4


class Interrupted(NeurosymError):
    """Training was interrupted; the text says how to go on."""


class TrainingError(NeurosymError, ValueError):
    """Training data that do not fit together, or a loss that is no number."""


class Trainable(Protocol):
    """What can be trained: a perception network, and the log-probability of answers given pictures."""

    @property
    def perception(self) -> nn.Module:
        """The network whose weights are learned."""
        ...

    def log_probability(self, pictures: Tensor, answers: Sequence[Any]) -> Tensor:
        """Log-probability ``[B]`` of ``B`` answers, given pictures ``[B, N, 1, H, W]``."""
        ...


@dataclass(frozen=True)
class Epoch:
    """One pass over the training pictures.

    Args:
        loss: Mean of minus log-probability, in nats.
        seconds: Wall time.
        scores: Whatever ``evaluate`` returned after it.
    """

    loss: float
    seconds: float
    scores: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class History:
    """The course of a training, epoch by epoch."""

    epochs: tuple[Epoch, ...] = ()


@dataclass(frozen=True)
class _Plan:
    """What a checkpoint must agree on for training to go on from it."""

    samples: int
    epochs: int
    batch: int
    learning_rate: float
    seed: int


def learning_rate_factor(step: int, steps: int) -> float:
    """The learning rate at a step, relative to its peak: linear warm-up, then half a cosine down to zero."""
    return min((step + 1) / max(1.0, WARM_UP * steps), 0.5 * (1 + cos(pi * step / steps)))


def fit(
    model: Trainable,
    pictures: Tensor,
    answers: Sequence[Any],
    *,
    epochs: int,
    batch: int = 16,
    learning_rate: float = 3e-3,
    seed: int = 0,
    augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    readings: Iterable[Reading] | None = None,
    checkpoint: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    evaluate: Callable[[], Mapping[str, float]] | None = None,
) -> History:
    """Trains a model's perception network from answers alone; the same seed gives the same weights.

    AdamW with linear warm-up and cosine decay. After each epoch everything that training needs is written to
    ``checkpoint``. If that file exists, training goes on from it, exactly as if it had never stopped.

    Args:
        model: Its ``perception`` is changed in place.
        pictures: ``[M, N, 1, H, W]``.
        answers: ``M`` answers, in the form that ``model.log_probability`` takes.
        epochs: Passes over the pictures.
        batch: Samples per step.
        learning_rate: Peak of the schedule.
        seed: Of the order of samples and of augmentation.
        augment: Changes the pictures of each step.
        readings: Which values occur together in samples, if that is known; they are not trained on, only used to
            tell whether other meanings of the symbols would explain the answers as well.
        checkpoint: File to keep the state in, or none.
        progress: Called after each step with the number of steps done and of all steps.
        evaluate: Called after each epoch; its scores are kept.

    Warns:
        ShortcutWarning: if the answers do not tell the meaning of the symbols, with an example.

    Returns:
        The course of the training, the epochs before a resumption included.

    Raises:
        TrainingError: if the numbers of pictures and answers differ, there are none, or the loss is not finite.
        CheckpointError: if the checkpoint cannot be written, is damaged, or is of another training.
        Interrupted: on Ctrl-C; the checkpoint of the last whole epoch is kept.
    """
    if len(pictures) != len(answers) or not answers:
        raise TrainingError(f"{len(pictures)} pictures and {len(answers)} answers; give one answer for each sample")
    if epochs < 1 or batch < 1:
        raise TrainingError(f"epochs and batch must be at least 1, got {epochs} and {batch}")
    if isinstance(model, Model) and (concern := shortcut_concern(model, answers, readings)):
        warnings.warn(concern, ShortcutWarning, stacklevel=2)
    plan = _Plan(len(answers), epochs, batch, learning_rate, seed)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.perception.parameters(), lr=learning_rate, weight_decay=WEIGHT_DECAY)
    history = History()
    if checkpoint is not None and checkpoint.exists():
        history = _resume(checkpoint, plan, model.perception, optimizer, generator)
    per_epoch = ceil(len(answers) / batch)
    try:
        for epoch in range(len(history.epochs), epochs):
            start, losses = time.perf_counter(), 0.0
            order = torch.randperm(len(answers), generator=generator).split(batch)
            for step, chosen in enumerate(order, start=epoch * per_epoch):
                optimizer.param_groups[0]["lr"] = learning_rate * learning_rate_factor(step, epochs * per_epoch)
                seen = pictures[chosen] if augment is None else augment(pictures[chosen], generator)
                loss = -model.log_probability(seen, [answers[i] for i in chosen.tolist()]).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses += loss.item() * len(chosen)
                if progress is not None:
                    progress(step + 1, epochs * per_epoch)
            if not abs(losses) < float("inf"):
                raise TrainingError(f"the loss of epoch {epoch + 1} is {losses}; lower the learning rate")
            seconds = time.perf_counter() - start
            scores = dict(evaluate()) if evaluate is not None else {}
            history = History((*history.epochs, Epoch(losses / len(answers), seconds, scores)))
            if checkpoint is not None:
                write_checkpoint(checkpoint, _state(plan, history, model.perception, optimizer, generator))
    except KeyboardInterrupt:
        raise Interrupted(_advice(checkpoint, len(history.epochs), epochs)) from None
    return history


def _advice(checkpoint: Path | None, done: int, epochs: int) -> str:
    if checkpoint is None or not done:
        return f"training was interrupted after {done} of {epochs} epochs and nothing was kept; start it again"
    return (
        f"training was interrupted after {done} of {epochs} epochs; they are kept in {checkpoint}. "
        f"Train again with the same settings and this checkpoint to go on from there."
    )


def _state(
    plan: _Plan, history: History, network: nn.Module, optimizer: torch.optim.Optimizer, generator: torch.Generator
) -> Checkpoint:
    tensors = {f"weights.{name}": tensor for name, tensor in network.state_dict().items()}
    for number, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in moments.items()}
    tensors["generator"] = generator.get_state()
    settings = {"kind": "training", "plan": asdict(plan), "epochs": [asdict(epoch) for epoch in history.epochs]}
    return Checkpoint(tensors, settings)


def _resume(
    path: Path, plan: _Plan, network: nn.Module, optimizer: torch.optim.Optimizer, generator: torch.Generator
) -> History:
    """Puts the state of a checkpoint in place and returns the course so far."""
    checkpoint = read_checkpoint(path)
    if checkpoint.settings.get("plan") != asdict(plan):
        raise CheckpointError(
            f"{path}: belongs to another training ({checkpoint.settings.get('plan')}), not to {asdict(plan)}; "
            f"use the same settings or another file"
        )
    weights = {n.removeprefix("weights."): t for n, t in checkpoint.tensors.items() if n.startswith("weights.")}
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in checkpoint.tensors.items():
        if name.startswith("optimizer."):
            _, number, key = name.split(".")
            moments.setdefault(int(number), {})[key] = tensor
    try:
        network.load_state_dict(weights)
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        generator.set_state(checkpoint.tensors["generator"])
        return History(tuple(Epoch(**epoch) for epoch in checkpoint.settings["epochs"]))
    except (KeyError, TypeError, ValueError, RuntimeError) as fault:
        raise CheckpointError(f"{path}: does not fit this network ({fault}); use another file") from None
