"""The file beside a NIR file: what NIR cannot carry, written and read with every type and range looked at."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..errors import NetworkError
from ..network import INPUT, MOST_HALVINGS, RESETS, Population, SpikingNetwork
from ..rails import Line, lines_of_names

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_FORMAT = "neurosym spiking network 2"
_NAMES_ONLY = "neurosym spiking network 1"  # wrote rails as endings of names
_MOST_BYTES = 2**28  # of the file
_MOST_LINES = 2**26  # of an input
_MOST_STEPS = 10**6  # until an answer
_MOST_GOLDEN = 2**28  # steps x samples x lines


@dataclass(frozen=True, eq=False)
class Notes:
    """What the file holds, after a look at it.

    Args:
        profile: Of the NIR file.
        input_shape: Of the network's input.
        populations: In the order in which data flows.
        outputs: Neurons that answer.
        output_lines: Their lines.
        latencies: Steps until they answer.
        input_lines: Lines of the input.
        golden: Input spikes and the answers they cause, or none.
        period: Steps from wave to wave; files of before do not say it, and had 1.
        sha256: Digest of the NIR file, or ``""`` in files of before.
        synapses: Rows ``pre, post, weight, delay`` over inputs and neurons where the file holds a loop; else none.
    """

    profile: str
    input_shape: tuple[int, ...]
    populations: tuple[Population, ...]
    outputs: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    output_lines: tuple[Line, ...]
    latencies: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    input_lines: tuple[Line, ...]
    golden: Golden | None
    period: int = 1
    sha256: str = ""
    synapses: np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None = None


@dataclass(frozen=True)
class Golden:
    """An example input with its answers, each spike a ``(step, sample, line)``; answers count outputs from 0.

    Args:
        samples: How many inputs.
        steps: How many were run.
        given: Spikes of the input.
        answers: Spikes of the outputs.
    """

    samples: int
    steps: int
    given: frozenset[tuple[int, int, int]]
    answers: frozenset[tuple[int, int, int]]


def names_file(path: str | Path) -> Path:
    """The second file that belongs to a NIR file.

    Example:
        >>> names_file("adder.nir").name
        'adder.json'
    """
    return Path(path).with_suffix(".json")


def digest(path: Path) -> str:
    """The SHA-256 of a file: HDF5 may crash on a damaged one, so nothing of it is read before this agrees."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def to_notes(network: SpikingNetwork, profile: str, time_step: float, chain: bool = True) -> dict[str, Any]:
    """What is kept beside the NIR file of a network, as JSON can say it.

    Args:
        network: As it is written.
        profile: Of the NIR file.
        time_step: Of the NIR file, in seconds.
        chain: Whether the file holds a layer for each population; if not, the synapses stand here too.
    """
    flat = None if chain else network.flatten()
    ends = None if flat is None else [column.tolist() for column in (flat.pre, flat.post, flat.weight, flat.delay)]
    return {
        "format": _FORMAT,
        "profile": profile,
        "time_step_seconds": time_step,
        "input_shape": network.input_shape,
        "input_lines": network.input_lines,
        "output_lines": network.output_lines,
        "outputs": network.outputs.tolist(),
        "latencies": network.latencies.tolist(),
        "period": network.period,
        "layers_of_delay": {population.name: 1 + i if chain else 0 for i, population in enumerate(network.populations)},
        "synapses": ends,
        "populations": [
            {
                "name": p.name,
                "shape": p.shape,
                "retain": p.retain,
                "leak": p.leak,
                "reset": p.reset,
                "threshold": p.threshold.tolist(),
                "bias": p.bias.tolist(),
                "initial": p.initial.tolist(),
            }
            for p in network.populations
        ],
    }


