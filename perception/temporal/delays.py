"""Delays that are learned: of each synapse, or of each line.

A delay ``d`` between two steps is interpolated linearly: of a spike, ``1 - f`` arrives at step ``floor(d)`` and ``f``
at the next, with ``f`` the fraction of ``d``; that is the triangle ``max(0, 1 - |k - d|)`` over the steps ``k``. It is
piecewise linear in ``d``, so that delays have gradients. With ``width`` above 1 the triangle is wider, its sum kept at
1, so that delays also see spikes further off: begin wide, narrow it while training, end with ``round_delays``.

References:
    Khalfaoui-Hassani, Pellegrini and Masquelier, "Dilated convolution with learnable spacings", ICLR 2023 (DCLS);
    Hammouamri, Khalfaoui-Hassani and Masquelier, "Learning Delays in Spiking Neural Networks using Dilated
    Convolutions with Learnable Spacings", ICLR 2024. There the kernel is a Gaussian whose width shrinks; here a
    triangle, the linear interpolation of the first paper.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from logic.randomness import Seed, to_generator

from ..neurons import NeuronError
from ..neurons.layer import check_current
from .memory_layer import MemoryLayer


class _Delayed(MemoryLayer):
    """Delays in steps, and the last ``longest`` steps as memory."""

    delay: Tensor

    def __init__(
        self, shape: tuple[int, ...], longest: int, delay: float | Tensor | None, learn: bool, seed: Seed
    ) -> None:
        super().__init__()
        if longest < 1 or min(shape) < 1:
            raise NeuronError(f"sizes and the longest delay must be at least 1, got {list(shape)} and {longest}")
        self.longest, self.width = longest, 1.0
        first = torch.rand(shape, generator=to_generator(seed)) * longest if delay is None else torch.as_tensor(delay)
        first = first.to(torch.get_default_dtype()).expand(shape).clone()
        if not bool(((first >= 0) & (first <= longest)).all()):
            raise NeuronError(f"delays must lie between 0 and {longest} steps; raise 'longest' or lower them")
        if learn:
            self.delay = nn.Parameter(first)
        else:
            self.register_buffer("delay", first)

    def shares(self) -> Tensor:
        """What arrives of a spike ``0 .. longest`` steps later, ``[..., longest + 1]``, 1 in all."""
        steps = torch.arange(self.longest + 1, device=self.delay.device, dtype=self.delay.dtype)
        distance = (steps - self.delay.clamp(0, self.longest)[..., None]).abs()
        triangle = (1 - distance / self.width).clamp(min=0)
        return triangle if self.width == 1 else triangle / triangle.sum(-1, keepdim=True)

    @torch.no_grad()
    def round_delays(self) -> None:
        """Makes all delays whole, in place, and the triangle as narrow as it can be; hardware has no other."""
        self.delay.copy_(self.delay.clamp(0, self.longest).round())
        self.width = 1.0

    def whole(self) -> bool:
        """Whether all delays are whole."""
        delay = self.delay.detach()
        return self.width == 1 and bool((delay == delay.round()).all())

    def _remembered(self, signal: Tensor, state: tuple[Tensor, ...] | None, features: int) -> Tensor:
        """The signal behind the last ``longest`` steps, ``[longest + T, B, ...]``."""
        check_current(signal)
        if signal.ndim < 3 or signal.shape[self._axis(signal)] != features:
            raise NeuronError(f"a signal with {features} features is needed, got shape {list(signal.shape)}")
        past = [torch.zeros_like(signal[0])] * self.longest if state is None else list(state)
        if [one.shape for one in past] != [signal.shape[1:]] * self.longest:
            raise NeuronError(
                f"a state of {self.longest} steps of shape {list(signal.shape[1:])} is needed; give an earlier call's"
            )
        return torch.cat([torch.stack(past), signal])

    def _axis(self, signal: Tensor) -> int:
        return signal.ndim - 1

    def extra_repr(self) -> str:
        """The longest delay, for the printed form of a model."""
        return f"longest={self.longest}, width={self.width:.4g}"


class Delay(_Delayed):
    """A delay for each feature: ``y[t, b, c] = x[t - d[c], b, c]``, interpolated; before the first step is nothing.

    Args:
        features: Size of the third axis, the channels.
        longest: Greatest delay in steps.
        delay: First delays, one number or ``[features]``; drawn evenly from 0 to ``longest`` if left out.
        learn: Whether they are learned.
        generator: Source of the first delays.

    Example:
        >>> layer = Delay(2, longest=3, delay=torch.tensor([1.0, 0.5]))
        >>> layer(torch.tensor([[[1.0, 1.0]], [[0.0, 0.0]], [[0.0, 0.0]]]))[:, 0].tolist()
        [[0.0, 0.5], [1.0, 0.5], [0.0, 0.0]]

    References:
        See :mod:`perception.temporal.delays`; ``nir.Delay`` if they are whole.
    """

    def __init__(
        self,
        features: int,
        longest: int,
        *,
        delay: float | Tensor | None = None,
        learn: bool = True,
        generator: Seed = 0,
    ) -> None:
        super().__init__((features,), longest, delay, learn, generator)

    def advance(self, signal: Tensor, state: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See :meth:`MemoryLayer.advance`; the state is the last ``longest`` steps, the newest last."""
        known, shares = self._remembered(signal, state, len(self.delay)), self.shares().to(signal.dtype)
        places = (-1, *[1] * (signal.ndim - 3))
        arriving = torch.zeros_like(signal)
        for back in range(self.longest + 1):
            start = self.longest - back
            arriving = arriving + shares[:, back].reshape(places) * known[start : start + len(signal)]
        return arriving, known[len(signal) :].unbind(0)

    def _axis(self, signal: Tensor) -> int:
        return 2


