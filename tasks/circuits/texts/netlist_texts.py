"""Random circuit files as people and tools write them: text by text, without the writers that are under test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Generator = np.random.Generator
Item = TypeVar("Item")


@dataclass(frozen=True)
class Draft:
    """Names of a circuit: each gate reads names that stand before it, registers included.

    Args:
        inputs: At least one.
        registers: With their first values, None for open ones.
        gates: At least one.
        outputs: Gates and all registers, so that every register can be seen.
    """

    inputs: tuple[str, ...]
    registers: dict[str, int | None]
    gates: tuple[str, ...]
    outputs: tuple[str, ...]


def draft(random: Generator, clocked: bool, names: Sequence[str] = ("x{}", "in_{}", "n{}", "q{}")) -> Draft:
    """A draft of a few wires.

    Args:
        random: Draws.
        clocked: Whether there are registers.
        names: How inputs (two ways), gates and registers are called.
    """
    inputs = [names[int(random.integers(2))].format(index) for index in range(int(random.integers(1, 7)))]
    registers = {
        names[3].format(index): pick(random, (0, 1, None)) for index in range(int(random.integers(1, 5)) * clocked)
    }
    gates = [names[2].format(index) for index in range(int(random.integers(1, 15)))]
    shown = [gate for gate in gates if random.random() < 0.4] or gates[-1:]
    return Draft(tuple(inputs), registers, tuple(gates), (*shown, *registers))


def pick(random: Generator, items: Sequence[Item]) -> Item:
    """One of some items."""
    return items[int(random.integers(len(items)))]


def some(random: Generator, items: Sequence[str], least: int, most: int) -> list[str]:
    """Some different items, in any order."""
    count = min(int(random.integers(least, most + 1)), len(items))
    return [items[int(at)] for at in random.permutation(len(items))[:count]]


def shuffled(random: Generator, lines: list[str]) -> list[str]:
    """The lines in any order."""
    return [lines[int(at)] for at in random.permutation(len(lines))]


def before(plan: Draft, gate: int) -> list[str]:
    """What a gate may read."""
    return [*plan.inputs, *plan.registers, *plan.gates[:gate]]


def cover(random: Generator, width: int) -> list[str]:
    """Rows of a cover, all of one value; at least one, as to ABC and yosys a cover without rows is none."""
    value = int(random.integers(2))
    if not width:
        return [str(value)] * int(random.integers(2))
    rows = ["".join(pick(random, "01-") for _ in range(width)) for _ in range(int(random.integers(1, 5)))]
    return [f"{row} {value}" for row in rows if row.strip("-")] or [f"{'1' * width} {value}"]


def blif(random: Generator) -> bytes:
    """Covers, registers of several kinds, continued lines, comments and a model within the model."""
    plan = draft(
        random, random.random() < 0.5, ("x{}", "in[{}]", pick(random, ("n{}", "n[{}]", "u.{}", "n<{}>")), "q{}")
    )
    clock = pick(random, ("", "re clk", "fe clk")) if plan.registers else ""
    inputs = [*plan.inputs, *(["clk"] if clock else [])]
    head = [".model top # a comment", f".inputs {' '.join(inputs[:2])} \\\n {' '.join(inputs[2:])}"]
    head.append(f".outputs {' '.join(plan.outputs)}")
    body: list[str] = []
    inner: list[str] = []
    for at, gate in enumerate(plan.gates):
        reads = some(random, before(plan, at), 0, 4)
        if reads and random.random() < 0.15:
            ports = [f"P{index}" for index in range(len(reads))]
            model = f"cell{at}"
            given = " ".join(f"{port}={wire}" for port, wire in zip([*ports, "Y"], [*reads, gate], strict=True))
            body.append(f".subckt {model} {given}")
            rows = "\n".join([f".names {' '.join(ports)} t", *cover(random, len(ports))])
            inner.append(f".model {model}\n.inputs {' '.join(ports)}\n.outputs Y\n{rows}\n.names t Y\n0 1\n.end")
        else:
            body.append("\n".join([f".names {' '.join([*reads, gate])}", *cover(random, len(reads))]))
    for register, first in plan.registers.items():
        written = pick(random, ("2", "3")) if first is None else str(first)
        following = pick(random, [name for name in before(plan, len(plan.gates)) if name != register])
        body.append(" ".join((".latch", following, register, clock, written)))
    return "\n".join([*head, *shuffled(random, body), ".end", *inner, ""]).encode()


def bench(random: Generator) -> bytes:
    """Gates of any width, tables, constants and flip-flops, in any order."""
    plan = draft(random, random.random() < 0.5, ("G{}", "in[{}]", "n{}", "q{}"))
    lines = [f"INPUT({name})" for name in plan.inputs] + [f"OUTPUT({name})" for name in plan.outputs]
    body: list[str] = []
    for at, gate in enumerate(plan.gates):
        reads = some(random, before(plan, at), 2, 5)
        if random.random() < 0.1:
            body.append(f"{gate} = {pick(random, ('vdd', 'gnd'))}")
        elif random.random() < 0.2 or len(reads) < 2:
            body.append(f"{gate} = {pick(random, ('NOT', 'BUFF'))}({reads[0]})")
        elif random.random() < 0.2:
            table = int(random.integers(1, (1 << (1 << len(reads))) - 1)) if len(reads) < 6 else 1
            body.append(f"{gate} = LUT 0x{table:x} ( {', '.join(reads)} )")
        elif random.random() < 0.15 and len(reads) > 2:
            body.append(f"{gate} = MUX({', '.join(reads[:3])})")
        else:
            kind = pick(random, ("AND", "NAND", "OR", "NOR", "XOR", "XNOR"))
            body.append(f"{gate} = {kind}({', '.join(reads[:2] if kind[0] == 'X' else reads)})  # gate")
    for register, first in plan.registers.items():
        flip_flop = "DFF" if first is None else f"DFF{first}"
        body.append(f"{register} = {flip_flop}({pick(random, before(plan, len(plan.gates)))})")
    return "\n".join([*lines, "", *shuffled(random, body), ""]).encode()


def tree(random: Generator, depth: int, leaf: Callable[[], str], operators: Sequence[str], choice: bool = False) -> str:
    """A random expression; parentheses only where chance puts them, so that precedence matters."""
    if depth == 0 or random.random() < 0.2:
        return pick(random, ("", "", "!")) + leaf()
    one, other = (tree(random, depth - 1, leaf, operators, choice) for _ in range(2))
    if choice and random.random() < 0.15:
        return f"({one} ? {other} : {leaf()})"
    text = f"{one} {pick(random, operators)} {other}"
    return text if random.random() < 0.5 else f"{pick(random, ('', '!'))}({text})"


def equations(random: Generator) -> bytes:
    """Sums of products with parentheses, some over several lines."""
    plan = draft(random, False)
    lines = [f"INORDER = {' '.join(plan.inputs)};", f"OUTORDER = {' '.join(plan.outputs)};"]
    for at, gate in enumerate(plan.gates):

        def leaf(at: int = at) -> str:
            return (
                pick(random, (*before(plan, at), pick(random, ("0", "1"))))
                if at % 5 == 0
                else pick(random, before(plan, at))
            )

        text = tree(random, int(random.integers(4)), leaf, ("*", "+"))
        lines.append(f"{gate} = {text};" if random.random() < 0.8 else f"{gate} =\n  {text};")
    return "\n".join([*lines, ""]).encode()


def pla(random: Generator) -> bytes:
    """Cubes of a table that leaves nothing open, of every type."""
    width, outputs = int(random.integers(1, 6)), int(random.integers(1, 4))
    kind = pick(random, ("", ".type f", ".type fd", ".type fr"))
    rows: list[str] = []
    if kind == ".type fr":  # all rows, each with its value
        for row in range(1 << width):
            rows.append(f"{row:0{width}b} {''.join(pick(random, '01') for _ in range(outputs))}")
    else:
        for _ in range(int(random.integers(1, 8))):
            cube = "".join(pick(random, "01-") for _ in range(width))
            rows.append(f"{cube}{pick(random, (' ', '  '))}{''.join(pick(random, '01') for _ in range(outputs))}")
    names = [f".ilb {' '.join(f'a{index}' for index in range(width))}"]
    names.append(f".ob {' '.join(f'y{index}' for index in range(outputs))}")
    return "\n".join([f".i {width}", f".o {outputs}", *names, *([kind] if kind else []), *rows, ".e", ""]).encode()


def _graph(random: Generator) -> tuple[list[str], Draft, list[tuple[int, int]], list[int], list[int]]:
    """Symbols, draft, operands of the ANDs (literals), ends and next states."""
    plan = draft(random, random.random() < 0.6)
    first = 1 + len(plan.inputs) + len(plan.registers)

    def literal(below: int) -> int:
        return int(random.integers(2 * below))

    ands = [(literal(first + at), literal(first + at)) for at in range(len(plan.gates))]
    top = first + len(ands)
    ends = [literal(top) for _ in range(int(random.integers(1, 4)))]
    ends += [2 * (1 + len(plan.inputs) + at) for at in range(len(plan.registers))]
    following = [literal(top) for _ in plan.registers]
    symbols = [f"i{at} {name}" for at, name in enumerate(plan.inputs)]
    symbols += [f"l{at} {name}" for at, name in enumerate(plan.registers)]
    symbols += [f"o{at} y{at}" for at in range(len(ends))]
    return symbols, plan, ands, ends, following


def ascii_aiger(random: Generator) -> bytes:
    """Literals numbered at random, ANDs in any order, first values of all kinds."""
    symbols, plan, ands, ends, following = _graph(random)
    wires = len(plan.inputs) + len(plan.registers) + len(ands)
    most = wires + int(random.integers(3))
    place = [0, *(1 + random.permutation(most)[:wires]).tolist()]

    def of(literal: int) -> int:
        return 2 * place[literal >> 1] ^ (literal & 1)

    own = [of(2 * wire) for wire in range(1, wires + 1)]
    heads = own[len(plan.inputs) : len(plan.inputs) + len(plan.registers)]
    firsts = [head if first is None else first for head, first in zip(heads, plan.registers.values(), strict=True)]
    latches = [f"{head} {of(next_)} {first}" for head, next_, first in zip(heads, following, firsts, strict=True)]
    gates = [f"{head} {of(a)} {of(b)}" for head, (a, b) in zip(own[len(own) - len(ands) :], ands, strict=True)]
    header = f"aag {most} {len(plan.inputs)} {len(plan.registers)} {len(ends)} {len(ands)}"
    lines = [header, *map(str, own[: len(plan.inputs)]), *latches, *(str(of(end)) for end in ends)]
    return "\n".join([*lines, *shuffled(random, gates), *symbols, "c", "made by chance", ""]).encode()


def binary_aiger(random: Generator) -> bytes:
    """The same in delta code."""
    symbols, plan, ands, ends, following = _graph(random)
    first = 1 + len(plan.inputs) + len(plan.registers)
    code = bytearray()
    for at, pair in enumerate(ands):
        left, right = max(pair), min(pair)
        for difference in (2 * (first + at) - left, left - right):
            while difference > 0x7F:
                code.append(difference & 0x7F | 0x80)
                difference >>= 7
            code.append(difference)
    heads = range(2 * (1 + len(plan.inputs)), 2 * first, 2)
    latches = [
        f"{next_} {head if value is None else value}"
        for head, next_, value in zip(heads, following, plan.registers.values(), strict=True)
    ]
    header = f"aig {first - 1 + len(ands)} {len(plan.inputs)} {len(plan.registers)} {len(ends)} {len(ands)}"
    lines = "\n".join([header, *latches, *map(str, ends), ""])
    return lines.encode() + bytes(code) + "\n".join([*symbols, ""]).encode()


def verilog(random: Generator) -> bytes:
    """Expressions, primitives and clocked blocks with both kinds of assignment."""
    plan = draft(random, random.random() < 0.6, ("x{}", "\\in[{}] ", pick(random, ("n{}", "\\n.{} ")), "q{}"))
    bits = [f"v[{index}]" for index in range(3)]
    lines: list[str] = []
    for at, gate in enumerate(plan.gates):
        known = [*plan.inputs, *plan.registers, *plan.gates[:at], *bits]

        def leaf(known: list[str] = known) -> str:
            return pick(random, known) if random.random() < 0.95 else pick(random, ("1'b0", "1'b1", "1'h1"))

        reads = some(random, known, 1, 4)
        if random.random() < 0.3:
            kind = (
                pick(random, ("and", "nand", "or", "nor", "xor", "xnor"))
                if len(reads) > 1
                else pick(random, ("not", "buf"))
            )
            lines.append(f"{kind} g{at} ({', '.join([gate, *reads])});")
        else:
            operators = ("&", "|", "^", "~^", "&&", "||")
            lines.append(f"assign {gate} = {tree(random, int(random.integers(4)), leaf, operators, True)};")
    lines += _clocked(random, plan, [*plan.inputs, *plan.gates, *bits])
    span = "[2:0]"  # in AIGER yosys numbers the bits of [0:2] anew
    ends = {name: f"y{index}" for index, name in enumerate(plan.outputs)}
    lines += [f"assign {end} = {name};" for name, end in ends.items()]
    declared = [f"wire {', '.join(plan.gates)};"]
    for register, first in plan.registers.items():
        how = int(random.integers(2))
        declared.append(f"reg {register}{'' if first is None or how else f' = {first}'};")
        declared += [f"initial {register} = 1'b{first};"] if first is not None and how else []
    inputs = [*(["clk"] if plan.registers else []), *plan.inputs]
    if random.random() < 0.5:
        ports = [*(f"input {name}" for name in inputs), f"input {span} v", *(f"output {end}" for end in ends.values())]
        head = [f"module top({', '.join(ports)});"]
    else:
        head = [f"module top({', '.join((*inputs, 'v', *ends.values()))});", f"input {', '.join(inputs)};"]
        head += [f"input {span} v;", f"output {', '.join(ends.values())};"]
    return "\n".join([*head, *declared, *shuffled(random, lines), "endmodule // top", ""]).encode()


def _clocked(random: Generator, plan: Draft, wires: list[str]) -> list[str]:
    """One or two blocks; what is assigned at once is read by its own block alone."""
    edge = pick(random, ("posedge", "negedge"))
    groups: list[list[str]] = [[], []]
    for register in plan.registers:
        pick(random, groups).append(register)
    at_once = {register: random.random() < 0.5 for register in plan.registers}
    blocks: list[str] = []
    for group in groups:
        known = [*wires, *(name for name in plan.registers if name in group or not at_once[name])]

        def leaf(known: list[str] = known) -> str:
            return pick(random, known)

        steps = [
            f"{name} {'=' if at_once[name] else '<='} {tree(random, int(random.integers(3)), leaf, ('&', '|', '^'))};"
            for name in [*group, *some(random, group, 0, 1)]
        ]
        if len(steps) == 1 and random.random() < 0.5:
            blocks.append(f"always @({edge} clk) {steps[0]}")
        elif steps:
            blocks.append("\n".join([f"always @({edge} clk) begin", *steps, "end"]))
    return blocks
