"""Which networks may run step by step: those of which every operation is known to leave each step to itself.

The rules are those of each operator for the axis of the steps, which must stay the first one, outermost. An operator
that has no rule here is refused, and so is a layer over time that is not causal.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from ..conversion.signal_graph import Reference, leaves
from .leaf_layers import LEAF
from .time_graph import TimeGraph, TimeOperation


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SIZES = _names("sym_size sym_numel _assert_tensor_metadata _assert_scalar sym_constrain_range_for_size _check")
_FILLED = _names("zeros ones new_zeros new_ones zeros_like ones_like expand expand_as")
"""The same for each step, whatever its number."""
_POINTWISE = _names("""
    add sub rsub neg mul div relu relu6 leaky_relu sigmoid tanh gelu silu elu selu celu softplus mish hardtanh hardswish
    hardsigmoid clamp clamp_min clamp_max abs exp log log1p sqrt rsqrt pow square reciprocal sin cos erf sign round
    floor ceil where eq ne gt ge lt le logical_not logical_and logical_or maximum minimum masked_fill heaviside
    log_sigmoid to _to_copy type_as clone contiguous alias detach lift_fresh_copy copy
""")
_VIEWS = _names("""
    view view_as reshape reshape_as _unsafe_view flatten unflatten squeeze unsqueeze permute transpose movedim swapaxes
    expand expand_as getitem select
""")
"""Their result tells: if the steps are still outermost, each keeps its place."""
_REDUCED = _names("mean sum amax amin logsumexp norm linalg_vector_norm prod argmax argmin any all var std")
"""Their result tells: over the steps, it would have none."""
_ALONG = _names("""
    softmax log_softmax _softmax _log_softmax cumsum cumprod flip roll sort slice chunk split split_with_sizes unbind
    index_select gather topk max min
""")
"""Along an axis, which must be another."""
_JOINED = _names("cat concat stack")
_SPATIAL = _names("""
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d max_pool1d max_pool2d max_pool3d avg_pool1d
    avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
    adaptive_max_pool2d upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_bilinear2d pixel_shuffle
    pixel_unshuffle channel_shuffle
