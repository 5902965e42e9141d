"""Which signals of two circuits belong together: by name, by order, or as a file says."""

from dataclasses import replace
from typing import NamedTuple

from ..circuit import Circuit, Integers
from ..errors import CircuitError
from ..showing import shortened
from .pairing import GROUPS, Pairing, cut, spelling

_LEAVES = ", where a line 'output OURS -' or 'output - THEIRS' leaves one out"


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


class Agreed(NamedTuple):
    """Two circuits over the same inputs, named alike as far as was asked.

    Args:
        impl: One circuit.
        spec: The other.
        note: What to say of it.
        ours: What the implementation's own inputs were called there.
    """

    impl: Circuit
    spec: Circuit
    note: str
    ours: tuple[str, ...]


def agreed(impl: Circuit, spec: Circuit, pairing: Pairing | None) -> Agreed:
    """Two circuits over the same inputs, named alike as far as was asked, and what to say of it.

    An input that one circuit alone has is added to the other, which does not read it: what is then proved holds for all
    its values. So it is with a clock that one file declares as an input while the other leaves it out. Unless it is
    said how signals are matched, those whose names differ in spelling alone (``a[0]``, ``a_0_``, ``A<0>``) are one.

    Args:
        impl: One circuit.
        spec: The other.
        pairing: How signals are matched; None leaves it to :func:`by_one_name`.

    Raises:
        CircuitError: if signals cannot be matched so.
    """
    if pairing is None:
        impl, note, ours = _spelled_alike(impl, spec)
    else:
        impl, spec, note = cut(impl, spec, pairing)
        ours = impl.inputs
        given = {"input": impl.inputs, "output": impl.output_names, "register": impl.register_names}
        there = {"input": spec.inputs, "output": spec.output_names, "register": spec.register_names}
        named = {group: _paired(group, given[group], there[group], pairing) for group in GROUPS}
        impl = _named(impl, named["input"], named["output"], named["register"])
        given_names = any(pairing.names.values())
        how = [", matched as given"] * given_names + [", matched by order"] * pairing.order
        note = f"{''.join(how)}{note}"
        impl, told = _clock_paired(impl, spec, pairing)
        note += told
    known, theirs = set(impl.inputs), set(spec.inputs)
    more, less = known - theirs, theirs - known
    if (more and less) or not (more or less):
        return Agreed(impl, spec, note, ours)
    extra = tuple(name for name in (*impl.inputs, *spec.inputs) if name in more | less)
    owner = "implementation" if more else "specification"
    note += f", for all values of {shortened(list(extra), 5)}, which the {owner} alone has"
    pair = (impl, _with_inputs(spec, extra)) if more else (_with_inputs(impl, extra), spec)
    return Agreed(*pair, note, ours)


def _spelled_alike(impl: Circuit, spec: Circuit) -> tuple[Circuit, str, tuple[str, ...]]:
    """The implementation with names as the specification spells them, what to say of it, and what inputs were called.

    A group is renamed if no two names of a circuit are spelled alike, and all odd names of one circuit are names of the
    other so.
    """
    groups = {
        "inputs": (impl.inputs, spec.inputs),
        "output_names": (impl.output_names, spec.output_names),
        "register_names": (impl.register_names, spec.register_names),
    }
    called: dict[str, tuple[str, ...]] = {}
    example: tuple[str, str] | None = None
    for group, (ours, theirs) in groups.items():
        odd, other = set(ours) - set(theirs), set(theirs) - set(ours)
        if not odd or not other:
            continue
        own, there = ({spelling(name): name for name in names} for names in (ours, theirs))
        same = {own[one]: there[one] for one in own.keys() & there.keys() if own[one] in odd and there[one] in other}
        whole = len(same) == min(len(odd), len(other)) and (group == "inputs" or len(odd) == len(other))
        if not same or not whole or len(own) < len(ours) or len(there) < len(theirs):
            continue
        example = example or next(iter(sorted(same.items())))
        called[group] = tuple(same.get(name, name) for name in ours)
    if impl.clock and spec.clock and spelling(impl.clock.name) == spelling(spec.clock.name):
        impl = replace(impl, clock=replace(impl.clock, name=spec.clock.name))
    if example is None or set(called.get("inputs", impl.inputs)) & set(
        called.get("register_names", impl.register_names)
    ):
        return impl, "", impl.inputs
    ours = impl.inputs
    free = impl.dont_cares
    sources = (*called.get("inputs", ours), *called.get("register_names", impl.register_names))
    if free is not None:
        ends = dict(zip(impl.output_names, called.get("output_names", impl.output_names), strict=True))
        free = replace(free, inputs=sources, output_names=tuple(ends[name] for name in free.output_names))
    here = dict(zip(ours, called.get("inputs", ours), strict=True))
    left = tuple(here[name] for name in impl.free_inputs)
    told = f", names that are spelled otherwise taken for one (such as {example[0]!r} and {example[1]!r})"
    return replace(impl, **called, dont_cares=free, free_inputs=left), told, ours


def _clock_paired(impl: Circuit, spec: Circuit, pairing: Pairing) -> tuple[Circuit, str]:
    """The implementation with its clock called as the specification's, and what to say of it."""
    ours, theirs = impl.clock, spec.clock
    for given, there in pairing.names.get("clock", {}).items():
        for side, name, clock in (("implementation", given, ours), ("specification", there, theirs)):
            if clock is None or clock.name != name:
                raise CircuitError(f"the clock of the {side} is {clock or 'not named'}, not {name!r}")
    asked = pairing.order or bool(pairing.names.get("clock"))
    if ours is None or theirs is None or ours.name == theirs.name or not asked:
        return impl, ""
    told = f", the clock {ours.name!r} being {theirs.name!r} there"
    return replace(impl, clock=replace(ours, name=theirs.name)), told


def _paired(group: str, ours: tuple[str, ...], theirs: tuple[str, ...], pairing: Pairing) -> tuple[str, ...]:
    """What our signals of a group are called in the other circuit."""
    names = pairing.names.get(group, {})
    for name, known, side in (*((n, ours, "implementation") for n in names),
                              *((n, theirs, "specification") for n in names.values())):  # fmt: skip
        if name not in known:
            raise CircuitError(f"the {side} has no {group} {name!r}; known: {shortened(list(known), 10)}")
    called = tuple(names.get(name, name) for name in ours)
    if pairing.order:
        rest = [name for name in theirs if name not in names.values()]
        left = len(ours) - len(names)
        if left == len(rest):
            following = iter(rest)
            return tuple(names[name] if name in names else next(following) for name in ours)
        if group != "register":  # which a proof matches by itself if they differ in number
            problem = f"{left} and {len(rest)} {group}s cannot be matched by order; give a file that pairs them"
            raise CircuitError(problem)
    if len(set(called)) < len(called):
        twice = next(name for name in called if called.count(name) > 1)
        raise CircuitError(f"two {group}s of the implementation would be {twice!r}; pair both")
    if group == "output" and (odd := set(called) ^ set(theirs)):
        raise CircuitError(
            f"output {min(odd)!r} is in one circuit only; pair it with another, match by order, or leave it out (-)"
        )
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
            remedy = "give both the same edge if they are meant to be one"
            if ours.rising == theirs.rising:
                remedy = f"if they are one, say so: --match FILE with a line 'clock {ours.name} {theirs.name}'"
            raise CircuitError(
                f"one circuit waits for {ours}, the other for {theirs}; these are different circuits; {remedy}"
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
            f"by a file (--match FILE; in Python match=){_LEAVES if what == 'output' else ''}"
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
