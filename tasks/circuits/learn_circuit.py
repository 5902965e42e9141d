"""Circuits from examples: the IWLS 2020 contest, 90 Boolean functions given by 6,400 examples in each of three files.

Training examples are learned from, validation examples choose among methods, test examples give the final figure.
Run ``python -m tasks.circuits.learn_circuit FOLDER`` with the folder that holds ``train``, ``validation`` and ``test``,
or the archive of them.

References:
    Rai et al. (2021), Logic Synthesis Meets Machine Learning: Trading Exactness for Generalization.
"""

import argparse
import io
import sys
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from logic import Circuit, Gate, LearningError
from logic.learning import learn_circuit

Bits = NDArray[np.bool_]
FILES = {"train": "train", "validation": "valid", "test": "test"}


@dataclass(frozen=True)
class FunctionScore:
    """What was learned of one function of the contest.

    Args:
        number: Of the function, 0 to 89.
        inputs: Number of inputs.
        method: How the circuit was found.
        ands: Its size in two-input ANDs.
        validation: Accuracy on the examples that chose it.
        test: Accuracy on the test examples, measured on the circuit itself.
        seconds: Processor time of learning.
    """

    number: int
    inputs: int
    method: str
    ands: int
    validation: float
    test: float
    seconds: float


def parse_examples(text: str, name: str) -> tuple[Bits, Bits]:
    """Samples ``[S, I]`` and labels ``[S]`` of an Espresso file with one output and no don't-cares.

    Args:
        text: The file's content.
        name: Its name, for errors.

    Raises:
        LearningError: if a row is not ``I`` zeros and ones, a space, and a zero or one.
    """
    rows = [(i, line.split()) for i, line in enumerate(text.splitlines(), 1) if line[:1] not in ("", ".", "#")]
    width = len(rows[0][1][0]) if rows else 0
    for number, row in rows:
        if len(row) != 2 or len(row[0]) != width or len(row[1]) != 1 or set("".join(row)) - set("01"):
            raise LearningError(
                f"{name}:{number}: expected {width} zeros and ones and one label, got {' '.join(row)!r}"
            )
    if not rows:
        raise LearningError(f"{name}: no examples")
    table = np.frombuffer("".join(a + b for _, (a, b) in rows).encode(), dtype=np.uint8).reshape(len(rows), width + 1)
    return table[:, :-1] == ord("1"), table[:, -1] == ord("1")


def open_contest(path: Path) -> Callable[[int, str], tuple[Bits, Bits]]:
    """A reader of the examples of function ``number`` and split ``train``, ``validation`` or ``test``.

    Args:
        path: Folder of the three folders, or a tar archive of them.

    Raises:
        LearningError: if there is no such file.
    """
    if not path.exists():
        raise LearningError(f"no contest files at {path}; give the folder with train, validation and test")
    if path.is_dir() and not (path / "train").is_dir() and (archives := sorted(path.glob("*.tar*"))):
        path = archives[0]
    texts: dict[str, str] = {}
    if path.is_file():
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and (content := archive.extractfile(member)) is not None:
                    texts[member.name] = io.TextIOWrapper(content, "ascii").read()

    def read(number: int, split: str) -> tuple[Bits, Bits]:
        name = f"{split}/ex{number:02d}.{FILES[split]}.pla"
        if path.is_file() and name in texts:
            return parse_examples(texts[name], name)
        if path.is_file() or not (path / name).is_file():
            raise LearningError(f"no file {name} in {path}")
        return parse_examples((path / name).read_text("ascii"), name)

    return read


def evaluate(circuit: Circuit, samples: Bits) -> Bits:
    """``[S]`` values of the first output of a circuit of AND and OR gates for ``[S, I]`` inputs, gate by gate."""
    values = np.zeros((circuit.wires, len(samples)), dtype=bool)
    values[1 : 1 + samples.shape[1]] = samples.T
    for gate, kind in enumerate(circuit.kinds.tolist()):
        codes = circuit.operands(gate)
        operands = values[codes >> 1] ^ (codes & 1).astype(bool)[:, None]
        values[circuit.first_gate + gate] = operands.all(axis=0) if kind == Gate.AND else operands.any(axis=0)
    return values[circuit.outputs[0] >> 1] ^ bool(circuit.outputs[0] & 1)


def score(read: Callable[[int, str], tuple[Bits, Bits]], number: int, ands: int = 5000) -> FunctionScore:
    """Learns one function within ``ands`` two-input ANDs, and measures the circuit on the test examples."""
    began = time.process_time()
    samples, labels = read(number, "train")
    learned = learn_circuit(samples, labels, *read(number, "validation"), ands=ands)
    seconds = time.process_time() - began
    test_samples, test_labels = read(number, "test")
    right = float((evaluate(learned.circuit, test_samples) == test_labels).mean())
    return FunctionScore(number, samples.shape[1], learned.method, learned.ands, learned.validation, right, seconds)


def main() -> None:
    """Learns the functions asked for, one line each, and their mean at the end."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("path", type=Path, help="folder or archive of the contest's files")
    parser.add_argument("numbers", type=int, nargs="*", help="functions to learn, 0 to 89; all if left out")
    parser.add_argument("--ands", type=int, default=5000, help="bound on the size of each circuit")
    arguments = parser.parse_args()
    read = open_contest(arguments.path)
    scores: list[FunctionScore] = []
    for number in arguments.numbers or range(90):
        scores.append(last := score(read, number, arguments.ands))
        sys.stdout.write(
            f"ex{last.number:02d} {last.inputs:3d} inputs  test {last.test:.4f}  validation {last.validation:.4f}  "
            f"{last.ands:4d} ANDs  {last.seconds:5.1f} s  {last.method}\n"
        )
        sys.stdout.flush()
    sys.stdout.write(
        f"mean of {len(scores)}: test {np.mean([s.test for s in scores]):.4f}, "
        f"{np.mean([s.ands for s in scores]):.0f} ANDs, {sum(s.seconds for s in scores):.0f} s\n"
    )


if __name__ == "__main__":
    main()
