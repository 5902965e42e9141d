"""The state of a training as a checkpoint, and back: weights, their average, optimizer, generator and history."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..checkpoint import Checkpoint, CheckpointError, read_checkpoint
from .averaging import WeightAverage
from .history import Epoch, History

_MORE = "epochs"  # the setting that may grow


@dataclass(frozen=True, eq=False)
class Training:
    """Everything that changes while training goes on.

    Args:
        network: With its weights.
        optimizer: With its moments.
        generator: Of the order of samples and of augmentation.
        average: Of the weights, if one is kept.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    average: WeightAverage | None = None


def to_checkpoint(training: Training, plan: Mapping[str, Any], history: History) -> Checkpoint:
    """All that is needed to go on.

    Args:
        training: Its present state.
        plan: What a training that goes on from here must agree on; JSON can say it.
        history: The epochs so far.
    """
    tensors = {f"weights.{name}": tensor for name, tensor in training.network.state_dict().items()}
    if training.average is not None:
        tensors |= {f"average.{name}": tensor for name, tensor in training.average.values.items()}
    for number, moments in training.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in moments.items() if tensor is not None}
    tensors["generator"] = training.generator.get_state()
    settings = {"kind": "training", "plan": dict(plan), "epochs": [asdict(epoch) for epoch in history.epochs]}
    return Checkpoint(tensors, settings)


def resume(path: Path, training: Training, plan: Mapping[str, Any]) -> History:
    """Puts the state that a checkpoint holds in place and returns the course so far.

    Raises:
        CheckpointError: if the file is damaged, belongs to a training with another plan or to another network.
    """
    checkpoint = read_checkpoint(path)
    if differing := _differences(checkpoint.settings.get("plan"), plan):
        raise CheckpointError(
            f"{path}: belongs to another training ({differing}); use the same settings or another file"
        )
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in checkpoint.tensors.items():
        if name.startswith("optimizer."):
            _, number, key = name.split(".")
            moments.setdefault(int(number), {})[key] = tensor
    try:
        training.network.load_state_dict(_part(checkpoint, "weights."))
        training.optimizer.load_state_dict({**training.optimizer.state_dict(), "state": moments})
        if training.average is not None:
            training.average.load(_part(checkpoint, "average."))
        training.generator.set_state(checkpoint.tensors["generator"])
        return History(tuple(Epoch(**epoch) for epoch in checkpoint.settings["epochs"]))
    except (KeyError, TypeError, ValueError, RuntimeError) as fault:
        reason = str(fault).partition("\n")[0].rstrip(":")  # the lines below name every tensor
        raise CheckpointError(f"{path}: does not fit this network ({reason}); use another file") from None


def _differences(kept: object, asked: Mapping[str, Any]) -> str:
    """What sets two plans apart, setting by setting; more epochs than before do not."""
    before, now = _flat(kept if isinstance(kept, Mapping) else {}), _flat(asked)
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if _MORE in names and isinstance(before.get(_MORE), int) and now[_MORE] > before[_MORE]:
        names.remove(_MORE)
    return ", ".join(f"{name} {before.get(name)!r}, not {now.get(name)!r}" for name in names)


def _flat(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by name, those inside others included."""
    found: dict[str, Any] = {}
    for name, value in plan.items():
        found |= _flat(value) if isinstance(value, Mapping) else {name: value}
    return found


def _part(checkpoint: Checkpoint, start: str) -> dict[str, Tensor]:
    return {name.removeprefix(start): t for name, t in checkpoint.tensors.items() if name.startswith(start)}
