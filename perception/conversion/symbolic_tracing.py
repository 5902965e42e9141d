"""Networks of well-known modules and plain sums, traced by torch.fx in a tenth of the time that torch.export takes.

Each module is replaced by the operator that torch.export would find in it. What is not known for certain, such as a
module with hooks, a view with sizes of its own or a branch, is not traced here: None is the answer, and the exporter is
asked.
"""

import operator
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.fx.node import map_arg
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten

_Arguments = tuple[Any, ...]


def trace_modules(network: nn.Module, example: Tensor) -> tuple[fx.Graph, Mapping[str, Tensor]] | None:
    """The operators of a network with their tensors by name, as an exported program has them; None if not known.

    Args:
        network: In evaluation mode.
        example: Pictures, ``[B, ...]``; the first axis is that of the pictures, here and in all that is computed.
    """
    if not example.numel() or example.ndim < 2 or not _is_plain(network):
        return None
    tracer = fx.Tracer()
    tracer.record_stack_traces = True
    with suppress(Exception):  # whatever stops it stops the exporter too, or does not
        found = _Lowering(network, tracer.trace(network)).lowered(example[:2])
        if found is not None and _changes(network, example[:2]) == sum(map(_is_change, found[0].nodes)):
            return found
    return None


class _Changes(TorchDispatchMode):
    """Counts the operators that change what they are given."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func._schema.is_mutable
        return func(*args, **(kwargs or {}))


def _changes(network: nn.Module, example: Tensor) -> int:
    """How often a network changes a tensor in place, which torch.fx does not see of ``x += y``."""
    with torch.no_grad(), _Changes() as seen:
        network(example.clone())
    return seen.count


def _is_change(node: fx.Node) -> bool:
    return node.op == "call_function" and cast(Any, node.target)._schema.is_mutable


def _is_plain(network: nn.Module) -> bool:
    """Whether calling a module calls its class's forward and nothing else."""
    hooks = ("_forward_hooks", "_forward_pre_hooks")
    return not any(
        "forward" in vars(one) or any(getattr(one, name) for name in hooks) for one in network.modules()
    ) and not any(getattr(torch.nn.modules.module, f"_global{name}") for name in hooks)


class _Lowering:
    """Operators of torch.export for the calls that torch.fx recorded."""

    def __init__(self, network: nn.Module, recorded: fx.Graph) -> None:
        self._modules = dict(network.named_modules())
        self._tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
        self._recorded = recorded
        self._graph = fx.Graph()
        self._used: dict[str, Tensor] = {}

    def lowered(self, example: Tensor) -> tuple[fx.Graph, Mapping[str, Tensor]] | None:
        """The graph, and the tensors that it gets by name; None if a call is not known."""
        found: dict[fx.Node, fx.Node] = {}
        values: dict[fx.Node, Tensor] = {}
        called: set[str] = set()

        def tensor_of(one: fx.Node) -> Any:
            return values[one] if one in values else self._used[str(one.target)]

        for node in self._recorded.nodes:
            if node.op == "placeholder":
                if values:
                    return None
                made = self._graph.placeholder(str(node.target))
                made.name = str(node.target)
                values[made] = example
            elif node.op == "output":
                returned = node.args[0]
                if not isinstance(returned, fx.Node):
                    return None
                self._graph.output((found[returned],))
                continue
            else:
                if node.op == "call_module" and str(node.target) in called:
                    return None  # the exporter tells the calls apart
                called.add(str(node.target))
                call = self._call(node, found)
                if call is None:
                    return None
                function, arguments = call
                if function is None:
                    found[node] = arguments[0]
                    continue
                arguments = _without_defaults(function, arguments)
                family = str(function).split(".")[1]
                made = self._graph.create_node("call_function", function, arguments, name=family)
                made.meta = {key: node.meta[key] for key in ("nn_module_stack",) if key in node.meta}
                if node.op == "call_module":
                    made.meta["nn_module_stack"] = {node.target: (str(node.target), None)}
                made.meta["stack_trace"] = node.stack_trace
                with torch.no_grad():
                    values[made] = function(*map_arg(arguments, tensor_of))
                if len(values[made]) != len(example):
                    return None
            made.meta["val"] = SimpleNamespace(shape=("pictures", *values[made].shape[1:]))
            found[node] = made
        return self._graph, self._used

    def _got(self, name: str) -> fx.Node | None:
        """A parameter or a buffer."""
        if name not in self._tensors:
            return None
        self._used[name] = self._tensors[name]
        return self._graph.get_attr(name)

    def _call(self, node: fx.Node, found: Mapping[fx.Node, fx.Node]) -> tuple[Any, _Arguments] | None:
        """The operator and its arguments; no operator for what gives its input back; None if it is not known."""
        arguments = cast(_Arguments, map_arg(node.args, found.__getitem__))
        if node.op == "call_module" and not node.kwargs and len(arguments) == 1:
            module = self._modules[str(node.target)]
            lower = _MODULES.get(type(module))

            def own(name: str) -> fx.Node | None:
                return self._got(f"{node.target}.{name}")

            return None if lower is None else lower(module, arguments[0], own)
        if node.op in ("call_function", "call_method") and len(arguments) > 0:
            called = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
            known = node.op == "call_method" or node.target in _FUNCTIONS
            lower = _CALLS.get(str(called)) if known else None
            return None if lower is None else lower(*arguments, **node.kwargs)
        return None


