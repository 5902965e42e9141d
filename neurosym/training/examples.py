"""What is trained on, batch after batch: tensors with answers, a data set of samples, or a loader of batches."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ..inputs import as_seen
from ..model import Model
from ..samples import ALL, Batch, SampleError, collate, stacked
from .errors import TrainingError
from .labelled import class_numbers


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pictures and their answers.

    Args:
        pictures: ``[B, ...]``.
        answers: ``B`` of them.
    """

    pictures: Tensor
    answers: Sequence[Any]

    def __len__(self) -> int:
        return len(self.answers)

    def part(self, chosen: Sequence[int]) -> "Pairs":
        """Some of them, in the order given."""
        rows = torch.tensor(chosen, dtype=torch.long, device=self.pictures.device)
        return Pairs(self.pictures[rows], [self.answers[i] for i in chosen])

    def to(self, device: torch.device | str) -> "Pairs":
        """The same on a device, without waiting for them if they come from elsewhere."""
        device, found = torch.device(device), self.pictures
        if device.type == "cuda" and found.device.type == "cpu":
            found = found.pin_memory()
        return Pairs(found.to(device, non_blocking=True), self.answers)

    def changed(self, change: Callable[[Tensor], Tensor]) -> "Pairs":
        """The same with other pictures."""
        return Pairs(change(self.pictures), self.answers)


Examples: TypeAlias = Pairs | Batch
"""Some samples with their answers: pictures and one answer each, or samples that may each ask something else."""


class Source(Protocol):
    """Where the samples of a training come from."""

    @property
    def samples(self) -> int:
        """Of an epoch."""
        ...

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        ...

    @property
    def parts(self) -> int:
        """Batches when nothing is drawn."""
        ...

    def batches(self, generator: torch.Generator | None = None) -> Iterator[Examples]:
        """All samples once, in an order that the generator draws; or in their own, in parts of which none is small."""
        ...


