"""Counting: exact, batched, differentiable probabilities of a circuit's outputs, layer by layer in log space."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from logic import Circuit, Gate

from .decision import to_circuit
from .errors import CountingError
from .normal_form import is_countable

IMPOSSIBLE = -1e30  # log of zero; minus infinity would make NaN gradients
_FALSE, _TRUE = 0, 1  # the first rows of the buffer


class Layer(NamedTuple):
    """Gates of one depth, kind and fan-in bound; they read earlier rows and write ``start`` and those that follow."""

    conjunction: bool
    start: int
    children: Tensor  # [gates, fan-in], rows of the buffer; padded with the true row (AND) or the false row (OR)


@dataclass(frozen=True, eq=False)
class Counter:
    """A circuit prepared for counting.

    Args:
        layers: In an order in which values flow.
        inputs: Number of circuit inputs.
        rows: Length of the buffer.
        outputs: ``[O]`` rows.
        circuit: The circuit that is counted: the given one, or its decision diagram.
    """

    layers: tuple[Layer, ...]
    inputs: int
    rows: int
    outputs: Tensor
    circuit: Circuit

    def log_probabilities(self, log_probs: Tensor) -> Tensor:
        """Log-probability of each output.

        Args:
            log_probs: ``[B, I]``, log-probability of each input; in a one-hot group the exponentials sum to one.

        Returns:
            ``[B, O]``; an impossible output has about -1e30, never minus infinity, and never a NaN gradient.

        Raises:
            CountingError: if the shape does not fit.
        """
        if log_probs.ndim != 2 or log_probs.shape[1] != self.inputs:
            raise CountingError(f"counting needs [B, {self.inputs}] log-probabilities, got {list(log_probs.shape)}")
        device = log_probs.device
        layers = tuple(layer._replace(children=layer.children.to(device)) for layer in self.layers)
        return _Count.apply(log_probs, layers, self.rows, self.outputs.to(device))  # pyright: ignore[reportReturnType]


class _Count(torch.autograd.Function):
    """One buffer ``[rows, B]`` is filled layer by layer, and its adjoint emptied in the reverse order."""

    @staticmethod
    def forward(ctx: Any, log_probs: Tensor, layers: tuple[Layer, ...], rows: int, outputs: Tensor) -> Tensor:
        inputs = log_probs.shape[1]
        buffer = log_probs.new_empty(rows, log_probs.shape[0])
        buffer[_FALSE], buffer[_TRUE] = IMPOSSIBLE, 0.0
        buffer[2 : 2 + inputs] = log_probs.t().clamp(min=IMPOSSIBLE)
        for layer in layers:
            gates, fan_in = layer.children.shape
            values = buffer.index_select(0, layer.children.reshape(-1)).view(gates, fan_in, -1)
            buffer[layer.start : layer.start + gates] = values.sum(1) if layer.conjunction else values.logsumexp(1)
        ctx.save_for_backward(buffer)
        ctx.layers, ctx.inputs, ctx.outputs = layers, inputs, outputs
        return buffer.index_select(0, outputs).t().clamp(min=IMPOSSIBLE)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor, None, None, None]:
        (buffer,) = ctx.saved_tensors
        adjoint = torch.zeros_like(buffer).index_add_(0, ctx.outputs, gradients[0].t())
        for layer in reversed(ctx.layers):
            gates, fan_in = layer.children.shape
            children = layer.children.reshape(-1)
            own = adjoint[layer.start : layer.start + gates, None]
            if layer.conjunction:
                share = own.expand(-1, fan_in, -1)
            else:
                values = buffer.index_select(0, children).view(gates, fan_in, -1)
                share = own * (values - buffer[layer.start : layer.start + gates, None]).exp()
            adjoint.index_add_(0, children, share.reshape(gates * fan_in, -1))
        return adjoint[2 : 2 + ctx.inputs].t(), None, None, None


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
    return _plan(countable)


def _plan(circuit: Circuit) -> Counter:
    inputs = len(circuit.inputs)
    group_of = {position: group for group in circuit.one_hot for position in group}
    literals, offsets = circuit.literals.tolist(), circuit.offsets.tolist()
    row_of = {0: _FALSE, 1: _TRUE} | {2 * (1 + position): 2 + position for position in range(inputs)}
    depth_of = dict.fromkeys(row_of, 0)
    buckets: dict[tuple[int, bool, int], list[tuple[int, list[int]]]] = {}

    def place(code: int, kind: int, operands: list[int]) -> None:
        depth = 1 + max(depth_of[operand] for operand in operands)
        depth_of[code] = depth
        bound = 1 << (len(operands) - 1).bit_length()
        buckets.setdefault((depth, kind == Gate.AND, bound), []).append((code, operands))

    used = sorted({*literals, *circuit.outputs.tolist()})
    for code in (code for code in used if code & 1 and code > 1):  # the complement of a value: the other values
        position = (code >> 1) - 1
        place(code, Gate.OR, [2 * (1 + other) for other in group_of[position] if other != position])
    for gate, kind in enumerate(circuit.kinds.tolist()):
        place(2 * (circuit.first_gate + gate), kind, literals[offsets[gate] : offsets[gate + 1]])
    rows = 2 + inputs
    layers: list[Layer] = []
    for (_, conjunction, bound), members in sorted(buckets.items()):
        padding = _TRUE if conjunction else _FALSE
        table = np.full((len(members), bound), padding, dtype=np.int64)
        for line, (_, operands) in enumerate(members):
            table[line, : len(operands)] = [row_of[operand] for operand in operands]
        layers.append(Layer(conjunction, rows, torch.from_numpy(table)))
        row_of.update({code: rows + line for line, (code, _) in enumerate(members)})
        rows += len(members)
    outputs = torch.tensor([row_of[code] for code in circuit.outputs.tolist()], dtype=torch.int64)
    return Counter(tuple(layers), inputs, rows, outputs, circuit)
