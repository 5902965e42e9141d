"""A graph of layers that runs in PyTorch, in real or in whole numbers, and can be trained on in whole ones."""

from collections.abc import Collection
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from logic import INPUT

from ..architectures.layers import to_even
from ..neurons import IntegerForm
from ..neurons.surrogates import Surrogate, arctan
from .layer_graph import BRIGHTEST, IntegerFormError, Layer, LayerGraph, Term
from .precision import Precision, widest_membrane
from .rounding import Grid, choose_grid, round_weight

_EXACT_FLOAT32 = 2**24  # whole numbers below it are exact in float32
_DRAWN_IN = 40  # times that weights are drawn in until no membrane can leave its range


class Run(NamedTuple):
    """What the layers did.

    Args:
        logits: Of each step, ``[T, B, K]``, on the scale of the network that was read.
        evidence: The same in whole numbers, of all steps together, ``[B, K]``.
        spikes: Of each population, ``[T, B, C, H, W]``.
    """

    logits: Tensor
    evidence: Tensor
    spikes: dict[str, Tensor]


class WholeLayer(NamedTuple):
    """A layer in whole numbers.

    Args:
        layer: As it was read.
        kernels: Weights of its terms, ``[C, C_source / groups, height, width]``.
        bias: ``[C]``.
        threshold: ``[C]``; zeros for the readout.
    """

    layer: Layer
    kernels: tuple[NDArray[np.int64], ...]
    bias: NDArray[np.int64]
    threshold: NDArray[np.int64]


class IntegerLayers(nn.Module):
    """A graph of layers with weights that are rounded whenever it runs.

    Between whole numbers it computes in real ones, where halved membranes keep their fractions: that the network of
    integers, which floors them, sends the same spikes is what is claimed of it. No sum leaves the whole numbers that
    the chosen floating-point type can hold.

    Args:
        graph: As it was read; its weights are copied and can be learned on.
        precision: Bits of a weight, and of a membrane: no picture drives one out of its range, also after learning,
            since weights are drawn in before they could.
    """

    def __init__(self, graph: LayerGraph, precision: Precision | None = None) -> None:
        super().__init__()
        self.graph, self.precision = graph, precision or Precision()
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        self._weight_of: dict[tuple[str, int], int] = {}
        known: dict[int, int] = {}
        for layer in graph.layers:
            for number, term in enumerate(layer.terms):
                if id(term.weight) not in known:
                    known[id(term.weight)] = len(self.weights)
                    real = term.weight.detach().float() * self._unit(term)
                    weight = nn.Parameter(real.clone(), requires_grad=not layer.gate)
                    self.weights.append(weight)
                self._weight_of[layer.name, number] = known[id(term.weight)]
            self.biases.append(nn.Parameter(layer.bias.detach().clone().float(), requires_grad=not layer.gate))
            grid = choose_grid(layer, graph.code, self.precision, graph.steps)
            for part, values in grid._asdict().items():
                self.register_buffer(f"{layer.name}_{part}", values)

    def grid(self, layer: Layer) -> Grid:
        """On what a layer's weights are rounded."""
        return Grid(*(self.get_buffer(f"{layer.name}_{part}") for part in Grid._fields))

    def whole(self) -> list[WholeLayer]:
        """All layers in whole numbers."""
        with torch.no_grad():
            found: list[WholeLayer] = []
            for number, layer in enumerate(self.graph.layers):
                weights, bias = self._rounded(number, layer)
                kernels = tuple(weight.cpu().numpy().astype(np.int64) for weight in weights)
                threshold = self.grid(layer).threshold.cpu().numpy()
                found.append(WholeLayer(layer, kernels, bias.cpu().numpy().astype(np.int64), threshold))
            return found

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits ``[T, B, K]`` of bytes or floats, as :meth:`run` takes them."""
        return self.run(pictures).logits

    def run(self, pictures: Tensor, rounded: Collection[str] | None = None) -> Run:
        """Logits, evidence and all spikes.

        Args:
            pictures: ``[B, C, H, W]`` or frames ``[T, B, C, H, W]``; spikes, or whole numbers from 0 to 255.
            rounded: Names of the layers in whole numbers; all if not given. The others keep their real weights.
        """
        names = {layer.name for layer in self.graph.layers} if rounded is None else set(rounded)
        shown = pictures if pictures.ndim == 5 else pictures[None]
        spikes: dict[str, Tensor] = {INPUT: shown}
        for number, layer in enumerate(self.graph.layers):
            current = self._current(number, layer, spikes, layer.name in names)
            if layer.form is None:
                scale = self.grid(layer).scale if layer.name in names else torch.ones(len(layer.bias))
                evidence = current.flatten(2)
                del spikes[INPUT]
                return Run((evidence / scale.to(evidence)).float(), evidence.sum(0), spikes)
            spikes[layer.name] = self._fire(layer, layer.form, current, layer.name in names)
        raise AssertionError("a graph ends in its readout")

    def _rounded(self, number: int, layer: Layer) -> tuple[list[Tensor], Tensor]:
        """Weights of all terms, and the bias, in whole numbers; a readout's less what all values have in common."""
        weights = [self._weight(layer, place) for place in range(len(layer.terms))]
        bias: Tensor = self.biases[number]
        if layer.form is None:
            weights, bias = [weight - weight.mean(0) for weight in weights], bias - bias.mean()
        rounded = self._on_grid(layer, weights, bias)
        most = self.precision.largest_membrane
        if most is None or layer.form is None or layer.gate:
            return rounded
        threshold, code, steps = self.grid(layer).threshold, self.graph.code, self.graph.steps
        share = torch.ones(len(bias), dtype=torch.float64, device=bias.device)
        for _ in range(_DRAWN_IN):
            over = widest_membrane(layer, *rounded, threshold, steps=steps, code=code) / most
            if bool((over <= 1).all()):
                return rounded
            share = torch.where(over > 1, 0.98 * share / over, share)
            drawn = [weight * share.reshape(-1, *[1] * (weight.ndim - 1)) for weight in weights]
            rounded = self._on_grid(layer, drawn, bias * share)
        raise IntegerFormError(
            f"{layer.name}: no weights keep its membranes within {self.precision.membrane} bits; give it smaller "
            "thresholds, or a target with wider membranes"
        )

    def _on_grid(self, layer: Layer, weights: list[Tensor], bias: Tensor) -> tuple[list[Tensor], Tensor]:
        grid, bits = self.grid(layer), None if layer.gate else self.precision.weight
        rounded = [
            round_weight(weight, grid.scale, shift, bits) for weight, shift in zip(weights, grid.shifts, strict=True)
        ]
        return rounded, round_weight(bias, grid.scale, torch.zeros_like(grid.threshold), None)

    def _weight(self, layer: Layer, term: int) -> Tensor:
        return self.weights[self._weight_of[layer.name, term]] / self._unit(layer.terms[term])

    def _unit(self, term: Term) -> int:
        """What a weight is kept times, so that all are learned at one rate: brightness counts from 0 to 1."""
        return BRIGHTEST if term.source == INPUT and self.graph.code == "bytes" else 1

    def _current(self, number: int, layer: Layer, spikes: dict[str, Tensor], rounded: bool) -> Tensor:
        """What a layer hears at each step, ``[T, B, C, H, W]``."""
        if rounded:
            weights, bias = self._rounded(number, layer)
        else:
            weights = [self._weight(layer, place) for place in range(len(layer.terms))]
            bias = self.biases[number]
        dtype = self._type(layer, weights, bias) if rounded else torch.float32
        total = bias.to(dtype)[:, None, None]
        for term, weight in zip(layer.terms, weights, strict=True):
            total = total + convolve(spikes[term.source].to(dtype), term, weight.to(dtype))
        return total.expand(self.graph.steps if len(total) == 1 else len(total), -1, -1, -1, -1)

    def _type(self, layer: Layer, weights: list[Tensor], bias: Tensor) -> torch.dtype:
        """A floating-point type in which no sum, membrane or half of it is rounded."""
        drive = bias.detach().abs()
        for term, weight in zip(layer.terms, weights, strict=True):
            drive = drive + weight.detach().abs().flatten(1).sum(1) * self._unit(term) * (4 if term.averaged else 1)
        steps, leak = self.graph.steps, layer.form.leak if layer.form else 0
        bound = float(drive.max()) * (2 ** (1 + leak * (steps - 1)) if leak else steps)
        return torch.float32 if bound < _EXACT_FLOAT32 else torch.float64

    def _fire(self, layer: Layer, form: IntegerForm, current: Tensor, rounded: bool) -> Tensor:
        """Spikes of a layer under whole currents, or real ones."""
        threshold = self.grid(layer).threshold.to(current)[:, None, None]
        if not rounded:
            threshold = torch.full_like(threshold, form.threshold / form.gain)
        return fire(current, form, threshold, layer.surrogate or arctan())


