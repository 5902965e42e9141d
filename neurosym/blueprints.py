"""Blueprints: how modules are made, as JSON can say it, so that others of the same shape can be made from a file.

A file names classes, but no class is looked up by a name in a file unless it is one of ours or a layer of torch: those
of users are given by whoever loads.
"""

import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from logic import Domain, NeurosymError
from perception import Neural
from perception.networks.network_catalogue import PERCEPTIONS, kind_of, path_of
from perception.networks.perception import PerceptionError, check_remakable, difference, outline

from .embeddings import NamedTensor

Blueprint = Mapping[str, Any]
"""What JSON can say of a module: its kind, and what its kind is made from."""

MOST_STEPS = 4096  # of a network that a file asks for
_LAYERS = "torch.nn"
_NEURAL, _TENSOR, _SEQUENCE = "neural", "tensor", "sequence"
_LEFT_OUT = ("self", "device", "dtype", "_weight", "_freeze")  # what says nothing about the layer as it is
_DTYPES = {str(one).removeprefix("torch."): one for one in (torch.float64, torch.float32, torch.float16, torch.bfloat16,
    torch.int64, torch.int32, torch.uint8, torch.bool)}  # fmt: skip


class BlueprintError(NeurosymError, ValueError):
    """A module of which no other can be made, or a blueprint that says nothing sensible."""


def blueprint_of(module: nn.Module) -> Blueprint:
    """How to make another of the same shape.

    Raises:
        BlueprintError: if it does not tell; the text says what to give it.

    Example:
        >>> blueprint_of(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))["layers"][1]
        ['1', {'kind': 'torch.nn.Linear', 'arguments': {'in_features': 784, 'out_features': 10}}]
    """
    if isinstance(module, NamedTensor):
        value = module.value
        kind = str(value.dtype).removeprefix("torch.")
        return {"kind": _TENSOR, "shape": list(value.shape), "dtype": kind, "learned": isinstance(value, nn.Parameter)}
    if isinstance(module, Neural):
        return {"kind": _NEURAL, "domain": _told(module.domain), "module": blueprint_of(module.module)}
    if isinstance(getattr(module, "domain", None), Domain):
        return _of_perception(module)
    if type(module) is nn.Sequential:
        return {"kind": _SEQUENCE, "layers": [[name, blueprint_of(layer)] for name, layer in module.named_children()]}
    name = type(module).__name__
    if getattr(nn, name, None) is type(module):
        found = {"kind": f"{_LAYERS}.{name}", "arguments": _arguments(module)}
        remedy = "put it into a class of your own"
    else:
        found = {"kind": path_of(type(module)), "arguments": _architecture(module)}
        remedy = f"give it a method architecture(self) that returns the arguments, so that {name}(**arguments)"
    return _checked(module, found, f"{remedy} makes another of the same shape")


def _told(domain: Domain) -> Blueprint:
    return {"name": domain.name, "values": list(domain.values)}


def _of_perception(module: nn.Module) -> Blueprint:
    try:
        found = check_remakable(module)
        architecture = json.loads(json.dumps(found.architecture()))
    except (PerceptionError, TypeError, ValueError) as fault:
        raise BlueprintError(str(fault)) from None
    return {"kind": kind_of(found), "domain": _told(found.domain), "architecture": architecture}


def _architecture(module: nn.Module) -> Blueprint:
    tell = getattr(module, "architecture", None)
    try:
        return json.loads(json.dumps(tell() if callable(tell) else {}))
    except (TypeError, ValueError) as fault:
        raise BlueprintError(
            f"the architecture of a {type(module).__name__} is nothing that JSON can say: {fault}"
        ) from None


