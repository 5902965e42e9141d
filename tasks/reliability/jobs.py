"""Long commands on small inputs, and what of their results must not depend on when they were stopped."""

import csv
import json
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ADDER_BITS = 24
_MEASURED = re.compile("second|memory")  # keys of what differs from run to run


@dataclass(frozen=True)
class Job:
    """A command of ``neurosym`` that writes files.

    Args:
        name: Short.
        command: Its words; it runs in a folder that holds the inputs.
        again: What is said after an interruption, if that is something else.
        begun: File that must be there for that to be said.
        weight: How often it is chosen, relative to others.
        keeps: Whether it can be started over its own old results.
    """

    name: str
    command: Sequence[str]
    again: Sequence[str] = ()
    begun: str = ""
    weight: float = 1.0
    keeps: bool = True


_TRAIN = ("train", "digits", "--quick", "--epochs", "2", "--output", "model.safetensors")

JOBS: Mapping[str, Job] = {
    job.name: job
    for job in (
        Job("compile-nir", ("compile", "adder.blif", "--output", "adder.nir")),
        Job("compile-v", ("compile", "adder.blif", "--output", "adder.v")),
        Job("compile-aig", ("compile", "adder.blif", "--output", "adder.aig", "--json")),
        Job("verify", ("verify", "small.blif", "--certificate", "small.cnf"), weight=2),
        Job("waveform", ("verify", "small.blif", "wrong.blif", "--waveform", "wave.vcd")),
        Job("simulate", ("simulate", "adder.blif", "--waves", "1000000", "--json")),
        Job("solve", ("solve", "sudoku", "--drawing", "board.svg", "--json"), weight=2),
        Job("learn-gate", ("learn-gate", "0110", "--flip", "0.1", "--json")),
        Job("train", _TRAIN, (*_TRAIN, "--resume"), "model-training/state.safetensors", 2.5, keeps=False),
        Job("addition", ("train", "addition", "--quick", "--epochs", "2", "--output", "addition.safetensors")),
        Job("run", ("run", "--quick", "--epochs", "1", "--output", "run"),
            ("run", "--resume", "run"), "run/plan.json", 0.7, keeps=False),
    )
}  # fmt: skip


def write_inputs(folder: Path) -> None:
    """The netlists that the commands read."""
    (folder / "adder.blif").write_text(_adder(ADDER_BITS))
    (folder / "small.blif").write_text(_adder(4))
    (folder / "wrong.blif").write_text(_adder(4).replace("11- 1\n1-1 1\n", "11- 1\n", 1))


def _adder(bits: int) -> str:
    """A ripple-carry adder as BLIF."""
    inputs = " ".join([*(f"a{i}" for i in range(bits)), *(f"b{i}" for i in range(bits)), "c0"])
    rows = [".model adder", f".inputs {inputs}", f".outputs {' '.join(f's{i}' for i in range(bits))} c{bits}"]
    for i in range(bits):
        rows += [f".names a{i} b{i} c{i} s{i}", "100 1", "010 1", "001 1", "111 1"]
        rows += [f".names a{i} b{i} c{i} c{i + 1}", "11- 1", "1-1 1", "-11 1"]
    return "\n".join([*rows, ".end", ""])


def content(path: Path) -> object:
    """What a file says, wall times aside, so that two runs can be compared.

    Raises:
        ValueError: if the file is cut off.
    """
    data = path.read_bytes()
    return _READERS.get(path.suffix, _plain)(data)


def without_times(text: str) -> object:
    """What a command printed, as JSON or line by line, without what differs: times, memory and bars of progress."""
    try:
        return _timeless(json.loads(text))
    except ValueError:
        return [line.strip() for line in text.splitlines() if not re.search(r"\d s\b|seconds|━━", line)]


def _plain(data: bytes) -> object:
    return data


def _json(data: bytes) -> object:
    return _timeless(json.loads(data))


def _timeless(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _timeless(value) for key, value in found.items() if not _MEASURED.search(key)}
    return [_timeless(value) for value in found] if isinstance(found, list) else found


def _table(data: bytes) -> object:
    return [{key: row[key] for key in row if key != "seconds"} for row in csv.DictReader(data.decode().splitlines())]


def _tensors(data: bytes) -> object:
    """Tensors as bytes, and the header, whose settings are JSON within JSON."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    if len(data) != 8 + length + max(ends):
        raise ValueError("the tensors are cut off")
    settings = {key: _json(value.encode()) for key, value in header.pop("__metadata__", {}).items()}
    return settings, header, data[8 + length :]


def _page(data: bytes) -> object:
    """Pages show wall times, so only their end is looked at."""
    if not data.rstrip().endswith(b"</html>"):
        raise ValueError("the page is cut off")
    return None


def _events(data: bytes) -> object:
    """Only that the last record is whole: length, its checksum, data and their checksum."""
    place = 0
    while place < len(data):
        place += 16 + int.from_bytes(data[place : place + 8], "little")
    if place != len(data):
        raise ValueError("the events are cut off")
    return None


_READERS: Mapping[str, Callable[[bytes], object]] = {
    ".json": _json, ".csv": _table, ".safetensors": _tensors, ".html": _page, ".neurosym": _events,
}  # fmt: skip
