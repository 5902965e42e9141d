"""A small run of the soundness experiment, and that it would notice a prover that lies."""

import numpy as np
import pytest
import typer

from logic import Circuit, SpikingNetwork, Verdict, compile_circuit
from tasks.circuits import prover_soundness as prover_soundness
from tasks.circuits.prover_soundness import KINDS, examine, generated_circuits, mutate, outcome


def test_every_verdict_on_a_hundred_mutants_is_confirmed() -> None:
    names = ("adder4", "multiplier4", "majority5", "one_hot6")
    circuits = {name: circuit for name, circuit in generated_circuits().items() if name in names}
    found = examine(circuits, 120, 0, 20.0)
    for kind in KINDS:
        assert found[kind].total() >= 20
        assert not found[kind]["disagreement"]
        assert not found[kind]["unknown"]
        assert any(key.startswith("refuted") for key in found[kind])


def test_a_lying_prover_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = generated_circuits()["adder4"]
    generator = np.random.default_rng(3)
    mutant = mutate(compile_circuit(circuit), "removed", generator)
    assert outcome(mutant, circuit, generator, 20.0) == "refuted"

    def lie(network: SpikingNetwork, circuit: Circuit, *, timeout: float | None = None) -> Verdict:
        return Verdict(True, "")

    def invent(network: SpikingNetwork, circuit: Circuit, *, timeout: float | None = None) -> Verdict:
        return Verdict(False, "", counterexample=dict.fromkeys(circuit.inputs, 0))

    monkeypatch.setattr(prover_soundness, "judge", lie)
    assert outcome(mutant, circuit, generator, 20.0) == "disagreement"
    monkeypatch.setattr(prover_soundness, "judge", invent)
    assert outcome(compile_circuit(circuit), circuit, generator, 20.0) == "disagreement"


def test_the_data_folder_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROSYM_DATA", raising=False)
    with pytest.raises(typer.Exit) as stop:
        prover_soundness.main()
    assert stop.value.exit_code == 2
