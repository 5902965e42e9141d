"""What few bits cost and what learning on in few bits brings back: real, rounded, quantisation-aware.

A preset is trained in real numbers; for each number of bits, or each chip by name, it is rounded, and then trained on
in whole numbers (:func:`perception.quantise`, :func:`neurosym.training.quantising.fine_tune`). Accuracies are those of
pictures that nothing was chosen on. Of so many of them, all neurons at all steps are compared with the network of
integers, run by the simulator.

Run ``python -m tasks.vision.quantisation_accuracy [--data digits] [--bits 3 --bits speck]``.
"""

import json
import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from logic import simulate
from neurosym import Labelled, fit
from neurosym.interval import wilson
from neurosym.training.quantising import fine_tune
from perception import Dataset, QuantisedPerception, SpikingVision, load_dataset, quantise
from perception.integers import layer_costs

CHUNK = 250  # pictures looked at together


def right(perception: QuantisedPerception, test: Dataset, rounded: list[str] | None) -> float:
    """Share of pictures that are read as their labels, in whole numbers or, of an empty list, in real ones."""
    with torch.no_grad():
        seen = [perception.look(part[:, None], rounded).evidence.argmax(1) for part in test.pictures.split(CHUNK)]
    return float((torch.cat(seen) == test.labels).float().mean())


def trains_that_differ(perception: QuantisedPerception, test: Dataset, pictures: int) -> int:
    """Spikes in which the network of integers, simulated, and the layers in PyTorch are not one."""
    shown, graph = test.pictures[:pictures, None], perception.layers.graph
    network = perception.to_network()
    record = simulate(network, perception.input_spikes(shown), network.latency + 1)
    with torch.no_grad():
        own = perception.look(shown).spikes
    depths = {layer.name: graph.depths[layer.name] for layer in graph.layers[:-1]}
    return sum(
        int((record[name][depth : depth + graph.steps].bool() != own[name].bool()).sum())
        for name, depth in depths.items()
    )


def main(
    data: Annotated[str, typer.Option(help="digits, mnist, or another data set.")] = "digits",
    root: Annotated[Path | None, typer.Option(help="Folder of the data; without it, $NEUROSYM_DATA.")] = None,
    model: Annotated[str, typer.Option(help="A preset that has an integer form.")] = "tiny_strided_resnet",
    samples: Annotated[int, typer.Option(help="Training pictures at most.")] = 5_000,
    epochs: Annotated[int, typer.Option(min=1, help="In real numbers.")] = 8,
    more: Annotated[int, typer.Option(min=1, help="Epochs in whole numbers.")] = 4,
    bits: Annotated[list[str] | None, typer.Option(help="Numbers of bits, or chips by name.")] = None,
    pictures: Annotated[int, typer.Option(min=1, help="Simulated neuron by neuron.")] = 20,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 0,
) -> None:
    """Print accuracies in real numbers, rounded, and trained on in whole numbers."""
    torch.set_num_threads(1)
    train, test = (load_dataset(data, root, split=split) for split in ("train", "test"))
    order = torch.randperm(len(train.labels), generator=torch.Generator().manual_seed(seed))
    train = train.take(order[:samples])
    options = {"size": train.pictures.shape[-1], "channels": train.pictures.shape[1], "classes": len(train.classes)}
    vision = SpikingVision(train.classes, seed, model=model, options=options)
    fit(Labelled(vision), train.pictures, train.labels, epochs=epochs, seed=seed)
    vision.eval()
    table = Table(title=f"{data}, {model}, {len(train.labels)} pictures learned, {len(test.labels)} read")
    for column in ("bits", "weights", "membranes", "real", "rounded", "learned on", "95 %", "trains that differ"):
        table.add_column(column, justify="right")
    for wanted in bits or ["2", "3", "4", "8", "speck", "loihi1", "xylo"]:
        perception = quantise(vision, int(wanted) if wanted.isdigit() else wanted)
        real, rounded = right(perception, test, []), right(perception, test, None)
        start = time.process_time()
        fine_tune(perception, train.pictures, train.labels, epochs=more, seed=seed)
        seconds, learned = time.process_time() - start, right(perception, test, None)
        low, high = wilson(round(learned * len(test.labels)), len(test.labels))
        weight, membrane = perception.layers.precision
        widest = max(cost.membrane_bits or 0 for cost in layer_costs(perception.layers)[:-1])
        differing = trains_that_differ(perception, test, pictures)
        found = {"bits": wanted, "real": real, "rounded": rounded, "learned_on": learned, "seconds": round(seconds, 1)}
        typer.echo(json.dumps(found | {"membrane_bits": widest, "trains_that_differ": differing}))
        held = f"{widest} of {membrane or 'any'}"
        figures = (f"{100 * share:.2f} %" for share in (real, rounded, learned))
        table.add_row(wanted, str(weight), held, *figures, f"{100 * low:.2f} to {100 * high:.2f}", str(differing))
    Console(width=140).print(table)


if __name__ == "__main__":
    typer.run(main)
