"""A showcase's model as one spiking network: what rounding changes, what is proved, whether others agree."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from logic import NetworkError, SpikingNetwork, find_target, simulate
from logic.network import FlatNetwork
from logic.targets import compare
from neurosym import (
    JoinedVerdict,
    Model,
    Sample,
    explain,
    joined_spikes,
    prove_joined,
    read_answers,
    to_spiking_network,
)
from neurosym.inputs import asked_of

from .showcase import value_of

CHUNK = 50  # samples that are simulated at once
COMPARED = 200  # samples that another simulator runs


@dataclass(frozen=True)
class Joined:
    """What was found of a joined network.

    Args:
        neurons: In all.
        steps: From the first spike of a picture to the answer.
        tests: Samples that it answered.
        right: How many of them right.
        pictures: In these samples.
        flips: Pictures whose winner is not the real-valued network's most likely value.
        verdict: What is proved.
        simulator: Who else ran it.
        compared: Samples that were run there.
        spikes: Answer spikes in these.
        different: Entries of the answer trains that differ.
        cpu_seconds: Of all that.
    """

    neurons: int
    steps: int
    tests: int
    right: int
    pictures: int
    flips: int
    verdict: JoinedVerdict
    simulator: str
    compared: int
    spikes: int
    different: int
    cpu_seconds: float

    def __str__(self) -> str:
        return (
            f"one network: {self.neurons:,} neurons, answer at step {self.steps}, {self.right / self.tests:.2%} of "
            f"{self.tests} right; rounding flips {self.flips} of {self.pictures:,} pictures\n"
            f"{self.verdict.word}: {self.verdict.sentence}\n"
            f"{self.simulator}, {self.compared} samples: {self.spikes:,} answer spikes, {self.different} different "
            f"({self.cpu_seconds:.0f} CPU s)"
        )


@torch.no_grad()
def join(model: Model, query: str, tests: Sequence[Sample]) -> Joined:
    """The joined network of a model, run on the samples that ask its query.

    Args:
        model: Trained.
        query: With numbered slots.
        tests: Samples; those of other queries are left out.

    Raises:
        NetworkError: if a perception has no integer form.
    """
    began = time.process_time()
    asking = Model(model.perceptions, model.program, query).eval()
    samples = [sample for sample in tests if sample.query in (None, query)]
    network = to_spiking_network(asking)
    names = [population.name for population in network.populations]
    winners, last = [name for name in names if name.endswith("winners")], names[-1]
    right = flips = pictures = 0
    kept: list[Tensor] = []
    for start in range(0, len(samples), CHUNK):
        part = samples[start : start + CHUNK]
        inputs = stacked(part)
        spikes = joined_spikes(asking, inputs)
        kept.append(spikes[:, : max(0, COMPARED - start)])
        record = simulate(network, spikes, network.latency + 1, record=[last, *winners])
        said = read_answers(network, record[last][network.latency])
        right += sum(one == value_of(sample.answer) for one, sample in zip(said, part, strict=True))
        seen = _seen(asking, inputs)
        for name, values in zip(winners, seen, strict=True):
            fired = record[name].any(dim=0).reshape(len(part), values.shape[1], -1).int().argmax(dim=2)
            flips += int((fired != values).sum())
            pictures += values.numel()
    shown = torch.cat(kept, dim=1)
    simulator, count, different = agreement(network, shown)
    verdict = prove_joined(asking, network)
    return Joined(
        network.neurons,
        network.latency,
        len(samples),
        right,
        pictures,
        flips,
        verdict,
        simulator,
        shown.shape[1],
        count,
        different,
        time.process_time() - began,
    )


def stacked(samples: Sequence[Sample]) -> Any:
    """The inputs of samples of one query, as a model takes them."""
    first = samples[0].inputs
    if isinstance(first, Tensor):
        return torch.stack([cast(Tensor, sample.inputs) for sample in samples])
    names = [*cast(Mapping[str, Tensor], first)]
    return {name: torch.stack([cast(Any, sample.inputs)[name] for sample in samples]) for name in names}


def reasons(model: Model, query: str, sample: Sample) -> str:
    """Why a sample gets its answer, in words."""
    asking = Model(model.perceptions, model.program, query).eval()
    return explain(asking, cast(Any, sample.inputs), top=1).to_text()


def agreement(network: SpikingNetwork, spikes: Tensor) -> tuple[str, int, int]:
    """Another simulator, the answer spikes of ours, and how many entries differ: snnTorch if NIR can carry the network.

    Otherwise the written-out network, synapse by synapse from its flat form, which shares nothing with ours but the
    definition.
    """
    target = find_target("snntorch")
    try:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "network.nir"
            target.write(network, file, target.profiles[0], None)
            found = compare(target, file, spikes)
        return "snnTorch, from the NIR file", found.spikes, found.different
    except NetworkError:
        pass
    steps, count, different = network.latency + 1, 0, 0
    flat = network.flatten()
    for part in spikes.split(CHUNK, dim=1):
        record = simulate(network, part, steps)
        ours = torch.cat([train.flatten(2) for train in record.values()], dim=2)[:, :, network.outputs.tolist()]
        theirs = run_flat(flat, part.flatten(2), steps)[:, :, network.outputs.tolist()]
        count += int(ours.sum())
        different += int((ours != theirs).sum())
    return "a simulator of single synapses", count, different


def run_flat(flat: FlatNetwork, spikes: Tensor, steps: int) -> Tensor:
    """All spikes ``[steps, B, I + N]`` of a network, from its single synapses, for input spikes ``[T, B, I]``."""
    neurons, batch = len(flat.threshold), spikes.shape[1]
    columns = [torch.from_numpy(one)[:, None] for one in (flat.threshold, flat.bias, flat.leak)]
    retain, subtract = (torch.from_numpy(one)[:, None] for one in (flat.retain, flat.subtract))
    threshold, bias, leak = columns
    maps: dict[int, Tensor] = {}
    for delay in np.unique(flat.delay).tolist():
        here = flat.delay == delay
        places = torch.from_numpy(np.stack([flat.post[here], flat.pre[here]]))
        weight = torch.from_numpy(flat.weight[here]).double()
        size = neurons, flat.inputs + neurons
        maps[delay] = torch.sparse_coo_tensor(places, weight, size, check_invariants=True).coalesce()
    membrane = torch.from_numpy(flat.initial)[:, None].expand(-1, batch)
    trains = torch.zeros(steps, flat.inputs + neurons, batch, dtype=torch.bool)
    trains[: len(spikes), : flat.inputs] = spikes[:steps].bool().transpose(1, 2)
    for step in range(steps):
        heard = [(weight, trains[step - delay]) for delay, weight in maps.items() if delay <= step]
        drive = sum(((weight @ sent.double()).long() for weight, sent in heard), torch.zeros_like(membrane))
        driven = torch.where(retain, membrane >> leak, 0) + bias + drive
        fired = driven >= threshold
        membrane = torch.where(fired, torch.where(subtract, driven - threshold, 0), driven)
        trains[step, flat.inputs :] = fired
    return trains.transpose(1, 2)


def _seen(model: Model, inputs: Any) -> list[Tensor]:
    """The real-valued networks' most likely values ``[B, N]``, in the order of the joined network's parts."""
    percepts = model.see(inputs)
    found: list[Tensor] = []
    for name, asked in asked_of(model.program, model.goal()).items():
        symbols = percepts[name].symbols
        seen = symbols.most_likely()
        found.append(seen if symbols.names is not None else seen[:, list(asked.slots)])
    return found
