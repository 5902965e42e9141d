"""Networks from files: a ``.pt2`` of torch.export, weights with a factory of the user's code, or ONNX."""

import copy
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ..signal_graph import ConversionError


def read_network(path: str | Path, factory: str | Callable[[], nn.Module] | None = None) -> nn.Module:
    """The network in a file, ready for :func:`perception.convert`.

    Args:
        path: ``.pt2`` of ``torch.export.save`` (with an open number of pictures; needs no code of the user's),
            ``.safetensors`` with weights, or ``.onnx`` (needs the extra ``onnx``).
        factory: Of weights alone: what makes the network without weights, ``package.module:function`` or a function.
            It is the user's own code, and is run.

    Raises:
        ConversionError: if the file is missing, damaged or lacks its factory; the text says what to give.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from safetensors.torch import save_model
        >>> with TemporaryDirectory() as folder:
        ...     save_model(nn.Linear(2, 3), f"{folder}/small.safetensors")
        ...     read_network(f"{folder}/small.safetensors", lambda: nn.Linear(2, 3))
        Linear(in_features=2, out_features=3, bias=True)
    """
    file = Path(path)
    if not file.is_file():
        raise ConversionError(f"{path}: there is no such file; check the path")
    readers: dict[str, Callable[[], nn.Module]] = {
        ".pt2": lambda: _exported(file),
        ".safetensors": lambda: _weights(file, factory),
        ".onnx": lambda: _onnx(file),
    }
    if file.suffix not in readers:
        raise ConversionError(
            f"{path}: '{file.suffix}' is not read (pickles run what stands in them); save it by "
            f"torch.export.save as .pt2, or its weights as .safetensors"
        )
    return readers[file.suffix]()


def _exported(file: Path) -> nn.Module:
    try:
        program = torch.export.load(file)
    except Exception as fault:
        raise ConversionError(
            f"{file}: is no exported program ({_first_line(fault)}); write it by torch.export.save"
        ) from None
    return program.module()


def _weights(file: Path, factory: str | Callable[[], nn.Module] | None) -> nn.Module:
    if factory is None:
        raise ConversionError(
            f"{file}: holds weights alone; name what makes the network, as in --factory package.module:function"
        )
    network = (_named(factory) if isinstance(factory, str) else factory)()
    if not isinstance(cast(object, network), nn.Module):
        raise ConversionError(f"the factory {factory} gives {type(network).__name__}, not a torch module")
    network = copy.deepcopy(network)
    try:
        network.load_state_dict(load_file(file))
    except (SafetensorError, OSError, RuntimeError) as fault:
        raise ConversionError(
            f"{file}: does not fit the network of the factory ({' '.join(str(fault).split())[:300]}); check both"
        ) from None
    return network


def _named(factory: str) -> Callable[[], nn.Module]:
    module, _, name = factory.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as fault:
        raise ConversionError(f"there is no factory '{factory}' ({fault}); write package.module:function") from None


def _onnx(file: Path) -> nn.Module:
    try:
        translate: Any = import_module("onnx2torch").convert
    except ImportError:
        raise ConversionError(f"{file}: ONNX is an extra; install it by pip install 'neurosym[onnx]'") from None
    try:
        return translate(str(file))
    except NotImplementedError as fault:
        raise ConversionError(f"{file}: holds operators without a translation ({_first_line(fault)})") from None
    except Exception as fault:
        raise ConversionError(f"{file}: is no ONNX model ({_first_line(fault)})") from None


def _first_line(fault: BaseException) -> str:
    return str(fault).strip().partition("\n")[0].rstrip(":")
