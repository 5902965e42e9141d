"""Any module over time as layers of whole numbers, from what ``torch.export`` traces of it.

See :mod:`perception.integers`; signals of one axis are maps of one pixel, norms are folded, means become part of the
weights behind them.
"""

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from logic import INPUT

from ..conversion.signal_graph import Constant, Reference
from ..integers.layer_graph import (
    BRIGHTEST,
    EVIDENCE,
    GATE,
    Current,
    GraphBuilder,
    IntegerFormError,
    LayerGraph,
    Spikes,
)
from ..neurons import Neuron
from ..time_graph import GraphError, Layout, TimeGraph, TimeOperation, stepwise_obstacle, trace_over_time
from ..time_graph.leaf_layers import LEAF
from .folded_norms import VIEWS, folded_norms, sources_through_views
from .windows_of_weights import each, filled

Shape = tuple[int, ...]


def module_to_layers(network: nn.Module, example: Tensor) -> LayerGraph:
    """The layers of a module over time, to be made whole numbers (:func:`perception.quantise`).

    Args:
        network: From ``[T, B, ...]`` to logits ``[T, B, K]``: weights and neurons in turn, the last weights read out.
        example: What it takes in, ``[T, B, ...]``, of as many steps as a recording has.

    Raises:
        IntegerFormError: if it cannot be traced, or has parts without integer form; all of them are named.

    Example:
        >>> from perception import IntegrateAndFire, TimeDistributed
        >>> network = nn.Sequential(
        ...     TimeDistributed(nn.Linear(6, 5)), IntegrateAndFire(), TimeDistributed(nn.Linear(5, 3))
        ... )
        >>> [(layer.name, layer.shape) for layer in module_to_layers(network, torch.zeros(4, 1, 6)).layers]
        [('_1', (5, 1, 1)), ('evidence', (3, 1, 1))]
    """
    name = type(network).__name__
    try:
        graph = trace_over_time(network, example)
    except GraphError as fault:
        raise IntegerFormError(f"a {name} has no integer form: {fault}") from None
    if why := stepwise_obstacle(graph):
        raise IntegerFormError(f"a {name} has no integer form, which runs step by step: {why}")
    reader = _Reader(graph, len(example))
    found = reader.read()
    if reader.obstacles or found is None:
        raise IntegerFormError(f"a {name} has parts without integer form: {'; '.join(dict.fromkeys(reader.obstacles))}")
    return found


@dataclass(frozen=True)
class _Signal:
    """Spikes or currents, the shape of their map, how the network sees them, and a mean that waits for weights."""

    what: Spikes | Current
    shape: Shape
    features: Shape
    mean: str = ""


