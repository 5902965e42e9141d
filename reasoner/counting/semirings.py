"""Semirings: one pass over the layers answers many questions, by what adding and multiplying mean."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import torch
from torch import Tensor

from ..compilation.layers import Layers
from ..grounding.sums import IMPOSSIBLE, Sums
from .counter import Counter


@dataclass(frozen=True)
class Semiring:
    """What zero, one, sum and product are. A value is a vector of ``F`` numbers.

    Slots that a branch does not read must count as one: give each input its value divided by the sum over its slot.

    Args:
        zero: ``F`` numbers.
        one: ``F`` numbers.
        add: ``[nodes, cases, F, B]`` to ``[nodes, F, B]``.
        multiply: ``[nodes, cases, width, F, B]`` to ``[nodes, cases, F, B]``.
        label: Log-probabilities ``[I, B]`` to the values of the inputs, ``[I, F, B]``.

    References:
        Kimmig, Van den Broeck, De Raedt, "Algebraic model counting", J. Applied Logic 22 (2017).
    """

    zero: tuple[float, ...]
    one: tuple[float, ...]
    add: Callable[[Tensor], Tensor]
    multiply: Callable[[Tensor], Tensor]
    label: Callable[[Tensor], Tensor] = lambda logs: logs[:, None]

    def evaluate(self, layers: Layers[Tensor], inputs: Tensor) -> Tensor:
        """The value of every row.

        Args:
            layers: What :meth:`Counter.on` gives for the device of the inputs.
            inputs: ``[I, F, B]``.

        Returns:
            ``[rows, F, B]``; the outputs are the rows ``layers.outputs``.
        """
        buffer = inputs.new_empty(layers.rows, *inputs.shape[1:])
        buffer[0] = inputs.new_tensor(self.zero)[:, None]
        buffer[1] = inputs.new_tensor(self.one)[:, None]
        buffer[2 : 2 + len(inputs)] = inputs
        for layer in layers.layers:
            values = buffer.index_select(0, layer.children.flatten()).view(*layer.children.shape, *inputs.shape[1:])
            buffer[layer.start : layer.start + len(values)] = self.add(self.multiply(values))
        return buffer


def _expected_sum(values: Tensor) -> Tensor:
    logs, expected = values.unbind(2)
    total = logs.logsumexp(1)
    return torch.stack([total, ((logs - total[:, None]).exp() * expected).sum(1)], dim=1)


PROBABILITY = Semiring(
    (0.0,), (1.0,), lambda values: values.sum(1), lambda values: values.prod(2), lambda logs: logs.exp()[:, None]
)
"""Plain probabilities; :meth:`Counter.log_probabilities` is the same in log space, with gradients."""

LOG = Semiring((IMPOSSIBLE,), (0.0,), lambda values: values.logsumexp(1), lambda values: values.sum(2))
"""Log-probabilities."""

BEST = Semiring((IMPOSSIBLE,), (0.0,), lambda values: values.amax(1), lambda values: values.sum(2))
"""Log-probability of the best branch (max-product)."""

EXPECTATION = Semiring((IMPOSSIBLE, 0.0), (0.0, 0.0), _expected_sum, lambda values: values.sum(2))
"""Log-probability, and the expectation of a sum over the values that are read, given that the node is true."""


def entropy(counter: Counter, log_probs: Tensor) -> Tensor:
    """How uncertain the worlds of each answer still are.

    Args:
        counter: The counted circuit.
        log_probs: ``[B, I]``, normalised in each slot.

    Returns:
        ``[B, O]``, in nats: the entropy of the worlds given that the output is true; 0 if it is impossible.

    References:
        Eisner, "Parameter estimation for probabilistic finite-state transducers", ACL 2002: the expectation semiring.
    """
    logs = log_probs.detach().clamp(min=IMPOSSIBLE)
    surprise = torch.where(logs > IMPOSSIBLE / 2, -logs, 0.0)
    prior = logs.new_zeros(len(logs))
    relative = torch.empty_like(surprise)
    for group in map(list, counter.sums.one_hot):
        mean = (logs[:, group].exp() * surprise[:, group]).sum(1)
        relative[:, group] = surprise[:, group] - mean[:, None]  # a slot that is not read counts as zero
        prior += mean
    layers = counter.on(logs.device)
    found = EXPECTATION.evaluate(layers, torch.stack([logs.t(), relative.t()], dim=1))[layers.outputs]
    log_total, expected = found.unbind(1)
    value = log_total + expected + prior
    return torch.where(log_total > IMPOSSIBLE / 2, value, 0.0).t().clamp(min=0.0)


def count_worlds(counter: Counter, output: int, never: Collection[int] = ()) -> int:
    """How many worlds make an output true, exactly; those with an input that is never true are none."""
    sums = counter.sums
    sizes = [sum(position not in never for position in group) for group in sums.one_hot]
    weights = [Fraction(position not in never, sizes[slot] or 1) for position, slot in enumerate(sums.slot_of)]
    return int(_exact(counter.sums, weights)[counter.sums.outputs[output]] * prod(sizes))


def _exact(sums: Sums, weights: list[Fraction]) -> list[Fraction]:
    values = [Fraction(0), Fraction(1), *weights]
    for cases in sums.nodes:
        values.append(sum((prod((values[one] for one in case), start=Fraction(1)) for case in cases), Fraction(0)))
    return values
