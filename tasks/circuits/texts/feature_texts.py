"""Random parts of Verilog, one for each feature: memories, resets, signs, divisions, selections, loops, structures.

No value is undefined: a simulation takes one branch where a condition is, though either value might make it true.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .behaviour_texts import Wires, expression, number, pick

Generator = np.random.Generator


@dataclass(frozen=True)
class Part:
    """Text within a module.

    Args:
        text: Declarations and what drives them.
        shown: The wire that the part is about.
        width: Of that wire.
    """

    text: str
    shown: str
    width: int


def features(random: Generator, known: Wires, edge: str, count: int) -> list[Part]:
    """Parts of random features; each may read the inputs and the parts before.

    Args:
        random: Draws.
        known: Wires that may be read; the first one is called ``i0``.
        edge: Of the clock ``clk``.
        count: How many.
    """
    found: list[Part] = []
    for at in range(count):
        part = pick(random, _FEATURES)(random, known, edge, f"n{at}")
        found.append(part)
        known = known.also(part.shown, part.width)
    return found


def _memory(random: Generator, known: Wires, edge: str, name: str) -> Part:
    width, bits = number(random, 1, 3), number(random, 1, 2)
    test, place, value, read = (expression(random, known, 1) for _ in range(4))
    return Part(
        f" reg [{width - 1}:0] {name}_m [0:{2**bits - 1}];\n integer {name}_i;\n"
        f" initial for ({name}_i = 0; {name}_i < {2**bits}; {name}_i = {name}_i + 1)\n"
        f"  {name}_m[{name}_i] = {name}_i * 3;\n"
        f" wire [{bits - 1}:0] {name}_w = {place}, {name}_r = {read};\n"
        f" always @({edge} clk) if ({test}) {name}_m[{name}_w] <= {value};\n"
        f" wire [{width - 1}:0] {name} = {name}_m[{name}_r];\n",
        name, width,
    )  # fmt: skip


def _reset(random: Generator, known: Wires, edge: str, name: str) -> Part:
    width = number(random, 1, 4)
    level, test = pick(random, (("posedge", ""), ("negedge", "!")))
    return Part(
        f" reg [{width - 1}:0] {name} = {number(random, 0, 2**width - 1)};\n always @({edge} clk or {level} rst)\n"
        f"  if ({test}rst) {name} <= {number(random, 0, 2**width - 1)}; else if ({expression(random, known, 1)}) "
        f"{name} <= {name} + {expression(random, known, 1)};\n",
        name, width,
    )  # fmt: skip


def _signed(random: Generator, known: Wires, edge: str, name: str) -> Part:
    width = number(random, 2, 6)
    operator = pick(random, ("+", "-", "*", "<", ">=", "==", ">>>", "<<<", "/ 4 +", "% 4 -", "/ 3 +", "% 5 +"))
    operand = pick(random, (f"{name}_b", "-1", f"$unsigned({name}_b)"))
    return Part(
        f" wire signed [3:0] {name}_a = {expression(random, known, 1)};\n"
        f" wire signed [2:0] {name}_b = {expression(random, known, 1)};\n"
        f" wire signed [{width - 1}:0] {name} = {name}_a {operator} {operand};\n",
        name, width,
    )  # fmt: skip


def _selected(random: Generator, known: Wires, edge: str, name: str) -> Part:
    low = number(random, 0, 4)
    return Part(
        f" reg [7:0] {name};\n always @* begin\n  {name} = {expression(random, known, 1)};\n"
        f"  {name}[{expression(random, known, 0)} +: 2] = {expression(random, known, 1)};\n"
        f"  {name}[{low + 2}:{low}] = {expression(random, known, 1)};\n end\n",
        name, 8,
    )  # fmt: skip


def _loop(random: Generator, known: Wires, edge: str, name: str) -> Part:
    operator, first, last = pick(random, ("+", "^", "-")), number(random, 0, 2), number(random, 3, 6)
    return Part(
        f" wire [5:0] {name}_s = {expression(random, known, 2)};\n reg [3:0] {name}; integer {name}_i;\n"
        f" always @* begin\n  {name} = 0;\n  for ({name}_i = {first}; {name}_i < {last}; "
        f"{name}_i = {name}_i + 1)\n   if ({name}_s[{name}_i]) {name} = {name} {operator} {name}_i;\n end\n",
        name, 4,
    )  # fmt: skip


def _temporary(random: Generator, known: Wires, edge: str, name: str) -> Part:
    width = number(random, 1, 4)
    return Part(
        f" reg [{width - 1}:0] {name} = 0;\n always @({edge} clk) begin : {name}_block\n  reg [{width - 1}:0] t;\n"
        f"  t = {expression(random, known, 1)};\n  if ({expression(random, known, 1)}) t = t + {name};\n"
        f"  {name} <= t ^ {expression(random, known, 1)};\n end\n",
        name, width,
    )  # fmt: skip


def _wildcards(random: Generator, known: Wires, edge: str, name: str) -> Part:
    word = pick(random, ("casez", "casex", "case"))
    patterns = ("4'b1??0, 4'b0011", "4'b?1?1", "4'b00??") if word != "case" else ("4'b1000, 4'b0011", "4'd7", "4'd2")
    arms = "".join(f"   {pattern}: {name} = {expression(random, known, 1)};\n" for pattern in patterns)
    return Part(
        f" wire [3:0] {name}_s = {expression(random, known, 1)};\n reg [2:0] {name};\n always @*\n"
        f"  {word} ({name}_s)\n{arms}   default: {name} = {expression(random, known, 1)};\n  endcase\n",
        name, 3,
    )  # fmt: skip


def _structure(random: Generator, known: Wires, edge: str, name: str) -> Part:
    return Part(
        f" typedef struct packed {{ logic [1:0] x; logic signed [2:0] y; }} {name}_t;\n {name}_t {name}_s;\n"
        f" logic [4:0] {name};\n always_comb begin\n  {name}_s = {expression(random, known, 1)};\n"
        f"  {name}_s.x = {name}_s.x + {expression(random, known, 1)};\n"
        f"  {name} = {{{name}_s.y, {name}_s.x}} {pick(random, ('+', '^', '-'))} {name}_s.y;\n end\n",
        name, 5,
    )  # fmt: skip


def _machine(random: Generator, known: Wires, edge: str, name: str) -> Part:
    states = [f"{name}_{letter}" for letter in "ABCD"]
    arms = "".join(
        f"   {state}: {name} <= {expression(random, known, 1)} ? {pick(random, states)} : {pick(random, states)};\n"
        for state in states
    )
    return Part(
        f" typedef enum logic [1:0] {{{', '.join(states)}}} {name}_t;\n {name}_t {name} = {pick(random, states)};\n"
        f" always_ff @({edge} clk)\n  case ({name})\n{arms}  endcase\n",
        name, 2,
    )  # fmt: skip


def _array(random: Generator, known: Wires, edge: str, name: str) -> Part:
    return Part(
        f" logic [2:0] {name}_a [0:2];\n always_comb begin\n  {name}_a[0] = {expression(random, known, 1)};\n"
        f"  for (int i = 1; i < 3; i++) {name}_a[i] = {name}_a[i-1] {pick(random, ('+', '^'))} "
        f"{expression(random, known, 1)};\n end\n"
        f" wire [3:0] {name} = {name}_a[{number(random, 0, 2)}] - {name}_a[{number(random, 0, 2)}];\n",
        name, 4,
    )  # fmt: skip


def _carry(random: Generator, known: Wires, edge: str, name: str) -> Part:
    return Part(
        f" wire {name}_c; wire [3:0] {name};\n assign {{{name}_c, {name}}} = {expression(random, known, 1)} "
        f"{pick(random, ('+', '-', '*'))} {{2{{{expression(random, known, 0, sized=True)}}}}};\n",
        name, 4,
    )  # fmt: skip


_FEATURES: tuple[Callable[[Generator, Wires, str, str], Part], ...] = (
    _memory,
    _reset,
    _signed,
    _selected,
    _loop,
    _temporary,
    _wildcards,
    _structure,
    _machine,
    _array,
    _carry,
)
