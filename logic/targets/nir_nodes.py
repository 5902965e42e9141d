"""The nodes of NIR graphs that say what our neurons do: which numbers make a reader's neuron compute in integers.

A neuron that forgets has ``tau = dt``, one that retains its membrane has ``tau`` so large that ``1 - dt / tau`` is 1,
and both have ``r = tau / dt``, so that a weight of 1 raises the membrane by 1; the synapses of a CubaLIF have
``tau_syn = dt`` and so no memory. The written threshold is ``theta - 1/4``: membranes are integers, so ``>`` and
``>=`` agree. A node has one threshold; retaining neurons of several have one in common, and whole multiples of weights.

A leak of ``k`` halvings is ``1 - dt / tau = 2^-k``, without rounding down: that loses nothing, since thresholds and
currents are whole (:mod:`logic.refinement.neuron_lemmas`). A membrane then gets ``k`` binary places more with each
step. Readers compute with the 24 binary digits of float32, so that what the bound of the membranes leaves of them are
the places that the written threshold tells apart, and the steps of input for which a reader is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..deployment import common_threshold
from ..errors import NetworkError
from ..network import Population

if TYPE_CHECKING:
    import nir

TIME_STEP = 1e-4  # seconds; what snnTorch's importer takes for granted
_FOREVER = 1e26  # seconds; 1 - dt / tau is exactly 1 in float64
_BELOW = 0.25
_DIGITS = 24  # of float32


def leak_places(population: Population, bits: int) -> int:
    """Binary places that float32 has left behind membranes of so many signed bits.

    Raises:
        NetworkError: if they do not suffice for two steps.
    """
    places = _DIGITS - bits  # one bit of these is the sign, and one is kept to tell the threshold apart
    if places < population.leak:
        raise NetworkError(
            f"nir cannot carry this network: '{population.name}' leaks and has membranes of {bits} bits, which leave "
            f"no places in float32; use smaller weights"
        )
    return places


def united(population: Population) -> tuple[int, NDArray[np.int64]]:
    """The one threshold of a population's node, and the factors of its neurons' weights and biases.

    Neurons that forget get the highest threshold, and a bias; those that retain their membrane a common one.

    Raises:
        NetworkError: if they leak and have several thresholds, or there is no common one.
    """
    if not population.retain or not np.ptp(population.threshold):
        return int(population.threshold.max()), np.ones(population.size, np.int64)
    said = f"nir cannot carry this network: '{population.name}' retains its membrane and has several thresholds"
    if population.leak:
        raise NetworkError(f"{said}, and leaks; split it by threshold")
    try:
        return common_threshold(population.threshold)
    except NetworkError as error:
        raise NetworkError(f"{said}; {error}") from None


def channel_factors(factors: NDArray[np.int64], channels: int, name: str) -> NDArray[np.int64]:
    """The factors ``[N]`` of neurons as one for each channel of a convolution.

    Raises:
        NetworkError: if they differ within a channel.
    """
    rows = factors.reshape(channels, -1)
    if (rows != rows[:, :1]).any():
        raise NetworkError(f"thresholds of '{name}' differ within a channel; a convolution has one for each")
    return rows[:, 0]


def neuron_node(
    shape: tuple[int, ...], threshold: int, retain: bool, profile: str, *, leak: int = 0, places: int = 0
) -> nir.NIRNode:
    """Neurons of one threshold as a ``cuba`` or ``lif`` node.

    Args:
        shape: Of the population.
        threshold: Whole.
        retain: Whether it keeps its membrane.
        profile: ``cuba`` or ``lif``.
        leak: Halvings of the membrane in a step.
        places: Binary places of a membrane that leaks.
    """
    import nir

    lasting = TIME_STEP / (1 - 2.0**-leak) if leak else _FOREVER
    tau = np.full(shape, lasting if retain else TIME_STEP)
    zero = np.zeros(shape)
    limit = zero + threshold - (2.0 ** -(places + 1) if leak else _BELOW)
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


def weight_map(
    kernel: ArrayLike, bias: ArrayLike, size: tuple[int, int] = (1, 1), stride: int = 1, padding: int = 0
) -> nir.NIRNode:
    """A convolution over maps of a size; over maps of one pixel it is a matrix."""
    import nir

    return nir.Conv2d(
        input_shape=size,
        weight=np.asarray(kernel, np.float64),
        stride=stride,
        padding=padding,
        dilation=1,
        groups=1,
        bias=np.asarray(bias, np.float64),
    )