def _without_defaults(function: Any, arguments: _Arguments) -> _Arguments:
    """As the exporter writes them: what at the end is as if it were not given is not given."""
    kept = [*arguments]
    for known in reversed(function._schema.arguments[: len(kept)]):
        if not known.has_default_value() or isinstance(kept[-1], fx.Node) or kept[-1] != known.default_value:
            break
        kept.pop()
    return tuple(kept)


_FUNCTIONS = frozenset([
    operator.add, torch.add, torch.relu, torch.flatten, torch.mean, nn.functional.relu,
])  # fmt: skip


def _convolution(function: Any) -> Any:
    def lower(module: nn.Conv2d, given: fx.Node, own: Any) -> tuple[Any, _Arguments] | None:
        if module.padding_mode != "zeros" or isinstance(module.padding, str):
            return None
        sizes = [[*one] for one in (module.stride, module.padding, module.dilation)]
        return function, (given, own("weight"), own("bias"), *sizes, module.groups)

    return lower


def _linear(module: nn.Linear, given: fx.Node, own: Any) -> tuple[Any, _Arguments]:
    return aten.linear.default, (given, own("weight"), own("bias"))


def _norm(module: nn.BatchNorm2d, given: fx.Node, own: Any) -> tuple[Any, _Arguments] | None:
    if module.running_mean is None or module.training or module.momentum is None:
        return None
    tensors = [own(name) for name in ("weight", "bias", "running_mean", "running_var")]
    return aten.batch_norm.default, (given, *tensors, False, module.momentum, module.eps, False)


def _relu(module: nn.ReLU, given: fx.Node, own: Any) -> tuple[Any, _Arguments]:
    return (aten.relu_ if module.inplace else aten.relu).default, (given,)


def _maximum(module: nn.MaxPool2d, given: fx.Node, own: Any) -> tuple[Any, _Arguments] | None:
    if module.return_indices:
        return None
    sizes = [_pair(one) for one in (module.kernel_size, module.stride, module.padding, module.dilation)]
    return aten.max_pool2d.default, (given, *sizes, module.ceil_mode)


def _mean(module: nn.AvgPool2d, given: fx.Node, own: Any) -> tuple[Any, _Arguments]:
    sizes = [_pair(one) for one in (module.kernel_size, module.stride, module.padding)]
    return aten.avg_pool2d.default, (
        given, *sizes, module.ceil_mode, module.count_include_pad, module.divisor_override,
    )  # fmt: skip


def _adaptive_mean(module: nn.AdaptiveAvgPool2d, given: fx.Node, own: Any) -> tuple[Any, _Arguments] | None:
    size = _pair(module.output_size)
    return None if None in size else (aten.adaptive_avg_pool2d.default, (given, size))


def _flatten(module: nn.Flatten, given: fx.Node, own: Any) -> tuple[Any, _Arguments] | None:
    return _call_flatten(given, module.start_dim, module.end_dim)


def _dropout(module: nn.Dropout, given: fx.Node, own: Any) -> tuple[Any, _Arguments] | None:
    return None if module.inplace or module.training else (aten.dropout.default, (given, module.p, False))


def _nothing(module: nn.Module, given: fx.Node, own: Any) -> tuple[Any, _Arguments]:
    return None, (given,)


def _pair(size: Any) -> list[Any]:
    return [*size] if isinstance(size, tuple | list) else [size, size]


_MODULES: Mapping[type[nn.Module], Callable[[Any, fx.Node, Any], tuple[Any, _Arguments] | None]] = {
    nn.Conv1d: _convolution(aten.conv1d.default),
    nn.Conv2d: _convolution(aten.conv2d.default),
    nn.Linear: _linear,
    nn.BatchNorm1d: _norm,
    nn.BatchNorm2d: _norm,
    nn.ReLU: _relu,
    nn.MaxPool2d: _maximum,
    nn.AvgPool2d: _mean,
    nn.AdaptiveAvgPool2d: _adaptive_mean,
    nn.Flatten: _flatten,
    nn.Identity: _nothing,
    nn.Dropout: _dropout,
}
"""Exact types alone: a subclass may compute anything."""


def _call_sum(left: Any, right: Any) -> tuple[Any, _Arguments] | None:
    both = isinstance(left, fx.Node) and isinstance(right, fx.Node)
    return (aten.add.Tensor, (left, right)) if both else None


def _call_relu(given: fx.Node, inplace: bool = False) -> tuple[Any, _Arguments]:
    return (aten.relu_ if inplace else aten.relu).default, (given,)


def _call_flatten(given: fx.Node, start_dim: int = 0, end_dim: int = -1) -> tuple[Any, _Arguments] | None:
    return None if start_dim < 1 else (aten.flatten.using_ints, (given, start_dim, end_dim))


def _call_mean(given: fx.Node, dim: Any = (), keepdim: bool = False) -> tuple[Any, _Arguments] | None:
    axes = [dim] if isinstance(dim, int) else [*dim]
    if not axes or not all(isinstance(axis, int) and axis > 0 for axis in axes):
        return None
    return aten.mean.dim, (given, axes, keepdim)


_CALLS: Mapping[str, Callable[..., tuple[Any, _Arguments] | None]] = {
    "add": _call_sum,
    "relu": _call_relu,
    "flatten": _call_flatten,
    "mean": _call_mean,
}
