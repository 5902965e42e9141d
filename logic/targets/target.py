"""What a target is: the contract that each row of the table of targets fulfils.

A target is somewhere a spiking network can go: a file that others read, a simulator, a chip. Its limits say what it
can express; whoever writes asks them first, so that a network that does not fit is refused by name and never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ..deployment import TargetNetwork, forgets
from ..errors import NetworkError
from ..network import INPUT, SpikingNetwork, refuse_beyond

if TYPE_CHECKING:  # who gives spikes has loaded torch
    from torch import Tensor


@dataclass(frozen=True)
class Limits:
    """What a target can express; the loosest values say that it can express all of :mod:`logic.network`.

    Args:
        longest_delay: Of a synapse, in steps; none for any.
        layered: Whether a population must hear the one before it, through one projection, and at most itself beside.
        looped: Whether a network that breaks one of these two may come all the same if all its neurons forget.
        aligned: Whether all answers must come at one step.
        one_threshold: Whether neurons of one population that retain their membrane must have one threshold.
        retains: Whether a membrane can be kept from step to step.
        leaks: Whether a membrane that is kept can be halved in each step.
        subtracts: Whether a spike can take the threshold off a membrane, instead of all.
        least_threshold: Smallest threshold; none for any.
        weights: Least and greatest weight; none for any.
        neurons: Greatest number; none for any.
        synapses: Greatest number; none for any.
    """

    longest_delay: int | None = None
    layered: bool = False
    looped: bool = False
    aligned: bool = False
    one_threshold: bool = False
    retains: bool = True
    leaks: bool = True
    subtracts: bool = True
    least_threshold: int | None = None
    weights: tuple[int, int] | None = None
    neurons: int | None = None
    synapses: int | None = None

    @property
    def balance(self) -> Literal["relays", "delays"]:
        """How :func:`logic.compile_circuit` must make answers of one wave meet."""
        return "delays" if self.longest_delay is None and not self.layered else "relays"

    def broken(self, network: SpikingNetwork) -> Iterator[str]:
        """Each limit that a network breaks, as a sentence that names the place and the remedy."""
        chain = [*self._too_late(network), *(_not_layered(network) if self.layered else ())]
        if chain and not (self.looped and forgets(TargetNetwork.of(network))):
            yield from chain
        if self.aligned and network.latencies.size and np.ptp(network.latencies):
            yield "the answers come at different steps; compile with aligned=True"
        for population in network.populations:
            name = f"'{population.name}'"
            if population.retain and not self.retains:
                yield f"{name} retains its membrane; use neurons that forget it"
            if population.retain and self.one_threshold and np.ptp(population.threshold):
                yield f"{name} retains its membrane and has several thresholds; split it by threshold"
            if self.least_threshold is not None and (low := int(population.threshold.min())) < self.least_threshold:
                yield f"{name} has the threshold {low}, below {self.least_threshold}; use another mapping"
        yield from self._too_large(network)

    def _too_late(self, network: SpikingNetwork) -> Iterator[str]:
        for projection in network.projections if self.longest_delay is not None else ():
            longest = int(np.max(projection.delay, initial=1))
            if self.longest_delay is not None and longest > self.longest_delay:
                most = "one step" if self.longest_delay == 1 else f"{self.longest_delay} steps"
                yield (
                    f"{projection.source} -> {projection.target} has delays above {most} (up to {longest}); "
                    f"balance with relays"
                )

    def _too_large(self, network: SpikingNetwork) -> Iterator[str]:
        if self.neurons is not None and network.neurons > self.neurons:
            yield f"there are {network.neurons:,} neurons, above {self.neurons:,}; use a smaller mapping"
        if self.weights is None and self.synapses is None:
            return
        weight = network.flatten().weight
        if self.synapses is not None and (count := int(np.count_nonzero(weight))) > self.synapses:
            yield f"there are {count:,} synapses, above {self.synapses:,}; use a smaller mapping"
        if self.weights is not None and weight.size:
            (least, most), low, high = self.weights, int(weight.min()), int(weight.max())
            if low < least or high > most:
                yield f"weights go from {low} to {high}, beyond {least} to {most}; scale or split them"


@dataclass(frozen=True)
class Target:
    """Somewhere a spiking network can go.

    Args:
        name: By which it is asked for.
        about: A line for people.
        suffix: Of its files, with the dot.
        mark: A regular expression that the beginning of its files matches, so that no other file is overwritten.
        limits: What it can express.
        profiles: Kinds of its files for different readers; the first is the usual one.
        requires: Packages that it needs, as they are installed.
        write: Writes a network in a profile, perhaps with golden input spikes ``[T, B, *input_shape]``, whole or not.
        read: The network that a file of ours holds.
        run: Spikes ``[steps, B, n]`` of the last population of a file under input spikes, in the target itself; none if
            it is a file format alone. A spike at our step ``t + delay`` is one at its step ``t``.
        delay: Steps by which our answers come later than the target's.
    """

    name: str
    about: str
    suffix: str
    mark: bytes
    limits: Limits
    profiles: tuple[str, ...]
    requires: tuple[str, ...]
    write: Callable[[SpikingNetwork, Path, str, Tensor | NDArray[np.bool_] | None], None]
    read: Callable[[Path], SpikingNetwork]
    run: Callable[[Path, Tensor, int], Tensor] | None = None
    delay: Callable[[SpikingNetwork], int] = lambda _: 0

    def check(self, network: SpikingNetwork) -> None:
        """Sees that the target can express a network.

        Raises:
            NetworkError: that names the first limit that is broken.
        """
        refuse_beyond(network, self.name, leak=self.limits.leaks, subtract=self.limits.subtracts, padding=True)
        for sentence in self.limits.broken(network):
            raise NetworkError(f"{self.name} cannot carry this network: {sentence}")

    def check_profile(self, profile: str) -> None:
        """Sees that there is such a profile.

        Raises:
            NetworkError: if there is none; it names those that there are.
        """
        if profile not in self.profiles:
            known = ", ".join(repr(known) for known in self.profiles)
            raise NetworkError(f"unknown profile {profile!r} of {self.name}; use {known}")


def _not_layered(network: SpikingNetwork) -> Iterator[str]:
    before = INPUT
    for population in network.populations:
        sources = [projection.source for projection in network.projections if projection.target == population.name]
        if strange := [source for source in sources if source not in (before, population.name)]:
            yield f"{strange[0]} -> {population.name} leaves the chain; balance with relays"
        elif sources.count(before) != 1 or sources.count(population.name) > 1:
            yield f"'{population.name}' must hear '{before}' through one projection, and itself through one at most"
        before = population.name
