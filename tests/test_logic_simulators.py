"""Comparison with simulators of others: readiness, refusals, controls; snnTorch itself, which is always installed."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from logic import (
    Circuit,
    CircuitBuilder,
    NetworkError,
    Population,
    SpikingNetwork,
    Synapses,
    parse_circuit,
    simulate_reference,
)
from logic.deployment import TargetNetwork, run_flat, with_relays
from logic.rails import single_lines
from logic.simulators import (
    SIMULATORS,
    Capability,
    Outcome,
    Ready,
    Run,
    Simulator,
    SimulatorError,
    Subject,
    conform,
    find_simulators,
    judged,
    lowered,
    make_ready,
    prepared,
    self_test,
)
from logic.simulators.controls import CONTROLS, caught
from logic.simulators.evidence import exit_code, log_of, matrix_text, table_rows, write_log
from logic.simulators.fading import period_that_fades
from logic.simulators.importer_kit import DEFECTS, importer_subjects
from logic.simulators.subject import constant_gates, unseen_gates

COUNTER = "INPUT(en)\nOUTPUT(q)\nOUTPUT(r)\nq=DFF(d)\nr=DFF(e)\nd=XOR(q,en)\nc=AND(q,en)\ne=XOR(r,c)\n"


def here(_: Simulator) -> Path:
    """Our own interpreter, which has snnTorch."""
    return Path(sys.executable)


def full_adder() -> Circuit:
    make = CircuitBuilder()
    a, b, carry = make.inputs("a", "b", "carry")
    return make.build(sum=a ^ b ^ carry, carry_out=(a & b) | (carry & (a ^ b)))


def counter() -> Circuit:
    return parse_circuit(COUNTER, "bench")


def keeping(**changes: object) -> SpikingNetwork:
    """A neuron that keeps its membrane, with changes."""
    settings: dict[str, object] = {"threshold": 5, "retain": True} | changes
    cell = Population("cell", (1,), **settings)  # pyright: ignore[reportArgumentType] - by name
    hears = Synapses.dense("input", "cell", [[1, -2]])
    return SpikingNetwork((2,), (cell,), (hears,), np.array([2]), single_lines("y"), np.array([1]))


def pretend(change: Callable[[Ready, np.ndarray, int], np.ndarray]) -> Callable[..., Run]:
    """What stands for a simulator's process: our semantics, changed."""

    def run(ready: Ready, python: Path, spikes: np.ndarray, steps: int, *_: object) -> Run:
        return Run(change(ready, spikes, steps).astype(np.uint8), "1.0", "3.11", 0.1, 1 << 20)

    return run


@pytest.mark.parametrize("simulator", SIMULATORS, ids=lambda simulator: simulator.name)
class TestSimulator:
    """What the table promises of every row, whether the simulator is installed or not."""

    def test_its_row_is_whole(self, simulator: Simulator) -> None:
        assert find_simulators(simulator.name) == (simulator,)
        assert simulator.about
        assert simulator.claim
        pins = [p for step in simulator.recipe.steps for p in step if not p.startswith("--")]
        assert pins
        assert all("==" in pin for pin in pins), "every version is exact"
        assert any(pin.lower().startswith(f"{simulator.recipe.package.lower()}==") for pin in pins)
        adapter = Path(__file__).parent.parent / "logic" / "simulators" / "adapters" / simulator.adapter
        assert "import logic" not in adapter.read_text()
        assert "from logic" not in adapter.read_text()

    @pytest.mark.parametrize("mapping", ["single-rail", "dual-rail"])
    def test_a_circuit_is_made_ready_and_fires_as_the_original(self, simulator: Simulator, mapping: str) -> None:
        subject = Subject.of_circuit("adder", full_adder(), mapping).compiled(simulator.mapping)
        ready, stimulus, period = prepared(subject, simulator)  # which compares with the reference
        assert stimulus.waves >= 32
        assert stimulus.unseen == 0
        assert ready.expected(stimulus.spikes, stimulus.steps - ready.shift).any()
        assert period == (2 if simulator.capability.fades else 1)
        capability, network = simulator.capability, ready.network
        if capability.longest_delay is not None:
            assert network.delay.max() <= capability.longest_delay
        if capability.most_weight is not None:
            assert np.abs(network.weight).max() <= capability.most_weight
        assert not (network.weight % capability.grid).any()
        if not capability.initial:
            assert not network.initial.any()

    def test_a_clocked_circuit_goes_there_or_is_refused_in_a_sentence(self, simulator: Simulator) -> None:
        subject = Subject.of_circuit("counter", counter(), "dual-rail").compiled(simulator.mapping)
        if simulator.name == "xylo":
            with pytest.raises(NetworkError, match=r"xylo cannot carry .* a circuit without registers"):
                prepared(subject, simulator)
            return
        ready, stimulus, _ = prepared(subject, simulator)
        assert ready.shift == 0
        assert stimulus.unseen == 0


