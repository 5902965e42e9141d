"""Two small trained networks that travel with this package, to convert and to prove: one with ReLU, its QCFS twin."""

import json
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from logic import whole_file

from ..conversion.activations import prepare
from ..conversion.signal_graph import ConversionError

PACKAGED = MappingProxyType({"relu": "relu_digits.safetensors", "qcfs": "qcfs_digits.safetensors"})
"""The networks by name, and their files beside this one."""
LEVELS = 8
"""Of the QCFS twin."""
_MOST = 127  # of a weight of eight bits


def digit_network() -> nn.Sequential:
    """The architecture of both: 28 x 28 pixels, two convolutions with means between them, 160 hidden units, ten digits.

    Example:
        >>> sum(weights.numel() for weights in digit_network().parameters())
        44106
    """
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, 160),
        nn.ReLU(),
        nn.Linear(160, 10),
    )


def packaged_network(name: str, folder: Path | None = None) -> nn.Module:
    """A trained reader of digits in evaluation mode; pictures are ``[B, 1, 28, 28]``, brightness from 0 to 1.

    Args:
        name: ``relu`` or ``qcfs``.
        folder: Where its file is, if not beside this one.

    Raises:
        ConversionError: if there is no such network.

    Example:
        >>> packaged_network("qcfs")(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """
    network = digit_network() if name == "relu" else prepare(digit_network(), "qcfs", LEVELS)
    network.load_state_dict(_unpacked(_read(name, folder)[0]))
    return network.eval()


def packaged_notes(name: str) -> dict[str, Any]:
    """How a packaged network was trained: seed, command and accuracy.

    Example:
        >>> packaged_notes("relu")["seed"]
        0
    """
    return json.loads(_read(name)[1]["notes"])


def write_packaged(network: nn.Module, path: Path, notes: dict[str, Any]) -> None:
    """Writes a network with weights of eight bits, each channel with a scale of its own, and numbers of 32 bits else.

    Args:
        network: As :func:`packaged_network` gives it.
        path: Of the file.
        notes: What JSON can say of it.

    Raises:
        FileError: if it cannot be written.
    """
    found: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        if not name.endswith("weight"):
            found[name] = tensor.detach().clone()
            continue
        axes = (-1, *[1] * (tensor.ndim - 1))
        scale = tensor.flatten(1).abs().amax(1) / _MOST
        found[name] = (tensor / scale.reshape(axes)).round().to(torch.int8)
        found[f"{name}_scale"] = scale
    with whole_file(path) as place:
        save_file(found, place, {"notes": json.dumps(notes)})


def _unpacked(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of the network, weights as fractions."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if f"{name}_scale" in tensors:
            found[name] = tensor.float() * tensors[f"{name}_scale"].reshape(-1, *[1] * (tensor.ndim - 1))
        elif not name.endswith("_scale"):
            found[name] = tensor
    return found


def _read(name: str, folder: Path | None = None) -> tuple[dict[str, Tensor], dict[str, str]]:
    if name not in PACKAGED:
        raise ConversionError(f"there is no packaged network '{name}'; choose {', '.join(PACKAGED)}")
    path = str((folder or files("perception.proved_conversion")) / PACKAGED[name])
    with safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118
