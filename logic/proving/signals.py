"""Which signals of two circuits belong together: by name, or by order."""

from dataclasses import replace
from typing import NamedTuple

from ..circuit import Circuit
from ..errors import CircuitError


class Renamed(NamedTuple):
    """A circuit with its signals called as in another one.

    Args:
        circuit: The same circuit, renamed.
        inputs: In the order of the other circuit's inputs, what they are called here.
        note: What to say of it: nothing, or that signals were matched by order.
    """

    circuit: Circuit
    inputs: tuple[str, ...]
    note: str


def by_one_name(impl: Circuit, spec: Circuit) -> Renamed:
    """The first circuit with its signals called as in the second.

    Inputs, outputs and registers are each matched by name if both circuits have the same names, and by order if they
    have as many and none in common (formats and tools rename; ABC does the same). Registers that cannot be matched
    keep their names.

    Raises:
        CircuitError: if inputs or outputs cannot be matched, or the clocks are different ones.
    """
    inputs = _common("input", impl.inputs, spec.inputs)
    outputs = _common("output", impl.output_names, spec.output_names)
    try:
        registers = _common("register", impl.register_names, spec.register_names)
    except CircuitError:
        registers = impl.register_names
    same = inputs == impl.inputs
    note = "" if same and outputs == impl.output_names else ", matched by order"
    note += _one_clock(impl, spec, same)
    names = {"inputs": inputs, "output_names": outputs, "register_names": registers}
    renamed = replace(impl, **names, clock=spec.clock or impl.clock)
    return Renamed(renamed, spec.inputs if same else impl.inputs, note)


def _one_clock(impl: Circuit, spec: Circuit, by_name: bool) -> str:
    """What is taken for granted of the clocks, or nothing.

    Raises:
        CircuitError: if the two circuits wait for different edges, which no step of both can be.
    """
    ours, theirs = impl.clock, spec.clock
    if ours is not None and theirs is not None:
        if ours.rising != theirs.rising or (by_name and ours.name != theirs.name):
            raise CircuitError(
                f"one circuit waits for {ours}, the other for {theirs}; these are different circuits, give both the "
                "same clock and edge if they are meant to be one"
            )
    elif (ours or theirs) and impl.register_names and spec.register_names:
        return f", both clocked by {ours or theirs}, which one of them does not name"
    return ""


def _common(what: str, ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    """Their names in our order."""
    odd = set(ours) ^ set(theirs)
    if not odd:
        return ours
    if len(ours) != len(theirs):
        raise CircuitError(
            f"{what} {min(odd)!r} is in one circuit only; they have {len(ours)} and {len(theirs)} {what}s"
        )
    if len(odd) < len(ours) + len(theirs):
        raise CircuitError(f"{what} {min(odd)!r} is in one circuit only; name both circuits' {what}s alike, or none")
    return theirs


def after(registers: tuple[str, ...], outputs: tuple[str, ...]) -> dict[str, str]:
    """For each register a name for its next value that is no output's: ``next r``, or ``next next r``."""
    prefix = "next "
    while any(name.startswith(prefix) for name in outputs):
        prefix += "next "
    return {name: prefix + name for name in registers}
