"""Training, on labels or through the rules: the loss is minus the log-probability of the answer."""

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from math import ceil, cos, isfinite, pi
from pathlib import Path
from typing import Any, Unpack, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from perception import Blended
from reasoner import Reading

from ..checkpoint import write_checkpoint
from ..inputs import as_seen
from ..model import Model
from .averaging import WeightAverage
from .concerns import ShortcutWarning, shortcut_concern
from .errors import Interrupted as Interrupted, TrainingError as TrainingError
from .history import Epoch as Epoch, History as History
from .labelled import Labelled, TwoLabels
from .log import write_log
from .processes import Processes, own_device, these_processes
from .recipe import Changes, Recipe
from .resuming import Training, resume, to_checkpoint
from .savings import Trainable, add_gradients, cheaper
from .settling import ENOUGH_STEPS, settle
from .shared_norms import shared_norms

WARM_UP = 0.1  # part of all steps during which the learning rate rises
BLENDED = 0.85  # part of all steps with blended pictures; the last are shown as they are

Change = Callable[[Tensor, torch.Generator], Tensor]
Blend = Callable[[Tensor, torch.Generator], Blended]


def learning_rate_factor(step: int, steps: int) -> float:
    """The learning rate at a step, relative to its peak: linear warm-up, then half a cosine down to zero."""
    return min((step + 1) / max(1.0, WARM_UP * steps), 0.5 * (1 + cos(pi * step / steps)))