class DelayedLinear(_Delayed):
    """A linear layer with a delay at each synapse: ``y[t, j] = sum_i w[j, i] x[t - d[j, i], i] + b[j]``.

    Args:
        inputs: Features that come in.
        outputs: Features that go out.
        longest: Greatest delay in steps.
        delay: First delays, one number or ``[outputs, inputs]``; drawn evenly from 0 to ``longest`` if left out.
        learn: Whether they are learned.
        bias: Whether there are biases.
        generator: Source of the first weights (normal, variance ``2 / inputs``) and delays.

    Example:
        >>> layer = DelayedLinear(1, 1, longest=2, delay=2.0, bias=False)
        >>> _ = layer.weight.data.fill_(3.0)
        >>> layer(torch.tensor([1.0, 0.0, 0.0, 0.0]).reshape(4, 1, 1)).flatten().tolist()
        [0.0, 0.0, 3.0, 0.0]

    References:
        See :mod:`perception.temporal.delays`.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        longest: int,
        *,
        delay: float | Tensor | None = None,
        learn: bool = True,
        bias: bool = True,
        generator: Seed = 0,
    ) -> None:
        source = to_generator(generator)
        super().__init__((outputs, inputs), longest, delay, learn, source)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).normal_(0, (2 / inputs) ** 0.5, generator=source))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def advance(self, signal: Tensor, state: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See :meth:`MemoryLayer.advance`; the state is the last ``longest`` steps ``[B, inputs]``, the newest last."""
        known = self._remembered(signal, state, self.weight.shape[1])
        kernel = (self.weight[..., None] * self.shares()).flip(-1)  # the oldest step first
        over_time = functional.conv1d(known.movedim(0, -1).to(kernel.dtype), kernel, self.bias)
        return over_time.movedim(-1, 0).to(signal.dtype), known[len(signal) :].unbind(0)

    def extra_repr(self) -> str:
        """Sizes, for the printed form of a model."""
        return f"{self.weight.shape[1]}, {self.weight.shape[0]}, {super().extra_repr()}"