REFUSED = [
    (Capability(retains=False), {}, "neuron 0 (threshold 5) keeps its membrane"),
    (Capability(resets=("subtract",)), {}, "is reset to zero, and there only the threshold is taken off"),
    (Capability(), {"reset": "subtract"}, "is reset by subtraction"),
    (Capability(), {"leak": 1}, "leaks"),
    (Capability(least_kept_threshold=1), {"threshold": 0}, "keeps its membrane with a threshold below 1"),
    (Capability(bias=False, least_threshold=1), {"retain": False, "threshold": 0}, "there is no bias"),
    (Capability(bias=False), {"bias": 1}, "has a bias, which has no place there"),
    (Capability(inputs=1), {}, "there are 2 input lines, above 1"),
    (Capability(neurons=0), {}, "there are 1 neurons, relays included, above 0"),
    (Capability(most_threshold=4), {}, "a threshold is 5 after scaling, above 4"),
    (Capability(most_bias=4), {"bias": 5}, "neuron 0 needs a bias of 5, above 4"),
]


@pytest.mark.parametrize(("capability", "changes", "said"), REFUSED, ids=[said for _, _, said in REFUSED])
def test_each_limit_is_a_sentence(capability: Capability, changes: dict[str, object], said: str) -> None:
    flat = TargetNetwork.of(keeping(**changes))
    with pytest.raises(NetworkError) as refused:
        lowered(flat, capability, "a chip")
    assert str(refused.value).startswith("a chip cannot carry this network: ")
    assert said in str(refused.value)
    assert "; " in str(refused.value), "there is a way out"
    everything = Capability(resets=("zero", "subtract"), leaks=True)
    assert lowered(flat, everything, "a chip").neurons == 1


def test_a_high_threshold_of_a_neuron_that_retains_is_no_bias_of_the_others() -> None:
    flat = TargetNetwork.of(Subject.of_circuit("adder", full_adder(), "single-rail").network)
    high = replace(flat, threshold=np.append(flat.threshold, 9_000), retain=np.append(flat.retain, True))
    more = {name: np.append(getattr(flat, name), 0) for name in ("bias", "leak", "initial")}
    high = replace(high, **more, subtract=np.append(flat.subtract, False))
    assert lowered(high, Capability(most_bias=4095), "a chip").neurons == flat.neurons + 1


def test_an_unknown_simulator_gets_a_hint() -> None:
    with pytest.raises(NetworkError, match="unknown target 'brain2'; did you mean 'brian2'"):
        find_simulators("nest,brain2")
    with pytest.raises(NetworkError, match="no target is named"):
        find_simulators(" , ")
    assert find_simulators("all") == SIMULATORS


def test_snntorch_fires_as_we_do_at_every_neuron_and_step(tmp_path: Path) -> None:
    subjects = [Subject.of_circuit("adder", full_adder(), "single-rail"), Subject.of_circuit("counter", counter())]
    outcomes = conform(subjects, find_simulators("snntorch"), python=here, folder=tmp_path)
    assert [outcome.verdict for outcome in outcomes] == ["identical", "identical"]
    assert all(outcome.spikes > 50 and outcome.version == "1.0.0" for outcome in outcomes)
    assert (tmp_path / "adder-snntorch" / "network.nir").is_file()


def test_the_kit_for_readers_of_nir_passes_in_snntorch_and_each_network_bites() -> None:
    subjects = importer_subjects()
    assert [subject.name for subject in subjects] == list(DEFECTS)
    (found,) = conform(subjects[2:3], find_simulators("snntorch"), python=here)
    assert found.verdict == "identical"
    for subject in subjects:
        assert subject.spikes is not None
        trains = simulate_reference(subject.network, subject.spikes[:, 0], len(subject.spikes) + 3)
        assert trains[:, subject.network.outputs].any(), subject.name