def fit(
    model: Trainable,
    pictures: Tensor | NDArray[Any],
    answers: Sequence[Any] | Tensor | NDArray[Any],
    recipe: Recipe | None = None,
    *,
    augment: Change | None = None,
    blend: Blend | None = None,
    device: torch.device | str | None = None,
    held_out: tuple[Tensor, Sequence[Any] | Tensor] | None = None,
    readings: Iterable[Reading] | None = None,
    checkpoint: Path | str | None = None,
    log: Path | str | None = None,
    progress: Callable[[int, int], None] | None = None,
    evaluate: Callable[[], Mapping[str, float]] | None = None,
    **changes: Unpack[Changes],
) -> History:
    """Trains a model's perception network from answers; the same seed gives the same weights.

    They are the same to the last bit for the same number of threads (``torch.set_num_threads``) on the same machine;
    another number adds up in another order and rounds differently.

    After each epoch everything that training needs is written to ``checkpoint``. If that file exists, training goes on
    from it, exactly as if it had never stopped. In processes joined by ``torch.distributed``, each takes its share of
    each batch, batch norms take the statistics of all, and the result is that of one process. Until the running
    statistics of batch norms can be trusted they are settled after each epoch (:mod:`neurosym.training.settling`).

    Args:
        model: Its ``perception`` is changed in place; a :class:`neurosym.Labelled` for labels, or a
            :class:`neurosym.Model` for answers that follow from rules.
        pictures: ``[M, ...]``, as ``model.log_probability`` takes them, ``[M, N, C, H, W]`` for rules.
        answers: ``M`` answers, in the form that ``model.log_probability`` takes.
        recipe: How; :class:`Recipe`'s defaults if left out.
        augment: Changes the pictures of each step, on the device.
        blend: Blends pictures of a step, such as :func:`perception.blend`; only for labels. The last 15 % of the steps
            do without, so that the network ends on pictures as they are.
        device: What to train on; where the network is if left out. The network is moved there and stays. Pictures may
            be there already; else each step's are sent there from pinned memory while the device works.
        held_out: Pictures and answers of the training part that are not trained on; the loss on them is kept.
        readings: Which values occur together in samples, if that is known; they are not trained on, only used to
            tell whether other meanings of the symbols would explain the answers as well.
        checkpoint: File to keep the state in, or none.
        log: Folder for ``training.csv`` and TensorBoard's events, or none.
        progress: Called after each step with the number of steps done and of all steps.
        evaluate: Called after each epoch in the first process; its scores are kept.
        changes: Settings of the recipe by name, such as ``epochs=1``; see :class:`Recipe`.

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

    Example:
        >>> from neurosym import DIGITS, Model, Program, SpikingClassifier
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "sum(S)")
        >>> pictures = torch.rand(19, 2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> fit(model, pictures, list(range(19)), epochs=2, learning_rate=1e-3)  # doctest: +ELLIPSIS
        History(2 epochs, loss ...)
    """
    _trainable(model)
    recipe = (recipe or Recipe()).changed(**changes)
    pictures, answers = _samples(model, pictures, answers)
    if isinstance(model, Model) and (concern := shortcut_concern(model, answers, readings)):
        warnings.warn(concern, ShortcutWarning, stacklevel=2)
    kept_out = None if held_out is None else _samples(model, *held_out)
    held = len(kept_out[1]) if kept_out else 0
    recipe.check_held_out(held)
    plan = {
        "recipe": recipe.to_json(),
        "samples": len(answers),
        "held_out": held,
        "blended": blend is not None,
    }
    if blend is not None and not isinstance(model, Labelled):
        raise TrainingError("only pictures with labels can be blended; train rules without blend")
    network, processes = cast(nn.Module, model.perception), these_processes()
    if device is not None:
        network.to(there(device))
    processes.agree(network)
    running = WeightAverage(network, recipe.average) if recipe.average else None
    training = Training(network, recipe.make_optimizer(network), torch.Generator().manual_seed(recipe.seed), running)
    history = History()
    checkpoint, log = (None if path is None else Path(path) for path in (checkpoint, log))
    if checkpoint is not None and processes.from_first(checkpoint.exists):  # those that do not see it say so
        history = resume(checkpoint, training, plan)
        if log is not None and processes.first:  # which may have been stopped before the last epoch was told
            write_log(log, history)
    try:
        while len(history.epochs) < recipe.epochs and not history.stalled(recipe.patience):
            start = time.perf_counter()
            number = len(history.epochs)
            loss = _epoch(model, training, pictures, answers, recipe, number, processes, augment, blend, progress)
            if (number + 1) * ceil(len(answers) / recipe.batch) < ENOUGH_STEPS:
                with running.in_place(network, keep=True) if running else nullcontext():
                    settle(model, network, pictures, answers, recipe.batch)
            seconds = time.perf_counter() - start
            scores = _scores(model, training, kept_out, recipe.batch, processes, evaluate)
            history = History((*history.epochs, Epoch(loss, seconds, scores)))
            if checkpoint is not None and processes.first:
                write_checkpoint(checkpoint, to_checkpoint(training, plan, history))
            if log is not None and processes.first:
                write_log(log, history)
    except KeyboardInterrupt:
        raise Interrupted(_advice(checkpoint, len(history.epochs), recipe.epochs)) from None
    if running is not None:
        network.load_state_dict(running.values)
    processes.agree(network)
    return history


def _trainable(model: object) -> None:
    """Whether it is something that ``fit`` can train.

    Raises:
        TrainingError: if not; the text says what to give.
    """
    kind = type(model).__name__
    if not callable(getattr(model, "log_probability", None)):
        raise TrainingError(
            f"a {kind} does not say how probable an answer is; give a Model(network, program, query), whose answers "
            f"follow from rules, or a Labelled(network), whose answers are class numbers"
        )
    network: object = getattr(model, "perception", None)
    if not isinstance(network, nn.Module):
        raise TrainingError(f"the perception of the {kind} is no torch.nn.Module, so it has no weights to be trained")


def there(device: torch.device | str) -> torch.device:
    """A device by its name, this process's own if there are several of its kind.

    Raises:
        TrainingError: if there is none.
    """
    try:
        found = own_device(torch.device(device))
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as fault:
        raise TrainingError(f"there is no device {str(device)!r} here ({str(fault).splitlines()[0]})") from None
    return found


