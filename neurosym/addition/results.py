"""What an addition run measures on held-out pictures: accuracy, calibration, cost, proof, joined network."""

import resource
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from logic import Conformance, SpikingNetwork, find_target, simulate
from logic.targets import compare
from neurosym.concepts import concept_report
from neurosym.explanation import Explanation, explain
from neurosym.joined.joined_proof import JoinedVerdict, prove_joined
from neurosym.joined.joining import read_answers, rule_network, to_spiking_network
from neurosym.model import Model
from neurosym.training.fit import History
from perception import Activity, Pairs, SpikingClassifier, encode, measure_activity
from reasoner import infer

Stage = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, eq=False)
class Training:
    """How the networks were trained.

    Args:
        seed: Of the learner.
        history: The spiking net's course.
        twin_history: The course of its twin without spikes.
        kernels: ``[F, 1, 5, 5]`` as STDP left them, in [0, 1].
        pictures: ``[M, 1, 28, 28]`` that were learned from.
    """

    seed: int
    history: History
    twin_history: History
    kernels: Tensor
    pictures: Tensor


@dataclass(frozen=True, eq=False)
class Joined:
    """The one spiking network from pixels to answer bits, run on all held-out pairs.

    Args:
        network: The network.
        rule: Its last part, the compiled rule.
        answers: ``[B]`` sums read from its spikes; -1 where a bit is not clear.
        digit_flips: Pictures whose winner in the race is not the real-valued net's arg-max.
        sum_flips: Pairs whose answer is not the sum of the real-valued net's arg-max digits.
        silent: Pairs without a clear answer.
        spikes: Mean spikes of all neurons for one pair, input included.
    """

    network: SpikingNetwork
    rule: SpikingNetwork
    answers: Tensor
    digit_flips: int
    sum_flips: int
    silent: int
    spikes: float


@dataclass(frozen=True, eq=False)
class Results:
    """Everything that the report tells.

    Args:
        training: How it was learned.
        spiking: Scores of the spiking net.
        twin: Scores of its twin.
        confusion: ``[K, K]`` counts, rows true, columns seen.
        held_out: The pairs that were measured on.
        activity: What the spiking net costs for one picture.
        joined: The joined network.
        joined_sums: Its accuracy on sums.
        proof: Of the joined network.
        conformance: Of the exported file.
        examples: Explained pairs: why each is shown, and its position among the held-out ones.
        seconds: Of the whole run.
    """

    training: Training
    spiking: dict[str, float]
    twin: dict[str, float]
    confusion: Tensor
    held_out: Pairs
    activity: Activity
    joined: Joined
    joined_sums: float
    proof: JoinedVerdict
    conformance: Conformance
    examples: tuple[tuple[str, int, Explanation], ...]
    seconds: float = 0.0

    def to_json(self) -> dict[str, object]:
        """The figures, without pictures and weights."""
        return {
            "seed": self.training.seed,
            "seconds": round(self.seconds, 2),
            "peak_memory_bytes": peak_memory(),
            "spiking": self.spiking,
            "twin": self.twin,
            "epochs": [{"loss": e.loss, "seconds": e.seconds, **e.scores} for e in self.training.history.epochs],
            "joined": {
                "sums": self.joined_sums,
                "digit_flips": self.joined.digit_flips,
                "sum_flips": self.joined.sum_flips,
                "silent": self.joined.silent,
                "neurons": self.joined.network.neurons,
                "latency_steps": self.joined.network.latency,
                "spikes_per_pair": self.joined.spikes,
            },
            "proof": f"{self.proof.word}: {self.proof.sentence}",
            "conformance": {
                "pairs": self.conformance.samples,
                "answer_spikes": self.conformance.spikes,
                "different": self.conformance.different,
                "shift_steps": self.conformance.shift,
            },
            "spikes_per_picture": self.activity.spikes,
            "synaptic_operations_per_picture": self.activity.synaptic_operations,
            "joules_per_picture": self.activity.spiking_joules,
            "twin_joules_per_picture": self.activity.analog_joules,
        }


