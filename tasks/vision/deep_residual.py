"""Depth: a 34-layer spiking residual network learns where the plain form, whose shortcuts pass no identity, collapses.

Run ``python -m tasks.vision.deep_residual``: three forms of the same 34 layers (16 blocks of two 3x3 convolutions) with
the same number of weights, on the 5,000 digits of MNIST that travel with us, 1,000 of them held out; the accuracy on
these after the last epoch is reported. Gradient norms are those of the loss by each block's first convolution, for the
untrained network and one batch. Seconds are CPU time of this process.
"""

import json
import time
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from logic import Domain
from neurosym import Labelled, fit
from perception import SpikingVision, load_digits, split_digits
from perception.architectures import ConvNorm, Residual, Shortcut

FORMS: tuple[Shortcut, ...] = ("spiking", "sew-add", "ms")
HELD_OUT = 100  # of each class
BATCH = 64
LEARNING_RATE = 5e-3


class Depth(NamedTuple):
    """What became of one form.

    Args:
        shortcut: The form.
        norms: Gradient norm of each block of the untrained network, the first block first.
        held_out: Accuracy on held-out digits after each epoch.
        cpu_seconds: Time of the training.
    """

    shortcut: Shortcut
    norms: list[float]
    held_out: list[float]
    cpu_seconds: float


def deep_network(shortcut: Shortcut, seed: int) -> SpikingVision:
    """34 layers for 28 x 28 pixels: the depths of ResNet-34 with an eighth of its channels."""
    options = {
        "shortcut": shortcut,
        "widths": (8, 16, 32, 64),
        "depths": (3, 4, 6, 3),
        "halve_first": True,
        "steps": 2,
        "neuron": {"shape": {"slope": 2.0}},
    }
    generator = torch.Generator().manual_seed(seed)
    return SpikingVision(Domain("digit", range(10)), generator, model="tiny_ms_resnet", options=options)


def gradient_norms(vision: SpikingVision, pictures: Tensor, labels: Tensor) -> list[float]:
    """Norm of the loss's gradient by the first convolution of each block, ``pictures`` being ``[B, 1, H, W]``."""
    firsts = [
        next(layer for layer in block.branch.modules() if isinstance(layer, ConvNorm)).convolution.weight
        for block in vision.network.modules()
        if isinstance(block, Residual)
    ]
    loss = nn.functional.cross_entropy(vision.logits(pictures[:, None]).mean(0), labels)
    return [float(gradient.norm()) for gradient in torch.autograd.grad(loss, firsts)]


def study(shortcut: Shortcut, *, epochs: int, seed: int) -> Depth:
    """Measures the gradients of a form and trains it."""
    train, held = split_digits(load_digits(), HELD_OUT, torch.Generator().manual_seed(seed))
    vision = deep_network(shortcut, seed)
    norms = gradient_norms(vision, train.pictures[:BATCH], train.labels[:BATCH])
    scores = list[float]()

    def evaluate() -> dict[str, float]:
        vision.eval()
        with torch.no_grad():
            right = (vision.logits(held.pictures[:, None]).mean(0).argmax(1) == held.labels).float().mean()
        vision.train()
        scores.append(float(right))
        return {"held_out": scores[-1]}

    start = time.process_time()
    fit(
        Labelled(vision),
        train.pictures,
        train.labels,
        epochs=epochs,
        batch=BATCH,
        learning_rate=LEARNING_RATE,
        seed=seed,
        evaluate=evaluate,
    )
    return Depth(shortcut, norms, scores, time.process_time() - start)


def main(
    epochs: Annotated[int, typer.Option(min=1)] = 5,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    folder: Annotated[Path, typer.Option(help="For results.")] = Path("runs"),
) -> None:
    """Compare the gradients and the accuracy of three forms of a 34-layer spiking residual network."""
    torch.set_num_threads(1)
    console, table = Console(), Table("form", "gradient, block 1", "block 8", "block 16", "held out", "CPU seconds")
    folder.mkdir(parents=True, exist_ok=True)
    for shortcut in FORMS:
        found = study(shortcut, epochs=epochs, seed=seed)
        with (folder / "deep_residual.jsonl").open("a") as file:
            file.write(json.dumps({"task": "deep_residual", "seed": seed, **found._asdict()}) + "\n")
        norms = (f"{found.norms[block]:.2g}" for block in (0, 7, 15))
        table.add_row(shortcut, *norms, f"{found.held_out[-1]:.1%}", f"{found.cpu_seconds:.0f}")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
