"""How long neurons and training steps take, beside SpikingJelly, snnTorch, Norse and sinabs: one process, in turns.

Every contestant does the same work on the same numbers (:mod:`.rival_perception`, :mod:`.rival_networks`); before
anything is timed, our spikes and gradients are compared with SpikingJelly's. What counts is the row of SpikingJelly
with our layout of memory and, as with us, a first layer that sees a still picture once and norms that are folded in
inference. Times are medians of processor time on one thread, in milliseconds; on a GPU, of wall time between
synchronisations. Memory is the growth of the resident set in a training step, at its peak, in a process of its own
(Linux). The last tables tell at which firing rates skipping zeros pays. Needs the rivals:
``pip install snntorch sinabs`` and ``pip install --no-deps spikingjelly norse``.

Run ``python -m tasks.vision.perception_benchmark [--network vgg] [--steps 4] [--device cuda]``.
"""

import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional

from logic import NeurosymError
from perception.architectures.normalization import settle_norms
from perception.sparsity import spike_convolution

from .rival_networks import NETWORKS, Jelly, made_network
from .rival_perception import Layers, contestants

SMALL = "convolutions"
"""The network of :mod:`.rival_perception`, which five packages run; the others are run by two."""
SIZES = {SMALL: (64, 1, 28, 28)} | dict.fromkeys(NETWORKS, (16, 3, 32, 32))
NEURONS = 110_592  # as many as the first layer of the small network has, for a batch
OURS, JELLY = "neurosym", "spikingjelly, first layer once"
LAST = ", channels last"
CALLS = 3
RATES = (0.05, 0.1, 0.2, 0.4)  # of spikes, where zeros are skipped


class BenchmarkError(NeurosymError):
    """Contestants that do not compute the same."""


class Task(NamedTuple):
    """What is timed.

    Args:
        network: Its name.
        steps: ``T``.
        device: Where.
        training: Whether a training step with Adam, or inference.
    """

    network: str
    steps: int
    device: torch.device
    training: bool


def main(
    network: Annotated[list[str] | None, typer.Option(help=f"{', '.join(SIZES)}; all by default.")] = None,
    steps: Annotated[list[int] | None, typer.Option(help="T, once or more; 4 and 16 by default.")] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 9,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    memory: Annotated[bool, typer.Option(help="Measure memory too; on a CPU.")] = True,
    neurons: Annotated[bool, typer.Option(help="Time neurons and convolutions alone too.")] = True,
) -> None:
    """Time neurons alone, training steps and inference, and measure memory."""
    torch.set_num_threads(1)
    on, console = torch.device(device), Console(width=140)
    for number in steps or (4, 16):
        if neurons:
            compare_scans(number, on)
            show(console, f"neurons alone, forward and backward, T = {number}", time_scans(number, rounds, on))
        for name in network or SIZES:
            task = Task(name, number, on, training=True)
            compare_networks(task)
            show(console, f"{name}: training step, T = {number}", time_networks(task, rounds))
            show(console, f"{name}: inference, T = {number}", time_networks(task._replace(training=False), rounds))
            if memory and on.type == "cpu":
                show(console, f"{name}: memory of a training step in MiB, T = {number}", measure_memory(task))
    if neurons and on.type == "cpu":
        for rate in RATES:
            show(console, f"second convolution of a batch, {rate:.0%} of inputs fire", time_skipping(rate, rounds))


def compare_scans(steps: int, device: torch.device) -> None:
    """Raises unless our neurons and SpikingJelly's give the same spikes and gradients."""
    found = list[tuple[Tensor, Tensor]]()
    for name in (OURS, "spikingjelly"):
        current = currents(steps, device)
        spikes = contestants(device)[name].scan(device)(current)
        (spikes * torch.linspace(0, 1, NEURONS, device=device)).sum().backward()
        found.append((spikes.detach(), gradient(current)))
    if not torch.equal(found[0][0], found[1][0]) or _apart(found[0][1], found[1][1]) > 1e-3:
        raise BenchmarkError(f"neurons, T = {steps}: spikes or gradients differ from SpikingJelly's")


def compare_networks(task: Task) -> None:
    """Raises unless our network is as near to SpikingJelly's as that is to itself in another layout of memory.

    A sum that is rounded otherwise makes a neuron at its threshold fire or not, and all behind it differ a little.
    """
    found = list[tuple[Tensor, Tensor]]()
    pictures, labels = batch(task)
    for name in (OURS, JELLY, JELLY + LAST):
        network, run = made(name, task)
        given = run(pictures)
        functional.cross_entropy(given.mean(0), labels).backward()
        found.append((given.detach(), gradient([weight for weight in network.parameters() if weight.ndim > 1][-1])))
    ours, theirs, again = found
    for part, what in enumerate(("values", "gradients")):
        near, usual = (_apart(theirs[part], other[part]) for other in (ours, again))
        if near > max(0.02, 1.5 * usual):
            raise BenchmarkError(
                f"{task.network}, T = {task.steps}: our {what} are {near:.1%} from SpikingJelly's, which are "
                f"{usual:.1%} from themselves in another layout"
            )


def _apart(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm().clamp_min(1e-30))


def gradient(tensor: Tensor) -> Tensor:
    """The gradient that a backward pass left."""
    if tensor.grad is None:
        raise BenchmarkError("a contestant sends no gradient back")
    return tensor.grad


def currents(steps: int, device: torch.device) -> Tensor:
    """Random currents ``[T, N]`` that make about a third of the neurons fire, and want a gradient."""
    drawn = torch.randn(steps, NEURONS, generator=torch.Generator().manual_seed(0))
    return (drawn + 0.4).to(device).requires_grad_()


