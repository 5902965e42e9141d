"""Does STDP pretraining speed up training? Samples to fixed accuracies from three starts of the same network.

Lee et al. report that training converges about 2.5 times faster after STDP. Measured here for their network on MNIST:
the number of labelled samples until an accuracy is first reached on held-out training pictures, from random weights
(Kaiming), from kernels learned by STDP, and from k-means on whitened patches, with the same seeds, order and settings.
The pictures that the last two starts have seen without labels are charged in a second ratio. The test set is not used.

``python -m tasks.vision.pretraining_convergence`` prints one JSON line for each run and then the table.

References:
    Lee, Panda, Srinivasan and Roy (2018), Training Deep Spiking Convolutional Neural Networks With STDP-Based
    Unsupervised Pre-training Followed by Supervised Fine-Tuning.
    Coates and Ng (2012), Learning Feature Representations with K-means (the third start).
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor
from torch.nn import functional

from logic import NeurosymError
from perception import LeeNetwork, pretrain, to_initial_layer
from perception.datasets import Dataset, hold_out, load_dataset
from perception.plasticity.pretraining import flow, inputs_of

from .lee_mnist import POOL_THRESHOLD, Labelled, accuracy

GOALS = (0.95, 0.97, 0.98, 0.985)
UNLABELLED = 1000  # pictures that each layer learns from without labels
PATCHES = 10  # of each of them, for k-means
BATCH = 32
LEARNING_RATE = 1e-3
CHECK_EVERY = 640  # samples
JUDGES = 2000  # held-out training pictures
Start = Callable[[LeeNetwork, Tensor, torch.Generator], int]


@dataclass(frozen=True)
class Run:
    """One training.

    Args:
        start: Name of the start.
        seed: Of first weights, order and pretraining.
        unlabelled: Pictures seen without labels, counted once for each layer.
        samples: Labelled samples until each goal was first reached; none if it was not.
        final: Accuracy at the end.
    """

    start: str
    seed: int
    unlabelled: int
    samples: Mapping[str, int | None]
    final: float


def from_kaiming(network: LeeNetwork, pictures: Tensor, generator: torch.Generator) -> int:
    """Leaves the random weights as they are; no picture is seen."""
    return 0


def from_stdp(network: LeeNetwork, pictures: Tensor, generator: torch.Generator) -> int:
    """Kernels by STDP; returns the number of pictures seen, counted once for each layer."""
    return pretrain(network, pictures, generator).samples


def from_k_means(network: LeeNetwork, pictures: Tensor, generator: torch.Generator) -> int:
    """Kernels that find the clusters of whitened patches, layer by layer; returns the number of pictures seen."""
    seen = 0
    for _, layer in flow(network, pictures[:1]):
        reached = (inputs_of(network, layer, chosen) for chosen in pictures.split(100))
        mean = torch.cat([inputs.unflatten(0, (network.steps, -1)).mean(dim=0) for inputs in reached])
        size = (layer.kernel_size[0], layer.kernel_size[1])
        windows = functional.unfold(mean, size).transpose(1, 2)
        place = torch.randint(windows.shape[1], (len(windows), PATCHES), generator=generator)
        patches = windows.gather(1, place[..., None].expand(-1, -1, windows.shape[2])).flatten(0, 1)
        kernels = whitened_clusters(patches, layer.out_channels, generator)
        with torch.no_grad():
            layer.weight.copy_(to_initial_layer(kernels.reshape(layer.weight.shape)))
        seen += len(pictures)
    return seen


def whitened_clusters(patches: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Filters ``[F, D]`` that answer to the k-means clusters of patches ``[N, D]`` as whitening (ZCA) shows them."""
    patches = patches[patches.std(dim=1) > 0]
    patches = (patches - patches.mean(dim=1, keepdim=True)) / (patches.std(dim=1, keepdim=True) + 0.1)
    values, vectors = torch.linalg.eigh(torch.cov(patches.T))
    whitening = vectors @ torch.diag((values + 0.1).rsqrt()) @ vectors.T
    seed = int(torch.randint(2**31, (1,), generator=generator))
    clusters = KMeans(count, random_state=seed).fit(((patches - patches.mean(dim=0)) @ whitening).numpy())
    return torch.from_numpy(clusters.cluster_centers_).to(torch.float32) @ whitening


