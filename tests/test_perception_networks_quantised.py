"""A quantised perception keeps the contract, is saved and loaded, learns, and tells the network that it is."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from logic import Domain, simulate
from neurosym.checkpoint import load_perception, save_perception
from perception import PictureError, SpikingClassifier, SpikingVision, settle_norms
from perception.integers import EVIDENCE, IntegerFormError
from perception.networks.perception import check_remakable
from perception.networks.quantised import QuantisedPerception, quantise
from perception.networks.twin import AnalogTwin

SHAPES = Domain("shape", ("a", "b", "c"))
OPTIONS = {"size": 9, "steps": 2, "widths": (4, 6), "depths": (1, 1)}


def pictures(count: int = 6, size: int = 9) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 2, 1, size, size), generator=generator, dtype=torch.uint8)


@pytest.fixture
def vision() -> SpikingVision:
    made = SpikingVision(SHAPES, 0, model="tiny_ms_resnet", options=OPTIONS)
    settle_norms(made, lambda: made.logits(pictures()))
    return made.eval()


def test_its_evidence_is_that_of_its_network(vision: SpikingVision) -> None:
    """Evidence in whole numbers, gathered from the spikes of the network by the weights of its last projections."""
    quantised = quantise(vision)
    network, graph = quantised.to_network(2), quantised.layers.graph
    spikes = quantised.input_spikes(pictures())
    record = simulate(network, spikes, network.latency + 1)
    gathered = torch.zeros(6, network.population(EVIDENCE).size, dtype=torch.float64)
    flat = network.flatten()
    first = len(flat.threshold) - gathered.shape[1]
    names = ["input", *(population.name for population in network.populations)]
    trains = torch.cat([record[name].flatten(2) for name in names], 2).double()
    for pre, post, weight, delay in zip(flat.pre, flat.post, flat.weight, flat.delay, strict=True):
        if post >= first:
            gathered[:, post - first] += weight * trains[: len(trains) - delay, :, pre].sum(0)
    seen = quantised.look(pictures())
    assert torch.equal(gathered.reshape(12, 3), seen.evidence.double())
    assert torch.allclose(seen.evidence / quantised.layers.grid(graph.readout).scale / 2, seen.logits.mean(0).double())
    percept = quantised(pictures())
    assert percept.symbols.log_probs.shape == (6, 2, 3)
    assert torch.equal(percept.symbols.log_probs.argmax(2).flatten(), seen.evidence.argmax(1))


def test_many_bits_see_what_was_trained(vision: SpikingVision) -> None:
    with torch.no_grad():
        real = vision(pictures()).symbols.log_probs
        near, far = (quantise(vision, bits)(pictures()).symbols.log_probs for bits in (16, 2))
    assert float((near - real).abs().mean()) < 0.1 < float((far - real).abs().mean())


@pytest.mark.parametrize("kind", ["vision", "classifier"])
def test_saved_and_loaded_it_sees_the_same(kind: str, vision: SpikingVision, tmp_path: Path) -> None:
    classifier = SpikingClassifier(SHAPES, 0, channels=(3, 4), hidden=6, size=16)
    quantised = quantise(vision if kind == "vision" else classifier, bits=6)
    check_remakable(quantised)
    save_perception(quantised, tmp_path / "net.safetensors")
    again, _ = load_perception(tmp_path / "net.safetensors")
    assert isinstance(again, QuantisedPerception)
    shown = pictures(size=9 if kind == "vision" else 16)
    assert torch.equal(again(shown).symbols.log_probs, quantised(shown).symbols.log_probs)
    assert again.bits == 6


def test_it_learns_in_whole_numbers(vision: SpikingVision) -> None:
    quantised = quantise(vision, bits=4)
    shown, labels = pictures() // 4, torch.arange(12) % 3
    for row, label in zip(shown.flatten(0, 1), labels.tolist(), strict=True):
        row[:, 3 * label : 3 * label + 3] += 150  # a bright bar, at another height for each class
    optimiser = torch.optim.Adam([p for p in quantised.parameters() if p.requires_grad], 0.02)
    losses: list[float] = []
    for _ in range(30):
        loss = nn.functional.cross_entropy(quantised.logits(shown).mean(0), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    kernels = [kernel for whole in quantised.layers.whole() for kernel in whole.kernels]
    inner = kernels[2:]  # behind the picture, weights have four bits
    assert all(abs(kernel).max() <= 7 or (kernel % 2 == 0).all() for kernel in inner)
    network = quantised.to_network()
    single = shown.flatten(0, 1)[:, None]
    record = simulate(network, quantised.input_spikes(single), network.latency + 1)
    depth = quantised.layers.graph.depths["fire"]
    seen = quantised.look(single)
    assert torch.equal(record["fire"][depth : depth + 2].float(), seen.spikes["fire"])


def test_what_cannot_be_quantised_is_refused(vision: SpikingVision) -> None:
    with pytest.raises(IntegerFormError, match="AnalogTwin has no integer form, since it does not tell its layers"):
        quantise(AnalogTwin(SHAPES, 0))  # pyright: ignore[reportArgumentType] - what the test is about
    with pytest.raises(IntegerFormError, match="2 to 16 bits, got 1"):
        quantise(vision, bits=1)
    with pytest.raises(IntegerFormError, match="no perception 'lee'"):
        QuantisedPerception(3, 0, kind="lee")
    with pytest.raises(PictureError, match=r"needs \[samples, slots, 1, 9, 9\]"):
        quantise(vision)(torch.zeros(2, 1, 1, 8, 8))
