"""Circuits written as BLIF."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from ...circuit import Circuit, Gate
from ...errors import FormatError
from ...lowering import to_and_inverter
from ..naming import fresh_name, output_ends, refuse_roles, wire_names


def blif_text(circuit: Circuit) -> str:
    """The circuit as a BLIF model named ``circuit``; parities and majorities of more than three are lowered first.

    Raises:
        FormatError: if an output is no plain one, or don't cares cannot be named.
    """
    refuse_roles(circuit, "BLIF")
    widths = np.diff(circuit.offsets)
    if (widths[circuit.kinds >= Gate.XOR] > 3).any():
        circuit = to_and_inverter(circuit)
    circuit, names = wire_names(circuit, re.compile(r"[!-\"$-\[\]-~]+"), "BLIF")
    clock = circuit.clock
    inputs = (clock.name, *circuit.inputs) if clock else circuit.inputs
    control = f" {'re' if clock.rising else 'fe'} {clock.name}" if clock else ""
    lines = [".model circuit", " ".join((".inputs", *inputs)), " ".join((".outputs", *circuit.output_names))]
    ends = output_ends(circuit)
    # registers read wires, so a complemented or constant next state needs a wire of its own
    prefix = fresh_name("next", (*circuit.inputs, *circuit.register_names, *circuit.output_names))
    for position, name in enumerate(circuit.register_names):
        initial = int(circuit.register_initial[position])
        lines.append(f".latch {prefix}{position} {name}{control} {initial if initial >= 0 else 3}")
        ends.append((f"{prefix}{position}", int(circuit.register_next[position])))
    lines += _definitions(circuit, names, ends)
    if circuit.dont_cares is not None:
        lines += [".exdc", *_dont_cares(circuit.dont_cares, names)]
    return "\n".join((*lines, ".end\n"))


def _definitions(circuit: Circuit, names: list[str], ends: Sequence[tuple[str, int]]) -> Iterator[str]:
    """A cover for each gate, and for each end."""
    kinds, offsets, literals = circuit.kinds.tolist(), circuit.offsets.tolist(), circuit.literals.tolist()
    for gate, kind in enumerate(kinds):
        operands = literals[offsets[gate] : offsets[gate + 1]]
        words = [names[operand >> 1] for operand in operands if operand > 1]
        yield f".names {' '.join((*words, names[circuit.first_gate + gate]))}"
        yield from _cubes(kind, operands)
    for name, literal in ends:
        yield f".names {names[literal >> 1]} {name}" if literal > 1 else f".names {name}"
        yield from ([f"{1 - (literal & 1)} 1"] if literal > 1 else ["1"] * literal)


def _dont_cares(free: Circuit, given: Sequence[str]) -> Iterator[str]:
    """Where outputs are free; an output of the name of an input or register cannot be told apart from it.

    Raises:
        FormatError: if there is such an output.
    """
    if both := {*free.inputs} & {*free.output_names}:
        raise FormatError(f"BLIF cannot say where {min(both)!r} is free, as an input or register bears that name too")
    free = to_and_inverter(free)
    prefix = fresh_name("free", (*given, *free.output_names))
    gates = (f"{prefix}{wire}" for wire in range(free.first_gate, free.wires))
    return _definitions(free, ["", *free.inputs, *gates], output_ends(free))


def _cubes(kind: int, operands: list[int]) -> list[str]:
    """The cover of a gate, over those operands that are not constant."""
    flips = [operand & 1 for operand in operands if operand > 1]
    constants = [operand for operand in operands if operand <= 1]
    ones = "".join("10"[flip] for flip in flips)
    space = " " if flips else ""
    if kind == Gate.AND:
        return [] if 0 in constants else [f"{ones}{space}1"]
    if kind == Gate.OR:
        if 1 in constants or not flips:
            return [f"{'-' * len(flips)}{space}1"] if 1 in constants else []
        return [f"{'-' * at}{mark}{'-' * (len(ones) - at - 1)} 1" for at, mark in enumerate(ones)]
    count, need = len(flips), len(operands) // 2 + 1
    rows = (f"{row:0{count}b}" if count else "" for row in range(1 << count))
    chosen: list[str] = []
    for row in rows:
        true = sum(constants) + sum(int(bit) ^ flip for bit, flip in zip(row, flips, strict=True))
        if true & 1 if kind == Gate.XOR else true >= need:
            chosen.append(f"{row}{space}1")
    if kind == Gate.MAJ and count == 3:  # three primes rather than four minterms
        return [
            f"{'-' * (at == 0) or ones[0]}{'-' * (at == 1) or ones[1]}{'-' * (at == 2) or ones[2]} 1"
            for at in (2, 1, 0)
        ]
    return chosen
