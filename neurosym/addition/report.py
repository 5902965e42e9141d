"""The addition run as a report to be read by someone who does not know the code."""

import os
import platform
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from logic import simulate
from logic.drawings.network_drawing import draw_network
from logic.showing import percent
from neurosym.explanation import Explanation
from neurosym.model import Model
from neurosym.reports import figures as figures
from neurosym.reports.page import (
    Card,
    Figure,
    Links,
    Part,
    Points,
    Preformatted,
    Section,
    Table,
    Text,
    Tile,
    Tiles,
    write_report,
)
from perception import encode, evidence_course
from reasoner import to_svg, to_text

from .results import Results

DIGIT_TARGET, SUM_TARGET = 0.965, 0.93
VALUES = tuple(str(value) for value in range(10))


def write_addition_report(path: Path, model: Model, results: Results) -> None:
    """The report as one self-contained page.

    Raises:
        FileError: if it cannot be written.
    """
    sections = [
        _summary(results),
        _learning(results),
        *(_example(model, results, *example) for example in results.examples),
        _network(results),
        _cost(results),
        _limits(results),
        _further(results, path.parent),
    ]
    write_report(
        path,
        "From a picture to a proved answer",
        sections,
        subtitle="A spiking network learned to read digits from sums alone; its answers come with proofs.",
        footer=f"neurosym {version('neurosym')}, {datetime.now():%Y-%m-%d %H:%M}, seed {results.training.seed}, "
        f"{results.seconds:.0f} s on {platform.machine()} with {os.cpu_count()} cores ({platform.system()}), "
        f"Python {platform.python_version()}, PyTorch {torch.__version__}",
    )


def _summary(results: Results) -> Section:
    joined, conformance = results.joined, results.conformance
    tiles = Tiles(
        (
            Tile(
                f"{results.spiking['digits']:.1%}",
                "digits read right",
                f"at least {DIGIT_TARGET:.1%}",
                "Of 1,000 pictures never learned from. No digit was ever named to the network, only sums.",
                results.spiking["digits"] >= DIGIT_TARGET,
            ),
            Tile(
                f"{results.spiking['sums']:.1%}",
                "sums right",
                f"at least {SUM_TARGET:.0%}",
                f"Of 500 pairs. The one integer network reaches {results.joined_sums:.1%}.",
                results.spiking["sums"] >= SUM_TARGET,
            ),
            Tile(
                {True: "proved", False: "refuted", None: "open"}[results.proof.holds],
                "from pixels to answer",
                "proved",
                "For all pictures: the layers, which digit wins, and the rule, as the neurons are wired.",
                results.proof.holds is True,
            ),
            Tile(
                f"{conformance.different}",
                "answer spikes that differ",
                "0",
                f"Of {conformance.spikes:,} in {conformance.samples} pairs, between our simulator and snnTorch, "
                f"which read the exported file.",
                conformance.different == 0,
            ),
            Tile(
                f"{joined.digit_flips} of {2 * len(joined.answers):,}",
                "digits flipped by rounding to integers",
                "",
                f"{joined.sum_flips} of {len(joined.answers)} sums differ from the real-valued network's.",
            ),
            Tile(
                f"{results.activity.analog_joules / results.activity.spiking_joules:.1f} times",
                "less energy than without spikes",
                "",
                "Arithmetic alone, by a published estimate; memory traffic is left out on both sides.",
            ),
        )
    )
    words = Text(
        "Two handwritten digits are shown. A spiking network reads them, a rule in Prolog says what follows "
        "(the sum), and training changes the network until the sums come out right. Then the rule is compiled to "
        "spiking neurons, proved, and joined to the reading network: one network of spiking neurons from the pixels "
        "to the binary digits of the answer."
    )
    rule = Preformatted(
        "sum(S) :- digit(0, X), digit(1, Y), S is X + Y.", "The rule, in Prolog: all that is known of sums."
    )
    return Section("What happened", (words, rule, tiles))


