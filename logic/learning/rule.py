"""The pair rule of spike-timing-dependent plasticity, and in how many epochs it reaches its bounds."""

from dataclasses import dataclass
from math import ceil, exp

import numpy as np
from numpy.typing import NDArray

from ..errors import LearningError


@dataclass(frozen=True)
class PairRule:
    """Additive pair rule with hard bounds; the weight of a synapse changes with the interval of its two spikes.

        dw = +A w_max exp(-dt / tau)    for dt = t_post - t_pre > 0
        dw = -A w_max exp( dt / tau)    for dt < 0,       nothing for dt = 0,       0 <= w <= w_max

    A spike is paired with the nearest spike before it on the other side of the synapse, and only within ``window``.
    The neuron's threshold is ``w_max`` and the initial weight half of it, so that an untrained synapse cannot fire
    its neuron alone and a fully grown one can. With ``integer`` the changes are rounded to whole numbers, as on a chip.

    Args:
        amplitude: ``A``, as a fraction of ``w_max``.
        tau_steps: ``tau``, in steps.
        window: Largest interval that counts, in steps.
        maximum: ``w_max``, the upper bound of a weight and the threshold of the neuron.
        integer: Whether weights are whole numbers.

    Raises:
        LearningError: if a constant is out of range, or a change would be rounded to nothing.

    References:
        Song, Miller and Abbott (2000), Competitive Hebbian learning through spike-timing-dependent plasticity.
    """

    amplitude: float = 0.1
    tau_steps: float = 10.0
    window: int = 5
    maximum: int = 64
    integer: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.amplitude <= 1 or self.tau_steps <= 0:
            raise LearningError(
                f"amplitude must lie in (0, 1] and tau_steps be positive, got {self.amplitude} and {self.tau_steps}"
            )
        if not 1 <= self.window <= 5:
            raise LearningError(f"window must lie in 1 .. 5 steps, half the pause between waves, got {self.window}")
        if self.maximum < 1 or (self.integer and self.maximum % 2):
            raise LearningError(f"maximum must be positive, and even for integer weights, got {self.maximum}")
        if self.changes[1] == 0:
            raise LearningError(
                f"amplitude {self.amplitude} of {self.maximum} is rounded to no change; raise one, or use integer=False"
            )

    @property
    def initial(self) -> float:
        """The weight before learning, half the maximum."""
        return self.maximum / 2

    @property
    def changes(self) -> NDArray[np.float64]:
        """``[window + 1]`` size of the change at each interval in steps; nothing at 0."""
        sizes = [self.maximum * self.amplitude * exp(-interval / self.tau_steps) for interval in range(self.window + 1)]
        table = np.rint(sizes) if self.integer else np.array(sizes)
        table[0] = 0
        return table

    @property
    def predicted_epochs(self) -> int:
        """``ceil((w_max - w_0) / change(1))``: when every weight has reached its bound, if no teacher errs."""
        return ceil((self.maximum - self.initial) / float(self.changes[1]))
