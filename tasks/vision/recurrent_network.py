"""Recurrent networks over time: accuracy on spike trains that are made in the manner of SHD, and on N-MNIST.

``python -m tasks.vision.recurrent_network`` trains one recurrent network per seed on 1,000 made trains (40 channels, 50
steps, 4 classes that differ in when spikes come, never in how many) and asks it about 1,000 others that were not looked
at for any choice.
``--data nmnist`` trains on the 1,000 recordings of ``nmnist-small``, which ``NEUROSYM_DATA`` must name, and asks about
its 100 test recordings once, after the last epoch; a hundred tests say little, so that the interval is printed
(Wilson, 95 %). ``--choose`` is judged by other trains, or by 200 of the training recordings, instead, for all choices.
Seconds are processor time.
"""

import json
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from torch import Tensor, nn

from neurosym import (
    Labelled,
    LeakyReadout,
    Recurrent,
    SequenceClassifier,
    TimeDistributed,
    fit,
    load_dataset,
    make_spike_trains,
    neuron,
    stream,
)
from neurosym.interval import wilson

STEPS = 8  # frames of a recording
EPOCHS = 20
HELD_OUT = 200
CHUNK = 100  # recordings looked at together


class Data(StrEnum):
    """What is learned."""

    TRAINS = "trains"
    NMNIST = "nmnist"


RATE = {Data.TRAINS: 0.005, Data.NMNIST: 0.01}


def hearing(seed: int) -> SequenceClassifier:
    """A recurrent network for spike trains of 40 channels."""
    torch.manual_seed(seed)
    first = nn.Linear(40, 64)
    with torch.no_grad():
        first.weight.mul_(4.0)  # a spike a channel is little to drive neurons
    back = nn.Linear(64, 64, bias=False)
    with torch.no_grad():
        back.weight.mul_(0.3)
    again = Recurrent(neuron("lif", beta=0.9), back)
    readout = LeakyReadout(0.95, scale_input=False)
    return SequenceClassifier(
        nn.Sequential(TimeDistributed(first), again, TimeDistributed(nn.Linear(64, 4)), readout), 4
    )


def seeing(seed: int) -> SequenceClassifier:
    """A recurrent network behind two convolutions, for recordings of 34 x 34 pixels."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        TimeDistributed(nn.Conv2d(2, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16)), neuron("lif", beta=0.75),
        TimeDistributed(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32)), neuron("lif", beta=0.75),
        TimeDistributed(nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(288, 64), nn.BatchNorm1d(64)),
        Recurrent(neuron("lif", beta=0.75), nn.Linear(64, 64, bias=False)), TimeDistributed(nn.Linear(64, 10)),
    )  # fmt: skip
    return SequenceClassifier(network, 10)


def count_right(classifier: SequenceClassifier, recordings: Tensor, labels: Tensor) -> tuple[int, int]:
    """How many recordings are read rightly: all steps at once, and step by step."""
    classifier.eval()
    at_once = by_step = 0
    with torch.no_grad():
        for part, truth in zip(recordings.split(CHUNK), labels.split(CHUNK), strict=True):
            at_once += int((classifier.logits(part[:, None]).mean(0).argmax(1) == truth).sum())
            camera = stream(classifier)
            seen = [camera.step(part[:, step]) for step in range(part.shape[1])][-1]
            by_step += int((seen.mean.argmax(1) == truth).sum())
    return at_once, by_step


def main(
    data: Annotated[Data, typer.Option(help="Made trains, or recordings of N-MNIST.")] = Data.TRAINS,
    seeds: Annotated[int, typer.Option(help="How many trainings.")] = 3,
    epochs: Annotated[int, typer.Option(help="Looks at each recording.")] = EPOCHS,
    choose: Annotated[bool, typer.Option(help="Judge by held-out training recordings.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the figures are kept.")] = Path("runs"),
) -> None:
    """Accuracy of recurrent networks on held-out data."""
    console = Console()
    for seed in range(seeds):
        if data is Data.TRAINS:
            classifier, train, test = (
                hearing(seed),
                make_spike_trains(1000, generator=1),
                make_spike_trains(1000, generator=2 if choose else 3),
            )
        else:
            classifier, given, held = (
                seeing(seed),
                *(load_dataset("nmnist-small", split=part, steps=STEPS) for part in ("train", "test")),
            )
            train, test = ((one.pictures.clamp(max=1), one.labels) for one in (given, held))
            if choose:
                order = torch.randperm(len(train[1]), generator=torch.Generator().manual_seed(0))
                test = train[0][order[:HELD_OUT]], train[1][order[:HELD_OUT]]
                train = train[0][order[HELD_OUT:]], train[1][order[HELD_OUT:]]
        started = time.process_time()
        fit(Labelled(classifier), *train, epochs=epochs, batch=32, learning_rate=RATE[data], seed=seed)
        seconds = time.process_time() - started
        right, streamed = count_right(classifier, *test)
        low, high = wilson(right, len(test[1]))
        part = "held-out" if choose else "test"
        console.print(
            f"{data}, seed {seed}: {right} of {len(test[1])} {part} recordings, {low:.1%} to {high:.1%}; step by step "
            f"{streamed}; {epochs} epochs, {seconds:.0f} s"
        )
        folder.mkdir(parents=True, exist_ok=True)
        line = {
            "task": "recurrent_network", "data": str(data), "seed": seed, "epochs": epochs, "part": part,
            "correct": right, "streamed": streamed, "count": len(test[1]), "interval": [low, high], "seconds": seconds,
        }  # fmt: skip
        with (folder / "recurrent_network.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    typer.run(main)
