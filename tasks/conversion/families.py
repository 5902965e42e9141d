"""Three families on one architecture, 12C5-64C5-FC10 with strides of 2: surrogate gradient, conversion, STDP first.

All are trained by AdamW for the same CPU seconds with the same schedule, pictures and distortion. Time for judging
held-out pictures is not counted; time for plasticity is.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from perception import LeakyIntegrateAndFire, augment, prepare, pretrain
from perception.neurons.surrogates import arctan
from perception.pictures.augmentation import Distortion
from perception.plasticity.competition import CompetitiveRule

from .trained_networks import CHUNK, LEVELS, to_floats

PRETRAINING_PICTURES = 500
DISTORTION = Distortion(shift=1.5, turn=10.0, scale=0.1, shear=0.1)


@dataclass(frozen=True)
class Settings:
    """All that can be set; each family hears some of it.

    Args:
        learning_rate: Peak of the schedule.
        batch: Pictures a step.
        beta: What is left of a membrane after a step.
        threshold: Of the spiking neurons.
        slope: Of the arctan surrogate.
        steps: T of the spiking networks in training.
        levels: Of QCFS.
        plasticity_rate: Of STDP.
        plasticity_patches: Of each picture for STDP.
        plasticity_pictures: Without labels, for each layer.
    """

    learning_rate: float = 4e-3
    batch: int = 64
    beta: float = 0.5
    threshold: float = 1.0
    slope: float = 2.0
    steps: int = 2
    levels: int = LEVELS
    plasticity_rate: float = 0.1
    plasticity_patches: int = 16
    plasticity_pictures: int = PRETRAINING_PICTURES


HEARD = {
    "surrogate": ("learning_rate", "batch", "beta", "threshold", "slope"),
    "conversion": ("learning_rate", "batch"),
    "conversion-qcfs": ("learning_rate", "batch", "levels"),
    "stdp": (
        "learning_rate", "batch", "beta", "threshold", "slope", "plasticity_rate", "plasticity_patches",
        "plasticity_pictures",
    ),
}  # fmt: skip
"""The families and the hyper-parameters that each has in training."""


class AnalogNet(nn.Module):
    """The architecture with activations: pictures ``[B, C, S, S]`` to logits ``[B, K]``.

    Args:
        channels: Of the pictures.
        size: Their side.
        classes: K.
    """

    def __init__(self, channels: int = 1, size: int = 28, classes: int = 10) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(channels, 12, 5, 2, bias=False), nn.BatchNorm2d(12))
        self.second = nn.Sequential(nn.Conv2d(12, 64, 5, 2, bias=False), nn.BatchNorm2d(64))
        side = ((size - 5) // 2 + 1 - 5) // 2 + 1
        self.fire_first, self.fire_second = nn.ReLU(), nn.ReLU()
        self.head = nn.Linear(64 * side * side, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits ``[B, K]``; recordings ``[B, T, C, S, S]`` are averaged over time first, as a rate code sees them."""
        pictures = pictures.mean(1) if pictures.dim() == 5 else pictures
        return self.head(self.fire_second(self.second(self.fire_first(self.first(pictures)))).flatten(1))


class SpikingNet(AnalogNet):
    """The architecture with leaky neurons: pictures, shown for ``steps``, or recordings ``[B, T, C, S, S]``.

    Args:
        settings: Of the neurons.
        channels: Of the pictures.
        size: Their side.
        classes: K.
    """

    def __init__(self, settings: Settings, channels: int = 1, size: int = 28, classes: int = 10) -> None:
        super().__init__(channels, size, classes)
        neurons = (
            LeakyIntegrateAndFire(settings.beta, threshold=settings.threshold, surrogate=arctan(settings.slope))
            for _ in range(2)
        )
        self.fire_first, self.fire_second = neurons
        self.steps = settings.steps

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits ``[B, K]``, the mean over the steps; a still picture passes the first layer once."""
        return self.head(self.spikes(pictures)[1].flatten(2)).mean(0)

    def spikes(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Spikes of both layers, ``[T, B, C, S, S]`` each."""
        if pictures.dim() == 5:
            current = self.first(pictures.transpose(0, 1).flatten(0, 1)).unflatten(0, (pictures.shape[1], -1))
        else:
            still = self.first(pictures)
            current = still.expand(self.steps, *still.shape)
        first = self.fire_first(current)
        second = self.fire_second(self.second(first.flatten(0, 1)).unflatten(0, first.shape[:2]))
        return first, second


@dataclass(frozen=True, eq=False)
class Course:
    """A network and how its training went.

    Args:
        network: Trained.
        steps: Of the optimiser.
        reached: CPU seconds until the goal was first reached on held-out pictures; none if it was not.
        pretraining: CPU seconds of them that plasticity took.
    """

    network: nn.Module
    steps: int
    reached: float | None
    pretraining: float


