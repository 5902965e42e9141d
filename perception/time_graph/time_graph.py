"""The graph of a module over time ``[T, B, ...]``, traced by ``torch.export`` for any number of steps and samples.

The sizes of steps and samples stay symbols, so that each tensor tells where they are: ``[T, B, ...]``, merged to
``[T * B, ...]``, or nowhere. Layers over time (:mod:`.leaf_layers`) are single operations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor, fx, nn

from logic import NeurosymError

from ..conversion.operators import family
from ..conversion.signal_graph import Constant, ConversionError, Reference, leaves as flat, mapped
from ..conversion.tracing import export, in_place, line_of, plain, target_of, tensors_of
from .leaf_layers import LEAF, OverTime, leaves

AXES = ("steps", "samples")


class GraphError(NeurosymError, ValueError):
    """A network that cannot be traced over time, or has a part for which there is no rule; the text names it."""


class Layout(StrEnum):
    """Where steps and samples lie in a tensor."""

    PARTED = "[T, B, ...]"
    MERGED = "[T * B, ...]"
    STILL = "no steps"  # constants, and numbers
    OTHER = "steps elsewhere"


@dataclass(frozen=True, eq=False)
class TimeOperation:
    """One call of a function on tensors, or of a layer over time.

    Args:
        name: Unique in its graph.
        target: Name of the operator, such as ``conv2d.default``; ``input``, or ``layer_over_time``.
        arguments: Numbers, lists of them, :class:`Reference` and :class:`Constant`.
        keywords: Likewise.
        layout: Of the result.
        steps_first: Whether the result's first axis, and no other, runs over the steps (and perhaps more, inside).
        depends_on_steps: Whether the result is a number that depends on how many steps there are.
        features: Sizes of its other axes; of a ``STILL`` or ``OTHER`` result all that are numbers.
        line: ``file:line`` of the network's source, or empty.
        place: Path of the module that calls it.
        layer: The layer over time, if it is one.
    """

    name: str
    target: str
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict[str, Any])
    layout: Layout = Layout.STILL
    steps_first: bool = False
    depends_on_steps: bool = False
    features: tuple[int, ...] = ()
    line: str = ""
    place: str = ""
    layer: OverTime | None = None

    @property
    def family(self) -> str:
        """The operator without overload and without the underscore of those that work in place."""
        name = family(self.target)
        return name[:-1] if in_place(self.target) else name

    @property
    def moving(self) -> bool:
        """Whether it has steps."""
        return self.layout is not Layout.STILL

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Names of the operations that it refers to, in order, each once."""
        given = flat((*self.arguments, *self.keywords.values()))
        return tuple(dict.fromkeys(one.name for one in given if isinstance(one, Reference)))

    @property
    def where(self) -> str:
        """For messages: line and module."""
        parts = [part for part in (self.line, self.place and f"'{self.place}'") if part]
        return f"{', '.join(parts)}: " if parts else ""


@dataclass(frozen=True, eq=False)
class TimeGraph:
    """A module over time: operations in the order in which they run.

    Args:
        operations: The first is the input.
        constants: Its tensors by name.
        output: Name of the operation whose result it returns.
        changed: Names of the buffers that a call changes.
        several: Whether it returns more than one tensor.
    """

    operations: tuple[TimeOperation, ...]
    constants: Mapping[str, Tensor]
    output: str
    changed: tuple[str, ...] = ()
    several: bool = False

    @cached_property
    def by_name(self) -> Mapping[str, TimeOperation]:
        """The operations by name."""
        return {one.name: one for one in self.operations}

    @cached_property
    def users(self) -> Mapping[str, tuple[TimeOperation, ...]]:
        """Those that refer to an operation."""
        found: dict[str, list[TimeOperation]] = {one.name: [] for one in self.operations}
        for operation in self.operations:
            for source in operation.sources:
                found[source].append(operation)
        return {name: tuple(users) for name, users in found.items()}


