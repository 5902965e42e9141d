"""Verilog files that yosys elaborates: which module is meant, and what is told where there is no yosys."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ...circuit import Circuit
from ...errors import FormatError
from ...yosys.elaboration import Elaborated, elaborate
from ...yosys.program import REMEDY, find_yosys
from ...yosys.sources import gather
from .verilog_design import design_circuit

_COMMENT = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(rb"[A-Za-z_][\w$]*")


def read_design(
    files: Sequence[tuple[str, bytes]],
    folders: Sequence[Path],
    top: str | None = None,
    formal: bool = False,
    beyond: FormatError | None = None,
) -> Circuit:
    """The circuit of Verilog files.

    Args:
        files: Name and content of each, in their order.
        folders: Where included files may be.
        top: The module that is meant; None if it is the one that no other contains.
        formal: Whether the macro ``FORMAL`` is defined rather than ``SYNTHESIS``.
        beyond: What another reader did not know in them.

    Raises:
        FormatError: naming file and line, if yosys refuses them, a circuit cannot express them, or there is no yosys.
    """
    yosys = find_yosys()
    if yosys is None:
        known = str(beyond) if beyond else f"{files[0][0]}: assertions need yosys"
        raise FormatError(f"{known}; hierarchical or behavioural Verilog is read through yosys: {REMEDY}")
    sources = gather(files, folders)
    try:
        design = elaborate(yosys, sources, top, formal)
    except FormatError as error:
        place, _, said = str(error).partition(": syntax error")
        if said and str(beyond).startswith(f"{place}: "):  # both stumble over one line; what is known here is clearer
            raise FormatError(f"{beyond} (yosys: syntax error{said})") from None
        raise
    if top is None and (others := _other_tops(design)):
        own = next((name for name in (Path(files[0][0]).stem, "top") if name in (*others, design.top)), None)
        if own is None:
            names = ", ".join(sorted((*others, design.top)))
            raise FormatError(f"{files[0][0]}: no other module contains {names}; say which one is meant by --top NAME")
        if own != design.top:
            design = elaborate(yosys, sources, own, formal)
    return design_circuit(design)


def _other_tops(design: Elaborated) -> list[str]:
    """Modules that are not part of the design and that no module contains: their names stand in the text but once."""
    text = b"\n".join(design.sources.copies[name] for name in design.sources.copies if not name.endswith(".dat"))
    text = _COMMENT.sub(b" ", text)
    words = Counter(_WORD.findall(text))
    return [name for name in design.removed if words[name.encode()] == 1]
