"""Reading and writing circuit files; the suffix says the format."""

from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from ..circuit import Circuit
from ..errors import FormatError
from ..writing import whole_file
from .format import Module
from .known_formats import find_modules, find_reader, find_writer
from .packed import read_bytes, unpacked_name
from .recognition import recognised
from .source import Source
from .verilog import VERILOG, checked_macro, parse_list, read_design


class Reading(TypedDict, total=False):
    """How a file is read, given by name; see :func:`read_circuit`."""

    genlib: str | Path | None
    undriven: str
    top: str | None
    macros: Sequence[str]


def read_circuit(
    path: str | Path,
    *,
    genlib: str | Path | None = None,
    undriven: str = "free",
    top: str | None = None,
    macros: Sequence[str] = (),
    formal: bool = False,
) -> Circuit:
    """The circuit of a file in one of the readable formats of :data:`logic.formats.known_formats.FORMATS`.

    The suffix says which, but AIGER is known by its first word. Equations are ``.eqn``, truth tables ``.tt``.
    One-hot promises are not part of any format. A list of Verilog files is ``.f``. A packed file
    (``adder.aig.gz``, ``.bz2``, ``.xz``) is unpacked.

    Args:
        path: The file.
        genlib: A library in the genlib or Liberty format, for mapped BLIF (``.gate``) and Verilog.
        undriven: What a wire that is read but never driven is: ``free``, an input, as it may have either value; or
            ``zero``, as ABC takes it. A :class:`logic.FormatWarning` names it either way.
        top: The module that is meant, for Verilog; if left out the one that no other module contains.
        macros: For Verilog, ``NAME`` or ``NAME=VALUE``, as ```define`` has them, before the first file.
        formal: For Verilog, whether the macro ``FORMAL`` is defined, by which many files hold their properties back,
            rather than ``SYNTHESIS``; other formats hold nothing back.

    Raises:
        FormatError: naming the file and the line or byte, if it cannot be read or holds no circuit in its format.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "half.eqn").write_text("s = a ^ b; c = a & b")
        ...     read_circuit(f"{folder}/half.eqn").output_names
        ('s', 'c')
    """
    path = Path(path)
    source = _source(path, genlib, undriven, top, macros, formal)
    suffix = unpacked_name(path).suffix.lower().removeprefix(".")
    if suffix == "f":
        return read_design(parse_list(source))
    suffix = "aig" if source.data[:4] in (b"aig ", b"aag ") else suffix
    if top is not None and suffix not in VERILOG.suffixes:
        raise source.error(f"the module {top!r} can be chosen in Verilog alone; leave --top out")
    if macros and suffix not in VERILOG.suffixes:
        raise source.error(f"the macro {macros[0]!r} can be defined for Verilog alone; leave --define out")
    return _parse(source, suffix)


def read_modules(
    path: str | Path,
    *,
    genlib: str | Path | None = None,
    undriven: str = "free",
    top: str | None = None,
    macros: Sequence[str] = (),
) -> tuple[Module, ...]:
    r"""The modules of a file with hierarchy, the whole circuit first; the circuit alone if it has none.

    Arguments and errors as those of :func:`read_circuit`.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> text = ".model top\n.inputs a\n.outputs y\n.subckt no i=a o=t\n.subckt no i=t o=y\n.end\n"
        >>> text += ".model no\n.inputs i\n.outputs o\n.names i o\n0 1\n.end\n"
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "two.blif").write_text(text)
        ...     [(module.name, module.instances) for module in read_modules(f"{folder}/two.blif")]
        [('top', 1), ('no', 2)]
    """
    circuit = read_circuit(path, genlib=genlib, undriven=undriven, top=top, macros=macros)
    path = Path(path)
    parts = find_modules(unpacked_name(path).suffix.lower().removeprefix("."))
    found = parts(_source(path, genlib, undriven)) if parts is not None else ()
    return found or (Module(unpacked_name(path).stem, 1, circuit),)


def parse_circuit(text: str | bytes, format: str) -> Circuit:
    """The circuit of a text in a format, called by its suffix: ``aag aig bench blif eqn pla tt v``.

    Example:
        >>> parse_circuit("s = a ^ b; c = a & b", "eqn").output_names
        ('s', 'c')

    Raises:
        FormatError: naming the line, if the text holds no circuit in this format.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return _parse(Source("<text>", data), format)


def write_circuit(circuit: Circuit, path: str | Path) -> None:
    """Writes a circuit into a file in one of the writable formats, whole or not at all; the suffix says which.

    Names that the format cannot hold are mended, and a :class:`logic.FormatWarning` says so.

    Raises:
        FormatError: if the format is unknown, or cannot express the circuit.
        FileError: if the file cannot be written; what was there stays.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     write_circuit(parse_circuit("y = a & b", "eqn"), f"{folder}/and.blif")
        ...     read_circuit(f"{folder}/and.blif").inputs
        ('a', 'b')
    """
    path = Path(path)
    data = find_writer(path.suffix.lower().removeprefix("."), str(path))(circuit)
    with whole_file(path) as place:
        place.write_bytes(data)


def format_circuit(circuit: Circuit, format: str) -> bytes:
    """What :func:`write_circuit` writes into a file of this suffix.

    Raises:
        FormatError: if the format is unknown, or cannot express the circuit.

    Example:
        >>> print(format_circuit(parse_circuit("y = a & ~b", "eqn"), "eqn").decode())
        INORDER = a b;
        OUTORDER = y;
        n3 = a & !b;
        y = n3;
        <BLANKLINE>
    """
    return find_writer(format, "<text>")(circuit)


def _source(
    path: Path,
    genlib: str | Path | None,
    undriven: str,
    top: str | None = None,
    macros: Sequence[str] = (),
    formal: bool = False,
) -> Source:
    """A file with what is said of how it is read."""
    if undriven not in ("free", "zero"):
        raise FormatError(f"undriven wires are 'free' or 'zero', not {undriven!r}")
    cells = None if genlib is None else Source(str(genlib), _plain(Path(genlib)))
    defined = tuple(checked_macro(macro) for macro in macros)
    return Source(str(path), _plain(path), top, formal, cells, undriven, defined)


def _plain(path: Path) -> bytes:
    return read_bytes(path).removeprefix(BOM_UTF8)


def _parse(source: Source, format: str) -> Circuit:
    try:
        return find_reader(format, source.name)(source)
    except FormatError as wrong:
        if told := recognised(source.data, format):
            raise FormatError(f"{wrong}; the file {told}") from wrong
        raise
