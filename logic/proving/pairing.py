"""What is said of which signals of two circuits belong together, and the circuits cut to what is to be compared."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

import numpy as np

from ..circuit import Circuit, Integers
from ..errors import CircuitError
from ..showing import shortened

GROUPS = ("input", "output", "register")
_NOTHING = "-"  # in a file that pairs: what an output that is left out is paired with


@dataclass(frozen=True)
class Pairing:
    """How signals are matched.

    Args:
        order: Whether by order, those of ``names`` aside; by name otherwise.
        names: For each group, what signals of the implementation are called in the specification; the others as here.
        left_out: Outputs that are not compared, each with the circuit that has it.
        values: What inputs are held at, in each circuit that has them.
    """

    order: bool = False
    names: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    left_out: frozenset[tuple[str, str]] = frozenset()
    values: dict[str, int] = field(default_factory=dict[str, int])


def read_pairing(given: str | PathLike[str]) -> Pairing:
    """``order``, ``names``, or a file of lines ``input|output|register|clock OURS THEIRS``, ``#`` beginning a comment.

    ``output OURS -`` and ``output - THEIRS`` leave an output out; ``value NAME 0|1`` holds an input at a value, such as
    a bit of a key; a line ``order`` matches by order what no other line pairs.

    Raises:
        CircuitError: if it is none of them, or a signal is given twice.

    Example:
        >>> read_pairing("order").order
        True
    """
    if given in ("order", "names"):
        return Pairing(given == "order")
    try:
        text = Path(given).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise CircuitError(f"{given}: expected order, names, or a readable text file ({wrong})") from None
    names: dict[str, dict[str, str]] = {group: {} for group in (*GROUPS, "clock")}
    values: dict[str, int] = {}
    left_out: set[tuple[str, str]] = set()
    order = False
    for number, line in enumerate(text.splitlines(), start=1):
        match line.partition("#")[0].split():
            case []:
                pass
            case ["order"]:
                order = True
            case ["value", name, "0" | "1" as value] if name not in values:
                values[name] = int(value)
            case ["output", "-", theirs] if theirs != _NOTHING and theirs not in names["output"].values():
                left_out.add(("specification", theirs))
            case ["output", ours, "-"] if ours not in names["output"]:
                left_out.add(("implementation", ours))
            case [group, ours, theirs] if group in names and theirs not in names[group].values():
                if ours in names[group] or (group == "output" and ("implementation", ours) in left_out):
                    raise CircuitError(f"{given}:{number}: the {group} {ours!r} is given twice")
                names[group][ours] = theirs
            case _:
                told = (
                    "expected input, output, register or clock, a name of the implementation and one of the "
                    "specification (of an output also -, which leaves it out), or value, a name and 0 or 1"
                )
                raise CircuitError(f"{given}:{number}: {told}, each once; got {line.strip()[:60]!r}")
    return Pairing(order, names, frozenset(left_out), values)


def spelling(name: str) -> str:
    r"""A name without what tools change in it: the signs around indices, backslashes before it, and capitals.

    Example:
        >>> {spelling(name) for name in ("a[0]", "a_0_", "A<0>", "\\\\a[0]", "a0")}
        {'a 0'}
    """
    return " ".join(re.findall(r"[a-z]+|[0-9]+|[^\sa-z0-9_\[\]<>(){}\\]+", name.lower()))


def cut(impl: Circuit, spec: Circuit, pairing: Pairing) -> tuple[Circuit, Circuit, str]:
    """Both circuits with inputs held and outputs left out, and what to say of it."""
    for name in pairing.values:
        if name not in impl.inputs and name not in spec.inputs:
            raise CircuitError(f"neither circuit has an input {name!r} that could be held at a value")
    sides = {"implementation": impl, "specification": spec}
    for side, name in sorted(pairing.left_out):
        if name not in sides[side].output_names:
            raise CircuitError(f"the {side} has no output {name!r} that could be left out")
    held = {side: _held(circuit, pairing.values) for side, circuit in sides.items()}
    kept = {
        side: _without(circuit, {name for owner, name in pairing.left_out if owner == side})
        for side, circuit in held.items()
    }
    values = [f"{name}={value}" for name, value in pairing.values.items()]
    note = f", with {shortened(values, 20)}" if values else ""
    if pairing.left_out:
        note += f", without the outputs {shortened(sorted({name for _, name in pairing.left_out}), 5)}"
    return kept["implementation"], kept["specification"], note


def _held(circuit: Circuit, values: Mapping[str, int]) -> Circuit:
    """The circuit with some inputs replaced by constants."""
    if not values.keys() & set(circuit.inputs):
        return circuit
    given = np.array([values.get(name, -1) for name in circuit.inputs])
    held = given >= 0
    before = np.cumsum(held)
    image = 2 * np.arange(circuit.wires) - 2 * int(held.sum())
    image[0] = 0
    image[1 : 1 + len(held)] = np.where(held, given, 2 * (np.arange(1, 1 + len(held)) - before))
    if any(held[list(group)].any() for group in circuit.one_hot):
        raise CircuitError("an input of a one-hot group cannot be held at a value")

    def moved(literals: Integers) -> Integers:
        return image[literals >> 1] ^ (literals & 1)

    free = circuit.dont_cares
    return replace(
        circuit,
        inputs=tuple(name for name in circuit.inputs if name not in values),
        literals=moved(circuit.literals),
        outputs=moved(circuit.outputs),
        one_hot=tuple(range(g.start - int(before[g.start]), g.stop - int(before[g.start])) for g in circuit.one_hot),
        register_next=moved(circuit.register_next),
        dont_cares=None if free is None else _held(free, {n: v for n, v in values.items() if n in circuit.inputs}),
        free_inputs=tuple(name for name in circuit.free_inputs if name not in values),
    )


def _without(circuit: Circuit, names: Collection[str]) -> Circuit:
    """The circuit without some outputs."""
    if not names:
        return circuit
    if circuit.roles:
        raise CircuitError("outputs of a circuit with properties cannot be left out")
    free = circuit.dont_cares
    kept = [at for at, name in enumerate(circuit.output_names) if name not in names]
    return replace(
        circuit,
        outputs=circuit.outputs[kept],
        output_names=tuple(circuit.output_names[at] for at in kept),
        dont_cares=None if free is None else _without(free, names),
    )
