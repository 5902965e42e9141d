"""What a simulator or chip can express, and from it: which passes a network needs, or why it cannot go there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..deployment import TargetNetwork, scaled, thresholds_raised, weights_split, with_relays, without_initial
from ..errors import NetworkError


@dataclass(frozen=True)
class Capability:
    """What a target's neurons and synapses can do; the usual values say that it can do all of :mod:`logic.network`.

    Args:
        comparison: Whether a neuron fires at its threshold or above it.
        resets: What a spike can leave of a membrane.
        retains: Whether a membrane can be kept.
        leaks: Whether a kept membrane can be halved, rounded down.
        lowest_membrane: Below which a membrane is clipped, as a multiple of the threshold; none if it is not.
        least_threshold: Of a neuron that forgets; lower ones become a bias. None for any.
        least_kept_threshold: Of a neuron that retains its membrane. None for any.
        bias: Whether a neuron can have a current of every step.
        initial: Whether a membrane can start elsewhere than at 0.
        longest_delay: Of a synapse, in steps; relays wait beyond it. None for any.
        most_weight: Greatest absolute weight of one synapse, after scaling; larger ones are split. None for any.
        grid: What weights are multiples of, so that everything is scaled by it.
        spikes_a_step: How often a neuron fires if it is driven that far beyond its threshold; 1 is ours.
        fades: Whether a current halves in each step instead of being gone, so that waves must come steps apart and no
            neuron may be driven to twice its threshold.
        most_bias: Greatest bias, also one that makes up for a lower threshold, after scaling. None for any.
        most_threshold: Greatest threshold, after scaling. None for any.
        neurons: Greatest number. None for any.
        inputs: Greatest number of input lines. None for any.
    """

    comparison: Literal[">=", ">"] = ">="
    resets: tuple[Literal["zero", "subtract"], ...] = ("zero",)
    retains: bool = True
    leaks: bool = False
    lowest_membrane: int | None = None
    least_threshold: int | None = None
    least_kept_threshold: int | None = None
    bias: bool = True
    initial: bool = True
    longest_delay: int | None = None
    most_weight: int | None = None
    grid: int = 1
    spikes_a_step: int = 1
    fades: bool = False
    most_bias: int | None = None
    most_threshold: int | None = None
    neurons: int | None = None
    inputs: int | None = None

    def refusals(self, network: TargetNetwork) -> Iterator[str]:
        """Why no pass can bring a network there: each sentence names a neuron, the limit and a way out."""
        forgetful = "use a mapping of gates, whose neurons forget, or a target that keeps membranes"
        checks = (
            (network.retain & (not self.retains), "keeps its membrane, which has no place there", forgetful),
            (network.leak * (not self.leaks) > 0, "leaks, which has no place there", forgetful),
            (
                network.retain & network.subtract & ("subtract" not in self.resets),
                "is reset by subtraction, which has no place there",
                "use reset 'zero'",
            ),
            (
                network.retain & ~network.subtract & ("zero" not in self.resets),
                "is reset to zero, and there only the threshold is taken off",
                forgetful,
            ),
            (
                network.retain & (network.threshold < _or_least(self.least_kept_threshold)),
                f"keeps its membrane with a threshold below {self.least_kept_threshold}",
                "raise its threshold",
            ),
            (
                ~network.retain & (network.threshold < _or_least(None if self.bias else self.least_threshold)),
                f"has a threshold below {self.least_threshold} and there is no bias that could raise it",
                "use a circuit without registers, and --mapping dual-rail or logicsnn",
            ),
            ((network.bias != 0) & (not self.bias), "has a bias, which has no place there", "use --mapping dual-rail"),
        )
        if self.inputs is not None and network.inputs > self.inputs:
            yield f"there are {network.inputs} input lines, above {self.inputs}; give a circuit with fewer inputs"
        for broken, what, way_out in checks:
            if broken.any():
                at = int(np.flatnonzero(broken)[0])
                yield f"neuron {at} (threshold {network.threshold[at]}) {what}; {way_out}"

    def too_large(self, network: TargetNetwork) -> Iterator[str]:
        """What a lowered network has too much of."""
        if self.neurons is not None and network.neurons > self.neurons:
            count = f"{network.neurons:,} neurons, relays included"
            yield f"there are {count}, above {self.neurons:,}; use a smaller mapping"
        top = int(network.threshold.max(initial=0))
        if self.most_threshold is not None and top > self.most_threshold:
            yield f"a threshold is {top:,} after scaling, above {self.most_threshold:,}; train with smaller weights"
        highest = int(network.threshold[~network.retain].max(initial=0))  # which all that forget share
        spread = network.bias + np.where(network.retain, 0, highest - network.threshold)
        if self.most_bias is not None and np.abs(spread).max(initial=0) > self.most_bias:
            at = int(np.abs(spread).argmax())
            yield f"neuron {at} needs a bias of {int(spread[at]):,}, above {self.most_bias:,}; use another mapping"


def _or_least(limit: int | None) -> int:
    return -(2**62) if limit is None else limit


def lowered(network: TargetNetwork, capability: Capability, name: str) -> TargetNetwork:
    """A network in what a target can express, spike for spike the same at the declared steps.

    Args:
        network: Flat, as compiled.
        capability: Of the target.
        name: Of the target, for messages.

    Raises:
        NetworkError: if it cannot be expressed; the sentence names a neuron, the limit and a way out.

    Example:
        >>> from logic import CircuitBuilder, compile_circuit
        >>> make = CircuitBuilder()
        >>> a, b, c = make.inputs("a", "b", "c")
        >>> flat = TargetNetwork.of(compile_circuit(make.build(y=(a ^ b) & c), "single-rail"))
        >>> lowered(flat, Capability(longest_delay=1, grid=2), "a chip").scale
        2
    """
    if not capability.initial or not capability.retains:
        network = without_initial(network)
    for sentence in capability.refusals(network):
        raise NetworkError(f"{name} cannot carry this network: {sentence}")
    if capability.least_threshold is not None:
        network = thresholds_raised(network, capability.least_threshold)
    if capability.longest_delay is not None:
        network = with_relays(network, capability.longest_delay)
    if capability.grid > 1:
        network = scaled(network, capability.grid)
    if capability.most_weight is not None:
        network = weights_split(network, capability.most_weight)
    for sentence in capability.too_large(network):
        raise NetworkError(f"{name} cannot carry this network: {sentence}")
    return network
