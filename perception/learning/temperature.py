"""The search for Dspike's temperature: the one whose gradient points where the loss really falls.

References:
    Li et al., "Differentiable Spike", NeurIPS 2021, algorithm 1; random directions stand for single weights.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from logic.randomness import Seed, to_generator

from ..neurons import Neuron
from ..neurons.surrogates import dspike


def search_temperature(
    loss: Callable[[], Tensor],
    weight: nn.Parameter,
    layers: Iterable[Neuron],
    temperature: float,
    *,
    generator: Seed,
    change: float = 0.2,
    epsilon: float = 0.01,
    directions: int = 32,
    lowest: float = 0.5,
    highest: float = 10.0,
) -> float:
    """Gives all layers the Dspike of a better temperature, once an epoch, say.

    The loss is measured at ``weight +- epsilon d`` for random directions ``d`` of signs; those finite differences are
    compared with the surrogate gradient along the same directions for ``temperature`` and one ``change`` up and down.
    The temperature with the greatest cosine wins. ``2 directions`` forward and 3 backward passes.

    Args:
        loss: Runs the model on one batch, always the same.
        weight: Weights of the first layer.
        layers: Neurons that get the new surrogate.
        temperature: The present one.
        generator: Source of the directions.
        change: Step of the search.
        epsilon: Step of the finite differences.
        directions: Number of directions.
        lowest: Bound of the search.
        highest: Bound of the search.

    Returns:
        The temperature that was set.
    """
    generator = to_generator(generator)
    neurons = list(layers)
    signs = torch.randint(0, 2, (directions, *weight.shape), generator=generator).to(weight) * 2 - 1
    start = weight.detach().clone()
    measured = list[Tensor]()
    with torch.no_grad():
        for sign in signs:
            pair = list[Tensor]()
            for side in (epsilon, -epsilon):
                weight.copy_(start + side * sign)
                pair.append(loss())
            measured.append((pair[0] - pair[1]) / (2 * epsilon))
        weight.copy_(start)
    candidates = [min(max(temperature + step, lowest), highest) for step in (0.0, -change, change)]

    def cosine(candidate: float) -> float:
        _set(neurons, candidate)
        (gradient,) = torch.autograd.grad(loss(), weight)
        along = (signs * gradient).flatten(1).sum(dim=1)
        return functional.cosine_similarity(along, torch.stack(measured), dim=0).item()

    best = max(candidates, key=cosine)  # the present one if none is better
    _set(neurons, best)
    return best


def _set(neurons: list[Neuron], temperature: float) -> None:
    for layer in neurons:
        layer.surrogate = dspike(temperature)