def batch(task: Task) -> tuple[Tensor, Tensor]:
    """Random pictures ``[B, C, H, W]`` and labels."""
    generator, size = torch.Generator().manual_seed(0), SIZES[task.network]
    pictures = torch.rand(size, generator=generator)
    return pictures.to(task.device), torch.randint(0, 10, size[:1], generator=generator).to(task.device)


def names(task: Task) -> list[str]:
    """Who takes part."""
    return list(contestants(task.device)) if task.network == SMALL else [OURS, JELLY, JELLY + LAST]


def made(name: str, task: Task) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    """A contestant's network, and what runs it; the weights are the same for all."""
    if task.network == SMALL:
        network = _small(name, task.device)
        return network, partial(network, steps=task.steps)
    network = made_network(task.network, task.steps, channels_last=name != JELLY).to(task.device)
    pictures, _ = batch(task)
    settle_norms(network, lambda: network(pictures))
    network.train(task.training)
    if name != OURS:
        network = Jelly(network, fold=not task.training)
    return network, network


def _small(name: str, device: torch.device) -> nn.Module:
    network = contestants(device)[name].network(device)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for layer in ("first", "second", "last"):
            weight = network.get_parameter(f"{layer}.weight")
            bound = 2 * weight[0].numel() ** -0.5  # twice the usual, so that neurons fire
            weight.copy_(torch.empty(weight.shape).uniform_(-bound, bound, generator=generator))
            network.get_parameter(f"{layer}.bias").zero_()
    return network


def time_scans(steps: int, rounds: int, device: torch.device) -> Mapping[str, float]:
    """Milliseconds of the neurons alone."""
    current = currents(steps, device)
    arriving = torch.linspace(0, 1, NEURONS, device=device).repeat(steps, 1)

    def job(scan: Callable[[Tensor], Tensor]) -> Callable[[], object]:
        def run() -> None:
            current.grad = None
            scan(current).backward(arriving)

        return run

    scans = {name: job(one.scan(device)) for name, one in contestants(device).items() if "once" not in name}
    return in_turns(scans, rounds, device)


def time_networks(task: Task, rounds: int) -> Mapping[str, float]:
    """Milliseconds of a training step with Adam, or of inference, over a batch."""
    return in_turns({name: job(name, task) for name in names(task)}, rounds, task.device)


def time_skipping(rate: float, rounds: int) -> Mapping[str, float]:
    """Milliseconds of the small network's second convolution in inference, zeros skipped and not."""
    layer = Layers().second.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    fired = torch.rand(64, 12, 12, 12, generator=torch.Generator().manual_seed(0)) < rate
    spikes = fired.float().to(memory_format=torch.channels_last)

    def dense() -> None:
        with torch.no_grad():
            layer(spikes)

    def skipping() -> None:
        with torch.no_grad():
            spike_convolution(spikes, layer.weight, layer.bias, most=1.0)

    return in_turns({OURS: skipping, "dense": dense}, rounds, torch.device("cpu"))


def job(name: str, task: Task) -> Callable[[], object]:
    """One step of a contestant's network, ready to be run."""
    (network, run), (pictures, labels) = made(name, task), batch(task)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.0)

    def train() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(run(pictures).mean(0), labels).backward()
        optimizer.step()

    def look() -> None:
        with torch.no_grad():
            run(pictures)

    return train if task.training else look


def in_turns(jobs: Mapping[str, Callable[[], object]], rounds: int, device: torch.device) -> Mapping[str, float]:
    """Median milliseconds of each job, after two rounds of warming up.

    Every round runs each job ``CALLS`` times in a row and all but the first count, so that nobody waits for memory that
    another has driven out of the caches.
    """
    spent = {name: list[float]() for name in jobs}
    for round_ in range(-2, rounds):
        for name, run in jobs.items():
            for call in range(CALLS):
                start = _clock(device)
                run()
                if round_ >= 0 and call:
                    spent[name].append(1e3 * (_clock(device) - start))
            if round_ == -2:
                time.sleep(0.5)  # a compiler at work in a thread may end before it counts
    return {name: statistics.median(times) for name, times in spent.items()}


def _clock(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def measure_memory(task: Task) -> Mapping[str, float]:
    """MiB by which a process grows in a training step beyond what it had for a step of one picture."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        who = names(task)
        return dict(zip(who, pool.starmap(_growth, [(name, task) for name in who], chunksize=1), strict=True))


def _growth(name: str, task: Task) -> float:
    torch.set_num_threads(1)
    train = job(name, task)
    _, single = made(name, task)
    for _ in range(3):
        single(torch.rand(2, *SIZES[task.network][1:])).sum().backward()
        time.sleep(0.5)  # a compiler at work in a thread may end before memory counts
    before = _peak(forget=True)
    for _ in range(3):
        train()
    return (_peak() - before) / 1024


def _peak(*, forget: bool = False) -> int:
    """The largest resident set of this process in KiB, on Linux; ``forget`` first sets it to what it is now."""
    if forget:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def show(console: Console, title: str, found: Mapping[str, float]) -> None:
    """One JSON line and one table, with how many times ours each other needs."""
    typer.echo(json.dumps({"measure": title} | {name: round(value, 3) for name, value in found.items()}))
    table = Table(title=title)
    for column in ("", "", "times ours"):
        table.add_column(column, justify="right" if column else "left")
    for name, value in found.items():
        table.add_row(name, f"{value:.2f}", f"{value / found[OURS]:.2f}")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
