"""Circuits as Verilog modules of ``assign`` statements."""

import re

import numpy as np

from ...circuit import Circuit, Gate
from ...lowering import to_and_inverter
from ..naming import fresh_name, output_ends, refuse_dont_cares, refuse_roles, rename_outputs, wire_names
from .verilog_words import is_keyword

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_PRINTABLE = re.compile(r"[!-~]+")
_OPERATORS = {int(Gate.AND): " & ", int(Gate.OR): " | ", int(Gate.XOR): " ^ "}


def verilog_text(circuit: Circuit) -> str:
    """The circuit as a module named ``circuit``; majorities of more than three are lowered first.

    Registers follow the circuit's clock, an input that is added; ``clock`` if the circuit does not name it. As a port
    has one direction, an output that bears the name of an input is written with ``_out`` after it.

    Raises:
        FormatError: if an output is no plain one.
    """
    refuse_roles(circuit, "Verilog")
    refuse_dont_cares(circuit, "Verilog")
    if (np.diff(circuit.offsets)[circuit.kinds == Gate.MAJ] != 3).any():
        circuit = to_and_inverter(circuit)
    inputs = {*circuit.inputs}
    circuit = rename_outputs(circuit, [name for name in circuit.output_names if name in inputs], "Verilog")
    circuit, plain = wire_names(circuit, _PRINTABLE, "Verilog")
    names = [_escaped(name) for name in plain]
    inputs, registers = [_escaped(name) for name in circuit.inputs], [_escaped(name) for name in circuit.register_names]
    given = (*circuit.inputs, *circuit.register_names, *circuit.output_names)
    clock = _escaped(circuit.clock.name if circuit.clock else fresh_name("clock", given))
    edge = "posedge" if circuit.clock is None or circuit.clock.rising else "negedge"
    ends = output_ends(circuit)
    ports = [f"input {name}" for name in (*([clock] if registers else []), *inputs)]
    held = set(circuit.register_names)
    ports += [f"output {'reg ' * (name in held)}{_escaped(name)}" for name in circuit.output_names]
    lines = ["module circuit(", ",\n".join(f"  {port}" for port in ports), ");"]
    initials = circuit.register_initial.tolist()
    outputs = set(circuit.output_names)
    for name, initial in zip(circuit.register_names, initials, strict=True):
        if name not in outputs:
            lines.append(f"  reg {_escaped(name)};")
        if initial >= 0:
            lines.append(f"  initial {_escaped(name)} = 1'b{initial};")
    gates = names[circuit.first_gate :]
    if gates:
        lines.append(f"  wire {', '.join(gates)};")
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
    lines += [f"  always @({edge} {clock}) {q} <= {d};" for q, d in zip(registers, following, strict=True)]
    return "\n".join((*lines, "endmodule\n"))


def _escaped(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and not is_keyword(name) else f"\\{name} "
