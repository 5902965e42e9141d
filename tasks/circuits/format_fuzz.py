"""Mutated circuit files: each must give a circuit or one clear error, in bounded time and memory.

``python -m tasks.circuits.format_fuzz SECONDS [FOLDER]`` mutates embedded examples and the small files of the folder.
"""

import resource
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from time import perf_counter

import numpy as np

from logic.errors import FormatError, FormatWarning
from logic.formats import FORMATS, format_circuit, parse_circuit, readable_suffixes

LARGEST = 30_000  # bytes of a seed file
SLOWEST = 5.0  # seconds for one of these, on a machine that has other things to do
MEMORY = 512 << 20  # bytes above the start
SEEDS: tuple[tuple[str, bytes], ...] = (
    ("aag", b"aag 7 2 1 2 4\n2\n4\n6 8\n6\n7\n8 4 10\n10 13 15\n12 2 6\n14 3 7\ni0 enable\ni1 reset\no0 Q\no1 !Q\n"),
    ("aag", b"aag 5 1 1 0 3 1 0 1 1\n2\n4 10 1\n4\n2\n2\n4\n6\n6 5 3\n8 4 2\n10 9 7\nb0 NEVER\nc\nnote\n"),
    ("blif", b".model t\n.inputs a b c\n.outputs y\n.subckt g A=a B=b Y=t\n.latch t q fe c 3\n"
             b".subckt g A=q B=b Y=y\n.end\n.model g\n.inputs A B\n.outputs Y\n.names A B Y\n11 1\n.end\n"),
    ("v", b"module d(input C, D, output reg Q); initial Q = 1'b1; always @(negedge C) Q = D; endmodule\n"
          b"module m(input c, a, output y); wire t; d u(c, a, t); DFFN v(.C(c), .D(t), .Q(y)); endmodule\n"),
    ("pla", b".i 2\n.o 2\n.type fdr\n11 10\n0- 0-\n10 01\n01 ~1\n00 01\n.e\n"),
    *((row.suffixes[0], row.example) for row in FORMATS if row.read),
)  # fmt: skip
TOKENS = (b"999999999", b"0", b"-1", b"1", b"(", b")", b";", b".names", b".latch", b"assign", b"=", b"\n", b"\\", b"\0",
          b"\xff", b"\xc3\xa9", b"?", b":", b"~", b"[1000000000:0]", b"/*", b"(*", b" ", b"\x80", b"AND(",
          b".i 99999999", b"module", b"c\n", b"0x", b"'", b"&&", b",")  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What a run saw: how many texts were circuits and errors, by kind, and the worst time and memory."""

    outcomes: Counter[str]
    slowest: float
    memory: int


def mutate(data: bytes, generator: np.random.Generator) -> bytes:
    """The bytes after a few cuts, copies, swaps, insertions and changes."""
    for _ in range(int(generator.geometric(0.6))):
        at, other = sorted(int(place) for place in generator.integers(0, len(data) + 1, 2))
        piece = data[at : min(other, at + 64)]
        token = TOKENS[int(generator.integers(len(TOKENS)))]
        match int(generator.integers(8)):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + data[at + len(piece) :]
            case 2:
                data = data[:at] + piece * int(generator.integers(1, 20)) + data[at:]
            case 3:
                data = data[:at] + bytes([int(generator.integers(256))]) + data[at + 1 :]
            case 4:
                data = data[:at] + token + data[at:]
            case 5:
                data = data[:at] + token * int(generator.integers(1, 200)) + data[at:]
            case 6:
                lines = data.split(b"\n")
                generator.shuffle(lines)  # pyright: ignore[reportArgumentType]
                data = b"\n".join(lines)
            case _:
                start = data[:at].rfind(b" ") + 1  # a number or name becomes another token
                data = data[:start] + token + data[at:]
    return data


def fuzz(seeds: Sequence[tuple[str, bytes]], seconds: float, generator: np.random.Generator) -> Found:
    """Parses mutated seeds for some seconds; any error but ``FormatError`` goes through to the caller."""
    start = perf_counter()
    begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for format, data in cycle(seeds):  # in turn, so that a slow machine sees every format, too
        if (now := perf_counter()) >= start + seconds:
            break
        text = mutate(data, generator)
        try:
            warnings.simplefilter("ignore", FormatWarning)
            circuit = parse_circuit(text, format)
            outcomes[f"{format}: circuit"] += 1
            format_circuit(circuit, "aig")
        except FormatError:
            outcomes[f"{format}: refused"] += 1
        except Exception as wrong:
            wrong.add_note(f"format {format}, text {text[:2000]!r}")
            raise
        slowest = max(slowest, perf_counter() - now)
    memory = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begin)
    return Found(outcomes, slowest, memory)


def folder_seeds(folder: Path) -> list[tuple[str, bytes]]:
    """The small circuit files under a folder."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix[1:] in readable_suffixes()]
    return [(path.suffix[1:], path.read_bytes()) for path in paths if path.stat().st_size <= LARGEST]


def main(argv: list[str]) -> int:
    """Fuzzes for the seconds given, prints counts and worst cases; exit status 1 above the bounds."""
    seeds = [*SEEDS, *(folder_seeds(Path(argv[1])) if len(argv) > 1 else ())]
    found = fuzz(seeds, float(argv[0]), np.random.default_rng(0))
    for outcome, count in sorted(found.outcomes.items()):
        sys.stdout.write(f"{outcome:16} {count:8}\n")
    total = sum(found.outcomes.values())
    sys.stdout.write(f"{total} texts, slowest {found.slowest:.2f} s, memory +{found.memory >> 20} MB\n")
    return int(found.slowest > SLOWEST or found.memory > MEMORY)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
