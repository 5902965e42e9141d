"""Nodes of NIR with a memory, each neuron with constants of its own, in Euler steps as the readers take them."""

from typing import Any

import nir
import numpy as np
import torch
from torch import Tensor, nn

from ..neurons import CubaLIF, Firing, LeakyIntegrateAndFire, Neuron
from ..neurons.layer import check_current, check_state
from ..neurons.surrogates import SurrogateChoice, spike
from ..temporal import LeakyReadout, MemoryLayer
from ..time_graph import GraphError

_NEAR = 1e-6  # relative; what float32 and a division leave of equal numbers


class NirNeuron(Neuron):
    """Neurons of a NIR node: ``i = alpha i + w x;  h = beta v + gain i + drive``; they fire above the threshold.

    Args:
        node: A LIF, CubaLIF, IF or Threshold node.
        dt: Seconds of a step.
        surrogate: Stand-in derivative of a spike, its name, or a function.

    Raises:
        GraphError: if a time constant is shorter than a step.

    References:
        Pedersen et al., "Neuromorphic Intermediate Representation", Nature Communications 2024.
    """

    def __init__(self, node: nir.NIRNode, dt: float, surrogate: SurrogateChoice = "arctan") -> None:
        super().__init__(1.0, surrogate)
        self.node, self.constants = node, _constants(node, dt)
        for name, values in self.constants.items():
            self.register_buffer(name, torch.from_numpy(values).float(), persistent=False)
        self.threshold = float(np.mean(self.constants["limit"]))

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; the state is the synaptic current and the membrane after the reset."""
        check_current(current)
        check_state(state, 2, current)
        synapse, rest = state or (torch.zeros_like(current[0]),) * 2
        alpha, weight, beta, gain, drive, limit, reset = (self.get_buffer(name).to(current) for name in self.constants)
        spikes, membranes = list[Tensor](), list[Tensor]()
        for arriving in current.unbind(0):
            synapse = alpha * synapse + weight * arriving
            membrane = beta * rest + gain * synapse + drive
            spikes.append(spike(membrane - limit, self.surrogate))
            membranes.append(membrane)
            rest = torch.where(spikes[-1].detach() > 0, reset, membrane)
        return Firing(torch.stack(spikes), torch.stack(membranes), (synapse, rest))


class NirIntegrator(MemoryLayer):
    """Membranes of a NIR node that never fires: ``i = alpha i + w x;  v = beta v + gain i + drive``.

    Args:
        node: A LI or CubaLI node.
        dt: Seconds of a step.

    Raises:
        GraphError: if a time constant is shorter than a step.
    """

    def __init__(self, node: nir.NIRNode, dt: float) -> None:
        super().__init__()
        self.node, self.constants = node, _constants(node, dt)
        for name, values in self.constants.items():
            self.register_buffer(name, torch.from_numpy(values).float(), persistent=False)

    def advance(self, signal: Tensor, state: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See :meth:`MemoryLayer.advance`; the state is the synaptic current and the membrane."""
        check_current(signal)
        check_state(state, 2, signal)
        synapse, membrane = state or (torch.zeros_like(signal[0]),) * 2
        alpha, weight, beta, gain, drive = (self.get_buffer(name).to(signal) for name in list(self.constants)[:5])
        membranes = list[Tensor]()
        for arriving in signal.unbind(0):
            synapse = alpha * synapse + weight * arriving
            membrane = beta * membrane + gain * synapse + drive
            membranes.append(membrane)
        return torch.stack(membranes), (synapse, membrane)


