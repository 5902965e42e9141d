"""Circuits as Verilog modules of ``assign`` statements."""

import re

import numpy as np

from ..circuit import Circuit, Gate
from ..errors import FormatError
from ..lowering import to_and_inverter
from .naming import fresh_name, output_ends, wire_names
from .verilog_words import is_keyword

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_PRINTABLE = re.compile(r"[!-~]+")
_OPERATORS = {int(Gate.AND): " & ", int(Gate.OR): " | ", int(Gate.XOR): " ^ "}


def verilog_text(circuit: Circuit) -> str:
    """The circuit as a module named ``circuit``; majorities of more than three are lowered first.

    Registers follow the positive edge of an input that is added, ``clock``.

    Raises:
        FormatError: if a name holds blanks or letters beyond ASCII.
    """
    if (np.diff(circuit.offsets)[circuit.kinds == Gate.MAJ] != 3).any():
        circuit = to_and_inverter(circuit)
    plain = wire_names(circuit, _PRINTABLE, "Verilog")
    names = [_escaped(name) for name in plain]
    inputs, registers = [_escaped(name) for name in circuit.inputs], [_escaped(name) for name in circuit.register_names]
    clock = fresh_name("clock", (*circuit.inputs, *circuit.register_names, *circuit.output_names))
    ends = output_ends(circuit)
    ports = [f"input {name}" for name in (*([clock] if registers else []), *inputs)]
    held = set(circuit.register_names)
    ports += [f"output {'reg ' * (name in held)}{_escaped(name)}" for name in circuit.output_names]
    if clash := set(circuit.inputs) & set(circuit.output_names):
        raise FormatError(f"Verilog cannot hold {min(clash)!r} as an input and an output; rename the output")
    lines = ["module circuit(", ",\n".join(f"  {port}" for port in ports), ");"]
    initials = circuit.register_initial.tolist()
    outputs = set(circuit.output_names)
    for name, initial in zip(circuit.register_names, initials, strict=True):
        if name not in outputs:
            lines.append(f"  reg {_escaped(name)};")
        if initial >= 0:
            lines.append(f"  initial {_escaped(name)} = 1'b{initial};")
    gates = names[circuit.first_gate :]
    lines += [f"  wire {name};" for name in gates]
    offsets, literals = circuit.offsets.tolist(), circuit.literals.tolist()
    words = [f"{'~' * sign}{name}" for name in names for sign in (0, 1)]
    words[:2] = "1'b0", "1'b1"
    for gate, kind in enumerate(circuit.kinds.tolist()):
        operands = [words[literal] for literal in literals[offsets[gate] : offsets[gate + 1]]]
        if kind == Gate.MAJ:
            a, b, c = operands
            lines.append(f"  assign {gates[gate]} = {a} & {b} | {c} & ({a} | {b});")
        else:
            lines.append(f"  assign {gates[gate]} = {_OPERATORS[kind].join(operands)};")
    lines += [f"  assign {_escaped(name)} = {words[literal]};" for name, literal in ends]
    following = (words[literal] for literal in circuit.register_next.tolist())
    lines += [f"  always @(posedge {clock}) {q} <= {d};" for q, d in zip(registers, following, strict=True)]
    return "\n".join((*lines, "endmodule\n"))


def _escaped(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and not is_keyword(name) else f"\\{name} "