def _learning(results: Results) -> Section:
    courses = {"spiking": results.training.history, "twin without spikes": results.training.twin_history}
    curve = figures.learning_curve(
        {name: [epoch.scores["digits"] for epoch in history.epochs] for name, history in courses.items()},
        {name: [epoch.loss for epoch in history.epochs] for name, history in courses.items()},
        DIGIT_TARGET,
        samples=results.held_out.labels.numel(),
    )
    both = zip(results.training.history.epochs, results.training.twin_history.epochs, strict=False)
    numbers = Table(
        ("pass", "digits right, spiking", "digits right, twin", "loss, spiking", "loss, twin"),
        [
            (f"{place}", *(f"{epoch.scores['digits']:.1%}" for epoch in pair), *(f"{epoch.loss:.3f}" for epoch in pair))
            for place, pair in enumerate(both, 1)
        ],
    )
    table = Table(
        ("on held-out pictures", "spiking", "twin without spikes"),
        (
            ("digits right", f"{results.spiking['digits']:.2%}", f"{results.twin['digits']:.2%}"),
            ("sums right", f"{results.spiking['sums']:.2%}", f"{results.twin['sums']:.2%}"),
            (
                "calibration error of digits",
                f"{results.spiking['calibration_error']:.3f}",
                f"{results.twin['calibration_error']:.3f}",
            ),
            (
                "digits never read (collapse)",
                f"{results.spiking['collapse']:.0%}",
                f"{results.twin['collapse']:.0%}",
            ),
            (
                "seconds of training",
                f"{sum(e.seconds for e in results.training.history.epochs):.0f}",
                f"{sum(e.seconds for e in results.training.twin_history.epochs):.0f}",
            ),
        ),
        "Last epoch, the same for both: same pairs, same rule, same number of weights.",
    )
    parts: tuple[Part, ...] = (
        Figure(
            curve,
            "How reading improves while only sums are checked, with 95 % intervals. The twin has the same layers "
            "without spikes.",
            data=numbers,
        ),
        table,
        Figure(
            figures.confusion_matrix(results.confusion.numpy(), VALUES),
            "Which digits are taken for which; the diagonal is right.",
            wide=False,
        ),
        Figure(
            figures.kernels(results.training.kernels[:, 0].numpy()),
            "What the first layer learned from pictures alone, by spike timing (STDP), before it saw any sum: "
            "strokes and edges.",
            wide=False,
        ),
    )
    return Section("Learning from sums", parts)


def _example(model: Model, results: Results, heading: str, place: int, explanation: Explanation) -> Section:
    pictures = results.held_out.pictures[place]
    ink = pictures[:, 0].numpy() / 255
    network = results.joined.network
    steps = model.perception(pictures[None]).spikes["input"].shape[0]
    spikes = encode(pictures[None, :, 0], steps)
    record = simulate(network, spikes, network.latency + 1)
    beliefs = np.array([[sight.probabilities[v] for v in range(10)] for sight in explanation.sights])
    best, *others = explanation.answers
    truth = int(results.held_out.sums[place])
    reading, end = ("input", "convolution1", "convolution2", "hidden"), steps + 4
    layers = {name: record[name][:end, 0].reshape(end, 2, -1)[:, 0].numpy() for name in reading}
    course = evidence_course(network, spikes)[:end, 0]
    winner = int(record["winners"][:, 0].any(dim=0).reshape(2, 10)[0].int().argmax())
    facts = [
        ("true sum", f"{truth}"),
        ("probability of the answer", percent(best.probability)),
        *((f"second-best answer: {other.atom}", percent(other.probability)) for other in others),
        ("answer of the one integer network", f"{int(results.joined.answers[place])}"),
        *((f"spikes caused by picture {s.slot}", f"{sum(s.spikes.values())}") for s in explanation.sights),
    ]
    parts: list[Part] = [
        Figure(
            figures.predictions(ink, beliefs, VALUES),
            "The two pictures and how likely each digit is to the network.",
            data=Table(("picture", *VALUES), [(f"{n}", *map(percent, row)) for n, row in enumerate(beliefs.tolist())]),
        ),
        Figure(
            to_svg(best.proof),
            "Why: the proof, found and replayed by Prolog, arithmetic checked by Z3.",
            wide=False,
        ),
        Preformatted(to_text(best.proof), "The same proof as text."),
        *(Preformatted(to_text(other.proof), f"What would make it {other.atom} instead.") for other in others),
        Figure(
            figures.spike_raster(ink[0], layers),
            "The spikes that the first picture causes, layer by layer, until its evidence is complete.",
        ),
        Figure(
            figures.race(course - course.mean(axis=1, keepdims=True), VALUES, winner),
            "The evidence for the first picture, against the mean of all ten digits. A neuron for each two digits "
            "compares their evidence; the digit that wins all its comparisons is what is read.",
        ),
        Figure(
            draw_network(results.joined.rule, _active(results, record), "the compiled rule", path_only=True),
            f"The path through the compiled rule: of its {results.joined.rule.neurons} neurons those that fired, from "
            "what won the two races to the binary digits of the sum, for each of which one of two neurons fires.",
        ),
    ]
    return Section(heading, (Card("What is the sum of the two digits?", best.atom, facts, parts),))


