"""What a checkpoint is tied to: the network, the data and the objective, each as a short text."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..blueprints import BlueprintError, blueprint_of
from ..model import Model
from ..samples import Batch
from .examples import Pairs, Source
from .labelled import Labelled
from .savings import Trainable

_LOOKED_AT = 256  # samples of an input that are compared
_DIGITS = 12


def ties(model: Trainable, network: nn.Module, source: Source) -> dict[str, str]:
    """Names of what a training depends on, beside its recipe; the same for the same, in every process.

    Args:
        model: What is trained.
        network: Its weights; what they are does not matter.
        source: The samples; of large ones a few hundred are compared, of loaders the number alone.
    """
    return {"network": _of_network(network), "data": _of_data(source), "objective": _of_objective(model)}


def _of_network(network: nn.Module) -> str:
    try:
        told: Any = blueprint_of(network)
    except BlueprintError:  # a stranger's, which may be trained but not saved
        told = None
    leaves = [(name, repr(layer)) for name, layer in network.named_modules() if not list(layer.children())]
    shapes = [(name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()]
    return f"{type(network).__name__} {_digest(repr((told, leaves, shapes)))}"


def _of_objective(model: Trainable) -> str:
    if isinstance(model, Labelled):
        return f"{model.objective}, smoothing {model.smoothing}, regularity {model.regularity}"
    if isinstance(model, Model):
        return f"{model.query or 'queries'} by rules {_digest(model.program.text)}"
    return type(model).__name__


def _of_data(source: Source) -> str:
    held = getattr(source, "all", None)
    if not isinstance(held, Pairs | Batch):
        return f"{source.samples} samples"
    found = hashlib.sha256(repr(list(held.answers)).encode())
    for name, tensor in _inputs(held):
        found.update(repr((name, tuple(tensor.shape), str(tensor.dtype))).encode())
        chosen = torch.linspace(0, len(tensor) - 1, min(len(tensor), _LOOKED_AT)).long().unique()
        part = tensor[chosen.to(tensor.device)].detach().cpu().contiguous()
        found.update(part.view(torch.uint8).numpy().tobytes() if part.ndim else repr(part).encode())
    return f"{len(held)} samples {found.hexdigest()[:_DIGITS]}"


def _inputs(held: Pairs | Batch) -> Iterator[tuple[Any, Tensor]]:
    if isinstance(held, Pairs):
        yield "pictures", held.pictures
        return
    for group in held.groups:
        inputs: Mapping[Any, Tensor] = group.inputs
        yield from inputs.items()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
