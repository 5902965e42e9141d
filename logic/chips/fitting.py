"""The fit report: what a network takes of a chip, limit by limit, which limit binds, and what is not public."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from ..deployment import TargetNetwork, thresholds_raised, weights_split
from ..network import SpikingNetwork, check_network
from ..proving.membranes import membrane_bounds
from .chip import QUANTITIES, Chip, Limit
from .driving import doubly_driven, fading_period
from .known_chips import find_chip
from .layering import layer_use, levels_of
from .packing import TYPES, four_weights, pack

State = Literal["fits", "exceeds", "not public", "no limit"]


@dataclass(frozen=True)
class FitLine:
    """One limit of a chip and what a network takes of it.

    Args:
        quantity: Its name in :data:`logic.chips.chip.QUANTITIES`.
        used: What the network takes; None if it is nothing that can be told, as a depth with loops.
        limit: The chip's; None without one that is public.
        state: ``fits``, ``exceeds``, ``not public`` or ``no limit``.
        source: Where the limit was read, and when.
        note: What the number does not say.
    """

    quantity: str
    used: int | None
    limit: int | None
    state: State
    source: str = ""
    note: str = ""

    def __str__(self) -> str:
        limit = f" of {self.limit:,}" if self.limit is not None else ""
        used = "-" if self.used is None else f"{self.used:,}"
        text = f"{QUANTITIES[self.quantity]}: {used}{limit}, {self.state}"
        return text + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True)
class FitReport:
    """What a network takes of a chip.

    Args:
        chip: Its name.
        title: As people call it.
        lines: One for each quantity.
        fits: True if all limits are public and kept, False if one is exceeded, None if some are not public.
        binding: The quantity whose limit comes first: the most exceeded one, or the fullest.
        proposal: The smallest change that would fit, or why none was found; empty if none is needed.
        notes: Of the chip.
    """

    chip: str
    title: str
    lines: tuple[FitLine, ...]
    fits: bool | None
    binding: str
    proposal: str
    notes: tuple[str, ...]

    def line(self, quantity: str) -> FitLine:
        """The line of a quantity.

        Raises:
            KeyError: if there is none.
        """
        for line in self.lines:
            if line.quantity == quantity:
                return line
        raise KeyError(quantity)

    @property
    def exceeded(self) -> tuple[str, ...]:
        """The quantities whose limits are exceeded."""
        return tuple(line.quantity for line in self.lines if line.state == "exceeds")

    def __str__(self) -> str:
        word = {True: "fits", False: "does not fit", None: "keeps all limits that are public"}[self.fits]
        lines = [f"{self.title}: {word}", *(f"  {line}" for line in self.lines)]
        if self.binding:
            lines.append(f"binding: {self.line(self.binding)}")
        lines += [f"would fit: {self.proposal}"] if self.proposal else []
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def fit_chip(network: SpikingNetwork, chip: Chip | str, steps: int | None = None) -> FitReport:
    """Whether a network fits on a chip.

    Membranes are the worst case over all inputs, proved by intervals; if one can run away, for a number of steps.

    Args:
        network: Any.
        chip: One of :data:`logic.chips.known_chips.CHIPS`, or its name.
        steps: For which membranes must be right that can run away; those of one wave from a reset if left out.

    Raises:
        NetworkError: if the chip is unknown.

    Example:
        >>> from logic import compile_circuit, parse_circuit
        >>> report = fit_chip(compile_circuit(parse_circuit("y = a ^ b", "eqn")), "loihi1")
        >>> report.fits, report.line("neurons").used, report.line("cores").used
        (True, 4, 1)
    """
    check_network(network)
    chip = find_chip(chip) if isinstance(chip, str) else chip
    report = measure(network, TargetNetwork.of(network), chip, steps)
    if report.fits is False:
        from .proposals import with_changes

        return with_changes(report, network, chip, steps)
    return report


def measure(network: SpikingNetwork, flat: TargetNetwork, chip: Chip, steps: int | None = None) -> FitReport:
    """The report of a network in a form to which passes may have been applied, without a proposal."""
    used, notes = _used(network, flat, chip, steps)
    lines = tuple(
        _line(quantity, used[quantity], chip.limits.get(quantity), notes.get(quantity, ""))
        for quantity in QUANTITIES
        if quantity in used
    )
    states = {line.state for line in lines}
    fits = False if "exceeds" in states else None if "not public" in states else True
    bounded = [line for line in lines if line.limit is not None and line.used is not None]
    fullest = max(bounded, key=_share, default=None)
    binding = fullest.quantity if fullest is not None and fullest.used else ""
    return FitReport(chip.name, chip.title, lines, fits, binding, "", chip.notes)


def _share(line: FitLine) -> float:
    """How much of a limit is taken; a limit of 0 is taken endlessly as soon as it is, and a bit doubles."""
    if not line.limit:
        return float("inf") if line.used else 0.0
    used = line.used or 0
    return 2.0 ** (used - line.limit) if line.quantity.endswith("_bits") else used / line.limit


def _line(quantity: str, used: int | None, limit: Limit | None, note: str) -> FitLine:
    if limit is None:
        return FitLine(quantity, used, None, "no limit", note=note)
    source = f"{limit.source} ({limit.date})"
    if limit.value is None or used is None:
        return FitLine(quantity, used, limit.value, "not public" if limit.value is None else "no limit", source, note)
    return FitLine(quantity, used, limit.value, "fits" if used <= limit.value else "exceeds", source, note)


def _used(
    network: SpikingNetwork, flat: TargetNetwork, chip: Chip, steps: int | None
) -> tuple[dict[str, int | None], dict[str, str]]:
    """By quantity what is taken, and what is to be said of it; chip-specific ones only where the chip has a limit."""
    notes: dict[str, str] = {}
    biased = (flat.bias != 0) | (flat.threshold <= 0)
    if chip.raises:
        flat = thresholds_raised(flat, 1)
    largest = int(np.abs(flat.weight).max(initial=0)) * chip.scale
    split = flat
    if (most := chip.most("largest_weight")) is not None and chip.splits and largest > most:
        split = weights_split(flat, most // chip.scale)
        over = int((np.abs(flat.weight) * chip.scale > most).sum())
        notes["largest_weight"] = f"{over:,} synapses split into {len(split.weight) - len(flat.weight) + over:,}"
        notes["largest_weight"] += f", the largest weight was {largest:,}"
        largest = int(np.abs(split.weight).max(initial=0)) * chip.scale
    ins = np.bincount(split.post, minlength=max(1, flat.neurons))
    outs = np.bincount(split.pre, minlength=max(1, flat.inputs + flat.neurons))
    levels = levels_of(flat)
    membrane_bits, notes["membrane_bits"] = _membrane_bits(network, chip, largest, steps)
    greatest = int(np.abs(flat.threshold).max(initial=0)) * chip.scale - (chip.scale > 1)  # above it, not at it
    used: dict[str, int | None] = {
        "neurons": flat.neurons,
        "synapses": len(split.weight),
        "fan_in": int(ins.max()),
        "fan_out": int(outs.max()),
        "weights_per_neuron": None,
        "largest_weight": largest,
        "threshold_bits": max(0, greatest).bit_length(),
        "membrane_bits": membrane_bits,
        "longest_delay": int(flat.delay.max(initial=0)),
        "bias_neurons": int(biased.sum()),
        "inputs": flat.inputs,
        "outputs": len(network.outputs),
        "depth": None if levels is None else max(levels, default=0),
        "period": max(network.period, fading_period(flat)) if chip.fades else network.period,
        "forgetting_neurons": int((~flat.retain).sum()),
        "retaining_neurons": int(flat.retain.sum()),
    }
    used["weights_per_neuron"], notes["weights_per_neuron"] = _weights_per_neuron(flat, chip.packing == "crossbar")
    if levels is None:
        notes["depth"] = "there are loops"
    if chip.packing == "layers":
        used |= layer_use(flat)
    else:
        placed = pack(split, chip)
        used |= {"cores": placed.cores, **placed.most}
        if placed.copied:
            used["neurons"] = placed.neurons
            notes["neurons"] = f"{placed.copied:,} of them copies, each for a further axon"
        if placed.repeated:
            notes["in_axons"] = f"{placed.repeated:,} axons repeat a source with another type or delay"
    if "reached_neurons" in chip.limits:
        first = set(flat.post[flat.pre < flat.inputs].tolist())
        used["reached_neurons"] = max(len(first), len(set(network.outputs.tolist())))
    if "doubly_driven_neurons" in chip.limits:
        used["doubly_driven_neurons"], notes["doubly_driven_neurons"] = doubly_driven(network)
    return used, notes


def _weights_per_neuron(flat: TargetNetwork, crossbar: bool) -> tuple[int, str]:
    """The most different weights that one neuron hears; on a crossbar, of those that are no sums of four."""
    pairs = np.unique(np.stack([flat.post, flat.weight], axis=1), axis=0)
    bounds = np.searchsorted(pairs[:, 0], np.arange(flat.neurons + 1)).tolist()
    most, summed = 0, 0
    for begin, end in pairwise(bounds):
        count = end - begin
        if crossbar and count > TYPES and four_weights(tuple(pairs[begin:end, 1].tolist())) is not None:
            count, summed = TYPES, summed + 1
        most = max(most, count)
    return most, f"{summed:,} neurons hear more, as sums of four" if summed else ""


def _membrane_bits(network: SpikingNetwork, chip: Chip, largest: int, steps: int | None) -> tuple[int, str]:
    """Signed bits of the largest membrane on the chip's scale, worst case over all inputs, and for how long."""
    bounds, note = membrane_bounds(network), "for all inputs at all times"
    if not bounds.bounded.all():
        steps = network.latency + 1 if steps is None else steps
        bounds, note = membrane_bounds(network, steps), f"for all inputs, {steps:,} steps from a reset"
    factor = chip.scale << chip.current_bits
    if chip.fades:  # a unit of current gives half of it to the membrane
        factor = max(1, min(64, 126 // max(1, largest) // 2 * 2) // 2)
    low, high = int(bounds.low.min(initial=0)) * factor, int(bounds.high.max(initial=0)) * factor
    return 1 + max(0, high, -1 - low).bit_length(), note
