"""Which signals of two circuits belong together: by name, by order, or as a file says."""

from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from ..circuit import Circuit, Integers
from ..errors import CircuitError
from ..showing import shortened

GROUPS = ("input", "output", "register")


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


@dataclass(frozen=True)
class Pairing:
    """How signals are matched.

    Args:
        order: Whether by order; by name otherwise.
        names: For each group, what signals of the implementation are called in the specification; the others as here.
    """

    order: bool = False
    names: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])


def read_pairing(given: str | PathLike[str]) -> Pairing:
    """``order``, ``names``, or a file of lines ``input|output|register OURS THEIRS``, ``#`` beginning a comment.

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
    names: dict[str, dict[str, str]] = {group: {} for group in GROUPS}
    for number, line in enumerate(text.splitlines(), start=1):
        match line.partition("#")[0].split():
            case []:
                pass
            case [group, ours, theirs] if group in GROUPS and theirs not in names[group].values():
                if ours in names[group]:
                    raise CircuitError(f"{given}:{number}: the {group} {ours!r} is given twice")
                names[group][ours] = theirs
            case _:
                told = "expected input, output or register, a name of the implementation and one of the specification"
                raise CircuitError(f"{given}:{number}: {told}, each once; got {line.strip()[:60]!r}")
    return Pairing(False, names)


def agreed(impl: Circuit, spec: Circuit, pairing: Pairing | None) -> tuple[Circuit, Circuit, str]:
    """Two circuits over the same inputs, named alike as far as was asked, and what to say of it.

    An input that one circuit alone has is added to the other, which does not read it: what is then proved holds for all
    its values. So it is with a clock that one file declares as an input while the other leaves it out.

    Args:
        impl: One circuit.
        spec: The other.
        pairing: How signals are matched; None leaves it to :func:`by_one_name`.

    Raises:
        CircuitError: if signals cannot be matched so.
    """
    note = ""
    if pairing is not None:
        given = {"input": impl.inputs, "output": impl.output_names, "register": impl.register_names}
        there = {"input": spec.inputs, "output": spec.output_names, "register": spec.register_names}
        named = {group: _paired(group, given[group], there[group], pairing) for group in GROUPS}
        impl = _named(impl, named["input"], named["output"], named["register"])
        note = ", matched by order" if pairing.order else ", matched as given" if any(pairing.names.values()) else ""
    ours, theirs = set(impl.inputs), set(spec.inputs)
    more, less = ours - theirs, theirs - ours
    if (more and less) or not (more or less):
        return impl, spec, note
    extra = tuple(name for name in (*impl.inputs, *spec.inputs) if name in more | less)
    owner = "implementation" if more else "specification"
    note += f", for all values of {shortened(list(extra), 5)}, which the {owner} alone has"
    return (impl, _with_inputs(spec, extra), note) if more else (_with_inputs(impl, extra), spec, note)


def _paired(group: str, ours: tuple[str, ...], theirs: tuple[str, ...], pairing: Pairing) -> tuple[str, ...]:
    """What our signals of a group are called in the other circuit."""
    if pairing.order:
        if group == "register":  # which a proof matches by itself if they differ in number
            return theirs if len(ours) == len(theirs) else ours
        if len(ours) != len(theirs):
            problem = f"{len(ours)} and {len(theirs)} {group}s cannot be matched by order; give a file that pairs them"
            raise CircuitError(problem)
        return theirs
    names = pairing.names.get(group, {})
    for name, known, side in (*((n, ours, "implementation") for n in names),
                              *((n, theirs, "specification") for n in names.values())):  # fmt: skip
        if name not in known:
            raise CircuitError(f"the {side} has no {group} {name!r}; known: {shortened(list(known), 10)}")
    called = tuple(names.get(name, name) for name in ours)
    if len(set(called)) < len(called):
        twice = next(name for name in called if called.count(name) > 1)
        raise CircuitError(f"two {group}s of the implementation would be {twice!r}; pair both")
    if group == "output" and (odd := set(called) ^ set(theirs)):
        raise CircuitError(f"output {min(odd)!r} is in one circuit only; pair it with another, or match by order")
    return called


def _named(circuit: Circuit, inputs: tuple[str, ...], outputs: tuple[str, ...], registers: tuple[str, ...]) -> Circuit:
    if both := set(inputs) & set(registers):
        raise CircuitError(f"{min(both)!r} would be both an input and a register; pair one of them with another")
    return replace(circuit, inputs=inputs, output_names=outputs, register_names=registers, dont_cares=None)


def _with_inputs(circuit: Circuit, names: tuple[str, ...]) -> Circuit:
    """The circuit with further inputs that it does not read; a register of such a name is called otherwise."""
    before, more = len(circuit.inputs), len(names)
    taken = {*names, *circuit.inputs, *circuit.register_names}
    registers = list(circuit.register_names)
    for at, name in enumerate(registers):
        if name in names:
            registers[at] = next(
                text for primes in range(1, 9 + len(taken)) if (text := name + "'" * primes) not in taken
            )
            taken.add(registers[at])

    def moved(literals: Integers) -> Integers:
        return literals + 2 * more * (literals >> 1 > before)

    free = circuit.dont_cares
    inputs = (*circuit.inputs, *names)
    if free is not None:
        free = replace(
            free,
            inputs=(*inputs, *registers),
            literals=moved(free.literals),
            outputs=moved(free.outputs),
        )
    return replace(
        circuit,
        inputs=inputs,
        literals=moved(circuit.literals),
        outputs=moved(circuit.outputs),
        register_next=moved(circuit.register_next),
        register_names=tuple(registers),
        dont_cares=free,
    )


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
            f"{what} {min(odd)!r} is in one circuit only; they have {len(ours)} and {len(theirs)} {what}s; pair them "
            "by a file (--match FILE; in Python match=)"
        )
    if len(odd) < len(ours) + len(theirs):
        raise CircuitError(
            f"{what} {min(odd)!r} is in one circuit only; name both circuits' {what}s alike, or say how they are "
            "matched: --match order, or --match FILE (in Python match=)"
        )
    return theirs


def after(registers: tuple[str, ...], outputs: tuple[str, ...]) -> dict[str, str]:
    """For each register a name for its next value that is no output's: ``next r``, or ``next next r``."""
    prefix = "next "
    while any(name.startswith(prefix) for name in outputs):
        prefix += "next "
    return {name: prefix + name for name in registers}
