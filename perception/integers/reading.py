"""What a spiking network is made of, as a graph of layers; a part that has no integer form is refused."""

from collections.abc import Iterable

import torch
from torch import nn

from logic import INPUT

from ..architectures import ConvNorm, Network, Preset, Readout, Residual, SpikingAttention, SpikingResNet, build
from ..architectures.layers import MaxPool
from ..architectures.tokens import Selected
from ..neurons import IntegerForm, Neuron
from .layer_graph import BRIGHTEST, EVIDENCE, Current, GraphBuilder, IntegerFormError, LayerGraph, Spikes

Signal = Spikes | Current


def read_network(network: Network, size: int) -> LayerGraph:
    """The layers of a preset's network, norms folded.

    Args:
        network: Trained; its running statistics are used.
        size: Height and width of a picture in pixels.

    Raises:
        IntegerFormError: if a layer has no integer form; the first that has none is named.

    Example:
        >>> from perception import build, preset
        >>> graph = read_network(build(preset("tiny_ms_resnet"), 0), 28)
        >>> [(layer.name, layer.shape, graph.depths[layer.name]) for layer in graph.layers][:2]
        [('blocks_0_fire', (8, 28, 28), 1), ('blocks_0_branch_1', (8, 28, 28), 2)]
    """
    reader = _Reader((network.first.convolution.in_channels, size, size), "bytes", network.steps)
    with torch.no_grad():
        signal: Signal = (INPUT,)
        for place, part in _flow(network):
            signal = reader.read(place, part, signal)
    return reader.finish()


def _flow(network: Network) -> Iterable[tuple[str, nn.Module]]:
    """The parts of a network in the order in which data flow."""
    yield "first", network.first
    if isinstance(network, SpikingResNet):
        yield from (*_parts("rest", network.rest), *_parts("blocks", network.blocks), ("fire", network.fire))
        yield from _parts("head", network.head)
    else:
        yield from _parts("embedding", network.embedding)
        if network.compress:
            raise IntegerFormError("embedding: spikes that are summed over time have no integer form; keep all steps")
        yield from (*_parts("trunk", network.trunk), ("fire_tokens", network.fire_tokens))
        if network.fire_mean is not None:
            yield "fire_mean", _MeanThenFire(network.fire_mean)
    yield "readout", network.readout


class _MeanThenFire(nn.Module):
    """Neurons behind the mean over space."""

    def __init__(self, neurons: nn.Module) -> None:
        super().__init__()
        self.neurons = neurons


def integer_obstacle(chosen: Preset) -> str | None:
    """Why a preset's networks have no integer form, in a sentence that names the first layer without; none if they do.

    No weights are made, so that it can be asked before any training.

    Example:
        >>> from perception import preset
        >>> integer_obstacle(preset("tiny_ms_resnet")) is None
        True
        >>> integer_obstacle(preset("tiny_resnet"))
        "blocks.0.branch.0: a max-pool of currents has no integer form; build with pooling 'stride'"
    """
    try:
        with torch.device("meta"):
            read_network(build(chosen), chosen.size)
    except IntegerFormError as fault:
        return str(fault)
    return None


def _parts(place: str, parts: nn.Module) -> list[tuple[str, nn.Module]]:
    return [(f"{place}.{name}", part) for name, part in parts.named_children()]


