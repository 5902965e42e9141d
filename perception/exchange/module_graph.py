"""Any module over time as a NIR graph, from what ``torch.export`` traces of it.

Whatever enters a node along several edges is summed; norms are folded into the weights before them. All nodes have
shapes of one rank: of one axis where all signals have one and nothing recurs, so that weights are Affine and Linear
nodes; else of two or three axes, so that weights are Conv1d or Conv2d nodes, a linear layer being a window over the
whole map: readers disagree on what Flatten does to a batch and on loops of Affine nodes. Signals of fewer axes get ones
behind, ``[N]`` becomes ``[N, 1, 1]``. Connections act within a step, those of :class:`perception.Recurrent` a step
later.
Neurons are CubaLIF nodes, or LIF ones (:func:`perception.architectures.nir_graph.neuron_node`); ``dt = 1e-4 s``.
"""

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import nir
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..architectures.nir_graph import TIME_STEP, neuron_node
from ..conversion.operators import function_of
from ..conversion.signal_graph import Constant, Reference, mapped
from ..neurons import Neuron, NirForm
from ..temporal import Delay, DelayedLinear, LeakyReadout, OneToOne, Recurrent
from ..time_graph import GraphError, Layout, TimeGraph, TimeOperation, stepwise_obstacle, trace_over_time
from ..time_graph.leaf_layers import LEAF
from .folded_norms import VIEWS, Factors, folded_norms, norm_factors, sources_through_views
from .windows_of_weights import each, filled, ungrouped

Profile = Literal["cuba", "lif"]
Shape = tuple[int, ...]
Reals = NDArray[np.float64]
_OF_SIZES = frozenset(["sym_size", "sym_numel", "_assert_tensor_metadata", "_assert_scalar"])


def module_to_nir(network: nn.Module, example: Tensor, profile: Profile = "cuba") -> nir.NIRGraph:
    """The NIR graph of a module over time, from its input of a step to its output of that step.

    Args:
        network: From ``[T, B, ...]`` to ``[T, B, ...]``: layers over time of ours, :class:`perception.TimeDistributed`
            ones, and plain code between them; in evaluation.
        example: What it takes in, ``[T, B, ...]``.
        profile: ``cuba``, which snnTorch, Norse and SpikingJelly read, or ``lif``, which snnTorch and sinabs read.

    Raises:
        GraphError: if it cannot be traced, or has parts without NIR form; all of them are named.

    Example:
        >>> from perception import LeakyIntegrateAndFire, TimeDistributed
        >>> network = nn.Sequential(TimeDistributed(nn.Linear(4, 3)), LeakyIntegrateAndFire())
        >>> sorted(type(node).__name__ for node in module_to_nir(network, torch.zeros(2, 1, 4)).nodes.values())
        ['Affine', 'CubaLIF', 'Input', 'Output']
        >>> module_to_nir(nn.Sequential(TimeDistributed(nn.Softmax(-1))), torch.zeros(2, 1, 4))
        Traceback (most recent call last):
        perception.time_graph.time_graph.GraphError: a Sequential has parts without NIR form: 'softmax' ('0.layers.0')
    """
    if profile not in ("cuba", "lif"):
        raise GraphError(f"neurons are written by profile 'cuba' or 'lif', got {profile!r}")
    graph, name = trace_over_time(network, example), type(network).__name__
    if why := stepwise_obstacle(graph):
        raise GraphError(f"a {name} has no NIR form, which runs step by step: {why}")
    writer = _Writer(graph, profile)
    found = writer.run()
    if writer.obstacles or found is None:
        raise GraphError(f"a {name} has parts without NIR form: {'; '.join(dict.fromkeys(writer.obstacles))}")
    return found


@dataclass(frozen=True)
class _Signal:
    """Nodes whose outputs are added, their shape, how the network sees it, and whether it is zeros and ones."""

    sources: tuple[str, ...]
    shape: Shape
    features: Shape
    spikes: bool = False


class _Obstacle(Exception):
    """Why an operation has no NIR form."""


