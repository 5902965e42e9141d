"""Exported residual networks send the same spikes, neuron for neuron, in PyTorch, as integers and out of a NIR file."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from logic import read_nir, simulate, write_nir
from perception import encode
from perception.architectures import (
    ArchitectureError,
    SpikingResNet,
    build,
    exports,
    preset,
    presets,
    round_weights,
    to_integer_network,
)

EXPORTED = [name for name, chosen in presets().items() if exports(chosen)]
BITS = 6


def pictures(size: int) -> Tensor:
    return torch.rand(4, 1, size, size, generator=torch.Generator().manual_seed(1))


def trained(name: str, size: int) -> SpikingResNet:
    """A network whose norms have seen pictures."""
    network = build(preset(name), torch.Generator().manual_seed(0))
    assert isinstance(network, SpikingResNet)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
            nn.init.uniform_(module.bias, -0.2, 0.4)
    with torch.no_grad():
        network.train()(encode(pictures(size), 4))
    return network.eval()


def features(network: SpikingResNet, frames: Tensor) -> Tensor:
    """The spikes that the readout hears, ``[T, B, C * H * W]``."""
    heard = list[Tensor]()
    hook = network.readout.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
    with torch.no_grad():
        network(frames)
    hook.remove()
    return heard[0].flatten(2)


def test_some_presets_export() -> None:
    assert EXPORTED == ["tiny_iand_resnet", "tiny_tdbn_resnet"]


@pytest.mark.parametrize("name", EXPORTED)
@pytest.mark.parametrize("size", [28, 13])
def test_integers_send_the_same_spikes(name: str, size: int) -> None:
    frames = encode(pictures(size), 4)
    rounded = round_weights(trained(name, size), BITS)
    expected = features(rounded, frames.double())
    network = to_integer_network(rounded, size, BITS)
    last = network.populations[-1].name
    steps = network.latency + len(frames)
    fired = simulate(network, frames, steps, record=[last])[last][network.latency :].flatten(2)
    first = network.neurons - network.populations[-1].size + size * size
    assert torch.equal(fired[:, :, network.outputs - first].double(), expected)
    assert 0.01 < float(expected.mean()) < 0.99


@pytest.mark.parametrize("name", EXPORTED)
def test_a_nir_file_holds_the_network(name: str, tmp_path: Path) -> None:
    rounded = round_weights(trained(name, 13), BITS)
    network = to_integer_network(rounded, 13, BITS)
    write_nir(network, tmp_path / "vision.nir")
    again = read_nir(tmp_path / "vision.nir")
    frames = encode(pictures(13), 4)
    last = network.populations[-1].name
    runs = [simulate(each, frames, network.latency + 4, record=[last])[last] for each in (network, again)]
    assert torch.equal(*runs)
    assert bool(runs[0].any())


def test_rounding_moves_logits_little() -> None:
    network, frames = trained("tiny_tdbn_resnet", 28), encode(pictures(28), 4)
    with torch.no_grad():
        close, far = (
            (round_weights(network, bits)(frames.double()).mean(0) - network(frames).mean(0)).abs().mean()
            for bits in (14, 2)
        )
    assert float(close) < 0.05 < float(far)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tiny_sew_resnet", {"neuron": {"name": "if", "options": {}}}, "sends more than bits"),
        ("tiny_iand_resnet", {"downsampling": "max"}, "pooling 'max'"),
        ("tiny_iand_resnet", {"neuron": {"name": "lif"}}, "has no integer membranes"),
        ("tiny_iand_resnet", {"neuron": {"name": "if", "options": {"reset": "soft"}}}, "has no integer membranes"),
        ("tiny_iand_resnet", {"neuron": {"name": "if", "options": {"start": 0.5}}}, "has no integer membranes"),
        ("tiny_tdbn_resnet", {"hidden": 8}, "hidden layer"),
    ],
)
def test_what_has_no_integers_is_refused(name: str, options: dict[str, object], message: str) -> None:
    chosen = preset(name, **options)
    network = build(chosen)
    assert isinstance(network, SpikingResNet)
    assert not exports(chosen)
    with pytest.raises(ArchitectureError, match=message):
        to_integer_network(round_weights(network), 28)


def test_weights_must_be_folded_and_rounded() -> None:
    network = build(preset("tiny_iand_resnet"))
    assert isinstance(network, SpikingResNet)
    with pytest.raises(ArchitectureError, match="not folded"):
        to_integer_network(network, 28)
    with pytest.raises(ArchitectureError, match="not multiples of 1/16"):
        to_integer_network(round_weights(network, 8), 28, 4)
