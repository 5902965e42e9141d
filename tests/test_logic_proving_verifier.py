"""One question for everything that can be compared: the right proof is picked, whatever is given in whatever order."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from logic import (
    Circuit,
    CircuitBuilder,
    CircuitError,
    NetworkError,
    compile_circuit,
    parse_circuit,
    prove_equivalent,
    verify,
    write_circuit,
    write_nir,
)
from logic.circuit import Clock
from logic.evaluation import evaluate_bits
from logic.proving.networks import lifted_circuit
from logic.proving.streams import to_stream, wrong_answers
from logic.simulation.reference import simulate_reference

FLIP_FLOP = "INPUT(d)\nOUTPUT(q)\nq = DFF(d)\n"
MAPPINGS = ("dual-rail", "majority", "logicsnn", "single-rail", "fail-silent")


def half_adder(wrong: bool = False) -> Circuit:
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    return make.build(sum=a ^ b, carry=(a | b) if wrong else (a & b))


def counter(bits: int, asked: bool) -> Circuit:
    """Counts while ``en``; ``y`` says that all bits are 1, or is false for ever."""
    every = ", ".join(f"q{bit}" for bit in range(bits))
    answer = f"AND({every})" if asked else "XOR(en, en)"
    lines = [f"INPUT(en)\nOUTPUT(y)\nc0 = BUFF(en)\ny = {answer}"]
    for bit in range(bits):
        lines += [f"q{bit} = DFF(n{bit})", f"n{bit} = XOR(q{bit}, c{bit})", f"c{bit + 1} = AND(q{bit}, c{bit})"]
    circuit = parse_circuit("\n".join(lines) + "\n", "bench")
    return replace(circuit, register_initial=np.zeros(bits, np.int64))


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_network_of_a_flip_flop_is_proved_without_its_certificate(mapping: str) -> None:
    circuit = parse_circuit(FLIP_FLOP, "bench")
    network = compile_circuit(circuit, mapping)
    verdict = verify(network, circuit)
    assert verdict.holds is True
    assert "first values" in verdict.claim
    wrong = replace(network, outputs=np.zeros_like(network.outputs))
    found = verify(wrong, circuit)
    assert found.holds is False
    assert found.counterexample is not None
    stream = to_stream(found.counterexample, circuit.inputs)
    assert stream.judged in wrong_answers(wrong, circuit, stream.values)[:, 0]


def test_the_order_does_not_matter() -> None:
    circuit = half_adder()
    network = compile_circuit(circuit)
    assert verify(circuit, network).holds is verify(network, circuit).holds is True
    assert verify(half_adder(wrong=True), network).holds is False


@pytest.mark.parametrize(("one", "other"), [*product(MAPPINGS[::2], repeat=2)])
def test_two_networks_are_compared(one: str, other: str) -> None:
    first, second = compile_circuit(half_adder(), one), compile_circuit(half_adder(), other)
    assert verify(first, second).holds is True
    verdict = verify(first, compile_circuit(half_adder(wrong=True), other))
    assert verdict.holds is False
    assert verdict.counterexample is not None
    a, b = (verdict.counterexample[name] for name in ("a", "b"))
    assert (a | b) != (a & b)


def test_each_wrong_rail_of_either_network_is_found() -> None:
    good = compile_circuit(half_adder())
    for line in range(4):
        outputs = good.outputs.copy()
        outputs[line] = outputs[line ^ 1]
        bad = replace(good, outputs=outputs)
        assert verify(good, bad).holds is verify(bad, good).holds is False
        assert verify(bad, bad).holds is True
        assert verify(compile_circuit(half_adder(), "single-rail"), bad).holds is False


def test_networks_that_cannot_be_compared_are_refused() -> None:
    network = compile_circuit(half_adder())
    with pytest.raises(NetworkError, match="inputs differ"):
        verify(network, compile_circuit(replace(half_adder(), inputs=("a", "c"))))
    with pytest.raises(NetworkError, match="in one network only"):
        verify(network, compile_circuit(replace(half_adder(), output_names=("sum", "c"))))
    clocked = compile_circuit(parse_circuit(FLIP_FLOP, "bench"))
    with pytest.raises(NetworkError, match="keeps a state"):
        verify(clocked, clocked)


def test_uneven_paths_are_judged() -> None:
    circuit = half_adder()
    network = compile_circuit(circuit)
    late = replace(network, latencies=network.latencies + 1)
    assert verify(network, circuit).holds is True
    verdict = verify(late, circuit)
    assert verdict.holds is False
    assert verdict.counterexample is not None
    assert len(wrong_answers(late, circuit, to_stream(verdict.counterexample, circuit.inputs).values))


def test_files_are_read(tmp_path: Path) -> None:
    circuit = half_adder()
    write_circuit(circuit, tmp_path / "h.blif")
    write_nir(compile_circuit(circuit, balance="relays", aligned=True), tmp_path / "h.nir")
    for path in (tmp_path, str(tmp_path)):
        blif, nir = Path(path) / "h.blif", Path(path) / "h.nir"
        assert verify(str(nir), blif).holds is True
        assert verify(blif, str(blif)).holds is True
        assert verify(nir, circuit).holds is True


def test_what_is_no_design_is_refused() -> None:
    with pytest.raises(CircuitError, match="a int cannot be verified; give a SpikingNetwork"):
        verify(3, half_adder())  # pyright: ignore[reportArgumentType]


def test_a_lifted_network_computes_what_its_spikes_say() -> None:
    circuit = half_adder()
    network = compile_circuit(circuit)
    lifted = lifted_circuit(network)
    assert lifted.output_names == ("sum=0", "sum=1", "carry=0", "carry=1")
    for a, b in product((False, True), repeat=2):
        spikes = np.array([[not a, a, not b, b]])
        trains = simulate_reference(network, spikes, network.latency + 1)
        assert np.array_equal(evaluate_bits(lifted, np.array([[a, b]]))[0], trains[network.latencies, network.outputs])


@pytest.mark.parametrize("bits", [2, 5, 7])
def test_the_first_difference_of_machines_is_found_however_late(bits: int) -> None:
    verdict = prove_equivalent(counter(bits, False), counter(bits, True))
    assert verdict.holds is False
    assert verdict.counterexample is not None
    stream = to_stream(verdict.counterexample, ("en",))
    assert stream.values[:-1].sum() == 2**bits - 1  # at so many clocks it counts
    if bits < 6:  # later ones are not searched for the earliest difference
        assert f"first differs at clock {2**bits - 1}" in verdict.detail


def register(first: str) -> Circuit:
    return parse_circuit(f".model t\n.inputs d\n.outputs q\n.latch d q {first}\n.end\n", "blif")


def test_open_first_values_are_assumptions_or_differences() -> None:
    undefined, zero, one = (register(first) for first in "301")
    for other in (zero, one):
        for pair in ((undefined, other), (other, undefined)):
            verdict = prove_equivalent(*pair)
            assert verdict.holds is False
            assert verdict.counterexample is not None
            assert len(to_stream(verdict.counterexample, ("d",)).values) == 1
            assert "from q = " in verdict.detail
    same = prove_equivalent(undefined, undefined)
    assert same.holds is True
    assert "undefined ones (q) being any but alike in both" in same.claim
    network = verify(compile_circuit(undefined), undefined)
    assert network.holds is True
    assert "undefined ones (q) being 0" in network.claim
    assert "undefined" not in prove_equivalent(zero, zero).claim


def test_a_hidden_first_value_makes_no_difference() -> None:
    """The register is reset at the first clock, before anything shows it."""
    latches = ".latch n q {}\n.latch on r 0\n.names on\n1\n"
    text = f".model t\n.inputs d\n.outputs y\n{latches}.names d n\n1 1\n.names q r y\n11 1\n.end\n"
    verdict = prove_equivalent(parse_circuit(text.format(3), "blif"), parse_circuit(text.format(0), "blif"))
    assert verdict.holds is True


def test_other_clocks_are_other_circuits_and_clocks_are_told() -> None:
    rising, falling = (replace(register("0"), clock=Clock("clk", edge)) for edge in (True, False))
    same = prove_equivalent(rising, rising)
    assert same.holds is True
    assert "one step at the rising edge of 'clk'" in same.claim
    with pytest.raises(CircuitError, match="falling edge"):
        prove_equivalent(rising, falling)
    assert "one wave at the falling edge of 'clk'" in verify(compile_circuit(falling), falling).claim
