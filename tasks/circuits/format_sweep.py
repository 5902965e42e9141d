"""Round trip of circuit files: read, write in each format, read again, compare.

``python -m tasks.circuits.format_sweep FOLDER`` prints a line a file and a summary; exit status 1 if any differs.
"""

import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from logic import Circuit
from logic.evaluation import clock
from logic.formats import format_circuit, parse_circuit, read_circuit
from logic.lowering import to_and_inverter

SUFFIXES = ("aag", "aig", "bench", "blif", "v")
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
    if (a.inputs, a.register_names) != (b.inputs, b.register_names):
        return False
    outputs = zip(a.output_names, b.output_names, strict=True)
    if not all(new == old or (old in a.inputs and new == f"{old}_out") for old, new in outputs):  # see verilog_text
        return False
    generator = np.random.default_rng(seed)
    words, state = (
        generator.integers(0, 2**64, (len(names), VECTORS // 64), dtype=np.uint64)
        for names in (a.inputs, a.register_names)
    )
    pairs = zip(clock(a, words, state), clock(b, words, state), strict=True)
    same_start = np.array_equal(a.register_initial, b.register_initial)
    return same_start and all(np.array_equal(one, other) for one, other in pairs)


def differences(circuit: Circuit) -> list[str]:
    """The formats in which a circuit does not come back."""
    graph = to_and_inverter(circuit)
    wrong = [] if same_function(circuit, graph) else ["lowering"]
    for suffix in ("aag", "aig"):
        if not same_structure(graph, parse_circuit(format_circuit(graph, suffix), suffix)):
            wrong.append(f"{suffix} (structure)")
    for suffix in ("aag", "aig", "blif", "v"):
        if not same_function(circuit, parse_circuit(format_circuit(circuit, suffix), suffix)):
            wrong.append(suffix)
    return wrong


def main(argv: list[str]) -> int:
    """Sweeps the files under the folders named."""
    paths = sorted(path for folder in argv for path in Path(folder).rglob("*") if path.suffix[1:] in SUFFIXES)
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
