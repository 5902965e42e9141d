"""Attribution: counting for one sample, and what each value adds to an output; NumPy's small calls cost the least."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..compilation.layers import Arrays, Layers
from ..grounding.sums import FALSE, IMPOSSIBLE, TRUE

Floats = NDArray[np.float64]


class Attribution:
    """The same numbers and derivatives as :meth:`reasoner.Counter.log_probabilities` gives for a batch.

    Args:
        layers: Of a plan or a counter.
        log_probs: ``[I]``, of each input.

    Attributes:
        outputs: ``[O]``, log-probabilities.
    """

    def __init__(self, layers: Layers[Arrays], log_probs: Floats) -> None:
        self._layers, self._inputs = layers, len(log_probs)
        buffer = np.empty(layers.rows)
        buffer[FALSE], buffer[TRUE] = IMPOSSIBLE, 0.0
        buffer[2 : 2 + self._inputs] = log_probs
        self._filled = [*self._fill(buffer)]
        self.outputs = buffer[layers.outputs].clip(IMPOSSIBLE)

    def _fill(self, buffer: Floats) -> Iterator[tuple[slice, NDArray[np.int64], Floats | None]]:
        """The rows of each layer, those that they read, and the share of each case in its sum, if there are several."""
        for start, children, _ in self._layers.layers:
            own, shares = slice(start, start + len(children)), None
            values = buffer[children[:, :, 0]]
            for factor in range(1, children.shape[2]):
                values += buffer[children[:, :, factor]]
            if values.shape[1] == 1:
                buffer[own] = values[:, 0]
            else:
                most = np.maximum.reduce(values, 1, keepdims=True)
                values -= most
                shares = np.exp(values)
                sums = np.add.reduce(shares, 1, keepdims=True)
                shares /= sums
                buffer[own] = (np.log(sums) + most)[:, 0]
            yield own, children, shares

    def shares(self, output: int) -> Floats:
        """``[I]``, the derivative of an output's log-probability by that of each input.

        It is the part of the output's worlds in which a proof uses the value.
        """
        adjoint = np.zeros(self._layers.rows)
        adjoint[self._layers.outputs[output]] = 1.0
        for own, children, shares in reversed(self._filled):
            handed = adjoint[own, None] if shares is None else shares * adjoint[own, None]
            adjoint += np.bincount(children.ravel(), handed.ravel().repeat(children.shape[2]), len(adjoint))
        return adjoint[2 : 2 + self._inputs]
