"""Trained networks without spikes from files: ``.pt2``, weights with a factory, ONNX, packaged ones, or one of ours."""

import json
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from logic import NeurosymError
from perception.networks.twin import AnalogTwin
from perception.proved_conversion import PACKAGED, packaged_network
from perception.proved_conversion.packaged import packaged_notes

from .checkpoint import CheckpointError, load_perception

_TENSORS = "weight_", "tensor_"  # how files in a .pt2 archive begin that hold plain numbers


class NetworkFileError(NeurosymError, ValueError):
    """A file that holds no network that could be converted; the text says what to give instead."""


@dataclass(frozen=True, eq=False)
class NetworkFile:
    """A network that was read.

    Args:
        network: In evaluation mode; takes pictures ``[B, ...]``, brightness from 0 to 1.
        name: What it is called.
        notes: What was written down of it.
    """

    network: nn.Module
    name: str
    notes: dict[str, Any] = field(default_factory=dict)


def read_network_file(given: str, factory: str | None = None) -> NetworkFile:
    """A trained network.

    Args:
        given: ``relu`` or ``qcfs``, the packaged ones; or a file: ``.pt2`` of ``torch.export.save``, ``.safetensors``
            of a network's state with a factory, or of a network of ours without spikes, or ``.onnx``.
        factory: ``module:function`` of yours that gives the network without arguments; it is imported and called.

    Raises:
        NetworkFileError: if it is none of these, or does not fit its factory.

    Example:
        >>> read_network_file("qcfs").notes["seed"]
        0
    """
    if given in PACKAGED:
        return NetworkFile(packaged_network(given), given, packaged_notes(given))
    path = Path(given)
    if not path.is_file():
        raise NetworkFileError(f"{given}: is neither a file nor a packaged network ({', '.join(PACKAGED)})")
    readers: dict[str, Callable[[Path], nn.Module]] = {".pt2": _read_program, ".onnx": _read_onnx}
    if path.suffix in readers:
        if factory is not None:
            raise NetworkFileError(f"{given}: holds its network; leave --factory out")
        return NetworkFile(readers[path.suffix](path), path.name)
    if path.suffix != ".safetensors":
        raise NetworkFileError(f"{given}: networks are read from .pt2, .safetensors and .onnx")
    if factory is None:
        return _read_ours(path)
    return NetworkFile(_filled(path, factory), path.name)


def _read_program(path: Path) -> nn.Module:
    """The module of an exported program, whose archive holds numbers alone."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            configs = [json.loads(archive.read(name)) for name in names if name.endswith("_config.json")]
    except (OSError, ValueError, zipfile.BadZipFile) as fault:
        raise NetworkFileError(f"{path}: is no archive of torch.export.save ({fault})") from None
    if not any(name.endswith("archive_format") for name in names):
        raise NetworkFileError(f"{path}: is no archive of torch.export.save; write it by a torch of 2.8 or later")
    for part in (part for config in configs for part in cast("dict[str, Any]", config.get("config", {})).values()):
        if part.get("use_pickle", True) or not str(part.get("path_name")).startswith(_TENSORS):
            raise NetworkFileError(f"{path}: holds pickled objects, which could run code; export tensors alone")
    try:
        program = torch.export.load(path)
    except Exception as fault:  # whatever torch makes of a damaged archive
        text = str(fault).strip().partition("\n")[0]
        raise NetworkFileError(f"{path}: cannot be read ({type(fault).__name__}: {text})") from None
    shapes = [
        node.meta["val"].shape for node in program.graph.nodes if node.name in program.graph_signature.user_inputs
    ]
    if len(shapes) != 1:
        raise NetworkFileError(f"{path}: takes {len(shapes)} inputs; only networks on one tensor are converted")
    if isinstance(shapes[0][0], int):
        raise NetworkFileError(
            f"{path}: was exported for exactly {shapes[0][0]} pictures; export it with "
            f"dynamic_shapes=({{0: torch.export.Dim.DYNAMIC}},)"
        )
    return program.module()


def _read_onnx(path: Path) -> nn.Module:
    try:
        convert = import_module("onnx2torch").convert
    except ImportError:
        raise NetworkFileError(
            f"{path}: ONNX files are read by onnx2torch, which is not installed; pip install 'neurosym[onnx]'"
        ) from None
    except Exception as fault:  # of torchvision, where it was built for another torch
        raise NetworkFileError(
            f"{path}: onnx2torch cannot be loaded ({fault}); its torchvision must be the release that fits this torch"
        ) from None
    try:
        return convert(str(path)).eval()
    except Exception as fault:  # of the reader, which tells the operators that it lacks
        raise NetworkFileError(f"{path}: cannot be read by onnx2torch ({fault})") from None


def _read_ours(path: Path) -> NetworkFile:
    """A saved perception without spikes."""
    try:
        found, notes = load_perception(path)
    except CheckpointError as fault:
        raise NetworkFileError(f"{fault}; for weights of your own give --factory module:function") from None
    if not isinstance(found, AnalogTwin):
        raise NetworkFileError(f"{path}: a {type(found).__name__} is spiking already; there is nothing to convert")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in found.layers.items():
        if isinstance(layer, nn.Linear) and "flatten" not in layers:
            layers["flatten"] = nn.Flatten()
        layers[name] = layer
        if name != "readout":
            layers[f"{name}_relu"] = nn.ReLU()
    return NetworkFile(nn.Sequential(layers).eval(), path.name, dict(notes))


def _filled(path: Path, factory: str) -> nn.Module:
    """What a factory gives, with the weights of a file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    module, _, function = factory.partition(":")
    if not module or not function:
        raise NetworkFileError(f"--factory {factory}: give module:function, such as my_networks:small")
    sys.path.append(str(Path.cwd()))  # last, so that nothing of ours is hidden
    try:
        network = getattr(import_module(module), function)()
    except Exception as fault:  # whatever a stranger's code raises
        raise NetworkFileError(f"--factory {factory}: gives no network ({type(fault).__name__}: {fault})") from None
    finally:
        sys.path.pop()
    if not isinstance(network, nn.Module):
        raise NetworkFileError(f"--factory {factory}: gives a {type(network).__name__}, expected a torch.nn.Module")
    try:
        network.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError, OSError) as fault:
        text = " ".join(str(fault).split())
        raise NetworkFileError(f"{path}: does not fit the network of {factory} ({text})") from None
    return network.eval()
