"""Spiking networks as NIR files, with a second file for what NIR cannot carry, and back.

The NIR graph is a chain ``input -> weights -> neurons -> ... -> output``; a population that projects onto itself has
its recurrent weights in a loop. Its readers give a connection no delay (only a loop takes a step), so a network is
written with one step less for each layer: a population ``l`` layers behind the input does at step ``t`` of the NIR
reading what it does at step ``t + l`` here. Neurons are LIF or CubaLIF nodes with ``dt = 1e-4 s`` (two profiles, for
different readers): a neuron that forgets has ``tau = dt``, one that retains its membrane has ``tau`` so large that
``1 - dt / tau`` is 1, and both have ``r = tau / dt``, so that a weight of 1 raises the membrane by 1; the synapses of
a CubaLIF have ``tau_syn = dt`` and so no memory. The written threshold is ``theta - 1/4``: membranes
are integers, so ``>`` and ``>=`` agree. Some readers (sinabs) fire ``floor(v / theta)`` times a step; for them the
threshold and the biases of neurons that forget are lifted alike, until no membrane can reach twice the threshold. A
chain of pictures is written with Conv2d nodes throughout (a full connection is one whose window covers the whole map),
since readers disagree on what Flatten does to a batch.

What NIR cannot carry, and the second file (``.json``) does: names of input and output lines, which neurons answer,
latencies, initial membranes, that all numbers are integers, and golden spikes: an example input with its answers.
(Facts: targets notes, sections 2, 3 and 5.)
"""

import json
import math
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import NetworkError
from ..network import INPUT, Convolution, Population, Projection, SpikingNetwork, Synapses
from ..rails import Line, lines_of_names
from ..simulation.simulator import simulate
from ..writing import whole_files

TIME_STEP = 1e-4  # seconds; what snnTorch's importer takes for granted
_FOREVER = 1e26  # seconds; 1 - dt / tau is exactly 1 in float64
_BELOW = 0.25
_FORMAT = "neurosym spiking network 2"
_NAMES_ONLY = "neurosym spiking network 1"  # wrote rails as endings of names


def names_file(path: Path) -> Path:
    """The second file that belongs to a NIR file."""
    return path.with_suffix(".json")


def write_nir(network: SpikingNetwork, path: Path, profile: str = "lif", golden: Tensor | None = None) -> None:
    """Writes a layered network as NIR, and beside it as ``.json`` what NIR cannot carry; both or neither.

    Args:
        network: A chain: each population hears the one before it, and perhaps itself, with delays of one step.
        path: Ends in ``.nir``.
        profile: ``lif`` or ``cuba``, the kind of the neuron nodes.
        golden: ``[T, B, *input_shape]`` input spikes that are kept with the answers they cause, or none.

    Raises:
        NetworkError: if the network is no such chain, a population that retains its membrane has several
            thresholds.
        FileError: if the files cannot be written.
    """
    path = Path(path)
    if path.suffix != ".nir":
        raise NetworkError(f"{path}: a NIR file's name ends in .nir")
    graph = to_nir(network, profile)
    notes = {
        "format": _FORMAT,
        "profile": profile,
        "time_step_seconds": TIME_STEP,
        "input_shape": network.input_shape,
        "input_lines": network.input_lines,
        "output_lines": network.output_lines,
        "outputs": network.outputs.tolist(),
        "latencies": network.latencies.tolist(),
        "layers_of_delay": {population.name: 1 + i for i, population in enumerate(network.populations)},
        "populations": [
            {
                "name": p.name,
                "shape": p.shape,
                "retain": p.retain,
                "threshold": p.threshold.tolist(),
                "bias": p.bias.tolist(),
                "initial": p.initial.tolist(),
            }
            for p in network.populations
        ],
        "golden": None if golden is None else _golden(network, golden),
    }
    with whole_files(names_file(path), path) as (second, first):
        nir.write(first, graph)
        second.write_text(json.dumps(notes))


def _golden(network: SpikingNetwork, spikes: Tensor) -> dict[str, Any]:
    """An input and its answers as lists of ``[step, sample, line]``, one a spike; answers count outputs from 0."""
    last, steps = network.populations[-1], max(network.latency, len(spikes) + len(network.populations)) + 1
    first = network.neurons - last.size + math.prod(network.input_shape)
    fired = simulate(network, spikes, steps, record=[last.name])[last.name].flatten(2)
    return {
        "samples": spikes.shape[1],
        "steps": steps,
        "input": spikes.flatten(2).bool().nonzero().tolist(),
        "answers": fired[:, :, network.outputs - first].nonzero().tolist(),
    }


