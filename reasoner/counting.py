"""Counting: exact, batched, differentiable probabilities of a circuit's outputs, layer by layer in log space."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from logic import Circuit

from .decision import to_circuit
from .errors import CountingError
from .factoring import FALSE, TRUE, factor
from .layers import Dense, Layer, Layers, layered
from .normal_form import is_countable

IMPOSSIBLE = -1e30  # log of zero; minus infinity would make NaN gradients


@dataclass(frozen=True, eq=False)
class Counter:
    """A circuit prepared for counting.

    Args:
        circuit: The circuit that is counted: the given one, or its decision diagram.
        layers: The same as layers of sums of products.
    """

    circuit: Circuit
    layers: Layers
    _placed: dict[torch.device, Layers] = field(default_factory=dict[torch.device, Layers], repr=False)

    def log_probabilities(self, log_probs: Tensor) -> Tensor:
        """Log-probability of each output, on the device and of the dtype of the inputs.

        Args:
            log_probs: ``[B, I]``, log-probability of each input; in a one-hot group the exponentials sum to one.

        Returns:
            ``[B, O]``; an impossible output has about -1e30, never minus infinity, and never a NaN gradient.

        Raises:
            CountingError: if the shape does not fit.
        """
        inputs = len(self.circuit.inputs)
        if log_probs.ndim != 2 or log_probs.shape[1] != inputs:
            raise CountingError(f"counting needs [B, {inputs}] log-probabilities, got {list(log_probs.shape)}")
        return _Count.apply(log_probs, self.on(log_probs.device))  # pyright: ignore[reportReturnType]

    def on(self, device: torch.device) -> Layers:
        """The layers on a device, copied there once."""
        if device not in self._placed:
            self._placed[device] = self.layers.to(device)
        return self._placed[device]


class _Count(torch.autograd.Function):
    """One buffer ``[rows, B]`` is filled layer by layer, and its adjoint emptied in the reverse order."""

    @staticmethod
    def forward(ctx: Any, log_probs: Tensor, plan: Layers) -> Tensor:
        inputs = log_probs.shape[1]
        buffer = log_probs.new_empty(plan.rows, log_probs.shape[0])
        buffer[FALSE], buffer[TRUE] = IMPOSSIBLE, 0.0
        torch.clamp(log_probs.t(), min=IMPOSSIBLE, out=buffer[2 : 2 + inputs])
        as_matrix = [_fill(buffer, layer) for layer in plan.layers]
        ctx.save_for_backward(buffer)
        ctx.plan, ctx.inputs, ctx.as_matrix = plan, inputs, as_matrix
        return buffer.index_select(0, plan.outputs).t().clamp(min=IMPOSSIBLE)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        (buffer,) = ctx.saved_tensors
        plan: Layers = ctx.plan
        adjoint = torch.zeros_like(buffer).index_add_(0, plan.outputs, gradients[0].t())
        for layer, as_matrix in zip(reversed(plan.layers), reversed(ctx.as_matrix), strict=True):
            if as_matrix and layer.dense:
                _share_dense(buffer, adjoint, layer.start, layer.dense)
            else:
                _share(buffer, adjoint, layer)
        return adjoint[2 : 2 + ctx.inputs].t(), None


def _fill(buffer: Tensor, layer: Layer) -> bool:
    """Computes the rows of a layer; whether by its matrix, which is off when a sum underflows beside the others."""
    nodes = len(layer.children)
    out = buffer[layer.start : layer.start + nodes]
    if layer.dense:
        left, right, shift = _scaled(buffer, layer.dense)
        pairs = (left[:, None] * right).flatten(0, 1)
        sums = layer.dense.matrix.to(buffer.dtype) @ pairs
        if sums.min() > 1e8 * torch.finfo(buffer.dtype).tiny:
            torch.add(sums.log_(), shift, out=out.view_as(sums))
            return True
    values = _products(buffer, layer.children)
    if values.shape[1] == 1:
        out.copy_(values[:, 0])
    else:
        most = values.amax(1, keepdim=True)
        torch.add(values.sub_(most).exp_().sum(1).log_(), most[:, 0], out=out)
    return False


def _products(buffer: Tensor, children: Tensor) -> Tensor:
    """``[nodes, cases, B]``, the logarithm of each case."""
    nodes, cases, width = children.shape
    if width == 1:
        return buffer.index_select(0, children.flatten()).view(nodes, cases, -1)
    return embedding_bag(children.view(-1, width), buffer, mode="sum").view(nodes, cases, -1)


def _share(buffer: Tensor, adjoint: Tensor, layer: Layer) -> None:
    """Hands each node's adjoint down to its cases, by their shares of the sum."""
    nodes, cases, width = layer.children.shape
    own = adjoint[layer.start : layer.start + nodes]
    if cases == 1:
        share = own.clone()
    else:
        total = buffer[layer.start : layer.start + nodes, None]
        share = _products(buffer, layer.children).sub_(total).exp_().mul_(own[:, None]).view(nodes * cases, -1)
    for child in layer.children.view(-1, width).unbind(1):
        adjoint.index_add_(0, child, share)


def _scaled(buffer: Tensor, dense: Dense) -> tuple[Tensor, Tensor, Tensor]:
    """``[K, blocks * B]`` and ``[L, blocks * B]`` probabilities beside the largest, and the logarithm of its pair."""
    parts: list[Tensor] = []
    shift = buffer.new_zeros(())
    for rows in (dense.left, dense.right):
        values = buffer.index_select(0, rows.flatten()).view(len(rows), -1)
        most = values.amax(0)
        parts.append(values.sub_(most).exp_())
        shift = shift + most
    return parts[0], parts[1], shift


def _share_dense(buffer: Tensor, adjoint: Tensor, start: int, dense: Dense) -> None:
    left, right, shift = _scaled(buffer, dense)
    nodes = dense.matrix.shape[0]
    rows = slice(start, start + nodes * dense.left.shape[1])
    weight = adjoint[rows].view(nodes, -1) / (buffer[rows].view(nodes, -1) - shift).exp_()
    pairs = (dense.matrix.to(buffer.dtype).t() @ weight).view(len(left), len(right), -1)
    for child, share in (
        (dense.left, (pairs * right).sum(1).mul_(left)),
        (dense.right, (pairs * left[:, None]).sum(0).mul_(right)),
    ):
        adjoint.index_add_(0, child.flatten(), share.view(child.numel(), -1))


def prepare(circuit: Circuit, budget: int = 1_000_000) -> Counter:
    """A counter for a circuit over one-hot inputs, exact for every circuit.

    A decomposable and deterministic circuit is counted as it stands, any other as its decision diagram.

    Args:
        circuit: Any gates; each input in a one-hot group.
        budget: Nodes that the diagram may have.

    Raises:
        CountingError: if an input stands in no one-hot group, or the budget is spent.
    """
    countable = circuit if is_countable(circuit) else to_circuit(circuit, budget)
    return Counter(countable, layered(factor(countable)))
