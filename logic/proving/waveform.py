"""A counterexample to watch: value change dumps for waveform viewers such as GTKWave, and points for a raster."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..checking.witness import Witness
from ..circuit import Circuit
from ..errors import NetworkError
from ..evaluation import from_words, run, to_words
from ..network import SpikingNetwork
from ..simulation.reference import simulate_reference
from ..writing import whole_file
from .streams import Stream, expected_answers, input_spikes

Bits = NDArray[np.bool_]
_PRINTABLE = range(33, 127)  # characters of an identifier code, IEEE 1364-2005, 18.2.1


def trains_of(network: SpikingNetwork, circuit: Circuit, stream: Stream) -> tuple[tuple[str, ...], Bits]:
    """Names of lines, and their spikes ``[steps, lines]`` until the last wave is answered.

    Inputs (``in.``), what the outputs do (``out.``), what they should do at the step at which they answer a wave
    (``expected.``), and whether they do something else then (``wrong.``).
    """
    spikes = input_spikes(network, circuit, stream.values)
    steps = len(spikes) + network.latency
    trains = simulate_reference(network, spikes, steps)
    when = np.arange(len(stream.values))[:, None] * network.period + network.latencies
    each = np.arange(len(network.outputs))
    answers = expected_answers(network, circuit, stream.values[:, None])[:, 0]
    expected, wrong = np.zeros((2, steps, len(each)), np.bool_)
    expected[when, each] = answers
    wrong[when, each] = answers != trains[when, network.outputs]
    names = [f"in.{line}" for line in network.input_lines]
    names += [f"{scope}.{line}" for scope in ("out", "expected", "wrong") for line in network.output_lines]
    shown = [trains[:, : spikes.shape[1]], trains[:, network.outputs], expected, wrong]
    return _distinct(tuple(names)), np.concatenate(shown, axis=1)


def signals_of(circuit: Circuit, witness: Witness) -> tuple[tuple[str, ...], Bits]:
    r"""Names of a circuit's signals, and their values ``[clocks, signals]`` while a witness runs.

    Inputs (``in.``), registers (``state.``) and outputs (``out.``), of which properties and constraints are some.

    Example:
        >>> from logic import parse_circuit
        >>> toggles = parse_circuit("aag 1 0 1 0 0 1\n2 3 0\n2\nl0 q\nb0 high\n", "aag")
        >>> names, values = signals_of(toggles, Witness("b0", (0,), ((), ())))
        >>> names, values.astype(int).tolist()
        (('state.q', 'out.high'), [[0, 0], [1, 1]])
    """
    states = 2 * np.arange(1 + len(circuit.inputs), circuit.first_gate)
    shown = replace(
        circuit,
        outputs=np.concatenate([states, circuit.outputs]),
        output_names=tuple(f"{at}" for at in range(len(states) + len(circuit.outputs))),
        roles=(),
        justice=(),
        dont_cares=None,
    )
    inputs = np.array(witness.inputs, np.bool_).reshape(len(witness.inputs), len(circuit.inputs))
    words = np.stack([to_words(row[None]) for row in inputs])
    found = run(shown, words, to_words(np.array([witness.state], np.bool_)))
    values = np.stack([from_words(row, 1)[0] for row in found])
    names = [f"in.{name}" for name in circuit.inputs]
    names += [f"state.{name}" for name in circuit.register_names] + [f"out.{name}" for name in circuit.output_names]
    return _distinct(tuple(names)), np.concatenate([inputs, values], axis=1)


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names that a waveform can hold, a later one that reads like an earlier one with primes (rails, and signals)."""
    taken: dict[str, None] = {}
    for name in (re.sub(r"[^!-~]", "_", name) for name in names):
        while name in taken:
            name += "'"
        taken[name] = None
    return tuple(taken)


def raster_points(trains: Bits) -> NDArray[np.int64]:
    """The spikes ``[K, 2]`` as pairs of a step and a line, for a scatter plot."""
    return np.argwhere(trains)


def waveform(names: Sequence[str], trains: Bits) -> str:
    """A value change dump (IEEE 1364-2005, clause 18) of one-bit signals, one time unit a step.

    A dot in a name separates scopes, as in ``in.a=1``.

    Args:
        names: One a line, printable and without spaces.
        trains: ``[steps, lines]``.

    Raises:
        NetworkError: if names and lines differ in number, or a name cannot be written.
    """
    if trains.ndim != 2 or trains.shape[1] != len(names):
        raise NetworkError(f"{len(names)} names for spikes of shape {trains.shape}; give [steps, {len(names)}]")
    for name in names:
        if not name.isascii() or not name.isprintable() or " " in name or not name:
            raise NetworkError(f"line {name!r} cannot be written to a waveform; use printable characters, no spaces")
    scopes: dict[str, list[int]] = {}
    for line, name in enumerate(names):
        scopes.setdefault(name.partition(".")[0] if "." in name else "lines", []).append(line)
    rows = ["$timescale 1 us $end"]
    for scope, lines in scopes.items():
        rows.append(f"$scope module {scope} $end")
        rows += [f"$var wire 1 {_code(line)} {names[line].removeprefix(scope + '.')} $end" for line in lines]
        rows.append("$upscope $end")
    rows += ["$enddefinitions $end"]
    before = np.ones(len(names), np.int8) * -1
    for step, values in enumerate(trains.astype(np.int8)):
        changed = np.flatnonzero(values != before)
        if len(changed):
            rows += [f"#{step}", *(f"{values[line]}{_code(line)}" for line in changed.tolist())]
        before = values
    return "\n".join([*rows, f"#{len(trains)}", ""])


def write_waveform(path: Path, names: Sequence[str], trains: Bits) -> None:
    """Writes :func:`waveform` to a file, whole or not at all."""
    with whole_file(path) as file:
        file.write_text(waveform(names, trains), encoding="ascii")


def _code(line: int) -> str:
    """A short identifier: the number in the base of the printable characters."""
    text = ""
    while True:
        line, digit = divmod(line, len(_PRINTABLE))
        text = chr(_PRINTABLE[digit]) + text
        if not line:
            return text
        line -= 1
