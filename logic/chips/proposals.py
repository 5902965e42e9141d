"""The smallest change with which a network would fit on a chip: every proposal has been tried and measured."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..circuit import Circuit
from ..deployment import TargetNetwork, fan_in_split, fan_out_split, with_relays
from ..errors import CircuitError, NetworkError
from ..mapping.compiler import MAPPINGS, compile_circuit
from ..network import SpikingNetwork
from .chip import QUANTITIES, Chip
from .fitting import FitReport, measure
from .known_chips import find_chip

_PASSES: tuple[tuple[str, str, Callable[[TargetNetwork, int], TargetNetwork]], ...] = (
    ("longest_delay", "relays for delays above {}", with_relays),
    ("fan_in", "partial sums for fan-in above {}", fan_in_split),
    ("fan_out", "copies for fan-out above {}", fan_out_split),
)
_NOTHING = "nothing found"


def with_changes(report: FitReport, network: SpikingNetwork, chip: Chip, steps: int | None) -> FitReport:
    """A report with a proposal: the passes that its exceeded limits ask for, applied and measured again."""
    flat, told = TargetNetwork.of(network), list[str]()
    last = report
    for quantity, words, change in _PASSES:
        limit = chip.most(quantity)
        if limit is None or quantity not in last.exceeded:
            continue
        try:
            flat = change(flat, limit)
        except NetworkError as error:
            return replace(report, proposal=f"{_NOTHING}: {error}")
        told.append(words.format(limit))
        last = measure(network, flat, chip, steps)
    if last.fits is not False:
        return replace(report, proposal=f"{' and '.join(told)} ({_size(last)})")
    left = ", ".join(f"{QUANTITIES[name]} {_gap(last, name)}" for name in last.exceeded)
    after = f" even with {' and '.join(told)}" if told else ""
    return replace(report, proposal=f"{_NOTHING} for this network{after}; still too large: {left}")


def _size(report: FitReport) -> str:
    neurons, cores = report.line("neurons").used or 0, report.line("cores").used or 0
    return f"{neurons:,} neuron{'s' * (neurons != 1)} on {cores:,} core{'s' * (cores != 1)}"


def _gap(report: FitReport, quantity: str) -> str:
    line = report.line(quantity)
    return f"{line.used:,} of {line.limit:,}"


def fit_circuit(
    circuit: Circuit,
    chip: Chip | str,
    mapping: str = "dual-rail",
    *,
    max_delay: int | None = None,
    steps: int | None = None,
) -> FitReport:
    """Whether the network of a circuit fits on a chip; if not, the nearest way of compiling it that does is proposed.

    First delays as short as the chip's are tried in the same mapping, then other mappings, the smallest network first.

    Args:
        circuit: What to compile.
        chip: One of the table, or its name.
        mapping: As for :func:`logic.compile_circuit`.
        max_delay: Likewise.
        steps: As for :func:`logic.chips.fit_chip`.

    Raises:
        NetworkError: if the chip is unknown.
        CircuitError: if the mapping is unknown or cannot express the circuit.

    Example:
        >>> from logic import parse_circuit
        >>> report = fit_circuit(parse_circuit("y = a & b", "eqn"), "xylo", "dual-rail")
        >>> report.fits, report.proposal
        (False, '--mapping positive --max-delay 1 (1 neuron on 1 core)')
    """
    from .fitting import fit_chip

    chip = find_chip(chip) if isinstance(chip, str) else chip
    report = fit_chip(compile_circuit(circuit, mapping, max_delay=max_delay), chip, steps)
    if report.fits is not False:
        return report
    for told, network in _variants(circuit, chip, mapping):
        found = measure(network, TargetNetwork.of(network), chip, steps)
        if found.fits is not False:
            return replace(report, proposal=f"{told} ({_size(found)})")
    if report.proposal.startswith(_NOTHING):
        return replace(report, proposal=f"{report.proposal}; no other mapping fits")
    return report


def _variants(circuit: Circuit, chip: Chip, mapping: str) -> Iterator[tuple[str, SpikingNetwork]]:
    """Other ways of compiling, in words and as networks: the same mapping first, then the others by size."""
    longest = chip.most("longest_delay")
    delay = f" --max-delay {longest}" if longest is not None else ""
    others: list[tuple[int, str, SpikingNetwork]] = []
    for other in MAPPINGS:
        try:
            network = compile_circuit(circuit, other, max_delay=longest)
        except (CircuitError, NetworkError):
            continue
        told = f"--mapping {other}{delay}"
        if other == mapping:
            yield told, network
        else:
            others.append((network.neurons, told, network))
    for _, told, network in sorted(others, key=lambda row: row[:2]):
        yield told, network
