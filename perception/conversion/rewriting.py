"""Activations that are sums of clipped ones: each operator as neurons with weights between them."""

from collections.abc import Callable, Mapping
from typing import Any

from .graph_builder import GraphBuilder
from .signal_graph import Reference

Rewrite = Callable[[GraphBuilder, str, tuple[Any, ...], Mapping[str, Any]], Reference]


def _argument(arguments: tuple[Any, ...], keywords: Mapping[str, Any], place: int, name: str, default: Any) -> Any:
    return arguments[place] if len(arguments) > place else keywords.get(name, default)


def _relu(builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Reference:
    return builder.neuron(arguments[0])


def _clamp(builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Reference:
    """``clip(x, low, high) = low + clip(x - low, 0, high - low)``."""
    low = builder.value(_argument(arguments, keywords, 1, "min", None))
    high = builder.value(_argument(arguments, keywords, 2, "max", None))
    return _between(builder, arguments[0], low, high)


def _between(builder: GraphBuilder, x: Reference, low: Any, high: Any) -> Reference:
    if low is None:  # min(x, high) = high - relu(high - x)
        reached = builder.neuron(builder.emit("rsub.Scalar", x, float(high)))
        return builder.emit("rsub.Scalar", reached, float(high))
    low = float(low)
    shifted = builder.emit("sub.Tensor", x, low) if low else x
    clipped = builder.neuron(shifted, None if high is None else float(high) - low)
    return builder.emit("add.Tensor", clipped, low) if low else clipped


def _clamp_min(
    builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> Reference:
    return _between(builder, arguments[0], builder.value(arguments[1]), None)


def _clamp_max(
    builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> Reference:
    return _between(builder, arguments[0], None, builder.value(arguments[1]))


def _relu6(builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Reference:
    return builder.neuron(arguments[0], 6.0)


def _hardtanh(builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Reference:
    low = _argument(arguments, keywords, 1, "min_val", -1.0)
    return _between(builder, arguments[0], low, _argument(arguments, keywords, 2, "max_val", 1.0))


def _hardsigmoid(
    builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> Reference:
    """``clip(x + 3, 0, 6) / 6``."""
    return builder.emit("div.Tensor", builder.neuron(builder.emit("add.Tensor", arguments[0], 3.0), 6.0), 6.0)


def _hardswish(
    builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> Reference:
    """``x clip(x + 3, 0, 6) / 6``, a product of two signals."""
    return builder.emit("mul.Tensor", arguments[0], _hardsigmoid(builder, target, arguments, keywords))


def _two(builder: GraphBuilder, x: Reference, slope: Any) -> Reference:
    """``relu(x) - slope relu(-x)``: one neuron for each sign."""
    above = builder.neuron(x)
    below = builder.neuron(builder.emit("neg.default", x))
    return builder.emit("sub.Tensor", above, builder.emit("mul.Tensor", below, slope))


def _leaky(builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Reference:
    return _two(builder, arguments[0], _argument(arguments, keywords, 1, "negative_slope", 0.01))


def _prelu(builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Reference:
    slope = builder.value(arguments[1])
    if slope.numel() > 1:
        slope = slope.reshape(-1, *[1] * (builder.frame.dimensions - 2))
    return _two(builder, arguments[0], builder.constant(f"{builder.frame.name}_slope", slope.clone()))


def _abs(builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Reference:
    return _two(builder, arguments[0], -1.0)


def _maximum(builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Reference:
    """``max(a, b) = a + relu(b - a)``."""
    first, second = arguments[:2]
    return builder.emit("add.Tensor", first, builder.neuron(builder.emit("sub.Tensor", second, first)))


def _minimum(builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Reference:
    """``min(a, b) = a - relu(a - b)``."""
    first, second = arguments[:2]
    return builder.emit("sub.Tensor", first, builder.neuron(builder.emit("sub.Tensor", first, second)))


def _threshold(
    builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> Reference:
    if float(arguments[1]) or float(arguments[2]):
        raise builder.fail(
            f"threshold({arguments[1]}, {arguments[2]}) jumps, so that no rate stands for it; use ReLU, which is (0, 0)"
        )
    return builder.neuron(arguments[0])


def _attention(
    builder: GraphBuilder, target: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> Reference:
    """``softmax(q k' / sqrt(d)) v``, each product by itself."""
    query, key, value = arguments[:3]
    mask = _argument(arguments, keywords, 3, "attn_mask", None)
    causal = _argument(arguments, keywords, 5, "is_causal", False)
    scale = keywords.get("scale")
    if causal or keywords.get("enable_gqa"):
        raise builder.fail(
            "attention with is_causal or enable_gqa is not taken apart; give it an attn_mask of zeros and -inf"
        )
    width = builder.widths[query.name]
    turned = builder.emit("transpose.int", key, -2, -1)
    scores = builder.emit("mul.Tensor", builder.emit("matmul.default", query, turned), scale or width**-0.5)
    scores = scores if mask is None else builder.emit("add.Tensor", scores, mask)
    return builder.emit("matmul.default", builder.emit("softmax.int", scores, -1), value)


REWRITES: Mapping[str, Rewrite] = {
    "relu": _relu,
    "relu6": _relu6,
    "clamp": _clamp,
    "clip": _clamp,
    "clamp_min": _clamp_min,
    "clamp_max": _clamp_max,
    "hardtanh": _hardtanh,
    "hardsigmoid": _hardsigmoid,
    "hardswish": _hardswish,
    "leaky_relu": _leaky,
    "rrelu": lambda builder, target, arguments, keywords: _two(
        builder, arguments[0], (arguments[1] + arguments[2]) / 2 if len(arguments) > 2 else (1 / 8 + 1 / 3) / 2
    ),
    "prelu": _prelu,
    "_prelu_kernel": _prelu,
    "abs": _abs,
    "maximum": _maximum,
    "minimum": _minimum,
    "threshold": _threshold,
    "scaled_dot_product_attention": _attention,
}
"""By operator, in-place forms included."""