def _samples(
    model: Trainable, pictures: Tensor | NDArray[Any], answers: Sequence[Any] | Tensor | NDArray[Any]
) -> tuple[Tensor, list[Any]]:
    """Pictures as a tensor and answers one by one, after a look at whether they can be trained on."""
    if isinstance(pictures, np.ndarray):
        pictures = torch.from_numpy(np.ascontiguousarray(pictures))
    if not isinstance(pictures, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - from users
        raise TrainingError(f"pictures are a tensor [M, ...], got a {type(pictures).__name__}")
    if len(pictures) != len(answers) or not len(answers):
        raise TrainingError(f"{len(pictures)} pictures and {len(answers)} answers; give one answer for each sample")
    if pictures.is_floating_point() and not bool(torch.isfinite(pictures).all()):
        number = int(torch.isfinite(pictures).flatten(1).all(1).logical_not().nonzero()[0])
        raise TrainingError(f"picture {number} holds NaN or infinite values; look at how it was read")
    if isinstance(model, Model):
        pictures = as_seen(pictures, cast(nn.Module, model.perception))
    return pictures, answers.tolist() if isinstance(answers, Tensor | np.ndarray) else list(answers)


def _epoch(
    model: Trainable,
    training: Training,
    pictures: Tensor,
    answers: list[Any],
    recipe: Recipe,
    epoch: int,
    processes: Processes,
    augment: Change | None,
    blend: Blend | None,
    progress: Callable[[int, int], None] | None,
) -> float:
    """Changes the weights in one pass over the pictures and returns the mean loss."""
    network, optimizer, generator = training.network, training.optimizer, training.generator
    device = next(network.parameters()).device
    samples = len(answers)
    per_epoch = ceil(samples / recipe.batch)
    steps, total = recipe.epochs * per_epoch, 0.0
    network.train()
    for step, chosen in enumerate(
        torch.randperm(samples, generator=generator).split(recipe.batch), start=epoch * per_epoch
    ):
        optimizer.param_groups[0]["lr"] = recipe.learning_rate * learning_rate_factor(step, steps)
        optimizer.zero_grad()
        seen, wanted = _sent(pictures, chosen, device), [answers[i] for i in chosen.tolist()]
        there = _generator_on(device, generator)
        if augment is not None:
            seen = augment(seen, there)
        if blend is not None and step < BLENDED * steps:
            seen, wanted = _blended(blend(seen, there), wanted)
        own, together = processes.share(torch.arange(len(chosen))), processes.count > 1 and processes.split(len(chosen))
        parts = min(recipe.savings.parts, len(chosen) // processes.count) if together else recipe.savings.parts
        with cheaper(network, recipe.savings), shared_norms(network, shared=together):
            loss = add_gradients(
                model, seen[own.to(device)], [wanted[i] for i in own.tolist()], replace(recipe.savings, parts=parts),
                len(chosen), generator,
            )  # fmt: skip
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
    return total / samples


def _sent(pictures: Tensor, chosen: Tensor, device: torch.device) -> Tensor:
    """The chosen pictures on the device, without waiting for them if they come from elsewhere."""
    found = pictures[chosen.to(pictures.device)]
    if device.type == "cuda" and found.device.type == "cpu":
        found = found.pin_memory()
    return found.to(device, non_blocking=True)


def _generator_on(device: torch.device, generator: torch.Generator) -> torch.Generator:
    """The generator, or one on another device that it seeds, so that a checkpoint need only keep the one."""
    if device.type == generator.device.type:
        return generator
    seed = int(torch.randint(2**62, (), generator=generator))
    return torch.Generator(device).manual_seed(seed)


def _blended(blended: Blended, answers: list[int]) -> tuple[Tensor, list[TwoLabels]]:
    """The pictures, and what each shows."""
    partners, shares = blended.partners.tolist(), blended.shares.tolist()
    return blended.pictures, [
        TwoLabels(answer, answers[partner], share)
        for answer, partner, share in zip(answers, partners, shares, strict=True)
    ]


def _scores(
    model: Trainable,
    training: Training,
    held_out: tuple[Tensor, list[Any]] | None,
    batch: int,
    processes: Processes,
    evaluate: Callable[[], Mapping[str, float]] | None,
) -> dict[str, float]:
    """What is known of the weights, or of their average, after an epoch."""
    network = training.network

    def look() -> dict[str, float]:
        scores: dict[str, float] = {}
        network.eval()
        if held_out is not None:
            scores["held_out_loss"] = _loss(model, *held_out, batch)
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
