"""What each operator is to a spiking network: the rule table of the front end."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch

from .signal_graph import ConversionError


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHAPES = _names("sym_size sym_numel zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty")
"""Of what they are given they see the shape alone."""

LINEAR = _names("""
    view view_as reshape reshape_as _unsafe_view flatten unflatten permute transpose movedim swapaxes t squeeze
    unsqueeze contiguous clone alias detach lift_fresh_copy to _to_copy type_as expand expand_as repeat
    repeat_interleave tile flip roll select slice narrow split split_with_sizes chunk unbind getitem index
    index_select gather stack cat concat constant_pad_nd pad reflection_pad1d reflection_pad2d replication_pad1d
    replication_pad2d zero_pad2d add sub rsub neg mean sum cumsum avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d
    adaptive_avg_pool2d adaptive_avg_pool3d upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_linear1d
    upsample_bilinear2d upsample_bicubic2d dropout feature_dropout alpha_dropout pixel_shuffle pixel_unshuffle
    channel_shuffle native_channel_shuffle unfold im2col batch_norm
""")
"""Affine in all signals together; a constant among them counts as a bias."""

WEIGHTED = _names("""
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution linear addmm mm matmul bmm
    baddbmm einsum mv
""")
"""Affine with weights if one factor is constant, a product of signals otherwise."""

SCALING = _names("mul div")
"""Linear if one factor is constant (for ``div``: the divisor), a product of signals otherwise."""

POOLS = _names("max_pool1d max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d amax")
"""Monotone in each place: a maximum."""

FUNCTIONS = _names("""
    gelu silu mish elu selu celu softplus sigmoid tanh exp log sqrt rsqrt pow square log_sigmoid softmax log_softmax
    _softmax _log_softmax layer_norm group_norm instance_norm rms_norm scaled_dot_product_attention sin cos erf
    logsumexp reciprocal softsign tanhshrink prod norm linalg_vector_norm
""")
"""Have no spiking form: float islands if they are allowed."""

READOUTS = FUNCTIONS | {"argmax", "topk", "sort", "max", "min", "gt", "ge", "lt", "le"}
"""May stand behind the last weights, where the outputs are numbers anyway."""

_MAKERS = _names("""
    relu arange zeros ones full eye linspace scalar_tensor tril triu where eq ne logical_not logical_and masked_fill
    floor ceil clamp abs
""")
"""May stand among what is computed of shapes and constants alone."""

_NUMBERS: Mapping[str, Callable[..., Any]] = {
    name: getattr(operator, name) for name in ("getitem", "add", "sub", "mul", "floordiv", "mod", "neg", "truediv")
}


def family(target: str) -> str:
    """The operator without its overload: ``conv2d`` of ``conv2d.default``."""
    return target.partition(".")[0]


def may_be_read(target: str) -> bool:
    """Whether a file may ask for it: operators that only compute, on tensors and numbers that they are given."""
    name, _, overload = target.partition(".")
    if overload == "builtin":
        return name in _NUMBERS
    known = SHAPES | LINEAR | WEIGHTED | SCALING | POOLS | READOUTS | _MAKERS
    return name in known or target == "input"


def function_of(target: str) -> Callable[..., Any]:
    """The function that computes an operator.

    Raises:
        ConversionError: if there is none of this name.
    """
    name, _, overload = target.partition(".")
    if overload == "builtin" and name in _NUMBERS:
        return _NUMBERS[name]
    packet = getattr(torch.ops.aten, name, None)
    if packet is None or not hasattr(packet, overload or "default"):
        raise ConversionError(
            f"there is no operator '{target}' in torch {torch.__version__}; use the version that saved"
        )
    return getattr(packet, overload or "default")
