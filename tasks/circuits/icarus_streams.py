"""What Verilog means by simulation: random streams through a module in Icarus, beside the circuit that was read.

A value that Icarus does not know (``x``) may be anything. The circuit runs 64 times side by side with other values for
all that it leaves open; where these agree, and Icarus knows the value, it must be theirs.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from logic import Circuit
from logic.errors import NeurosymError
from logic.evaluation import run

_BIT = re.compile(r"(.*)\[(-?\d+)\]")
_MARK = "@@"
_SECONDS = 20


@dataclass(frozen=True)
class Compared:
    """What came of a comparison.

    Args:
        bits: Values that Icarus knows and the circuit does not leave open.
        differs: The first that is not the same, if any.
        reason: Why none could be made, if so.
    """

    bits: int
    differs: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Module:
    """A module to simulate.

    Args:
        files: Paths, in the folder in which Icarus runs.
        top: Its name.
        folders: Where included files are.
        macros: ``NAME`` or ``NAME=VALUE``.
    """

    files: Sequence[str]
    top: str
    folders: Sequence[Path] = ()
    macros: Sequence[str] = ()


def ports_of(names: Sequence[str]) -> dict[str, list[int]]:
    """The ports whose bits have these names: for each the places of its bits, the first of the range first.

    Example:
        >>> ports_of(["a[1]", "a[0]", "c"])
        {'a': [0, 1], 'c': [2]}
    """
    ports: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        vector = _BIT.fullmatch(name)
        ports.setdefault(vector[1] if vector else name, []).append(at)
    return ports


def stimulus(circuit: Circuit, steps: int, generator: np.random.Generator) -> np.ndarray:
    """Values of all inputs ``[steps, I]``; some stay for long, some are rare, so that resets and enables do both."""
    count = len(circuit.inputs)
    bias = generator.choice([0.1, 0.5, 0.5, 0.9], count)
    values = generator.random((steps, count)) < bias
    held = generator.random((steps, count)) < generator.choice([0.0, 0.3, 0.8], count)
    for step in range(1, steps):
        values[step] = np.where(held[step], values[step - 1], values[step])
    return values


def compare(circuit: Circuit, module: Module, folder: Path, steps: int, seed: int) -> Compared:
    """Runs one stream through a module and its circuit.

    Args:
        circuit: What was read of the module.
        module: As Icarus is given it.
        folder: Takes what is written on the way, and is where Icarus runs.
        steps: Clocks, or input vectors where there is no clock.
        seed: Of the stream.
    """
    free = set(circuit.free_inputs)
    given = [name for name in circuit.inputs if name not in free]
    values = stimulus(circuit, steps, np.random.default_rng(seed))
    columns = [at for at, name in enumerate(circuit.inputs) if name not in free]
    (folder / "bench.v").write_text(_bench(circuit, module.top, ports_of(given), steps))
    (folder / "stimulus.txt").write_text(
        "\n".join("".join(map(str, row)) for row in values[:, columns].astype(int).tolist())
    )
    said = simulate(["bench.v", *module.files], module, folder)
    if said is None:
        return Compared(0, reason="Icarus does not take it, or does not end")
    shown = [line.removeprefix(_MARK).strip() for line in said.split("\n") if line.startswith(_MARK)]
    shown = [line for line in shown if len(line) == len(circuit.output_names)]
    if not shown:
        return Compared(0, reason="Icarus shows nothing")
    known, ours = _runs(circuit, values[: len(shown)], seed)
    theirs = np.array([list(line) for line in shown])
    settled = np.isin(theirs, ["0", "1"]) & known[: len(shown)]
    wrong = settled & ((theirs == "1") != ours[: len(shown)])
    if not wrong.any():
        return Compared(int(settled.sum()))
    step, output = np.argwhere(wrong)[0]
    told = f"{circuit.output_names[output]} is {theirs[step, output]} at step {step} of seed {seed} in Icarus"
    return Compared(int(settled.sum()), f"{told}, and {int(ours[step, output])} here")


def _runs(circuit: Circuit, values: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Whether 64 runs agree, and their values, each ``[steps, O]``."""
    generator = np.random.default_rng(seed + 1)

    def anything(count: int) -> np.ndarray:
        lanes = generator.integers(0, 2**64, (count, 1), dtype=np.uint64)
        return (lanes & ~np.uint64(3)) | np.uint64(1)  # lane 0 all ones, lane 1 all zeros

    full = np.uint64(2**64 - 1)
    words = np.where(values, full, np.uint64(0))[:, :, None]
    free = [at for at, name in enumerate(circuit.inputs) if name in set(circuit.free_inputs)]
    for step in range(len(words)):
        words[step, free] = anything(len(free))
    first = circuit.register_initial[:, None]
    state = np.where(first < 0, anything(len(first)), np.where(first > 0, full, np.uint64(0)))
    found = run(circuit, words, state)[:, :, 0]
    return (found == 0) | (found == full), (found & np.uint64(1)) == 1


