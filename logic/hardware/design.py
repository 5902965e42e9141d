"""A network as a folder of hardware: Verilog, a testbench with golden spikes, and what a user must know of both."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from ..errors import NetworkError
from ..network import SpikingNetwork, check_network
from ..rails import Line
from ..writing import whole_files
from .core_form import core_form
from .core_testbench import core_testbench
from .intervals import membrane_intervals
from .register_form import register_form
from .register_testbench import register_memories, register_testbench
from .stimulus import Bits, Golden, golden_run

Form = Literal["registers", "core"]
STEPS = 1 << 16  # for which membranes are right that can run away
_SEQUENCES = ("sources", "latencies", "silence")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WORDS = """always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign default
    defparam design disable edge else end endcase endconfig endfunction endgenerate endmodule endprimitive endspecify
    endtable endtask event for force forever fork function generate genvar highz0 highz1 if ifnone incdir include
    initial inout input instance integer join large liblist library localparam macromodule medium module nand negedge
    nmos nor not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup rcmos real
    realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small specify
    specparam strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior trireg
    unsigned use vectored wait wand weak0 weak1 while wire wor xnor xor"""
_WORDS_OF_SYSTEM_VERILOG = "bit byte const do enum export import int interface logic package program return struct this"


@dataclass(frozen=True)
class DesignNotes:
    """What was written; its fields are the JSON file of the folder.

    Args:
        name: Of the Verilog module and, with endings, of all files.
        form: ``registers`` or ``core``.
        neurons: Of the network.
        synapses: Of the network, zero weights left out.
        inputs: Input lines: the bits of ``in``, or the numbers of input events, in order.
        outputs: Output lines: the bits of ``out`` in order.
        sources: ``[O]`` what each output is: a line of the flat network, inputs first.
        latencies: ``[O]`` steps from a wave to each answer.
        period: Steps from one wave to the next.
        exact_steps: Steps after a reset for which no membrane can overflow; None for ever.
        golden_steps: Steps of the testbench.
        unseen: Neurons that did the same at all of them, so that it says little of them.
        silence: ``[O]`` what each output gives, step by step, before it answers the first wave after a reset.
    """

    name: str
    form: Form
    neurons: int
    synapses: int
    inputs: tuple[Line, ...]
    outputs: tuple[Line, ...]
    sources: tuple[int, ...]
    latencies: tuple[int, ...]
    period: int
    exact_steps: int | None
    golden_steps: int
    unseen: int
    silence: tuple[tuple[int, ...], ...]

    @property
    def latency(self) -> int:
        """Steps until every output has answered a wave."""
        return max(self.latencies, default=0)


def write_rtl(
    network: SpikingNetwork,
    folder: str | Path,
    *,
    form: Form = "registers",
    name: str = "network",
    spikes: Bits | None = None,
    golden_steps: int | None = None,
    steps: int = STEPS,
) -> DesignNotes:
    """Writes a network as Verilog-2001 with a self-checking testbench.

    The folder gets ``NAME.v``, ``NAME_testbench.v``, the golden spikes ``NAME_*.mem`` of the reference simulation,
    and ``NAME.json`` with the names of lines, latencies and the period. Simulate it there, for example by
    ``iverilog -g2001 -o run NAME.v NAME_testbench.v && vvp run``; the last line begins with PASSED or FAILED.

    Args:
        network: Any network.
        folder: Is made if it is not there; files of an earlier design of that name are replaced.
        form: ``registers``: one register a neuron, a step a clock, for circuits and small networks; ``core``: one
            neuron and one synapse at a time from block memory, for large networks.
        name: Of the module: small letters, digits and underscores.
        spikes: ``[T, I]`` input spikes of the testbench; random waves if left out.
        golden_steps: Steps of the testbench; if left out, until the last wave is answered.
        steps: For how many steps after a reset membranes must not overflow that could run away.

    Returns:
        What was written.

    Raises:
        NetworkError: if the network is too large for the form, or the name is no name of a module.
        FileError: if the folder cannot be written; nothing is half-written then.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from logic import compile_circuit, parse_circuit
        >>> network = compile_circuit(parse_circuit("y = a ^ b", "eqn"), "single-rail")
        >>> with TemporaryDirectory() as folder:
        ...     design = write_rtl(network, folder, name="parity")
        ...     sorted(path.name for path in Path(folder).iterdir())[:2], design.latency
        (['parity.json', 'parity.v'], 2)
    """
    check_network(network)
    if form not in get_args(Form):
        raise NetworkError(f"unknown form {form!r}; use 'registers' or 'core'")
    if not is_module_name(name):
        raise NetworkError(
            f"{name!r} is no name of a module; use small letters, digits and underscores, and no word of Verilog, "
            f"as 'adder_8'"
        )
    golden = golden_run(network, spikes, golden_steps)
    texts = (_registers if form == "registers" else _core)(network, name, golden, steps)
    flat = network.flatten()
    inputs = int(np.prod(network.input_shape))
    forever = bool(membrane_intervals(network, steps).forever.all())
    quiet = golden_run(network, np.zeros((0, inputs), np.bool_), network.latency + 1).trains
    design = DesignNotes(
        name=name,
        form=form,
        neurons=network.neurons,
        synapses=int(np.count_nonzero(flat.weight)),
        inputs=network.input_lines or tuple(Line(f"input({line})") for line in range(inputs)),
        outputs=network.output_lines,
        sources=tuple(network.outputs.tolist()),
        latencies=tuple(network.latencies.tolist()),
        period=network.period,
        exact_steps=None if forever else steps,
        golden_steps=len(golden.trains),
        unseen=len(golden.unseen),
        silence=tuple(
            tuple(quiet[:late, line].astype(int).tolist())
            for line, late in zip(network.outputs.tolist(), network.latencies.tolist(), strict=True)
        ),
    )
    texts[f"{name}.json"] = json.dumps(asdict(design), indent=1) + "\n"
    paths = [Path(folder) / file for file in texts]
    with whole_files(*paths) as places:
        by_name = {place.name: place for place in places}
        for file, text in texts.items():
            by_name[file].write_text(text)
    return design


def is_module_name(name: str) -> bool:
    """Whether Verilog can call a module so.

    Example:
        >>> is_module_name("adder_8"), is_module_name("8adder"), is_module_name("wire")
        (True, False, False)
    """
    words = f"{_WORDS} {_WORDS_OF_SYSTEM_VERILOG}".split()
    return _NAME.fullmatch(name) is not None and name not in words


def read_design_notes(folder: str | Path, name: str | None = None) -> DesignNotes:
    """What :func:`write_rtl` wrote into a folder.

    Args:
        folder: Of the design.
        name: Of the design; may be left out if the folder holds one.

    Raises:
        NetworkError: if there is none, or several and no name is given, or its notes cannot be read.
    """
    folder = Path(folder)
    found = sorted(path.stem for path in folder.glob("*.json") if (folder / f"{path.stem}_testbench.v").exists())
    if name is None and len(found) != 1:
        raise NetworkError(f"{folder}: holds {len(found)} designs {found[:5]}; name one that neurosym rtl wrote there")
    path = folder / f"{name or found[0]}.json"
    try:
        notes = json.loads(path.read_text())
        fields: dict[str, Any] = notes | {field: _tuples(notes[field]) for field in _SEQUENCES} | _lines(notes)
        return DesignNotes(**fields)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NetworkError(
            f"{path}: is no description of a design ({error}); write it again by neurosym rtl"
        ) from error


def _tuples(values: list[Any]) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)


def _lines(notes: dict[str, Any]) -> dict[str, tuple[Line, ...]]:
    return {side: tuple(Line(str(signal), rail) for signal, rail in notes[side]) for side in ("inputs", "outputs")}


def _registers(network: SpikingNetwork, name: str, golden: Golden, steps: int) -> dict[str, str]:
    stimulus, spikes = register_memories(network, golden)
    return {
        f"{name}.v": register_form(network, name, steps),
        f"{name}_testbench.v": register_testbench(network, name, len(golden.trains)),
        f"{name}_stimulus.mem": stimulus,
        f"{name}_golden.mem": spikes,
    }


def _core(network: SpikingNetwork, name: str, golden: Golden, steps: int) -> dict[str, str]:
    return core_form(network, name, steps) | core_testbench(network, name, golden)