def _constants(node: Any, dt: float) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """Factors of a step of ``dt`` seconds; the current of an IF node is a charge a step, as its readers take it."""
    one = np.ones(np.shape(getattr(node, "v_threshold", getattr(node, "threshold", getattr(node, "r", 1.0)))))
    zero = 0 * one
    found = {"alpha": zero, "weight": one, "beta": zero, "gain": one, "drive": zero}
    if isinstance(node, nir.LIF | nir.LI | nir.CubaLIF | nir.CubaLI):
        cuba = isinstance(node, nir.CubaLIF | nir.CubaLI)
        tau = one * (node.tau_mem if cuba else node.tau)
        share = _share(tau, dt)
        found.update(beta=1 - share, gain=share * node.r, drive=share * node.v_leak)
        if cuba:
            synaptic = _share(one * node.tau_syn, dt)
            found.update(alpha=1 - synaptic, weight=synaptic * node.w_in)
    elif isinstance(node, nir.IF):
        found.update(beta=one, gain=one * node.r)
    if hasattr(node, "v_threshold") or hasattr(node, "threshold"):
        height = one * getattr(node, "v_threshold", getattr(node, "threshold", 0.0))
        found["limit"] = np.nextafter(height.astype(np.float32), np.float32(np.inf)).astype(np.float64)  # above, not at
        found["reset"] = one * getattr(node, "v_reset", 0.0)
    if not all(np.isfinite(values).all() for values in found.values()):
        raise GraphError("its constants are no numbers")
    return {name: np.asarray(values) for name, values in found.items()}


def _share(tau: np.ndarray[Any, np.dtype[np.float64]], dt: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    if not bool((tau >= dt * (1 - _NEAR)).all()):
        raise GraphError(
            f"its time constant is {float(np.min(tau)):g} s, shorter than a step of {dt:g} s; give a smaller dt"
        )
    return np.minimum(dt / tau, 1.0)


def neurons_of(node: nir.NIRNode, dt: float, surrogate: SurrogateChoice) -> nn.Module:
    """The layer of a node: one of our plain kinds where all neurons have the constants of such, else its own.

    Raises:
        GraphError: if the node makes no sense.
    """
    if isinstance(node, nir.LI | nir.CubaLI):
        found = NirIntegrator(node, dt)
        beta, gain = _number(found.constants["beta"]), _number(found.constants["gain"])
        if _plain(found.constants, beta, gain) and beta is not None and gain is not None:
            return LeakyReadout(beta, scale_input=not _near(gain, 1.0))
        return found
    fires = NirNeuron(node, dt, surrogate)
    beta, gain, limit, alpha = (_number(fires.constants[name]) for name in ("beta", "gain", "limit", "alpha"))
    if beta is None or gain is None or limit is None or limit <= 0 or bool(fires.constants["reset"].any()):
        return fires
    if _plain(fires.constants, beta, gain):
        scaled = not _near(gain, 1.0)
        return LeakyIntegrateAndFire(beta, threshold=limit, scale_input=scaled, surrogate=surrogate)
    if alpha is not None and _near(gain, 1.0) and _near(_number(fires.constants["weight"]), 1.0) and not _driven(fires):
        return CubaLIF(alpha, beta, threshold=limit, surrogate=surrogate)
    return fires


def _driven(layer: NirNeuron) -> bool:
    return bool(layer.constants["drive"].any())


def _plain(constants: dict[str, Any], beta: float | None, gain: float | None) -> bool:
    """Whether synapses have no memory, nothing drives by itself, and the gain is 1 or what the leak leaves.

    A gain in the synapse's weight is one of the membrane then; it must be 1 here.
    """
    if beta is None or gain is None or constants["alpha"].any() or constants["drive"].any():
        return False
    weight = _number(constants["weight"])
    return weight is not None and _near(weight, 1.0) and (_near(gain, 1.0) or (beta < 1 and _near(gain, 1 - beta)))


def _number(values: Any) -> float | None:
    """The one number of an array, if they are all equal."""
    return float(np.ravel(values)[0]) if np.size(values) and np.ptp(values) <= _NEAR * np.max(np.abs(values)) else None


def _near(value: float | None, wanted: float) -> bool:
    return value is not None and abs(value - wanted) <= _NEAR * max(abs(wanted), 1e-3)
