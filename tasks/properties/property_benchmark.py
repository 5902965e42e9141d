"""How many safety problems are settled, and how fast, beside ABC's ``pdr`` and ``bmc3`` in the same run.

Run ``python -m tasks.properties.property_benchmark --timeout 60 problems/*.aag``: AIGER files, of which the first
property counts (in files before AIGER 1.9 the first output), and the generated families of ``property_families.py``
besides. Public files: the problems of the hardware model checking competitions (HWMCC). Every engine gets one thread;
CPU seconds are compared, ours without the start of Python. ABC's ``bmc3`` runs where ``pdr`` does not prove it.
"""

import json
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from logic import Circuit, CircuitError, Gate
from logic.checking import prove_property, with_claims
from logic.circuit import Integers
from logic.formats import read_circuit, write_circuit

from .property_families import families

_STRETCHED = 20


@dataclass(frozen=True)
class Answer:
    """What an engine said after how many CPU seconds."""

    said: str
    cpu: float
    how: str = ""


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="AIGER files; their first property counts.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds for each engine and problem.")] = 60,
    abc: Annotated[str, typer.Option(help="The ABC executable.")] = "berkeley-abc",
    generated: Annotated[bool, typer.Option(help="Take the generated families too.")] = True,
) -> None:
    """Print a JSON line a problem and the totals; exit with 1 if engines contradict each other."""
    if shutil.which(abc) is None:
        raise CircuitError(f"{abc} is not installed; it is the rival")
    rows: list[dict[str, Answer]] = []
    for name, circuit in problems(files or [], generated):
        answers = {"neurosym": ours(circuit, timeout)} | rival(abc, circuit, timeout)
        rows.append(answers)
        typer.echo(json.dumps({"problem": name, **{key: asdict(value) for key, value in answers.items()}}))
    typer.echo(json.dumps(totals(rows)))
    raise typer.Exit(1 if contradictions(rows) else 0)


def problems(files: list[Path], generated: bool) -> Iterator[tuple[str, Circuit]]:
    """Circuits whose one property is bad, by name."""
    found = dict(families()) if generated else {}
    yield from found.items()
    for path in files:
        circuit = with_claims(read_circuit(path))
        yield path.stem, circuit


def ours(circuit: Circuit, timeout: float) -> Answer:
    """The product's answer, within so many CPU seconds: its own limit is wall time, which a busy machine stretches."""
    wall = timeout
    while True:
        start = time.process_time()
        verdict = prove_property(circuit, circuit.properties[0], wall).verdict
        cpu = time.process_time() - start
        if verdict.holds is not None or cpu > 0.7 * timeout or wall > _STRETCHED * timeout:
            return Answer(verdict.word, round(cpu, 3), verdict.detail)
        wall *= min(4.0, timeout / cpu)


def rival(abc: str, circuit: Circuit, timeout: float) -> dict[str, Answer]:
    """What ABC says: ``pdr``, and ``bmc3``."""
    found: dict[str, Answer] = {}
    circuit = with_first_inputs(circuit)
    roles = circuit.roles
    kept = [at for at, role in enumerate(roles) if str(role) == "constraint" or at == circuit.properties[0].outputs[0]]
    alone = replace(
        circuit,
        outputs=circuit.outputs[kept],
        output_names=tuple(circuit.output_names[at] for at in kept),
        roles=tuple(roles[at] for at in kept),
        justice=(),
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.aig"
        write_circuit(alone, path)
        for engine in ("pdr", "bmc3"):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = f"read_aiger {path}; fold; {engine} -T {max(1, round(timeout))}"
            said = subprocess.run([abc, "-c", command], capture_output=True, text=True, check=False).stdout
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            refuted = "REFUTED" if "was asserted in frame" in said else "UNKNOWN"
            found[engine] = Answer("PROVED" if "Property proved" in said else refuted, round(cpu, 3))
            if found[engine].said == "PROVED":
                break
    return found


def with_first_inputs(circuit: Circuit) -> Circuit:
    """The same problem with all first values 0 or 1: those that were open are inputs that are read at clock 0.

    ABC takes an open first value for 0, which is another problem.
    """
    opened = np.flatnonzero(circuit.register_initial < 0)
    if not len(opened):
        return circuit
    inputs, registers, gates, more = len(circuit.inputs), len(circuit.register_names), circuit.first_gate, len(opened)
    later = 2 * (inputs + more + registers + 1)  # a register that is 0 at clock 0 and 1 afterwards
    image = np.concatenate([2 * np.arange(1 + inputs), 2 * np.arange(1 + inputs, gates) + 2 * more,
                            2 * np.arange(gates, circuit.wires) + 2 * (more + 1 + 3 * more)])  # fmt: skip
    first = later + 2
    rows: list[list[int]] = []
    for place, at in enumerate(opened.tolist()):
        register, value = int(image[1 + inputs + at]), 2 * (1 + inputs + place)
        rows += [[register, later], [value, later ^ 1]]
        image[1 + inputs + at] = first + 2 * (2 * more + place)
    rows += [[first + 4 * place, first + 4 * place + 2] for place in range(more)]
    kinds = [int(Gate.AND)] * (2 * more) + [int(Gate.OR)] * more

    def moved(literals: Integers) -> Integers:
        return image[literals >> 1] ^ (literals & 1)

    return replace(
        circuit,
        inputs=(*circuit.inputs, *(f"first {circuit.register_names[at]}" for at in opened.tolist())),
        kinds=np.concatenate([kinds, circuit.kinds]).astype(np.int64),
        offsets=np.concatenate([2 * np.arange(3 * more), 6 * more + circuit.offsets]),
        literals=np.concatenate([np.array(rows, np.int64).reshape(-1), moved(circuit.literals)]),
        outputs=moved(circuit.outputs),
        register_next=np.append(moved(circuit.register_next), 1),
        register_initial=np.append(np.maximum(circuit.register_initial, 0), 0),
        register_names=(*circuit.register_names, "after the first clock"),
    )


def contradictions(rows: list[dict[str, Answer]]) -> int:
    """Problems of which one engine says PROVED and another REFUTED."""
    return sum({"PROVED", "REFUTED"} <= {answer.said for answer in row.values()} for row in rows)


def totals(rows: list[dict[str, Answer]]) -> dict[str, object]:
    """How many each engine settled, and the seconds of those that ours and the better of ABC's both did."""
    settled = [{name: answer.cpu for name, answer in row.items() if answer.said != "UNKNOWN"} for row in rows]
    both = [
        (row["neurosym"], min(cpu for name, cpu in row.items() if name != "neurosym"))
        for row in settled
        if len(row) > 1 and "neurosym" in row
    ]
    return {
        "problems": len(rows),
        "settled": {name: sum(name in row for row in settled) for name in ("neurosym", "pdr", "bmc3")},
        "settled by either of ABC's": sum(bool(row.keys() - {"neurosym"}) for row in settled),
        "contradictions": contradictions(rows),
        "settled by both": len(both),
        "our seconds": round(sum(own for own, _ in both), 2),
        "the better one's seconds": round(sum(other for _, other in both), 2),
    }


if __name__ == "__main__":
    typer.run(main)