@dataclass(frozen=True)
class Stacked:
    """All samples at once, from which each batch takes its share.

    Args:
        all: The samples.
        batch: Samples a step.
    """

    all: Pairs | Batch
    batch: int

    @property
    def samples(self) -> int:
        """Of an epoch."""
        return len(self.all)

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return _steps(len(self.all), self.batch)

    @property
    def parts(self) -> int:
        """Batches when nothing is drawn."""
        return max(1, len(self.all) // self.batch)

    def batches(self, generator: torch.Generator | None = None) -> Iterator[Examples]:
        """All samples once."""
        return (self.all.part(chosen) for chosen in _orders(len(self.all), self.batch, generator))


@dataclass(frozen=True)
class Drawn:
    """A data set whose samples are read as they are needed.

    Args:
        dataset: With a length and numbered samples.
        batch: Samples a step.
        labelled: What is trained, if its samples are pictures with labels and not with queries of their own.
    """

    dataset: Dataset[Any] | Sequence[Any]
    batch: int
    labelled: str = ""

    @property
    def samples(self) -> int:
        """Of an epoch."""
        return len(cast("Sequence[Any]", self.dataset))

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return _steps(self.samples, self.batch)

    @property
    def parts(self) -> int:
        """Batches when nothing is drawn."""
        return max(1, self.samples // self.batch)

    def batches(self, generator: torch.Generator | None = None) -> Iterator[Examples]:
        """All samples once."""
        for chosen in _orders(self.samples, self.batch, generator):
            if self.labelled:
                yield _pairs([(f"sample {i}", self.dataset[i]) for i in chosen], self.labelled)
                continue
            yield collate([self.dataset[i] for i in chosen], [f"sample {i}" for i in chosen])


class Loaded:
    """A loader, which has its own order and its own batches.

    Args:
        loader: Gives batches of :func:`neurosym.collate`, or pairs of tensors and answers.

    Raises:
        TrainingError: if it does not tell how many there are.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._loader = loader
        try:
            self.steps = len(loader)
            self.samples = len(cast("Sequence[Any]", loader.dataset))
        except TypeError:
            raise TrainingError(
                "the loader does not tell how many batches it has, which the learning rate is planned by; "
                "give its data set a length"
            ) from None
        self.parts = self.steps
        if loader.drop_last and loader.batch_size is not None:
            self.samples = self.steps * loader.batch_size

    def batches(self, generator: torch.Generator | None = None) -> Iterator[Examples]:
        """All batches once; the loader's order is drawn from the generator too, so that training can be resumed."""
        with _drawn_from(generator, self._loader):
            batches = iter(self._loader)
            first = next(batches, None)
        if first is not None:
            yield _examples(first)
        yield from map(_examples, batches)


def _examples(given: object) -> Examples:
    if isinstance(given, Batch):
        return given
    if isinstance(given, tuple | list) and len(given) == 2 and isinstance(given[0], Tensor):
        pictures, answers = cast("Sequence[Any]", given)
        return Pairs(pictures, answers.tolist() if isinstance(answers, Tensor) else list(answers))
    raise SampleError(
        f"the loader gives a {type(given).__name__}; give it collate_fn=neurosym.collate, or batches (tensor, answers)"
    )


def _pairs(samples: Sequence[tuple[str, Any]], kind: str) -> Pairs:
    """Samples ``(picture, label)`` as a batch.

    Raises:
        TrainingError: if one is something else, or of another size.
    """
    pictures, labels = list[Tensor](), list[Any]()
    for name, sample in samples:
        if not isinstance(sample, tuple | list) or len(cast("Sequence[Any]", sample)) != 2:
            raise TrainingError(
                f"a {kind} is trained on pictures and answers, and {name} is a {type(sample).__name__}; give a data "
                f"set of pairs (picture, label)"
            )
        picture, label = cast("Sequence[Any]", sample)
        if not isinstance(picture, Tensor | np.ndarray):
            raise TrainingError(
                f"the picture of {name} is a {type(picture).__name__}; let the data set make tensors of them, such as "
                f"with transform=torchvision.transforms.ToTensor()"
            )
        pictures.append(_checked(torch.as_tensor(picture)[None], 1, "")[0])
        labels.append(label.tolist() if isinstance(label, Tensor | np.ndarray | np.generic) else label)
        if pictures[-1].shape != pictures[0].shape:
            shapes = [list(one.shape) for one in (pictures[0], pictures[-1])]
            raise TrainingError(f"pictures of one size are needed, got {shapes[0]} and {shapes[1]} ({name})")
    return Pairs(torch.stack(pictures), class_numbers(labels))


def _orders(samples: int, batch: int, generator: torch.Generator | None) -> list[list[int]]:
    if generator is None:
        return [part.tolist() for part in torch.arange(samples).tensor_split(max(1, samples // batch))]
    parts = [part.tolist() for part in torch.randperm(samples, generator=generator).split(batch)]
    if len(parts) > _steps(samples, batch):  # a batch of one has no statistics for norms
        parts[-2:] = [parts[-2] + parts[-1]]
    return parts


def _steps(samples: int, batch: int) -> int:
    """Batches of an epoch; one sample that is left over goes with the last batch."""
    return ceil(samples / batch) - (samples > batch > 1 and samples % batch == 1)


def to_source(
    model: object, samples: object, answers: Sequence[Any] | Tensor | NDArray[Any] | None, batch: int
) -> Source:
    """Where the samples of a training come from.

    Args:
        model: A model of rules, or something else that is trained on pictures.
        samples: Pictures ``[M, ...]``, or inputs by name, with their answers; a data set, or a loader.
        answers: ``M`` of them, for pictures and inputs.
        batch: Samples a step; a loader has its own.

    Raises:
        TrainingError: if they do not fit together, there are none, or a number is NaN or infinite.
        SampleError: as :func:`neurosym.samples.stacked`.
    """
    if answers is None:
        if isinstance(samples, DataLoader):
            source: Source = Loaded(cast("DataLoader[Any]", samples))
        elif isinstance(samples, Dataset | Sequence) and hasattr(samples, "__len__"):
            source = Drawn(
                cast("Sequence[Any]", samples), batch, "" if isinstance(model, Model) else type(model).__name__
            )
        else:
            raise TrainingError(
                f"a {type(samples).__name__} without answers cannot be trained on; give fit(model, pictures, answers), "
                f"a data set of samples that has a length, or a DataLoader"
            )
        if not source.samples:
            raise TrainingError("there are no samples to be trained on")
        return source
    listed: list[Any] = answers.tolist() if isinstance(answers, Tensor | np.ndarray) else list(answers)
    given = cast("Mapping[Any, Any]", samples) if isinstance(samples, Mapping) else {ALL: samples}
    inputs = {key: _checked(one, len(listed), f"{key!r}" if key != ALL else "") for key, one in given.items()}
    if isinstance(model, Model):
        if ALL in inputs and len(model.perceptions) == 1:
            inputs[ALL] = as_seen(inputs[ALL], cast(nn.Module, model.perception))
        return Stacked(stacked(inputs, listed), batch)
    listed = class_numbers(listed)
    if ALL not in inputs:
        raise TrainingError(f"a {type(model).__name__} is trained on pictures [M, ...], not on inputs by name")
    return Stacked(Pairs(inputs[ALL], listed), batch)


def _checked(given: object, count: int, name: str) -> Tensor:
    """A tensor of one input of each sample, all of whose numbers are finite."""
    what = f"input {name}" if name else "picture"
    if isinstance(given, np.ndarray):
        given = torch.from_numpy(np.ascontiguousarray(given))
    if not isinstance(given, Tensor):
        raise TrainingError(f"pictures are a tensor [M, ...], got a {type(given).__name__}")
    if given.dtype in (torch.uint16, torch.uint32, torch.uint64):
        raise TrainingError(
            f"{what}s are {given.dtype}, which torch cannot compute with; give bytes, or floats from 0 to 1 "
            f"(such as pictures.to(torch.float32) / 65535)"
        )
    if len(given) != count or not count:
        raise TrainingError(f"{len(given)} pictures and {count} answers; give one answer for each sample")
    if given.is_floating_point() and not bool(torch.isfinite(given).all()):
        number = int(torch.isfinite(given).flatten(1).all(1).logical_not().nonzero()[0])
        raise TrainingError(f"{what} {number} holds NaN or infinite values; look at how it was read")
    return given


@contextmanager
def _drawn_from(generator: torch.Generator | None, loader: DataLoader[Any]) -> Generator[None]:
    """Within it, what a loader draws follows from the generator; torch's own state is as before afterwards."""
    seed = 0 if generator is None else int(torch.randint(2**62, (), generator=generator))
    own: list[Callable[[int], object]] = [
        one.manual_seed
        for one in {loader.generator, getattr(loader.sampler, "generator", None)}
        if isinstance(one, torch.Generator)
    ]
    with torch.random.fork_rng(devices=[]):
        for set_seed in [torch.manual_seed, *own]:
            set_seed(seed)
        yield
