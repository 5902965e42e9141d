"""MNIST addition: digits learned from sums alone, then explained, compiled, proved, joined and exported.

The 5,000 pictures travel with perception, split by class into 4,000 to learn from and 1,000 held out. The
learner sees 2,000 fixed pairs, each picture in one of them, and their sums; never a digit's label, never a held-out
picture. (Task: Manhaeve et al., "DeepProbLog", NeurIPS 2018.)
"""

import json
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from torch import Tensor

from logic import NeurosymError, whole_file
from neurosym.explanation import Explanation, explain as explain_sample
from neurosym.model import Model
from neurosym.saving import load_model, save_model
from neurosym.terminal import say, say_json
from neurosym.training.fit import History, Interrupted, fit
from perception import (
    AnalogTwin,
    Digits,
    Pairs,
    SpikingClassifier,
    augment,
    load_digits,
    pair_digits,
    pretrain_first_layer,
    read_picture,
    split_digits,
)
from reasoner import DIGITS, Program

from .report import write_addition_report
from .results import Training, measure, scores
from .screen import show_results

RULE = "sum(S) :- digit(0, X), digit(1, Y), S is X + Y."
QUERY = "sum(S)"
HELD_OUT_PER_DIGIT = 100
SPLIT_SEED = 0  # the held-out pictures are the same for every seed of the learner
STROKE_PICTURES = 1000  # training pictures that STDP sees
EPOCHS, QUICK_EPOCHS, QUICK_PAIRS = 20, 3, 500


class TaskError(NeurosymError):
    """A run that cannot be started or resumed."""


@dataclass(frozen=True)
class Plan:
    """What fixes a run.

    Args:
        seed: Of weights, pairs, order and augmentation.
        epochs: Passes over the training pairs.
        quick: Learn from few pairs only, to see that everything works.
    """

    seed: int
    epochs: int
    quick: bool


def run(*, seed: int, epochs: int | None, output: Path, quick: bool, resume: bool, console: Console) -> None:
    """The whole chain, from pictures and sums to a report; all files land in ``output``.

    Args:
        seed: Of the learner.
        epochs: Passes over the pairs, or as many as the task needs.
        output: Folder of the report, the model, the NIR file and ``results.json``.
        quick: A small run.
        resume: Whether to go on with the run that was interrupted in ``output``, with its own settings.
        console: Where progress and results are shown.

    Raises:
        TaskError: if there is nothing to resume, or ``output`` cannot be written.
        NeurosymError: whatever fails on the way, in one sentence.
    """
    start = time.perf_counter()
    plan = _resumed(output) if resume else Plan(seed, epochs or (QUICK_EPOCHS if quick else EPOCHS), quick)
    if (output / "plan.json").exists() and _resumed(output) != plan:
        raise TaskError(f"{output}: holds a run with other settings; choose another output, or go on with --resume")
    _keep(output / "plan.json", asdict(plan))
    training, held_out = load_pairs(plan)
    with _one_thread(), _progress(console) as progress:
        try:
            checkpoint = output / "checkpoint-spiking.safetensors"
            spiking, kernels, history = _train_spiking(plan, training, held_out, checkpoint, progress)
            twin, twin_history = _train_twin(plan, training, held_out, output, progress)
        except Interrupted as interruption:
            raise Interrupted(f"{interruption} Or: neurosym run --resume {output}") from interruption
        save_model(spiking, output / "model.safetensors")
        results = measure(
            spiking,
            twin,
            Training(plan.seed, history, twin_history, kernels, training.pictures.flatten(0, 1)),
            held_out,
            output / "network.nir",
            _stage(progress),
        )
    results = replace(results, seconds=time.perf_counter() - start)
    _keep(output / "results.json", results.to_json())
    write_addition_report(output / "report.html", spiking, results)
    show_results(console, results, output)


def train(*, seed: int, epochs: int | None, output: Path, quick: bool, as_json: bool, console: Console) -> None:
    """Trains the spiking model from sums and saves it.

    Args:
        seed: Of the learner.
        epochs: Passes over the pairs, or as many as the task needs.
        output: File to save the model in; its checkpoint lies beside it until training is done.
        quick: A small run.
        as_json: Whether the scores are printed as JSON.
        console: Where progress is shown.

    Raises:
        NeurosymError: whatever fails on the way, in one sentence.
    """
    plan = Plan(seed, epochs or (QUICK_EPOCHS if quick else EPOCHS), quick)
    training, held_out = load_pairs(plan)
    with _one_thread(), _progress(console) as progress:
        checkpoint = output.with_name(f"{output.stem}-checkpoint.safetensors")
        model, _, _ = _train_spiking(plan, training, held_out, checkpoint, progress)
    save_model(model, output)
    checkpoint.unlink(missing_ok=True)
    found = scores(model, held_out)
    if as_json:
        say_json({"saved_in": str(output), **found})
    else:
        say(
            f"{output}: digits {found['digits']:.1%} (calibration error {found['calibration_error']:.3f}, collapse "
            f"{found['collapse']:.0%}), sums {found['sums']:.1%} on held-out pictures"
        )