@dataclass(frozen=True, eq=False)
class Lesson:
    """What is learned: batches to train on and samples to judge by.

    Args:
        draw: Pictures and labels of a batch, given its size.
        held: Pictures (floats) and labels to judge by.
        unlabelled: Pictures (floats) for plasticity.
        channels: Of the pictures.
        size: Their side.
        classes: K.
        goal: Share of held-out pictures whose reaching is timed.
    """

    draw: Callable[[int], tuple[Tensor, Tensor]]
    held: tuple[Tensor, Tensor]
    unlabelled: Tensor
    channels: int = 1
    size: int = 28
    classes: int = 10
    goal: float = 0.97


def make(family: str, settings: Settings, lesson: Lesson) -> nn.Module:
    """A network of a family with random weights."""
    shape = lesson.channels, lesson.size, lesson.classes
    if family in ("surrogate", "stdp"):
        return SpikingNet(settings, *shape)
    return AnalogNet(*shape) if family == "conversion" else prepare(AnalogNet(*shape), "qcfs", settings.levels)


def learn(family: str, settings: Settings, lesson: Lesson, budget: float, seed: int) -> Course:
    """Trains a network of a family for so many CPU seconds.

    Args:
        family: One of :data:`HEARD`.
        settings: Hyper-parameters.
        lesson: What is learned.
        budget: CPU seconds, plasticity included.
        seed: Of weights and plasticity.
    """
    torch.manual_seed(seed)
    network = make(family, settings, lesson)
    clock = _Clock()
    if family == "stdp":
        rule = replace(CompetitiveRule(), rate=settings.plasticity_rate, patches=settings.plasticity_patches)
        pretrain(network, lesson.unlabelled[: settings.plasticity_pictures], torch.Generator().manual_seed(seed), rule)
    if family == "conversion-qcfs":
        _set_ceilings(network, lesson.draw(settings.batch)[0])
    pretraining, steps, reached, looked = clock.spent(), 0, None, 0.0
    weights = [one for one in network.parameters() if one.ndim > 1]
    rest = [one for one in network.parameters() if one.ndim <= 1]
    groups = [{"params": weights, "weight_decay": 1e-2}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, settings.learning_rate)
    network.train()
    while (share := clock.spent() / budget) < 1:
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * max(1e-3, min(1.0, 0.1 + 9 * share, (1 - share) / 0.7))
        pictures, labels = lesson.draw(settings.batch)
        optimizer.zero_grad()
        functional.cross_entropy(network(pictures), labels).backward()
        optimizer.step()
        steps += 1
        if reached is None and share - looked >= 0.05:
            looked = share
            with clock.paused():
                if judge(network, *lesson.held) >= lesson.goal:
                    reached = share * budget
    return Course(network.eval(), steps, reached, pretraining)


def _set_ceilings(network: nn.Module, pictures: Tensor) -> None:
    """Ceilings of QCFS start where the activations of a batch by random weights end, since 8 is far above them."""
    for name in ("fire_first", "fire_second"):
        module = network.get_submodule(name)
        greatest = [0.0]

        def note(_: nn.Module, given: tuple[Tensor, ...], greatest: list[float] = greatest) -> None:
            greatest[0] = float(given[0].max())

        hook = module.register_forward_pre_hook(note)
        with torch.no_grad():
            network(pictures)
        hook.remove()
        with torch.no_grad():
            cast(nn.Parameter, module.bound).fill_(max(greatest[0], 1e-3))


def read(network: nn.Module, pictures: Tensor) -> Tensor:
    """Classes ``[M]`` of pictures (bytes or floats)."""
    network.eval()
    with torch.no_grad():
        parts = (to_floats(part) if part.dtype == torch.uint8 else part for part in pictures.split(CHUNK))
        return torch.cat([network(part).argmax(1) for part in parts])


def judge(network: nn.Module, pictures: Tensor, labels: Tensor) -> float:
    """Share read rightly; the network stays in training if it was."""
    training = network.training
    share = float((read(network, pictures) == labels).float().mean())
    network.train(training)
    return share


def distorted(pictures: Tensor, labels: Tensor, generator: torch.Generator) -> Callable[[int], tuple[Tensor, Tensor]]:
    """Batches drawn from labelled byte pictures, each picture moved and turned a little."""

    def draw(batch: int) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(labels), (batch,), generator=generator)
        return augment(pictures[chosen], generator, **DISTORTION), labels[chosen]

    return draw


class _Clock:
    """CPU seconds of this process that count."""

    def __init__(self) -> None:
        self.start, self.out = time.process_time(), 0.0

    def spent(self) -> float:
        return time.process_time() - self.start - self.out

    def paused(self) -> "_Pause":
        return _Pause(self)


class _Pause:
    def __init__(self, clock: _Clock) -> None:
        self.clock = clock

    def __enter__(self) -> None:
        self.begin = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.clock.out += time.process_time() - self.begin
