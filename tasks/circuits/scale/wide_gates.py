"""Wide gates, covers and machines as they grow: CPU seconds of compiling and proving, which shall grow about linearly.

Run ``python -m tasks.circuits.scale.wide_gates``. A first, small round compiles the kernels. A network is proved with
its certificate and without; exit status 1 if one is not proved.
"""

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np

from logic import Circuit, Gate, compile_certified, parse_circuit, verify
from logic.mapping.compiler import MAPPINGS
from neurosym.terminal import say_rows

_WIDEST_BLOCK = 6  # a majority's inputs in the mapping 'logicsnn', which has 2^k patterns
LIMIT = 20.0  # seconds for a proof


def one_gate(kind: Gate, width: int) -> Circuit:
    """A gate over so many inputs."""
    names = tuple(f"i{at}" for at in range(width))
    kinds, offsets = np.array([int(kind)]), np.array([0, width])
    return Circuit(names, kinds, offsets, 2 * np.arange(1, width + 1), np.array([2 * (width + 1)]), ("y",))


def cover(cubes: int, width: int, seed: int = 0) -> Circuit:
    """A sum of random products, read as a table of a BLIF file."""
    random = np.random.default_rng(seed)
    rows: list[str] = []
    for _ in range(cubes):
        row, count = np.full(width, "-"), int(random.integers(3, max(4, width // 3)))
        row[random.choice(width, count, replace=False)] = random.choice(["0", "1"], count)
        rows.append("".join(row.tolist()) + " 1\n")
    names = " ".join(f"i{at}" for at in range(width))
    return parse_circuit(f".model m\n.inputs {names}\n.outputs y\n.names {names} y\n{''.join(rows)}.end\n", "blif")


def shift_register(count: int) -> Circuit:
    """Registers in a row."""
    none = np.zeros(0, np.int64)
    return Circuit(
        ("d",), none, np.zeros(1, np.int64), none, np.array([2 * (1 + count)]), ("q",),
        register_next=2 * np.arange(1, count + 1), register_initial=np.zeros(count, np.int64),
        register_names=tuple(f"r{at}" for at in range(count)),
    )  # fmt: skip


FAMILIES: dict[str, tuple[Callable[[int], Circuit], tuple[int, ...]]] = {
    "and": (lambda size: one_gate(Gate.AND, size), (100, 1_000, 10_000)),
    "or": (lambda size: one_gate(Gate.OR, size), (100, 1_000, 10_000)),
    "xor": (lambda size: one_gate(Gate.XOR, size), (100, 1_000, 10_000)),
    "majority": (lambda size: one_gate(Gate.MAJ, size), (101, 1_001, 10_001)),
    "cover": (lambda size: cover(size, max(20, size // 10)), (50, 400, 2_000)),
    "shift": (shift_register, (200, 2_000, 20_000)),
}


def main() -> int:
    """Prints the table; 0 if all was proved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", default=list(FAMILIES))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows, wrong = list[dict[str, object]](), 0
    for family in given.families:
        make, sizes = FAMILIES[family]
        for at, size in enumerate((sizes[0], *sizes)):
            circuit = make(size)
            for mapping in MAPPINGS:
                wide = family == "majority" and size > _WIDEST_BLOCK
                if (mapping == "positive" and family in ("xor", "cover")) or (mapping == "logicsnn" and wide):
                    continue
                start = time.process_time()
                compiled = compile_certified(circuit, mapping)
                seconds, words = [time.process_time() - start], list[str]()
                for certificate in (compiled.certificate, None):
                    start = time.process_time()
                    words.append(verify(compiled.network, circuit, certificate=certificate, timeout=LIMIT).word)
                    seconds.append(time.process_time() - start)
                if not at:
                    continue
                wrong += words.count("PROVED") < 2
                compiling, proving, alone = (round(one, 2) for one in seconds)
                row: dict[str, object] = {"family": family, "size": size, "mapping": mapping}
                row |= {"neurons": compiled.network.neurons, "compile s": compiling, "prove s": proving}
                rows.append({**row, "without certificate s": alone, "verdicts": " ".join(words)})
    say_rows(rows, given.json)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
