"""The table of conformance: circuits and pictures in every simulator that is installed, all neurons at all steps.

    python -m tasks.deployment.conformance --targets all --log conformance.json

Circuits: XOR, a full adder, an 8-bit adder, c17 and c880 (ISCAS-85), 1,000 random gates, a 4-bit counter, an SR latch,
and with ``--large`` 10,000 random gates; with ``--pairs N`` that many pairs of held-out pictures through the network
that reads digits and adds them. Each with at least 32 waves in which every gate had both values.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from logic.simulators import Outcome, Simulator, Subject, conform, find_simulators
from logic.simulators.evidence import matrix_text, write_log
from neurosym.terminal import say

from .compared_circuits import CIRCUITS, circuit_of

_READERS = ("snntorch", "norse", "spikingjelly")
_LARGE = ("nest", *_READERS)  # which take 10,000 gates
_PICTURES = ("nest", "brian2", "lava", *_READERS)


def picture_subject(pairs: int, model: Path | None) -> Subject:
    """The network that reads two digits and adds them, shown pairs of held-out pictures.

    Args:
        pairs: How many.
        model: A saved one; without it, one is trained for a few epochs.
    """
    from tempfile import TemporaryDirectory

    from rich.console import Console

    from neurosym.addition import run as addition
    from neurosym.joined.joining import to_spiking_network
    from neurosym.model import ModelTypeError
    from neurosym.saving import load_model
    from perception import SpikingClassifier, encode

    plan = addition.Plan(0, 1, False)
    _, held_out = addition.load_pairs(plan)
    with TemporaryDirectory() as folder:
        if model is None:
            model = Path(folder) / "model.safetensors"
            addition.train(seed=0, epochs=1, output=model, quick=True, as_json=False, console=Console(stderr=True))
        loaded = load_model(model)
    classifier = loaded.perception
    if not isinstance(classifier, SpikingClassifier):
        raise ModelTypeError(f"{model}: holds a {type(classifier).__name__}; give a model that `neurosym run` saved")
    steps = classifier.steps
    network = to_spiking_network(loaded)
    pictures = held_out.pictures[:pairs]
    spikes = encode(pictures[:, :, 0], steps).flatten(2).bool().numpy()
    return Subject("digits to sum", network, spikes=spikes)


def compared(subjects: list[Subject], simulators: list[Simulator], waves: int, keep: Path | None) -> Iterator[Outcome]:
    """Every outcome as it comes, told on the way."""
    for subject in subjects:
        for simulator in simulators:
            start = time.perf_counter()
            (outcome,) = conform([subject], [simulator], waves=waves, folder=keep)
            reason = f": {outcome.reason}" if outcome.reason else ""
            memory = f", {outcome.peak_bytes / 2**20:.0f} MB" if outcome.peak_bytes else ""
            size = f"{outcome.neurons:,} neurons x {outcome.steps:,} steps x {outcome.samples}"
            say(
                f"{outcome.network}, {outcome.target} {outcome.version}: {outcome.verdict}{reason} ({size}, "
                f"{outcome.spikes:,} spikes, shift {outcome.shift}, "
                f"{outcome.seconds:.1f} s{memory}; in all {time.perf_counter() - start:.0f} s)"
            )
            yield outcome


def main() -> None:
    """Compares, prints the table, and writes the record."""
    parser = argparse.ArgumentParser(description="Conformance of other simulators with ours.")
    parser.add_argument("--targets", default="all", help="names with commas between, or all")
    parser.add_argument("--circuits", default=";".join(CIRCUITS), help="names with semicolons between")
    parser.add_argument("--mapping", default="single-rail,dual-rail", help="names with commas between")
    parser.add_argument("--waves", type=int, default=32, help="least number of waves")
    parser.add_argument("--large", action="store_true", help="also 10,000 gates, single-rail")
    parser.add_argument("--pairs", type=int, default=0, help="pairs of pictures through the network of digits")
    parser.add_argument("--model", type=Path, help="a saved model of digits and sums")
    parser.add_argument("--log", type=Path, help="the record (.json)")
    parser.add_argument("--keep", type=Path, help="a folder for all that goes to and fro")
    chosen = parser.parse_args()
    simulators = list(find_simulators(chosen.targets))
    outcomes: list[Outcome] = []
    for mapping in chosen.mapping.split(","):
        circuits = [name for name in chosen.circuits.split(";") if name]
        subjects = [Subject.of_circuit(f"{name}, {mapping}", circuit_of(name), mapping) for name in circuits]
        outcomes += compared(subjects, simulators, chosen.waves, chosen.keep)
    if chosen.large:
        large = [simulator for simulator in simulators if simulator.name in _LARGE]
        subject = Subject.of_circuit("10,000 gates, single-rail", circuit_of("10,000 gates"), "single-rail")
        outcomes += compared([subject], large, chosen.waves, chosen.keep)
    if chosen.pairs:
        shown = [simulator for simulator in simulators if simulator.name in _PICTURES or simulator.profile]
        outcomes += compared([picture_subject(chosen.pairs, chosen.model)], shown, chosen.waves, chosen.keep)
    say(matrix_text(outcomes))
    if chosen.log is not None:
        write_log(chosen.log, outcomes)


if __name__ == "__main__":
    main()
