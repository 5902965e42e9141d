"""Names of wires in files that name every wire, mended where a language cannot hold them."""

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..circuit import Circuit
from ..errors import FormatError, FormatWarning
from ..roles import Role


def wire_names(circuit: Circuit, allowed: re.Pattern[str], language: str) -> tuple[Circuit, list[str]]:
    """The circuit with names that a language can hold, and a name for each wire.

    The constant is called by the empty name, gates by a letter and their wire's number. Letters that are not
    ``allowed`` become underscores; an output that bears the name of an input or register without being it gets
    ``_out`` after it. A :class:`FormatWarning` tells what was renamed.
    """
    circuit = _distinct_outputs(printable(circuit, allowed, language), language)
    given = (*circuit.inputs, *circuit.register_names, *circuit.output_names)
    prefix = fresh_name("n", given)
    gates = (f"{prefix}{wire}" for wire in range(circuit.first_gate, circuit.wires))
    return circuit, ["", *circuit.inputs, *circuit.register_names, *gates]


def fresh_name(name: str, given: Iterable[str]) -> str:
    """``name``, with underscores after it until no given name begins so.

    Example:
        >>> fresh_name("n", ["a", "n1"])
        'n_'
    """
    alike = {other for other in given if other.startswith(name)}
    while any(other.startswith(name) for other in alike):
        name += "_"
    return name


def output_ends(circuit: Circuit) -> list[tuple[str, int]]:
    """The outputs that a file must define, by name and literal: those that are not inputs or registers themselves."""
    sources = {*circuit.inputs, *circuit.register_names}
    ends = zip(circuit.output_names, circuit.outputs.tolist(), strict=True)
    return [(name, literal) for name, literal in ends if name not in sources]


def refuse_roles(circuit: Circuit, language: str) -> None:
    """Refuses properties in a language that has none.

    Raises:
        FormatError: if an output is no plain one.
    """
    for name, role in zip(circuit.output_names, circuit.roles, strict=False):
        if role is not Role.OUTPUT:
            raise FormatError(f"{language} has no properties, but {name!r} is one ({role}); write AIGER (.aag, .aig)")


def refuse_dont_cares(circuit: Circuit, language: str) -> None:
    """Refuses don't cares in a language that has none.

    Raises:
        FormatError: if an output may have either value somewhere.
    """
    if circuit.dont_cares is not None:
        name = circuit.dont_cares.output_names[0]
        raise FormatError(f"{language} has no don't cares, but {name!r} has some; write BLIF (.blif)")


def printable(circuit: Circuit, allowed: re.Pattern[str], language: str) -> Circuit:
    """The circuit with underscores for letters that are not ``allowed`` in names, which a warning tells."""
    sources = (*circuit.inputs, *circuit.register_names)
    further = (*(one.name for one in circuit.justice), *((circuit.clock.name,) if circuit.clock else ()))
    given = dict.fromkeys((*sources, *circuit.output_names, *further))
    taken, names = set(given), dict[str, str]()
    for name in given:
        if not allowed.fullmatch(name):
            plain = "".join(letter if allowed.fullmatch(letter) else "_" for letter in name) or "_"
            names[name] = _unused(plain, taken)
    if not names:
        return circuit
    _tell(names, f"{language} cannot hold the name")
    clock = circuit.clock
    free = circuit.dont_cares
    return replace(
        circuit,
        inputs=tuple(names.get(name, name) for name in circuit.inputs),
        register_names=tuple(names.get(name, name) for name in circuit.register_names),
        output_names=tuple(names.get(name, name) for name in circuit.output_names),
        clock=replace(clock, name=names.get(clock.name, clock.name)) if clock else None,
        dont_cares=None if free is None else _renamed(free, names),
        justice=tuple(replace(one, name=names.get(one.name, one.name)) for one in circuit.justice),
    )


def _distinct_outputs(circuit: Circuit, language: str) -> Circuit:
    """The circuit with other names for outputs that bear the name of an input or register without being it."""
    wires = {name: 2 * wire for wire, name in enumerate((*circuit.inputs, *circuit.register_names), start=1)}
    ends = zip(circuit.output_names, circuit.outputs.tolist(), strict=True)
    return rename_outputs(circuit, [name for name, literal in ends if wires.get(name, literal) != literal], language)


def rename_outputs(circuit: Circuit, wrong: list[str], language: str) -> Circuit:
    """The circuit with ``_out`` after some of its outputs' names, which a warning tells."""
    if not wrong:
        return circuit
    taken = {*circuit.inputs, *circuit.register_names, *circuit.output_names}
    names = {name: _unused(f"{name}_out", taken) for name in wrong}
    _tell(names, f"{language} cannot give an output the name of an input or register,")
    free = circuit.dont_cares
    mended = tuple(names.get(name, name) for name in circuit.output_names)
    return replace(circuit, output_names=mended, dont_cares=None if free is None else _renamed(free, {}, names))


def _renamed(free: Circuit, inputs: Mapping[str, str], outputs: Mapping[str, str] | None = None) -> Circuit:
    """Don't cares whose inputs, and outputs if they are called otherwise, have other names."""
    outputs = inputs if outputs is None else outputs
    return replace(
        free,
        inputs=tuple(inputs.get(name, name) for name in free.inputs),
        output_names=tuple(outputs.get(name, name) for name in free.output_names),
    )


def _tell(names: dict[str, str], problem: str) -> None:
    old, new = next(iter(names.items()))
    more = f" (and {len(names) - 1} more names)" if len(names) > 1 else ""
    warnings.warn(f"{problem} {old!r}; it is written as {new!r}{more}", FormatWarning, stacklevel=2)


def _unused(name: str, taken: set[str]) -> str:
    """The name, with underscores after it until it is new; it is taken then."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
