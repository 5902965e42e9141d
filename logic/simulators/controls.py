"""Negative controls: each known trap of a target, sprung on purpose, must be seen by the comparison.

A control changes what a simulator is given, as a careless adapter would, and leaves the expectation as it is. Where the
simulators themselves are not installed, the same changes are run in our own semantics, and must be seen as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..deployment import TargetNetwork, run_flat
from .agreement import Outcome, judged
from .foreign_simulator import Counts, Run

Bits = NDArray[np.bool_]


def threshold_off_by_one(network: TargetNetwork, spikes: Bits, steps: int) -> Counts:
    """Every neuron fires above its threshold where it should fire at it."""
    return _counts(replace(network, threshold=network.threshold + network.scale), spikes, steps)


def input_a_step_early(network: TargetNetwork, spikes: Bits, steps: int) -> Counts:
    """Input acts in its own step; spike counts are right and every time is wrong (brian2-loihi)."""
    early = np.concatenate([spikes[1:], np.zeros_like(spikes[:1])])
    return _counts(network, early, steps)


def odd_weights_cut(network: TargetNetwork, spikes: Bits, steps: int) -> Counts:
    """Weights lose their lowest bit, as on a grid of even numbers without scaling (Loihi)."""
    return _counts(replace(network, weight=network.weight // 2 * 2), spikes, steps)


def gain_ignored(network: TargetNetwork, spikes: Bits, steps: int) -> Counts:
    """Neurons that retain their membrane get none of their current, as where ``r`` is ignored (Norse, profile lif)."""
    deaf = network.retain[network.post]
    return _counts(replace(network, weight=np.where(deaf, 0, network.weight)), spikes, steps)


def delays_lost(network: TargetNetwork, spikes: Bits, steps: int) -> Counts:
    """Every synapse takes one step (SANA-FE's accumulator with delays)."""
    return _counts(replace(network, delay=np.ones_like(network.delay)), spikes, steps)


def double_spikes(network: TargetNetwork, spikes: Bits, steps: int) -> Counts:
    """A neuron fires as often as its threshold fits into its drive (sinabs, Xylo)."""
    trains = np.zeros((steps, network.inputs + network.neurons), np.int64)
    trains[: len(spikes), : network.inputs] = spikes[:steps]
    for step in range(steps):
        drive = network.bias.copy()
        heard = network.delay <= step
        ends = network.post[heard], network.weight[heard] * trains[step - network.delay[heard], network.pre[heard]]
        np.add.at(drive, *ends)
        trains[step, network.inputs :] = np.maximum(drive // np.maximum(network.threshold, 1), 0)
    return np.minimum(trains[:, network.inputs :], 255).astype(np.uint8)[:, None]


def soft_reset(network: TargetNetwork, spikes: Bits, steps: int) -> Counts:
    """A spike takes the threshold off instead of setting the membrane to zero."""
    return _counts(replace(network, subtract=network.retain), spikes, steps)


def membrane_clipped(network: TargetNetwork, spikes: Bits, steps: int) -> Counts:
    """Retained membranes do not fall below minus their threshold (sinabs)."""
    trains = np.zeros((steps, network.inputs + network.neurons), np.int64)
    trains[: len(spikes), : network.inputs] = spikes[:steps]
    membrane = network.initial.copy()
    for step in range(steps):
        drive = np.where(network.retain, membrane, 0) + network.bias
        heard = network.delay <= step
        ends = network.post[heard], network.weight[heard] * trains[step - network.delay[heard], network.pre[heard]]
        np.add.at(drive, *ends)
        fired = drive >= network.threshold
        membrane = np.where(fired, 0, np.maximum(drive, -np.abs(network.threshold)))
        trains[step, network.inputs :] = fired
    return trains[:, network.inputs :].astype(np.uint8)[:, None]


def layer_merged_late(network: TargetNetwork, spikes: Bits, steps: int) -> Counts:
    """The first synapse of each neuron that hears several comes a step late (branches that merge in Norse)."""
    _, first = np.unique(network.post, return_index=True)
    several = np.bincount(network.post, minlength=network.neurons)[network.post[first]] > 1
    late = network.delay.copy()
    late[first[several]] += 1
    return _counts(replace(network, delay=late), spikes, steps)


CONTROLS: dict[str, Callable[[TargetNetwork, Bits, int], Counts]] = {
    "threshold off by one": threshold_off_by_one,
    "input a step early": input_a_step_early,
    "odd weights cut": odd_weights_cut,
    "r ignored": gain_ignored,
    "delays lost": delays_lost,
    "double spikes": double_spikes,
    "soft reset": soft_reset,
    "membrane clipped": membrane_clipped,
    "merged a step late": layer_merged_late,
}


def _counts(network: TargetNetwork, spikes: Bits, steps: int) -> Counts:
    return run_flat(network, spikes, steps)[:, None, network.inputs :].astype(np.uint8)


def caught(control: str, network: TargetNetwork, spikes: Bits, steps: int) -> bool:
    """Whether the comparison sees a trap that was sprung on a network.

    Args:
        control: A name of :data:`CONTROLS`.
        network: What is run.
        spikes: ``[T, I]`` its input.
        steps: How many are compared.
    """
    expected = run_flat(network, spikes, steps)[:, None, network.inputs :]
    counts = CONTROLS[control](network, spikes, steps)
    outcome = Outcome(control, "ours", "identical", spikes=int(expected.sum()))
    return judged(outcome, expected, Run(counts, "", "", 0.0, 0)).verdict == "wrong"