def simulate(files: Sequence[str], module: Module, folder: Path) -> str | None:
    """What a simulation in Icarus writes; None if it cannot be made.

    Raises:
        NeurosymError: if Icarus is not installed.
    """
    if shutil.which("iverilog") is None:
        raise NeurosymError("iverilog is not installed (Debian: iverilog); the comparison needs it")
    options = [f"-I{place}" for place in module.folders] + [f"-D{macro}" for macro in ("SYNTHESIS", *module.macros)]
    try:
        made = subprocess.run(
            ["iverilog", "-g2012", "-s", "bench", "-o", "bench.vvp", *options, *files],
            cwd=folder, capture_output=True, timeout=_SECONDS,
        )  # fmt: skip
        if made.returncode:
            return None
        done = subprocess.run(["vvp", "-n", "bench.vvp"], cwd=folder, capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode("utf-8", "replace")


def _bench(circuit: Circuit, top: str, inputs: Mapping[str, Sequence[int]], steps: int) -> str:
    """A bench that shows all outputs before each edge of the clock, or after each change of the inputs."""
    outputs = ports_of(circuit.output_names)
    width = sum(map(len, inputs.values()))
    lines = ["module bench;", f" reg [{max(width - 1, 0)}:0] stimulus [0:{steps - 1}], now; integer step;"]
    pins: list[str] = []
    place = width
    for name, bits in inputs.items():
        pins.append(f".{_escaped(name)}(now[{place - 1}:{place - len(bits)}])")
        place -= len(bits)
    for at, (name, bits) in enumerate(outputs.items()):
        lines.append(f" wire [{len(bits) - 1}:0] shown{at};")
        pins.append(f".{_escaped(name)}(shown{at})")
    clock = circuit.clock
    if clock is not None:
        lines.append(" reg clock;")
        pins.append(f".{_escaped(clock.name)}(clock)")
    edge = ("1'b0", "1'b1") if clock is None or clock.rising else ("1'b1", "1'b0")
    shown = ", ".join(f"shown{at}" for at in range(len(outputs)))
    lines += [
        f" \\{top} dut({', '.join(pins)});",
        " initial begin",
        '  $readmemb("stimulus.txt", stimulus);',
        f"  clock = {edge[0]};" if clock is not None else "",
        f"  for (step = 0; step < {steps}; step = step + 1) begin",
        "   now = stimulus[step]; #5;",
        f'   $display("{_MARK}{"%b" * len(outputs)}", {shown});',
        f"   clock = {edge[1]}; #5; clock = {edge[0]}; #5;" if clock is not None else "",
        "  end\n  $finish;\n end\nendmodule\n",
    ]
    return "\n".join(lines)


def _escaped(name: str) -> str:
    return f"\\{name.removeprefix(chr(92))} "
