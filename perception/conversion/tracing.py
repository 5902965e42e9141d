"""The front end: a module of torch becomes a graph of operations, each with its role and its line of source."""

import copy
import re
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager, redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, fx, nn

from .activations import TrainedActivation
from .folding import fold_norms
from .graph_builder import GraphBuilder
from .interpreting import evaluate
from .operators import FUNCTIONS, SCALING, WEIGHTED, family
from .rewriting import REWRITES
from .signal_graph import ConversionError, Operation, Reference, Role, SignalGraph, leaves, mapped
from .symbolic_tracing import trace_modules

_TORCH = str(Path(torch.__file__).parent)
_VIEWS = frozenset(
    ["view", "select", "slice", "narrow", "split", "chunk", "unbind", "transpose", "permute", "t", "squeeze", "expand"]
)


def trace(network: nn.Module, example: Tensor) -> SignalGraph:
    """A network as a graph: evaluation mode, norms folded into the calls before them, roles found.

    Args:
        network: Any module with one tensor as input.
        example: Two or more pictures, ``[B, ...]``.

    Raises:
        ConversionError: for what cannot be traced or has no rule, with its line.

    Example:
        >>> graph = trace(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), torch.rand(2, 4))
        >>> [(one.target, str(one.role)) for one in graph.operations]
        [('input', 'input'), ('linear.default', 'weighted'), ('relu.default', 'neuron'), ('linear.default', 'weighted')]
    """
    with _silence():  # of an exported program, torch copies what it deprecates
        frozen = copy.deepcopy(network)
    with suppress(NotImplementedError):  # such a program knows no other mode
        frozen.eval()
    activations = {path: one for path, one in frozen.named_modules() if isinstance(one, TrainedActivation)}
    for one in activations.values():
        one.tracing = True
    graph = _traced_by_modules(frozen, example, activations)
    if graph is None or not _answers_alike(graph, frozen, example, activations):
        graph = translate(export(frozen, example), activations)
        if not _answers_alike(graph, frozen, example, activations):
            raise ConversionError(
                f"{type(network).__name__} gives a picture another answer when others stand beside it; it must "
                f"treat each picture of a batch (the first axis) alone"
            )
    return graph


def _traced_by_modules(
    network: nn.Module, example: Tensor, activations: Mapping[str, TrainedActivation]
) -> SignalGraph | None:
    """The graph of a network of well-known modules; of others the exporter is asked."""
    found = trace_modules(network, example)
    if found is None or _writes_into_views(found[0]):
        return None
    graph, tensors = found
    with suppress(ConversionError):  # the exporter says it with its lines
        return _translated(graph, {}, tensors, False, activations)
    return None


def _answers_alike(
    graph: SignalGraph, network: nn.Module, example: Tensor, activations: Mapping[str, TrainedActivation]
) -> bool:
    """Whether a graph gives one picture the answer that the network gives it among others."""
    for one in activations.values():
        one.tracing = False
    with torch.no_grad():
        given = network(example)
        wanted = list(given) if isinstance(given, list | tuple) else [given]
        answers = [*zip(evaluate(graph, graph.constants, example[:1]), wanted, strict=True)]
    for one in activations.values():
        one.tracing = True
    return all(
        one.shape == answer[:1].shape
        and torch.allclose(one, answer[:1], rtol=1e-3, atol=1e-4 * float(answer[:1].abs().max()) + 1e-6)
        for one, answer in answers
    )


def export(network: nn.Module, example: Tensor, axes: tuple[str, ...] = ("pictures",)) -> torch.export.ExportedProgram:
    """The program of torch.export, for any sizes of the first axes.

    Args:
        network: Any module with one tensor as input.
        example: What it takes in.
        axes: What lies along each of the first axes.

    Raises:
        ConversionError: in one sentence, if the network branches on its data or torch cannot trace it.
    """
    if not example.numel() or example.ndim < len(axes):
        raise ConversionError(f"an example needs {' and '.join(axes)}, got shape {list(example.shape)}")
    for axis, size in enumerate(range(len(axes) + 1, 1, -1)):  # small ones, all different
        while example.shape[axis] < size:
            example = torch.cat([example, example], axis)
        example = example.narrow(axis, 0, size)
    shape = (dict.fromkeys(range(len(axes)), torch.export.Dim.DYNAMIC),)
    try:
        with _silence(), torch.no_grad():
            program = torch.export.export(network, (example,), dynamic_shapes=shape)
            if _writes_into_views(program.graph):
                program = program.run_decompositions({})
            return program
    except Exception as fault:
        raise ConversionError(_reason(network, fault, axes)) from None


@contextmanager
def _silence() -> Generator[None]:
    """Without the graphs and warnings that torch.export prints."""
    with warnings.catch_warnings(), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        yield


