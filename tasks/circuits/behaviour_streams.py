"""Random Verilog beside a simulation in Icarus: many modules, each with several features, in one run of each program.

``python -m tasks.circuits.behaviour_streams --seconds 600`` writes designs of many modules, reads each design as one
circuit and drives it with random streams. Exit status 1 for any difference, which is kept; where a warning tells that
a simulation does otherwise it is none.
"""

import argparse
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from logic.errors import FormatError, FormatWarning
from logic.formats import read_circuit

from .icarus_streams import Module, compare
from .texts.behaviour_texts import Wires, number
from .texts.feature_texts import features

MODULES = 24  # of a design
STEPS = 60  # of a stream


def design(random: np.random.Generator, modules: int) -> str:
    """Random modules beside each other in a module ``all``, which has their ports."""
    edge = ("posedge", "negedge")[number(random, 0, 1)]
    texts, ports, instances = list[str](), ["input clk, rst"], list[str]()
    for at in range(modules):
        widths = [number(random, 1, 4) for _ in range(number(random, 1, 3))]
        inputs = Wires(tuple(f"i{place}" for place in range(len(widths))), tuple(widths))
        parts = features(random, inputs, edge, number(random, 2, 4))
        own = [f"input [{width - 1}:0] {name}" for name, width in zip(inputs.names, widths, strict=True)]
        own += [f"output [{part.width - 1}:0] o_{part.shown}" for part in parts]
        body = "".join(part.text for part in parts)
        body += "".join(f" assign o_{part.shown} = {part.shown};\n" for part in parts)
        texts.append(f"module one{at}(input clk, rst, {', '.join(own)});\n{body}endmodule\n")
        names = [*inputs.names, *(f"o_{part.shown}" for part in parts)]
        pins = [".clk(clk)", ".rst(rst)", *(f".{name}(u{at}_{name})" for name in names)]
        ports += [f"{port.rpartition(' ')[0]} u{at}_{port.rpartition(' ')[2]}" for port in own]
        instances.append(f" one{at} u{at}({', '.join(pins)});\n")
    return "".join([*texts, f"module all({', '.join(ports)});\n", *instances, "endmodule\n"])


def attempt(seed: int, modules: int, folder: Path) -> tuple[str, str]:
    """What became of a design: a word, and what is told of it."""
    file = folder / "all.sv"
    file.write_text(design(np.random.default_rng(seed), modules))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", FormatWarning)
        try:
            circuit = read_circuit(file, top="all")
        except FormatError as error:
            return "refused", str(error)
    gap = next((str(one.message) for one in told if "simulation" in str(one.message)), "")
    found = compare(circuit, Module([str(file)], "all"), folder, STEPS, seed)
    if found.differs:
        return ("told", gap) if gap else ("differs", found.differs)
    return ("not compared", found.reason) if found.reason or not found.bits else ("same", str(found.bits))


def main(argv: list[str]) -> int:
    """Tries designs for some time, and prints how many modules became what."""
    parser = argparse.ArgumentParser(prog="python -m tasks.circuits.behaviour_streams", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="wall time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("differences"), help="folder for designs that differ")
    settings = parser.parse_args(argv)
    counts: Counter[str] = Counter()
    bits, seed, end = 0, settings.seed, time.monotonic() + settings.seconds
    with TemporaryDirectory() as place:
        while time.monotonic() < end:
            word, told = attempt(seed, MODULES, Path(place))
            if word == "same":
                bits += int(told)
            else:  # one of them is to blame; alone, the others count
                for one in range(MODULES):
                    word, told = attempt(1000 * seed + one, 1, Path(place))
                    counts[word] += 1
                    if word in ("same", "told"):
                        bits += int(told) if word == "same" else 0
                        continue
                    sys.stdout.write(f"{word}: design of one module, seed {1000 * seed + one}: {told}\n")
                    sys.stdout.flush()
                    settings.keep.mkdir(parents=True, exist_ok=True)
                    (settings.keep / f"{word}-{1000 * seed + one}.sv").write_text((Path(place) / "all.sv").read_text())
                seed += 1
                continue
            counts[word] += MODULES
            seed += 1
    sys.stdout.write(f"{sum(counts.values())} modules, {bits} values compared: {dict(counts)}\n")
    return int(bool(counts["differs"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
