"""Circuits of a hundred thousand to two million gates on the command line: CPU seconds and peak memory of each command.

Run ``python -m tasks.circuits.scale.large_circuits`` with ``NEUROSYM_DATA`` naming the folder that holds ``circuits``.
Copies of EPFL's ``hyp`` (214,335 ANDs, 24,801 levels) stand side by side in one AIGER file. Each command is a process
of its own, measured with its children; exit status 1 if a network is not proved, or a million gates in dual rail take
more than 2 GB or 10 s.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from logic import Circuit
from logic.formats import read_circuit, write_circuit
from neurosym.terminal import say, say_rows

MOST_SECONDS, MOST_GIGABYTES = 10.0, 2.0  # for a million ANDs, read, compiled in dual rail and proved
_MILLION = 1_200_000  # ANDs up to which this is asked


class Cost(NamedTuple):
    """What a command took: seconds of CPU and of the clock, its peak in GB (10^9 bytes), and what it said."""

    cpu: float
    wall: float
    gigabytes: float
    answer: dict[str, object]


def side_by_side(circuit: Circuit, copies: int) -> Circuit:
    """Copies of a circuit without registers, each over inputs of its own."""
    count, gates, names = len(circuit.inputs), len(circuit.kinds), range(copies)
    first = 1 + copies * count

    def placed(
        literals: np.ndarray[tuple[int, ...], np.dtype[np.int64]], copy: int
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        wire = literals >> 1
        own = np.where(wire > count, first + copy * gates + wire - 1 - count, wire + copy * count)
        return 2 * np.where(wire == 0, 0, own) + (literals & 1)

    return Circuit(
        inputs=tuple(f"{name}.{copy}" for copy in names for name in circuit.inputs),
        kinds=np.tile(circuit.kinds, copies),
        offsets=np.concatenate([[0], np.cumsum(np.tile(np.diff(circuit.offsets), copies))]),
        literals=np.concatenate([placed(circuit.literals, copy) for copy in names]),
        outputs=np.concatenate([placed(circuit.outputs, copy) for copy in names]),
        output_names=tuple(f"{name}.{copy}" for copy in names for name in circuit.output_names),
    )


def cost(arguments: Sequence[str]) -> Cost:
    """What ``neurosym`` takes for these arguments; its answer is JSON."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "neurosym", *arguments, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        text = b"" if process.stdout is None else process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    answer: dict[str, object] = json.loads(text) if text else {"verdict": f"exit code {process.returncode}"}
    wall = time.perf_counter() - start
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024 / 1e9, answer)


def main() -> int:
    """Prints the table; 0 if all was proved within bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 5, 10], help="of hyp, side by side")
    parser.add_argument(
        "--mappings", nargs="+", default=["dual-rail", "majority", "logicsnn", "single-rail", "fail-silent"]
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    data = os.environ.get("NEUROSYM_DATA")
    if not data:
        say("Set NEUROSYM_DATA to the folder that holds 'circuits'.")
        return 2
    source = read_circuit(Path(data) / "circuits" / "epfl" / "arithmetic" / "hyp.aig")
    rows: list[dict[str, object]] = []
    wrong = 0
    with TemporaryDirectory() as folder:
        for copies in given.copies:
            file = Path(folder) / f"hyp-{copies}.aig"
            write_circuit(side_by_side(source, copies), file)
            ands = copies * len(source.kinds)
            cost(["compile", str(file)])  # whose kernels are compiled before the clock starts
            commands = [["compile", str(file)], ["verify", str(file), str(file), "--mapping", given.mappings[0]]]
            commands += [["verify", str(file), "--mapping", mapping] for mapping in given.mappings]
            for command in commands:
                found = cost(command)
                verdict = found.answer.get("verdict", "compiled")
                wrong += verdict not in ("compiled", "PROVED")
                if command == ["verify", str(file), "--mapping", "dual-rail"] and ands <= _MILLION:
                    wrong += found.cpu > MOST_SECONDS or found.gigabytes > MOST_GIGABYTES
                words = " ".join(command).replace(str(file), file.name)
                rows.append(
                    {
                        "ANDs": ands,
                        "command": f"neurosym {words}",
                        "CPU s": round(found.cpu, 2),
                        "wall s": round(found.wall, 2),
                        "peak GB": round(found.gigabytes, 2),
                        "verdict": verdict,
                    }
                )
    say_rows(rows, given.json)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
