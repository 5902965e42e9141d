"""What a training starts with: weights of a saved network, random changes of samples, a classifier to be beaten."""

import warnings
from functools import partial
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from perception import Dataset, augment, augment_colours
from perception.networks.perception import Perception

from ..checkpoint import load_perception
from .errors import TrainingError
from .fit import Change

_COLOURS = 3  # channels
_SHIFT = 14  # the largest shift is such a part of a picture's size
_MOST_PRODUCTS = 2 * 10**10  # of distances, which take some seconds
_NEIGHBOURS = (1, 3, 5)
_TOGETHER = 512  # samples whose distances are computed at once
_READOUT = "readout"


class StartWarning(UserWarning):
    """Layers that do not begin with the saved weights; the text names them."""


def start_from(network: Perception, path: Path) -> None:
    """Gives a network the weights and statistics of a saved one, by name, where shapes agree.

    A readout of other classes starts afresh.

    Warns:
        StartWarning: if other layers start afresh, too.

    Raises:
        CheckpointError: if the file holds no perception.
        TrainingError: if hardly a weight of the network has its like in the file.
    """
    saved, _ = load_perception(path)
    ours, theirs = network.state_dict(), saved.state_dict()
    alike = saved.domain.values == network.domain.values
    taken = {
        name: tensor
        for name, tensor in theirs.items()
        if name in ours and ours[name].shape == tensor.shape and (alike or _READOUT not in name.split("."))
    }
    body = [name for name in ours if _READOUT not in name.split(".")]
    fresh = [name for name in body if name not in taken]
    weights = sum(ours[name].numel() for name in body)
    if 2 * sum(ours[name].numel() for name in fresh) > weights:
        first = fresh[0]
        shape = list(theirs[first].shape) if first in theirs else "missing"
        raise TrainingError(
            f"{path}: is another network ({first} is {list(ours[first].shape)} here and {shape} there); train the same "
            f"--model with the same options, or leave --model out"
        )
    cast(nn.Module, network).load_state_dict({**ours, **taken})
    if fresh:
        layers = ", ".join(dict.fromkeys(name.rpartition(".")[0] for name in fresh))
        warnings.warn(f"{path}: has other shapes for {layers}, which start afresh", StartWarning, stacklevel=2)


def changes_for(dataset: Dataset, published: bool) -> Change:
    """Small random changes of pictures or frames, none of which makes another class of a stranger's picture.

    Pictures are shifted, turned, scaled and sheared a little, recordings in all frames alike. Published pictures in
    colours are also mirrored, recoloured and get holes; in others left and right or colours may be what tells classes
    apart.

    Args:
        dataset: The samples.
        published: Whether it is one of ours by name.
    """
    shift = dataset.pictures.shape[-1] / _SHIFT
    if dataset.pictures.ndim == 5:
        return partial(_change_frames, shift=shift)
    if published:
        return augment_colours if dataset.pictures.shape[1] == _COLOURS else partial(augment, shift=shift)
    return partial(augment, shift=shift, rim="border")


def _change_frames(frames: Tensor, generator: torch.Generator, shift: float) -> Tensor:
    """Frames ``[B, T, C, H, W]``, all of a recording changed alike."""
    return augment(frames.flatten(1, 2), generator, shift=shift).reshape(frames.shape)


def nearest_neighbour(train: Dataset, test: Dataset) -> float | None:
    """The accuracy of naming each test sample as the nearest ones of training; none if that would take long.

    Of 1, 3 and 5 neighbours, each with a vote and the nearer ones first where votes are equal, the best.

    Example:
        >>> from perception import load_dataset
        >>> round(nearest_neighbour(load_dataset("digits"), load_dataset("digits", split="test")), 3)
        0.989
    """
    known, asked = (part.pictures.flatten(1).float() for part in (train, test))
    if len(known) * asked.numel() > _MOST_PRODUCTS:
        return None
    most = min(max(_NEIGHBOURS), len(known))
    nearest = [torch.cdist(part, known).topk(most, largest=False).indices for part in asked.split(_TOGETHER)]
    votes = functional.one_hot(train.labels[torch.cat(nearest)], len(train.classes)).float()  # [M, k, K]
    votes *= torch.linspace(1.01, 1, most)[:, None]
    right = [votes[:, :k].sum(1).argmax(1) == test.labels for k in _NEIGHBOURS if k <= most]
    return max(float(one.float().mean()) for one in right)