def trace_over_time(network: nn.Module, example: Tensor) -> TimeGraph:
    """A module as a graph; it stays as it is, and in the mode in which it is.

    Args:
        network: From signals ``[T, B, ...]`` to ``[T, B, ...]``, such as a sequence of layers of ours and
            :class:`perception.TimeDistributed` ones.
        example: What it takes in, ``[T, B, ...]``; the numbers do not matter.

    Raises:
        GraphError: if it cannot be traced: it branches on its data, loops over steps itself, or keeps a state.

    Example:
        >>> from perception import LeakyIntegrateAndFire, TimeDistributed
        >>> network = nn.Sequential(TimeDistributed(nn.Linear(4, 3)), LeakyIntegrateAndFire())
        >>> graph = trace_over_time(network, torch.zeros(2, 1, 4))
        >>> [(one.family, str(one.layout)) for one in graph.operations if one.moving][1:4]
        [('flatten', '[T * B, ...]'), ('linear', '[T * B, ...]'), ('unflatten', '[T, B, ...]')]
    """
    with leaves(network) as layers:
        try:
            program = export(network, example, AXES)
        except ConversionError as fault:
            raise GraphError(str(fault)) from None
    return _translated(program, layers)


def _translated(program: torch.export.ExportedProgram, layers: Mapping[str, OverTime]) -> TimeGraph:
    tensors, found = tensors_of(program), dict[fx.Node, Any]()
    operations, constants, output, several = list[TimeOperation](), dict[str, Tensor](), "", False
    steps = samples = None
    for node in program.graph.nodes:
        value = node.meta.get("val")
        if node.op == "placeholder" and node.name in tensors:
            name, tensor = tensors[node.name]
            constants[name], found[node] = tensor.detach(), Constant(name)
        elif node.op == "placeholder":
            steps, samples = (size.node.expr for size in value.shape[:2])
            shape = tuple(int(size) for size in value.shape[2:])
            operations.append(TimeOperation(node.name, "input", (), {}, Layout.PARTED, True, False, shape))
            found[node] = Reference(node.name)
        elif node.op == "get_attr":
            constants[str(node.target)] = getattr(program.graph_module, str(node.target))
            found[node] = Constant(str(node.target))
        elif node.op == "call_function":
            operations.append(_operation(node, found, layers, steps, samples))
            found[node] = Reference(node.name)
        elif node.op == "output":
            returned = list(flat(cast("tuple[Any, ...]", node.args)))
            last = [found[one] for one in returned if isinstance(one, fx.Node)]
            user = last[len(program.graph_signature.buffers_to_mutate) :]
            several = len(user) > 1
            output = user[0].name if user else ""
    changed = tuple(program.graph_signature.buffers_to_mutate.values())
    return TimeGraph(tuple(operations), constants, output, changed, several)


def _operation(
    node: fx.Node, found: Mapping[fx.Node, Any], layers: Mapping[str, OverTime], steps: Any, samples: Any
) -> TimeOperation:
    def resolve(one: Any) -> Any:
        return found[one] if isinstance(one, fx.Node) else one

    arguments = mapped(tuple(plain(node.args)), resolve)
    keywords = {key: mapped(plain(one), resolve) for key, one in node.kwargs.items()}
    target = target_of(node).removeprefix("neurosym.")
    places = list((node.meta.get("nn_module_stack") or {}).values())
    place = str(places[-1][0]) if places else ""
    layer = None
    if family(target) == LEAF:
        target, place, layer = LEAF, str(arguments[1]), layers[arguments[1]]
    value = node.meta.get("val")
    value = (
        next((one for one in flat(value) if isinstance(one, Tensor)), None)
        if isinstance(value, list | tuple)
        else value
    )
    if not isinstance(value, Tensor):
        counted = steps in getattr(getattr(getattr(value, "node", None), "expr", None), "free_symbols", ())
        return TimeOperation(
            node.name, target, arguments, keywords, depends_on_steps=counted, line=line_of(node), place=place
        )
    sizes = [_expression(size) for size in value.shape]
    holding = [axis for axis, size in enumerate(sizes) if steps in getattr(size, "free_symbols", ())]
    features = tuple(
        int(size) for size in value.shape if not isinstance(size, torch.SymInt) or _expression(size).is_number
    )
    layout = Layout.OTHER if holding else Layout.STILL
    if holding == [0] and sizes[0] == steps and len(sizes) > 1 and sizes[1] == samples:
        layout = Layout.PARTED
    elif holding == [0] and sizes[0] == steps * samples:
        layout = Layout.MERGED
    first = holding == [0] and steps not in getattr(sizes[0] / steps, "free_symbols", (steps,))
    return TimeOperation(
        node.name, target, arguments, keywords, layout, first, False, features, line_of(node), place, layer
    )


def _expression(size: Any) -> Any:
    return size.node.expr if isinstance(size, torch.SymInt) else size
