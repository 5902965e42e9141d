"""Pretraining: the convolutions of a network learn from pictures without labels, layer by layer, by STDP.

References:
    Lee, Panda, Srinivasan and Roy, "Training Deep Spiking Convolutional Neural Networks With STDP-Based Unsupervised
    Pre-training Followed by Supervised Fine-Tuning", Frontiers in Neuroscience 12, 2018.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from logic.randomness import Seed, to_generator

from ..architectures.normalization import settle_norms
from ..networks.classifier import SpikingClassifier
from .competition import CompetitiveRule, learn_by_competition
from .first_spike import PlasticityRule, latencies, learn_kernels, to_initial_layer
from .timing import PlasticityError


@dataclass(frozen=True, eq=False)
class Pretraining:
    """What pretraining has learned.

    Args:
        kernels: By the name of the layer, as they were learned, before they were scaled to first weights.
        samples: Pictures shown, counted once for each layer that learned from them.
    """

    kernels: Mapping[str, Tensor]
    samples: int


def pretrain(
    network: nn.Module,
    pictures: Tensor,
    generator: Seed,
    rule: CompetitiveRule | None = None,
    *,
    layers: int | None = None,
    batch: int = 32,
) -> Pretraining:
    """Replaces the convolutions of any network by kernels that STDP has learned; fine-tune with :func:`neurosym.fit`.

    The layers learn in the order in which data flows, each from the spikes that the layers before it, already
    pretrained, give it; batch norms in training get the statistics that they see. Learned kernels have their mean
    taken off and get the size of random first weights.

    Args:
        network: Its ``nn.Conv2d`` layers are changed in place; grouped and 1x1 ones are passed over.
        pictures: As the network takes them, first dimension ``M``; training pictures only, a thousand are plenty.
        generator: Source of all randomness.
        rule: Constants.
        layers: Number of layers that learn; all if none is given.
        batch: Pictures per step of the rule.

    Raises:
        PlasticityError: if the network has no convolution that can learn, or nothing reaches one.

    Example:
        >>> network = nn.Sequential(nn.Conv2d(1, 4, 5), nn.ReLU())
        >>> pictures = torch.rand(8, 1, 12, 12, generator=torch.Generator().manual_seed(0))
        >>> learned = pretrain(network, pictures, 0)
        >>> learned.samples, {name: tuple(kernels.shape) for name, kernels in learned.kernels.items()}
        (8, {'0': (4, 1, 5, 5)})
    """
    generator = to_generator(generator)
    rule = rule or CompetitiveRule()
    samples = 0
    kernels: dict[str, Tensor] = {}
    for name, layer in flow(network, pictures[:1])[:layers]:
        settle_norms(network, partial(network, pictures[: 4 * batch]))
        order = torch.randperm(len(pictures), generator=generator)
        codes = (_code(network, layer, pictures[chosen], rule.bins) for chosen in order.split(batch))
        shape = (layer.out_channels, layer.in_channels, layer.kernel_size[0], layer.kernel_size[1])
        kernels[name] = learn_by_competition(codes, shape, generator, rule)
        with torch.no_grad():
            layer.weight.copy_(to_initial_layer(kernels[name]))
        samples += len(pictures)
    if not kernels:
        raise PlasticityError("the network has no ungrouped convolution larger than 1x1, so nothing can be pretrained")
    return Pretraining(kernels, samples)


def flow(network: nn.Module, picture: Tensor) -> list[tuple[str, nn.Conv2d]]:
    """The convolutions that can learn, by name, in the order in which data flows.

    Args:
        network: Any module.
        picture: One picture as the network takes it.
    """
    names = {layer: name for name, layer in network.named_modules() if isinstance(layer, nn.Conv2d) and _learns(layer)}
    order: dict[nn.Conv2d, None] = {}

    def note(module: nn.Module, _: tuple[Tensor, ...]) -> None:
        if isinstance(module, nn.Conv2d):
            order[module] = None

    hooks = [layer.register_forward_pre_hook(note) for layer in names]
    try:
        _look(network, picture)
    finally:
        for hook in hooks:
            hook.remove()
    return [(names[layer], layer) for layer in order]


def inputs_of(network: nn.Module, layer: nn.Conv2d, pictures: Tensor) -> Tensor:
    """What reaches a layer of a network, ``[T * B, C, H, W]``, padded as the layer pads; the rest does not run.

    Args:
        network: Any module.
        layer: One of its layers.
        pictures: As the network takes them.
    """
    found: list[Tensor] = []

    def keep(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found.append(inputs[0].detach())
        raise _EnoughError

    hook = layer.register_forward_pre_hook(keep)
    try:
        _look(network, pictures)
    except _EnoughError:
        pass
    finally:
        hook.remove()
    high, wide = (k // 2 for k in layer.kernel_size) if isinstance(layer.padding, str) else layer.padding
    if layer.padding == "valid":
        high = wide = 0
    return functional.pad(found[0].to(torch.float32), (wide, wide, high, high))


def spike_times(inputs: Tensor, batch: int, bins: int) -> tuple[int, Tensor]:
    """Number of steps, and the step of each first spike, that number where there is none.

    Inputs that are spikes of several steps have such times; of real values the mean over time is coded instead, the
    largest first.

    Args:
        inputs: ``[T * B, C, H, W]``.
        batch: ``B``.
        bins: Steps of the code of real values.

    Returns:
        Steps, and integers ``[B, C, H, W]``.

    Raises:
        PlasticityError: if the first dimension is no multiple of ``batch``.
    """
    if len(inputs) % batch:
        raise PlasticityError(f"a layer sees {len(inputs)} pictures of a batch of {batch}: no whole number of steps")
    trains = inputs.unflatten(0, (-1, batch))
    steps = len(trains)
    if steps > 1 and bool(((trains == 0) | (trains == 1)).all()):
        return steps, torch.where(trains.any(dim=0), trains.argmax(dim=0), steps)
    return bins, latencies(trains.mean(dim=0), bins)


def pretrain_first_layer(
    classifier: SpikingClassifier, pictures: Tensor, generator: Seed, rule: PlasticityRule | None = None
) -> Tensor:
    """Replaces the first layer's random weights by kernels that STDP has learned picture by picture.

    Args:
        classifier: Its ``convolution1`` is changed in place.
        pictures: ``[M, 1, H, W]``, training pictures only; a thousand are plenty.
        generator: Source of all randomness.
        rule: Constants of STDP.

    Returns:
        The learned kernels in [0, 1], ``[F, 1, 5, 5]``, to be looked at.

    Example:
        >>> classifier = SpikingClassifier(10, 0)
        >>> pictures = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> pretrain_first_layer(classifier, pictures, 0).shape
        torch.Size([16, 1, 5, 5])
    """
    generator = to_generator(generator)
    weight = classifier.weights()["convolution1"]  # shares its memory with the layer
    filters, channels, height, width = weight.shape
    kernels = learn_kernels(pictures, (filters, channels, height, width), generator, rule)
    weight.copy_(to_initial_layer(kernels))
    return kernels


def _code(network: nn.Module, layer: nn.Conv2d, pictures: Tensor, bins: int) -> tuple[int, Tensor]:
    return spike_times(inputs_of(network, layer, pictures), pictures.shape[:-3].numel(), bins)


class _EnoughError(Exception):
    """Ends a forward pass once the layer that was asked for has been reached."""


def _learns(layer: nn.Conv2d) -> bool:
    return layer.groups == 1 and max(layer.kernel_size) > 1


def _look(network: nn.Module, pictures: Tensor) -> None:
    """One forward pass that leaves no trace: no gradients, and no running statistics moved."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            network(pictures)
    finally:
        for module, training in modes:
            module.training = training
