"""Counting: exact, batched, differentiable probabilities of a circuit's outputs, layer by layer in log space."""

from dataclasses import dataclass, field
from math import inf
from typing import Any, NamedTuple

import torch
from torch import Tensor

from logic import Circuit

from ..compilation.layers import Arrays, Dense, Layer, Layers
from ..compilation.normal_form import check_inputs
from ..compilation.plan import Plan
from ..compilation.portfolio import plan_circuit
from ..compilation.written import plan_written
from ..errors import CountingError
from ..grounding.circuit_sums import sums_of
from ..grounding.sums import FALSE, IMPOSSIBLE, TRUE, Sums


@dataclass(frozen=True, eq=False, repr=False)
class Counter:
    """A circuit prepared for counting.

    Args:
        plan: How it is counted.
    """

    plan: Plan
    _placed: dict[torch.device, Layers[Tensor]] = field(default_factory=dict[torch.device, Layers[Tensor]], repr=False)

    def __repr__(self) -> str:
        plan = self.plan
        return f"Counter({plan.inputs} inputs, {plan.report.nodes} sums, {len(plan.layers.outputs)} outputs)"

    @property
    def sums(self) -> Sums:
        """What is counted, as sums of products."""
        return self.plan.sums

    @property
    def layers(self) -> Layers[Arrays]:
        """The same as index tables."""
        return self.plan.layers

    def log_probabilities(self, log_probs: Tensor) -> Tensor:
        """Log-probability of each output, on the device and of the dtype of the inputs.

        Args:
            log_probs: ``[B, I]``, log-probability of each input; in a one-hot group the exponentials sum to one.

        Returns:
            ``[B, O]``; an impossible output has about -1e30, never minus infinity, and never a NaN gradient.

        Raises:
            CountingError: if the shape does not fit.
        """
        inputs = self.plan.inputs
        if log_probs.ndim != 2 or log_probs.shape[1] != inputs:
            raise CountingError(f"counting needs [B, {inputs}] log-probabilities, got {list(log_probs.shape)}")
        return _Count.apply(log_probs, self.on(log_probs.device))  # pyright: ignore[reportReturnType]

    def on(self, device: torch.device) -> Layers[Tensor]:
        """The layers on a device, copied there once."""
        if device not in self._placed:
            self._placed[device] = _to_tensors(self.layers, device)
        return self._placed[device]


def _to_tensors(layers: Layers[Arrays], device: torch.device) -> Layers[Tensor]:
    def place(array: Arrays) -> Tensor:
        return torch.from_numpy(array).to(device)

    placed = tuple(
        Layer(start, place(children), dense and Dense(*map(place, dense))) for start, children, dense in layers.layers
    )
    return Layers(placed, layers.rows, place(layers.outputs), layers.row_of)


class _Count(torch.autograd.Function):
    """One buffer ``[rows, B]`` is filled layer by layer, and its adjoint emptied in the reverse order."""

    @staticmethod
    def forward(ctx: Any, log_probs: Tensor, plan: Layers[Tensor]) -> Tensor:
        inputs = log_probs.shape[1]
        buffer = log_probs.new_empty(plan.rows, log_probs.shape[0])
        buffer[FALSE].fill_(IMPOSSIBLE)
        buffer[TRUE].fill_(0.0)
        torch.clamp(log_probs.t(), min=IMPOSSIBLE, out=buffer[2 : 2 + inputs])
        ctx.shares = [_fill(buffer, layer) for layer in plan.layers]
        ctx.plan, ctx.inputs, ctx.shape = plan, inputs, buffer.shape
        return buffer.index_select(0, plan.outputs).t().clamp_(min=IMPOSSIBLE)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        plan: Layers[Tensor] = ctx.plan
        adjoint = gradients[0].new_zeros(ctx.shape).index_add_(0, plan.outputs, gradients[0].t())
        for layer, share in zip(reversed(plan.layers), reversed(ctx.shares), strict=True):
            own = adjoint[layer.start : layer.start + len(layer.children)]
            if isinstance(share, _Pairs):
                _hand_down_pairs(adjoint, own, share)
            else:
                _hand_down(adjoint, own, layer, share)
        return adjoint[2 : 2 + ctx.inputs].t(), None


