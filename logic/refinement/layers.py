"""A population against its layer in real numbers: the same weights, whole thresholds, and a lemma on its neurons.

Whatever its sources send, each neuron then fires exactly when the layer's does. Layer by layer this says that a network
of integers computes what the network in PyTorch does, for all inputs.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np

from ..errors import NetworkError
from ..kernels import work_time
from ..network import INPUT, Population, SpikingNetwork
from ..proving.membranes import MembraneBounds, membrane_bounds
from ..verdict import Verdict
from .layer_sides import Sides
from .layer_traces import Course, Trace, find_trace
from .neuron_lemmas import NeuronKind, floor_lemma, machine_lemma
from .real_layers import RealLayer

_TRIED = 3  # neurons that differ for which a trace is looked for


class Arithmetic(NamedTuple):
    """What else a layer is proved to fit.

    Args:
        bits: Of a target's membranes in two's complement; none for any.
        mantissa: Binary digits of the floating-point numbers that the layer is computed in (24 or 53); none for real
            numbers. Then none of its sums and membranes is rounded, in whatever order its terms are added.
        bounds: Of the network's membranes; those for all time if none are given. A layer is computed for the steps in
            which the input is shown.
    """

    bits: int | None = None
    mantissa: int | None = None
    bounds: MembraneBounds | None = None


_ANY = Arithmetic()


def prove_layer(
    network: SpikingNetwork,
    name: str,
    layer: RealLayer,
    *,
    start: int = 1,
    arithmetic: Arithmetic = _ANY,
    timeout: float | None = 20,
) -> Verdict:
    """Whether a population fires exactly as a layer in real numbers does, for all spikes of its sources.

    Args:
        network: Of integers.
        name: Of the population.
        layer: What it shall compute; its weights and thresholds are taken as exact numbers.
        start: Step of the network that is the layer's first, at which the first spikes can arrive.
        arithmetic: What else is to be proved.
        timeout: Seconds for the search of a trace, if the two differ.

    Returns:
        PROVED; or REFUTED with spikes ``source[position]@step`` (of the layer's time) after which one neuron differs,
        and its membranes in the detail; or UNKNOWN, and what differs or stands in the way.

    Raises:
        NetworkError: if a link does not fit, or a number is no multiple of the layer's unit.

    Example:
        >>> from logic import Line, Synapses
        >>> from logic.refinement.real_layers import RealLink
        >>> cells = Population("cells", (2,), threshold=[3, 5], retain=True, leak=1)
        >>> wires = Synapses("input", "cells", [0, 1], [0, 1], weight=[2, 4])
        >>> network = SpikingNetwork((2,), (cells,), (wires,), np.array([2]), (Line("y"),), np.array([1]))
        >>> link = RealLink("input", [[0.5, 0.0], [0.0, 1.0]])
        >>> prove_layer(network, "cells", RealLayer([link], [0.375, 0.625], decay=0.5, gain=0.5, unit=0.25)).word
        'PROVED'
        >>> wrong = prove_layer(network, "cells", RealLayer([link], [0.375, 0.5], decay=0.5, gain=0.5, unit=0.25))
        >>> wrong.word, wrong.counterexample
        ('REFUTED', {'input[1]@0': 1})
    """
    began = work_time()
    population = network.population(name)
    sides = Sides(network, population, layer, start)
    claim = (
        f"whatever its sources send, each of the {population.size:,} neurons of '{name}' fires exactly when the "
        f"layer's does in real numbers{_also(arithmetic)}"
    )

    def found(holds: bool | None, detail: str, example: dict[str, int] | None = None) -> Verdict:
        return Verdict(holds, claim, example, work_time() - began, detail)

    differing, reason = sides.differences()
    if reason:
        for neuron in differing[:_TRIED]:
            trace = find_trace(sides.integer(neuron), sides.real(neuron), timeout)
            if trace is not None:
                return found(False, f"{reason}; {_told(trace, neuron)}", sides.spikes(neuron, trace))
        return found(None, f"{reason}; but no spikes were found after which the two differ")
    lemma = floor_lemma(sides.kind)
    if not lemma.holds:
        return found(None, f"lemma not proved: {lemma.claim}")
    if obstacle := _does_not_fit(network, population, sides, arithmetic):
        return found(None, obstacle)
    return found(True, f"{sides.synapses:,} weights are the layer's; by induction over steps, {lemma.claim}")


def prove_layers(
    network: SpikingNetwork,
    layers: Mapping[str, RealLayer],
    *,
    arithmetic: Arithmetic = _ANY,
    timeout: float | None = 20,
) -> Verdict:
    """Whether populations fire exactly as the layers of a network in real numbers do, for all inputs.

    As a connection takes steps here and none in PyTorch, a population is late: by the delay of each of its links more
    than the link's source, which must come to the same number of steps for all links.

    Args:
        network: Of integers.
        layers: By the names of their populations; each hears the input or one another, without loops.
        arithmetic: What else is to be proved.
        timeout: Seconds for the search of a trace in each layer.

    Returns:
        PROVED for all of them, or the verdict of the first layer that is not.

    Raises:
        NetworkError: if layers hear what is not among them, hear each other in a loop, or links are late by different
            steps; and as for :func:`prove_layer`.
    """
    began, starts = work_time(), _starts(layers)
    if (arithmetic.bits or arithmetic.mantissa) and arithmetic.bounds is None:
        arithmetic = arithmetic._replace(bounds=membrane_bounds(network))
    neurons = 0
    for name, layer in layers.items():
        verdict = prove_layer(network, name, layer, start=starts[name], arithmetic=arithmetic, timeout=timeout)
        if not verdict.holds:
            return replace(verdict, seconds=work_time() - began)
        neurons += network.population(name).size
    claim = (
        f"whatever the input, each of the {neurons:,} neurons of {len(layers)} populations fires exactly when its "
        f"layer's does in real numbers{_also(arithmetic)}"
    )
    kinds = sorted({str(NeuronKind.of(network.population(name))) for name in layers})
    detail = f"layer by layer, at most {max(starts.values())} steps later; " + "; ".join(kinds)
    return Verdict(True, claim, seconds=work_time() - began, detail=detail)


def _starts(layers: Mapping[str, RealLayer]) -> dict[str, int]:
    """By how many steps each layer is late."""
    starts = {INPUT: 0}
    heard = {name: {link.source for link in layer.links} for name, layer in layers.items()}
    try:
        order = list(TopologicalSorter(heard).static_order())
    except CycleError as error:
        raise NetworkError(f"layers hear each other in a loop: {' -> '.join(error.args[1])}") from None
    for name in order:
        if name == INPUT:
            continue
        if name not in layers:
            raise NetworkError(f"a layer hears '{name}', which is no layer; give it too")
        late = {starts[link.source] + link.delay for link in layers[name].links} or {0}
        if len(late) > 1:
            raise NetworkError(f"the links of '{name}' are late by {sorted(late)} steps; give each source its delay")
        starts[name] = late.pop()
    return starts


def _does_not_fit(network: SpikingNetwork, population: Population, sides: Sides, arithmetic: Arithmetic) -> str:
    """What is in the way of an arithmetic; nothing if all fits."""
    if arithmetic.bits is None and arithmetic.mantissa is None:
        return ""
    bounds = membrane_bounds(network) if arithmetic.bounds is None else arithmetic.bounds
    first, name = sides.first[population.name] - sides.first[network.populations[0].name], population.name
    here = slice(first, first + population.size)
    if not bounds.bounded[here].all():
        return f"membranes of '{name}' have no bound for all time; give those for a number of steps"
    if arithmetic.bits is not None:
        ends = int(population.threshold.min()), int(population.threshold.max())
        needed = max(int(bounds.bits[here].max()), *(abs(end).bit_length() + 1 for end in ends))
        if needed > arithmetic.bits:
            return f"membranes and thresholds of '{name}' may need {needed} bits, above {arithmetic.bits}"
        if not (lemma := machine_lemma(sides.kind, arithmetic.bits)).holds:
            return f"lemma not proved: {lemma.claim}"
    return "" if arithmetic.mantissa is None else _is_rounded(sides, bounds, here, arithmetic.mantissa)


def _is_rounded(sides: Sides, bounds: MembraneBounds, here: slice, mantissa: int) -> str:
    """What would be rounded in floating point; nothing if all is exact."""
    name, leak = sides.population.name, sides.kind.leak
    for what, value in (("gain", sides.layer.gain), ("unit", sides.layer.unit)):
        if not _is_power_of_two(Fraction(value)):
            return f"the {what} {value!r} of '{name}' is no power of two: products with it are rounded"
    if leak and bounds.steps is None:
        return f"the membranes of '{name}' get more binary places with each step; give bounds for a number of steps"
    places = leak * max(0, (_layer_steps(bounds) or 1) - 1)
    reach = np.maximum(np.abs(bounds.low[here]), np.abs(bounds.high[here])) + 1 + sides.largest_sums()
    needed = int(reach.max()).bit_length() + places
    return f"membranes of '{name}' may need {needed} binary digits, above {mantissa}" if needed > mantissa else ""


def _layer_steps(bounds: MembraneBounds | None) -> int | None:
    """For how many steps a layer is computed; none for any number."""
    if bounds is None or bounds.steps is None:
        return None
    return bounds.steps if bounds.shown is None else min(bounds.steps, bounds.shown)


def _is_power_of_two(value: Fraction) -> bool:
    return value > 0 and value.numerator.bit_count() == 1 and value.denominator.bit_count() == 1


def _also(arithmetic: Arithmetic) -> str:
    """What the claim says of an arithmetic."""
    text = ""
    if arithmetic.mantissa is not None:
        during = _during(_layer_steps(arithmetic.bounds))
        text = f" and, {during}, in floating point of {arithmetic.mantissa} binary digits"
    if arithmetic.bits is not None:
        steps = arithmetic.bounds.steps if arithmetic.bounds is not None else None
        text += f", and {arithmetic.bits} signed bits hold its membranes {_during(steps)}"
    return text


def _during(steps: int | None) -> str:
    return "for all time" if steps is None else f"for {steps} steps"


def _told(trace: Trace, neuron: int) -> str:
    """The membranes of a trace in words."""
    ours, theirs = trace.courses
    step = next(t for t, both in enumerate(zip(ours.fired, theirs.fired, strict=True)) if both[0] != both[1])
    who = (
        "the population fires and the layer does not"
        if ours.fired[step]
        else "the layer fires and the population does not"
    )
    return f"neuron {neuron}: at step {step} {who}; membranes {_course(ours)} against {_course(theirs)}"


def _course(course: Course) -> str:
    return ", ".join(f"{float(membrane):g}" + "!" * fired for membrane, fired in zip(*course, strict=True))
