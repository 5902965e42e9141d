"""The flat form of a network on its way to a target: arrays, and how its spikes answer to those of the original.

A pass (:mod:`logic.deployment`) takes one such network and gives another that a target can express. Whatever it adds
or delays it declares: original line ``n`` (inputs first, then neurons) fires at step ``t`` exactly when line
``line[n]`` of the new network fires at step ``period * t``. Nothing is ever searched for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..network import FlatNetwork, SpikingNetwork

Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]
_AT_ONCE = 16  # samples; a step may move a million currents for them


@dataclass(frozen=True, eq=False)
class TargetNetwork:
    """A network as plain arrays with the semantics of :mod:`logic.network`, and what was declared of it.

    Args:
        inputs: Number of input lines ``I``.
        threshold: ``[N]``; a neuron fires at ``u >= threshold``.
        bias: ``[N]`` current of every step.
        retain: ``[N]`` whether the membrane is kept.
        leak: ``[N]`` halvings of the kept membrane in each step, each rounded down.
        subtract: ``[N]`` whether a spike takes the threshold off instead of setting the membrane to 0.
        initial: ``[N]`` membrane before step 0.
        pre: ``[S]`` over input lines and neurons.
        post: ``[S]`` over neurons.
        weight: ``[S]``.
        delay: ``[S]`` steps, at least 1.
        line: ``[I0 + N0]`` the line here of each line of the original.
        fed: ``[I]`` the input of the original that each input line here repeats.
        period: Steps here for one step of the original.
        scale: What all currents were multiplied by.

    Example:
        >>> from logic import CircuitBuilder, compile_circuit
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> flat = TargetNetwork.of(compile_circuit(make.build(y=a ^ b), "single-rail"))
        >>> flat.inputs, flat.neurons
        (2, 2)
    """

    inputs: int
    threshold: Integers
    bias: Integers
    retain: Bits
    leak: Integers
    subtract: Bits
    initial: Integers
    pre: Integers
    post: Integers
    weight: Integers
    delay: Integers
    line: Integers
    fed: Integers
    period: int = 1
    scale: int = 1

    @classmethod
    def of(cls, network: SpikingNetwork | FlatNetwork) -> TargetNetwork:
        """A network as it is, zero weights left out."""
        flat = network.flatten() if isinstance(network, SpikingNetwork) else network
        count, used = len(flat.threshold), flat.weight != 0
        return cls(
            inputs=flat.inputs,
            threshold=flat.threshold,
            bias=flat.bias,
            retain=flat.retain,
            leak=flat.leak,
            subtract=flat.subtract,
            initial=flat.initial,
            pre=flat.pre[used],
            post=flat.post[used],
            weight=flat.weight[used],
            delay=flat.delay[used],
            line=np.arange(flat.inputs + count),
            fed=np.arange(flat.inputs),
        )

    @property
    def neurons(self) -> int:
        """The number of neurons ``N``."""
        return len(self.threshold)

    def grown(
        self,
        threshold: Integers,
        synapses: tuple[Integers, Integers, Integers, Integers],
        **changes: Any,
    ) -> TargetNetwork:
        """With further neurons that forget, and further synapses ``(pre, post, weight, delay)``."""
        count = len(threshold)
        wide = {name: np.concatenate([getattr(self, name), np.zeros(count, np.int64)]) for name in _NUMBERS}
        flags = {name: np.concatenate([getattr(self, name), np.zeros(count, np.bool_)]) for name in _FLAGS}
        ends = zip(("pre", "post", "weight", "delay"), synapses, strict=True)
        both = {name: np.concatenate([getattr(self, name), more]) for name, more in ends}
        limit = np.concatenate([self.threshold, threshold])
        return replace(replace(self, threshold=limit, **wide, **flags, **both), **changes)

    def stimulus(self, spikes: Bits) -> Bits:
        """Input spikes ``[T, ..., I0]`` of the original as those of this network, ``[T * period, ..., I]``."""
        given = np.zeros((len(spikes) * self.period, *spikes.shape[1:-1], self.inputs), np.bool_)
        given[:: self.period] = spikes[..., self.fed]
        return given

    def heard(self, trains: Bits) -> Bits:
        """Spikes ``[T', ..., I + N]`` of this network as those of the original, ``[T, ..., I0 + N0]``."""
        return trains[:: self.period][..., self.line]


_NUMBERS = ("bias", "leak", "initial")
_FLAGS = ("retain", "subtract")
OF_NEURONS = ("threshold", *_NUMBERS, *_FLAGS)  # the columns that have a row for each neuron


def run_flat(network: TargetNetwork, spikes: Bits, steps: int) -> Bits:
    """Spikes ``[steps, I + N]`` of all inputs and neurons for input ``[T, I]``; see :func:`step_flat`."""
    return run_batch(network, spikes[:, None], steps)[:, 0]


def run_batch(network: TargetNetwork, spikes: Bits, steps: int) -> Bits:
    """Spikes ``[steps, B, I + N]`` for input ``[T, B, I]``, a few samples at a time; see :func:`step_flat`."""
    trains = np.zeros((steps, spikes.shape[1], network.inputs + network.neurons), np.bool_)
    for first in range(0, spikes.shape[1], _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        for step, (row, _) in enumerate(step_flat(network, spikes[:, part], steps)):
            trains[step, part] = row
    return trains


def step_flat(network: TargetNetwork, spikes: Bits, steps: int) -> Iterator[tuple[Bits, Integers]]:
    """The semantics of :mod:`logic.network` on the flat form, step by step.

    Args:
        network: What to run.
        spikes: ``[T, B, I]`` input spikes; silence after ``T``.
        steps: How many steps to run.

    Yields:
        For each step the spikes ``[B, I + N]`` of all inputs and neurons, and the membranes ``[B, N]`` after it.
    """
    batch, longest = spikes.shape[1], int(network.delay.max(initial=1))
    order = np.argsort(network.pre, kind="stable")
    post, weight, delay = network.post[order], network.weight[order], network.delay[order]
    starts = np.searchsorted(network.pre[order], np.arange(network.inputs + network.neurons + 1))
    waiting = np.zeros((longest + 1, batch, network.neurons), np.int64)  # currents under way, a ring over steps
    membrane = np.tile(network.initial, (batch, 1))
    silence = np.zeros((batch, network.inputs), np.bool_)
    for t in range(steps):
        now = t % (longest + 1)
        kept = np.where(network.retain, membrane >> network.leak, 0)
        membrane = kept + network.bias + waiting[now]
        waiting[now] = 0
        fired = membrane >= network.threshold
        membrane = np.where(fired, np.where(network.subtract, membrane - network.threshold, 0), membrane)
        row = np.concatenate([spikes[t] if t < len(spikes) else silence, fired], axis=1)
        sample, lines = np.nonzero(row)
        sizes = starts[lines + 1] - starts[lines]
        chosen = np.repeat(starts[lines] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        when = (t + delay[chosen]) % (longest + 1)
        np.add.at(waiting, (when, np.repeat(sample, sizes), post[chosen]), weight[chosen])
        yield row, membrane