def peak_memory() -> int:
    """Bytes of the largest resident set that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def scores(model: Model, pairs: Pairs) -> dict[str, float]:
    """Accuracy of digits and sums, calibration error and collapse of digits, all from 0 to 1 (see ConceptReport)."""
    with torch.no_grad():
        symbols = model.perception(pairs.pictures).symbols
        answers = infer(model.program, model.query, symbols)
    found = concept_report(symbols, answers, pairs.labels, pairs.sums.tolist())
    return {
        "digits": found.concept_accuracy,
        "sums": found.answer_accuracy,
        "calibration_error": found.concept_error,
        "collapse": found.collapse,
    }


def measure(spiking: Model, twin: Model, training: Training, held_out: Pairs, nir_file: Path, stage: Stage) -> Results:
    """All that is measured after training.

    Args:
        spiking: The trained model.
        twin: Its twin.
        training: How both were trained.
        held_out: Pairs that neither has seen.
        nir_file: Where the joined network is written.
        stage: Opens a named step of the progress display.
    """
    classifier = spiking.perception
    if not isinstance(classifier, SpikingClassifier):
        raise TypeError("the model to be measured must be a spiking one")
    with stage("rule compiled"):
        rule = rule_network(spiking)
    with stage("one integer network from pixels to bits"):
        joined = _run_joined(spiking, classifier, rule, held_out)
    with stage("layers, races and rule proved for all pictures"):
        proof = prove_joined(spiking, joined.network)
    with stage("the NIR file in an independent simulator"):
        target = find_target("snntorch")
        target.write(joined.network, nir_file, target.profiles[0], None)
        conformance = compare(target, nir_file, encode(held_out.pictures[:, :, 0], classifier.steps))
    with stage("three pairs explained, the surest mistake first"), torch.no_grad():
        percept = classifier(held_out.pictures)
        seen = percept.symbols.most_likely()
        confusion = torch.zeros(10, 10, dtype=torch.int64)
        confusion.index_put_((held_out.labels.flatten(), seen.flatten()), torch.tensor(1), accumulate=True)
        answers = infer(spiking.program, spiking.query, percept.symbols)
        wanted = torch.tensor([answers.atoms.index(f"sum({total})") for total in held_out.sums.tolist()])
        telling = _telling(percept.symbols.log_probs, answers.log_probs, wanted)
        examples = tuple((heading, i, explain(spiking, held_out.pictures[i])) for heading, i in telling)
    return Results(
        training=training,
        spiking=scores(spiking, held_out),
        twin=scores(twin, held_out),
        confusion=confusion,
        held_out=held_out,
        activity=measure_activity(classifier, percept),
        joined=joined,
        joined_sums=float((joined.answers == held_out.sums).double().mean()),
        proof=proof,
        conformance=conformance,
        examples=examples,
    )


def _telling(log_probs: Tensor, answers: Tensor, wanted: Tensor) -> list[tuple[str, int]]:
    """The mistake that was made most surely, a pair that is seen clearly, and the one that is seen least clearly."""
    surest = log_probs.amax(dim=2).sum(dim=1)
    found = [("A clear case", int(surest.argmax())), ("The least clear case", int(surest.argmin()))]
    best, guessed = answers.max(dim=1)
    wrong = guessed != wanted
    if wrong.any():
        found.insert(0, ("The surest mistake", int(best.masked_fill(~wrong, -torch.inf).argmax())))
    return found


def _run_joined(model: Model, classifier: SpikingClassifier, rule: SpikingNetwork, held_out: Pairs) -> Joined:
    network = to_spiking_network(model)
    with torch.no_grad():
        seen = classifier(held_out.pictures).symbols.most_likely()
    spikes, last = encode(held_out.pictures[:, :, 0], classifier.steps), network.populations[-1].name
    total, answers, winners = 0, list[int](), list[Tensor]()
    for part in spikes.split(100, dim=1):  # recording every spike of every pair at once would take gigabytes
        record = simulate(network, part, network.latency + 1)
        total += sum(int(train.sum()) for train in record.values())
        said = read_answers(network, record[last][network.latency])
        answers += [value if isinstance(value, int) else -1 for value in said]
        winners.append(record["winners"].any(dim=0).reshape(-1, 2, 10).int().argmax(dim=2))
    answer = torch.tensor(answers)
    return Joined(
        network=network,
        rule=rule,
        answers=answer,
        digit_flips=int((torch.cat(winners) != seen).sum()),
        sum_flips=int((answer != seen.sum(dim=1)).sum()),
        silent=int((answer < 0).sum()),
        spikes=total / len(held_out.sums),
    )
