"""The course of a training, epoch by epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Epoch:
    """One pass over the training pictures.

    Args:
        loss: Mean of minus log-probability, in nats.
        seconds: Wall time.
        scores: Whatever ``evaluate`` returned after it, and ``held_out_loss`` if something was held out.
    """

    loss: float
    seconds: float
    scores: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class History:
    """The course of a training, epoch by epoch.

    Example:
        >>> History((Epoch(2.3, 1.0), Epoch(1.2, 1.0, {"held_out_loss": 1.4})))
        History(2 epochs, loss 1.2, held_out_loss 1.4)
    """

    epochs: tuple[Epoch, ...] = ()

    def __repr__(self) -> str:
        if not self.epochs:
            return "History(0 epochs)"
        last = self.epochs[-1]
        scores = "".join(f", {name} {value:.4g}" for name, value in last.scores.items())
        return f"History({len(self.epochs)} epoch{'s' * (len(self.epochs) != 1)}, loss {last.loss:.4g}{scores})"

    def stalled(self, patience: int | None) -> bool:
        """Whether ``held_out_loss`` has not fallen for ``patience`` epochs; never, without patience."""
        return patience is not None and self.epochs_without_progress() >= patience

    def epochs_without_progress(self) -> int:
        """How many epochs ago ``held_out_loss`` was lowest; 0 if nothing was held out."""
        losses = [epoch.scores["held_out_loss"] for epoch in self.epochs if "held_out_loss" in epoch.scores]
        return len(losses) - 1 - losses.index(min(losses)) if losses else 0
