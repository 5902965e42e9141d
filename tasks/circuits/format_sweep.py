"""Round trip of circuit files: read, write in each format, read again, compare.

``python -m tasks.circuits.format_sweep FOLDER`` prints a line a file and a summary; exit status 1 if any differs.
"""

import sys
import warnings
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from logic import Circuit
from logic.errors import FormatError, FormatWarning
from logic.evaluation import clock
from logic.formats import FORMATS, format_circuit, parse_circuit, read_circuit, readable_suffixes
from logic.lowering import to_and_inverter

VECTORS = 10_048  # 157 words


def same_structure(a: Circuit, b: Circuit) -> bool:
    """Whether two circuits are the same graph with the same names; operands may be swapped."""
    arrays = (
        (a.kinds, b.kinds),
        (a.offsets, b.offsets),
        (np.sort(a.literals.reshape(-1, 2)), np.sort(b.literals.reshape(-1, 2))),
        (a.outputs, b.outputs),
        (a.register_next, b.register_next),
        (a.register_initial, b.register_initial),
    )
    names = a.inputs, a.register_names, a.output_names
    return names == (b.inputs, b.register_names, b.output_names) and all(np.array_equal(x, y) for x, y in arrays)


def same_function(a: Circuit, b: Circuit, seed: int = 0) -> bool:
    """Whether names agree, and outputs and next states on 10,048 random vectors and register states."""
    if (a.inputs, a.register_names, a.output_names) != (b.inputs, b.register_names, b.output_names):
        return False
    generator = np.random.default_rng(seed)
    words, state = (
        generator.integers(0, 2**64, (len(names), VECTORS // 64), dtype=np.uint64)
        for names in (a.inputs, a.register_names)
    )
    pairs = zip(clock(a, words, state), clock(b, words, state), strict=True)
    same_start = np.array_equal(a.register_initial, b.register_initial)
    return same_start and all(np.array_equal(one, other) for one, other in pairs)


def refused(circuit: Circuit, suffix: str) -> bool:
    """Whether a format lacks something of a circuit and says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        try:
            format_circuit(circuit, suffix)
        except FormatError:
            return True
    return False


def written_and_read(circuit: Circuit, suffix: str) -> Circuit:
    """The circuit after a way through a format; names that it could not hold are set again, as a warning told."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", FormatWarning)
        back = parse_circuit(format_circuit(circuit, suffix), suffix)
    if not told or len(back.inputs) != len(circuit.inputs):
        return back
    names = circuit.inputs, circuit.register_names, circuit.output_names
    return replace(back, inputs=names[0], register_names=names[1], output_names=names[2])


def differences(circuit: Circuit) -> list[str]:
    """The formats in which a circuit does not come back; those that refuse what they cannot express are left out."""
    graph = to_and_inverter(circuit)
    wrong = [] if same_function(circuit, graph) else ["lowering"]
    for suffix in (row.suffixes[0] for row in FORMATS if row.read and row.write):
        if refused(circuit, suffix):
            continue
        if suffix in ("aag", "aig") and not same_structure(graph, written_and_read(graph, suffix)):
            wrong.append(f"{suffix} (structure)")
        if not same_function(circuit, written_and_read(circuit, suffix)):
            wrong.append(suffix)
    return wrong


def main(argv: list[str]) -> int:
    """Sweeps the files under the folders named."""
    paths = sorted(
        path for folder in argv for path in Path(folder).rglob("*") if path.suffix[1:] in readable_suffixes()
    )
    failed = 0
    for path in paths:
        start = perf_counter()
        circuit = read_circuit(path)
        seconds = perf_counter() - start
        wrong = differences(circuit)
        failed += bool(wrong)
        verdict = f"DIFFERS in {', '.join(wrong)}" if wrong else "same"
        sys.stdout.write(f"{path.name:32} {len(circuit.kinds):8} gates, read in {seconds:6.3f} s: {verdict}\n")
    sys.stdout.write(f"{len(paths)} files, {failed} differ\n")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
