"""From a NIR file and the file beside it to a chain of populations; its size is looked at before anything is read.

What HDF5 and the NIR package say of a damaged file becomes one sentence that names it.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..network import INPUT, Convolution, Population, Projection, SpikingNetwork, Synapses
from .nir_nodes import channel_factors, united
from .nir_notes import Notes, digest, golden_spikes, names_file, read_notes

if TYPE_CHECKING:
    import nir

_MOST_BYTES = 2**30  # of all arrays of a file
_MOST_PARTS = 100_000  # groups and arrays


def read_chain(path: Path) -> tuple[SpikingNetwork, nir.NIRGraph, str]:
    """The network of a file, the graph that holds its weights, and the profile that its neurons are said to have.

    Raises:
        NetworkError: if a file is missing, damaged, too large or not ours.
    """
    notes = read_notes(path)
    if notes.sha256 and path.is_file() and digest(path) != notes.sha256:
        raise NetworkError(
            f"{path}: is damaged, or not the file that {names_file(path).name} was written with; write both files again"
        )
    graph = read_graph(path)
    try:
        return _chain(notes, graph), graph, notes.profile
    except NetworkError as error:
        raise NetworkError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        reason = f"it has no node {error}" if isinstance(error, KeyError) else str(error)
        raise NetworkError(f"{path}: damaged, or not written by us ({reason})") from None


def read_graph(path: str | Path) -> nir.NIRGraph:
    """The NIR graph of a file, whoever wrote it, if its arrays are not too large.

    Raises:
        NetworkError: if the file is missing, damaged, too large or holds no graph.
    """
    import h5py
    import nir

    path = Path(path)
    if not path.is_file():
        raise NetworkError(f"{path}: cannot be read (there is no such file); both .nir and .json are needed")
    try:
        with h5py.File(path, "r") as file:
            _measure(file, path)
        graph = nir.read(path, type_check=False)  # which walks every path of a graph with branches
    except NetworkError:
        raise
    except Exception as error:  # HDF5 and the readers of nodes raise whatever a damaged byte makes of them
        reason = " ".join(str(error).split())[:200]
        raise NetworkError(f"{path}: cannot be read as NIR ({reason}); get the file again") from None
    if not isinstance(graph, nir.NIRGraph):  # pyright: ignore[reportUnnecessaryIsInstance] - it may be a node
        raise NetworkError(f"{path}: holds a {type(graph).__name__}, no graph")
    return graph


def _measure(file: Any, path: Path) -> None:
    """Adds up what all arrays of a file take in memory, from their headers alone."""
    import h5py

    total = parts = 0
    waiting: list[Any] = [file]
    while waiting:
        group = waiting.pop()
        for name in group:
            if group.get(name, getlink=True).__class__ is not h5py.HardLink:
                raise NetworkError(f"{path}: '{name}' is a link to elsewhere, which NIR does not have")
            found = group[name]
            parts += 1
            if isinstance(found, h5py.Group):
                waiting.append(found)
            else:
                total += math.prod(found.shape or ()) * max(found.dtype.itemsize, 1)
            if total > _MOST_BYTES or parts > _MOST_PARTS:
                raise NetworkError(
                    f"{path}: states arrays of more than {_MOST_BYTES:,} bytes or more than {_MOST_PARTS:,} parts; "
                    f"it is damaged or too large"
                )


def _chain(notes: Notes, graph: nir.NIRGraph) -> SpikingNetwork:
    projections = list[Projection]() if notes.synapses is None else _written_out(notes)
    shapes = {INPUT: notes.input_shape} | {population.name: population.shape for population in notes.populations}
    before = INPUT
    for population in notes.populations if notes.synapses is None else ():
        name = population.name
        projections.append(_weights(graph.nodes[f"to_{name}"], before, population, shapes))
        if f"within_{name}" in graph.nodes:
            projections.append(_weights(graph.nodes[f"within_{name}"], name, population, shapes))
        before = name
    return SpikingNetwork(
        input_shape=notes.input_shape,
        populations=notes.populations,
        projections=tuple(projections),
        outputs=notes.outputs,
        output_lines=notes.output_lines,
        latencies=notes.latencies,
        input_lines=notes.input_lines,
        period=notes.period,
    )


def _written_out(notes: Notes) -> list[Projection]:
    """The synapses of a loop, a projection for each two populations that they join."""
    if notes.synapses is None:
        return []
    pre, post, weight, delay = notes.synapses
    names = [INPUT, *(population.name for population in notes.populations)]
    starts = np.cumsum([0, math.prod(notes.input_shape), *(population.size for population in notes.populations)])
    post = post + starts[1]
    source, target = (np.searchsorted(starts, ends, side="right") - 1 for ends in (pre, post))
    found: list[Projection] = []
    for here, there in sorted({*zip(source.tolist(), target.tolist(), strict=True)}):
        part = (source == here) & (target == there)
        ends = pre[part] - starts[here], post[part] - starts[there]
        found.append(Synapses(names[here], names[there], *ends, weight[part], delay[part]))
    return found


def _weights(node: nir.NIRNode, source: str, target: Population, shapes: dict[str, tuple[int, ...]]) -> Projection:
    """A full connection, also one that is written as a convolution whose window is the whole map, or a convolution."""
    import nir

    if not isinstance(node, nir.Affine | nir.Conv2d):
        raise NetworkError(f"weights of '{target.name}' are a {type(node).__name__}; expected Conv2d or Affine")
    weight = np.asarray(node.weight)
    if not np.isfinite(weight).all():
        raise NetworkError(f"weights of '{target.name}' are no numbers")
    shape = shapes[source]
    weight = _without_factors(weight, target)
    padding = int(np.ravel(cast(Any, getattr(node, "padding", 0)))[0])
    window = not padding and weight.shape[2:] == ((1, 1) if len(shape) == 1 else shape[1:])
    if isinstance(node, nir.Affine) or window:
        matrix = weight.reshape(len(weight), -1)
        if matrix.shape != (target.size, math.prod(shape)):
            raise NetworkError(
                f"weights of '{target.name}' have shape {list(matrix.shape)}, expected "
                f"{[target.size, math.prod(shape)]}"
            )
        return Synapses.dense(source, target.name, matrix)
    return Convolution(source, target.name, weight, int(np.ravel(cast(Any, node.stride))[0]), padding=padding)


def _without_factors(weight: NDArray[Any], target: Population) -> NDArray[Any]:
    """Weights of a population as they were before its thresholds were united."""
    _, factors = united(target)
    rows = factors if len(weight) == target.size else channel_factors(factors, len(weight), target.name)
    plain = weight / rows.reshape(-1, *(1,) * (weight.ndim - 1))
    return np.asarray(plain)


def replay_golden(path: str | Path) -> int:
    """How many entries of the answers differ when the golden input of a NIR file is run again; 0 is right.

    Raises:
        NetworkError: as :func:`logic.read_nir`, or if the file has no golden spikes.
    """
    import torch

    path = Path(path)
    network, _, _ = read_chain(path)
    kept = read_notes(path).golden
    if kept is None:
        raise NetworkError(f"{path}: was written without golden spikes")
    length = 1 + max((step for step, _, _ in kept.given), default=0)
    spikes = torch.zeros(length, kept.samples, math.prod(network.input_shape), dtype=torch.bool)
    if kept.given:
        spikes[tuple(torch.tensor(sorted(kept.given)).T)] = True
    again = golden_spikes(network, spikes.reshape(length, -1, *network.input_shape), kept.steps)
    return len({tuple(spike) for spike in again["answers"]} ^ kept.answers)
