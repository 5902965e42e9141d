"""Proofs against a circuit that leaves some outputs free for some inputs: two circuits made equal where it does.

In the literature: external don't cares, input-dependent output freedom of incompletely specified functions.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..circuit import Circuit, Gate, Integers
from ..network import SpikingNetwork
from ..rails import match_lines
from ..roles import Role
from ..showing import shortened
from ..verdict import Verdict
from ..watch import Watch
from .networks import lifted_circuit
from .signals import by_one_name


def prove_up_to(
    impl: Circuit, spec: Circuit, prove: Callable[[Circuit, Circuit], Verdict], timeout: float | Watch | None = None
) -> Verdict:
    """Whether a circuit gives the specification's outputs wherever these are not free.

    Each output is forced to 0 in both circuits where the specification leaves it free, and the rest is proved. If what
    is free depends on the specification's registers, both become one circuit of which it is proved that it never tells
    of a difference.

    Args:
        impl: A circuit; where its own outputs are free is not used.
        spec: The specification.
        prove: The proof for circuits without don't cares.
        timeout: Seconds for the proof that both circuits, made one, never differ.

    Raises:
        CircuitError: if signals cannot be matched.
    """
    free, spec = spec.dont_cares, replace(spec, dont_cares=None)
    impl = replace(impl, dont_cares=None)
    if free is None:
        verdict = prove(impl, spec)
        return replace(verdict, claim=f"{verdict.claim}; the implementation's own don't cares are not used")
    impl, _, order = by_one_name(impl, spec)
    note = f"{order}, outside the specification's don't cares ({shortened(list(free.output_names), 5)})"
    if spec.register_names and _reads(free, spec):
        from ..checking import all_hold, prove_properties
        from .machines import assumed

        verdict = all_hold(prove_properties(_difference(impl, spec, free), timeout=timeout))
        claim = f"two clocked circuits never differ in {len(spec.outputs)} outputs{note}{assumed(impl, spec)}"
        return replace(verdict, claim=claim)
    verdict = prove(_masked(impl, free), _masked(spec, free))
    return replace(verdict, claim=f"{verdict.claim}{note}")


def prove_network_up_to(
    network: SpikingNetwork, spec: Circuit, exact: Verdict, prove: Callable[[Circuit, Circuit], Verdict]
) -> Verdict:
    """Whether a network that does not compute the values of a specification differs only where these are free.

    Args:
        network: One that can be lifted to a circuit.
        spec: The specification; a rail may say anything where its signal is free.
        exact: What was found of the values themselves.
        prove: The proof for circuits.
    """
    if spec.register_names or spec.dont_cares is None:
        return replace(exact, holds=None, counterexample=None, detail=f"open outside the don't cares: {exact.detail}")
    lifted = lifted_circuit(network)
    matched = match_lines(network.output_lines, spec.output_names)
    free = dict(zip(spec.dont_cares.output_names, spec.dont_cares.outputs.tolist(), strict=True))
    ends = {name: free[spec.output_names[at]] for name, at in zip(lifted.output_names, matched.place, strict=True)
            if spec.output_names[at] in free}  # fmt: skip
    lines = replace(
        spec,
        outputs=spec.outputs[matched.place] ^ matched.negated,
        output_names=lifted.output_names,
        dont_cares=replace(spec.dont_cares, outputs=np.array(list(ends.values())), output_names=tuple(ends)),
    )
    return prove(lifted, lines)


def _reads(free: Circuit, spec: Circuit) -> bool:
    """Whether the don't cares depend on a register, as far as their gates tell."""
    wires = np.concatenate([free.literals, free.outputs]) >> 1
    return bool(((wires > len(spec.inputs)) & (wires < free.first_gate)).any())


def _masked(circuit: Circuit, free: Circuit) -> Circuit:
    """The circuit with outputs that are 0 where they are free; registers, which the don't cares do not read, are 0."""
    place = {name: 2 * wire for wire, name in enumerate(circuit.inputs, start=1)}
    grown = _Growing(circuit)
    wires = grown.add(free, [place.get(name, 0) for name in free.inputs])
    outputs = dict(zip(circuit.output_names, circuit.outputs.tolist(), strict=True))
    for name, literal in zip(free.output_names, free.outputs.tolist(), strict=True):
        outputs[name] = grown.gate(Gate.AND, (outputs[name], wires(literal) ^ 1))
    return grown.build(circuit, list(outputs.values()))


