"""The search for a temperature: it moves towards a known better one, stays in its bounds and harms no weight."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from perception import LeakyIntegrateAndFire, dspike, search_temperature


def setting() -> tuple[nn.Linear, LeakyIntegrateAndFire, Tensor]:
    generator = torch.Generator().manual_seed(0)
    layer, neurons = nn.Linear(6, 4, bias=False), LeakyIntegrateAndFire(surrogate=dspike(3.0))
    with torch.no_grad():
        layer.weight.normal_(0, 0.5, generator=generator)
    return layer, neurons, torch.rand(5, 200, 6, generator=generator)


def test_the_winner_has_the_best_cosine_by_full_differences() -> None:
    layer, neurons, inputs = setting()
    goal = torch.rand(200, 4, generator=torch.Generator().manual_seed(1))

    def loss() -> Tensor:
        return functional.mse_loss(neurons(layer(inputs)).mean(dim=0), goal)

    before = layer.weight.detach().clone()
    found = search_temperature(
        loss,
        layer.get_parameter("weight"),
        [neurons],
        3.0,
        generator=torch.Generator().manual_seed(2),
        change=2.0,
        directions=400,
    )
    assert torch.equal(layer.weight, before)
    assert neurons.surrogate.shape[0] == found
    differences = torch.zeros_like(before)
    with torch.no_grad():
        for place in range(before.numel()):
            for side in (0.01, -0.01):
                layer.weight.flatten()[place] = before.flatten()[place] + side
                differences.view(-1)[place] += loss() * (1 if side > 0 else -1)
            layer.weight.copy_(before)
    cosines = dict[float, float]()
    for candidate in (1.0, 3.0, 5.0):
        neurons.surrogate = dspike(candidate)
        (gradient,) = torch.autograd.grad(loss(), layer.weight)
        cosines[candidate] = functional.cosine_similarity(gradient.flatten(), differences.flatten(), dim=0).item()
    assert found == max(cosines, key=cosines.__getitem__)
    assert max(cosines.values()) > 0.5


def test_bounds_hold() -> None:
    layer, neurons, inputs = setting()
    found = search_temperature(
        lambda: neurons(layer(inputs)).mean(),
        layer.get_parameter("weight"),
        [neurons],
        9.9,
        generator=torch.Generator(),
        change=50.0,
    )
    assert found in (pytest.approx(0.5), pytest.approx(9.9), pytest.approx(10.0))
