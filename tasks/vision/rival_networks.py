"""Deeper networks for pictures of 32 x 32 x 3, by this package and by SpikingJelly: what a benchmark times.

A VGG, a Spikformer and a residual network (which nothing was tuned on), equal in every weight. SpikingJelly's are the
same networks with its own neurons, which take all steps in one call, and its own container around convolution, norm and
pool, as its model zoo writes them; the first layer sees a still picture once, and in inference its norms are folded.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from perception.architectures import (
    ConvNorm,
    Readout,
    ResNetPlan,
    SpikingResNet,
    SpikingTransformer,
    Stage,
    TransformerPlan,
    draw_weights,
)
from perception.architectures.fusing import Chain, present_to
from perception.architectures.layers import MaxPool
from perception.neurons import LeakyIntegrateAndFire, Neuron
from perception.neurons.surrogates import sigmoid

CLASSES, CHANNELS = 10, 3


def neuron(*, threshold: float = 1.0) -> Neuron:
    """The neurons of the published Spikformer: half of the membrane stays, hard reset, sigmoid surrogate of slope 4."""
    return LeakyIntegrateAndFire(0.5, threshold=threshold, scale_input=True, surrogate=sigmoid(4.0))


class Vgg(nn.Module):
    """Six 3x3 convolutions of 32, 64 and 128 channels, each with norm and neurons, a max-pool of spikes behind two."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.first = ConvNorm(CHANNELS, 32, 3)
        rest: list[nn.Module] = [neuron()]
        for inputs, outputs, pool in [(32, 32, True), (32, 64, False), (64, 64, True), (64, 128, False)]:
            rest += [ConvNorm(inputs, outputs, 3), neuron(), *([MaxPool()] if pool else [])]
        self.rest = Chain(*rest, ConvNorm(128, 128, 3), neuron())
        self.readout = Readout(128, CLASSES)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits ``[T, B, K]`` of pictures ``[B, 3, 32, 32]``."""
        return self.readout(present_to(self.rest, self.first, pictures, self.steps))


def _spikformer(steps: int) -> nn.Module:
    plan = TransformerPlan((Stage(128, 2, "ssa"),), shortcut="sew-add", heads=4)
    return SpikingTransformer(plan, neuron, channels=CHANNELS, classes=CLASSES, steps=steps)


def _resnet(steps: int) -> nn.Module:
    plan = ResNetPlan((32, 64, 128), (1, 1, 1), "ms", halve_first=True)
    return SpikingResNet(plan, neuron, channels=CHANNELS, classes=CLASSES, steps=steps)


NETWORKS: Mapping[str, Callable[[int], nn.Module]] = {"vgg": Vgg, "spikformer": _spikformer, "resnet": _resnet}
"""Makes a network for so many steps."""


def made_network(name: str, steps: int, *, channels_last: bool) -> nn.Module:
    """A network with weights that are always the same, its own or channels-last layout of memory."""
    network = NETWORKS[name](steps)
    draw_weights(network, 0)
    return network.to(memory_format=torch.channels_last) if channels_last else network  # pyright: ignore[reportCallIssue]


class JellyLayer(nn.Module):
    """Convolution, norm and pool in SpikingJelly's container; ``fold`` makes one convolution of the first two."""

    def __init__(self, layer: ConvNorm, *, fold: bool) -> None:
        super().__init__()
        old = layer.convolution
        sizes = old.kernel_size[0], old.stride[0], int(old.padding[0])
        self.convolution = nn.Conv2d(old.in_channels, old.out_channels, *sizes, groups=old.groups, bias=False)
        self.convolution.weight = old.weight
        found = fuse_conv_bn_eval(self.convolution.eval(), layer.norm.eval()) if fold else None
        parts = [self.convolution, layer.norm] if found is None else [found]
        self.run = _in_container(*parts, *([nn.MaxPool2d(3, 2, 1)] if layer.pooling == "max" else []))

    def forward(self, signal: Tensor) -> Tensor:
        """Currents ``[T, B, C', H', W']``."""
        return self.run(signal)


class Jelly(nn.Module):
    """A network of ours whose layers are SpikingJelly's."""

    def __init__(self, network: nn.Module, *, fold: bool) -> None:
        super().__init__()
        self.network = deepcopy(network)
        self.reset: Any = import_module("spikingjelly.activation_based.functional").reset_net
        for parent in list(self.network.modules()):
            for name, child in parent.named_children():
                if isinstance(child, ConvNorm):
                    setattr(parent, name, JellyLayer(child, fold=fold))
                elif isinstance(child, MaxPool):
                    setattr(parent, name, _in_container(nn.MaxPool2d(3, 2, 1)))
                elif isinstance(child, LeakyIntegrateAndFire):
                    setattr(parent, name, _jelly_neuron(child))

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits ``[T, B, K]``."""
        self.reset(self.network)
        return self.network(pictures)


def _in_container(*layers: nn.Module) -> nn.Module:
    container: Any = import_module("spikingjelly.activation_based.layer").SeqToANNContainer
    return container(*layers)


def _jelly_neuron(like: LeakyIntegrateAndFire) -> nn.Module:
    neurons: Any = import_module("spikingjelly.activation_based.neuron")
    surrogates: Any = import_module("spikingjelly.activation_based.surrogate")
    return neurons.LIFNode(
        tau=1 / (1 - like.beta),
        decay_input=like.scale_input,
        v_threshold=like.threshold,
        v_reset=0.0 if like.reset == "hard" else None,
        surrogate_function=surrogates.Sigmoid(like.surrogate.shape[0]),
        detach_reset=like.detach_reset,
        step_mode="m",
    )
