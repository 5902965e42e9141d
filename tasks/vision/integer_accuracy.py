"""A trained preset as a network of integers: its accuracy beside real numbers, what rounding flips, and who agrees.

Run ``python -m tasks.vision.integer_accuracy --network FILE --data mnist`` with a file that ``neurosym train``
or ``tasks.vision.mnist_accuracy`` wrote.
5,000 training pictures are held out: on them flips are counted, and where more than 0.3 % of the answers flip, the
network is fine-tuned in whole numbers on the others. Then the test part is looked at: in real numbers, rounded, and
fine-tuned. At last the network of integers is run, all neurons at all steps, by the simulator of batches, by the
bit-parallel one and, for two pictures, by the reference, and compared with the layers in PyTorch.
"""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor

from logic import SpikingNetwork, simulate, simulate_reference
from logic.simulation.bit_simulator import simulate_bits
from neurosym.checkpoint import load_perception, save_perception
from neurosym.interval import wilson
from neurosym.training.quantising import MOST_FLIPS, fine_tune, integer_figures
from perception import Dataset, QuantisedPerception, hold_out, load_dataset, quantise

HELD_OUT = 5_000
CHUNK = 250  # pictures looked at together
REFERENCE = 2  # pictures for the reference, which goes synapse by synapse


def right(perception: QuantisedPerception, dataset: Dataset, rounded: list[str] | None) -> int:
    """Pictures that are read as their labels."""
    with torch.no_grad():
        parts = [perception.look(part[:, None], rounded).evidence.argmax(1) for part in dataset.pictures.split(CHUNK)]
    return int((torch.cat(parts) == dataset.labels).sum())


def agreements(perception: QuantisedPerception, pictures: Tensor) -> dict[str, int]:
    """How many spike trains of pictures ``[M, C, H, W]`` are other than those of the layers, in each simulator.

    A train is that of one neuron for one picture, from the first step to the last; the layers' are silent before a
    population's depth and behind its last step, and there nothing is compared, since membranes go on.
    """
    network, graph = perception.to_network(), perception.layers.graph
    steps = network.latency + 1
    shown = pictures[:, None]
    spikes = perception.input_spikes(shown)
    with torch.no_grad():
        own = perception.look(shown).spikes
    expected = {layer.name: own[layer.name].bool() for layer in graph.layers[:-1]}
    flat = spikes.flatten(2).bool().numpy()
    bits = simulate_bits(network, flat, steps)
    reference = np.stack([simulate_reference(network, flat[:, place], steps) for place in range(REFERENCE)], 1)
    batches = simulate(network, spikes, steps)
    found = {
        "simulate": {name: batches[name] for name in expected},
        "simulate_bits": by_population(network, bits),
        "simulate_reference": by_population(network, reference),
    }
    wrong: dict[str, int] = {}
    for simulator, record in found.items():
        wrong[simulator] = 0
        for name, trains in expected.items():
            depth = graph.depths[name]
            told = record[name].flatten(2)
            count = told.shape[1]
            wrong[simulator] += int((told[depth : depth + graph.steps] != trains[:, :count].flatten(2)).any(0).sum())
            wrong[simulator] += int(told[:depth].any(0).sum())
    return wrong


def by_population(network: SpikingNetwork, trains: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Tensor]:
    """Spikes ``[steps, B, I + N]`` cut into populations."""
    sizes = [population.size for population in network.populations]
    parts = torch.from_numpy(trains)[..., -sum(sizes) :].split(sizes, dim=-1)
    return {population.name: part for population, part in zip(network.populations, parts, strict=True)}


def run(
    network: Path,
    data: str,
    *,
    root: Path | None,
    bits: int,
    epochs: int,
    pictures: int,
    folder: Path,
    console: Console,
) -> dict[str, object]:
    """Quantises a trained network, fine-tunes it if need be, and returns what was found; also written to a file."""
    trained, _ = load_perception(network)
    whole, test = (load_dataset(data, root, split=split) for split in ("train", "test"))
    train, held = hold_out(whole, HELD_OUT, torch.Generator().manual_seed(0))
    perception = quantise(trained, bits)  # pyright: ignore[reportArgumentType] - refuses what it cannot take
    figures = integer_figures(perception, held.pictures, held.labels, alone=True)
    for row in figures.rows():
        console.print(", ".join(f"{name} {value}" for name, value in row.items()))
    found: dict[str, object] = {"network": str(network), "data": data, "bits": bits, **figures.totals()}
    real = right(perception, test, [])
    before = right(perception, test, None)
    flips = 0 if figures.rounding is None else figures.rounding.flips
    start = time.process_time()
    if epochs and flips > MOST_FLIPS * HELD_OUT:
        fine_tune(perception, train.pictures, train.labels, epochs=epochs)
    seconds = time.process_time() - start
    after = right(perception, test, None)
    held_out = right(perception, held, None)
    count = len(test.labels)
    found |= {
        "test_count": count,
        "test_real": real / count,
        "test_rounded": before / count,
        "test_integers": after / count,
        "interval": wilson(after, count),
        "held_out_integers": held_out / HELD_OUT,
        "fine_tuning_seconds": seconds,
        "simulated_pictures": pictures,
        "trains_that_differ": agreements(perception, test.pictures[:pictures]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_perception(perception, folder / f"{network.stem}-integers.safetensors", {"dataset": data})
    with (folder / "integer_accuracy.jsonl").open("a") as file:
        file.write(json.dumps(found) + "\n")
    console.print_json(data=found)
    return found


def main(
    network: Annotated[Path, typer.Option(help="A trained network, as neurosym train writes it.")],
    data: Annotated[str, typer.Option(help="mnist, fashion-mnist, or another data set.")] = "mnist",
    root: Annotated[Path | None, typer.Option(help="Folder of the data; without it, $NEUROSYM_DATA.")] = None,
    bits: Annotated[int, typer.Option(min=2, max=16, help="Of a weight, sign included.")] = 8,
    epochs: Annotated[int, typer.Option(min=0, help="Of fine-tuning, where too many answers flip.")] = 2,
    pictures: Annotated[int, typer.Option(min=2, help="Test pictures for all simulators.")] = 200,
    folder: Annotated[Path, typer.Option(help="For results.")] = Path("runs"),
) -> None:
    """Say how accurate a trained network is in integers, and whether all simulators agree."""
    torch.set_num_threads(1)
    run(network, data, root=root, bits=bits, epochs=epochs, pictures=pictures, folder=folder, console=Console())


if __name__ == "__main__":
    typer.run(main)
