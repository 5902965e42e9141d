"""Proofs of machines take time in proportion to their registers."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from logic import Circuit, compile_certified, prove_equivalent, verify
from logic.lowering import to_and_inverter


def shift(count: int) -> Circuit:
    """A register that repeats the one before it."""
    return Circuit(
        inputs=("d",),
        kinds=np.zeros(0, np.int64),
        offsets=np.zeros(1, np.int64),
        literals=np.zeros(0, np.int64),
        outputs=np.array([2 * (1 + count)]),
        output_names=("q",),
        register_next=2 * np.arange(1, count + 1),
        register_initial=np.zeros(count, np.int64),
        register_names=tuple(f"r{at}" for at in range(count)),
    )


def random_machine(count: int) -> Circuit:
    """Registers with two random gates each."""
    random = np.random.default_rng(count)
    first, gates = 1 + 8 + count, 2 * count
    places = np.arange(gates)[:, None]
    wires = random.integers(np.maximum(1, first + places - 4 * count), first + places, (gates, 2))
    ends = random.integers(first, first + gates, count)
    return Circuit(
        inputs=tuple(f"i{at}" for at in range(8)),
        kinds=random.integers(0, 3, gates),
        offsets=2 * np.arange(gates + 1),
        literals=(2 * wires + random.integers(0, 2, (gates, 2))).reshape(-1),
        outputs=2 * ends[:20],
        output_names=tuple(f"o{at}" for at in range(20)),
        register_next=2 * ends + random.integers(0, 2, count),
        register_initial=random.integers(0, 2, count),
        register_names=tuple(f"r{at}" for at in range(count)),
    )


@pytest.mark.parametrize("machine", [shift, random_machine])
def test_ten_times_the_registers_take_about_ten_times_as_long(machine: Callable[[int], Circuit]) -> None:
    seconds: list[float] = []
    for count in (2_000, 2_000, 20_000):  # the first also compiles kernels
        circuit = machine(count)
        compiled = compile_certified(circuit)
        start = time.process_time()
        assert verify(compiled.network, circuit, certificate=compiled.certificate, timeout=100).holds
        assert prove_equivalent(circuit, to_and_inverter(circuit), 100).holds
        seconds.append(time.process_time() - start)
    assert seconds[2] < 30 * max(seconds[1], 0.1)
