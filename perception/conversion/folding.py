"""Batch norms folded into the call before them; weights that are shared stay as they are for the other calls."""

from dataclasses import replace

import torch
from torch import Tensor

from .operators import family
from .signal_graph import Constant, ConversionError, Operation, Reference, Role, SignalGraph

_OUTPUT_AXIS = {"conv1d": 0, "conv2d": 0, "conv3d": 0, "linear": 0, "conv_transpose1d": 1, "conv_transpose2d": 1}


def fold_norms(graph: SignalGraph) -> SignalGraph:
    """The graph without the batch norms that alone read a call with weights; the others stay, affine per channel.

    ``W' = W gamma / sqrt(var + eps)`` and ``b' = (b - mean) gamma / sqrt(var + eps) + beta``, new tensors of that call.

    Raises:
        ConversionError: if a norm counts the batch instead of what it learned.
    """
    operations = {one.name: one for one in graph.operations}
    constants = dict(graph.constants)
    renamed: dict[str, str] = {}
    for one in graph.operations:
        if family(one.target) != "batch_norm":
            continue
        gamma, beta, mean, variance, training, _, epsilon = one.arguments[1:8]
        if training or not isinstance(mean, Constant):
            raise ConversionError(
                f"{one.line}: this batch norm measures each batch (track_running_stats=False), so that a picture's "
                f"answer depends on the others; train it with running statistics"
            )
        scale = torch.rsqrt(constants[variance.name].double() + epsilon)
        scale = scale * constants[gamma.name].double() if isinstance(gamma, Constant) else scale
        shift = -constants[mean.name].double() * scale
        shift = shift + constants[beta.name].double() if isinstance(beta, Constant) else shift
        read: str = one.arguments[0].name
        source = operations.get(renamed.get(read, read))
        if source is None or not _foldable(graph, source, one):
            continue
        weight = constants[source.arguments[1].name]
        given = list(source.arguments)
        old = given[2] if len(given) > 2 else None
        bias = constants[old.name].double() if isinstance(old, Constant) else 0.0
        new_weight, new_bias = f"{source.name}_folded_weight", f"{source.name}_folded_bias"
        constants[new_weight] = _scaled(weight, scale, source)
        constants[new_bias] = (bias * scale + shift).to(weight.dtype)
        arguments = (given[0], Constant(new_weight), Constant(new_bias), *given[3:])
        operations[source.name] = replace(source, arguments=arguments)
        del operations[one.name]
        renamed[one.name] = source.name
    return _renamed(SignalGraph(tuple(operations.values()), constants, graph.outputs, graph.several), renamed)


def _foldable(graph: SignalGraph, source: Operation, norm: Operation) -> bool:
    """Whether the norm alone reads what the call gives, and both count the same channels."""
    name = family(source.target)
    return (
        source.role is Role.WEIGHTED
        and name in _OUTPUT_AXIS
        and isinstance(source.arguments[1], Constant)
        and len(graph.users[source.name]) == 1
        and source.name not in graph.outputs
        and (name != "linear" or norm.channel_axis == source.channel_axis)
        and (not name.startswith("conv_transpose") or (len(source.arguments) < 7 or source.arguments[6] == 1))
    )


def _scaled(weight: Tensor, scale: Tensor, source: Operation) -> Tensor:
    axis = _OUTPUT_AXIS[family(source.target)]
    shape = [1] * weight.dim()
    shape[axis] = -1
    return (weight.double() * scale.reshape(shape)).to(weight.dtype)


def _renamed(graph: SignalGraph, names: dict[str, str]) -> SignalGraph:
    """The graph with references to folded norms led to the calls, and without tensors that nobody reads."""

    def follow(one: object) -> object:
        return Reference(names.get(one.name, one.name)) if isinstance(one, Reference) else one

    from .signal_graph import mapped

    operations = tuple(
        replace(
            one,
            arguments=mapped(one.arguments, follow),
            keywords={key: mapped(value, follow) for key, value in one.keywords.items()},
        )
        for one in graph.operations
    )
    outputs = tuple(names.get(name, name) for name in graph.outputs)
    needed = {name for one in operations for name in one.constants}
    needed |= {one.activation.ceiling for one in operations if one.activation and one.activation.ceiling}
    return SignalGraph(operations, {name: graph.constants[name] for name in needed}, outputs, graph.several)