def _reason(network: nn.Module, fault: Exception, axes: tuple[str, ...]) -> str:
    """What torch.export stumbled over, in one sentence."""
    text = str(fault)
    frames = re.findall(r'File "([^"]+)", line (\d+)', text)
    frames += [(frame.filename, str(frame.lineno)) for frame in _frames(fault)]
    own = [f"{Path(file).name}:{line}" for file, line in frames if not file.startswith(_TORCH) and file != __file__]
    where = f"{own[-1]}: " if own else ""
    name = type(network).__name__
    if "data-dependent" in text or "GuardOnDataDependent" in type(fault).__name__:
        return f"{where}{name} branches on its data, so that it is no one network; choose by torch.where or by a mask"
    if "specializ" in text or "Constraints violated" in text:
        remedy = "as in x.view(x.size(0), -1) or x.flatten(1)"
        if len(axes) > 1:
            remedy = "as TimeDistributed does, by x.flatten(0, 1) and y.unflatten(0, x.shape[:2])"
        return f"{where}{name} computes for a fixed number of {' or '.join(axes)}; keep it open, {remedy}"
    first = text.strip().partition("\n")[0]
    return f"{where}{name} cannot be traced by torch.export ({type(fault).__name__}: {first}); make its forward plainer"


def _frames(fault: Exception) -> list[Any]:
    import traceback

    return list(traceback.extract_tb(fault.__traceback__))


def _writes_into_views(graph: fx.Graph) -> bool:
    """Whether an operation in place changes a tensor that another name sees too."""
    for node in graph.nodes:
        if node.op == "call_function" and in_place(target_of(node)):
            changed = node.args[0]
            if isinstance(changed, fx.Node):
                views = [changed, *changed.users]
                if any(family(target_of(one)).rstrip("_") in _VIEWS and one is not node for one in views):
                    return True
    return False


def in_place(target: str) -> bool:
    """Whether an operator changes its first argument."""
    name = family(target)
    return name.endswith("_") and not name.startswith("_")


def target_of(node: fx.Node) -> str:
    """``conv2d.default``, or ``getitem.builtin`` for a function of Python."""
    target = str(node.target)  # ``aten.conv2d.default``
    if target.startswith("aten."):
        return target.removeprefix("aten.")
    return f"{getattr(node.target, '__name__', target)}.builtin"


def translate(
    program: torch.export.ExportedProgram, activations: Mapping[str, TrainedActivation] | None = None
) -> SignalGraph:
    """The graph of an exported program.

    Raises:
        ConversionError: for what has no rule, with its line.
    """
    attributes = {
        str(node.target): getattr(program.graph_module, str(node.target))
        for node in program.graph.nodes
        if node.op == "get_attr"
    }
    return _translated(program.graph, tensors_of(program), attributes, _several(program), activations or {})


def _translated(
    graph: fx.Graph,
    tensors: Mapping[str, tuple[str, Tensor]],
    attributes: Mapping[str, Any],
    several: bool,
    activations: Mapping[str, TrainedActivation],
) -> SignalGraph:
    """The graph of operators that torch.fx holds; tensors are placeholders or attributes."""
    builder = GraphBuilder()
    found: dict[fx.Node, Any] = {}
    outputs: list[str] = []
    for node in graph.nodes:
        builder.frame = _frame(node)
        if node.op == "placeholder":
            if node.name in tensors:
                name, tensor = tensors[node.name]
                found[node] = builder.constant(name, tensor)
            elif builder.operations:
                raise ConversionError("the network has several inputs; give one that takes a single tensor of pictures")
            else:
                found[node] = builder.emit("input", role=Role.INPUT)
        elif node.op == "output":
            returned = mapped(list(cast("tuple[Any, ...]", node.args[0])), lambda one: found.get(one, one))
            for one in leaves(returned):
                if not isinstance(one, Reference):
                    raise ConversionError(
                        "the network returns something that does not depend on the picture; return tensors"
                    )
                outputs.append(one.name)
        elif node.op == "call_function":
            _translate_call(builder, node, found, activations)
        elif node.op == "get_attr":
            found[node] = builder.constant(str(node.target), attributes[str(node.target)])
    made = SignalGraph(tuple(builder.operations), builder.constants, tuple(outputs), several)
    return fold_norms(_with_readout(_pruned(made)))


def _translate_call(
    builder: GraphBuilder, node: fx.Node, found: dict[fx.Node, Any], activations: Mapping[str, TrainedActivation]
) -> None:
    target = target_of(node)

    def resolve(one: Any) -> Any:
        return found[one] if isinstance(one, fx.Node) else one

    arguments = mapped(tuple(plain(node.args)), resolve)
    keywords = {key: mapped(plain(one), resolve) for key, one in node.kwargs.items() if key not in ("memory_format",)}
    if family(target) in ("_assert_tensor_metadata", "_assert_scalar", "sym_constrain_range_for_size", "_check"):
        return
    written = in_place(target)
    if written:
        target = f"{family(target)[:-1]}.{target.partition('.')[2]}"
    if family(target) == "_native_batch_norm_legit_no_training":
        inputs, weight, bias, mean, variance, momentum, epsilon = arguments
        found[node] = [
            builder.emit("batch_norm.default", inputs, weight, bias, mean, variance, False, momentum, epsilon, False)
        ]
        return
    if isinstance(arguments and arguments[0], list) and target == "getitem.builtin":
        found[node] = arguments[0][arguments[1]]
        return
    signal = any(builder.is_signal(one) for one in leaves((*arguments, *keywords.values())))
    trained = activations.get(builder.frame.place)
    if signal and trained is not None and family(target) == "relu":
        result = builder.neuron(arguments[0], trained.ceiling, trained.steps, trained=True)
    elif signal and family(target) in REWRITES:
        result = REWRITES[family(target)](builder, target, arguments, keywords)
    else:
        result = builder.emit(target, *arguments, **keywords)
    found[node] = result
    shape: tuple[Any, ...] = getattr(node.meta.get("val"), "shape", ())
    if shape:
        builder.widths[result.name] = shape[-1]
    if written:  # whoever reads the changed tensor later sees the result
        changed = node.args[0]
        while isinstance(changed, fx.Node) and changed is not node:
            found[changed] = result
            changed = changed.args[0] if in_place(target_of(changed)) else None


