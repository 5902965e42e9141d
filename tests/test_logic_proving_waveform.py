"""Waveforms read back by a parser written from the standard alone give the spikes that were written."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic import CircuitBuilder, NetworkError, compile_circuit, parse_circuit
from logic.proving.induction import prove_machine
from logic.proving.streams import Stream, to_stream
from logic.proving.waveform import raster_points, trains_of, waveform, write_waveform


def parse(text: str) -> tuple[dict[str, list[int]], int]:
    """Signals as values at every time unit, from tokens alone."""
    tokens, names, scope = iter(text.split()), dict[str, str](), list[str]()
    for token in tokens:
        if token == "$enddefinitions":
            assert next(tokens) == "$end"
            break
        words: list[str] = []
        while (word := next(tokens)) != "$end":
            words.append(word)
        if token == "$scope":
            scope.append(words[1])
        elif token == "$upscope":
            scope.pop()
        elif token == "$var":
            assert words[:2] == ["wire", "1"]
            assert words[2] not in names
            names[words[2]] = ".".join([*scope, words[3]])
    time, values = 0, dict.fromkeys(names, 0)
    trains: dict[str, list[int]] = {code: [] for code in names}
    for token in tokens:
        if token.startswith("#"):
            for code in names:
                trains[code] += [values[code]] * (int(token[1:]) - time)
            time = int(token[1:])
        else:
            values[token[1:]] = int(token[0])
    return {names[code]: train for code, train in trains.items()}, time


@given(st.integers(1, 300), st.integers(1, 9), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_what_is_written_is_read(lines: int, steps: int, seed: int) -> None:
    trains = np.random.default_rng(seed).random((steps, lines)) < 0.3
    names = [f"in.x{line}" for line in range(lines)]
    found, end = parse(waveform(names, trains))
    assert end == steps
    assert found == {name: trains[:, line].astype(int).tolist() for line, name in enumerate(names)}


def test_a_clocked_counterexample_shows_what_was_expected() -> None:
    circuit = parse_circuit("INPUT(t)\nOUTPUT(y)\nn = XOR(t, y)\ny = DFF0(n)\n", "bench")
    other = parse_circuit("INPUT(t)\nOUTPUT(y)\nn = OR(t, y)\ny = DFF0(n)\n", "bench")
    network = compile_circuit(other)
    verdict = prove_machine(network, circuit)
    assert verdict.counterexample is not None
    stream = to_stream(verdict.counterexample, circuit.inputs)
    found, _ = parse(waveform(*trains_of(network, circuit, stream)))
    answers = found["expected.y=1"][network.latency :: network.period]
    assert answers[: len(stream.values)] == (np.cumsum([0, *stream.values[:-1, 0]]) % 2).tolist()
    step = stream.judged * network.period + network.latency
    assert found["out.y=1"][step] != found["expected.y=1"][step]
    assert found["wrong.y=1"][step] == 1


def test_a_stream_is_shown_with_its_answers(tmp_path: Path) -> None:
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    circuit = make.build(y=a & b)
    network = compile_circuit(circuit)
    names, trains = trains_of(network, circuit, Stream(np.array([[True, True], [False, True]]), 0))
    write_waveform(tmp_path / "wave.vcd", names, trains)
    found, _ = parse((tmp_path / "wave.vcd").read_text())
    assert found["in.a=1"] == [1, 0, 0]
    assert found["out.y=1"] == [0, 1, 0]
    assert found["out.y=0"] == found["expected.y=0"] == [0, 0, 1]
    assert found["wrong.y=0"] == [0, 0, 0]
    assert [0, names.index("in.a=1")] in raster_points(trains).tolist()
    with pytest.raises(NetworkError, match="printable"):
        waveform(["two words"], np.zeros((1, 1), np.bool_))