def convolve(signal: Tensor, term: Term, weight: Tensor) -> Tensor:
    """What a term makes of a signal ``[T, B, C_source, H, W]``."""
    merged = signal.flatten(0, 1)
    if term.averaged:
        merged = functional.avg_pool2d(to_even(merged), 2) * 4  # whole numbers again
    out = functional.conv2d(merged, weight, stride=term.stride, padding=term.padding, groups=term.groups)
    return out.unflatten(0, signal.shape[:2])


def fire(current: Tensor, form: IntegerForm, threshold: Tensor, surrogate: Surrogate) -> Tensor:
    """Spikes of neurons whose currents and thresholds are on one scale; nothing is rounded, gradients or none.

    Args:
        current: ``[T, B, C, H, W]``.
        form: What the neurons do; its threshold and gain tell how far the scale is from the surrogate's.
        threshold: ``[C, 1, 1]``.
        surrogate: Stand-in derivative; the reset's spike is held constant.
    """
    membrane, spikes = torch.zeros_like(current[0]), list[Tensor]()
    for arriving in current.unbind():
        membrane = membrane * 2.0**-form.leak + arriving if form.retain else arriving
        spike = _step((membrane - threshold) * (form.threshold / threshold), surrogate)
        spikes.append(spike)
        after = membrane - threshold if form.reset == "soft" else torch.zeros_like(membrane)
        membrane = torch.where(spike.detach() > 0, after, membrane)
    return torch.stack(spikes)


class _Step(torch.autograd.Function):
    """Whether a membrane is at its threshold or above, with a surrogate's derivative."""

    @staticmethod
    def forward(ctx: Any, distance: Tensor, surrogate: Surrogate) -> Tensor:
        ctx.save_for_backward(distance)
        ctx.surrogate = surrogate
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (distance,) = ctx.saved_tensors
        return gradients[0] * ctx.surrogate.derivative(distance), None


def _step(distance: Tensor, surrogate: Surrogate) -> Tensor:
    return cast(Tensor, _Step.apply(distance, surrogate))
