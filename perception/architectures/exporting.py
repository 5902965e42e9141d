"""From a residual network of integrate-and-fire neurons to integers: the same spikes on :class:`logic.SpikingNetwork`.

Norms are folded and weights rounded to multiples of ``2^-bits``; scaled by ``2^bits`` they are integers, the threshold
is ``2^bits``, and both networks compute the same numbers exactly. A connection takes a step, so a layer at depth ``l``
does at step ``t + l`` what it does at step ``t`` in PyTorch. The network is a chain of populations, which is what a NIR
file can hold: what a later layer needs again (the identity of a block) is passed on by relays, and biases flow from a
clock that every layer passes on. Of spikes, a max-pool is an OR and the IAND shortcut a gate.
"""

from copy import deepcopy
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from logic import INPUT, Population, SpikingNetwork, Synapses, single_lines

from ..neurons import IntegerForm, Neuron
from .layers import ArchitectureError, ConvNorm, MaxPool
from .presets import Preset
from .resnets import ResNetPlan, SpikingResNet
from .shortcuts import Residual

Integers = NDArray[np.int64]
_CLOCK = "clock"


def exports(chosen: Preset) -> bool:
    """Whether a preset can become integers and a NIR file: binary spikes of integrate-and-fire neurons throughout."""
    plan = chosen.plan
    if not isinstance(plan, ResNetPlan) or chosen.neuron.layer().integer_form() is None or plan.hidden:
        return False
    return plan.shortcut in ("spiking", "sew-iand") and "max" not in (plan.downsampling, plan.projection)


def round_weights(network: SpikingResNet, bits: int = 8) -> SpikingResNet:
    """A copy in float64 whose norms are folded and whose weights and biases are multiples of ``2^-bits``.

    The readout keeps its real weights.

    Args:
        network: Trained; the copy is in evaluation.
        bits: Binary places that are kept.
    """
    rounded = deepcopy(network).double().eval()
    for layer in rounded.modules():
        if isinstance(layer, ConvNorm):
            folded = layer.fold()
            with torch.no_grad():
                for parameter in folded.parameters():
                    parameter.copy_((parameter * 2**bits).round() / 2**bits)
            layer.convolution = folded
            layer.norm = nn.Identity()  # type: ignore[assignment] - its work is in the convolution
    return rounded


class _Part(NamedTuple):
    """Some neurons of a population, from position ``first`` on."""

    first: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


class _Synapses(NamedTuple):
    """Into one part, numbered within both parts."""

    source: str
    pre: Integers
    post: Integers
    weight: Integers


class _Chain:
    """A network that grows population by population; each has named parts."""

    def __init__(self, shape: tuple[int, ...], one: int) -> None:
        self.shape, self.one = shape, one  # 'one' is the threshold, and the weight of a relay
        self.parts: dict[str, _Part] = {"x": _Part(0, shape)}
        self.populations: list[Population] = []
        self.projections: list[Synapses] = []

    def add(self, made: dict[str, tuple[tuple[int, ...], list[_Synapses]]], keep: list[str], retain: bool) -> None:
        """One population more: the parts that are made, and relays of parts of the population before."""
        name, before = f"layer{len(self.populations) + 1}", self.parts
        source = self.populations[-1].name if self.populations else INPUT
        relays = {part: (before[part].shape, [_identity(part, before[part].size, self.one)]) for part in keep}
        self.parts, first = {}, 0
        rows: list[tuple[Integers, Integers, Integers]] = []
        for part, (shape, synapses) in {**made, **relays}.items():
            self.parts[part] = _Part(first, shape)
            rows += [(s.pre + before[s.source].first, s.post + first, s.weight) for s in synapses]
            first += int(np.prod(shape))
        pre, post, weight = (np.concatenate(column) for column in zip(*rows, strict=True))
        self.projections.append(Synapses(source, name, pre, post, weight))
        self.populations.append(Population(name, (first,), self.one, retain=retain))

    def start_clock(self, bias: Integers) -> None:
        """Gives the first population its biases and a clock; both begin at step 1, when the input arrives."""
        old, part = self.populations[0], self.parts[_CLOCK]
        current = np.zeros(old.size, dtype=np.int64)
        current[: len(bias)] = bias
        current[part.first] = self.one
        self.populations[0] = Population(old.name, old.shape, self.one, retain=True, bias=current, initial=-current)


def to_integer_network(network: SpikingResNet, size: int, bits: int = 8) -> SpikingNetwork:
    """The network before its readout, in integers; exact if :func:`round_weights` made it with these ``bits``.

    Args:
        network: In form ``spiking`` or ``sew-iand``, of integrate-and-fire neurons, with no max-pool but the stem's.
        size: Height and width of the input in pixels.
        bits: Binary places of its weights.

    Returns:
        Input ``[C, H, W]`` of spikes; the outputs are the neurons that the readout hears, ``[C, H, W]`` flattened, at
        step ``t + latency`` what they send at step ``t``.

    Raises:
        ArchitectureError: if the network has other parts, or norms that are not folded.
    """
    _check(network)
    channels = network.first.convolution.in_channels
    chain = _Chain((channels, size, size), 2**bits)
    synapses, shape, bias = _convolution(chain, "x", network.first, timed=False)
    clock = ((1,), list[_Synapses]())
    chain.add({"x": (shape, synapses), _CLOCK: clock}, [], retain=True)
    chain.start_clock(bias)
    for layer in network.rest:
        if isinstance(layer, MaxPool):
            chain.add({"x": _any_of(chain)}, [_CLOCK], retain=False)
    for block in network.blocks:
        _add_block(chain, block)
    last = chain.parts["x"]
    neurons = sum(population.size for population in chain.populations)
    start = int(np.prod(chain.shape)) + neurons - chain.populations[-1].size + last.first
    return SpikingNetwork(
        input_shape=chain.shape,
        populations=tuple(chain.populations),
        projections=tuple(chain.projections),
        outputs=start + np.arange(last.size),
        output_lines=single_lines(f"feature{number}" for number in range(last.size)),
        latencies=np.full(last.size, len(chain.populations)),
    )