class _Reader(GraphBuilder):
    """Reads modules one after the other; a signal is a current or spikes."""

    def read(self, place: str, part: nn.Module, signal: Signal) -> Signal:
        """What a part makes of a signal."""
        match part:
            case nn.Identity():
                return signal
            case nn.Sequential():
                for name, inner in _parts(place, part):
                    signal = self.read(name, inner, signal)
                return signal
            case ConvNorm():
                return self.weigh(place, part, _spikes(place, signal))
            case MaxPool():
                return self.pool(place, _spikes(place, signal))
            case Readout():
                return self.gather(place, part, _spikes(place, signal))
            case Residual():
                return self.residual(place, part, signal)
            case SpikingAttention():
                return self.attend(place, part, _spikes(place, signal))
            case Selected() if part.policy is None:
                return self.read(f"{place}.block", part.block, signal)
            case _MeanThenFire():
                return self.fire(place, part.neurons, self.mean(signal))
            case _:
                return self.fire(place, part, signal)

    def weigh(self, place: str, layer: ConvNorm, signal: Spikes) -> Current:
        """A convolution with its norm folded in."""
        if layer.pooling == "max":
            raise IntegerFormError(f"{place}: a max-pool of currents has no integer form; build with pooling 'stride'")
        folded = layer.fold()
        return self.convolve(
            signal,
            folded.weight.detach() / (BRIGHTEST if signal == (INPUT,) else 1),
            None if folded.bias is None else folded.bias.detach(),
            stride=int(folded.stride[0]),
            padding=int(folded.kernel_size[0]) // 2,
            groups=folded.groups,
            averaged=layer.pooling == "average",
        )

    def fire(self, place: str, layer: nn.Module, signal: Signal) -> Spikes:
        """A layer of neurons."""
        form = layer.integer_form() if isinstance(layer, Neuron) else None
        if not isinstance(layer, Neuron) or form is None:
            raise IntegerFormError(
                f"{place}: a {type(layer).__name__} as it is here has no integer form; build with neurons 'lif' or "
                f"'if' that keep 1/2^k of the membrane (beta) and start at 0"
            )
        return self.add(place, self.as_current(signal), form, surrogate=layer.surrogate)

    def residual(self, place: str, block: Residual, signal: Signal) -> Signal:
        """A connection in any of the five forms."""
        fire = f"{place}.fire"
        heard = self.fire(fire, block.fire, signal) if block.shortcut == "ms" else signal
        branch = self.read(f"{place}.branch", block.branch, heard)
        identity = signal if block.projection is None else self.read(f"{place}.projection", block.projection, heard)
        if block.shortcut in ("ms", "spiking"):
            added = self.as_current(identity) + self.as_current(branch)
            return added if block.shortcut == "ms" else self.fire(fire, block.fire, added)
        fired = self.fire(fire, block.fire, branch)
        if block.fire_projection is not None:
            identity = self.fire(f"{place}.fire_projection", block.fire_projection, identity)
        return self.join(f"{place}.join", fired, _spikes(place, identity), block.shortcut)

    def as_current(self, signal: Signal) -> Current:
        """Spikes as a current, each worth 1."""
        return signal if isinstance(signal, Current) else self.each(signal, torch.ones(1, 1))

    def attend(self, place: str, layer: SpikingAttention, signal: Spikes) -> Current:
        """Attention by masks and counts: gates of two spikes, and neurons that count spikes over tokens or channels."""
        if layer.kind not in ("sdsa", "qk-token", "qk-channel"):
            raise IntegerFormError(
                f"{place}: attention {layer.kind!r} multiplies spikes by spikes and has no integer form; use 'sdsa', "
                f"'qk-token' or 'qk-channel'"
            )

        def project(role: str, weights: ConvNorm, neurons: nn.Module) -> Spikes:
            return self.fire(f"{place}.fire_{role}", neurons, self.weigh(f"{place}.{role}", weights, signal))

        query, key = project("query", layer.query, layer.fire_query), project("key", layer.key, layer.fire_key)
        masked = key
        if layer.value is not None:
            value = project("value", layer.value, layer.fire_value)
            counted = self.count_places(self.both(f"{place}.meet", self.each(key), self.each(value)))
            masked = query
        elif layer.kind == "qk-channel":
            counted = self.count_places(query)
        else:
            counted = self.count_channels(query, layer.heads)
        gates = self.fire(f"{place}.gate", layer.gate, counted)
        opened = self.spread(gates, masked, layer.heads)
        return self.weigh(f"{place}.mix_heads", layer.mix_heads, self.both(f"{place}.mask", opened, self.each(masked)))

    def both(self, place: str, first: Current, second: Current) -> Spikes:
        """Neurons that fire where two spikes meet."""
        return self.add(place, first + second, IntegerForm(2.0, retain=False), gate=True)

    def count_places(self, signal: Spikes) -> Current:
        """Spikes of each channel, over all places, ``[C, 1, 1]``."""
        return self.each(signal, torch.ones(self.shape_of(signal[0])[1:]))

    def mean(self, signal: Signal) -> Current:
        """Mean over all places."""
        spikes = _spikes("mean", signal)
        height, width = self.shape_of(spikes[0])[1:]
        return self.each(spikes, torch.full((height, width), 1 / (height * width)))

    def count_channels(self, signal: Spikes, heads: int) -> Current:
        """Spikes at each place, over the channels of each head, ``[heads, H, W]``."""
        channels = self.shape_of(signal[0])[0]
        return self.convolve(signal, torch.ones(heads, channels // heads, 1, 1), groups=heads)

    def spread(self, gates: Spikes, masked: Spikes, heads: int) -> Current:
        """Spikes ``[C, 1, 1]`` at all places, or those of heads, ``[heads, H, W]``, in all of its channels."""
        channels, height, width = self.shape_of(masked[0])
        if self.shape_of(gates[0])[1:] == (height, width):
            return self.convolve(gates, torch.ones(channels, 1, 1, 1), groups=heads)
        if height != width:
            raise IntegerFormError(f"{gates[0]}: a gate of all places needs a square map, got {height} x {width}")
        return self.each(gates, torch.ones(height, width), padding=height - 1)

    def gather(self, place: str, layer: Readout, signal: Spikes) -> Current | Spikes:
        """Mean over space, norm and linear layer as a convolution whose window is the whole map."""
        weight, bias = layer.fold()
        height, width = self.shape_of(signal[0])[1:]
        spread = weight[:, :, None, None].expand(-1, -1, height, width) / (height * width)
        current = self.convolve(signal, spread, bias)
        return self.add(EVIDENCE, current, None) if place == "readout" else current


def _spikes(place: str, signal: Signal) -> Spikes:
    if not isinstance(signal, Current):
        return signal
    raise IntegerFormError(f"{place}: a layer that weighs a membrane has no integer form; let neurons fire before it")