def golden_spikes(
    network: SpikingNetwork, spikes: Tensor | NDArray[np.bool_], steps: int | None = None
) -> dict[str, Any]:
    """An input and its answers as lists of ``[step, sample, line]``, one a spike; answers count outputs from 0.

    Arrays are answered bit by bit, without torch, which takes longer to load than most circuits take to compile.
    """
    steps = steps or max(network.latency, len(spikes) + len(network.populations)) + 1
    if isinstance(spikes, np.ndarray):
        from ..simulation.bit_simulator import simulate_bits

        given = spikes.reshape(*spikes.shape[:2], -1)
        sent = np.argwhere(given)
        answers = np.argwhere(simulate_bits(network, given, steps, lines=network.outputs))
    else:
        sent, answers = spikes.flatten(2).bool().nonzero(), answer_trains(network, spikes, steps).nonzero()
    return {"samples": spikes.shape[1], "steps": steps, "input": sent.tolist(), "answers": answers.tolist()}


def answer_trains(network: SpikingNetwork, spikes: Tensor, steps: int) -> Tensor:
    """Spikes ``[steps, B, O]`` of the lines that answer, wherever in the network they are."""
    import torch

    from ..simulation.simulator import simulate

    sizes = [math.prod(network.input_shape), *(population.size for population in network.populations)]
    names = [INPUT, *(population.name for population in network.populations)]
    starts = np.cumsum([0, *sizes])
    home = np.searchsorted(starts, network.outputs, side="right") - 1
    asked = sorted(set(home.tolist()))
    trains = simulate(network, spikes, steps, record=[names[place] for place in asked])
    fired = torch.zeros(steps, spikes.shape[1], len(network.outputs), dtype=torch.bool)
    for place in asked:
        fired[:, :, home == place] = trains[names[place]].flatten(2)[
            :, :, network.outputs[home == place] - starts[place]
        ]
    return fired


def read_notes(path: Path) -> Notes:
    """What the file beside a NIR file holds.

    Args:
        path: The NIR file.

    Raises:
        NetworkError: if the file beside it is missing, too large, damaged or not ours; it names the entry.
    """
    file = names_file(path)
    try:
        if (size := file.stat().st_size) > _MOST_BYTES:
            raise NetworkError(f"{file}: has {size:,} bytes, above {_MOST_BYTES:,}; it is no file of ours")
        notes = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise NetworkError(
            f"{file}: cannot be read ({error.strerror or error}); both .nir and .json are needed"
        ) from None
    except (ValueError, RecursionError) as error:
        raise NetworkError(f"{file}: is damaged ({error}); write both files again") from None
    return check_notes(notes, file)


def check_notes(notes: object, file: Path) -> Notes:
    """What was read as JSON, with every type and range looked at; other targets may keep it in their own files.

    Args:
        notes: As :func:`to_notes` made it.
        file: Where it was read, for messages.

    Raises:
        NetworkError: if it is damaged or not ours; it names the file and the entry.
    """
    if not isinstance(notes, dict) or cast("dict[str, Any]", notes).get("format") not in (_FORMAT, _NAMES_ONLY):
        raise NetworkError(f"{file}: not a '{_FORMAT}' file")
    try:
        return _checked(cast("dict[str, Any]", notes))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise NetworkError(f"{file}: is damaged ({reason}); write it again") from None


def _checked(notes: Mapping[str, Any]) -> Notes:
    shape = tuple(_whole(side, "input_shape", 1, _MOST_LINES) for side in _list(notes["input_shape"], "input_shape"))
    if not shape or math.prod(shape) > _MOST_LINES:
        raise ValueError(f"input_shape is {list(shape)}, expected 1 to {_MOST_LINES:,} lines")
    populations = tuple(_population(row) for row in _list(notes["populations"], "populations"))
    if not populations:
        raise ValueError("there are no populations")
    outputs = _integers(notes["outputs"], "outputs", 0, 2**62)
    golden = notes.get("golden")
    return Notes(
        profile=_text(notes["profile"], "profile"),
        input_shape=shape,
        populations=populations,
        outputs=outputs,
        output_lines=_lines(notes, "output"),
        latencies=_integers(notes["latencies"], "latencies", 0, _MOST_STEPS),
        input_lines=_lines(notes, "input"),
        golden=None if golden is None else _golden(golden, math.prod(shape), len(outputs)),
        period=_whole(notes.get("period", 1), "period", 1, _MOST_STEPS),
        sha256=_text(notes.get("sha256", ""), "sha256"),
        synapses=None if notes.get("synapses") is None else _synapses(notes["synapses"], shape, populations),
    )


