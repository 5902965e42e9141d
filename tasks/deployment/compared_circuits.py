"""The circuits of the table of conformance: small ones that everybody knows, benchmarks, and random ones."""

import os
from pathlib import Path

import numpy as np

from logic import Circuit, CircuitBuilder, CircuitError, Gate, parse_circuit, read_circuit
from logic.circuit import Literal
from logic.library import ripple_add

CIRCUITS = ("xor", "full adder", "8-bit adder", "c17", "c880", "1,000 gates", "4-bit counter", "SR latch")


def random_gates(count: int, inputs: int, width: int, seed: int = 0) -> Circuit:
    """A layered circuit of random two-input gates, each of which hears the layer before; its last layer answers."""
    random = np.random.default_rng(seed)
    make = CircuitBuilder()
    layer: list[Literal] = list(make.inputs(*(f"x{number}" for number in range(inputs))))
    made = 0
    while made < count:
        size = min(width, count - made)
        fresh: list[Literal] = []
        for number in range(size):
            a, b = random.permutation(len(layer))[:2].tolist()
            if number < len(layer) and size == width:
                a = number  # every wire of the layer before is heard
            b = b if b != a else (a + 1) % len(layer)
            left, right = layer[a], layer[b]
            kind = int(random.integers(12))  # most of them parities, or the values of deep layers would fade
            choices = (left & right, left | right, ~(left & right))
            fresh.append(choices[kind] if kind < len(choices) else make.gate(Gate.XOR, (left, right)))
        made += size
        layer = fresh
    return make.build(**{f"y{number}": wire for number, wire in enumerate(layer)})


def counter(bits: int) -> Circuit:
    """A counter with an enable."""
    rows = ["INPUT(enable)", *(f"OUTPUT(q{n})" for n in range(bits)), *(f"q{n} = DFF(d{n})" for n in range(bits))]
    carry = "enable"
    for n in range(bits):
        rows += [f"d{n} = XOR(q{n}, {carry})", f"c{n} = AND(q{n}, {carry})"]
        carry = f"c{n}"
    return parse_circuit("\n".join([*rows[:-1], ""]), "bench")


def latch() -> Circuit:
    """A register that is set and reset, set being the stronger."""
    rows = ["INPUT(set)", "INPUT(reset)", "OUTPUT(held)", "held = DFF(next)", "stay = NOT(reset)"]
    return parse_circuit("\n".join([*rows, "kept = AND(held, stay)", "next = OR(set, kept)", ""]), "bench")


def circuit_of(name: str) -> Circuit:
    """A circuit of the table.

    Raises:
        CircuitError: if it is a benchmark and ``NEUROSYM_DATA`` names no folder that holds it.
    """
    make = CircuitBuilder()
    if name == "xor":
        a, b = make.inputs("a", "b")
        return make.build(y=a ^ b)
    if name == "full adder":
        a, b, carry = make.inputs("a", "b", "carry")
        return make.build(sum=a ^ b ^ carry, carry_out=(a & b) | (carry & (a ^ b)))
    if name == "8-bit adder":
        wires = make.inputs(*(f"{word}{bit}" for word in "ab" for bit in range(8)))
        return make.build(**{f"s{n}": wire for n, wire in enumerate(ripple_add(wires[:8], wires[8:]))})
    if name in ("c17", "c880"):
        return read_circuit(_benchmarks() / f"{name}.bench")
    if name == "1,000 gates":
        return random_gates(1_000, 50, 100)
    if name == "10,000 gates":
        return random_gates(10_000, 100, 500, seed=1)
    return counter(4) if name == "4-bit counter" else latch()


def _benchmarks() -> Path:
    root = os.environ.get("NEUROSYM_DATA")
    if root is None:
        raise CircuitError(
            "c17 and c880 are benchmarks of ISCAS-85; let NEUROSYM_DATA name the folder of circuits/iscas85"
        )
    return Path(root) / "circuits" / "iscas85"
