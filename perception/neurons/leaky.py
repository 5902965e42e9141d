"""Integrate-and-fire neurons with and without leak: the ones that the fused scan serves."""

from dataclasses import replace
from functools import partial
from math import frexp, inf

import torch
from torch import Tensor, nn

from .channel_numbers import LEAST, ChannelNumber, check_number, over_channels, told, within
from .layer import Firing, IntegerForm, Neuron, NeuronError, NirForm, check_current, check_state
from .scan import leaky_scan
from .scan_rule import Reset, Scanned, ScanRule, Tier
from .surrogates import Surrogate, SurrogateChoice, arctan, rectangular

_NEARLY_ALL = 1 - 2**-20  # a learned beta whose input is scaled by what it leaves


def integrate_and_fire(current: Tensor, *, threshold: float = 1.0, surrogate: Surrogate | None = None) -> Tensor:
    """Spikes of neurons that sum their input current without leak and start again from zero when they fire.

    ``u[t] = v[t-1] + x[t];  s[t] = 1 if u[t] >= threshold else 0;  v[t] = 0 if s[t] else u[t]``, with ``v[-1] = 0``.
    The gradient takes ``surrogate`` for the derivative of ``s`` by ``u`` and holds the reset's ``s`` constant.

    Args:
        current: Input ``x``, ``[T, B, ...]``.
        threshold: The neuron fires when its membrane is at or above it.
        surrogate: Stand-in derivative; arctan if none is given.

    Returns:
        Zeros and ones, ``[T, B, ...]``.

    Example:
        >>> integrate_and_fire(torch.tensor([0.5, 0.5, 0.9, 0.2]).reshape(4, 1)).flatten().tolist()
        [0.0, 1.0, 0.0, 1.0]
    """
    return leaky_scan(current, ScanRule(threshold, surrogate or arctan()), decay=1.0, record=False).spikes


