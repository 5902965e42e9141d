"""The state of a training as a checkpoint, and back: weights, their average, optimizer, generator and history."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from ..checkpoint import Checkpoint, CheckpointError, read_checkpoint
from .averaging import WeightAverage
from .history import Epoch, History

_MORE = "epochs"  # the setting that may grow
_RATES = (
    "lr",
    "initial_lr",
    "momentum",
    "betas",
    "max_lr",
    "min_lr",
    "max_momentum",
    "base_momentum",
)  # which schedules change


@dataclass(frozen=True, eq=False)
class Training:
    """Everything that changes while training goes on.

    Args:
        network: With its weights.
        optimizer: With its moments.
        generator: Of the order of samples and of augmentation.
        average: Of the weights, if one is kept.
        scheduler: Of the optimizer's learning rates, if it has one of its own.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    average: WeightAverage | None = None
    scheduler: LRScheduler | None = None


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
    settings = {
        "kind": "training",
        "plan": dict(plan),
        "epochs": [asdict(epoch) for epoch in history.epochs],
        "rates": [{name: group[name] for name in _RATES if name in group} for group in _groups(training)],
        "scheduler": {} if training.scheduler is None else _plain(training.scheduler.state_dict()),
    }
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
        for group, rates in zip(_groups(training), checkpoint.settings["rates"], strict=True):
            group.update(rates)
        if training.scheduler is not None:
            training.scheduler.load_state_dict(checkpoint.settings["scheduler"])
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


def _groups(training: Training) -> list[dict[str, Any]]:
    return training.optimizer.param_groups


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    """What JSON can say of a scheduler's state; functions come from the one that is made anew."""
    return {name: value for name, value in state.items() if isinstance(value, int | float | str | list | None)}


def _part(checkpoint: Checkpoint, start: str) -> dict[str, Tensor]:
    return {name.removeprefix(start): t for name, t in checkpoint.tensors.items() if name.startswith(start)}
