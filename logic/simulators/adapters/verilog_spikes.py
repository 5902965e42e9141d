"""Runs a network as Verilog in Icarus: design and testbench are given as texts, the spikes are what it prints."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from exchange import Task, finish


def call(folder: Path, *command: str) -> str:
    """What a program prints."""
    if shutil.which(command[0]) is None:
        raise SystemExit(f"{command[0]} is not installed; install it (Debian, Ubuntu: apt install iverilog)")
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def inputs(task: Task) -> list[str]:
    """The rows of the input file."""
    spikes = np.zeros((task.steps, task.samples, task.inputs), bool)
    spikes[: len(task.spikes)] = task.spikes[: task.steps]
    if task.text("form") == "registers":
        rows = spikes.transpose(1, 0, 2)[..., ::-1].reshape(task.steps * task.samples, task.inputs)
        return ["".join(map(str, row)) or "0" for row in rows.astype(int).tolist()]
    lines: list[str] = []
    for sample in range(task.samples):
        lines.append("fffffffe")
        for row in spikes[:, sample]:
            lines += [*(f"{line:08x}" for line in np.flatnonzero(row)), "ffffffff"]
    return lines


def run(task: Task, folder: Path) -> np.ndarray:
    """Spikes ``[steps, samples, neurons]``, one sample after the other."""
    for name in task.text("files").split():
        (folder / name).write_text(task.text(name))
    rows = inputs(task)
    (folder / "network_input.mem").write_text("\n".join(rows) + "\n")
    macros = [f"-DSTEPS={task.steps}", f"-DSAMPLES={task.samples}", f"-DROWS={len(rows)}"]
    call(folder, "iverilog", "-g2001", *macros, "-o", "dump", "network.v", "network_dump.v")
    said = call(folder, "vvp", "-n", "dump").split()
    trains = np.zeros((task.samples * task.steps, task.neurons), np.uint8)
    if task.text("form") == "registers":
        if len(said) != len(trains):
            raise ValueError(f"{len(said)} rows were printed, expected {len(trains)}")
        for row, digits in zip(trains, said, strict=True):
            row[:] = [digit != "0" for digit in reversed(digits)]  # an undefined value is no silence
    else:
        at = 0
        for word in said:
            if word == ".":
                at += 1
            else:
                trains[at, int(word)] += 1
        if at != len(trains):
            raise ValueError(f"{at} steps were printed, expected {len(trains)}")
    return trains.reshape(task.samples, task.steps, task.neurons).transpose(1, 0, 2)


if __name__ == "__main__":
    started, task = time.perf_counter(), Task(sys.argv[1])
    with TemporaryDirectory() as place:
        answer = run(task, Path(place))
        version = call(Path(place), "iverilog", "-V").split("\n")[0].split("version ")[-1].split()[0]
    finish(sys.argv[2], task, answer, version, started)