class _Writer:
    """Operations become nodes and edges, one after the other."""

    def __init__(self, graph: TimeGraph, profile: Profile) -> None:
        self.graph, self.profile = graph, profile
        self.nodes: dict[str, nir.NIRNode] = {}
        self.edges: list[tuple[str, str]] = []
        self.obstacles: list[str] = []
        self.signals: dict[str, _Signal] = {}
        self.values: dict[str, Any] = {}
        self.folded: dict[str, Factors] = {}
        moving = [one for one in graph.operations if one.moving]
        looped = any(isinstance(one.layer, Recurrent) for one in moving)
        deepest = max(len(one.features) for one in moving if one.layout in (Layout.PARTED, Layout.MERGED))
        self.rank = 3 if looped else min(deepest, 3)

    def run(self) -> nir.NIRGraph | None:
        """The graph, or none if there are obstacles."""
        self.folded = folded_norms(self.graph, self.value)
        for one in self.graph.operations:
            if one.family in _OF_SIZES or one.depends_on_steps:
                continue
            if not one.moving:
                self.evaluate(one)
            elif all(name in self.signals for name in one.sources if self.graph.by_name[name].moving):
                try:
                    self.signals[one.name] = self.translate(one)
                except _Obstacle as why:
                    place = f"'{one.place}'" if one.place else one.line
                    self.obstacles.append(f"{why} ({place})" if place else str(why))
                    if one.layout in (Layout.PARTED, Layout.MERGED) and 0 < len(one.features) <= self.rank:
                        self.signals[one.name] = _Signal(
                            (), self.lift(one.features), one.features
                        )  # to find the others
        last = self.signals.get(self.graph.output)
        if self.obstacles or last is None:
            return None
        self.nodes["output"] = nir.Output({"output": np.array(last.shape)})
        edges = [*self.edges, *((source, "output") for source in last.sources)]
        return nir.NIRGraph(nodes=self.nodes, edges=edges, metadata={"dt": TIME_STEP}, type_check=False)

    def value(self, one: Any) -> Any:
        """A tensor of the network, what was computed of such, or a number."""
        if isinstance(one, Constant):
            return self.graph.constants[one.name]
        if isinstance(one, Reference):
            if one.name not in self.values:
                raise _Obstacle(f"'{one.name}' is no constant")
            return self.values[one.name]
        return one

    def evaluate(self, one: TimeOperation) -> None:
        """What is computed of constants alone."""
        try:
            arguments = mapped(one.arguments, self.value)
            self.values[one.name] = function_of(one.target)(*arguments, **mapped(dict(one.keywords), lambda x: x))
        except (_Obstacle, ValueError, TypeError, RuntimeError):
            return  # whoever needs it names it

    def lift(self, features: Shape) -> Shape:
        """The shape of nodes for features."""
        missing = self.rank - len(features)
        if missing < 0 or not features:
            raise _Obstacle(f"a signal of {len(features)} axes")
        if len(features) == 1 or not missing:
            return features + (1,) * missing
        return (features[0], *(1,) * missing, *features[1:])

    def add(self, kind: str, node: nir.NIRNode, heard: _Signal, shape: Shape, *, spikes: bool = False) -> _Signal:
        """One node more, which hears the sum of others."""
        name = f"{kind}{len(self.nodes)}"
        self.nodes[name] = node
        self.edges += [(source, name) for source in heard.sources]
        return _Signal((name,), shape, shape[:1] if prod(shape[1:]) == 1 else shape, spikes)

    def translate(self, one: TimeOperation) -> _Signal:
        """What an operation gives."""
        if one.target == "input":
            shape = self.lift(one.features)
            self.nodes["input"] = nir.Input({"input": np.array(shape)})
            return _Signal(("input",), shape, one.features)
        given = self.signals[next(name for name in one.sources if name in self.signals)]
        if one.target == LEAF:
            return _seen(self.layer(one, given), one)
        rules: dict[str, Any] = {
            "linear": self.linear, "conv1d": self.convolution, "conv2d": self.convolution, "add": self.sum,
            "sub": self.sum, "neg": self.scaled, "mul": self.scaled, "div": self.scaled, "batch_norm": self.norm,
            "avg_pool1d": self.average, "avg_pool2d": self.average, "adaptive_avg_pool2d": self.average_all,
            "mean": self.average_all, "max_pool2d": self.largest, "max_pool1d": self.largest,
        }  # fmt: skip
        if one.family in VIEWS:
            return _seen(given, one)
        if one.family not in rules:
            raise _Obstacle(f"'{one.family}'")
        return _seen(rules[one.family](one, given), one)

    # weights

    def weigh(
        self, given: _Signal, weight: Tensor, bias: Tensor | None, stride: Any = 1, padding: Any = 0, dilation: Any = 1
    ) -> _Signal:
        """Weights ``[O, *window]`` over all channels; of one axis, a matrix."""
        numbers = weight.detach().double().cpu().numpy()
        offset = np.zeros(len(numbers)) if bias is None else bias.detach().double().cpu().numpy()
        if self.rank == 1:
            node = nir.Linear(numbers) if bias is None else nir.Affine(numbers, offset)
            return self.add("weights", node, given, (len(numbers),))
        axes = self.rank - 1
        stride, padding, dilation = (each(one, axes, fill) for one, fill in ((stride, 1), (padding, 0), (dilation, 1)))
        sides = tuple(
            (side + 2 * rim - spread * (window - 1) - 1) // step + 1
            for side, rim, spread, window, step in zip(
                given.shape[1:], padding, dilation, numbers.shape[2:], stride, strict=True
            )
        )
        if self.rank == 2:
            node = nir.Conv1d(given.shape[1], numbers, stride[0], padding[0], dilation[0], 1, offset)
        else:
            size = (given.shape[1], given.shape[2])
            node = nir.Conv2d(size, numbers, (stride[0], stride[1]), (padding[0], padding[1]), dilation, 1, offset)
        return self.add("weights", node, given, (len(numbers), *sides))

    def full(self, given: _Signal, matrix: Tensor, bias: Tensor | None) -> _Signal:
        """A matrix ``[O, N]`` over all features."""
        return self.weigh(given, matrix.reshape(len(matrix), *given.shape), bias)

    def diagonal(
        self, given: _Signal, factors: Tensor, window: Tensor | None = None, bias: Tensor | None = None, **how: Any
    ) -> _Signal:
        """The same window for each channel on its own, times its factor ``[C]``; one place if no window is given."""
        if self.rank == 1:
            return self.weigh(given, torch.diag(factors.expand(given.shape[0])), bias)
        place = torch.ones((1,) * (self.rank - 1)) if window is None else window
        weight = torch.diag(factors.expand(given.shape[0]).double())
        return self.weigh(given, weight.reshape(*weight.shape, *(1,) * place.ndim) * place, bias, **how)

    def linear(self, one: TimeOperation, given: _Signal) -> _Signal:
        weight, bias = (self.value(part) for part in (*one.arguments[1:], None)[:2])
        if len(given.features) != 1:
            raise _Obstacle(f"'linear' along the last axis of {list(given.features)}; flatten the features first")
        return self.full(given, *self.with_norm(one, weight, bias))

    def convolution(self, one: TimeOperation, given: _Signal) -> _Signal:
        weight, bias, stride, padding, dilation, groups = filled(one.arguments[1:], (None, None, 1, 0, 1, 1))
        weight, bias = self.with_norm(one, self.value(weight), self.value(bias))
        if isinstance(padding, str):
            window = weight.shape[2:]
            if padding == "same" and any(side % 2 == 0 for side in window):
                raise _Obstacle(f"'{one.family}' with padding 'same' and an even window")
            spread = each(dilation, len(window), 1)
            padding = [d * (side // 2) if padding == "same" else 0 for d, side in zip(spread, window, strict=True)]
        if groups != 1:
            weight = ungrouped(weight, groups)
        lifted = weight.reshape(*weight.shape[:2], *(1,) * (self.rank + 1 - weight.ndim), *weight.shape[2:])
        return self.weigh(given, lifted, bias, stride, padding, dilation)

    def with_norm(self, one: TimeOperation, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Weights with the norm that follows folded in."""
        if one.name not in self.folded:
            return weight, bias
        scale, shift = self.folded[one.name]
        offset = shift if bias is None else bias * scale + shift
        return weight * scale.reshape(-1, *[1] * (weight.ndim - 1)), offset

    def norm(self, one: TimeOperation, given: _Signal) -> _Signal:
        """Folded into the weights before it already, or weights of its own."""
        if any(name in self.folded for name in sources_through_views(self.graph, one)):
            return given
        scale, shift = norm_factors(one, self.value)
        return self.diagonal(given, scale, bias=shift)

    # sums, factors and pools

    def sum(self, one: TimeOperation, given: _Signal) -> _Signal:
        if one.keywords.get("alpha", 1) != 1 or any(not isinstance(part, Reference) for part in one.arguments[:2]):
            raise _Obstacle(f"'{one.family}' of a constant")
        first, second = (self.signals.get(part.name) for part in one.arguments[:2])
        if first is None or second is None:
            raise _Obstacle(f"'{one.family}' of a constant")
        if not first.sources or not second.sources:
            return first  # behind an obstacle
        if first.shape != second.shape:
            raise _Obstacle(f"'{one.family}' of maps {list(first.shape)} and {list(second.shape)}")
        if one.family == "sub" or set(first.sources) & set(second.sources):
            second = self.diagonal(second, torch.tensor([-1.0 if one.family == "sub" else 1.0]))
        return _Signal(first.sources + second.sources, first.shape, first.features)

    def scaled(self, one: TimeOperation, given: _Signal) -> _Signal:
        factor = -1.0 if one.family == "neg" else self.value(one.arguments[1])
        if not isinstance(one.arguments[0], Reference) or one.arguments[0].name not in self.signals:
            raise _Obstacle(f"'{one.family}' with the signal second")
        if not isinstance(factor, int | float) and not (isinstance(factor, Tensor) and factor.numel() == 1):
            raise _Obstacle(f"'{one.family}' by more than a number")
        number = float(factor)
        return self.diagonal(given, torch.tensor([1 / number if one.family == "div" else number]))

    def average(self, one: TimeOperation, given: _Signal) -> _Signal:
        kernel, stride, padding, ceiling, counted, divisor = filled(one.arguments[1:], (1, [], 0, False, True, None))
        axes = 1 if one.family.endswith("1d") else 2
        window = each(kernel, axes, 1)
        if ceiling or divisor or (not counted and any(each(padding, axes, 0))):
            raise _Obstacle(f"'{one.family}' with ceil_mode or other divisors")
        place = torch.full((*(1,) * (self.rank - 1 - axes), *window), 1 / prod(window), dtype=torch.float64)
        return self.diagonal(given, torch.ones(1), place, stride=stride or list(window), padding=padding)

    def average_all(self, one: TimeOperation, given: _Signal) -> _Signal:
        """The mean of each channel over its whole map."""
        if prod(one.features) != given.shape[0] or self.rank == 1 or len(given.features) < 2:
            raise _Obstacle(f"'{one.family}' over other axes than those of a map")
        place = torch.full(given.shape[1:], 1 / prod(given.shape[1:]), dtype=torch.float64)
        return self.diagonal(given, torch.ones(1), place)

    def largest(self, one: TimeOperation, given: _Signal) -> _Signal:
        """Of spikes, one neuron without memory for each window, which fires if any there does."""
        kernel, stride, padding, dilation, ceiling = filled(one.arguments[1:], (1, [], 0, 1, False))
        if not given.spikes or ceiling:
            raise _Obstacle(f"'{one.family}' of currents; pool spikes, or take averages or strides")
        axes = 1 if one.family.endswith("1d") else 2
        window = torch.ones((*(1,) * (self.rank - 1 - axes), *each(kernel, axes, 1)))
        stride = stride or kernel
        heard = self.diagonal(given, torch.ones(1), window, stride=stride, padding=padding, dilation=dilation)
        return self.neurons(heard, NirForm(0.5, 0.0))

    # layers over time

    def neurons(self, given: _Signal, form: NirForm) -> _Signal:
        """Leaky neurons."""
        node = neuron_node(form, given.shape, self.profile)
        return self.add("neurons", node, given, given.shape, spikes=True)

    def layer(self, one: TimeOperation, given: _Signal) -> _Signal:
        """A layer over time."""
        layer, kind = one.layer, type(one.layer).__name__
        if isinstance(layer, Recurrent):
            return self.recurrent(layer, given)
        if isinstance(layer, LeakyReadout):
            beta = float(torch.as_tensor(layer.decay()).detach())
            if beta == 1:
                raise _Obstacle("a LeakyReadout without leak")
            tau = np.full(given.shape, TIME_STEP / (1 - beta))
            gain = np.ones(given.shape) if layer.scale_input else tau / TIME_STEP
            return self.add("readout", nir.LI(tau=tau, r=gain, v_leak=0 * tau), given, given.shape)
        if isinstance(layer, Delay | DelayedLinear):
            if not layer.whole():
                raise _Obstacle(f"a {kind} whose delays are not whole; call round_delays() first")
            return self.delays(layer, given) if isinstance(layer, Delay) else self.delayed(layer, given)
        form = layer.nir_form() if isinstance(layer, Neuron) else None
        if form is None:
            raise _Obstacle(f"a {kind} as it is here; use leaky neurons with hard reset that start at 0")
        return self.neurons(given, form)

    def recurrent(self, layer: Recurrent, given: _Signal) -> _Signal:
        """Neurons with weights that lead back to them."""
        form, back = layer.neuron.nir_form(), layer.connection
        if form is None:
            raise _Obstacle(f"a Recurrent {type(layer.neuron).__name__} as it is here")
        if isinstance(back, nn.Linear) and len(given.features) == 1 and prod(given.shape[1:]) != 1:
            given = self.full(given, torch.eye(prod(given.shape)), None)  # a column of neurons
        bias = getattr(back, "bias", None)
        if isinstance(bias, Tensor) and bool(bias.any()) and self.rank > 1:
            ones = torch.ones(given.shape[0])  # a bias in the loop would act from the second step on in some readers
            given = self.diagonal(given, ones, bias=bias)
        fired = self.neurons(given, form)
        if isinstance(back, nn.Linear):
            loop = self.full(fired, back.weight, None)
        elif isinstance(back, OneToOne) and len(back.weight) == prod(fired.shape):
            loop = self.diagonal(fired, back.weight)
        elif isinstance(back, nn.Conv2d) and not isinstance(back.padding, str):
            weight = ungrouped(back.weight, back.groups)
            loop = self.weigh(fired, weight, None, list(back.stride), list(back.padding), list(back.dilation))
        else:
            raise _Obstacle(f"a recurrent {type(back).__name__}; use nn.Linear, OneToOne or nn.Conv2d")
        self.edges += [(source, fired.sources[0]) for source in loop.sources]
        return fired

    def delays(self, layer: Delay, given: _Signal) -> _Signal:
        """A delay for each channel, in seconds."""
        steps = layer.delay.detach().double().cpu().numpy()
        spread = np.ones(given.shape) * steps.reshape(-1, *(1,) * (len(given.shape) - 1)) * TIME_STEP
        return self.add("delay", nir.Delay(spread), given, given.shape, spikes=given.spikes)

    def delayed(self, layer: DelayedLinear, given: _Signal) -> _Signal:
        """Weights of each delay on their own, added."""
        parts, steps = list[_Signal](), layer.delay.detach()
        for number in steps.unique().tolist():
            late = given
            if number:
                node = nir.Delay(np.full(given.shape, number * TIME_STEP))
                late = _Signal(self.add("delay", node, given, given.shape).sources, given.shape, given.features)
            parts.append(self.full(late, layer.weight * (steps == number), None if parts else layer.bias))
        return _Signal(tuple(name for part in parts for name in part.sources), parts[0].shape, parts[0].features)


def _seen(signal: _Signal, one: TimeOperation) -> _Signal:
    """A signal with the features that the network sees."""
    if one.layout not in (Layout.PARTED, Layout.MERGED) or prod(one.features) != prod(signal.shape):
        raise _Obstacle(f"'{one.family}' mixes features with steps or samples")
    return _Signal(signal.sources, signal.shape, one.features, signal.spikes)
