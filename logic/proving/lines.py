"""What belongs together: lines of a network (``x``, or the rails ``x=0`` and ``x=1``) and signals of two circuits."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..errors import CircuitError, NetworkError

Integers = NDArray[np.int64]


def signal(name: str, places: dict[str, int], literals: Integers) -> int:
    """The literal for which the line of that name fires.

    Args:
        name: Of the line.
        places: Where each signal's literal is.
        literals: Of the signals.

    Raises:
        NetworkError: if there is no such signal.
    """
    if name in places:
        return int(literals[places[name]])
    wire, _, value = name.rpartition("=")
    if wire in places and value in ("0", "1"):
        return int(literals[places[wire]]) ^ (value == "0")
    raise NetworkError(f"line {name!r} is not a signal of the circuit; it has {list(places)[:10]} ...")


class Matched(NamedTuple):
    """A circuit with its signals called as in another one.

    Args:
        circuit: The same circuit, renamed.
        inputs: In the order of the other circuit's inputs, what they are called here.
        note: What to say of it: nothing, or that signals were matched by order.
    """

    circuit: Circuit
    inputs: tuple[str, ...]
    note: str


def by_one_name(impl: Circuit, spec: Circuit) -> Matched:
    """The first circuit with its signals called as in the second.

    Inputs, outputs and registers are each matched by name if both circuits have the same names, and by order if they
    have as many and none in common (formats and tools rename; ABC does the same). Registers that cannot be matched
    keep their names.

    Raises:
        CircuitError: if inputs or outputs cannot be matched.
    """
    inputs = _common("input", impl.inputs, spec.inputs)
    outputs = _common("output", impl.output_names, spec.output_names)
    try:
        registers = _common("register", impl.register_names, spec.register_names)
    except CircuitError:
        registers = impl.register_names
    renamed = replace(impl, inputs=inputs, output_names=outputs, register_names=registers)
    same = inputs == impl.inputs
    note = "" if same and outputs == impl.output_names else ", matched by order"
    return Matched(renamed, spec.inputs if same else impl.inputs, note)


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