def _check(network: SpikingResNet) -> None:
    for module in network.modules():
        if isinstance(module, ConvNorm) and not isinstance(module.norm, nn.Identity):
            raise ArchitectureError("a norm is not folded; give the network that round_weights returns")
        if isinstance(module, ConvNorm) and module.pooling in ("max", "average"):
            raise ArchitectureError(f"pooling {module.pooling!r} of currents is no synapse; build with 'stride'")
        if isinstance(module, Residual) and module.shortcut not in ("spiking", "sew-iand"):
            raise ArchitectureError(f"shortcut {module.shortcut!r} sends more than bits; use 'sew-iand' or 'spiking'")
        if isinstance(module, Neuron) and module.integer_form() != IntegerForm(1.0):
            raise ArchitectureError(
                f"{module} has no integer membranes; build with integrate-and-fire neurons of threshold 1, hard reset "
                f"and start 0"
            )
    if not isinstance(network.head, nn.Identity):
        raise ArchitectureError("a hidden layer behind rates does not hear spikes; build with hidden=0")


def _add_block(chain: _Chain, block: nn.Module) -> None:
    if not isinstance(block, Residual):
        raise ArchitectureError(f"a {type(block).__name__} is no residual block")
    branch = [layer for layer in block.branch.modules() if isinstance(layer, ConvNorm)]
    for number, layer in enumerate(branch[:-1]):
        source = "y" if number else "x"
        synapses, shape, _ = _convolution(chain, source, layer)
        keep = ["identity" if number else "x", _CLOCK]
        chain.add({"y": (shape, synapses)}, keep, retain=True)
        chain.parts["identity"] = chain.parts.pop(keep[0])
    synapses, shape, _ = _convolution(chain, "y", branch[-1])
    other = _identity("identity", chain.parts["identity"].size, chain.one)
    if isinstance(block.projection, ConvNorm):
        projected, _, _ = _convolution(chain, "identity", block.projection)
    else:
        projected = [other]
    if block.shortcut == "spiking":
        chain.add({"x": (shape, [*synapses, *projected])}, [_CLOCK], retain=True)
        return
    chain.add({"y": (shape, synapses), "identity": (shape, projected)}, [_CLOCK], retain=True)
    count = int(np.prod(shape))
    gate = [_identity("identity", count, chain.one), _identity("y", count, -chain.one)]
    chain.add({"x": (shape, gate)}, [_CLOCK], retain=False)


def _identity(source: str, size: int, weight: int) -> _Synapses:
    every = np.arange(size)
    return _Synapses(source, every, every, np.full(size, weight, dtype=np.int64))


def _convolution(
    chain: _Chain, source: str, layer: ConvNorm, *, timed: bool = True
) -> tuple[list[_Synapses], tuple[int, ...], Integers]:
    """A convolution's synapses, those of the clock for its bias if ``timed``, its output's shape, and its biases."""
    convolution = layer.convolution
    weight = _integers(convolution.weight, chain.one)
    window, stride = int(convolution.kernel_size[0]), int(convolution.stride[0])
    sources, side = _windows(chain.parts[source].shape, window, stride, window // 2)
    shape = (len(weight), side, side)
    kernel = weight.reshape(len(weight), -1)
    channel, tap, place = np.nonzero((kernel[:, :, None] != 0) & (sources[None] >= 0))
    found = [_Synapses(source, sources[tap, place], channel * side * side + place, kernel[channel, tap])]
    bias = np.zeros(len(weight), dtype=np.int64) if convolution.bias is None else _integers(convolution.bias, chain.one)
    biases = np.repeat(bias, side * side)
    if timed:
        post = np.flatnonzero(biases)
        found.append(_Synapses(_CLOCK, np.zeros_like(post), post, biases[post]))
    return found, shape, biases


def _any_of(chain: _Chain) -> tuple[tuple[int, ...], list[_Synapses]]:
    """A max-pool of spikes, as :class:`MaxPool` does it: each neuron fires if any of 3 x 3 does."""
    channels, height, width = chain.parts["x"].shape
    sources, side = _windows((1, height, width), 3, 2, 1)
    tap, place = np.nonzero(sources >= 0)
    channel = np.arange(channels)[:, None]
    pre = (channel * height * width + sources[tap, place]).reshape(-1)
    post = (channel * side * side + place).reshape(-1)
    weight = np.full(len(pre), chain.one, dtype=np.int64)
    return (channels, side, side), [_Synapses("x", pre, post, weight)]


def _windows(shape: tuple[int, ...], window: int, stride: int, padding: int) -> tuple[Integers, int]:
    """Positions that each place's window covers, ``[C * window^2, places]``, -1 on the rim; and the output's side."""
    count = int(np.prod(shape))
    numbers = torch.arange(1, count + 1, dtype=torch.float64).reshape(1, *shape)
    found = functional.unfold(numbers, window, padding=padding, stride=stride)[0]
    return found.numpy().astype(np.int64) - 1, (shape[1] + 2 * padding - window) // stride + 1


def _integers(values: torch.Tensor, one: int) -> Integers:
    scaled = values.detach().double().numpy() * one
    if not np.array_equal(scaled, np.round(scaled)):
        raise ArchitectureError(f"weights are not multiples of 1/{one}; round them with round_weights first")
    return scaled.astype(np.int64)