def plain(arguments: Any) -> Any:
    """Lists of torch.fx as lists of Python."""
    if isinstance(arguments, list | tuple):
        return [plain(one) for one in cast("list[Any]", arguments)]
    return arguments


def _frame(node: fx.Node) -> Operation:
    """Where a node stands: line, module and axes."""
    places = list((node.meta.get("nn_module_stack") or {}).values())
    place = str(places[-1][0]) if places and node.op == "call_function" else ""
    shape: tuple[Any, ...] = getattr(node.meta.get("val"), "shape", ())
    open_axes = [axis for axis, size in enumerate(shape) if not isinstance(size, int)]
    batch_axis = open_axes[0] if open_axes else 0
    name = re.sub(r"\W", "_", node.name)
    return Operation(
        name, "", (), {}, Role.PLAIN, line_of(node), place, batch_axis, _channel_axis(node, len(shape)), len(shape)
    )


def _channel_axis(node: fx.Node, dimensions: int) -> int:
    """The axis of features: the last one behind a matrix, the second one behind a convolution."""
    seen: Any = node
    while isinstance(seen, fx.Node) and seen.op == "call_function":
        name = family(target_of(seen))
        if name.startswith("conv") or ("norm" in name and name != "layer_norm"):
            return 1
        if name in WEIGHTED or name == "layer_norm":
            return dimensions - 1
        seen = next((one for one in seen.all_input_nodes if one.op == "call_function"), None)
    return 1 if dimensions > 1 else 0


def line_of(node: fx.Node) -> str:
    """``file:line`` of the user's own code, as near to the call as there is one."""
    frames = re.findall(r'File "([^"]+)", line (\d+)', node.meta.get("stack_trace") or "")
    own = [(file, line) for file, line in frames if not file.startswith(_TORCH)]
    return f"{Path(own[-1][0]).name}:{own[-1][1]}" if own else ""


def tensors_of(program: torch.export.ExportedProgram) -> dict[str, tuple[str, Tensor]]:
    """Parameters, buffers and constants by the name of their placeholder."""
    signature = program.graph_signature
    named = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    state: Mapping[str, Any] = {**program.constants, **program.state_dict}
    return {placeholder: (name, state[name]) for placeholder, name in named.items()}


def _several(program: torch.export.ExportedProgram) -> bool:
    """Whether the network returns more than one tensor, or one in a tuple."""
    specification = program.call_spec.out_spec
    return specification is not None and not specification.is_leaf()


def _pruned(graph: SignalGraph) -> SignalGraph:
    """Without operations that no output needs."""
    needed: set[str] = set(graph.outputs)
    for one in reversed(graph.operations):
        if one.name in needed:
            needed.update(one.sources)
    kept = tuple(one for one in graph.operations if one.name in needed or one.role is Role.INPUT)
    tensors = {name for one in kept for name in one.constants}
    tensors |= {one.activation.ceiling for one in kept if one.activation and one.activation.ceiling}
    return SignalGraph(kept, {name: graph.constants[name] for name in tensors}, graph.outputs, graph.several)


def _with_readout(graph: SignalGraph) -> SignalGraph:
    """With the role ``READOUT`` for what stands behind all neurons and weights, from the first function on."""
    from dataclasses import replace

    ending: set[str] = set()  # no neuron and no weights behind them
    for one in reversed(graph.operations):
        users = graph.users[one.name]
        if all(user.name in ending for user in users) and one.role not in (Role.NEURON, Role.WEIGHTED, Role.INPUT):
            ending.add(one.name)
    behind: set[str] = set()
    changed: list[Operation] = []
    for one in graph.operations:
        first = one.role is Role.FUNCTION or one.role is Role.POOL
        if one.name in ending and (first or any(source in behind for source in one.sources)):
            behind.add(one.name)
            one = replace(one, role=Role.READOUT)
        elif one.role is Role.FUNCTION and family(one.target) not in FUNCTIONS | WEIGHTED | SCALING:
            where = f"{one.line}: " if one.line else ""
            raise ConversionError(
                f"{where}'{family(one.target)}' decides in the middle of the network, which spikes cannot take back; "
                f"put it behind the last weights"
            )
        changed.append(one)
    return SignalGraph(tuple(changed), graph.constants, graph.outputs, graph.several)