def _population(row: Any) -> Population:
    name = _text(row["name"], "name")
    shape = tuple(_whole(side, "shape", 1, _MOST_LINES) for side in _list(row["shape"], "shape"))
    numbers = {key: _integers(row[key], key, -(2**62), 2**62) for key in ("threshold", "bias", "initial")}
    for key, found in numbers.items():
        if len(found) != math.prod(shape):  # nothing of the shape's size is made before
            raise ValueError(f"'{name}' has {math.prod(shape)} neurons and {len(found)} entries in {key}")
    if not isinstance(row["retain"], bool):
        raise TypeError(f"retain of '{name}' is {row['retain']!r}, expected true or false")
    reset = _text(row.get("reset", "zero"), "reset")  # files of before had neither leak nor another reset
    if reset not in RESETS:
        raise ValueError(f"reset of '{name}' is {reset!r}, expected one of {list(RESETS)}")
    return Population(
        name,
        shape,
        numbers["threshold"],
        retain=row["retain"],
        leak=_whole(row.get("leak", 0), "leak", 0, MOST_HALVINGS),
        reset=reset,
        bias=numbers["bias"],
        initial=numbers["initial"],
    )


def _synapses(
    columns: Any, shape: tuple[int, ...], populations: tuple[Population, ...]
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    neurons = sum(population.size for population in populations)
    ranges = ((0, math.prod(shape) + neurons - 1), (0, neurons - 1), (-(2**62), 2**62), (1, _MOST_STEPS))
    pre, post, weight, delay = _list(columns, "synapses")
    return np.stack(
        [_integers(row, "synapses", *ends) for row, ends in zip((pre, post, weight, delay), ranges, strict=True)]
    )


def _golden(golden: Any, lines: int, outputs: int) -> Golden:
    samples = _whole(golden["samples"], "samples", 1, _MOST_GOLDEN)
    steps = _whole(golden["steps"], "steps", 1, _MOST_STEPS)
    if steps * samples * lines > _MOST_GOLDEN:
        raise ValueError(f"golden spikes of {steps} steps, {samples} samples and {lines} lines are too many")

    def spikes(rows: Any, width: int) -> frozenset[tuple[int, int, int]]:
        found: set[tuple[int, int, int]] = set()
        for row in _list(rows, "golden spikes"):
            step, sample, line = _list(row, "golden spikes")
            found.add(
                (
                    _whole(step, "step", 0, steps - 1),
                    _whole(sample, "sample", 0, samples - 1),
                    _whole(line, "line", 0, width - 1),
                )
            )
        return frozenset(found)

    return Golden(samples, steps, spikes(golden["input"], lines), spikes(golden["answers"], outputs))


def _lines(notes: Mapping[str, Any], which: str) -> tuple[Line, ...]:
    """Lines as pairs of a signal and its rail (or null), or as the names of format 1."""
    if notes["format"] == _NAMES_ONLY:
        return lines_of_names([_text(name, f"{which}_names") for name in _list(notes[f"{which}_names"], which)])
    pairs = (_list(pair, f"{which}_lines") for pair in _list(notes[f"{which}_lines"], f"{which}_lines"))
    return tuple(
        Line(_text(signal, which), None if rail is None else _whole(rail, "rail", 0, 1)) for signal, rail in pairs
    )


def _integers(values: Any, what: str, least: int, most: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array([_whole(value, what, least, most) for value in _list(values, what)], dtype=np.int64)


def _whole(value: Any, what: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{what} holds {str(value)[:40]}, expected a whole number from {least} to {most}")
    return value


def _of(kind: type, name: str) -> Callable[[Any, str], Any]:
    def check(value: Any, what: str) -> Any:
        if not isinstance(value, kind):
            raise TypeError(f"{what} holds {str(value)[:40]}, expected {name}")
        return value

    return check


_text: Callable[[Any, str], str] = _of(str, "a text")
_list: Callable[[Any, str], list[Any]] = _of(list, "a list")
