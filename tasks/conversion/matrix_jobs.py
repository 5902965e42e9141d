"""The single runs of the decision matrix: each trains one network for its budget and says all that is asked of it."""

import copy
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from perception import CONVERSION_METHODS, Dataset, convert, hold_out, load_dataset
from perception.datasets.mnist import Digits
from perception.networks.activity import JOULES_PER_ADDITION, JOULES_PER_MULTIPLICATION

from .entrants import Spending
from .families import HEARD, Course, Lesson, Settings, SpikingNet, distorted, learn, read
from .order_of_two import batches, closed_test_set
from .trained_networks import LEVELS, to_floats

HELD_OUT = 500
CALIBRATION = 200
COUNTED = 200
ROUNDED = 2_000
FRAMES = 4
TEMPORAL = Settings(beta=0.9)  # chosen on held-out pairs: 85 % against 79 % with 0.5
READINGS = {
    "surrogate": (("surrogate", None, (1, 2, 4), 2),),
    "stdp": (("stdp", None, (1, 2, 4), 2),),
    "conversion": (("relu+group", "group", (1, 2), 1),),
    "conversion-qcfs": (("qcfs+group", "group", (1, 2), 1), ("qcfs+if", "qcfs", (1, 2, 4, 8), 8)),
}
"""For each family in training: columns of the matrix, method, values of T, and the T that is compared."""
CONVERSION_ONLY = {"levels": LEVELS, "quantile": 1e-3, "calibration": CALIBRATION}
"""What conversion without training can be set by: steps of a graded spike, share above the threshold, pictures."""


@dataclass(frozen=True)
class Job:
    """One run.

    Args:
        task: ``still``, ``order``, ``events`` or ``complexity``.
        family: One of :data:`.families.HEARD`.
        budget: CPU seconds of training.
        seed: Of everything.
        change: A hyper-parameter and the factor that it is multiplied by, of ``complexity``.
    """

    task: str
    family: str
    budget: float
    seed: int
    change: tuple[str, float] | None = None

    @property
    def name(self) -> str:
        """For a file."""
        changed = "" if self.change is None else f"-{self.change[0]}-{self.change[1]:g}"
        return f"{self.task}-{self.family}-{self.budget:g}-{self.seed}{changed}"


def all_jobs(budgets: tuple[float, float], temporal: float, seeds: int) -> Iterator[Job]:
    """All runs, seed by seed: both budgets on still pictures, temporal tasks; hyper-parameters with the first seed.

    Those that STDP shares with the surrogate gradient are halved and doubled there only.
    """
    for seed in range(seeds):
        for family in HEARD:
            yield Job("still", family, budgets[1], seed)
            yield Job("still", family, budgets[0], seed)
        for family in ("surrogate", "conversion", "stdp"):
            yield Job("order", family, temporal, seed)
            yield Job("events", family, temporal, seed)
        if seed:
            continue
        for family in ("surrogate", "conversion", "stdp"):
            for name in (one for one in HEARD[family] if family != "stdp" or one not in HEARD["surrogate"]):
                for factor in (0.5, 2.0):
                    yield Job("complexity", family, budgets[0], seed, (name, factor))


