"""The two networks that travel with the package, trained again: a reader of digits with ReLU, and its QCFS twin.

Run ``python -m tasks.conversion.packaged --folder FOLDER`` (about 20 CPU seconds); without a folder they take the place
of the packaged ones. They learn 4,000 of the package's 5,000 digits, deformed anew in each epoch; 100 of each class are
held out and looked at once, after the last epoch and after the weights were rounded to eight bits. If NEUROSYM_DATA
names a folder with MNIST, its 10,000 test digits are looked at too; no digit of the package is among them.
"""

from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import nn
from torch.nn import functional

from perception import DatasetError, load_dataset
from perception.conversion import prepare
from perception.datasets.mnist import Digits, load_digits, split_digits
from perception.pictures.augmentation import augment
from perception.proved_conversion import packaged
from perception.proved_conversion.packaged import LEVELS, PACKAGED, digit_network, packaged_network, write_packaged

BATCH = 64
CALIBRATION = 500  # pictures from which the first ceilings of the twin are taken
HERE = Path(packaged.__file__).parent


def train(network: nn.Module, digits: Digits, generator: torch.Generator, epochs: int, rate: float) -> None:
    """Learns digits, with a rate that rises and falls once."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-4)
    rounds = epochs * -(-len(digits.labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=rounds)
    network.train()
    for _ in range(epochs):
        order = torch.randperm(len(digits.labels), generator=generator)
        shown = augment(digits.pictures[order], generator)
        for pictures, labels in zip(shown.split(BATCH), digits.labels[order].split(BATCH), strict=True):
            loss = functional.cross_entropy(network(pictures), labels, label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()


def twin_of(network: nn.Sequential, digits: Digits) -> nn.Module:
    """Its QCFS twin, whose ceilings begin at the 99.9 % quantile of its activations."""
    twin = prepare(network, "qcfs", LEVELS)
    signal = digits.pictures[:CALIBRATION] / 255
    with torch.no_grad():
        for mine, theirs in zip(network, twin.children(), strict=True):
            if isinstance(mine, nn.ReLU):
                theirs.get_parameter("bound").fill_(float(signal.relu().flatten()[:200_000].quantile(0.999)))
            signal = mine(signal)
    return twin


@torch.no_grad()
def accuracy(network: nn.Module, digits: Digits) -> float:
    """Share of the digits that are read right."""
    found = torch.cat([network(part / 255).argmax(1) for part in digits.pictures.split(1000)])
    return float((found == digits.labels).double().mean())


def held_out() -> tuple[Digits, Digits]:
    """Digits to learn, and digits held out."""
    return split_digits(load_digits(), 100, torch.Generator().manual_seed(0))


def mnist_test() -> Digits | None:
    """The 10,000 test digits of MNIST, if they are there."""
    try:
        found = load_dataset("mnist", split="test")
    except DatasetError:
        return None
    return Digits(found.pictures, found.labels)


def main(
    folder: Annotated[Path, typer.Option(help="Where to write the two files.")] = HERE,
    seed: Annotated[int, typer.Option(help="Of weights, order and deformations.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Of the first network.")] = 60,
    twin_epochs: Annotated[int, typer.Option(min=1, help="Of its twin, which begins with its weights.")] = 20,
) -> None:
    """Train both and write them with their accuracy."""
    training, held = held_out()
    test = mnist_test()
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # of the initial weights
        network = digit_network()
    train(network, training, generator, epochs, 6e-3)
    twin = twin_of(network, training)
    train(twin, training, generator, twin_epochs, 2e-3)
    for name, found in (("relu", network), ("qcfs", twin)):
        settings = f"--seed {seed} --epochs {epochs} --twin-epochs {twin_epochs}"
        notes: dict[str, Any] = {
            "command": f"python -m tasks.conversion.packaged {settings}",
            "seed": seed,
            "trained_on": "4,000 of the package's 5,000 MNIST digits",
            "torch": str(torch.__version__),
        }
        path = folder / PACKAGED[name]
        write_packaged(found, path, notes)
        found = packaged_network(name, folder)  # weights of eight bits
        notes["held_out_accuracy"] = round(accuracy(found, held), 4)  # of 1,000 digits
        if test is not None:
            notes["mnist_test_accuracy"] = round(accuracy(found, test), 4)  # of 10,000 digits
        write_packaged(found, path, notes)
        typer.echo(f"{path}: {path.stat().st_size:,} bytes, {notes}")


if __name__ == "__main__":
    typer.run(main)
