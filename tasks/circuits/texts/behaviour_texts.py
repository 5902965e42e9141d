"""Random Verilog with hierarchy and behaviour: parameters, vectors, operators, blocks, cases, loops and functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Generator = np.random.Generator
Item = TypeVar("Item")

_BINARY = ("+", "-", "*", "&", "|", "^", "~^", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", "&&", "||")
_UNARY = ("~", "-", "!", "&", "|", "^", "~&", "~|", "~^")


@dataclass(frozen=True)
class Wires:
    """Names of vectors that may be read, with their widths.

    Args:
        names: Each is declared as ``[width - 1:0]``.
        widths: As many.
    """

    names: tuple[str, ...]
    widths: tuple[int, ...]

    def also(self, name: str, width: int) -> "Wires":
        """With one more."""
        return Wires((*self.names, name), (*self.widths, width))


def behaviour(random: Generator, defined: bool = False) -> bytes:
    """A design of two modules or three.

    Args:
        random: Draws.
        defined: Whether every register has a first value.
    """
    clocked = bool(random.random() < 0.6)
    inputs = Wires(*zip(*((f"i{at}", number(random, 1, 4)) for at in range(number(random, 1, 3))), strict=True))
    parts = [_part(random, f"part{at}") for at in range(number(random, 1, 2))]
    known, body, declared = inputs, list[str](), list[str]()
    for at in range(number(random, 1, 3)):
        name, width = f"w{at}", number(random, 1, 4)
        declared.append(f"wire [{width - 1}:0] {name};")
        body.append(f" assign {name} = {_tree(random, known, 2)};")
        known = known.also(name, width)
    for at, _ in enumerate(parts):
        width, name = number(random, 2, 4), f"p{at}"
        declared.append(f"wire [{width - 1}:0] {name};")
        ports = [f".a({_tree(random, known, 1)})", f".b({_tree(random, known, 1)})", f".y({name})"]
        order = [ports[int(place)] for place in random.permutation(3)]
        body.append(f" part{at} #(.W({width}), .K({number(random, 0, 5)})) u{at} ({', '.join(order)});")
        known = known.also(name, width)
    if random.random() < 0.5:
        body.append(_function(random))
        name, width = "f", number(random, 1, 4)
        declared.append(f"wire [{width - 1}:0] {name} = pick({_tree(random, known, 1)}, {_tree(random, known, 1)});")
        known = known.also(name, width)
    name, width = "c", number(random, 1, 4)
    declared.append(f"reg [{width - 1}:0] {name};")
    body.append(f" always @* begin\n  {name} = {_tree(random, known, 1)};\n{_steps(random, known, name, '=', 2)} end")
    known = known.also(name, width)
    if random.random() < 0.4:
        width = number(random, 2, 4)
        declared.append(f"wire [{width - 1}:0] g; genvar j;")
        source = pick(random, known.names)
        body.append(
            f" generate for (j = 0; j < {width}; j = j + 1) begin : loop\n"
            f"  assign g[j] = {source} >> j & 1 ^ {number(random, 0, 1)};\n end endgenerate"
        )
        known = known.also("g", width)
    if clocked:
        known = _clocked(random, known, declared, body, defined)
    outputs = Wires((), ())
    for at in range(number(random, 1, 3)):
        width = number(random, 1, 4)
        body.append(f" assign o{at} = {_tree(random, known, 2)};")
        outputs = outputs.also(f"o{at}", width)
    for name, width in zip(known.names, known.widths, strict=True):
        if name.startswith("q"):
            body.append(f" assign shown_{name} = {name};")
            outputs = outputs.also(f"shown_{name}", width)
    ports = ["input clk"] * clocked
    ports += [f"input [{width - 1}:0] {name}" for name, width in zip(inputs.names, inputs.widths, strict=True)]
    ports += [f"output [{width - 1}:0] {name}" for name, width in zip(outputs.names, outputs.widths, strict=True)]
    top = [f"module top({', '.join(ports)});", *(f" {line}" for line in declared), *body, "endmodule"]
    return "\n".join([*parts, *top, ""]).encode()


def _clocked(random: Generator, known: Wires, declared: list[str], body: list[str], defined: bool) -> Wires:
    """Registers in one or two blocks of one clock."""
    edge = pick(random, ("posedge", "negedge"))
    own = Wires((), ())
    for at in range(number(random, 1, 3)):
        width = number(random, 1, 4)
        first = f" = {number(random, 0, 2**width - 1)}" if defined or random.random() < 0.6 else ""
        declared.append(f"reg [{width - 1}:0] q{at}{first};")
        own = own.also(f"q{at}", width)
    both = Wires((*known.names, *own.names), (*known.widths, *own.widths))
    for name in own.names:
        when = "" if random.random() < 0.7 else "if (i0[0]) "  # never without an assignment, as it would be no register
        block = f"  {when}{name} <= {_tree(random, both, 1)};\n"
        body.append(f" always @({edge} clk) begin\n{block}{_steps(random, both, name, '<=', 2)} end")
    return both


def expression(random: Generator, known: Wires, depth: int, sized: bool = False) -> str:
    """A random expression over some wires.

    Args:
        random: Draws.
        known: The wires.
        depth: Of operators.
        sized: Whether it must have a width of its own, as within a concatenation.
    """
    return _leaf(random, known, sized) if depth == 0 or sized else _tree(random, known, depth)


def _part(random: Generator, name: str) -> str:
    """A module with parameters, whose ports are of the width ``W``."""
    known = Wires(("a", "b", "K[3:0]"), (1, 1, 4))
    local = f"localparam M = {pick(random, ('W - 1', 'K + 1', 'K ^ W'))};"
    return (
        f"module {name} #(parameter W = 1, K = 0) (input [W-1:0] a, b, output reg [W-1:0] y);\n {local}\n"
        f" always @* begin\n  y = {_tree(random, known, 2)} + M;\n{_steps(random, known, 'y', '=', 2)} end\nendmodule"
    )


def _function(random: Generator) -> str:
    known = Wires(("x", "z"), (4, 4))
    steps = _steps(random, known, "pick", "=", 1)
    return (
        f" function [3:0] pick(input [3:0] x, z);\n  begin\n  pick = {_tree(random, known, 1)};\n{steps}  end\n"
        " endfunction"
    )


def _steps(random: Generator, known: Wires, target: str, operator: str, depth: int) -> str:
    """Statements that may assign a variable anew."""
    draw = random.random()
    if depth == 0 or draw < 0.2:
        return f"  {target} {operator} {_tree(random, known, 1)};\n"
    inner = [_steps(random, known, target, operator, depth - 1) for _ in range(3)]
    if draw < 0.6:
        other = f"  else begin\n{inner[1]}  end\n" if random.random() < 0.5 else ""
        return f"  if ({_tree(random, known, 1)}) begin\n{inner[0]}  end\n{other}"
    word = pick(random, ("case", "casez"))
    last = f"   default: begin\n{inner[2]}   end\n" if random.random() < 0.6 else ""
    pattern = "2'b1?" if word == "casez" else "2'd2"
    return (
        f"  {word} ({_tree(random, known, 1)})\n   {number(random, 0, 3)}: begin\n{inner[0]}   end\n"
        f"   {pattern}: begin\n{inner[1]}   end\n{last}  endcase\n"
    )


def _tree(random: Generator, known: Wires, depth: int) -> str:
    """A random expression."""
    draw = random.random()
    if depth == 0 or draw < 0.15:
        return _leaf(random, known)
    parts = [_tree(random, known, depth - 1) for _ in range(3)]
    if draw < 0.6:
        return f"({parts[0]} {pick(random, _BINARY)} {parts[1]})"
    if draw < 0.7:
        return f"{pick(random, _UNARY)}({parts[0]})"
    if draw < 0.8:
        return f"({parts[0]} ? {parts[1]} : {parts[2]})"
    if draw < 0.9:
        return f"{{{_leaf(random, known, sized=True)}, {_leaf(random, known, sized=True)}}}"
    return f"($signed({parts[0]}) {pick(random, ('+', '<', '>>>', '*'))} $signed({parts[1]}))"


def _leaf(random: Generator, known: Wires, sized: bool = False) -> str:
    at = number(random, 0, len(known.names) - 1)
    name, width = known.names[at], known.widths[at]
    draw = random.random()
    if draw < 0.2:
        return f"{number(random, 1, 4)}'d{number(random, 0, 1)}"
    if draw < 0.25 and not sized:
        return str(number(random, 0, 9))
    if draw < 0.5 and width > 1 and "[" not in name:
        low = number(random, 0, width - 1)
        return pick(random, (f"{name}[{low}]", f"{name}[{width - 1}:{low}]", f"{name}[{low} -: 1]"))
    return name


def number(random: Generator, low: int, high: int) -> int:
    """A whole number, both ends included."""
    return int(random.integers(low, high + 1))


def pick(random: Generator, items: Sequence[Item]) -> Item:
    """One of some items."""
    return items[int(random.integers(len(items)))]