def replay_golden(path: Path) -> int:
    """How many entries of the answers differ when the golden input of a NIR file is run again; 0 is right.

    Raises:
        NetworkError: as :func:`read_nir`, or if the file has no golden spikes.
    """
    network = read_nir(path)
    kept = json.loads(names_file(Path(path)).read_text()).get("golden")
    if kept is None:
        raise NetworkError(f"{path}: was written without golden spikes")
    lines = math.prod(network.input_shape)
    length = 1 + max((step for step, _, _ in kept["input"]), default=0)
    spikes = torch.zeros(length, kept["samples"], lines, dtype=torch.bool)
    if kept["input"]:
        spikes[tuple(torch.tensor(kept["input"]).T)] = True
    again = _golden(network, spikes.reshape(length, -1, *network.input_shape))
    return len({tuple(spike) for spike in again["answers"]} ^ {tuple(spike) for spike in kept["answers"]})


def to_nir(network: SpikingNetwork, profile: str = "lif") -> nir.NIRGraph:
    """The NIR graph of a layered network, weights and thresholds in float64.

    Args:
        network: As for :func:`write_nir`.
        profile: ``lif`` or ``cuba``.

    Raises:
        NetworkError: as :func:`write_nir`.
    """
    if profile not in ("lif", "cuba"):
        raise NetworkError(f"unknown NIR profile {profile!r}; use 'lif' or 'cuba'")
    spatial = len(network.input_shape) == 3
    nodes: dict[str, nir.NIRNode] = {"input": nir.Input({"input": np.array(network.input_shape)})}
    edges: list[tuple[str, str]] = []
    before, sender = INPUT, "input"
    for population, currents in zip(network.populations, _highest_currents(network), strict=True):
        forward, loop = _incoming(network, population, before)
        shape = _written_shape(population, spatial)
        top = int(population.threshold.max())
        if population.retain and (population.threshold != top).any():
            raise NetworkError(
                f"'{population.name}' retains its membrane and has several thresholds; NIR readers take one"
            )
        bias = population.bias + (top - population.threshold)  # of a neuron that forgets, a lower threshold is a bias
        if not population.retain:
            lift = max(0, int((currents + bias).max()) - 2 * top + 1)  # keeps membranes below twice the threshold
            bias, top = bias + lift, top + lift
        name = population.name
        nodes[f"to_{name}"] = _weights(network, forward, shape, bias, spatial)
        nodes[name] = _neurons(shape, top, population.retain, profile)
        edges += [(sender, f"to_{name}"), (f"to_{name}", name)]
        if loop is not None:
            nodes[f"within_{name}"] = _weights(network, loop, shape, np.zeros_like(bias), spatial)
            edges += [(name, f"within_{name}"), (f"within_{name}", name)]
        before = sender = name
    last = network.populations[-1]
    nodes["output"] = nir.Output({"output": np.array(_written_shape(last, spatial))})
    return nir.NIRGraph(nodes=nodes, edges=[*edges, (before, "output")], metadata={"dt": TIME_STEP})


def _highest_currents(network: SpikingNetwork) -> list[NDArray[np.int64]]:
    """The sum of positive weights of each neuron, for each population."""
    flat = network.flatten()
    sums = np.bincount(flat.post, np.maximum(flat.weight, 0), network.neurons).astype(np.int64)
    return np.split(sums, np.cumsum([population.size for population in network.populations])[:-1])


def _incoming(network: SpikingNetwork, population: Population, before: str) -> tuple[Projection, Synapses | None]:
    """The projection from the population before, and the one from itself."""
    forward: list[Projection] = []
    loop: list[Synapses] = []
    for projection in network.projections:
        if projection.target != population.name:
            continue
        if np.any(projection.delay != 1):
            raise NetworkError(
                f"{projection.source} -> {projection.target} has delays above one step; balance with relays"
            )
        if projection.source == before:
            forward.append(projection)
        elif projection.source == population.name and isinstance(projection, Synapses):
            loop.append(projection)
        else:
            raise NetworkError(f"{projection.source} -> {projection.target} leaves the chain; balance with relays")
    if len(forward) != 1 or len(loop) > 1:
        raise NetworkError(
            f"'{population.name}' must hear '{before}' through one projection, and itself through one at most"
        )
    return forward[0], loop[0] if loop else None


def _written_shape(population: Population, spatial: bool) -> tuple[int, ...]:
    return (population.size, 1, 1) if spatial and len(population.shape) == 1 else population.shape


