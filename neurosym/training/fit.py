"""Training, on labels or through the rules: the loss is minus the log-probability of the answer."""

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from math import cos, isfinite, pi
from pathlib import Path
from typing import Any, Unpack, cast

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from perception import Blended
from reasoner import Reading

from ..checkpoint import write_checkpoint
from ..likelihood import possible_answers
from ..model import Model
from ..samples import Samples
from .averaging import WeightAverage
from .concerns import ShortcutWarning, shortcut_concern
from .errors import Interrupted as Interrupted, TrainingError as TrainingError
from .examples import Pairs, Source, to_source
from .freezing import frozen, parts_of
from .history import Epoch as Epoch, History as History
from .labelled import Labelled, TwoLabels
from .log import write_log
from .processes import Processes, own_device, these_processes
from .recipe import Changes, Recipe
from .resuming import Training, resume, to_checkpoint
from .savings import Trainable, add_gradients, cheaper, learned, log_probability
from .settling import ENOUGH_STEPS, settle
from .shared_norms import shared_norms
from .ties import ties
from .watching import TrainingWarning as TrainingWarning, Watch

WARM_UP = 0.1  # part of all steps during which the learning rate rises
BLENDED = 0.85  # part of all steps with blended pictures; the last are shown as they are

Change = Callable[[Tensor, torch.Generator], Tensor]
Blend = Callable[[Tensor, torch.Generator], Blended]


def learning_rate_factor(step: int, steps: int) -> float:
    """The learning rate at a step, relative to its peak: linear warm-up, then half a cosine down to zero."""
    return min((step + 1) / max(1.0, WARM_UP * steps), 0.5 * (1 + cos(pi * step / steps)))


