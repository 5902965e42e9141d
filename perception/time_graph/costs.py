"""What a module over time does for a recording: a run of its traced graph that counts synapses and spikes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..conversion.operators import function_of
from ..conversion.signal_graph import Constant, Reference, mapped
from ..neurons import Neuron
from ..temporal import DelayedLinear, OneToOne, Recurrent
from .leaf_layers import LEAF
from .time_graph import GraphError, TimeGraph, TimeOperation, trace_over_time

WEIGHTED = ("linear", "conv1d", "conv2d", "conv3d")
Watch = Callable[[TimeOperation, list[Any], Tensor], None]


@dataclass(frozen=True)
class OperationCost:
    """What one weighted operation does for one recording over all steps, on average.

    Args:
        name: Its place in the network; ``.connection`` behind that of recurrent neurons.
        synapses: Multiplications of one step with graded units.
        additions: What spikes cause.
        multiplications: What inputs cause that are no whole numbers.
    """

    name: str
    synapses: int
    additions: float
    multiplications: float


def module_costs(network: nn.Module, signal: Tensor) -> tuple[list[OperationCost], dict[str, float]]:
    """The costs of all weights of a module, written as modules or as functions, and the rates of its neurons.

    Args:
        network: From ``[T, B, ...]`` to ``[T, B, ...]``; in evaluation.
        signal: Of some recordings, ``[T, B, ...]``.

    Raises:
        GraphError: if the module cannot be traced, or multiplies signals by signals.

    Example:
        >>> from perception import LeakyIntegrateAndFire, TimeDistributed
        >>> network = nn.Sequential(TimeDistributed(nn.Linear(4, 3)), LeakyIntegrateAndFire())
        >>> costs, rates = module_costs(network, torch.ones(5, 2, 4))
        >>> costs[0].synapses, costs[0].additions, list(rates)
        (12, 60.0, ['1'])
    """
    costs, rates, samples = list[OperationCost](), dict[str, float](), signal.shape[1]

    def count(name: str, counted: Callable[[Tensor], Tensor], given: Tensor, single: Tensor) -> None:
        whole = bool((given == given.round()).all())
        reached = float(counted(given.abs().double() if whole else torch.ones_like(given).double()).sum()) / samples
        synapses = round(float(counted(torch.ones_like(single).double()).sum()))
        costs.append(OperationCost(name, synapses, reached if whole else 0.0, 0.0 if whole else reached))

    def look(one: TimeOperation, arguments: list[Any], found: Tensor) -> None:
        if one.family in WEIGHTED and one.moving:
            weight = torch.ones_like(arguments[1]).double()
            function, rest = function_of(one.target), arguments[3:]
            name = one.place or one.name
            given = arguments[0]
            taken = [row.name for row in costs]
            label = name if name not in taken else f"{name}.{one.name}"
            count(label, lambda x: function(x, weight, None, *rest), given, given[:1] if given.ndim > 1 else given)
        elif one.family in ("matmul", "bmm", "mm", "einsum") and len(one.sources) > 1:
            raise GraphError(f"{one.where}'{one.family}' multiplies signals by signals, whose cost is not known here")
        elif one.layer is not None:
            given = arguments[0]
            if isinstance(one.layer, Neuron):
                rates[one.place] = float((found != 0).double().mean())
            if isinstance(one.layer, DelayedLinear):
                outputs = len(one.layer.weight)
                count(one.place, lambda x: x * outputs, given, given[:1, :1])
            if isinstance(one.layer, Recurrent):
                before = torch.cat([torch.zeros_like(found[:1]), found[:-1]])
                count(f"{one.place}.connection", _back(one.layer.connection), before.flatten(0, 1), found[0, :1])

    with torch.no_grad():
        run_graph(trace_over_time(network, signal), signal, look)
    return costs, rates


def _back(connection: nn.Module) -> Callable[[Tensor], Tensor]:
    """What spikes reach through a recurrent connection."""
    if isinstance(connection, OneToOne | nn.Identity):
        return lambda sent: sent
    if isinstance(connection, nn.Linear):
        return lambda sent: sent * connection.out_features
    if isinstance(connection, nn.Conv2d):
        how: Any = (connection.stride, connection.padding, connection.dilation, connection.groups)
        ones = torch.ones_like(connection.weight).double()
        return lambda sent: nn.functional.conv2d(sent, ones, None, *how)
    raise GraphError(
        f"the cost of a recurrent {type(connection).__name__} is not known here; use nn.Linear or nn.Conv2d"
    )


def run_graph(graph: TimeGraph, signal: Tensor, watch: Watch | None = None) -> Tensor:
    """What the module gives, operation by operation.

    Args:
        graph: Of the module.
        signal: ``[T, B, ...]``.
        watch: Called with each operation, its arguments and its result.
    """
    values: dict[str, Any] = {}

    def value(one: Any) -> Any:
        if isinstance(one, Constant):
            return graph.constants[one.name]
        return values[one.name] if isinstance(one, Reference) else one

    for one in graph.operations:
        arguments = mapped(list(one.arguments), value)
        keywords: Mapping[str, Any] = {key: mapped(given, value) for key, given in one.keywords.items()}
        if one.target == "input":
            values[one.name] = signal
        elif one.target == LEAF and one.layer is not None:
            values[one.name] = one.layer(arguments[0])
        elif one.family.startswith(("_assert", "sym_constrain", "_check")):
            continue
        else:
            values[one.name] = function_of(one.target)(*arguments, **keywords)
        if watch and isinstance(values[one.name], Tensor):
            watch(one, arguments, values[one.name])
    return values[graph.output]