KIT_CONTROLS = {
    "double spike": "double spikes",
    "r ignored": "r ignored",
    "clip": "membrane clipped",
    "soft reset": "soft reset",
    "layers in order": "merged a step late",
}


@pytest.mark.parametrize(("defect", "control"), KIT_CONTROLS.items())
def test_the_network_of_a_defect_shows_that_defect(defect: str, control: str) -> None:
    subject = next(subject for subject in importer_subjects() if subject.name == defect)
    assert subject.spikes is not None
    assert caught(control, TargetNetwork.of(subject.network), subject.spikes[:, 0], len(subject.spikes) + 3)


def trap(control: str) -> tuple[TargetNetwork, np.ndarray]:
    """A network on which a control's trap can be sprung, and its input."""
    spikes = np.random.default_rng(0).random((40, 6)) < 0.5
    if control in ("r ignored", "soft reset", "membrane clipped"):
        cell = Population("cell", (1,), 3, retain=True)
        hears = Synapses.dense("input", "cell", [[2, 2, 1, -7, 2, 2]])
        network = SpikingNetwork((6,), (cell,), (hears,), np.array([6]), single_lines("y"), np.array([1]))
        return TargetNetwork.of(network), spikes
    mapping = "dual-rail" if control == "double spikes" else "single-rail"  # which adds up to its threshold and no more
    flat = TargetNetwork.of(Subject.of_circuit("adder", full_adder(), mapping).network)
    return flat, spikes[:, : flat.inputs]


@pytest.mark.parametrize("control", CONTROLS)
def test_every_trap_is_seen(control: str) -> None:
    network, spikes = trap(control)
    assert caught(control, network, spikes, 44)


def test_a_network_without_the_trap_is_not_blamed() -> None:
    subject = Subject.of_circuit("wire", parse_circuit("y = a", "eqn"), "positive")
    network = with_relays(TargetNetwork.of(subject.network), 1)
    spikes = np.random.default_rng(0).random((40, 1)) < 0.5
    for control in ("r ignored", "soft reset", "delays lost", "double spikes", "membrane clipped"):
        assert not caught(control, network, spikes, 44), control


def test_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, nest = Subject.of_circuit("adder", full_adder()), find_simulators("nest")

    def verdict(change: Callable[[Ready, np.ndarray, int], np.ndarray]) -> Outcome:
        monkeypatch.setattr("logic.simulators.agreement.run_in", pretend(change))
        return conform([subject], nest, python=here)[0]

    right = verdict(lambda ready, spikes, steps: ready.expected(spikes, steps))
    assert (right.verdict, right.version, right.different) == ("identical", "1.0", 0)
    late = verdict(lambda ready, spikes, steps: np.roll(ready.expected(spikes, steps), 1, axis=0))
    assert late.verdict == "wrong"  # right after searching for a shift is wrong
    assert "entries differ, first neuron" in late.reason
    twice = verdict(lambda ready, spikes, steps: 2 * ready.expected(spikes, steps))
    assert twice.verdict == "wrong"
    assert "2 spikes for 1" in twice.reason

    def broken(*_: object) -> Run:
        raise SimulatorError("nest failed with code 1: no such model")

    monkeypatch.setattr("logic.simulators.agreement.run_in", broken)
    failed = conform([subject], nest, python=here)[0]
    assert (failed.verdict, failed.reason) == ("failed", "nest failed with code 1: no such model")
    monkeypatch.setattr(
        "logic.simulators.agreement.run_in", pretend(lambda ready, spikes, n: ready.expected(spikes, n))
    )
    assert self_test(nest[0], Path("python")) == "XOR, 4 neurons, 37 steps, 46 spikes: identical"


def test_a_simulator_that_is_not_installed_is_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEUROSYM_TARGETS", str(tmp_path))
    (found,) = conform([Subject.of_circuit("adder", full_adder())], find_simulators("lava"))
    assert (found.verdict, found.reason) == ("absent", "lava is not installed; run: neurosym target install lava")
    assert exit_code([found]) == 3


