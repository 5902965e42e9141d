"""Neurons that hear their own spikes one step later."""

import torch
from torch import Tensor, nn

from logic.randomness import Seed, to_generator

from ..neurons import Firing, Neuron, NeuronError
from ..neurons.layer import check_current
from ..neurons.surrogates import Surrogate


class OneToOne(nn.Module):
    """A weight for each feature: what connects each neuron with itself alone.

    Args:
        features: Size of the last axis.
        generator: Source of the first weights, normal with standard deviation 1/10; zeros if left out.

    Example:
        >>> OneToOne(3)(torch.ones(2, 3)).tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """

    def __init__(self, features: int, generator: Seed | None = None) -> None:
        super().__init__()
        if features < 1:
            raise NeuronError(f"features must be at least 1, got {features}")
        self.weight = nn.Parameter(torch.zeros(features))
        if generator is not None:
            with torch.no_grad():
                self.weight.normal_(0, 0.1, generator=to_generator(generator))

    def forward(self, signal: Tensor) -> Tensor:
        """``weight * signal``, ``[..., features]``."""
        return self.weight * signal


class Recurrent(Neuron):
    """Neurons whose spikes come back to them one step later: ``c[t] = x[t] + W s[t-1]``, with ``s[-1] = 0``.

    Args:
        neuron: Any layer of neurons that streams.
        connection: ``W``, from spikes ``[B, ...]`` to currents of the same shape: ``nn.Linear(n, n)`` for all to all,
            :class:`OneToOne` for each to itself, ``nn.Conv2d`` with padding for maps.

    Raises:
        NeuronError: if the neurons need all steps at once, or the connection remembers steps itself.

    Example:
        >>> from perception import LeakyIntegrateAndFire
        >>> loop = nn.Linear(2, 2, bias=False)
        >>> _ = loop.weight.data.copy_(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))  # each wakes the other
        >>> layer = Recurrent(LeakyIntegrateAndFire(), loop)
        >>> layer(torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])[:, None])[:, 0].tolist()
        [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]

    References:
        Bellec et al., "Long Short-Term Memory and Learning-to-Learn in Networks of Spiking Neurons", NeurIPS 2018;
        ``RLeaky`` of snnTorch (there with a reset one step later).
    """

    kept = ()  # the neurons keep their own

    def __init__(self, neuron: Neuron, connection: nn.Module) -> None:
        nn.Module.__init__(self)
        if not (isinstance(neuron, Neuron) and neuron.causal and neuron.streams):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise NeuronError(
                f"a {type(neuron).__name__} does not run step by step, so that nothing can come back to it"
            )
        if any(hasattr(part, "advance") or isinstance(part, Neuron) for part in connection.modules()):
            raise NeuronError("a recurrent connection without memory is needed, such as nn.Linear(n, n) or OneToOne(n)")
        self.neuron, self.connection = neuron, connection

    @property
    def threshold(self) -> float | Tensor:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The neurons' own."""
        return self.neuron.threshold

    @threshold.setter
    def threshold(self, value: float | Tensor) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.neuron.threshold = value

    @property
    def surrogate(self) -> Surrogate:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The neurons' own."""
        return self.neuron.surrogate

    @surrogate.setter
    def surrogate(self, value: Surrogate) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.neuron.surrogate = value

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; the state is the last spikes and that of the neurons."""
        check_current(current)
        if state is not None and (not state or state[0].shape != current.shape[1:]):
            raise NeuronError(
                f"a state begins with the last spikes {list(current.shape[1:])}; give that of an earlier call"
            )
        sent = torch.zeros_like(current[0]) if state is None else state[0]
        inner = None if state is None else state[1:]
        spikes, membranes = list[Tensor](), list[Tensor]()
        for arriving in current.unbind(0):
            firing = self.neuron.fire((arriving + self._back(sent))[None], inner)
            sent, inner = firing.spikes[0], firing.state
            spikes.append(sent)
            membranes.append(firing.membrane[0])
        return Firing(torch.stack(spikes), torch.stack(membranes), (sent, *(inner or ())))

    def rest(self, frame: Tensor) -> tuple[Tensor, ...]:
        """See :meth:`Neuron.rest`; no spikes, and the neurons' own."""
        return torch.zeros_like(frame), *self.neuron.rest(frame)

    def _back(self, sent: Tensor) -> Tensor:
        back = self.connection(sent)
        if back.shape != sent.shape:
            raise NeuronError(
                f"the recurrent connection makes {list(back.shape)} of spikes {list(sent.shape)}; keep the shape"
            )
        return back

    def extra_repr(self) -> str:
        """Nothing beside its parts."""
        return ""
