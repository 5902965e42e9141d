"""The recipe of a training: every setting that decides its result, checked once, the same from command to last step."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from math import inf, isfinite
from typing import Any, Literal, TypedDict, Unpack

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from .errors import TrainingError
from .savings import Savings

LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-4
MOMENTUM = 0.9  # Nesterov's, of SGD

Optimizer = Literal["adamw", "sgd"] | torch.optim.Optimizer
"""One by its name, with the schedule of the recipe; or one of your own, made of the network's parameters."""

_BY_STEP = (torch.optim.lr_scheduler.OneCycleLR, torch.optim.lr_scheduler.CyclicLR)


class Changes(TypedDict, total=False):
    """What :class:`Recipe` takes, each setting by its name; a test holds the two together."""

    epochs: int
    batch: int
    optimizer: Optimizer
    scheduler: LRScheduler | None
    learning_rate: float
    weight_decay: float
    average: float
    patience: int | None
    seed: int
    frozen: tuple[str, ...]
    impossible: float | None
    savings: Savings


@dataclass(frozen=True)
class Recipe:
    """How weights are learned: AdamW or SGD with linear warm-up and cosine decay.

    Args:
        epochs: Passes over the samples.
        batch: Samples per step, over all processes.
        optimizer: ``adamw``, or ``sgd`` with Nesterov's momentum of 0.9; or one of your own, made of the network's
            parameters, which keeps its own learning rates.
        scheduler: Of an optimizer of your own; ``OneCycleLR`` and ``CyclicLR`` go on after each step, others after each
            epoch, ``ReduceLROnPlateau`` by the loss on what is held out, or else by that of training.
        learning_rate: Peak of the schedule; an optimizer of your own has its own.
        weight_decay: Of the optimizer; likewise.
        average: Part of a running average of the weights that each step keeps, such as 0.999. The averaged weights are
            evaluated and are what the network has in the end. 0 for none.
        patience: Stop when the loss on what is held out has not fallen for so many epochs; none for never.
        seed: Of the order of samples and of augmentation.
        frozen: Names of networks and embeddings, or of parts of the only network, such as ``blocks.0``, that keep their
            weights and statistics.
        impossible: What a sample costs whose answer no world gives, in nats: it adds so much to the loss and changes no
            weight. Without it, such a sample is refused by its name.
        savings: How to spend less memory or time.

    Raises:
        TrainingError: if a setting makes no sense.

    Example:
        >>> Recipe(epochs=3).changed(batch=32)
        Recipe(epochs=3, batch=32)
    """

    epochs: int = 10
    batch: int = 16
    optimizer: Optimizer = "adamw"
    scheduler: LRScheduler | None = None
    learning_rate: float = LEARNING_RATE
    weight_decay: float = WEIGHT_DECAY
    average: float = 0.0
    patience: int | None = None
    seed: int = 0
    frozen: tuple[str, ...] = ()
    impossible: float | None = None
    savings: Savings = Savings()  # noqa: RUF009 - frozen

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch", 1), ("patience", 1), ("seed", 0)):
            check_whole(name, getattr(self, name), least, optional=name == "patience")
        self._check_optimizer()
        for name in ("learning_rate", "weight_decay", "average"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not isfinite(value):
                raise TrainingError(f"{name.replace('_', ' ')} must be a number, got {value!r}")
        if self.learning_rate <= 0:
            raise TrainingError(f"the learning rate must be positive, got {self.learning_rate}")
        if self.weight_decay < 0:
            raise TrainingError(f"the weight decay must not be negative, got {self.weight_decay}")
        cost = self.impossible
        if cost is not None and not 0 <= cost < inf:
            raise TrainingError(f"what an impossible answer costs must be a number from 0 on, got {cost!r}")
        if isinstance(self.frozen, str):  # pyright: ignore[reportUnnecessaryIsInstance] - from users
            raise TrainingError(f"frozen are the names of networks, such as ('digit',), got {self.frozen!r}")
        object.__setattr__(self, "frozen", tuple(self.frozen))
        if not 0 <= self.average < 1:
            raise TrainingError(f"average is the part that is kept at each step, in [0, 1), got {self.average}")

    def _check_optimizer(self) -> None:
        if not self.is_own:
            if self.optimizer not in ("adamw", "sgd"):
                raise TrainingError(
                    f"unknown optimizer {self.optimizer!r}; choose adamw or sgd, or give one made of the network's "
                    f"parameters, such as torch.optim.Adam(network.parameters())"
                )
            if self.scheduler is not None:
                raise TrainingError("a scheduler belongs to an optimizer; give that too, as optimizer=")
            return
        if isinstance(self.optimizer, torch.optim.LBFGS):
            raise TrainingError("LBFGS looks at the loss several times a step, which fit does not; give another")
        if (self.learning_rate, self.weight_decay) != (LEARNING_RATE, WEIGHT_DECAY):
            raise TrainingError("an optimizer of your own has its learning rate and weight decay; tell it there")
        if self.scheduler is not None and self.scheduler.optimizer is not self.optimizer:
            raise TrainingError("the scheduler is of another optimizer; make it of the one that is given")

    @property
    def is_own(self) -> bool:
        """Whether the optimizer is one of the user's."""
        return isinstance(self.optimizer, torch.optim.Optimizer)

    def __repr__(self) -> str:
        """Only what differs from the default."""
        changed = [f.name for f in fields(self) if getattr(self, f.name) != f.default]
        return f"Recipe({', '.join(f'{name}={self._told(name)!r}' for name in changed)})"

    def _told(self, name: str) -> Any:
        """A setting as JSON can say it, or nearly."""
        value = getattr(self, name)
        return type(value).__name__ if isinstance(value, torch.optim.Optimizer | LRScheduler) else value

    def changed(self, **changes: Unpack[Changes]) -> "Recipe":
        """The same recipe with other settings.

        Raises:
            TrainingError: if there is no such setting, or it makes no sense.
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                close = get_close_matches(name, known, 1)
                meant = f"did you mean {close[0]}?" if close else f"a recipe has {', '.join(known)}"
                raise TrainingError(f"there is no setting {name!r} of a training; {meant}")
        return replace(self, **changes)

    def check_held_out(self, count: int) -> None:
        """Whether there is something to be patient about.

        Raises:
            TrainingError: if ``count`` samples are held out, none, and patience looks at them.
        """
        if self.patience is not None and not count:
            raise TrainingError("patience looks at held-out samples of the training part; hold some out")

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON can say them."""
        plain = replace(self, optimizer="adamw", scheduler=None)  # others would be copied with all of their weights
        return (
            asdict(plain)
            | {name: self._told(name) for name in ("optimizer", "scheduler")}
            | {"frozen": list(self.frozen)}
        )

    @staticmethod
    def from_json(settings: Mapping[str, Any]) -> "Recipe":
        """The recipe that :meth:`to_json` described.

        Raises:
            TrainingError: if it describes none.
        """
        try:
            told: dict[str, Any] = {**settings, "savings": Savings(**settings["savings"])}
            return Recipe(**told)
        except (KeyError, TypeError) as fault:
            raise TrainingError(f"these settings are no recipe ({fault}); train anew") from None

    def make_optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimizer of a network's parameters.

        Raises:
            TrainingError: if one of the user's holds other parameters.
        """
        if isinstance(self.optimizer, torch.optim.Optimizer):
            known = {id(parameter) for parameter in network.parameters()}
            held = {id(parameter) for group in self.optimizer.param_groups for parameter in group["params"]}
            if not held or held - known:
                raise TrainingError(
                    f"{len(held - known)} of the optimizer's {len(held)} parameters are none of the network's; make it "
                    f"of the network that is trained, such as torch.optim.Adam(network.parameters())"
                )
            return self.optimizer
        options: dict[str, Any] = {"lr": self.learning_rate, "weight_decay": self.weight_decay}
        if self.optimizer == "sgd":
            return torch.optim.SGD(network.parameters(), **options, momentum=MOMENTUM, nesterov=True)
        return torch.optim.AdamW(network.parameters(), **options)

    def set_rate(self, optimizer: torch.optim.Optimizer, factor: float) -> None:
        """The learning rate of a step, relative to its peak; one of the user's keeps its own."""
        if not self.is_own:
            optimizer.param_groups[0]["lr"] = self.learning_rate * factor

    def after_step(self) -> None:
        """Lets a scheduler go on that counts steps."""
        if isinstance(self.scheduler, _BY_STEP):
            self.scheduler.step()

    def after_epoch(self, loss: float) -> None:
        """Lets a scheduler go on that counts epochs.

        Args:
            loss: For those that look at it.
        """
        if isinstance(self.scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
            self.scheduler.step(loss)
        elif self.scheduler is not None and not isinstance(self.scheduler, _BY_STEP):
            self.scheduler.step()


def check_whole(name: str, value: object, least: int, *, optional: bool = False) -> None:
    """Whether a setting is a whole number and not too small.

    Raises:
        TrainingError: if not.
    """
    if optional and value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise TrainingError(f"{name.replace('_', ' ')} must be a whole number of at least {least}, got {value!r}")