def _arguments(layer: nn.Module) -> Blueprint:
    """The arguments of a layer of torch that it keeps as attributes, unless they are the usual ones."""
    signatures = (inspect.signature(made.__init__).parameters for made in type(layer).__mro__)
    named = (one for one in signatures if all(part.kind != part.VAR_POSITIONAL for part in one.values()))
    parameters: Mapping[str, inspect.Parameter] = next(named, {})
    arguments: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name in _LEFT_OUT or (name == "mode" and isinstance(layer, nn.RNNBase)):
            continue
        value = getattr(layer, name, parameter.default if parameter.default is None else layer)
        value = value is not None if name == "bias" and isinstance(value, Tensor | None) else value
        if value is layer or value != parameter.default:  # JSON cannot say the layer, which stands for what is not told
            arguments[name] = value
    if isinstance(layer, nn.RNN):
        arguments["nonlinearity"] = layer.nonlinearity
    try:
        return json.loads(json.dumps(arguments))
    except (TypeError, ValueError):
        kind = type(layer).__name__
        raise BlueprintError(
            f"a {kind} cannot be saved, since it does not tell all of its arguments; put it into a class of your own "
            f"with a method architecture(self) that returns the arguments with which the class makes another"
        ) from None


def _checked(module: nn.Module, found: Blueprint, remedy: str) -> Blueprint:
    """The blueprint, after another has been made from it on no device."""
    name = type(module).__name__
    try:
        shapes = {key: tuple(one.shape) for key, one in module.state_dict().items()}
        wanted = outline(lambda: build(found, [type(module)]))
    except Exception as fault:  # whatever a stranger's constructor raises
        raise BlueprintError(f"a {name} cannot be saved, since making another fails ({fault}); {remedy}") from None
    if differing := difference(wanted, shapes):
        raise BlueprintError(f"a {name} cannot be saved, since its arguments make another: {differing}; {remedy}")
    return found


def build(blueprint: Blueprint, kinds: Sequence[type[nn.Module]] = ()) -> nn.Module:
    """A module made from a blueprint; its weights are drawn without touching torch's own generator.

    Args:
        blueprint: As :func:`blueprint_of` gives it.
        kinds: Classes that it may ask for beside ours and torch's layers.

    Raises:
        BlueprintError: if it asks for a class that is not among them, or for nothing sensible.
    """
    kind = str(blueprint["kind"])
    if kind == _TENSOR:
        value = torch.zeros(list(blueprint["shape"]), dtype=_DTYPES[blueprint["dtype"]])
        return NamedTensor(nn.Parameter(value) if blueprint["learned"] else value)
    if kind == _NEURAL:
        return Neural(build(blueprint["module"], kinds), Domain(**blueprint["domain"]))
    if kind == _SEQUENCE:
        layers = nn.Sequential()
        for name, layer in blueprint["layers"]:
            layers.add_module(name, build(layer, kinds))
        return layers
    make = _class_of(kind, kinds)
    if "domain" not in blueprint:
        arguments = dict(blueprint["arguments"])
        if kind.startswith(_LAYERS):  # whose lists were tuples
            arguments = {name: tuple(one) if isinstance(one, list) else one for name, one in arguments.items()}
        with torch.random.fork_rng(devices=[]):
            return make(**arguments)
    made = make(Domain(**blueprint["domain"]), torch.Generator("cpu"), **blueprint["architecture"])
    if not 1 <= (steps := getattr(made, "steps", 1)) <= MOST_STEPS:
        raise BlueprintError(f"it runs {steps} steps, expected 1 to {MOST_STEPS}")
    return made


def _class_of(kind: str, kinds: Sequence[type[nn.Module]]) -> type[nn.Module]:
    home, _, name = kind.rpartition(".")
    layer = getattr(nn, name, None) if home == _LAYERS else None
    if isinstance(layer, type) and issubclass(layer, nn.Module):
        return layer
    own = {path_of(made): made for made in kinds} | {made.__qualname__: made for made in kinds}
    found = PERCEPTIONS.get(kind) or own.get(kind) or own.get(name)
    if found is None:
        raise BlueprintError(
            f"holds a module of the class {kind!r}, which is none of {', '.join(PERCEPTIONS)}; import the class and "
            f"name it: kinds=[{name}]"
        )
    return found
