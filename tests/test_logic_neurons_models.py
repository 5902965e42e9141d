"""Izhikevich and AdEx neurons against spike trains from elsewhere (or a few of them, where those are not at hand)."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import perception
from logic.errors import NetworkError
from logic.neurons.models import AdEx, Izhikevich, NeuronState, spike_times

DATA = Path(os.environ.get("NEUROSYM_DATA", "")) / "oracles"
needs_data = pytest.mark.skipif(
    not (DATA / "oracle_adex.json").is_file(), reason="NEUROSYM_DATA/oracles is not at hand"
)
Q1 = {"linear": 4.1, "constant": 108.0}  # the class 1 and integrator quadratic

# a, b, c, d, first membrane, step in ms, duration in ms, changes of the model: Izhikevich (2004), figure 1.
PATTERNS: dict[str, tuple[float, float, float, float, float, float, float, dict[str, float]]] = {
    "A": (0.02, 0.2, -65, 6, -70, 0.25, 100, {}),
    "B": (0.02, 0.25, -65, 6, -64, 0.25, 200, {}),
    "C": (0.02, 0.2, -50, 2, -70, 0.25, 220, {}),
    "D": (0.02, 0.25, -55, 0.05, -64, 0.2, 200, {}),
    "E": (0.02, 0.2, -55, 4, -70, 0.25, 160, {}),
    "F": (0.01, 0.2, -65, 8, -70, 0.25, 85, {}),
    "G": (0.02, -0.1, -55, 6, -60, 0.25, 300, Q1),
    "H": (0.2, 0.26, -65, 0, -64, 0.25, 300, {}),
    "I": (0.02, 0.2, -65, 6, -70, 0.2, 100, {}),
    "J": (0.05, 0.26, -60, 0, -62, 0.25, 200, {}),
    "K": (0.1, 0.26, -60, -1, -62, 0.25, 400, {}),
    "L": (0.02, -0.1, -55, 6, -60, 0.25, 100, Q1),
    "M": (0.03, 0.25, -60, 4, -64, 0.2, 200, {}),
    "N": (0.03, 0.25, -52, 0, -64, 0.2, 200, {}),
    "O": (0.03, 0.25, -60, 4, -64, 0.25, 100, {}),
    "P": (0.1, 0.26, -60, 0, -61, 0.25, 300, {}),
    "Q": (1, 0.2, -60, -21, -70, 0.1, 50, {}),
    "R": (0.02, 1, -55, 4, -65, 0.5, 400, {"shift": 65.0, "decay": 0.0}),
    "S": (-0.02, -1, -60, 8, -63.8, 0.5, 350, {}),
    "T": (-0.026, -1, -45, -2, -63.8, 0.5, 350, {}),
}
CONSTANT = {"A": (14, 10), "B": (0.5, 20), "C": (15, 22), "D": (0.6, 20), "E": (10, 16), "F": (30, 8.5)}
PULSES = {  # base current, then (current, from, to)
    "I": (0, [(7.04, 10, 13)]),
    "J": (0, [(2, 20, 25)]),
    "K": (0, [(0.65, t, t + 4) for t in (40, 60, 280, 320)]),
    "L": (0, [(9, t, t + 2) for t in (100 / 11, 100 / 11 + 5, 70, 80)]),
    "M": (0, [(-15, 20, 25)]),
    "N": (0, [(-15, 20, 25)]),
    "O": (0, [(1, 10, 15), (1, 80, 85), (-6, 70, 75)]),
    "P": (0.24, [(1.24, 37.5, 42.5), (1.24, 216, 221)]),
    "Q": (0, [(20, 9, 11)]),
}


def protocol(letter: str, times: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """The current of a pattern at each time in ms."""
    if letter in CONSTANT:
        size, onset = CONSTANT[letter]
        return np.where(times > onset, size, 0.0)
    if letter in PULSES:
        base, pulses = PULSES[letter]
        current = np.full(len(times), float(base))
        for size, onset, end in pulses:
            current[(times > onset) & (times < end)] = size
        return current
    match letter:
        case "G":
            return np.where(times > 30, 0.075 * (times - 30), 0.0)
        case "H":
            return np.where(times > 30, -0.5 + 0.015 * (times - 30), -0.5)
        case "R":
            ramp = np.where((times >= 300) & (times < 312.5), (times - 300) / 12.5 * 4, 0.0)
            return np.where(times < 200, times / 25, ramp)
        case _:
            return np.where((times < 50) | (times > 250), 80.0, 75.0)


@needs_data
@pytest.mark.parametrize("letter", sorted(PATTERNS))
def test_izhikevich_patterns(letter: str) -> None:
    oracle: dict[str, Any] = json.loads((DATA / "oracle_izhikevich.json").read_text())["patterns"][letter]
    a, b, c, d, membrane, step, duration, changes = PATTERNS[letter]
    assert oracle["tau"] == step
    model = Izhikevich(a, b, c, d, step, **changes)
    times = np.arange(round(duration / step) + 1) * step
    recovery = -16.0 if letter == "R" else b * membrane
    start = NeuronState(np.array([float(membrane)]), np.array([recovery]))
    current = protocol(letter, times)[:, None]
    found = spike_times(model, current, start)[0]
    assert len(found) == oracle["n"]
    assert np.allclose(found, oracle["t"], atol=1e-6)
    layer = perception.Izhikevich(model)  # the trainable layer of the same model
    fired = layer.fire(torch.from_numpy(current), tuple(torch.from_numpy(variable) for variable in start))
    assert np.array_equal(np.flatnonzero(fired.spikes.numpy()) * step, found)


@needs_data
@pytest.mark.parametrize("letter", "ABFGJKLOR")
def test_patterns_of_the_equations_and_not_of_the_step(letter: str) -> None:
    """They keep their number of spikes under a step of 0.02 ms."""
    oracle: dict[str, Any] = json.loads((DATA / "oracle_izhikevich.json").read_text())["patterns"][letter]
    a, b, c, d, membrane, _, duration, changes = PATTERNS[letter]
    model = Izhikevich(a, b, c, d, 0.02, **changes)
    current = protocol(letter, np.arange(round(duration / 0.02) + 1) * 0.02)
    state = (
        torch.tensor([float(membrane)]).double(),
        torch.tensor([-16.0 if letter == "R" else b * membrane]).double(),
    )
    with torch.no_grad():
        fired = perception.Izhikevich(model).fire(torch.from_numpy(current[:, None]), state)
    assert int(fired.spikes.sum()) == oracle["n"]


@needs_data
def test_adex_patterns() -> None:
    patterns: dict[str, Any] = json.loads((DATA / "oracle_adex.json").read_text())["patterns"]
    assert len(patterns) == 8
    for name, oracle in patterns.items():
        c, leak, rest, threshold, sharpness, coupling, tau, jump, reset, current = oracle["params"]
        model = AdEx(c, leak, rest, threshold, sharpness, coupling, tau, jump, reset)
        drive = np.full((6000, 1), float(current))
        found = spike_times(model, drive)[0] + model.step_ms
        layer = perception.AdEx(model)(torch.from_numpy(drive)).numpy()
        kept = 20 if name.startswith("irregular") else len(oracle["t"])  # chaos makes the rest a matter of rounding
        assert np.allclose(found[:kept], oracle["t"][:kept], atol=1e-6), name
        assert len(found) == oracle["n"], name
        same = (np.flatnonzero(layer) + 1) * model.step_ms
        assert np.allclose(same[:kept], oracle["t"][:kept], atol=1e-6), name


def test_tonic_spiking_needs_no_files() -> None:
    start = NeuronState(np.array([-70.0]), np.array([-14.0]))
    times = np.arange(401) * 0.25
    assert spike_times(Izhikevich(), protocol("A", times)[:, None], start)[0].tolist() == [13, 17, 31.5, 59.25, 86.75]


def test_rest_is_a_rest() -> None:
    for model in (Izhikevich(), AdEx()):
        assert not spike_times(model, np.zeros((2000, 3)))[2].size
    state = Izhikevich().rest((1,))
    after, fired = Izhikevich().step(state, 0.0)
    assert np.allclose(after.membrane, state.membrane)
    assert not fired.any()


def test_a_huge_current_neither_overflows_nor_sticks() -> None:
    assert spike_times(AdEx(), np.full((100, 1), 1e6))[0].size > 50


def test_currents_need_two_axes() -> None:
    with pytest.raises(NetworkError, match="axes"):
        spike_times(AdEx(), np.zeros(5))
