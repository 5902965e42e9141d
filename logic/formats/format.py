"""What a circuit format is: the contract that each row of the table of formats fulfils."""

from collections.abc import Callable
from dataclasses import dataclass

from ..circuit import Circuit
from .source import Source


@dataclass(frozen=True)
class Module:
    """A part of a file with hierarchy, with all that is within it.

    Args:
        name: Of the module.
        instances: How often it is in the whole circuit.
        circuit: What it computes.
    """

    name: str
    instances: int
    circuit: Circuit


@dataclass(frozen=True)
class Format:
    """A language for circuits.

    Args:
        name: What people call it.
        suffixes: Of its files, without the dot; the first is the usual one.
        example: A small valid file.
        lacks: What it cannot express, as one sentence; a writer refuses it rather than leave it out.
        read: The circuit of a text, or None if the format is only written.
        write: The bytes of a file, or None if the format is only read.
        mark: A regular expression that the beginning of each of its files matches, so that a file of another kind is
            not overwritten; formats that are only read need none.
        modules: The modules of a text with hierarchy, the whole one first; none if it has no hierarchy.
    """

    name: str
    suffixes: tuple[str, ...]
    example: bytes
    lacks: str
    read: Callable[[Source], Circuit] | None = None
    write: Callable[[Circuit], bytes] | None = None
    mark: bytes = b""
    modules: Callable[[Source], tuple[Module, ...]] | None = None
