"""NIR files of modules: written whole or not at all, read whoever wrote them."""

from pathlib import Path

import nir
from torch import Tensor, nn

from logic import whole_file
from logic.targets.nir_reader import read_graph

from ..neurons.surrogates import SurrogateChoice
from ..time_graph import GraphError
from .module_graph import Profile, module_to_nir
from .nir_module import NirModule, nir_to_module


def write_module_nir(network: nn.Module, path: str | Path, example: Tensor, profile: Profile = "cuba") -> None:
    """Writes :func:`module_to_nir` to a file, whole or not at all.

    Args:
        network: As for :func:`module_to_nir`.
        path: File, ``.nir``.
        example: As for :func:`module_to_nir`.
        profile: As for :func:`module_to_nir`.

    Raises:
        GraphError: as :func:`module_to_nir`.
        FileError: if the file cannot be written.
    """
    graph = module_to_nir(network, example, profile)
    with whole_file(Path(path)) as place:
        nir.write(place, graph)


def read_module_nir(path: str | Path, dt: float | None = None, surrogate: SurrogateChoice = "arctan") -> NirModule:
    """The module of a NIR file; its size is looked at before anything is read.

    Args:
        path: File, of any writer.
        dt: Seconds of a step; what the file says, or 1e-4, if left out.
        surrogate: Stand-in derivative of a spike, its name, or a function.

    Raises:
        GraphError: as :func:`nir_to_module`; the text names the file.
        NetworkError: if the file is missing, damaged, too large or holds no graph.

    Example:
        >>> import torch
        >>> from tempfile import TemporaryDirectory
        >>> from perception import IntegrateAndFire, TimeDistributed, write_module_nir
        >>> network = nn.Sequential(TimeDistributed(nn.Linear(4, 3)), IntegrateAndFire())
        >>> shown = torch.rand(5, 2, 4, generator=torch.Generator().manual_seed(0))
        >>> with TemporaryDirectory() as folder:
        ...     write_module_nir(network, f"{folder}/mine.nir", shown)
        ...     again = read_module_nir(f"{folder}/mine.nir")
        >>> torch.equal(again(shown), network(shown)), sum(one.numel() for one in again.parameters())
        (True, 15)
    """
    graph = read_graph(path)
    try:
        return nir_to_module(graph, dt, surrogate)
    except GraphError as fault:
        raise GraphError(f"{path}: {fault}") from None
