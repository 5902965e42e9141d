"""The same small network by this package and by four others, each as its own examples write it, to be put to trials.

Linear(5, 8), leaky neurons (decay 0.5, threshold 1, reset by subtraction; Norse's and sinabs' as they come) and
Linear(8, 2), over currents ``[T, B, 5]``. Every class stands at the top of this file, so that other processes find it.
"""

from importlib import import_module
from math import log
from typing import Any

import torch
from torch import Tensor, nn

from perception import LeakyIntegrateAndFire


class Citizen(nn.Module):
    """A network whose neurons go on where they were, or from rest after :meth:`start`."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(5, 8), nn.Linear(8, 2)

    def start(self) -> None:
        """Puts neurons that remember their last call back to rest, as the package's users must."""

    def fire(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Spikes ``[T, B, 8]``, and the state to go on from; none where neurons keep it themselves."""
        raise NotImplementedError

    def forward(self, frames: Tensor) -> Tensor:
        """Sums ``[T, B, 2]``."""
        return self.last(self.fire(self.first(frames), None)[0])

    def stream(self, frames: Tensor, at: int) -> Tensor:
        """As ``forward``, but in two calls."""
        self.start()
        before, state = self.fire(self.first(frames[:at]), None)
        after, _ = self.fire(self.first(frames[at:]), state)
        return self.last(torch.cat([before, after]))


class Neurosym(Citizen):
    """By this package."""

    def __init__(self) -> None:
        super().__init__()
        self.neurons = LeakyIntegrateAndFire(0.5, reset="soft")

    def fire(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        """See :meth:`Citizen.fire`."""
        fired = self.neurons.fire(current, state)
        return fired.spikes, fired.state


class Jelly(Citizen):
    """By SpikingJelly, all steps in one call."""

    def __init__(self) -> None:
        super().__init__()
        neuron: Any = import_module("spikingjelly.activation_based.neuron")
        surrogate: Any = import_module("spikingjelly.activation_based.surrogate")
        self.neurons = neuron.LIFNode(
            tau=2.0,
            decay_input=False,
            v_reset=None,
            surrogate_function=surrogate.ATan(),
            detach_reset=True,
            step_mode="m",
        )

    def start(self) -> None:
        """See :meth:`Citizen.start`."""
        import_module("spikingjelly.activation_based.functional").reset_net(self)

    def fire(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        """See :meth:`Citizen.fire`."""
        return self.neurons(current), None


class Stepping(Citizen):
    """By a package whose neurons take one step at a time and hand their state on."""

    neurons: Any

    def first_state(self) -> Any:
        """Of the neurons at rest."""
        return None

    def fire(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        """See :meth:`Citizen.fire`."""
        state = self.first_state() if state is None else state
        written: list[Tensor] = []
        for now in current.unbind(0):
            spikes, state = self.neurons(now, state)
            written.append(spikes)
        return torch.stack(written), state


class Snn(Stepping):
    """By snnTorch."""

    def __init__(self) -> None:
        super().__init__()
        self.neurons = import_module("snntorch").Leaky(beta=0.5, threshold=1.0, reset_mechanism="subtract")

    def first_state(self) -> Any:
        """See :meth:`Stepping.first_state`."""
        return self.neurons.init_leaky()


class Norse(Stepping):
    """By Norse."""

    def __init__(self) -> None:
        super().__init__()
        norse: Any = import_module("norse.torch")
        self.neurons = norse.LIFBoxCell(
            norse.LIFBoxParameters(tau_mem_inv=torch.tensor(500.0), alpha=torch.tensor(2.0))
        )


class Sinabs(Citizen):
    """By sinabs, whose neurons take ``[B, T, ...]``."""

    def __init__(self) -> None:
        super().__init__()
        self.neurons: Any = import_module("sinabs.layers").LIF(tau_mem=1 / log(2), norm_input=False)

    def start(self) -> None:
        """See :meth:`Citizen.start`."""
        self.neurons.reset_states()

    def fire(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        """See :meth:`Citizen.fire`."""
        return self.neurons(current.transpose(0, 1)).transpose(0, 1), None


CITIZENS: dict[str, type[Citizen]] = {
    "neurosym": Neurosym,
    "snntorch": Snn,
    "spikingjelly": Jelly,
    "norse": Norse,
    "sinabs": Sinabs,
}
"""By the names of the packages, as they are installed and imported."""
