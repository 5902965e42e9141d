"""Checkpoints: tensors and settings in one safetensors file, written whole or not at all; never pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from logic import Domain, NeurosymError, whole_file
from perception import SpikingClassifier, SpikingVision

Perception = SpikingClassifier | SpikingVision
_KINDS: Mapping[str, type[SpikingClassifier] | type[SpikingVision]] = {
    "classifier": SpikingClassifier,
    "vision": SpikingVision,
}
_SETTINGS = "neurosym"


class CheckpointError(NeurosymError):
    """A checkpoint that cannot be written, read, or does not belong to what it is asked for."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a checkpoint file holds.

    Args:
        tensors: By name.
        settings: Whatever JSON can say.
    """

    tensors: Mapping[str, Tensor]
    settings: Mapping[str, Any]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes a file beside ``path`` and then puts it in its place, so that ``path`` is never half-written.

    Raises:
        FileError: if it cannot be written, for example because the disk is full; what was there stays.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in checkpoint.tensors.items()}
    with whole_file(path) as place:
        try:
            save_file(tensors, place, {_SETTINGS: json.dumps(dict(checkpoint.settings))})
        except SafetensorError as fault:  # what safetensors makes of a full disk
            raise OSError(str(fault)) from fault


def read_checkpoint(path: Path) -> Checkpoint:
    """What :func:`write_checkpoint` wrote.

    Raises:
        CheckpointError: if the file is missing, damaged or not one of ours.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such checkpoint; check the path")
    try:
        with safe_open(path, framework="pt") as file:
            settings = json.loads((file.metadata() or {})[_SETTINGS])
            return Checkpoint({name: file.get_tensor(name) for name in file.keys()}, settings)  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError) as fault:
        raise CheckpointError(
            f"{path}: the file is damaged or is no checkpoint of neurosym ({fault}); delete it and train again"
        ) from None


def save_perception(perception: Perception, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Writes a perception network, weights and architecture.

    Args:
        perception: To be written.
        path: The file.
        notes: What shall be kept beside it, such as the rules that it was trained with.

    Raises:
        FileError: if it cannot be written.
    """
    domain = {"name": perception.domain.name, "values": list(perception.domain.values)}
    kind = next(name for name, made in _KINDS.items() if type(perception) is made)
    settings = {"domain": domain, "architecture": perception.architecture(), "notes": dict(notes or {})}
    write_checkpoint(path, Checkpoint(perception.state_dict(), {"kind": kind, **settings}))


def load_perception(path: Path) -> tuple[Perception, dict[str, str]]:
    """The perception network that :func:`save_perception` wrote, and the notes beside it.

    Raises:
        CheckpointError: if the file is missing, damaged or holds something else.
    """
    checkpoint = read_checkpoint(path)
    try:
        domain, architecture = checkpoint.settings["domain"], checkpoint.settings["architecture"]
        make = _KINDS[checkpoint.settings["kind"]]
        perception = make(Domain(**domain), torch.Generator(), **architecture)
        perception.load_state_dict(dict(checkpoint.tensors))
        return perception, dict(checkpoint.settings["notes"])
    except (NeurosymError, KeyError, TypeError, ValueError, RuntimeError) as fault:
        raise CheckpointError(
            f"{path}: does not hold a perception network ({fault}); give a file saved by training"
        ) from None