def _difference(impl: Circuit, spec: Circuit, free: Circuit) -> Circuit:
    """One circuit of both circuits' registers, and the claim that no output of theirs differs where it is not free.

    Registers of one name whose first values are not defined start alike: what both show at the first clock is a value
    that a further register holds.
    """
    own = (*spec.register_names, *(f"implementation {name}" for name in impl.register_names))
    alike = sorted(set(spec.open_registers) & set(impl.open_registers))
    further = ("begun", *(f"first {name}" for name in alike)) if alike else ()
    sources = (*own, *(f"{name} of both" for name in further))
    first = np.concatenate([spec.register_initial, impl.register_initial])
    kept = [
        0 if name in alike else int(value)
        for name, value in zip((*spec.register_names, *impl.register_names), first, strict=True)
    ]
    frame = Circuit(
        spec.inputs,
        *(np.zeros(size, np.int64) for size in (0, 1, 0)),
        outputs=np.zeros(1, np.int64),
        output_names=("differ",),
        roles=(Role.BAD,),
        register_next=np.zeros(len(sources), np.int64),
        register_initial=np.array([*kept, *(-1 if at else 0 for at, _ in enumerate(further))], np.int64),
        register_names=sources,
        clock=spec.clock or impl.clock,
    )
    place = {name: 2 * wire for wire, name in enumerate((*frame.inputs, *sources), start=1)}
    grown = _Growing(frame)

    def shown(name: str, prefix: str = "") -> int:
        """The literal of a register as its circuit reads it."""
        register = place[f"{prefix}{name}"]
        if name not in alike:
            return register
        begun, start = place["begun of both"], place[f"first {name} of both"]
        arms = grown.gate(Gate.AND, (begun, register)), grown.gate(Gate.AND, (begun ^ 1, start))
        return grown.gate(Gate.OR, arms)

    ours_read = [shown(name, "implementation ") for name in impl.register_names]
    theirs_read = dict(zip(spec.register_names, map(shown, spec.register_names), strict=True))
    inputs = {name: place[name] for name in frame.inputs}
    ours = grown.add(impl, [*(inputs[name] for name in impl.inputs), *ours_read])
    theirs = grown.add(spec, [*(inputs[name] for name in spec.inputs), *theirs_read.values()])
    open_ = grown.add(free, [inputs[name] if name in inputs else theirs_read[name] for name in free.inputs])
    where = dict(zip(impl.output_names, impl.outputs.tolist(), strict=True))
    may = dict(zip(free.output_names, free.outputs.tolist(), strict=True))
    ends: list[int] = []
    for name, literal in zip(spec.output_names, spec.outputs.tolist(), strict=True):
        differ = grown.gate(Gate.XOR, (ours(where[name]), theirs(literal)))
        ends.append(grown.gate(Gate.AND, (differ, open_(may[name]) ^ 1)) if name in may else differ)
    following = [*map(theirs, spec.register_next.tolist()), *map(ours, impl.register_next.tolist())]
    following += [place[f"{name} of both"] if at else 1 for at, name in enumerate(further)]
    differ = ends[0] if len(ends) == 1 else grown.gate(Gate.OR, ends)
    return replace(grown.build(frame, [differ]), register_next=np.array(following, np.int64))


class _Growing:
    """A circuit that takes the gates of others."""

    def __init__(self, circuit: Circuit) -> None:
        self.wires = circuit.wires
        self.kinds, self.literals = [circuit.kinds], [circuit.literals]
        self.widths = [np.diff(circuit.offsets)]

    def add(self, other: Circuit, sources: list[int]) -> Callable[[int], int]:
        """Takes the gates of a circuit over the literals of its inputs and registers; says where a literal went."""
        image: Integers = np.concatenate(
            [[0], np.array(sources, np.int64), 2 * (self.wires + np.arange(len(other.kinds)))]
        )
        self.kinds.append(other.kinds)
        self.widths.append(np.diff(other.offsets))
        self.literals.append(image[other.literals >> 1] ^ (other.literals & 1))
        self.wires += len(other.kinds)
        return lambda literal: int(image[literal >> 1]) ^ (literal & 1)

    def gate(self, kind: Gate, operands: Sequence[int]) -> int:
        """The literal of one more gate."""
        self.kinds.append(np.array([kind], np.int64))
        self.widths.append(np.array([len(operands)], np.int64))
        self.literals.append(np.array(operands, np.int64))
        self.wires += 1
        return 2 * (self.wires - 1)

    def build(self, circuit: Circuit, outputs: list[int]) -> Circuit:
        """The circuit that was grown, with other outputs."""
        return replace(
            circuit,
            kinds=np.concatenate(self.kinds),
            offsets=np.concatenate([[0], np.cumsum(np.concatenate(self.widths))]),
            literals=np.concatenate(self.literals),
            outputs=np.array(outputs, np.int64),
        )