class _Reader:
    """Operations become populations, one after the other."""

    def __init__(self, graph: TimeGraph, steps: int) -> None:
        features = graph.operations[0].features
        shape = features if len(features) == 3 else (*features, 1, 1)
        self.graph, self.obstacles = graph, list[str]()
        self.builder = GraphBuilder((shape[0], shape[1], shape[2]), "bytes", steps)
        self.signals = {graph.operations[0].name: _Signal((INPUT,), shape[:3], features)}
        self.folded = folded_norms(graph, self.value)

    def read(self) -> LayerGraph | None:
        """The layers, or none if there are obstacles."""
        for one in self.graph.operations[1:]:
            if not one.moving or not all(n in self.signals for n in one.sources if self.graph.by_name[n].moving):
                continue
            try:
                self.signals[one.name] = self.translate(one)
            except IntegerFormError as why:
                self.obstacles.append(f"{why}{f' ({one.place!r})' if one.place else ''}")
                if one.target == LEAF:  # to find the others
                    given = self.signals[one.sources[0]]
                    heard = given.what if isinstance(given.what, Current) else self.builder.each(given.what)
                    sent = self.builder.add(self.name(one), heard, GATE)
                    self.signals[one.name] = _Signal(sent, given.shape, one.features)
        last = self.signals.get(self.graph.output)
        if self.obstacles or last is None:
            return None
        if not isinstance(last.what, Current):
            self.obstacles.append("neurons at the end; let weights read out")
            return None
        self.builder.add(EVIDENCE, last.what, None)
        return self.builder.finish()

    def value(self, one: Any) -> Any:
        if isinstance(one, Constant):
            return self.graph.constants[one.name]
        if isinstance(one, Reference):
            raise IntegerFormError("weights that are computed")
        return one

    def translate(self, one: TimeOperation) -> _Signal:
        given = self.signals[next(name for name in one.sources if name in self.signals)]
        if one.layout not in (Layout.PARTED, Layout.MERGED):
            raise IntegerFormError(f"'{one.family}' mixes features with steps or samples")
        if one.target == LEAF:
            found = self.fire(one, given)
        elif one.family in VIEWS:
            found = given
        elif one.family == "batch_norm":
            if not any(name in self.folded for name in sources_through_views(self.graph, one)):
                raise IntegerFormError("'batch_norm' behind anything but weights of its own")
            found = given
        elif one.family == "conv2d":
            found = self.convolve(one, given)
        elif one.family == "linear":
            found = self.gather(one, given)
        elif one.family in ("avg_pool2d", "adaptive_avg_pool2d", "mean"):
            found = self.average(one, given)
        elif one.family == "max_pool2d":
            found = self.largest(one, given)
        elif one.family == "add":
            found = self.sum(one)
        else:
            raise IntegerFormError(f"'{one.family}'")
        return replace(found, features=one.features)

    def spikes(self, signal: _Signal) -> Spikes:
        """What weights may take in."""
        if isinstance(signal.what, Current):
            raise IntegerFormError("weights of a membrane; let neurons fire before them")
        return signal.what

    def weights(self, one: TimeOperation, signal: _Signal) -> tuple[Tensor, Tensor | None]:
        weight, bias = (self.value(part) for part in (*one.arguments[1:3], None)[:2])
        if one.name in self.folded:
            scale, shift = self.folded[one.name]
            weight = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
            bias = shift if bias is None else bias * scale + shift
        unit = BRIGHTEST if signal.what == (INPUT,) else 1
        return weight.detach() / unit, None if bias is None else bias.detach()

    def convolve(self, one: TimeOperation, given: _Signal) -> _Signal:
        weight, bias = self.weights(one, given)
        stride, padding, dilation, groups = filled(one.arguments[3:], (1, 0, 1, 1))
        if isinstance(padding, str):
            padding = [(weight.shape[2] - 1) // 2] * 2 if padding == "same" else [0, 0]
            if one.arguments[4] == "same" and any(side % 2 == 0 for side in weight.shape[2:]):
                raise IntegerFormError("'conv2d' with padding 'same' and an even window")
        steps, rims = each(stride, 2, 1), each(padding, 2, 0)
        if steps[0] != steps[1] or rims[0] != rims[1] or max(each(dilation, 2, 1)) > 1 or given.mean == "all":
            raise IntegerFormError("'conv2d' with unequal strides or rims, or dilated")
        averaged = given.mean == "half"
        current = self.builder.convolve(
            self.spikes(given), weight, bias, stride=steps[0], padding=rims[0], groups=groups, averaged=averaged
        )
        return _Signal(current, self.shape(current), ())

    def gather(self, one: TimeOperation, given: _Signal) -> _Signal:
        weight, bias = self.weights(one, given)
        if len(given.features) != 1:
            raise IntegerFormError(
                f"'linear' along the last axis of {list(given.features)}; flatten the features first"
            )
        if given.mean == "all":
            sides = given.shape[1:]
            window = (weight / prod(sides))[:, :, None, None].expand(-1, -1, *sides)
        else:
            window = weight.reshape(len(weight), *given.shape)
        current = self.builder.convolve(self.spikes(given), window, bias, averaged=given.mean == "half")
        return _Signal(current, (len(weight), 1, 1), ())

    def shape(self, current: Current) -> Shape:
        term = current.terms[0]
        return term.shape(self.builder.shape_of(term.source))

    def average(self, one: TimeOperation, given: _Signal) -> _Signal:
        channels, height, width = given.shape
        if given.mean:
            raise IntegerFormError("a mean of means; use one")
        if one.family != "avg_pool2d":
            if prod(one.features) != channels or len(given.features) != 3:
                raise IntegerFormError(f"'{one.family}' over other axes than those of a map")
            return _Signal(self.spikes(given), given.shape, (), "all")
        kernel, stride, padding, ceiling, _, divisor = filled(one.arguments[1:], (1, [], 0, False, True, None))
        plain = each(kernel, 2, 1) == each(stride or kernel, 2, 1) == (2, 2) and not any(each(padding, 2, 0))
        if not plain or ceiling or divisor or height % 2 or width % 2:
            raise IntegerFormError("'avg_pool2d' other than of 2 x 2 side by side on even maps")
        return _Signal(self.spikes(given), (channels, height // 2, width // 2), (), "half")

    def largest(self, one: TimeOperation, given: _Signal) -> _Signal:
        kernel, stride, padding, dilation, ceiling = filled(one.arguments[1:], (1, [], 0, 1, False))
        window, step, rim = each(kernel, 2, 1), each(stride or kernel, 2, 1), each(padding, 2, 0)
        spikes = given.what
        if isinstance(spikes, Current) or given.mean or spikes == (INPUT,) or len(spikes) > 1:
            raise IntegerFormError("'max_pool2d' of currents or of sums; pool spikes, or take averages or strides")
        if ceiling or max(each(dilation, 2, 1)) > 1 or step[0] != step[1] or rim[0] != rim[1]:
            raise IntegerFormError("'max_pool2d' with ceil_mode, dilation or unequal strides")
        heard = self.builder.each(spikes, torch.ones(window), stride=step[0], padding=rim[0])
        return _Signal(self.builder.add(self.name(one), heard, GATE, gate=True), self.shape(heard), ())

    def sum(self, one: TimeOperation) -> _Signal:
        parts = [self.signals.get(part.name) if isinstance(part, Reference) else None for part in one.arguments[:2]]
        first, second = parts
        if first is None or second is None or first.mean or second.mean or one.keywords.get("alpha", 1) != 1:
            raise IntegerFormError("'add' of a constant, of means or with a factor")
        if not isinstance(first.what, Current) and not isinstance(second.what, Current):
            return _Signal(first.what + second.what, first.shape, ())
        both = [
            part.what if isinstance(part.what, Current) else self.builder.each(part.what) for part in (first, second)
        ]
        return _Signal(both[0] + both[1], first.shape, ())

    def fire(self, one: TimeOperation, given: _Signal) -> _Signal:
        layer = one.layer
        form = layer.integer_form() if isinstance(layer, Neuron) else None
        if form is None or not isinstance(layer, Neuron) or given.mean:
            raise IntegerFormError(
                f"a {type(layer).__name__} as it is here; use neurons 'lif' or 'if' that keep 1/2^k of the membrane"
            )
        heard = given.what
        if not isinstance(heard, Current):
            unit = 1 / BRIGHTEST if heard == (INPUT,) else 1.0
            heard = self.builder.each(heard, torch.full((1, 1), unit))
        sent = self.builder.add(self.name(one), heard, form, surrogate=layer.surrogate)
        return _Signal(sent, given.shape, ())

    def name(self, one: TimeOperation) -> str:
        """A name for a population: its module's place if it is the only one there."""
        same = [other for other in self.graph.operations if other.place == one.place and other.moving]
        place = one.place if one.place and (one.target == LEAF or len(same) == 1) else f"{one.place}.{one.name}"
        return place if place[:1].isalpha() else f"_{place}"