def run_job(job: Job) -> dict[str, Any]:
    """What a run found, ready for JSON."""
    torch.set_num_threads(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    settings = TEMPORAL if job.task in ("order", "events") else Settings()
    if job.change:
        name, factor = job.change
        value = getattr(settings, name)
        changed = type(value)(value * factor)
        settings = replace(settings, **{name: min(changed, 1.0) if name == "beta" else changed})
    lesson, test = LESSONS[job.task](job.seed)
    course = learn(job.family, settings, lesson, job.budget, job.seed)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    columns = {
        column: _reading(job, course.network, method, steps, compared, lesson, test)
        for column, method, steps, compared in READINGS[job.family]
    }
    return {
        "task": job.task, "family": job.family, "budget": job.budget, "seed": job.seed, "change": job.change,
        "steps": course.steps, "reached": course.reached, "pretraining": course.pretraining, "peak_mib": peak,
        "analog": float((read(course.network, test[0]) == test[1]).float().mean()), "columns": columns,
        "variants": _variants(job, course, lesson, test),
    }  # fmt: skip


def _reading(
    job: Job, network: nn.Module, method: str | None, steps: tuple[int, ...], compared: int, lesson: Lesson,
    test: tuple[Tensor, Tensor],
) -> dict[str, Any]:  # fmt: skip
    """Accuracies by steps, wrong pictures, milliseconds and costs of a column."""
    pictures, labels = test
    if pictures.dim() == 5 and method is None:
        compared = pictures.shape[1]  # recordings bring their steps along
    chosen = steps if job.task == "still" else (compared,)
    found: dict[str, Any] = {"accuracy": {}, "milliseconds": {}, "compared": compared}
    for number in chosen:
        start = time.process_time()
        spiking = _spiking(network, method, number, lesson)
        found["seconds_to_convert"] = time.process_time() - start
        start = time.process_time()
        seen = read(spiking, _as_seen(pictures, method))
        found["milliseconds"][number] = 1e3 * (time.process_time() - start) / len(labels)
        found["accuracy"][number] = float((seen == labels).float().mean())
        if number == compared:
            found["wrong"] = (seen != labels).nonzero().flatten().tolist()
            if job.task == "still":
                rounded = read(_spiking(_rounded(network), method, number, lesson), pictures[:ROUNDED])
                found["flips"] = float((rounded != seen[:ROUNDED]).float().mean())
                found["costs"] = vars(_spending(spiking, to_floats(pictures[:COUNTED])))
    return found


def _as_seen(pictures: Tensor, method: str | None) -> Tensor:
    """What a column is shown: a converted network sees the mean of a recording."""
    return pictures.mean(1) if method and pictures.dim() == 5 else pictures


def _spiking(network: nn.Module, method: str | None, steps: int, lesson: Lesson) -> nn.Module:
    """The spiking network of a column for so many steps."""
    if method is None:
        chosen = copy.copy(network)
        chosen.steps = steps  # type: ignore[assignment] - a number of SpikingNet's own
        return chosen
    calibration = _as_seen(lesson.unlabelled[:CALIBRATION], method)
    return convert(network, calibration, method, steps=steps, levels=LEVELS)


def _variants(job: Job, course: Course, lesson: Lesson, test: tuple[Tensor, Tensor]) -> dict[str, float]:
    """Accuracies of conversion by group neurons with each of its own settings halved and doubled, of one seed."""
    if job.task != "still" or job.family != "conversion":
        return {}
    found: dict[str, float] = {}
    for name, base in CONVERSION_ONLY.items():
        for factor in (0.5, 1.0, 2.0):
            changed = {**CONVERSION_ONLY, name: base * factor}
            method = replace(CONVERSION_METHODS["group"], quantile=1 - changed["quantile"])
            pictures = lesson.unlabelled[: int(changed["calibration"])]
            spiking = convert(course.network, pictures, method, steps=1, levels=int(changed["levels"]))
            found[f"{name} x {factor:g}"] = float(
                (read(spiking, test[0][:ROUNDED]) == test[1][:ROUNDED]).float().mean()
            )
    return found


def _rounded(network: nn.Module) -> nn.Module:
    """A copy with weights of 8 bits, one scale a tensor."""
    rounded = copy.deepcopy(network)
    with torch.no_grad():
        for weight in rounded.parameters():
            if weight.ndim > 1:
                unit = weight.abs().max() / 127
                weight.copy_((weight / unit).round() * unit)
    return rounded


def _spending(network: nn.Module, pictures: Tensor) -> Spending:
    """What a picture costs a column."""
    if not isinstance(network, SpikingNet):
        found: Any = network.measure(pictures)  # type: ignore[operator]
        return Spending(
            found.events, found.unit_spikes, found.bits, found.synaptic_operations, found.energy, found.analog_energy
        )  # fmt: skip
    with torch.no_grad():
        first, second = network.spikes(pictures)
        convolution = cast(nn.Conv2d, network.second[0])
        ones = torch.ones_like(convolution.weight)
        arrived = functional.conv2d(first.flatten(0, 1), ones, stride=2)
        dense = functional.conv2d(torch.ones_like(first[0, :1]), ones, stride=2)
    count, classes = len(pictures), network.head.out_features
    events = float(first.sum() + second.sum()) / count
    operations = float(arrived.sum() + classes * second.sum()) / count
    entry = float(first[0, 0].numel() * cast(nn.Conv2d, network.first[0]).weight[0].numel())
    synapses = entry + float(dense.sum()) + classes * second[0, 0].numel()
    energy = JOULES_PER_ADDITION * operations + JOULES_PER_MULTIPLICATION * entry
    return Spending(events, events, events, operations, energy, JOULES_PER_MULTIPLICATION * synapses)


@cache
def _digits() -> tuple[Dataset, Dataset]:
    """The 5,000 digits that travel with the package, 500 of them held out."""
    whole = load_dataset("mnist5k", split="train"), load_dataset("mnist5k", split="test")
    pictures, labels = (torch.cat([getattr(part, name) for part in whole]) for name in ("pictures", "labels"))
    joined = replace(whole[0], pictures=pictures, labels=labels)
    return hold_out(joined, HELD_OUT, torch.Generator().manual_seed(0))


def _still(seed: int) -> tuple[Lesson, tuple[Tensor, Tensor]]:
    """Digits: 4,500 to train on, 10,000 to test."""
    train, held = _digits()
    test = load_dataset("mnist", split="test")
    draw = distorted(train.pictures, train.labels, torch.Generator().manual_seed(seed))
    return Lesson(draw, (to_floats(held.pictures), held.labels), to_floats(train.pictures[:1000])), (
        test.pictures,
        test.labels,
    )


def _order(seed: int) -> tuple[Lesson, tuple[Tensor, Tensor]]:
    """Which of two digits came first: 5,000 test recordings, closed under exchange."""
    train, held = (Digits(part.pictures, part.labels) for part in _digits())
    test = load_dataset("mnist", split="test")
    generator = torch.Generator().manual_seed(seed)
    lesson = Lesson(
        batches(train, generator),
        closed_test_set(held, HELD_OUT, torch.Generator().manual_seed(0)),
        batches(train, torch.Generator().manual_seed(seed))(1000)[0],
        classes=2,
    )
    return lesson, closed_test_set(Digits(test.pictures, test.labels), 2_500, torch.Generator().manual_seed(1))


def _events(seed: int) -> tuple[Lesson, tuple[Tensor, Tensor]]:
    """1,000 recordings of an event camera, 100 others to test: an interval of 100 is +-6 points wide."""
    whole, test = (load_dataset("nmnist-small", split=split, steps=FRAMES) for split in ("train", "test"))
    train, held = hold_out(whole, 100, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)

    def draw(batch: int) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(train.labels), (batch,), generator=generator)
        return _seen(train.pictures[chosen]), train.labels[chosen]

    lesson = Lesson(draw, (_seen(held.pictures), held.labels), _seen(train.pictures[:500]), 2, 34)
    return lesson, (_seen(test.pictures), test.labels)


def _seen(counts: Tensor) -> Tensor:
    """Events of a frame as numbers of the size of pixels."""
    return counts.float().clamp(max=4) / 4


LESSONS: dict[str, Callable[[int], tuple[Lesson, tuple[Tensor, Tensor]]]] = {
    "still": _still, "complexity": _still, "order": _order, "events": _events,
}  # fmt: skip
"""What each task learns and is tested on, by seed."""
