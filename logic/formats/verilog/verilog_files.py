"""Verilog files that yosys elaborates: which module is meant, and what is told where there is no yosys."""

import re
import warnings
from dataclasses import replace
from pathlib import Path

from ...circuit import Circuit
from ...errors import FormatError, FormatWarning
from ...yosys.elaboration import Elaborated, elaborate
from ...yosys.program import REMEDY, Yosys, find_yosys
from ...yosys.sources import Sources, gather
from .file_list import Design
from .library_cells import cell_modules
from .simulation_gaps import find_gaps
from .text_checks import find_endless, find_promise, find_race, find_twice
from .verilog_design import design_circuit

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def read_design(design: Design, beyond: FormatError | None = None) -> Circuit:
    """The circuit of Verilog files.

    Args:
        design: The files.
        beyond: What another reader did not know in them.

    Raises:
        FormatError: naming file and line, if yosys refuses them, a circuit cannot express them, it is open which module
            is meant, or there is no yosys.
    """
    if design.cells is not None and (modules := cell_modules(design.cells, [data for _, data in design.files])):
        design = replace(design, files=(*design.files, (f"{design.cells.name} (as Verilog)", modules)))
    yosys, sources = _start(design, beyond)
    found = _elaborate(yosys, sources, design, beyond)
    if design.top is None and len(tops := _tops(found)) > 1:
        first = Path(design.files[0][0])
        own = next((name for name in (first.stem, "top") if name in tops), None)
        if own is None:
            raise FormatError(f"{first}: no other module contains {', '.join(tops)}; say which is meant by --top NAME")
        if own != found.top:
            found = _elaborate(yosys, sources, replace(design, top=own), beyond)
    _check_text(found)
    return design_circuit(found, design.undriven)


def _check_text(found: Elaborated) -> None:
    """Refuses races between blocks and blocks without an event, and tells of promises about cases."""
    for name, data in found.sources.copies.items():
        if name.endswith((".dat", ".json")):
            continue
        text = data.decode("utf-8", "replace")
        unused = frozenset(found.removed)
        if race := find_race(text, unused):
            problem = f"{race.name!r} is read here while another block assigns it by '='; which comes first is open"
            raise found.sources.error(name, race.line, f"{problem}, use '<='")
        if endless := find_endless(text, unused):
            problem = "a block that waits for no event has no meaning in hardware; write always @* or always @(posedge"
            raise found.sources.error(name, endless, f"{problem} clock), and leave the testbench out")
        if twice := find_twice(text):
            problem = f"defparam sets {twice[0]!r} a second time, of which elaboration takes the first; leave one out"
            raise found.sources.error(name, twice[1], problem)
        for gap in find_gaps(text, unused):
            warnings.warn(f"{found.sources.place(name)}:{gap.line}: {gap.told}", FormatWarning, stacklevel=4)
        if promise := find_promise(text):
            told = f"{promise!r} promises something of its cases, which is taken for kept, though a simulation does not"
            warnings.warn(f"{found.sources.place(name)}: {told}", FormatWarning, stacklevel=4)


def design_tops(design: Design) -> tuple[str, ...]:
    """The modules that no other contains, of which one is meant.

    Raises:
        FormatError: as :func:`read_design`.
    """
    yosys, sources = _start(design, None)
    return _tops(_elaborate(yosys, sources, design, None))


def _start(design: Design, beyond: FormatError | None) -> tuple[Yosys, Sources]:
    yosys = find_yosys()
    if yosys is None:
        known = str(beyond) if beyond else f"{design.files[0][0]}: is more than one flat module of gates"
        raise FormatError(f"{known}; hierarchical or behavioural Verilog is read through yosys: {REMEDY}")
    return yosys, gather(design.files, design.folders)


def _elaborate(yosys: Yosys, sources: Sources, design: Design, beyond: FormatError | None) -> Elaborated:
    try:
        return elaborate(yosys, sources, design.top, design.formal, design.macros)
    except FormatError as error:
        place, _, said = str(error).partition(": syntax error")
        if said and str(beyond).startswith(f"{place}: "):  # both stumble over one line; what is known here is clearer
            raise FormatError(f"{beyond} (yosys: syntax error{said})") from None
        raise


def _tops(found: Elaborated) -> tuple[str, ...]:
    """The module that was elaborated, and those left out that no module contains."""
    if any(name.endswith(".json") for name in found.sources.copies):
        return (found.top,)
    text = b"\n".join(data for name, data in found.sources.copies.items() if not name.endswith(".dat"))
    plain = _COMMENT.sub(" ", text.decode("utf-8", "replace"))
    others = [name for name in found.removed if not _instance(name).search(plain)]
    return tuple(sorted((found.top, *others)))


def _instance(module: str) -> re.Pattern[str]:
    """What an instance of a module looks like: ``module name (`` or ``module #(``."""
    return re.compile(
        rf"(?<![\w$]){re.escape(module)}(?![\w$])\s*(?:#|(?:\\\S+\s|[A-Za-z_][\w$]*)\s*(?:\[[^\]]*\]\s*)?\()"
    )
