"""A chip's bits of weights and membranes hold for all pictures, also after learning; and nothing is lost on the way."""

import pytest
import torch
from torch import Tensor, nn

from logic import INPUT, NetworkError, simulate
from logic.chips import CHIPS
from perception import SpikingVision, quantise, settle_norms
from perception.integers import (
    GraphBuilder,
    IntegerFormError,
    IntegerLayers,
    Precision,
    layer_costs,
    precision_of,
    to_populations,
)
from perception.neurons import IntegerForm

SIZE, STEPS = 9, 3


def pictures(count: int = 12) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 1, 1, SIZE, SIZE), generator=generator, dtype=torch.uint8)


@pytest.fixture
def vision() -> SpikingVision:
    options = {"size": SIZE, "steps": STEPS, "widths": (24, 24), "depths": (1, 1)}
    found = SpikingVision(3, 0, model="tiny_strided_resnet", options=options)
    settle_norms(found, lambda: found.logits(pictures()))
    return found.eval()


def test_bits_are_those_of_the_table() -> None:
    found = {name: precision_of(name) for name in (chip.name for chip in CHIPS)}
    assert found["loihi1"] == (8, 17)  # even weights to 254; 24 bits less one of the scale and six of the shift
    assert found["truenorth"] == (8, None)
    assert found["speck"] == (8, 16)
    assert found["xylo"] == (7, 16)
    assert found["brainscales2"] == (7, None)
    with pytest.raises(IntegerFormError, match="2 to 16 bits, got 17"):
        precision_of(17)
    with pytest.raises(NetworkError, match="loihi"):
        precision_of("lohi1")


@pytest.mark.parametrize("membrane", [9, 12, None])
def test_no_picture_leaves_a_membrane_that_learned(vision: SpikingVision, membrane: int | None) -> None:
    layers = IntegerLayers(vision.layer_graph(), Precision(8, membrane))
    optimiser = torch.optim.SGD([weight for weight in layers.parameters() if weight.requires_grad], 0.5)
    shown, labels = pictures()[:, 0].float(), torch.arange(12) % 3
    for _ in range(3):
        nn.functional.cross_entropy(layers(shown).mean(0), labels).backward()
        optimiser.step()
        optimiser.zero_grad()
    bits = max(cost.membrane_bits or 0 for cost in layer_costs(layers)[:-1])
    assert bits <= (membrane or 99)
    assert membrane is not None or bits > 12  # without a limit they are wider: the test can fail
    network = to_populations(layers)
    with torch.no_grad():
        seen = layers.run(shown)
    spikes = quantise(vision).input_spikes(pictures())
    record = simulate(network, spikes, network.latency + 1)
    for layer in layers.graph.layers[:-1]:
        depth = layers.graph.depths[layer.name]
        assert torch.equal(record[layer.name][depth : depth + STEPS].float(), seen.spikes[layer.name].float())


def test_a_chip_is_asked_by_name(vision: SpikingVision) -> None:
    quantised = quantise(vision, "speck")
    assert quantised.architecture()["bits"] == "speck"
    assert quantised.layers.precision == precision_of("speck")
    assert all((cost.membrane_bits or 0) <= 16 for cost in layer_costs(quantised.layers)[:-1])


def test_membranes_too_narrow_for_a_threshold_are_refused() -> None:
    builder = GraphBuilder((1, 3, 3), "spikes", 2)
    signal = builder.add("cell", builder.convolve((INPUT,), torch.ones(1, 1, 3, 3)), IntegerForm(1.0))
    builder.add("readout", builder.convolve(signal, torch.ones(2, 1, 1, 1)), None)
    layers = IntegerLayers(builder.finish(), Precision(8, 6))
    layers.get_buffer("cell_threshold").fill_(99)
    with pytest.raises(IntegerFormError, match="cell: no weights keep its membranes within 6 bits"):
        layers.whole()