""")
_PADS = _names("pad constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d")
_DROPOUTS = _names("dropout feature_dropout alpha_dropout")

_END = 2**63 - 1
Inputs = list[TimeOperation]


def stepwise_obstacle(graph: TimeGraph) -> str | None:
    """Why a network cannot run step by step, in a sentence that names what looks at more than a step; none if it can.

    Example:
        >>> import torch
        >>> from perception import IntegrateAndFire
        >>> from perception.time_graph import trace_over_time
        >>> network = torch.nn.Sequential(IntegrateAndFire())
        >>> stepwise_obstacle(trace_over_time(network, torch.zeros(2, 1, 3))) is None
        True
    """
    if graph.changed:
        return (
            f"buffer '{graph.changed[0]}' changes with each call, as batch statistics do in training; "
            f"call .eval() first, or keep the state in a layer of ours"
        )
    if graph.several or not graph.output:
        return "it returns more than one tensor; return the logits of each step, [T, B, K]"
    for one in graph.operations:
        if why := _obstacle(one, graph.by_name):
            return f"{one.where}{why}"
    return None if graph.by_name[graph.output].steps_first else "it does not return a value for each step"


def _obstacle(one: TimeOperation, by_name: Mapping[str, TimeOperation]) -> str:
    """Why an operation may see other steps; empty if it does not."""
    inputs = [by_name[name] for name in one.sources if by_name[name].moving]
    counts = any(by_name[name].depends_on_steps for name in one.sources)
    if one.target in ("input", "getitem.builtin") or one.family in SIZES or (one.depends_on_steps and not inputs):
        return ""
    if one.target == LEAF:
        return _layer(one, inputs[0])
    if counts and not inputs and one.moving and one.family not in _FILLED:
        return f"'{one.family}' makes something of the number of steps, which a stream does not know"
    if counts and one.family not in _VIEWS | _FILLED:
        return f"'{one.family}' computes with the number of steps, which a stream does not know"
    if not inputs:
        return "" if not one.moving or one.family in _FILLED else f"'{one.family}' has no rule for steps"
    if not one.moving:
        return f"'{one.family}' takes all steps together; return the value of each step instead"
    if not one.steps_first or not all(source.steps_first for source in inputs):
        return f"'{one.family}' moves the steps from the first axis, or mixes them with other axes"
    rule = next((rule for names, rule in _RULES if one.family in names), None)
    if rule is None:
        return f"'{one.family}' has no rule for steps, so that it is not known whether it looks at other steps"
    return rule(one, inputs)


def _layer(one: TimeOperation, given: TimeOperation) -> str:
    layer = one.layer
    kind = type(layer).__name__
    if layer is None or not layer.causal:
        return f"a {kind} looks at later steps"
    if not layer.streams:
        return f"a {kind} needs all steps at once; use SlidingParallelSpiking or leaky neurons"
    if str(given.layout) != "[T, B, ...]":
        return f"a {kind} is given {given.layout}, where it takes samples for steps; part them by unflatten"
    return ""


def _free(_: TimeOperation, __: Inputs) -> str:
    return ""


def _dimensions(one: TimeOperation) -> int:
    return len(one.features) + (2 if str(one.layout) == "[T, B, ...]" else 1)


def _argument(one: TimeOperation, place: int, name: str, default: Any) -> Any:
    return one.keywords.get(name, one.arguments[place] if len(one.arguments) > place else default)


def _along(one: TimeOperation, inputs: Inputs) -> str:
    places: dict[str, tuple[int, Any]] = {"topk": (2, -1), "slice": (1, 0), "chunk": (2, 0), "split": (2, 0),
        "split_with_sizes": (2, 0), "unbind": (1, 0), "roll": (2, None), "flip": (1, None), "max": (1, None),
        "min": (1, None)}  # fmt: skip
    if one.family == "slice" and one.arguments[2:] in ((), (None, _END), (0, _END), (0, _END, 1)):
        return ""  # of everything
    place, default = places.get(one.family, (1, -1))
    name = "dims" if one.family in ("roll", "flip") else "dim"
    axes = _argument(one, place, name, default)
    axes = axes if isinstance(axes, list | tuple) else [axes]
    known = [axis for axis in cast("list[Any]", axes) if isinstance(axis, int)]
    if len(known) == len(axes) and all(axis % _dimensions(inputs[0]) for axis in known):
        return ""
    return f"'{one.family}' works along the steps"


def _joined(one: TimeOperation, inputs: Inputs) -> str:
    dimensions = _dimensions(inputs[0]) + (one.family == "stack")
    return "" if _argument(one, 1, "dim", 0) % dimensions else f"'{one.family}' joins along the steps"


def _spatial(one: TimeOperation, inputs: Inputs) -> str:
    if len(inputs) > 1 or not isinstance(one.arguments[0], Reference):
        return f"the weights of '{one.family}' come from the signal"
    wanted = next((int(mark) for mark in one.family if mark in "123"), 2) + 2
    return (
        ""
        if _dimensions(inputs[0]) == wanted
        else f"'{one.family}' takes the steps for channels; merge steps and samples"
    )


def _padded(one: TimeOperation, inputs: Inputs) -> str:
    return "" if len(one.arguments[1]) // 2 < _dimensions(inputs[0]) else f"'{one.family}' pads the steps"


def _drop(one: TimeOperation, _: Inputs) -> str:
    return f"'{one.family}' draws for each run while it trains; call .eval() first" if one.arguments[2] else ""


def _batch_norm(one: TimeOperation, _: Inputs) -> str:
    training = one.family == "batch_norm" and one.arguments[5]
    return "batch norms take the statistics of all steps while they train; call .eval() first" if training else ""


def _layer_norm(one: TimeOperation, inputs: Inputs) -> str:
    return "" if len(one.arguments[1]) < _dimensions(inputs[0]) else f"'{one.family}' norms over the steps"


def _linear(one: TimeOperation, inputs: Inputs) -> str:
    alone = len(inputs) == 1 and isinstance(one.arguments[0], Reference) and one.arguments[0].name == inputs[0].name
    return "" if alone and _dimensions(inputs[0]) > 1 else f"the weights of '{one.family}' come from the signal"


def _product(one: TimeOperation, inputs: Inputs) -> str:
    """Of matrices: the steps must be rows of the first factor alone, or lie along the same outer axis of both."""
    factors = [leaf for leaf in leaves(one.arguments) if not isinstance(leaf, int | float)][-2:]
    names = [factor.name if isinstance(factor, Reference) else "" for factor in factors]
    moving = {source.name: _dimensions(source) for source in inputs}
    first, second = (moving.get(name, 0) for name in names)
    if (second and second < 3) or (first and second and first != second):
        return f"'{one.family}' sums over the steps, or mixes them"
    return ""


def _einsum(one: TimeOperation, inputs: Inputs) -> str:
    equation, operands = one.arguments[0].replace(" ", ""), one.arguments[1]
    given, _, result = equation.partition("->")
    terms = given.split(",")
    moving = {source.name for source in inputs}
    first = result[:1]
    right = bool(result) and "." not in equation and len(terms) == len(operands)
    for term, operand in zip(terms, operands, strict=False):
        here = isinstance(operand, Reference) and operand.name in moving
        right = right and (term[:1] == first and first not in term[1:] if here else first not in term)
    return "" if right else f"'einsum' of {equation!r} mixes the steps"


def _indexed(one: TimeOperation, _: Inputs) -> str:
    places = one.arguments[1]
    right = places[0] is None and sum(place is not None for place in places) == 1
    return "" if right else "'index' picks steps, or picks by several lists"


_RULES: tuple[tuple[frozenset[str], Callable[[TimeOperation, Inputs], str]], ...] = (
    (_POINTWISE | _FILLED | _VIEWS | _REDUCED, _free),
    (_ALONG, _along),
    (_JOINED, _joined),
    (_SPATIAL, _spatial),
    (_PADS, _padded),
    (_DROPOUTS, _drop),
    (_names("batch_norm _native_batch_norm_legit_no_training"), _batch_norm),
    (_names("layer_norm rms_norm"), _layer_norm),
    (_names("group_norm"), _free),
    (_names("linear"), _linear),
    (_names("matmul mm bmm addmm baddbmm"), _product),
    (_names("einsum"), _einsum),
    (_names("index"), _indexed),
)