class _Pairs(NamedTuple):
    """What a dense layer computed: probabilities ``[K, n]`` and ``[L, n]`` beside the largest, sums ``[nodes, n]``."""

    dense: Dense[Tensor]
    left: Tensor
    right: Tensor
    sums: Tensor


def _fill(buffer: Tensor, layer: Layer[Tensor]) -> _Pairs | Tensor | None:
    """Computes the rows of a layer; what it returns is for the way back: the share of each case in its node's sum.

    A sum over pairs is a matrix product, unless it underflows beside the others.
    """
    nodes, cases, width = layer.children.shape
    out = buffer[layer.start : layer.start + nodes]
    if layer.dense:
        left, most_left = _scaled(buffer, layer.dense.left)
        right, most_right = _scaled(buffer, layer.dense.right)
        sums = layer.dense.matrix.to(buffer.dtype) @ (left[:, None] * right).flatten(0, 1)
        if sums.min().item() > 1e8 * torch.finfo(buffer.dtype).tiny:
            torch.add(sums.log(), most_left.add_(most_right), out=out.view_as(sums))
            return _Pairs(layer.dense, left, right, sums)
    values = buffer.index_select(0, layer.children.view(-1)).view(nodes, cases, width, -1)
    values = values[:, :, 0] if width == 1 else values.sum(2)
    if cases == 1:
        out.copy_(values[:, 0])
        return None
    most = values.amax(1, keepdim=True)
    sums = values.sub_(most).exp_().sum(1, keepdim=True)
    values.div_(sums)
    torch.add(sums.log_()[:, 0], most[:, 0], out=out)
    return values


def _hand_down(adjoint: Tensor, own: Tensor, layer: Layer[Tensor], share: Tensor | None) -> None:
    """Adds each node's adjoint to its children's, case by case."""
    handed = own.clone() if share is None else (share * own[:, None]).flatten(0, 1)
    for child in layer.children.view(-1, layer.children.shape[2]).unbind(1):
        adjoint.index_add_(0, child, handed)


def _scaled(buffer: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """``[K, blocks * B]`` probabilities beside the largest, and the logarithm of that."""
    values = buffer.index_select(0, rows.view(-1)).view(len(rows), -1)
    most = values.amax(0)
    return values.sub_(most).exp_(), most


def _hand_down_pairs(adjoint: Tensor, own: Tensor, pairs: _Pairs) -> None:
    dense, left, right, sums = pairs
    both = (dense.matrix.to(own.dtype).t() @ (own.reshape(sums.shape) / sums)).view(len(left), len(right), -1)
    adjoint.index_add_(0, dense.left.view(-1), (both * right).sum(1).mul_(left).view(dense.left.numel(), -1))
    adjoint.index_add_(0, dense.right.view(-1), (both * left[:, None]).sum(0).mul_(right).view(dense.right.numel(), -1))


def prepare(circuit: Circuit, budget: int = 1_000_000, seconds: float = inf) -> Counter:
    """A counter for a circuit over one-hot inputs, exact for every circuit.

    A decomposable and deterministic circuit is counted as it stands, any other as its decision diagram.

    Args:
        circuit: Any gates; each input in a one-hot group.
        budget: Nodes that the diagram may have.
        seconds: Wall time that its making may take.

    Raises:
        CountingError: if an input stands in no one-hot group, or the budget or the time is spent.

    Example:
        >>> from logic import CircuitBuilder, Gate
        >>> make = CircuitBuilder()
        >>> a, b = (make.inputs(f"{name}=0", f"{name}=1", one_hot=True) for name in "ab")
        >>> counter = prepare(make.build(either=make.gate(Gate.OR, [a[1], b[1]])))
        >>> round(counter.log_probabilities(torch.tensor([[0.5, 0.5, 0.6, 0.4]]).log()).exp().item(), 4)
        0.7
    """
    check_inputs(circuit)
    sums = sums_of(circuit)
    written = None if sums is None else plan_written(sums)
    return Counter(written or plan_circuit(circuit, budget, seconds))
