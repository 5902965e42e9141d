"""Chained networks do what one after the other does."""

from itertools import product

import numpy as np
import pytest

from logic import CircuitBuilder, NetworkError, SpikingNetwork, chain, compile_circuit, simulate_reference


def half_adder() -> SpikingNetwork:
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    return compile_circuit(make.build(s=a ^ b, c=a & b), "dual-rail", "relays")


def equal() -> SpikingNetwork:
    make = CircuitBuilder()
    s, c = make.inputs("s", "c")
    return compile_circuit(make.build(none=~s & ~c, s=s), "dual-rail")


def test_a_chain_answers_like_its_parts_in_turn() -> None:
    first = half_adder()
    second = equal()
    whole = chain(first, second)
    waves = list(product((0, 1), repeat=2))
    lines = np.array([[a == 0, a == 1, b == 0, b == 1] for a, b in waves])
    trains = simulate_reference(whole, lines, steps=len(waves) + whole.latency)
    for start, (a, b) in enumerate(waves):
        answer = {
            name: bool(trains[start + t, line])
            for name, line, t in zip(whole.output_names, whole.outputs, whole.latencies, strict=True)
        }
        none, odd = a + b == 0, a + b == 1
        assert answer == {"none=0": not none, "none=1": none, "s=0": not odd, "s=1": odd}


def test_chains_that_do_not_fit_are_refused() -> None:
    make = CircuitBuilder()
    (x,) = make.inputs("x")
    with pytest.raises(NetworkError, match="does not answer"):
        chain(half_adder(), compile_circuit(make.build(y=~x)))
    a = CircuitBuilder()
    p, q = a.inputs("p", "q")
    uneven = compile_circuit(a.build(s=p ^ q, c=p & q))
    with pytest.raises(NetworkError, match="different steps"):
        chain(uneven, equal())
