"""Checkpoints: tensors and settings in one safetensors file, written whole or not at all; never pickle."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from logic import Domain, NeurosymError
from perception import SpikingClassifier

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
        CheckpointError: if it cannot be written, for example because the disk is full; what was there stays.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in checkpoint.tensors.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            written = Path(folder) / "checkpoint"
            save_file(tensors, written, {_SETTINGS: json.dumps(dict(checkpoint.settings))})
            written.replace(path)
    except (OSError, SafetensorError) as fault:
        raise CheckpointError(
            f"{path}: the checkpoint could not be written ({fault}); make room or choose another folder. "
            f"Nothing was left half-written."
        ) from None


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


def save_classifier(classifier: SpikingClassifier, path: Path) -> None:
    """Writes a spiking classifier, weights and architecture.

    Raises:
        CheckpointError: if it cannot be written.
    """
    domain = {"name": classifier.domain.name, "values": list(classifier.domain.values)}
    settings = {"kind": "classifier", "domain": domain, "architecture": classifier.architecture()}
    write_checkpoint(path, Checkpoint(classifier.state_dict(), settings))


def load_classifier(path: Path) -> SpikingClassifier:
    """The spiking classifier that :func:`save_classifier` wrote.

    Raises:
        CheckpointError: if the file is missing, damaged or holds something else.
    """
    checkpoint = read_checkpoint(path)
    try:
        domain, architecture = checkpoint.settings["domain"], checkpoint.settings["architecture"]
        classifier = SpikingClassifier(Domain(**domain), torch.Generator(), **architecture)
        classifier.load_state_dict(dict(checkpoint.tensors))
    except (KeyError, TypeError, ValueError, RuntimeError) as fault:
        raise CheckpointError(f"{path}: does not hold a classifier ({fault}); give a file saved by training") from None
    return classifier
