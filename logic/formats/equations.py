"""Equation text: ``s = a ^ b; c = a & b``, and the ``.eqn`` files of SIS and ABC."""

import re

from ..circuit import Circuit, Gate
from ..errors import FormatError
from ..lowering import to_and_inverter
from .expression import add_expression
from .format import Format
from .naming import output_ends, refuse_dont_cares, refuse_roles, wire_names
from .netlist import ALIAS, Netlist
from .source import Source

_NAME = re.compile(r"[\w.\[\]<>{}$/@\\]+")  # as ABC writes names of other formats
_TOKEN = re.compile(rf"\s+|(&&|\|\||~\^|\^~|[~!&|^?:()*+])|({_NAME.pattern})")
_OPERATORS = {int(Gate.AND): " & ", int(Gate.OR): " | ", int(Gate.XOR): " ^ "}
_SYNONYMS = {"*": "&", "+": "|"}


def parse_equations(source: Source) -> Circuit:
    """The circuit of equations ``name = expression`` that end in ``;`` or at a line's end.

    Operators are ``~ ! & ^ | ?:`` with Verilog's precedence, and ``*`` and ``+`` for ``&`` and ``|``. Names that no
    equation defines are the inputs, in order of appearance; those defined but not read are the outputs. The lines
    ``INORDER = a b;`` and ``OUTORDER = s c;`` say both explicitly.

    Raises:
        FormatError: naming the line, if the text is not that.
    """
    netlist = Netlist(source)
    orders: dict[str, tuple[list[str], int]] = {}
    defined: dict[str, int] = {}
    read: dict[str, int] = {}
    for line, text in _statements(source):
        name, equals, body = (part.strip() for part in text.partition("="))
        if not equals or not _NAME.fullmatch(name) or name in ("0", "1"):
            raise source.error(f"expected name = expression, got {text[:60]!r}", line)
        if name in ("INORDER", "OUTORDER"):
            orders[name] = (body.split(), line)
            continue

        def operand(token: str, line: int = line) -> int:
            if token in ("0", "1"):
                return int(token)
            if not _NAME.fullmatch(token):
                raise source.error(f"expected a name, got {token!r}", line)
            if token[0].isdigit() and "INORDER" not in orders:
                raise source.error(f"expected a name, got {token!r}; a name of digits must be in INORDER before", line)
            read.setdefault(token, line)
            return netlist.literal(token)

        literal = add_expression(netlist, _tokens(source, body, line), line, operand)
        netlist.define(netlist.literal(name), ALIAS, (literal,), line)
        defined.setdefault(name, line)
    if "INORDER" in orders:
        inputs = dict.fromkeys(*orders["INORDER"])
    else:
        inputs = {name: line for name, line in read.items() if name not in defined}
    for name, line in inputs.items():
        if name in ("0", "1"):
            raise source.error(f"an input called {name!r}, which is a constant in equations; rename it", line)
        netlist.add_input(name, line)
    if "OUTORDER" in orders:
        outputs = [(name, orders["OUTORDER"][1]) for name in orders["OUTORDER"][0]]
    else:
        outputs = [(name, line) for name, line in defined.items() if name not in read]
    for name, line in outputs:
        netlist.add_output(name, line)
    return netlist.build()


def _statements(source: Source) -> list[tuple[int, str]]:
    """Statements with their lines; an order may go on over lines up to its semicolon."""
    statements: list[tuple[int, str]] = []
    held, first = "", 0
    for line, text in source.lines("#"):
        first, held = (line, text) if not held else (first, f"{held} {text}")
        *complete, held = held.split(";")
        held = held.strip()
        statements += [(first if index == 0 else line, part) for index, part in enumerate(complete) if part.strip()]
        first = line if complete else first
        if held and not held.startswith(("INORDER", "OUTORDER")) and not _goes_on(held):
            statements.append((first, held))
            held = ""
    if held:
        statements.append((first, held))
    return statements


def _goes_on(text: str) -> bool:
    """Whether an equation cannot end here."""
    return text[-1] in "=&|^~!?:*+(" or text.count("(") > text.count(")")


def _tokens(source: Source, text: str, line: int) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise source.error(f"unexpected {text[at : at + 20]!r}", line)
        at = match.end()
        if match[0].strip():
            tokens.append(_SYNONYMS.get(match[0], match[0]))
    return tokens


def equations_text(circuit: Circuit) -> str:
    """The circuit as equations in the order of its gates; majorities are lowered first.

    Raises:
        FormatError: if there are registers, or an output is no plain one.
    """
    refuse_roles(circuit, "equations")
    refuse_dont_cares(circuit, "equations")
    if circuit.register_names:
        count = len(circuit.register_names)
        raise FormatError(f"equations hold no registers, the circuit has {count}; write BLIF, AIGER or Verilog")
    if (circuit.kinds == Gate.MAJ).any():
        circuit = to_and_inverter(circuit)
    circuit, names = wire_names(circuit, re.compile(r"(?!(?:IN|OUT)ORDER\b)[A-Za-z_][\w.\[\]]*", re.ASCII), "equations")
    words = [f"{'!' * sign}{name}" for name in names for sign in (0, 1)]
    words[:2] = "0", "1"
    lines = [f"INORDER = {' '.join(circuit.inputs)};", f"OUTORDER = {' '.join(circuit.output_names)};"]
    offsets, literals = circuit.offsets.tolist(), circuit.literals.tolist()
    for gate, kind in enumerate(circuit.kinds.tolist()):
        operands = (words[literal] for literal in literals[offsets[gate] : offsets[gate + 1]])
        lines.append(f"{names[circuit.first_gate + gate]} = {_OPERATORS[kind].join(operands)};")
    lines += [f"{name} = {words[literal]};" for name, literal in output_ends(circuit)]
    return "\n".join((*lines, ""))


EQUATIONS = Format(
    name="equations",
    suffixes=("eqn",),
    example=b"INORDER = a b c;\nOUTORDER = s d;\ns = a ^ b; d = s ? (a & !c) : b | 0;\n",
    lacks="No registers, no properties.",
    read=parse_equations,
    write=lambda circuit: equations_text(circuit).encode("ascii"),
    mark=rb"(?s).*(INORDER|OUTORDER)",
)
