"""Costs of a network of integers are those of the network itself; flips are counted picture by picture."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from logic.proving.membranes import membrane_bounds
from perception import SpikingVision, settle_norms
from perception.integers import IntegerLayers, Precision, compare, layer_costs, to_populations

SIZE = 9


def pictures(count: int = 12) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 1, SIZE, SIZE), generator=generator, dtype=torch.uint8)


def layers_of(model: str, bits: int = 8, **options: Any) -> IntegerLayers:
    vision = SpikingVision(3, 0, model=model, options={"size": SIZE, "steps": 2, "widths": (4, 6), **options})
    settle_norms(vision, lambda: vision.logits(pictures()[:, None]))
    return IntegerLayers(vision.layer_graph(), Precision(bits))


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("tiny_strided_resnet", {"depths": (1, 1)}),
        ("tiny_ms_resnet", {"depths": (1, 2), "downsampling": "average", "projection": "average"}),
    ],
)
def test_costs_are_counted_on_the_flat_network(model: str, options: dict[str, Any]) -> None:
    layers = layers_of(model, **options)
    network = to_populations(layers)
    flat = network.flatten()
    starts = np.cumsum([0, *(population.size for population in network.populations)])
    bounds = membrane_bounds(network, network.latency + 1, 2).bits
    for cost, first, last in zip(layer_costs(layers), starts[:-1], starts[1:], strict=True):
        mine = (flat.post >= first) & (flat.post < last) & (flat.weight != 0)
        assert (cost.neurons, cost.synapses) == (last - first, int(mine.sum()))
        assert cost.membrane_bits == bounds[first:last].max()
        from_line = flat.pre == SIZE * SIZE * 8  # biases come from the line that tells when
        heaviest = abs(flat.weight[mine & ~from_line]).max(initial=0)
        assert cost.weight_bits == 1 + int(heaviest).bit_length()
        assert cost.bias_bits == 1 + int(abs(flat.weight[mine & from_line]).max(initial=0)).bit_length()


def test_flips_and_differing_spikes_are_counted() -> None:
    layers = layers_of("tiny_strided_resnet", bits=3, depths=(1, 1))
    shown = pictures(300)  # more than are looked at together
    labels = torch.arange(300) % 3
    with torch.no_grad():
        real, whole = layers.run(shown.float(), []), layers.run(shown.float())
        alone = layers.run(shown.float(), ["fire"])
    seen, found = real.evidence.argmax(1), whole.evidence.argmax(1)
    told = compare(layers, shown, labels, alone=True)
    assert told.flips == int((seen != found).sum()) > 0
    assert told.right == (int((seen == labels).sum()), int((found == labels).sum()))
    assert told.alone["fire"] == int((seen != alone.evidence.argmax(1)).sum())
    for name, share in told.differing.items():
        assert share == pytest.approx(float((real.spikes[name] != whole.spikes[name]).float().mean()), abs=1e-6)
    assert compare(layers, shown[:5]).right is None
    assert compare(layers, shown[:5]).alone == {}