def fit(
    model: Trainable,
    samples: Samples,
    answers: Sequence[Any] | Tensor | NDArray[Any] | None = None,
    recipe: Recipe | None = None,
    *,
    augment: Change | None = None,
    blend: Blend | None = None,
    device: torch.device | str | None = None,
    held_out: tuple[Samples, Sequence[Any] | Tensor] | Samples | None = None,
    readings: Iterable[Reading] | None = None,
    checkpoint: Path | str | None = None,
    log: Path | str | None = None,
    progress: Callable[[int, int], None] | None = None,
    evaluate: Callable[[], Mapping[str, float]] | None = None,
    **changes: Unpack[Changes],
) -> History:
    """Trains a model's perceptions from answers; the same seed gives the same weights.

    They are the same to the last bit for the same number of threads (``torch.set_num_threads``) on the same machine;
    another number adds up in another order and rounds differently.

    After each epoch everything that training needs is written to ``checkpoint``. If that file exists, training goes on
    from it, exactly as if it had never stopped; it must be of the same network, data and objective. With more epochs
    than before it goes on too, along the learning rates of the longer training. In processes joined by
    ``torch.distributed``, each takes its share of each batch, batch norms take the statistics of all (of their own
    share where samples ask different things), and the result is that of one process. Until the running statistics of
    batch norms can be trusted they are settled after each epoch (:mod:`neurosym.training.settling`).

    Args:
        model: Its networks are changed in place; a :class:`neurosym.Labelled` for labels, or a
            :class:`neurosym.Model` for answers that follow from rules.
        samples: Pictures ``[M, ...]``, as ``model.log_probability`` takes them, ``[M, N, C, H, W]`` for rules; inputs
            by name; or, without ``answers``, any data set or ``DataLoader`` of torch: of pairs (picture, label) for
            labels, and of :class:`neurosym.Sample` or tuples for rules, each with a query, facts and an answer of its
            own, a loader of these with ``collate_fn=neurosym.collate``.
        answers: ``M`` answers, in the form that ``model.log_probability`` takes.
        recipe: How; :class:`Recipe`'s defaults if left out.
        augment: Changes the pictures of each step, on the device; inputs by name are changed by their data set.
        blend: Blends pictures of a step, such as :func:`perception.blend`; only for labels. The last 15 % of the steps
            do without, so that the network ends on pictures as they are.
        device: What to train on; where the network is if left out. The network is moved there and stays. Pictures may
            be there already; else each step's are sent there from pinned memory while the device works.
        held_out: Pictures and answers of the training part that are not trained on, or samples; the loss on them is
            kept.
        readings: Which values occur together in samples, if that is known; they are not trained on, only used to
            tell whether other meanings of the symbols would explain the answers as well.
        checkpoint: File to keep the state in, or none.
        log: Folder for ``training.csv`` and TensorBoard's events, or none.
        progress: Called after each step with the number of steps done and of all steps.
        evaluate: Called after each epoch in the first process; its scores are kept.
        changes: Settings of the recipe by name, such as ``epochs=1`` or ``optimizer=torch.optim.Adam(parameters)``;
            see :class:`Recipe`.

    Warns:
        TrainingWarning: if the loss stays that of guessing, the network sees the same in everything, or layers never
            fire.
        ShortcutWarning: if the answers do not tell the meaning of the symbols, with an example.

    Returns:
        The course of the training, the epochs before a resumption included. Its last epoch is the result.

    Raises:
        TrainingError: if the numbers of pictures and answers differ, there are none, a setting makes no sense, a
            picture is no number or the loss is not finite.
        ImpossibleAnswer: if no world gives the answer of a sample, which it names, unless the recipe says what that
            costs.
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
    source = to_source(model, samples, answers, recipe.batch)
    if isinstance(model, Model) and answers is not None:
        possible = possible_answers(model, answers, recipe.impossible)
        if possible and (concern := shortcut_concern(model, possible, readings)):
            warnings.warn(concern, ShortcutWarning, stacklevel=2)
    kept_out = None
    if held_out is not None:
        given = cast("tuple[Any, Any]", held_out if isinstance(held_out, tuple) else (held_out, None))
        kept_out = to_source(model, *given, recipe.batch)
    held = kept_out.samples if kept_out else 0
    recipe.check_held_out(held)
    if blend is not None and not isinstance(model, Labelled):
        raise TrainingError("only pictures with labels can be blended; train rules without blend")
    network, processes = learned(model), these_processes()
    plan = {
        "recipe": recipe.to_json(),
        "samples": source.samples,
        "held_out": held,
        "blended": blend is not None,
        **ties(model, network, source),
    }
    if device is not None:
        network.to(there(device))
    processes.agree(network)
    running = WeightAverage(network, recipe.average) if recipe.average else None
    draws = torch.Generator().manual_seed(recipe.seed)
    training = Training(network, recipe.make_optimizer(network), draws, running, recipe.scheduler)
    history, watch = History(), Watch(model, network, source, recipe.epochs * source.steps)
    checkpoint, log = (None if path is None else Path(path) for path in (checkpoint, log))
    if checkpoint is not None and processes.from_first(checkpoint.exists):  # those that do not see it say so
        history = resume(checkpoint, training, plan)
        if log is not None and processes.first:  # which may have been stopped before the last epoch was told
            write_log(log, history)
    try:
        with frozen(parts_of(model, recipe.frozen)):
            while len(history.epochs) < recipe.epochs and not history.stalled(recipe.patience):
                start = time.perf_counter()
                number = len(history.epochs)
                loss = _epoch(model, training, source, recipe, number, processes, augment, blend, progress)
                if (number + 1) * source.steps < ENOUGH_STEPS:
                    with running.in_place(network, keep=True) if running else nullcontext():
                        settle(model, network, source, recipe.impossible)
                seconds = time.perf_counter() - start
                scores = _scores(model, training, kept_out, recipe, processes, evaluate)
                recipe.after_epoch(scores.get("held_out_loss", loss))
                history = History((*history.epochs, Epoch(loss, seconds, scores)))
                if checkpoint is not None and processes.first:
                    write_checkpoint(checkpoint, to_checkpoint(training, plan, history))
                if log is not None and processes.first:
                    write_log(log, history)
                if processes.first:
                    watch.look(loss, (number + 1) * source.steps)
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
    network: object = model.learned if isinstance(model, Model) else getattr(model, "perception", None)
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


def _epoch(
    model: Trainable,
    training: Training,
    source: Source,
    recipe: Recipe,
    epoch: int,
    processes: Processes,
    augment: Change | None,
    blend: Blend | None,
    progress: Callable[[int, int], None] | None,
) -> float:
    """Changes the weights in one pass over the samples and returns the mean loss."""
    network, optimizer, generator = training.network, training.optimizer, training.generator
    device = next(network.parameters()).device
    steps, total, seen = recipe.epochs * source.steps, 0.0, 0
    network.train()
    for step, examples in enumerate(source.batches(generator), start=epoch * source.steps):
        recipe.set_rate(optimizer, learning_rate_factor(step, steps))
        optimizer.zero_grad()
        whole, examples = len(examples), examples.to(device)
        there = _generator_on(device, generator)
        if augment is not None:
            examples = examples.changed(lambda pictures, draws=there: augment(pictures, draws))
        if blend is not None and step < BLENDED * steps and isinstance(examples, Pairs):
            examples = _blended(blend(examples.pictures, there), examples.answers)
        together = processes.count > 1 and processes.split(whole)
        alike = (
            isinstance(examples, Pairs) or len(examples.groups) == 1
        )  # all processes call the networks equally often
        if processes.count > 1:
            examples = examples.part(processes.share(torch.arange(whole)).tolist())
        parts = min(recipe.savings.parts, whole // processes.count) if together else recipe.savings.parts
        savings = replace(recipe.savings, parts=parts)
        with cheaper(network, recipe.savings), shared_norms(network, shared=together and alike):
            loss = add_gradients(model, examples, savings, whole, generator, recipe.impossible)
        loss = processes.add_up(network.parameters(), loss)
        if not isfinite(loss):
            raise TrainingError(
                f"the loss of step {step + 1} (epoch {epoch + 1}) is {loss / whole}; lower the learning rate"
            )
        optimizer.step()
        recipe.after_step()
        total, seen = total + loss, seen + whole
        if training.average is not None:
            training.average.update(network, step)
        if progress is not None:
            progress(step + 1, steps)
    return total / max(1, seen)


def _generator_on(device: torch.device, generator: torch.Generator) -> torch.Generator:
    """The generator, or one on another device that it seeds, so that a checkpoint need only keep the one."""
    if device.type == generator.device.type:
        return generator
    seed = int(torch.randint(2**62, (), generator=generator))
    return torch.Generator(device).manual_seed(seed)


def _blended(blended: Blended, answers: Sequence[int]) -> Pairs:
    """The pictures, and what each shows."""
    partners, shares = blended.partners.tolist(), blended.shares.tolist()
    both = [
        TwoLabels(answer, answers[partner], share)
        for answer, partner, share in zip(answers, partners, shares, strict=True)
    ]
    return Pairs(blended.pictures, both)


def _scores(
    model: Trainable,
    training: Training,
    held_out: Source | None,
    recipe: Recipe,
    processes: Processes,
    evaluate: Callable[[], Mapping[str, float]] | None,
) -> dict[str, float]:
    """What is known of the weights, or of their average, after an epoch."""
    network = training.network

    def look() -> dict[str, float]:
        scores: dict[str, float] = {}
        network.eval()
        if held_out is not None:
            scores["held_out_loss"] = _loss(model, network, held_out, recipe.impossible)
        return scores | dict(evaluate() if evaluate is not None else {})

    def look_at_average() -> dict[str, float]:
        if training.average is None:
            return look()
        with training.average.in_place(network):
            return look()

    return processes.from_first(look_at_average)


@torch.no_grad()
def _loss(model: Trainable, network: nn.Module, held_out: Source, impossible: float | None) -> float:
    """The mean loss on samples that are not trained on."""
    device = next(network.parameters()).device
    total, seen = 0.0, 0
    for examples in held_out.batches():
        total -= float(log_probability(model, examples.to(device), impossible).sum())
        seen += len(examples)
    return total / max(1, seen)


def _advice(checkpoint: Path | None, done: int, epochs: int) -> str:
    if checkpoint is None or not done:
        return f"training was interrupted after {done} of {epochs} epochs and nothing was kept; start it again"
    return (
        f"training was interrupted after {done} of {epochs} epochs; they are kept in {checkpoint}. "
        f"Train again with the same settings and this checkpoint to go on from there."
    )