STARTS: Mapping[str, Start] = {"kaiming": from_kaiming, "stdp": from_stdp, "k-means": from_k_means}


def run(start: str, seed: int, learn: Dataset, judge: Dataset, samples: int) -> Run:
    """One training, judged every ``CHECK_EVERY`` samples until the last goal is reached or ``samples`` are used up.

    Args:
        start: One of :data:`STARTS`.
        seed: The same seed gives every start the same first weights and order.
        learn: To train on.
        judge: Held out of it.
        samples: Labelled samples at most.
    """
    network = LeeNetwork(learn.classes, torch.Generator().manual_seed(seed), pool_threshold=POOL_THRESHOLD)
    order = torch.randperm(len(learn.labels), generator=torch.Generator().manual_seed(seed + 1000))
    seen = STARTS[start](network, learn.pictures[order[:UNLABELLED], None], torch.Generator().manual_seed(seed + 2000))
    model = Labelled(network)
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    reached: dict[str, int | None] = {f"{goal:.1%}": None for goal in GOALS}
    score = 0.0
    for number, chosen in enumerate(order[:samples].split(BATCH), 1):
        loss = -model.log_probability(learn.pictures[chosen, None], learn.labels[chosen].tolist()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if number * BATCH % CHECK_EVERY == 0:
            score = accuracy(network, judge)
            for goal in GOALS:
                if score >= goal and reached[f"{goal:.1%}"] is None:
                    reached[f"{goal:.1%}"] = number * BATCH
            if score >= GOALS[-1]:
                break
    return Run(start, seed, seen, reached, score)


def speed_up(runs: Iterable[Run], start: str, goal: str, *, charged: bool) -> tuple[int, list[float]]:
    """Samples from Kaiming's start over samples from another, for each seed that reached the goal from both.

    Args:
        runs: All runs.
        start: The other start.
        goal: One of the goals.
        charged: Whether pictures seen without labels count as samples.

    Returns:
        Number of seeds at hand, and the ratios, in ascending order.
    """
    by_seed = {(one.start, one.seed): one for one in runs}
    seeds = sorted({seed for name, seed in by_seed if name == start} & {s for n, s in by_seed if n == "kaiming"})
    ratios: list[float] = []
    for seed in seeds:
        plain, other = by_seed["kaiming", seed].samples[goal], by_seed[start, seed].samples[goal]
        if plain is not None and other is not None:
            ratios.append(plain / (other + charged * by_seed[start, seed].unlabelled))
    return len(seeds), sorted(ratios)


def interval(ratios: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Bootstrap 95 % interval of the median."""
    draws = np.random.default_rng(seed).choice(np.asarray(ratios), (2000, len(ratios)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return float(low), float(high)


def table(runs: Sequence[Run]) -> str:
    """The result in words: one line for each start, goal and way of counting."""
    lines: list[str] = []
    for start in STARTS:
        for goal in (f"{goal:.1%}" for goal in GOALS if start != "kaiming"):
            for charged in (False, True):
                seeds, ratios = speed_up(runs, start, goal, charged=charged)
                counted = "all pictures" if charged else "labelled only"
                line = f"{start:8} {goal:>6} {counted}: {len(ratios)} of {seeds} seeds"
                if ratios:
                    low, high = interval(ratios)
                    line += f", median {np.median(ratios):.2f} times faster than kaiming ({low:.2f} to {high:.2f})"
                lines.append(line)
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the task; 0 once it has run, 2 if it could not."""
    parser = argparse.ArgumentParser(prog="python -m tasks.vision.pretraining_convergence")
    parser.add_argument("--data", help="folder with the four MNIST files; else the environment's NEUROSYM_DATA")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=16000, help="labelled samples of a run at most")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        learn, judge = hold_out(load_dataset("mnist", options.data), JUDGES, torch.Generator().manual_seed(0))
    except NeurosymError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    runs: list[Run] = []
    for seed in range(options.seeds):
        for start in STARTS:
            runs.append(run(start, seed, learn, judge, options.samples))
            sys.stdout.write(json.dumps(asdict(runs[-1])) + "\n")
            sys.stdout.flush()
    sys.stdout.write(table(runs) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