def _active(results: Results, record: dict[str, "torch.Tensor"]) -> list[int]:
    """Which lines and neurons of the compiled rule fired, numbered as in the rule's own network."""
    network, rule = results.joined.network, results.joined.rule
    fired = record["winners"][network.latency - rule.latency, 0].nonzero().flatten().tolist()
    start = len(rule.input_names)
    for depth, population in enumerate(rule.populations, start=1):
        now = record[population.name][network.latency - rule.latency + depth, 0]
        fired += [start + position for position in now.nonzero().flatten().tolist()]
        start += population.size
    return fired


def _network(results: Results) -> Section:
    network = results.joined.network
    rows = [
        (
            population.name,
            f"{population.size:,}",
            population.memory,
            f"{int(population.threshold.max()):,}",
        )
        for population in network.populations
    ]
    words = Text(
        f"All weights are integers of 8 bits in the reading layers; every synapse takes one step. The answer comes "
        f"{network.latency} steps after the pictures begin to be shown. Reading layers, race and rule are one network, "
        f"exported as network.nir for neuromorphic tools; network.json beside it keeps what that format cannot: the "
        f"names of the lines, the latency and the starting membranes."
    )
    return Section(
        "One spiking network from pixels to the answer",
        (
            words,
            Table(
                ("population", "neurons", "between steps", "threshold"), rows, f"{network.neurons:,} neurons in all."
            ),
            Text(f"{results.proof.sentence}. The rule's meaning was taken from its text, not from its compilation."),
            Preformatted("\n".join(map(str, results.proof.parts)), "What was proved of each part, and how."),
        ),
    )


def _cost(results: Results) -> Section:
    activity = results.activity
    rows = [
        (
            layer.name,
            f"{layer.neurons:,}",
            f"{layer.spikes:.0f}",
            f"{layer.rate:.1%}",
            f"{layer.synaptic_operations:,.0f}",
            f"{layer.multiplications:,}",
        )
        for layer in activity.layers
    ]
    head = ("layer", "neurons", "spikes", "firing rate", "additions", "multiplications without spikes")
    energy = {
        "spiking": 1e9 * activity.spiking_joules,
        "without spikes": 1e9 * activity.analog_joules,
    }
    return Section(
        "What it costs",
        (
            Table(head, rows, "For one picture, averaged over the held-out ones; additions counted from the spikes."),
            Figure(
                figures.bars(energy, "Energy of one picture's arithmetic", "nanojoules", "spiking"),
                "An estimate: 0.9 pJ for each addition, 4.6 pJ for each multiplication with addition "
                "(Horowitz 2014, 45 nm).",
                wide=False,
            ),
            Figure(
                figures.bars(
                    {layer.name: layer.spikes for layer in activity.layers if layer.spikes},
                    "Spikes of one picture",
                    "spikes",
                ),
                "Where the spikes are.",
                wide=False,
            ),
        ),
    )


def _limits(results: Results) -> Section:
    return Section(
        "Honest limits",
        (
            Points(
                (
                    "The proof covers all that the integer network does with a picture, and that its answer is the sum "
                    "of what it reads. That it reads what is shown cannot be proved; it is measured.",
                    f"Rounding weights to 8-bit integers changed "
                    f"{results.joined.digit_flips} of {2 * len(results.joined.answers):,} digits against the "
                    f"real-valued network.",
                    "Energy is an estimate of arithmetic alone; on chips, moving data costs more.",
                    "Each answer starts from fresh membranes; between pictures the network must be reset.",
                    "1,000 pictures are few: an accuracy of 97 % measured on them is uncertain by about 1 %.",
                )
            ),
        ),
    )


def _further(results: Results, folder: Path) -> Section:
    seed = f" --seed {results.training.seed}" if results.training.seed else ""
    files = [path.name for path in sorted(folder.iterdir()) if path.is_file() and path.name != "report.html"]
    known = {
        "model.safetensors": "the trained model: neurosym explain, profile, integers",
        "network.nir": "the joined network: neurosym fit, conform",
        "network.json": "its names, latency and starting membranes",
        "results.json": "all figures of this page",
    }
    return Section(
        "Again, and further",
        (
            Preformatted(
                f"neurosym run{seed}\n"
                "neurosym explain model.safetensors PICTURE PICTURE      # pictures of your own\n"
                "neurosym fit network.nir --chip loihi1                  # which chip would hold it\n"
                "neurosym conform network.nir --targets snntorch         # spike by spike elsewhere",
                "This page again, and what to do with what it made.",
            ),
            Links([(name, name, known.get(name, "")) for name in files], "The files beside this page."),
        ),
    )
