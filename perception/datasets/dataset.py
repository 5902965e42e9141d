"""What every data set is once it is loaded, whatever it was on disk."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from logic import Domain
from logic.randomness import Seed, to_generator

from ..recordings.events import DatasetError as DatasetError

if TYPE_CHECKING:
    from .preparation import Preparation


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Labelled pictures, or labelled recordings of an event camera binned to frames.

    Args:
        name: What it is called in the catalogue.
        pictures: Bytes ``[M, C, H, W]`` from 0 (dark) to 255; or events counted in frames, ``[M, T, 2, H, W]``, those
            towards dark first; or, as told, spike trains counted in bins, ``[M, T, N]``. Samples stand first, since
            they are what is chosen from; a batch is ``[T, B, ...]``.
        labels: Class numbers ``[M]``.
        classes: What the class numbers mean.
        preparation: How files became the pictures, if they did; new ones become so by its ``read``.
        trains: Whether they are spike trains.

    Raises:
        DatasetError: if the numbers of pictures and labels differ, or a label is no class.
    """

    name: str
    pictures: Tensor
    labels: Tensor
    classes: Domain
    preparation: "Preparation | None" = None
    trains: bool = False

    def __post_init__(self) -> None:
        if self.pictures.ndim not in ((3,) if self.trains else (4, 5)) or len(self.pictures) != len(self.labels):
            raise DatasetError(
                f"{self.name}: pictures have shape {list(self.pictures.shape)} and labels {list(self.labels.shape)}; "
                f"expected {'[M, T, N]' if self.trains else '[M, C, H, W] or [M, T, 2, H, W]'} and [M]"
            )
        if len(self.labels) and not 0 <= int(self.labels.min()) <= int(self.labels.max()) < len(self.classes):
            raise DatasetError(
                f"{self.name}: labels go from {int(self.labels.min())} to {int(self.labels.max())}, "
                f"but there are {len(self.classes)} classes; the label file is damaged or belongs to other pictures"
            )

    def __repr__(self) -> str:
        kind = "spike trains" if self.trains else "pictures" if self.pictures.ndim == 4 else "recordings"
        shape = " x ".join(map(str, self.pictures.shape[1:]))
        return f"Dataset({self.name!r}, {len(self.labels):,} {kind} of {shape}, {len(self.classes)} classes)"

    def take(self, chosen: Tensor) -> "Dataset":
        """The samples with the given numbers ``[m]``, in that order.

        Example:
            >>> pictures = torch.zeros(3, 1, 8, 8, dtype=torch.uint8)
            >>> dots = Dataset("dots", pictures, torch.tensor([0, 1, 1]), Domain("dot", ["round", "square"]))
            >>> dots.take(torch.tensor([2, 0])).labels.tolist()
            [1, 0]
        """
        return replace(self, pictures=self.pictures[chosen], labels=self.labels[chosen])


def hold_out(dataset: Dataset, count: int, generator: Seed) -> tuple[Dataset, Dataset]:
    """A part to train on and a part of ``count`` samples for choices such as when to stop, both in random order.

    Each class gives the held-out part its share, rounded; so a choice does not hang on a class that it never saw.

    Args:
        dataset: To be split.
        count: Samples of the second part, from 1 to all but one.
        generator: Source of all randomness.

    Raises:
        DatasetError: if nothing would be left on either side.

    Example:
        >>> labels = torch.tensor([0] * 6 + [1] * 4)
        >>> whole = Dataset("dots", torch.zeros(10, 1, 8, 8, dtype=torch.uint8), labels, Domain("dot", range(2)))
        >>> training, held = hold_out(whole, 5, 0)
        >>> held.labels.bincount().tolist()  # each class gives its share
        [3, 2]
    """
    generator = to_generator(generator)
    total = len(dataset.labels)
    if not 0 < count < total:
        raise DatasetError(f"{dataset.name}: cannot hold {count} of {total} samples out; leave some on both sides")
    order = torch.randperm(total, generator=generator)
    labels = dataset.labels[order]
    sizes = torch.bincount(labels, minlength=len(dataset.classes))
    rank = torch.empty(total)
    for value in labels.unique():
        rank[labels == value] = (torch.arange(int(sizes[value])) + 0.5) / sizes[value]
    held = torch.zeros(total, dtype=torch.bool)
    held[rank.argsort(stable=True)[:count]] = True
    return dataset.take(order[~held]), dataset.take(order[held])
