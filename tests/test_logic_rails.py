"""Rails are pairs of a signal and a value, so that no name of a signal, however it ends, can be taken for one."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic import (
    Circuit,
    CircuitBuilder,
    Line,
    NetworkError,
    chain,
    compile_circuit,
    join,
    rail_lines,
    read_nir,
    single_lines,
    verify,
    write_nir,
)
from logic.formats import parse_circuit
from logic.mapping.compiler import compile_certified
from logic.proving import prove_monolithic
from logic.proving.induction import prove_machine
from logic.proving.machines import prove_machines
from logic.proving.streams import Stream, to_counterexample, to_stream
from logic.proving.unfolding import judge
from logic.proving.waveform import trains_of, waveform
from logic.rails import lines_of_names, match_lines, rail_pairs
from logic.targets.nir import names_file

BOTH_RAILS = ("dual-rail", "majority", "logicsnn", "fail-silent")
NAMES = st.lists(
    st.sampled_from(["y", "y=0", "y=1", "y=0=1", "=0", "=1", "=", "a=", "y=00", "0", "next y", "y@+1", "y@"]),
    min_size=2,
    max_size=5,
    unique=True,
)


def pair(*outputs: str) -> Circuit:
    """Outputs ``a & b``, ``a | b``, ``a ^ b``, ... under the given names."""
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    functions = [lambda: a & b, lambda: a | b, lambda: a ^ b, lambda: ~a, lambda: b & ~a]
    return make.build_from({name: function() for name, function in zip(outputs, functions, strict=False)})


@pytest.mark.parametrize("mapping", BOTH_RAILS)
def test_an_output_that_is_called_like_a_rail_of_another_is_proved(mapping: str) -> None:
    circuit = parse_circuit(
        ".model t\n.inputs a b\n.outputs y y=0\n.names a b y\n11 1\n.names a b y=0\n1- 1\n-1 1\n.end\n", "blif"
    )
    network = compile_circuit(circuit, mapping)
    for verdict in (verify(network, circuit), prove_monolithic(network, circuit), judge(network, circuit)):
        assert verdict.holds is True


@pytest.mark.parametrize("mapping", BOTH_RAILS)
def test_each_wrong_line_is_refuted_by_provers_that_share_no_matching(mapping: str) -> None:
    circuit = pair("y", "y=1", "y=0")
    network = compile_circuit(circuit, mapping)
    for line in range(len(network.outputs)):
        outputs = network.outputs.copy()
        outputs[line] = outputs[line ^ 1]  # the other rail
        mutant = replace(network, outputs=outputs)
        for verdict in (verify(mutant, circuit), prove_monolithic(mutant, circuit), judge(mutant, circuit)):
            assert verdict.holds is False, str(network.output_lines[line])


def test_lines_that_trade_places_are_refuted() -> None:
    circuit = pair("y", "y=1")  # before, the line of output y=1 was looked up as the rail 1 of y
    network = compile_circuit(circuit, "positive")
    traded = replace(network, outputs=network.outputs[::-1])
    as_rail = replace(network, output_lines=(Line("y"), Line("y", 1)), outputs=network.outputs[[0, 0]])
    for prove in (verify, prove_monolithic, judge):
        assert prove(network, circuit).holds is True
        assert prove(traded, circuit).holds is False
    for prove in (verify, prove_monolithic):
        with pytest.raises(NetworkError, match="no output for \\['y=1'\\]"):
            prove(as_rail, circuit)


@settings(max_examples=25, deadline=None)
@given(NAMES, NAMES, st.sampled_from(["dual-rail", "positive", "single-rail", "fail-silent"]))
def test_names_do_not_matter(inputs: list[str], outputs: list[str], mapping: str) -> None:
    plain = pair(*(f"o{place}" for place in range(len(outputs))))
    circuit = replace(plain, inputs=tuple(inputs[:2]), output_names=tuple(outputs))
    mapping = "dual-rail" if mapping == "positive" and len(outputs) > 2 else mapping
    network, unnamed = compile_circuit(circuit, mapping), compile_circuit(plain, mapping)
    assert np.array_equal(network.outputs, unnamed.outputs)
    assert verify(network, circuit).holds is True
    assert prove_monolithic(network, circuit).holds is True
    other = replace(network, output_lines=network.output_lines[::-1])
    assert verify(other, circuit).holds is prove_monolithic(other, circuit).holds is False
    found = verify(other, circuit).counterexample
    assert found is not None
    names, trains = trains_of(other, circuit, to_stream(found, circuit.inputs))
    assert len(set(names)) == len(names) == trains.shape[1]
    assert waveform(names, trains)


@settings(max_examples=60, deadline=None)
@given(NAMES, st.integers(1, 4), st.data())
def test_counterexamples_of_several_waves_are_read_back(names: list[str], waves: int, data: st.DataObject) -> None:
    judged = data.draw(st.integers(0, waves - 1))
    values = np.random.default_rng(0).random((waves, len(names))) < 0.5
    back = to_stream(to_counterexample(Stream(values, judged), names), names)
    assert back.judged == judged
    assert np.array_equal(back.values, values)


def test_clocked_circuits_may_call_an_output_like_a_next_state() -> None:
    circuit = parse_circuit(
        ".model t\n.inputs a\n.outputs q p\n.latch d r 0\n"
        ".names a r d\n10 1\n01 1\n.names r q\n1 1\n.names a p\n0 1\n.end\n",
        "blif",
    )
    circuit = replace(circuit, output_names=("next r", "r=1"))
    compiled = compile_certified(circuit, "dual-rail")
    assert prove_machine(compiled.network, circuit, compiled.certificate.literal).holds is True
    assert prove_machines(circuit, circuit).holds is True
    assert prove_machines(circuit, replace(circuit, outputs=circuit.outputs[::-1])).holds is False


def test_nir_keeps_rails_apart_from_names(tmp_path: Path) -> None:
    circuit = pair("y", "y=0")
    for mapping in ("dual-rail", "positive"):
        network = compile_circuit(circuit, mapping, "relays", aligned=True)
        write_nir(network, tmp_path / "n.nir")
        back = read_nir(tmp_path / "n.nir")
        assert (back.input_lines, back.output_lines) == (network.input_lines, network.output_lines)
        assert verify(back, circuit).holds is True


@pytest.mark.parametrize("mapping", ["dual-rail", "single-rail"])
def test_nir_files_of_format_1_are_read(tmp_path: Path, mapping: str) -> None:
    circuit = pair("s", "c")
    path = tmp_path / "old.nir"
    write_nir(compile_circuit(circuit, mapping, "relays", aligned=True), path)
    notes = json.loads(names_file(path).read_text())
    for which in ("input", "output"):
        notes[f"{which}_names"] = [
            signal if rail is None else f"{signal}={rail}" for signal, rail in notes.pop(f"{which}_lines")
        ]
    names_file(path).write_text(json.dumps(notes | {"format": "neurosym spiking network 1"}))
    assert verify(read_nir(path), circuit).holds is True


def test_names_of_format_1_are_rails_only_in_pairs() -> None:
    assert lines_of_names(["a=0", "a=1", "b=1", "b=0"]) == (*rail_lines("a"), Line("b", 1), Line("b", 0))
    one_hot = [f"digit(0)={value}" for value in range(10)]
    assert lines_of_names(one_hot) == single_lines(one_hot)
    assert lines_of_names(["y", "y=0", "y=1"]) == single_lines(["y", "y=0", "y=1"])
    assert lines_of_names([]) == ()


def test_joining_and_chaining_follow_lines() -> None:
    first = compile_circuit(pair("y", "y=0"), aligned=True)
    make = CircuitBuilder()
    u, v = make.inputs("y", "y=0")
    second = compile_circuit(make.build(z=u ^ v))
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    specification = make.build(z=a ^ b)  # (a & b) ^ (a | b)
    joined = join(
        ["a", "b"],
        {"one": first, "two": second},
        {"one": {"a": "a", "b": "b"}, "two": {"y": "one.y", "y=0": "one.y=0"}},
        {"z": "two.z"},
    )
    assert verify(joined, specification).holds is True
    with pytest.raises(NetworkError, match="does not answer"):
        chain(first, compile_circuit(make.build(z=a ^ b)))
    with pytest.raises(NetworkError, match="rename"):
        join(["one.y", "b"], {"one": first}, {"one": {"a": "b", "b": "b"}}, {"z": "one.y"})


def test_lines_are_checked() -> None:
    network = compile_circuit(pair("y"))
    with pytest.raises(NetworkError, match="is no line"):
        replace(network, output_lines=("y=0", "y=1"))
    with pytest.raises(NetworkError, match="given twice"):
        chain(replace(network, output_lines=(Line("y", 0), Line("y", 0))), network)
    with pytest.raises(NetworkError, match="'y=0' is not a signal"):
        match_lines(single_lines(["y=0"]), ["y"])
    with pytest.raises(NetworkError, match="two rails"):
        rail_pairs(single_lines(["y=0", "y=1"]))
    assert network.output_names == ("y=0", "y=1")
