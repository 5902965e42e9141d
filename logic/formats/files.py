"""Reading and writing circuit files; the suffix says the format."""

from collections.abc import Callable
from pathlib import Path

from ..circuit import Circuit
from ..drawing import dot_text, svg_text
from ..errors import FormatError
from .aiger import aiger_bytes, parse_aiger
from .bench import parse_bench
from .blif import blif_text, parse_blif
from .equations import parse_equations
from .pla import parse_pla
from .source import Source
from .truth_table import parse_truth_tables
from .verilog import parse_verilog
from .verilog_text import verilog_text


def _parsers() -> dict[str, Callable[[Source], Circuit]]:
    return {
        "aag": parse_aiger,
        "aig": parse_aiger,
        "bench": parse_bench,
        "blif": parse_blif,
        "eqn": parse_equations,
        "pla": parse_pla,
        "truth": parse_truth_tables,
        "tt": parse_truth_tables,
        "v": parse_verilog,
    }


def _writers() -> dict[str, Callable[[Circuit], bytes]]:
    return {
        "aag": lambda circuit: aiger_bytes(circuit, binary=False),
        "aig": lambda circuit: aiger_bytes(circuit, binary=True),
        "blif": lambda circuit: blif_text(circuit).encode("ascii"),
        "dot": lambda circuit: dot_text(circuit).encode("utf-8"),
        "svg": lambda circuit: svg_text(circuit).encode("utf-8"),
        "v": lambda circuit: verilog_text(circuit).encode("ascii"),
    }


def read_circuit(path: str | Path) -> Circuit:
    """The circuit of a file in one of the formats that :func:`parse_circuit` names.

    The suffix says which, but AIGER is known by its first word. Equations are ``.eqn``, truth tables ``.tt``.
    One-hot promises are not part of any format.

    Raises:
        FormatError: naming the file and the line or byte, if it cannot be read or holds no circuit in its format.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as wrong:
        raise FormatError(f"{path}: cannot be read: {wrong.strerror}") from wrong
    suffix = path.suffix.lower().removeprefix(".")
    return _parse(Source(str(path), data), "aig" if data[:4] in (b"aig ", b"aag ") else suffix)


def parse_circuit(text: str, format: str) -> Circuit:
    """The circuit of a text in a format, called by its suffix: ``aag bench blif eqn pla tt v``.

    Example:
        >>> parse_circuit("s = a ^ b; c = a & b", "eqn").output_names
        ('s', 'c')

    Raises:
        FormatError: naming the line, if the text holds no circuit in this format.
    """
    return _parse(Source("<text>", text.encode("utf-8", "surrogatepass")), format)


def write_circuit(circuit: Circuit, path: str | Path) -> None:
    """Writes a circuit as AIGER (``.aag``, ``.aig``), ``.blif``, Verilog (``.v``), ``.dot`` or ``.svg``.

    Raises:
        FormatError: if the format is unknown, cannot hold a name, or the file cannot be written.
    """
    path = Path(path)
    data = format_circuit(circuit, path.suffix.lower().removeprefix("."))
    try:
        path.write_bytes(data)
    except OSError as wrong:
        raise FormatError(f"{path}: cannot be written: {wrong.strerror}") from wrong


def format_circuit(circuit: Circuit, format: str) -> bytes:
    """What :func:`write_circuit` writes into a file of this suffix."""
    writers = _writers()
    if format not in writers:
        raise FormatError(f"cannot write the format {format!r}; known: {', '.join(writers)}")
    return writers[format](circuit)


def _parse(source: Source, format: str) -> Circuit:
    parsers = _parsers()
    if format not in parsers:
        raise FormatError(f"{source.name}: unknown format {format!r}; known: {', '.join(parsers)}")
    return parsers[format](source)
