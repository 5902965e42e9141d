"""The table of circuit formats, which the command line, tests, fuzzing, sweeps and documents read."""

from collections.abc import Callable
from difflib import get_close_matches

from ..circuit import Circuit
from ..errors import FormatError
from .aiger import ASCII_AIGER, BINARY_AIGER
from .bench import BENCH
from .berkeley import BLIF, KISS
from .dot import DOT, SVG
from .equations import EQUATIONS
from .format import Format, Module
from .pla import PLA
from .source import Source
from .truth_table import TRUTH_TABLES
from .verilog import VERILOG, YOSYS_JSON

FORMATS: tuple[Format, ...] = (
    ASCII_AIGER,
    BINARY_AIGER,
    BENCH,
    BLIF,
    EQUATIONS,
    KISS,
    PLA,
    TRUTH_TABLES,
    VERILOG,
    YOSYS_JSON,
    DOT,
    SVG,
)


def readable_suffixes() -> tuple[str, ...]:
    """The suffixes of all files that can be read, without the dot.

    Example:
        >>> "blif" in readable_suffixes(), "svg" in readable_suffixes()
        (True, False)
    """
    return tuple(suffix for row in FORMATS if row.read for suffix in row.suffixes)


def writable_suffixes() -> tuple[str, ...]:
    """The suffixes of all files that can be written, without the dot.

    Example:
        >>> "svg" in writable_suffixes(), "pla" in writable_suffixes()
        (True, False)
    """
    return tuple(suffix for row in FORMATS if row.write for suffix in row.suffixes)


def find_reader(suffix: str, name: str) -> Callable[[Source], Circuit]:
    """What reads files of a suffix.

    Args:
        suffix: Without the dot, in small letters.
        name: What an error calls the file.

    Raises:
        FormatError: if no format that can be read has it; a similar suffix is named.

    Example:
        >>> find_reader("blif", "adder.blif").__name__
        'parse_blif'
    """
    for row in FORMATS:
        if row.read and suffix in row.suffixes:
            return row.read
    raise FormatError(f"{name}: unknown format {suffix!r}; {_known(suffix, readable_suffixes())}")


def find_modules(suffix: str) -> Callable[[Source], tuple[Module, ...]] | None:
    """What tells the modules of files of a suffix; None if their format has no hierarchy.

    Example:
        >>> find_modules("bench") is None
        True
    """
    return next((row.modules for row in FORMATS if suffix in row.suffixes), None)


def find_writer(suffix: str, name: str) -> Callable[[Circuit], bytes]:
    """What writes files of a suffix; arguments as those of :func:`find_reader`.

    Raises:
        FormatError: if no format that can be written has it; a similar suffix is named.

    Example:
        >>> circuit = find_reader("eqn", "<text>")(Source("<text>", b"y = a & b"))
        >>> find_writer("blif", "and.blif")(circuit)[:14]
        b'.model circuit'
    """
    for row in FORMATS:
        if row.write and suffix in row.suffixes:
            return row.write
    raise FormatError(f"{name}: cannot write the format {suffix!r}; {_known(suffix, writable_suffixes())}")


def _known(suffix: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(suffix, known, n=1, cutoff=0.5)
    return (f"did you mean {near[0]!r}? " if near else "") + f"known: {', '.join(known)}"
