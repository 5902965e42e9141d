"""Pretraining changes the convolutions, and only those, of any network, each from what reaches it."""

import pytest
import torch
from torch import Tensor, nn

import neurosym
from logic import Domain
from perception import (
    LeeNetwork,
    PlasticityError,
    SpikingClassifier,
    integrate_and_fire,
    latencies,
    pretrain,
    pretrain_first_layer,
    to_initial_layer,
)
from perception.plasticity.pretraining import flow, inputs_of, spike_times

DIGITS = Domain("digit", range(10))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def bars() -> torch.Tensor:
    pictures = torch.zeros(30, 1, 28, 28, dtype=torch.uint8)
    pictures[::2, :, :, 12:14] = 255
    pictures[1::2, :, 12:14, :] = 255
    return pictures


def test_only_the_first_layer_changes() -> None:
    source = generator()
    classifier = SpikingClassifier(DIGITS, source, channels=(4, 5), hidden=6)
    before = {name: weight.clone() for name, weight in classifier.weights().items()}
    kernels = pretrain_first_layer(classifier, bars(), source)
    after = classifier.weights()
    assert torch.equal(after["convolution1"], to_initial_layer(kernels))
    assert kernels.min() >= 0
    assert kernels.max() <= 1
    assert [name for name in before if not torch.equal(before[name], after[name])] == ["convolution1"]
    assert all(parameter.requires_grad for parameter in classifier.parameters())


@pytest.mark.parametrize("kind", [SpikingClassifier, LeeNetwork])
@pytest.mark.parametrize("layers", [None, 1])
def test_all_convolutions_learn_and_nothing_else(
    kind: type[SpikingClassifier] | type[LeeNetwork], layers: int | None
) -> None:
    network = kind(DIGITS, generator(), channels=(4, 5), hidden=6)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    learned = pretrain(network, bars()[:, None], generator(1), layers=layers)
    names = ["layers.convolution1", "layers.convolution2"][:layers]
    assert list(learned.kernels) == names
    assert learned.samples == 30 * len(names)
    changed = [name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])]
    assert changed == [f"{name}.weight" for name in names]
    for name in names:
        torch.testing.assert_close(network.state_dict()[f"{name}.weight"], to_initial_layer(learned.kernels[name]))
    assert network.training


def test_the_same_seed_gives_the_same_kernels() -> None:
    first, again, other = (
        pretrain(LeeNetwork(DIGITS, generator(), channels=(3, 4), hidden=5), bars()[:, None], generator(seed)).kernels
        for seed in (1, 1, 2)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


class Residual(nn.Module):
    """A network that is none of ours: unordered names, a shortcut, batch norm, a static first layer, 'same' padding."""

    def __init__(self) -> None:
        super().__init__()
        self.late = nn.Conv2d(4, 4, 3, padding="same")
        self.norm = nn.BatchNorm2d(4)
        self.early = nn.Conv2d(1, 4, 3, padding=1)
        self.point = nn.Conv2d(4, 4, 1)
        self.unused = nn.Conv2d(4, 4, 3)

    def forward(self, pictures: Tensor) -> Tensor:
        current = self.early(pictures.float() / 255).expand(3, -1, -1, -1, -1)
        spikes = integrate_and_fire(current, threshold=0.2)
        more = self.norm(self.late(spikes.flatten(0, 1))) + self.point(spikes.flatten(0, 1))
        return more.mean(dim=(2, 3))


def test_any_network_can_be_pretrained() -> None:
    network = Residual()
    network.norm.eval()
    statistics = network.norm.running_mean
    assert statistics is not None
    assert [name for name, _ in flow(network, bars()[:1])] == ["early", "late"]
    unused, point = network.unused.weight.clone(), network.point.weight.clone()
    learned = pretrain(network, bars(), generator())
    assert list(learned.kernels) == ["early", "late"]
    assert torch.equal(network.unused.weight, unused)
    assert torch.equal(network.point.weight, point)
    assert not statistics.any()
    assert not network.norm.training
    assert network.late.training


@pytest.mark.parametrize("model", ["tiny_ms_resnet", "tiny_sdt"])
def test_pretraining_then_labels_is_one_recipe(model: str) -> None:
    vision = neurosym.SpikingVision(DIGITS, generator(), model=model, options={"steps": 2})
    learned = neurosym.pretrain(vision, bars()[:, None], generator(1))
    names = [
        name for name, layer in vision.named_modules() if isinstance(layer, nn.Conv2d) and layer.kernel_size != (1, 1)
    ]
    assert list(learned.kernels) == names
    history = neurosym.fit(neurosym.Labelled(vision), bars(), torch.arange(30) % 2, epochs=4, batch=10)
    assert history.epochs[-1].loss < history.epochs[0].loss


def test_each_layer_learns_from_what_reaches_it() -> None:
    network = LeeNetwork(DIGITS, generator(), channels=(4, 5), hidden=6)
    seen = inputs_of(network, dict(flow(network, bars()[:1, None]))["layers.convolution2"], bars()[:6, None])
    expected = network(bars()[:6, None]).spikes["pool1"]
    assert torch.equal(seen, expected.flatten(0, 1))
    steps, times = spike_times(seen, 6, bins=9)
    assert steps == 4
    brute = [next((t for t in range(4) if v[t]), 4) for v in expected.reshape(4, -1).T.tolist()]
    assert times.flatten().tolist() == brute


def test_real_values_are_coded_by_rank() -> None:
    values = torch.rand(2 * 3, 1, 4, 4, generator=generator())
    steps, times = spike_times(values, 3, bins=5)
    assert steps == 5
    assert torch.equal(times, latencies(values.unflatten(0, (2, 3)).mean(dim=0), 5))
    with pytest.raises(PlasticityError, match="no whole number of steps"):
        spike_times(values, 4, bins=5)


def test_networks_without_convolutions_and_black_pictures_are_refused() -> None:
    with pytest.raises(PlasticityError, match="no ungrouped convolution"):
        pretrain(nn.Flatten(), bars(), generator())
    with pytest.raises(PlasticityError, match="no patch of any picture"):
        pretrain(LeeNetwork(DIGITS, generator()), torch.zeros(4, 1, 1, 28, 28, dtype=torch.uint8), generator())
