"""Whether a simulator says what we say: every neuron at every step, at the declared steps and at no others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..circuit import CircuitBuilder
from ..deployment import TargetNetwork, run_batch, run_flat
from ..errors import NetworkError
from ..network import SpikingNetwork
from ..proving.streams import wrong_answers
from ..simulation.reference import simulate_reference
from .environment import InstallError, python_of
from .fading import period_that_fades
from .foreign_simulator import Ready, Run, Simulator, SimulatorError, make_ready, run_in
from .subject import LEAST_WAVES, Stimulus, Subject, stimulus_for

Bits = NDArray[np.bool_]
Verdict = Literal["identical", "weak stimulus", "wrong", "refused", "absent", "failed"]
_CHECKED = 16  # samples in which the lowered network is compared with the original; the target is in all of them


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came out for one network in one simulator.

    Args:
        network: Its name.
        target: The simulator's name.
        verdict: ``identical``: all neurons at all steps; ``weak stimulus``: the same, but some gate had one value in
            all waves; ``wrong``; ``refused``: it cannot be expressed; ``absent``: not installed;
            ``failed``: the simulator gave no answer.
        reason: One sentence where it is not identical.
        version: Of the simulator.
        mapping: How the circuit was compiled.
        neurons: That were compared.
        steps: That were compared, of the simulator.
        samples: Independent runs.
        waves: Of input, in each sample.
        period: Steps from wave to wave.
        shift: Steps by which the last answers come earlier there, as declared.
        spikes: That we say.
        different: Entries of neuron and step that differ.
        unseen: Gates (of a network alone: neurons; of given input: answers) that had one value in all waves.
        seconds: In the simulator, start included.
        peak_bytes: Of memory there.
        joules: Of a chip, as the simulator says; below 0 if it says nothing.
        trains: Ours and theirs, ``[steps, N]`` of the first sample, for drawings; not part of the record.
    """

    network: str
    target: str
    verdict: Verdict
    reason: str = ""
    version: str = ""
    mapping: str = ""
    neurons: int = 0
    steps: int = 0
    samples: int = 0
    waves: int = 0
    period: int = 1
    shift: int = 0
    spikes: int = 0
    different: int = 0
    unseen: int = 0
    seconds: float = 0.0
    peak_bytes: int = 0
    joules: float = -1.0
    trains: tuple[Bits, Bits] | None = field(default=None, repr=False)

    def record(self) -> dict[str, object]:
        """Everything but the trains, for a log."""
        return {name: value for name, value in vars(self).items() if name != "trains"}