def _neurons(shape: tuple[int, ...], threshold: int, retain: bool, profile: str) -> nir.NIRNode:
    tau = np.full(shape, _FOREVER if retain else TIME_STEP)
    zero = np.zeros(shape)
    limit = zero + threshold - _BELOW
    if profile == "lif":
        return nir.LIF(tau=tau, r=tau / TIME_STEP, v_leak=zero, v_threshold=limit, v_reset=zero)
    return nir.CubaLIF(
        tau_syn=zero + TIME_STEP,
        tau_mem=tau,
        r=tau / TIME_STEP,
        v_leak=zero,
        v_threshold=limit,
        v_reset=zero,
        w_in=zero + 1,
    )


def _weights(
    network: SpikingNetwork, projection: Projection, shape: tuple[int, ...], bias: NDArray[np.int64], spatial: bool
) -> nir.NIRNode:
    """A projection as one weight node; NIR's own shape check knows no groups, so they are written as zeros."""
    source = network.shape_of(projection.source)
    stride = 1
    if isinstance(projection, Convolution):
        out, per_group, height, width = projection.kernel.shape
        kernel = np.zeros((out, per_group * projection.groups, height, width))
        for channel in range(out):
            first = channel // (out // projection.groups) * per_group
            kernel[channel, first : first + per_group] = projection.kernel[channel]
        stride = projection.stride
        bias = bias.reshape(out, -1)
        if (bias != bias[:, :1]).any():
            raise NetworkError(
                f"biases of '{projection.target}' differ within a channel; a convolution has one for each"
            )
        bias = bias[:, 0]
    else:
        matrix = np.zeros((int(np.prod(shape)), int(np.prod(source))))
        np.add.at(matrix, (projection.post, projection.pre), projection.weight)
        if not spatial:
            return nir.Affine(weight=matrix, bias=bias.astype(np.float64))
        kernel = matrix.reshape(len(matrix), *(source if len(source) == 3 else (*source, 1, 1)))
    size = source[1:] if len(source) == 3 else (1, 1)
    return nir.Conv2d(
        input_shape=(size[0], size[1]),
        weight=kernel,
        stride=stride,
        padding=0,
        dilation=1,
        groups=1,
        bias=bias.astype(np.float64),
    )


def read_nir(path: Path) -> SpikingNetwork:
    """The network that :func:`write_nir` wrote: weights from the NIR file, all else from the file beside it.

    Raises:
        NetworkError: if a file is missing, damaged, not ours, or the two do not fit.
    """
    path = Path(path)
    try:
        notes: dict[str, Any] = json.loads(names_file(path).read_text())
        if notes.get("format") not in (_FORMAT, _NAMES_ONLY):
            raise NetworkError(f"{names_file(path)}: not a '{_FORMAT}' file")
        graph = nir.read(path)
        populations = tuple(
            Population(
                p["name"], tuple(p["shape"]), p["threshold"], retain=p["retain"], bias=p["bias"], initial=p["initial"]
            )
            for p in notes["populations"]
        )
        projections: list[Projection] = []
        before = INPUT
        for population in populations:
            name = population.name
            projections.append(_read_weights(graph.nodes[f"to_{name}"], before, population))
            if f"within_{name}" in graph.nodes:
                projections.append(_read_weights(graph.nodes[f"within_{name}"], name, population))
            before = name
        return SpikingNetwork(
            input_shape=tuple(notes["input_shape"]),
            populations=populations,
            projections=tuple(projections),
            outputs=np.array(notes["outputs"], dtype=np.int64),
            output_lines=_read_lines(notes, "output"),
            latencies=np.array(notes["latencies"], dtype=np.int64),
            input_lines=_read_lines(notes, "input"),
        )
    except NetworkError:
        raise
    except OSError as error:
        raise NetworkError(
            f"{path}: cannot be read ({error.strerror or error}); both .nir and .json are needed"
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NetworkError(f"{path}: damaged, or not written by us ({error})") from error


def _read_lines(notes: dict[str, Any], which: str) -> tuple[Line, ...]:
    """Lines as pairs of a signal and its rail (or null), or as the names of format 1."""
    if notes["format"] == _NAMES_ONLY:
        return lines_of_names(notes[f"{which}_names"])
    return tuple(Line(str(signal), rail) for signal, rail in notes[f"{which}_lines"])


def _read_weights(node: nir.NIRNode, source: str, target: Population) -> Projection:
    if isinstance(node, nir.Affine):
        return Synapses.dense(source, target.name, node.weight)
    if not isinstance(node, nir.Conv2d):
        raise NetworkError(f"weights of '{target.name}' are a {type(node).__name__}; expected Conv2d or Affine")
    if len(target.shape) == 1:
        return Synapses.dense(source, target.name, node.weight.reshape(len(node.weight), -1))
    return Convolution(source, target.name, node.weight, int(np.ravel(node.stride)[0]))
