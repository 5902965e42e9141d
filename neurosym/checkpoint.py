"""Checkpoints: tensors and settings in one safetensors file, written whole or not at all; never pickle."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from logic import Domain, NeurosymError, whole_file
from perception.networks.network_catalogue import PERCEPTIONS, kind_of, path_of
from perception.networks.perception import (
    Perception,
    PerceptionClass,
    PerceptionError,
    check_perception,
    check_remakable,
    difference,
    outline,
)

_SETTINGS = "neurosym"
MOST_STEPS = 4096  # of a network that a file asks for


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


def write_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Writes a file beside ``path`` and then puts it in its place, so that ``path`` is never half-written.

    Raises:
        FileError: if it cannot be written, for example because the disk is full; what was there stays.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in checkpoint.tensors.items()}
    with whole_file(Path(path)) as place:
        try:
            save_file(tensors, place, {_SETTINGS: json.dumps(dict(checkpoint.settings))})
        except SafetensorError as fault:  # what safetensors makes of a full disk
            raise OSError(str(fault)) from fault


def read_checkpoint(path: str | Path) -> Checkpoint:
    """What :func:`write_checkpoint` wrote.

    Raises:
        CheckpointError: if the file is missing, damaged or not one of ours.
    """
    with _opened(path) as file:
        return Checkpoint(_tensors(file), _settings(file))


@contextmanager
def _opened(path: str | Path) -> Generator[Any]:
    """A safetensors file; whatever is wrong with it while it is open is said in one sentence."""
    if not Path(path).is_file():
        raise CheckpointError(f"{path}: there is no such checkpoint; check the path")
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except NeurosymError:
        raise
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError, RecursionError) as fault:
        raise CheckpointError(
            f"{path}: the file is damaged or is no checkpoint of neurosym ({first_line(fault)}); "
            f"delete it and train again"
        ) from None


def _settings(file: Any) -> Mapping[str, Any]:
    settings = json.loads((file.metadata() or {})[_SETTINGS])
    if not isinstance(settings, dict):
        raise TypeError("its settings are no table")
    return settings


def _tensors(file: Any) -> dict[str, Tensor]:
    return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping


def first_line(fault: BaseException) -> str:
    """What an error of a library says, without the lines that name every tensor."""
    return str(fault).partition("\n")[0].rstrip(":")


def save_perception(perception: Perception, path: str | Path, notes: Mapping[str, str] | None = None) -> None:
    """Writes a perception network: its weights, and how it is made.

    Args:
        perception: Of any class that tells its ``architecture`` (:class:`perception.networks.perception.Remakable`).
        path: The file.
        notes: What shall be kept beside it, such as the rules that it was trained with.

    Raises:
        CheckpointError: if no other of its shape can be made from what it tells.
        FileError: if it cannot be written.
    """
    try:
        found = check_remakable(perception)
        architecture = json.loads(json.dumps(found.architecture()))
    except (PerceptionError, TypeError, ValueError) as fault:
        raise CheckpointError(f"{path}: {fault}") from None
    settings = {
        "kind": kind_of(found),
        "domain": {"name": found.domain.name, "values": list(found.domain.values)},
        "architecture": architecture,
        "notes": dict(notes or {}),
    }
    write_checkpoint(path, Checkpoint(found.state_dict(), settings))


def load_perception(path: str | Path, kinds: Sequence[PerceptionClass] = ()) -> tuple[Perception, dict[str, str]]:
    """The perception network that :func:`save_perception` wrote, and the notes beside it.

    The header is compared with the network that it asks for before anything of its size is made.

    Args:
        path: The file.
        kinds: Classes of your own that it may ask for; no class is ever looked up by a name in a file.

    Raises:
        CheckpointError: if the file is missing, damaged or holds something else.
    """
    with _opened(path) as file:
        settings = _settings(file)
        try:
            make = _class_of(str(settings["kind"]), kinds, path)
            domain, architecture, notes = (settings[key] for key in ("domain", "architecture", "notes"))
            domain = Domain(**domain)
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            if differing := difference(outline(make, domain, architecture, 2 * len(shapes) + 16), shapes):
                raise ValueError(differing)
            made = make(domain, torch.Generator(), **architecture)
            if not 1 <= (steps := getattr(made, "steps", 1)) <= MOST_STEPS:
                raise ValueError(f"it runs {steps} steps, expected 1 to {MOST_STEPS}")
            made.load_state_dict(_tensors(file))
            return check_perception(made), {str(key): str(value) for key, value in dict(notes).items()}
        except CheckpointError:
            raise
        except Exception as fault:  # also what the constructor of a stranger's class raises
            reason = f"it lacks {fault}" if isinstance(fault, KeyError) else first_line(fault)
            raise CheckpointError(
                f"{path}: does not hold a perception network ({reason}); give a file saved by training"
            ) from None


def _class_of(kind: str, kinds: Sequence[PerceptionClass], path: str | Path) -> PerceptionClass:
    own = {path_of(made): made for made in kinds} | {made.__qualname__: made for made in kinds}
    found = PERCEPTIONS.get(kind) or own.get(kind) or own.get(kind.rpartition(".")[2])
    if found is None:
        name = kind.rpartition(".")[2]
        raise CheckpointError(
            f"{path}: holds a perception of the class {kind!r}, which is none of {', '.join(PERCEPTIONS)}; "
            f"import the class and name it: kinds=[{name}]"
        )
    return found