def explain(model: Path, pictures: Sequence[Path], rule: Path | None) -> Explanation:
    """Says what a saved model sees in pictures, what follows, and why.

    Args:
        model: File that :func:`train` or :func:`run` saved.
        pictures: One file for each slot of the rule.
        rule: Another program whose query is ``sum(S)``, or none.

    Raises:
        NeurosymError: if a file or the rule is unusable.
    """
    loaded = load_model(model)
    if rule is not None:
        loaded = Model(loaded.perception, Program.read(rule, (loaded.perception.domain,)), loaded.query)
    return explain_sample(loaded, torch.stack([read_picture(path) for path in pictures]))


def load_split() -> tuple[Digits, Digits]:
    """The 4,000 pictures to learn from and the 1,000 held out."""
    return split_digits(load_digits(), HELD_OUT_PER_DIGIT, torch.Generator().manual_seed(SPLIT_SEED))


def load_pairs(plan: Plan) -> tuple[Pairs, Pairs]:
    """Pairs to learn from and pairs of held-out pictures."""
    learn, held_out = load_split()
    training = pair_digits(learn, torch.Generator().manual_seed(plan.seed))
    test = pair_digits(held_out, torch.Generator().manual_seed(SPLIT_SEED))
    if plan.quick:
        few = slice(QUICK_PAIRS)
        training = Pairs(training.pictures[few], training.labels[few], training.sums[few])
    return training, test


def learn_strokes(classifier: SpikingClassifier, training: Pairs, generator: torch.Generator) -> Tensor:
    """The kernels ``[F, 1, 5, 5]`` that STDP finds in training pictures; the classifier's first layer starts there."""
    return pretrain_first_layer(classifier, training.pictures.flatten(0, 1)[:STROKE_PICTURES], generator)


def _train_spiking(
    plan: Plan, training: Pairs, held_out: Pairs, checkpoint: Path, progress: Progress
) -> tuple[Model, Tensor, History]:
    generator = torch.Generator().manual_seed(plan.seed)
    classifier = SpikingClassifier(DIGITS, generator)
    model = Model(classifier, Program.parse(RULE), QUERY)
    with _step(progress, "first layer learns strokes by STDP"):
        kernels = learn_strokes(classifier, training, generator)
    name = "spiking net learns from sums"
    return model, kernels, _fit(plan, model, training, held_out, checkpoint, name, progress)


def _train_twin(
    plan: Plan, training: Pairs, held_out: Pairs, folder: Path, progress: Progress
) -> tuple[Model, History]:
    twin = Model(AnalogTwin(DIGITS, torch.Generator().manual_seed(plan.seed)), Program.parse(RULE), QUERY)
    name = "its twin without spikes learns"
    return twin, _fit(plan, twin, training, held_out, folder / "checkpoint-twin.safetensors", name, progress)


def _fit(
    plan: Plan, model: Model, training: Pairs, held_out: Pairs, checkpoint: Path, name: str, progress: Progress
) -> History:
    bar = progress.add_task(name, total=None)
    return fit(
        model,
        training.pictures,
        training.sums.tolist(),
        epochs=plan.epochs,
        seed=plan.seed,
        augment=augment,
        checkpoint=checkpoint,
        progress=lambda done, total: progress.update(bar, completed=done, total=total),
        evaluate=lambda: scores(model, held_out),
    )


def _resumed(folder: Path) -> Plan:
    try:
        return Plan(**json.loads((folder / "plan.json").read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise TaskError(f"{folder}: there is no interrupted run to resume here; give the folder of one") from error


def _keep(path: Path, content: object) -> None:
    with whole_file(path) as place:
        place.write_text(json.dumps(content, indent=2))


@contextmanager
def _one_thread() -> Generator[None]:
    """Layers this small lose more by waiting for a second thread than it gains them, above all on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
    )


class _step:
    """A row of the progress display that is done when the block ends."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._bar = progress, progress.add_task(name, total=None)

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        self._progress.update(self._bar, completed=1, total=1)


def _stage(progress: Progress) -> Callable[[str], _step]:
    return lambda name: _step(progress, name)
