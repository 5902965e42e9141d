"""The nodes of NIR graphs that say what our neurons do: which numbers make a reader's neuron compute in integers.

A neuron that forgets has ``tau = dt``, one that retains its membrane has ``tau`` so large that ``1 - dt / tau`` is 1,
and both have ``r = tau / dt``, so that a weight of 1 raises the membrane by 1; the synapses of a CubaLIF have
``tau_syn = dt`` and so no memory. The written threshold is ``theta - 1/4``: membranes are integers, so ``>`` and
``>=`` agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import nir

TIME_STEP = 1e-4  # seconds; what snnTorch's importer takes for granted
_FOREVER = 1e26  # seconds; 1 - dt / tau is exactly 1 in float64
_BELOW = 0.25


def neuron_node(shape: tuple[int, ...], threshold: int, retain: bool, profile: str) -> nir.NIRNode:
    """Neurons of one threshold as a ``cuba`` or ``lif`` node."""
    import nir

    tau = np.full(shape, _FOREVER if retain else TIME_STEP)
    zero = np.zeros(shape)
    limit = zero + threshold - _BELOW
    if profile == "lif":
        return nir.LIF(tau=tau, r=tau / TIME_STEP, v_leak=zero, v_threshold=limit, v_reset=zero)
    return nir.CubaLIF(
        tau_syn=zero + TIME_STEP,
        tau_mem=tau,
        r=tau / TIME_STEP,
        v_leak=zero,
        v_threshold=limit,
        v_reset=zero,
        w_in=zero + 1,
    )


def weight_map(kernel: ArrayLike, bias: ArrayLike, size: tuple[int, int] = (1, 1), stride: int = 1) -> nir.NIRNode:
    """A convolution over maps of a size; over maps of one pixel it is a matrix."""
    import nir

    return nir.Conv2d(
        input_shape=size,
        weight=np.asarray(kernel, np.float64),
        stride=stride,
        padding=0,
        dilation=1,
        groups=1,
        bias=np.asarray(bias, np.float64),
    )
