"""Names of wires in files that name every wire."""

import re
from collections.abc import Iterable

from ..circuit import Circuit
from ..errors import FormatError


def wire_names(circuit: Circuit, allowed: re.Pattern[str], language: str) -> list[str]:
    """A name for each wire; the constant is called by the empty name, gates by a letter and their wire's number.

    Raises:
        FormatError: if a name does not match ``allowed``.
    """
    given = (*circuit.inputs, *circuit.register_names, *circuit.output_names)
    for name in given:
        if not allowed.fullmatch(name):
            raise FormatError(f"{language} cannot hold the name {name!r}; rename it")
    prefix = fresh_name("n", given)
    gates = (f"{prefix}{wire}" for wire in range(circuit.first_gate, circuit.wires))
    return ["", *circuit.inputs, *circuit.register_names, *gates]


def fresh_name(name: str, given: Iterable[str]) -> str:
    """``name``, with underscores after it until no given name begins so."""
    alike = {other for other in given if other.startswith(name)}
    while any(other.startswith(name) for other in alike):
        name += "_"
    return name


def output_ends(circuit: Circuit) -> list[tuple[str, int]]:
    """The outputs that a file must define, by name and literal: those that are not inputs or registers themselves.

    Raises:
        FormatError: if an output bears the name of an input or register without being it.
    """
    sources = {name: 2 * wire for wire, name in enumerate((*circuit.inputs, *circuit.register_names), start=1)}
    ends: list[tuple[str, int]] = []
    for name, literal in zip(circuit.output_names, circuit.outputs.tolist(), strict=True):
        if name not in sources:
            ends.append((name, literal))
        elif sources[name] != literal:
            raise FormatError(f"the output {name!r} bears the name of an input or register that it is not; rename it")
    return ends
