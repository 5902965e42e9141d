"""Converted networks in one safetensors file with a JSON manifest: operations, units, method; never pickle."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from logic.writing import whole_file

from .building import UNITS
from .converted import ConvertedLayer, ConvertedNetwork, LayerFacts
from .methods import Method
from .operators import may_be_read
from .signal_graph import Activation, Constant, ConversionError, Operation, Reference, Role, SignalGraph, leaves
from .units import SpikingUnit

_MANIFEST = "neurosym-conversion"
_VERSION = 1


def save_converted(converted: ConvertedNetwork, path: str | Path, notes: Mapping[str, str] | None = None) -> None:
    """Writes a converted network: its tensors, and in the head of the file a manifest that tells all the rest.

    Args:
        converted: The network.
        path: The file, for example ``digits.safetensors``.
        notes: What shall be kept beside it, such as the accuracy before and after.

    Raises:
        FileError: if it cannot be written; what was there stays.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from perception import convert
        >>> _ = torch.manual_seed(0)
        >>> network, pictures = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU()), torch.rand(8, 3)
        >>> spiking = convert(network, pictures, "group", steps=2)
        >>> with TemporaryDirectory() as folder:
        ...     save_converted(spiking, f"{folder}/small.safetensors")
        ...     again = load_converted(f"{folder}/small.safetensors")
        >>> torch.equal(again(pictures), spiking(pictures))
        True
    """
    tensors = {f"network.{name}": tensor for name, tensor in converted.constants.items()}
    tensors["sample"] = converted.sample
    units: dict[str, Any] = {}
    for one in converted.graph.neurons:
        unit = converted.unit(one)
        units[one.name] = {"kind": type(unit).__name__, **unit.settings()}
        tensors |= {f"units.{one.name}.{name}": tensor for name, tensor in unit.named_buffers()}
    manifest = {
        "version": _VERSION,
        "method": asdict(converted.method),
        "steps": converted.steps,
        "window": converted.window,
        "steps_to_answer": converted.steps_to_answer,
        "alphabet": converted.alphabet,
        "islands": list(converted.islands),
        "calibration": calibration_hash(converted.sample),
        "operations": [_written_operation(one) for one in converted.graph.operations],
        "outputs": list(converted.graph.outputs),
        "several": converted.graph.several,
        "units": units,
        "layers": [asdict(layer) for layer in converted.layers],
        "notes": dict(notes or {}),
    }
    contiguous = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    with whole_file(Path(path)) as place:
        try:
            save_file(contiguous, place, {_MANIFEST: json.dumps(manifest)})
        except SafetensorError as fault:  # what safetensors makes of a full disk
            raise OSError(str(fault)) from fault


def load_converted(path: str | Path) -> ConvertedNetwork:
    """The network that :func:`save_converted` wrote. Nothing in the file is run but operators of the rule table.

    Raises:
        ConversionError: if the file is missing, damaged or holds something else.
    """
    tensors, manifest = _read(path)
    try:
        operations = tuple(_read_operation(one) for one in manifest["operations"])
        constants = {name.removeprefix("network."): one for name, one in tensors.items() if name.startswith("network.")}
        for place, one in enumerate(operations):
            if not set(one.sources) <= {before.name for before in operations[:place]}:
                raise ValueError(f"'{one.name}' reads what does not stand before it")
        missing = {name for one in operations for name in one.constants} - constants.keys()
        if missing:
            raise ValueError(f"it lacks the tensors {', '.join(sorted(missing))}")
        graph = SignalGraph(operations, constants, tuple(manifest["outputs"]), bool(manifest["several"]))
        units = {one.name: _read_unit(one.name, manifest["units"][one.name], tensors) for one in graph.neurons}
        rows: list[dict[str, Any]] = manifest["layers"]
        for row in rows:
            row["threshold"] = tuple(row["threshold"])
        layers = tuple(ConvertedLayer(**row) for row in rows)
        facts = {
            one.name: LayerFacts(layer.clipped_share, layer.dead_share)
            for one, layer in zip(graph.neurons, layers, strict=True)
        }
        method, steps = Method(**manifest["method"]), int(manifest["steps"])
        converted = ConvertedNetwork(graph, units, method, steps, facts, tensors["sample"])
        converted.layers = layers  # as measured when it was saved
        return converted
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise ConversionError(
            f"{path}: holds no converted network ({_first_line(fault)}); convert and save again"
        ) from None


def read_notes(path: str | Path) -> dict[str, Any]:
    """The manifest of a saved network, its notes among them, without making the network.

    Raises:
        ConversionError: if the file is missing, damaged or holds something else.
    """
    return _read(path)[1]


def calibration_hash(pictures: Tensor) -> str:
    """A name for calibration pictures, of those that are kept."""
    return hashlib.sha256(pictures.detach().cpu().double().numpy().tobytes()).hexdigest()[:16]


def _read(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not Path(path).is_file():
        raise ConversionError(f"{path}: there is no such file; check the path")
    try:
        with safe_open(path, framework="pt") as file:
            opened = cast(Any, file)
            text = (opened.metadata() or {}).get(_MANIFEST)
            if text is None:
                raise ConversionError(f"{path}: is no converted network; save one by save_converted")
            manifest = json.loads(text)
            return {name: opened.get_tensor(name) for name in opened.keys()}, manifest  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError, ValueError, RuntimeError, RecursionError) as fault:
        if isinstance(fault, ConversionError):
            raise
        raise ConversionError(f"{path}: the file is damaged ({_first_line(fault)}); convert and save again") from None


def _first_line(fault: BaseException) -> str:
    return str(fault).partition("\n")[0].rstrip(":")


def _written_operation(one: Operation) -> dict[str, Any]:
    kept = {key: value for key, value in vars(one).items() if key in Operation.__dataclass_fields__}
    kept["arguments"] = [_written(argument) for argument in one.arguments]
    kept["keywords"] = {key: _written(argument) for key, argument in one.keywords.items()}
    kept["activation"] = asdict(one.activation) if one.activation else None
    return kept


def _written(leaf: Any) -> Any:
    if isinstance(leaf, list | tuple):
        return [_written(one) for one in cast("list[Any]", leaf)]
    if isinstance(leaf, Reference):
        return {"result": leaf.name}
    if isinstance(leaf, Constant):
        return {"tensor": leaf.name}
    if isinstance(leaf, torch.dtype):
        return {"dtype": str(leaf).removeprefix("torch.")}
    if isinstance(leaf, torch.device):
        return {"device": "cpu"}
    if isinstance(leaf, torch.layout | torch.memory_format):
        return None
    return leaf


def _read_operation(one: dict[str, Any]) -> Operation:
    target = str(one["target"])
    if not may_be_read(target):
        raise ValueError(f"it asks for '{target}', which is no operator of a network")
    settings: dict[str, Any] = {
        **one,
        "arguments": tuple(_unwritten(argument) for argument in one["arguments"]),
        "keywords": {key: _unwritten(argument) for key, argument in one["keywords"].items()},
        "role": Role(one["role"]),
        "activation": Activation(**one["activation"]) if one["activation"] else None,
    }
    found = Operation(**settings)
    if any(isinstance(leaf, dict) for leaf in leaves(found.all_arguments)):
        raise ValueError(f"it has arguments for '{target}' that are none")
    return found


def _unwritten(leaf: Any) -> Any:
    if isinstance(leaf, list):
        return [_unwritten(one) for one in cast("list[Any]", leaf)]
    if isinstance(leaf, dict) and len(cast("dict[str, Any]", leaf)) == 1:
        ((kind, name),) = cast("dict[str, str]", leaf).items()
        if kind == "dtype":
            found = getattr(torch, name, None)
            return found if isinstance(found, torch.dtype) else leaf
        makers = {"result": Reference, "tensor": Constant, "device": torch.device}
        return makers[kind](name) if kind in makers else cast(Any, leaf)
    return leaf


def _read_unit(name: str, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> SpikingUnit:
    chosen = {key: value for key, value in settings.items() if key != "kind"}
    unit: SpikingUnit = cast(Any, UNITS[settings["kind"]])(tensors[f"units.{name}.threshold"], **chosen)
    unit.bias = tensors.get(f"units.{name}.bias")
    return unit