class LeakyIntegrateAndFire(Neuron):
    """LIF: ``h[t] = beta v[t-1] + gain x[t]``, fires at ``h >= threshold``; reset of :mod:`.scan`.

    Args:
        beta: What is left of the membrane after a step, ``0 <= beta <= 1``; ``1 - 1 / tau`` for ``tau`` in steps. A
            list or tensor is one a channel, a ``Parameter`` is learned and kept in its range.
        threshold: The neuron fires when its membrane is at or above it; one a channel, or learned, as ``beta``.
        reset: ``hard``, to zero, or ``soft``, by the threshold.
        detach_reset: Whether the gradient holds the reset's spike constant.
        scale_input: Whether the gain is ``1 - beta``, so that a constant current is the membrane's limit, instead of 1.
        surrogate: Stand-in derivative of a spike, its name, or a function.
        tier: Who computes; see :mod:`.scan`.
        start: Membrane before the first step in thresholds, where no state is given; 1/2 lets neurons fire earlier.

    Example:
        >>> LeakyIntegrateAndFire(beta=0.5)(torch.tensor([0.75, 0.75, 0.75]).reshape(3, 1)).flatten().tolist()
        [0.0, 1.0, 0.0]
        >>> LeakyIntegrateAndFire(threshold=nn.Parameter(torch.tensor([1.0, 2.0])))(torch.full((2, 1, 2), 1.0)).tolist()
        [[[1.0, 0.0]], [[1.0, 0.0]]]
    """

    kept = ("beta", "threshold", "start")
    learnable = ("beta", "threshold")
    beta: float | Tensor

    def __init__(
        self,
        beta: ChannelNumber = 0.5,
        *,
        threshold: ChannelNumber = 1.0,
        reset: Reset = "hard",
        detach_reset: bool = True,
        scale_input: bool = False,
        surrogate: SurrogateChoice = "arctan",
        tier: Tier = "auto",
        start: float = 0.0,
    ) -> None:
        super().__init__(threshold, surrogate)
        if not 0 <= start < 1:
            raise NeuronError(f"the first membrane must lie between 0 and the threshold, got {start} thresholds")
        if scale_input and isinstance(beta, int | float) and beta == 1:
            raise NeuronError("beta must lie below 1 if the input is scaled by 1 - beta, got 1")
        if reset not in ("hard", "soft"):
            raise NeuronError(f"unknown reset {reset!r}; use 'hard' or 'soft'")
        self.set_number("beta", beta, 0, 1)
        self.reset: Reset = reset
        self.detach_reset = detach_reset
        self.scale_input = scale_input
        self.tier: Tier = tier
        self.start = start

    def decay(self) -> float | Tensor:
        """What is left of the membrane after a step; one number, or one a channel ``[C]``."""
        return within(self.beta, 0, _NEARLY_ALL if self.scale_input else 1)

    def slope(self, steps: int) -> Surrogate:
        """The surrogate for a run of so many steps."""
        return self.surrogate

    def rest(self, frame: Tensor) -> tuple[Tensor, ...]:
        """See :meth:`Neuron.rest`; a membrane of ``start`` thresholds."""
        return ((torch.zeros_like(frame) + self.start * self._limit(frame[None])).to(frame.dtype),)

    def nir_form(self) -> NirForm | None:
        """See :meth:`Neuron.nir_form`; NIR knows the hard reset and the start at 0 alone."""
        if self.reset == "soft" or self.start:
            return None
        return NirForm(within(self.threshold, LEAST, inf), self.decay(), scaled=self.scale_input)

    def integer_form(self) -> IntegerForm | None:
        """See :meth:`Neuron.integer_form`; the leak must be a number of halvings, and the start 0."""
        decay = self.decay()
        if isinstance(decay, Tensor) or isinstance(self.threshold, Tensor) or self.start:
            return None
        mantissa, exponent = frexp(decay)
        if decay and mantissa != 0.5:
            return None
        gain = 1 - decay if self.scale_input else 1.0
        return IntegerForm(self.threshold, 1 - exponent if decay else 0, gain, self.reset, retain=decay > 0)

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; the state is the membrane after the reset."""
        check_state(state, 1, current)
        spikes, membranes, final = self._scan(current, None if state is None else state[0], record=True)
        return Firing(spikes, membranes, (final,))

    def forward(self, current: Tensor) -> Tensor:
        """Spikes ``[T, B, ...]`` of neurons that start at rest; membranes are kept only if a gradient needs them."""
        return self._scan(current, None, record=False).spikes

    def _scan(self, current: Tensor, initial: Tensor | None, record: bool) -> Scanned:
        check_current(current)
        if initial is None and self.start:
            (initial,) = self.rest(current[0])
        decay = over_channels(self.decay(), current, "beta")
        gain = 1 - decay if self.scale_input else 1.0
        rule = ScanRule(self._limit(current), self.slope(len(current)), self.reset, self.detach_reset)
        return leaky_scan(current, rule, decay=decay, gain=gain, initial=initial, tier=self.tier, record=record)

    def _limit(self, current: Tensor) -> float | Tensor:
        """The threshold over rows of a current, positive whatever has been learned."""
        return within(self.threshold_over(current), LEAST, inf)

    def extra_repr(self) -> str:
        """All options, for the printed form of a model."""
        return f"beta={told(self.decay())}, {super().extra_repr()}, reset={self.reset}"


class IntegrateAndFire(LeakyIntegrateAndFire):
    """IF: as LIF with ``beta = 1``, so no leak; see :func:`integrate_and_fire`."""

    def __init__(
        self,
        *,
        threshold: ChannelNumber = 1.0,
        reset: Reset = "hard",
        detach_reset: bool = True,
        surrogate: SurrogateChoice = "arctan",
        tier: Tier = "auto",
        start: float = 0.0,
    ) -> None:
        super().__init__(
            1.0,
            threshold=threshold,
            reset=reset,
            detach_reset=detach_reset,
            surrogate=surrogate,
            tier=tier,
            start=start,
        )


class ParametricLIF(LeakyIntegrateAndFire):
    """PLIF: LIF whose leak, one number a layer or a channel, is learned: ``beta = 1 - sigmoid(w)``.

    With ``scale_input`` (the published form) the gain is ``sigmoid(w)`` and learns too.

    Args:
        beta: First value, ``0 < beta < 1``; a list or tensor for one a channel.
        threshold: As for LIF.
        reset: As for LIF.
        detach_reset: As for LIF.
        scale_input: As for LIF.
        surrogate: As for LIF.
        tier: As for LIF.
        start: As for LIF.

    Example:
        >>> layer = ParametricLIF(beta=0.75)
        >>> sum(weight.numel() for weight in layer.parameters()), round(layer.decay().item(), 4)
        (1, 0.75)

    References:
        Fang et al., "Incorporating Learnable Membrane Time Constant to Enhance Learning of Spiking Neural Networks",
        ICCV 2021.
    """

    kept = ("threshold", "start")
    learnable = ("threshold",)

    def __init__(
        self,
        beta: ChannelNumber = 0.5,
        *,
        threshold: ChannelNumber = 1.0,
        reset: Reset = "hard",
        detach_reset: bool = True,
        scale_input: bool = True,
        surrogate: SurrogateChoice = "arctan",
        tier: Tier = "auto",
        start: float = 0.0,
    ) -> None:
        check_number("a learned beta", beta, 0, 1, positive=True)
        first = torch.as_tensor(beta, dtype=torch.get_default_dtype()).detach()
        if not first.is_meta and bool((first == 1).any()):
            raise NeuronError("a learned beta must start below 1, where its leak has an end")
        super().__init__(
            beta if isinstance(beta, int | float) else 0.5,
            threshold=threshold,
            reset=reset,
            detach_reset=detach_reset,
            scale_input=scale_input,
            surrogate=surrogate,
            tier=tier,
            start=start,
        )
        self.leak = nn.Parameter(torch.logit(1 - first))

    def decay(self) -> Tensor:
        """``1 - sigmoid(leak)``, a tensor without axes."""
        return torch.sigmoid(-self.leak)


class LearnableSurrogateLIF(ParametricLIF):
    """LSG: LIF whose learned leak also sets the width of its rectangular surrogate.

    Membranes of variance ``S^2 (1 - beta^(2T)) / (1 - beta^2)``, driven by currents of variance ``S^2`` (which tdBN
    makes ``threshold^2``), need a window of that width: ``k = width sqrt((1 - beta^(2T)) / (1 - beta^2))``, kept in
    0.5 to 4. The leak learns through the membranes, not through the window.

    Args:
        beta: First value of what is left of the membrane after a step, ``0 < beta < 1``.
        width: Width of the window for neurons that forget at once.
        threshold: As for LIF.
        reset: As for LIF.
        detach_reset: As for LIF.
        tier: As for LIF.
        start: As for LIF.

    References:
        Lian et al., "Learnable Surrogate Gradient for Direct Training Spiking Neural Networks", IJCAI 2023. The
        formula of the width is a reconstruction from the paper's abstract, not its text.
    """

    def __init__(
        self,
        beta: float = 0.5,
        *,
        width: float = 1.0,
        threshold: ChannelNumber = 1.0,
        reset: Reset = "hard",
        detach_reset: bool = True,
        tier: Tier = "auto",
        start: float = 0.0,
    ) -> None:
        super().__init__(
            beta,
            threshold=threshold,
            reset=reset,
            detach_reset=detach_reset,
            scale_input=False,
            surrogate=rectangular(width),
            tier=tier,
            start=start,
        )
        self.width = width

    def slope(self, steps: int) -> Surrogate:
        """The rectangular window for the present leak."""
        square = (self.decay().detach().double() ** 2).clamp(max=1 - 1e-6)
        width = (self.width * ((1 - square**steps) / (1 - square)) ** 0.5).clamp(0.5, 4.0)
        if torch.compiler.is_compiling():  # which knows no number that is read off a tensor
            return replace(self.surrogate, derivative=partial(_window, width=width), shape=())
        return rectangular(width.item())


def _window(x: Tensor, width: Tensor) -> Tensor:
    return (x.abs() < width / 2).to(x.dtype) / width.to(x.dtype)
