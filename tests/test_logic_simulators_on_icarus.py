"""Our Verilog as one of the targets: all neurons at all steps are those of the semantics, in both forms."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from logic.simulators import Outcome, Ready, Simulator, Subject, conform, on_icarus
from logic.simulators.on_icarus import RTL, verilog_files
from tasks.circuits.deployed import deployed_circuits
from tests.hardware import needs
from tests.test_logic_hardware_core_form import pictures

CIRCUITS = deployed_circuits()


def outcome(subject: Subject, simulator: Simulator = RTL) -> Outcome:
    (found,) = conform([subject], [simulator], python=lambda _: Path(sys.executable))
    return found


def shown_pictures() -> Subject:
    spikes = np.random.default_rng(1).random((8, 3, 128)) < 0.5  # three samples, each from a reset
    return Subject("pictures", pictures(), spikes=spikes)


@needs("iverilog")
@pytest.mark.parametrize("form", ["registers", "core"])
def test_all_neurons_at_all_steps_are_identical(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    if form == "core":
        monkeypatch.setattr(on_icarus, "MOST_SYNAPSES", 0)
    for name in ("full_adder", "counter4"):
        found = outcome(Subject.of_circuit(name, CIRCUITS[name], "single-rail"))
        assert found.verdict == "identical", found.reason
        assert found.version
    found = outcome(shown_pictures())
    assert (found.different, found.samples, found.neurons) == (0, 3, 104)
    assert found.spikes > 0


@needs("iverilog")
@pytest.mark.parametrize("form", ["registers", "core"])
def test_another_threshold_is_seen(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    if form == "core":
        monkeypatch.setattr(on_icarus, "MOST_SYNAPSES", 0)

    def changed(ready: Ready) -> dict[str, str]:
        flat = ready.network
        return verilog_files(replace(ready, network=replace(flat, threshold=flat.threshold + (np.arange(2) == 1))))

    subject = Subject.of_circuit("full_adder", CIRCUITS["full_adder"], "single-rail")
    found = outcome(subject, replace(RTL, files=changed))
    assert found.verdict == "wrong"
    assert "first neuron 1" in found.reason
