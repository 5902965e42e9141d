"""The circuits that every deployment target is measured on: from one gate to 1,000, and two with a state."""

import numpy as np

from logic import Circuit, CircuitBuilder, Gate, parse_circuit
from logic.library import full_adder, ripple_add

_COUNTER = """
.model counter
.inputs up
.outputs q0 q1 q2 q3
.latch n0 q0 re clk 0
.latch n1 q1 re clk 0
.latch n2 q2 re clk 0
.latch n3 q3 re clk 0
.names up q0 n0
10 1
01 1
.names up q0 c0
11 1
.names c0 q1 n1
10 1
01 1
.names c0 q1 c1
11 1
.names c1 q2 n2
10 1
01 1
.names c1 q2 c2
11 1
.names c2 q3 n3
10 1
01 1
.end
"""
_C17 = """
INPUT(1)
INPUT(2)
INPUT(3)
INPUT(6)
INPUT(7)
OUTPUT(22)
OUTPUT(23)
10 = NAND(1, 3)
11 = NAND(3, 6)
16 = NAND(2, 11)
19 = NAND(11, 7)
22 = NAND(10, 16)
23 = NAND(16, 19)
"""
_LATCH = """
.model latch
.inputs set reset
.outputs q
.latch next q re clk 0
.names set reset q next
1-- 1
-01 1
.end
"""


def exclusive_or() -> Circuit:
    """Two inputs, one output."""
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    return make.build(y=a ^ b)


def one_full_adder() -> Circuit:
    """Three bits added."""
    make = CircuitBuilder()
    low, high = full_adder(*make.inputs("a", "b", "c"))
    return make.build(s=low, carry=high)


def adder(bits: int = 8) -> Circuit:
    """Two words added by a chain of carries."""
    make = CircuitBuilder()
    words = make.inputs(*(f"{word}{bit}" for word in "ab" for bit in range(bits)))
    return make.build_from({f"s{bit}": value for bit, value in enumerate(ripple_add(words[:bits], words[bits:]))})


def random_gates(layers: int = 10, width: int = 100, inputs: int = 32, seed: int = 0) -> Circuit:
    """Layers of gates of two or three literals each, of the layer before (mostly) or an earlier one."""
    rng, make = np.random.default_rng(seed), CircuitBuilder()
    before = [list(make.inputs(*(f"x{place}" for place in range(inputs))))]
    for _ in range(layers):
        layer = []
        for _ in range(width):
            kind = list(Gate)[int(rng.integers(0, len(Gate)))]
            count = 3 if kind is Gate.MAJ else int(rng.integers(2, 4))
            at = len(before) - 1 if rng.random() < 0.8 else int(rng.integers(0, len(before)))
            chosen = [before[at][int(place)] for place in rng.integers(0, len(before[at]), count)]
            layer.append(make.gate(kind, [~wire if rng.random() < 0.5 else wire for wire in chosen]))
        before.append(layer)
    return make.build_from({f"y{place}": wire for place, wire in enumerate(before[-1])})


def deployed_circuits() -> dict[str, Circuit]:
    """By name, all but c880, which lies in the data folder."""
    return {
        "xor": exclusive_or(),
        "full_adder": one_full_adder(),
        "adder8": adder(),
        "c17": parse_circuit(_C17, "bench"),
        "gates1000": random_gates(),
        "counter4": parse_circuit(_COUNTER, "blif"),
        "sr_latch": parse_circuit(_LATCH, "blif"),
    }