def conform(
    subjects: Iterable[Subject],
    simulators: Sequence[Simulator],
    *,
    waves: int = LEAST_WAVES,
    seed: int = 0,
    python: Callable[[Simulator], Path] | None = None,
    folder: Path | None = None,
    timeout: float = 3600.0,
    progress: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Every network in every simulator.

    Args:
        subjects: What is compared.
        simulators: Where.
        waves: Least number of waves of input.
        seed: Of the waves.
        python: Gives the interpreter of a simulator; that of its installed environment if left out.
        folder: Where all that went to and fro is kept, in a folder for each run; nowhere if left out.
        timeout: Seconds for one run.
        progress: Is told each outcome.

    Raises:
        NetworkError: if our own simulators disagree, or a compiled network answers wrongly: then there is nothing to
            compare.
    """
    interpreter = python or _installed
    outcomes: list[Outcome] = []
    for subject in subjects:
        for simulator in simulators:
            outcome = _one(subject.compiled(simulator.mapping), simulator, waves, seed, interpreter, folder, timeout)
            outcomes.append(outcome)
            progress(outcome)
    return outcomes


def _installed(simulator: Simulator) -> Path:
    return python_of(simulator.name, simulator.recipe)


def _one(
    subject: Subject,
    simulator: Simulator,
    waves: int,
    seed: int,
    interpreter: Callable[[Simulator], Path],
    folder: Path | None,
    timeout: float,
) -> Outcome:
    outcome = Outcome(subject.name, simulator.name, "refused", mapping=subject.mapping)
    try:
        ready, stimulus, period = prepared(subject, simulator, waves, seed)
    except NetworkError as error:
        prefix = f"{simulator.name} cannot carry this network: "
        return replace(outcome, reason=str(error).removeprefix(prefix))
    steps = stimulus.steps - ready.shift
    expected = ready.expected(stimulus.spikes, steps)
    outcome = replace(
        outcome,
        neurons=expected.shape[2],
        steps=steps,
        samples=expected.shape[1],
        waves=stimulus.waves,
        period=period,
        shift=ready.shift,
        spikes=int(expected.sum()),
        unseen=stimulus.unseen,
    )
    try:
        path = interpreter(simulator)
        run = _run(ready, path, stimulus.spikes, steps, folder, f"{subject.name}-{simulator.name}", timeout)
    except InstallError as error:
        return replace(outcome, verdict="absent", reason=str(error))
    except SimulatorError as error:
        return replace(outcome, verdict="failed", reason=str(error))
    return judged(outcome, expected, run)


def judged(outcome: Outcome, expected: Bits, run: Run) -> Outcome:
    """What a run says of a network: a spike too many, too few, too early, too late or twice is a difference."""
    wrong = run.counts != expected
    different = int(wrong.sum())
    verdict: Verdict = (
        "wrong" if different else "weak stimulus" if outcome.unseen or not outcome.spikes else "identical"
    )
    reason = f"{outcome.unseen} gates had one value in all waves" if verdict == "weak stimulus" else ""
    if different:
        step, sample, neuron = (int(at[0]) for at in np.nonzero(wrong))
        ours, theirs = int(expected[step, sample, neuron]), int(run.counts[step, sample, neuron])
        reason = f"{different:,} entries differ, first neuron {neuron} at step {step}: {theirs} spikes for {ours}"
    return replace(
        outcome,
        verdict=verdict,
        reason=reason,
        version=run.version,
        different=different,
        seconds=run.seconds,
        peak_bytes=run.peak_bytes,
        joules=run.joules,
        trains=(expected[:, 0], run.counts[:, 0] > 0),
    )


def _run(ready: Ready, python: Path, spikes: Bits, steps: int, folder: Path | None, name: str, timeout: float) -> Run:
    if folder is not None:
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        return run_in(ready, python, spikes, steps, place, timeout)
    with TemporaryDirectory() as place:
        return run_in(ready, python, spikes, steps, Path(place), timeout)


def prepared(
    subject: Subject, simulator: Simulator, waves: int = LEAST_WAVES, seed: int = 0
) -> tuple[Ready, Stimulus, int]:
    """A network in a simulator's conventions, the waves that it is shown, and the steps between them.

    What is given out is checked: the lowered network must fire as the original, and the original must answer rightly.

    Raises:
        NetworkError: if it cannot be expressed, or the checks fail.
    """
    layered = simulator.profile is not None
    ready = make_ready(simulator, subject.network, subject.layered)
    source = ready.source or subject.network
    period = source.period

    flat = TargetNetwork.of(source)

    def run(spikes: Bits, steps: int) -> Bits:
        return run_batch(flat, spikes, steps)

    stimulus = stimulus_for(subject, layered, run, waves, seed, period)
    if simulator.capability.fades:
        trains = run_flat(ready.network, ready.network.stimulus(stimulus.spikes[:, 0]), stimulus.steps)
        period = period_that_fades(ready.network, trains, simulator.name)
        stimulus = stimulus_for(subject, layered, run, waves, seed, period)
    _check(source, ready, stimulus, subject)
    return ready, stimulus, period


def _check(source: SpikingNetwork, ready: Ready, stimulus: Stimulus, subject: Subject) -> None:
    """Our own house: reference, flat form and lowered network fire alike, and answers are those of the circuit."""
    given = stimulus.spikes[:, :_CHECKED]
    plain = run_batch(TargetNetwork.of(source), given, stimulus.steps)
    if not np.array_equal(plain[:, 0], simulate_reference(source, given[:, 0], stimulus.steps)):
        raise NetworkError("the flat form does not fire as the reference simulation; please report this network")
    lowered = run_batch(ready.network, ready.network.stimulus(given), stimulus.steps * ready.network.period)
    if not np.array_equal(ready.network.heard(lowered), plain):
        raise NetworkError("the lowered network does not fire as the original; please report this network")
    circuit, values = subject.circuit, stimulus.values
    if circuit is not None and values is not None and len(wrong_answers(source, circuit, values)):
        raise NetworkError("the compiled network answers wrongly; please report this circuit")


def self_test(simulator: Simulator, python: Path) -> str:
    """The exclusive or on all inputs in an interpreter; what passed.

    Raises:
        SimulatorError: if it does not give the same spikes.
    """
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    subject = Subject.of_circuit("xor", make.build(y=a ^ b), simulator.mapping or "dual-rail")
    (found,) = conform([subject], [simulator], python=lambda _: python)
    if found.verdict != "identical":
        raise SimulatorError(f"{simulator.name} fails its test: {found.verdict} ({found.reason})")
    return f"XOR, {found.neurons} neurons, {found.steps} steps, {found.spikes} spikes: identical"
