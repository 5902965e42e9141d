"""Batch norms of a graph over time as factors and offsets of the weights before them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..conversion.signal_graph import Constant, Reference
from ..time_graph import TimeGraph, TimeOperation

Factors = tuple[Tensor, Tensor]
"""Scale ``[C]`` and offset ``[C]`` of a norm in evaluation."""
WEIGHTS = ("linear", "conv1d", "conv2d")
_VIEW_NAMES = """
    flatten unflatten view reshape view_as reshape_as _unsafe_view squeeze unsqueeze contiguous alias clone detach to
    _to_copy type_as dropout feature_dropout
"""
VIEWS = frozenset(_VIEW_NAMES.split())
"""What only changes the shape, in evaluation."""


def folded_norms(graph: TimeGraph, value: Callable[[Any], Any]) -> dict[str, Factors]:
    """The norms that stand behind weights, by the operation of these, if nobody else sees what leaves them.

    ``y = x scale + shift``, with ``scale = gamma / sqrt(var + eps)`` and ``shift = beta - mean scale``.

    Args:
        graph: In evaluation.
        value: The tensor behind an argument.
    """
    found: dict[str, Factors] = {}
    for one in graph.operations:
        known = one.arguments[1:5]
        if (
            one.family != "batch_norm"
            or one.arguments[5]
            or not all(isinstance(part, Constant | None) for part in known)
        ):
            continue
        name = one.arguments[0].name if isinstance(one.arguments[0], Reference) else ""
        while name and graph.by_name[name].family in VIEWS and len(graph.users[name]) == 1:
            name = graph.by_name[name].sources[0]
        if not name or graph.by_name[name].family not in WEIGHTS or len(graph.users[name]) != 1:
            continue
        found[name] = norm_factors(one, value)
    return found


def norm_factors(one: TimeOperation, value: Callable[[Any], Any]) -> Factors:
    """Scale and offset of a norm in evaluation."""
    weight, bias, mean, variance = (value(part) for part in one.arguments[1:5])
    scale = (torch.ones_like(mean) if weight is None else weight) / (variance + one.arguments[7]).sqrt()
    return scale, (0 if bias is None else bias) - mean * scale


def sources_through_views(graph: TimeGraph, one: TimeOperation) -> list[str]:
    """The operations whose result, but for views, an operation takes first."""
    found, given = list[str](), one.arguments[0]
    while isinstance(given, Reference):
        found.append(given.name)
        before = graph.by_name[given.name]
        given = before.arguments[0] if before.family in VIEWS else None
    return found
