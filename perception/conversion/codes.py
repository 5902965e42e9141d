"""How a train of values stands for a number: what each step weighs, for pictures, biases and spikes."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Code:
    """The number that a train ``x[1..t]`` of currents stands for: ``(gain[1] x[1] + .. + gain[t] x[t]) / size[t]``.

    A picture ``p`` is shown as the currents ``shown[t] p``, and so is every bias, so that both stand for
    themselves at each step.

    Args:
        name: Of the code.
        about: In one sentence.
    """

    name: str
    about: str

    def shown(self, steps: int) -> Tensor:
        """Weights of pictures and biases, ``[T]``."""
        if self.name in ("sum", "differential"):
            return torch.eye(1, steps, dtype=torch.float64)[0]
        return self.weights(steps) if self.name == "phase" else torch.ones(steps, dtype=torch.float64)

    def weights(self, steps: int) -> Tensor:
        """Weights of the steps of a period of phases, ``2^-(1 + t mod 8)``, ``[T]``."""
        return 2.0 ** -(1 + torch.arange(steps, dtype=torch.float64) % PHASES)

    def gain(self, steps: int) -> Tensor:
        """Weights of the currents in the sum, ``[T]``."""
        if self.name == "differential":
            return 1 / torch.arange(1, steps + 1, dtype=torch.float64)
        return torch.ones(steps, dtype=torch.float64)

    def size(self, steps: int) -> Tensor:
        """What the sum is divided by after each step, ``[T]``."""
        if self.name in ("sum", "differential"):
            return torch.ones(steps, dtype=torch.float64)
        return self.shown(steps).cumsum(0)

    @property
    def steady(self) -> bool:
        """Whether pictures and biases are the same at each step."""
        return self.name == "rate"

    def estimates(self, currents: Tensor) -> Tensor:
        """What a train ``[T, ...]`` stands for after each step, ``[T, ...]``."""
        steps = len(currents)
        gained = currents if self.name != "differential" else currents * _column(self.gain(steps), currents)
        summed = gained.cumsum(0)
        return summed if self.name in ("sum", "differential") else summed / _column(self.size(steps), currents)

    def trains(self, estimates: Tensor) -> Tensor:
        """The train ``[T, ...]`` that stands for given numbers after each step: the inverse of :meth:`estimates`."""
        steps = len(estimates)
        summed = estimates * _column(self.size(steps), estimates)
        train = torch.cat([summed[:1], summed.diff(dim=0)])
        return train if self.name != "differential" else train / _column(self.gain(steps), estimates)


def _column(weights: Tensor, like: Tensor) -> Tensor:
    return weights.to(like).reshape(-1, *[1] * (like.dim() - 1))


PHASES = 8
"""Steps of a period of phase coding."""

RATE = Code("rate", "the mean over the steps")
SUM = Code("sum", "the sum over the steps; pictures and biases are shown once")
DIFFERENTIAL = Code("differential", "a running mean that a value at step t changes by a t-th")
PHASE = Code("phase", "the sum of steps that weigh 2^-(1 + t mod 8), pictures and biases too")

CODES = {one.name: one for one in (RATE, SUM, DIFFERENTIAL, PHASE)}
"""All codes by name."""
