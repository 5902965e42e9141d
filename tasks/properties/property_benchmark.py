"""How many safety problems are settled, and how fast, beside ABC's ``pdr``, ``scorr; pdr`` and ``bmc3``.

Run ``python -m tasks.properties.property_benchmark --timeout 60 problems/*.aag``: AIGER files, of which the first
property counts (in files before AIGER 1.9 the first output), and the generated families of ``property_families.py``
besides. Public files: the problems of the hardware model checking competitions (HWMCC). Every engine gets one thread;
CPU seconds are compared, ours without the start of Python. With ``--half 0`` those files are left out whose name has an
odd MD5 sum, with ``--half 1`` the others: what is tuned on one half is measured on the other.
"""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from hashlib import md5
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from logic import Circuit, CircuitError, Gate
from logic.checking import prove_property, with_claims
from logic.circuit import Integers
from logic.formats import read_circuit, write_circuit

from ..circuits.abc_process import run_abc
from ..circuits.rival_totals import OPEN, OURS, Answer, compare
from .property_families import families

_STRETCHED = 20
_RIVALS = {"pdr": "pdr", "scorr pdr": "scorr; pdr", "bmc3": "bmc3"}
_SAID = {True: "proved", False: "refuted", None: OPEN}


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="AIGER files; their first property counts.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds for each engine and problem.")] = 60,
    abc: Annotated[str, typer.Option(help="The ABC executable.")] = "berkeley-abc",
    generated: Annotated[bool, typer.Option(help="Take the generated families too.")] = True,
    half: Annotated[int | None, typer.Option(min=0, max=1, help="Of the files, by the MD5 sum of the name.")] = None,
) -> None:
    """Print a JSON line a problem, and the totals; exit with 1 if engines contradict each other."""
    if shutil.which(abc) is None:
        raise CircuitError(f"{abc} is not installed; it is the rival")
    rows: dict[str, dict[str, Answer]] = {}
    chosen = [path for path in files or [] if half is None or half_of(path.stem) == half]
    for name, circuit in problems(chosen, generated):
        answers = {OURS: ours(circuit, timeout)} | rival(abc, circuit, timeout)
        rows[name] = answers
        typer.echo(json.dumps({"problem": name, **{key: asdict(value) for key, value in answers.items()}}))
    found = compare(rows)
    typer.echo(f"{len(rows)} problems. {found}")
    raise typer.Exit(1 if found.contradictions else 0)


def half_of(name: str) -> int:
    """Whether the MD5 sum of a name is odd.

    Example:
        >>> half_of("eijkS1423")
        1
    """
    return int(md5(name.encode(), usedforsecurity=False).hexdigest(), 16) % 2


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
            return Answer(_SAID[verdict.holds], cpu, how=verdict.detail)
        wall *= min(4.0, timeout / cpu)


def rival(abc: str, circuit: Circuit, timeout: float) -> dict[str, Answer]:
    """What ABC says, by each of its ways."""
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
        for name, engine in _RIVALS.items():
            output, cpu, wall = run_abc(abc, f"read_aiger {path}; fold; {engine}", timeout)
            refuted = "refuted" if "was asserted in frame" in output else OPEN
            found[name] = Answer("proved" if "Property proved" in output else refuted, cpu, wall)
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


if __name__ == "__main__":
    typer.run(main)
