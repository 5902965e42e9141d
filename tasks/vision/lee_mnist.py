"""MNIST with the network of Lee et al.: STDP without labels first, then fine-tuning; one command, one thread, a CPU.

``python -m tasks.vision.lee_mnist`` trains on all 60,000 training pictures and prints the accuracy on the 10,000 test
pictures after the last epoch, with its interval. ``--hold-out 5000`` scores on that many training pictures instead,
which are then not trained on: every choice here was made on them, none on the test pictures. A run goes on where it was
interrupted if its ``--checkpoint`` is there.

References:
    Lee, Panda, Srinivasan and Roy (2018), Training Deep Spiking Convolutional Neural Networks With STDP-Based
    Unsupervised Pre-training Followed by Supervised Fine-Tuning: 99.28 %.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from logic import NeurosymError
from neurosym import Savings, fit
from neurosym.interval import wilson
from perception import LeeNetwork, augment, pretrain
from perception.datasets import Dataset, hold_out, load_dataset

EPOCHS = 12
BATCH = 64
LEARNING_RATE = 3e-3
PRETRAINING_PICTURES = 2000
POOL_THRESHOLD = 0.25
DISTORT = partial(augment, shift=1.5, turn=10.0, scale=0.1, shear=0.1, bend=0.8)
GOAL = 0.9928


@dataclass(frozen=True, eq=False)
class Labelled:
    """A network trained on plain labels.

    Args:
        perception: The network; each picture is one sample.
    """

    perception: LeeNetwork

    def log_probability(self, pictures: Tensor, answers: Sequence[int]) -> Tensor:
        """Log-probability ``[B]`` of labels, given pictures ``[B, 1, 1, H, W]``."""
        log_probs = beliefs(self.perception, pictures)
        return log_probs.gather(1, torch.as_tensor(answers)[:, None])[:, 0]


def beliefs(network: LeeNetwork, pictures: Tensor) -> Tensor:
    """Log-probabilities ``[B, K]`` of pictures ``[B, 1, 1, H, W]``."""
    return network(pictures).symbols.log_probs[:, 0]


def accuracy(network: LeeNetwork, dataset: Dataset) -> float:
    """Share of pictures whose most probable label is right."""
    with torch.no_grad():
        parts = zip(dataset.pictures.split(500), dataset.labels.split(500), strict=True)
        right = sum(int((beliefs(network, p[:, None]).argmax(dim=1) == labels).sum()) for p, labels in parts)
    return right / len(dataset.labels)


def train(
    learn: Dataset, judge: Dataset, *, epochs: int, seed: int, checkpoint: Path | None = None
) -> tuple[LeeNetwork, float]:
    """A network pretrained and fine-tuned on ``learn``, and its accuracy on ``judge`` after the last epoch.

    Args:
        learn: To train on.
        judge: Looked at once, at the end.
        epochs: Passes over ``learn``.
        seed: Of all randomness.
        checkpoint: File to keep the state in, or none.
    """
    generator = torch.Generator().manual_seed(seed)
    network = LeeNetwork(learn.classes, generator, pool_threshold=POOL_THRESHOLD)
    chosen = torch.randperm(len(learn.labels), generator=generator)[:PRETRAINING_PICTURES]
    pretrain(network, learn.pictures[chosen, None], generator)
    start = time.process_time()

    def report(step: int, steps: int) -> None:
        if step % 500 == 0 or step == steps:
            spent = time.process_time() - start
            sys.stderr.write(f"step {step} of {steps}, {spent:.0f} s of processor time\n")

    fit(
        Labelled(network),
        learn.pictures[:, None],
        learn.labels.tolist(),
        epochs=epochs,
        batch=BATCH,
        learning_rate=LEARNING_RATE,
        seed=seed,
        augment=DISTORT,
        savings=Savings(precision="auto"),
        checkpoint=checkpoint,
        progress=report,
    )
    return network, accuracy(network, judge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the task; 0 if the goal was reached, 1 if not, 2 if it could not be run."""
    parser = argparse.ArgumentParser(prog="python -m tasks.vision.lee_mnist", description=__doc__.splitlines()[0])  # pyright: ignore[reportOptionalMemberAccess]
    parser.add_argument("--data", help="folder with the four MNIST files; else the environment's NEUROSYM_DATA")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hold-out", type=int, default=0, help="training pictures to score on instead of the test set")
    parser.add_argument("--checkpoint", type=Path, help="file that a run goes on from")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        learn = load_dataset("mnist", options.data)
        if options.hold_out:
            learn, judge = hold_out(learn, options.hold_out, torch.Generator().manual_seed(0))
        else:
            judge = load_dataset("mnist", options.data, split="test")
        score = train(learn, judge, epochs=options.epochs, seed=options.seed, checkpoint=options.checkpoint)[1]
    except NeurosymError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    low, high = wilson(round(score * len(judge.labels)), len(judge.labels))
    where = f"{len(judge.labels)} {'held-out' if options.hold_out else 'test'} pictures after epoch {options.epochs}"
    sys.stdout.write(f"{100 * score:.2f} % of {where} (95 % interval {100 * low:.2f} to {100 * high:.2f})\n")
    return 0 if score >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
