"""Circuits in and out of files, one module a format."""

from .files import (
    format_circuit as format_circuit,
    parse_circuit as parse_circuit,
    read_circuit as read_circuit,
    read_modules as read_modules,
    write_circuit as write_circuit,
)
from .known_formats import (
    FORMATS as FORMATS,
    readable_suffixes as readable_suffixes,
    writable_suffixes as writable_suffixes,
)
from .symbolic import from_sympy as from_sympy, to_sympy as to_sympy
from .truth_table import from_truth_tables as from_truth_tables