def test_a_stimulus_that_leaves_gates_unseen_is_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "logic.simulators.agreement.run_in", pretend(lambda ready, spikes, n: ready.expected(spikes, n))
    )
    wide = CircuitBuilder()
    wires = wide.inputs(*(f"x{number}" for number in range(24)))
    all_of_them = wires[0]
    for wire in wires[1:]:
        all_of_them &= wire
    (found,) = conform([Subject.of_circuit("and", wide.build(y=all_of_them))], find_simulators("snntorch"), python=here)
    assert found.verdict == "weak stimulus"
    assert found.waves == 1024
    assert "gates had one value in all waves" in found.reason


def test_gates_of_clocked_circuits_are_seen_over_time() -> None:
    still, counting = (unseen_gates(counter(), np.full((50, 1), value)) for value in (False, True))
    assert len(counting) < len(still)
    assert not len(constant_gates(counter(), still))
    assert not len(unseen_gates(counter(), np.random.default_rng(0).random((50, 1)) < 0.5))
    assert not len(unseen_gates(full_adder(), (np.arange(8)[:, None] >> np.arange(3) & 1).astype(bool)))


def test_a_neuron_driven_to_twice_its_threshold_has_no_period() -> None:
    xylo = find_simulators("xylo")[0]
    subject = Subject.of_circuit("or", parse_circuit("y = a | b", "eqn"), "positive")
    with pytest.raises(NetworkError, match=r"neuron 0 is driven to 2, twice its threshold 1 .* use --mapping logicsnn"):
        prepared(subject, xylo)
    flat = TargetNetwork.of(subject.network)
    single = np.eye(3, dtype=bool)[[0, 2, 1, 2]]
    assert period_that_fades(flat, run_flat(flat, single[:, :2], 6), "xylo") == 2
    wide = parse_circuit(f"y = {' & '.join('abcdefghi')}", "eqn")
    with pytest.raises(NetworkError, match="there are 18 input lines, above 16; give a circuit with fewer inputs"):
        prepared(Subject.of_circuit("wide", wide, "logicsnn"), xylo)


def test_given_input_and_several_samples() -> None:
    network = keeping()
    spikes = np.random.default_rng(0).random((30, 4, 2)) < (0.7, 0.1)
    subject = Subject("cell", network, spikes=spikes)
    (found,) = conform([subject], find_simulators("snntorch"), python=here)
    assert (found.verdict, found.samples, found.neurons) == ("identical", 4, 1)
    (refused,) = conform([subject], find_simulators("sinabs"), python=here)
    assert refused.verdict == "refused"
    assert "neuron 0 (threshold 5) keeps its membrane" in refused.reason


def test_a_lowering_that_is_wrong_stops_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(network: TargetNetwork, *_: object) -> TargetNetwork:
        return replace(network, threshold=network.threshold + 1)

    monkeypatch.setattr("logic.simulators.foreign_simulator.lowered", careless)
    with pytest.raises(NetworkError, match="does not fire as the original"):
        prepared(Subject.of_circuit("adder", full_adder()), find_simulators("nest")[0])


def test_the_record(tmp_path: Path) -> None:
    outcomes = [
        Outcome("xor", "nest", "identical", version="3.10.0", neurons=4, spikes=9),
        Outcome("xor", "xylo", "refused", reason="no place"),
        Outcome("adder", "xylo", "refused", reason="no place"),
    ]
    assert exit_code(outcomes) == 0
    assert exit_code([*outcomes, Outcome("xor", "lava", "wrong")]) == 1
    assert exit_code([]) == 3
    assert matrix_text(outcomes).splitlines() == [
        "| network | nest 3.10.0 | xylo |",
        "|---|---|---|",
        "| xor | identical (4) | refused (1) |",
        "| adder |  | refused (1) |",
        "",
        "1. no place",
    ]
    assert table_rows(outcomes)[1]["result"] == "refused: no place"
    write_log(tmp_path / "log.json", outcomes)
    log = json.loads((tmp_path / "log.json").read_text())
    assert log["outcomes"] == log_of(outcomes)["outcomes"]
    assert set(log) == {"command", "date", "python", "platform", "claims", "packages", "outcomes"}
    assert judged(outcomes[0], np.ones((1, 1, 1), bool), Run(np.ones((1, 1, 1), np.uint8), "", "", 0, 0)).reason == ""


def test_nir_goes_to_sinabs_in_its_profile() -> None:
    sinabs = find_simulators("sinabs")[0]
    ready = make_ready(sinabs, Subject.of_circuit("counter", counter(), "dual-rail").network)
    assert sinabs.profile == "lif"
    assert ready.nodes == ("loop",)
