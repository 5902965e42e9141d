"""Converted networks as a user holds them: all methods, trained activations, ``auto``, early exit, files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from perception import (
    CONVERSION_METHODS,
    ConversionError,
    ConvertedNetwork,
    calibrate_exit,
    convert,
    exit_curve,
    fuse_beta,
    fuse_heads,
    load_converted,
    prepare,
    read_notes,
    save_converted,
)
from perception.conversion.activations import ACTIVATIONS, TrainedActivation
from perception.datasets.mnist import load_small_digits


def digits(count: int) -> tuple[Tensor, Tensor]:
    """Packaged digits of 8x8."""
    found = load_small_digits()
    order = torch.randperm(len(found.labels), generator=torch.Generator().manual_seed(0))[:count]
    pictures = found.pictures[order].float()
    return pictures / pictures.max(), torch.as_tensor(found.labels)[order]


def learn(network: nn.Module, pictures: Tensor, labels: Tensor, epochs: int = 30) -> nn.Module:
    """The network, trained."""
    network.train()
    optimiser = torch.optim.Adam(network.parameters(), 4e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for part in torch.randperm(len(pictures), generator=generator).split(100):
            loss = nn.functional.cross_entropy(network(pictures[part]), labels[part])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network.eval()


def deep() -> nn.Module:
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs in (64, 48, 48, 48, 48):
        layers += [nn.Linear(inputs, 48), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(48, 10))


@pytest.fixture(scope="module")
def trained() -> tuple[nn.Module, nn.Module, Tensor, Tensor]:
    """A deep network with ReLUs, its twin with QCFS, and pictures with labels."""
    pictures, labels = digits(900)
    network = learn(deep(), pictures, labels, 15)
    twin = prepare(network, levels=8, calibration=pictures[:100])
    return network, learn(twin, pictures, labels, 4), pictures, labels


def accuracy(network: nn.Module, pictures: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((torch.as_tensor(network(pictures)).argmax(1) == labels).double().mean())


@pytest.mark.parametrize("name", [name for name in CONVERSION_METHODS if name != "auto"])
def test_every_method_comes_to_the_accuracy_of_its_network(
    name: str, trained: tuple[nn.Module, nn.Module, Tensor, Tensor]
) -> None:
    network, twin, pictures, labels = trained
    method = CONVERSION_METHODS[name]
    source = twin if method.needs_training else network
    converted = convert(source, pictures[:200], name, steps=64)
    pictures, labels = pictures[500:], labels[500:]
    assert accuracy(converted, pictures, labels) > accuracy(source, pictures, labels) - 0.02
    activity = converted.measure(pictures[:20])
    assert 0 < activity.events <= activity.unit_spikes + 1e-9
    assert activity.events <= activity.bits
    assert activity.synaptic_operations > 0
    assert activity.energy > 0
    assert converted.alphabet
    assert converted.window == (64 if method.timing == "window" else 1)
    assert converted.steps_to_answer == (64 * 5 if method.timing == "window" else 64)


def test_auto_is_the_best_of_signed_methods_at_few_steps(trained: tuple[nn.Module, nn.Module, Tensor, Tensor]) -> None:
    network, _, pictures, labels = trained
    found = convert(network, pictures[:300], "auto", steps=2)
    plain = convert(network, pictures[:300], "signed", steps=2)
    assert found.alphabet == "+-1"
    assert found.method.name == "auto"
    assert accuracy(found, pictures[300:], labels[300:]) > accuracy(plain, pictures[300:], labels[300:]) + 0.1
    again = convert(network, pictures[:300], "auto", steps=2)
    assert torch.equal(torch.as_tensor(again(pictures)), torch.as_tensor(found(pictures)))


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_trained_activations_are_what_the_traced_network_computes(activation: str) -> None:
    pictures, _ = digits(40)
    network = prepare(deep(), activation, levels=6, calibration=pictures)
    network.train()
    network(pictures)
    converted = convert(network, pictures, "signed", steps=4)
    torch.testing.assert_close(torch.as_tensor(converted.analog(pictures)), network.eval()(pictures).detach())
    thresholds = [float(one.ceiling.detach()) for one in network.modules() if isinstance(one, TrainedActivation)]
    assert [layer.threshold[0] for layer in converted.layers] == pytest.approx(thresholds)


def test_a_prepared_network_learns_its_ceilings() -> None:
    pictures, labels = digits(300)
    network = prepare(deep(), levels=4)
    before = [float(one.ceiling.detach()) for one in network.modules() if isinstance(one, TrainedActivation)]
    learn(network, pictures, labels, 2)
    after = [float(one.ceiling.detach()) for one in network.modules() if isinstance(one, TrainedActivation)]
    assert all(abs(one - other) > 1e-3 for one, other in zip(before, after, strict=True))


def test_options_belong_to_every_method(trained: tuple[nn.Module, nn.Module, Tensor, Tensor]) -> None:
    network, _, pictures, _ = trained
    converted = convert(network, pictures[:100], "robust", per_channel=True, start=0.5)
    assert len(converted.layers[0].threshold) == 48
    changed = convert(network, pictures[:100], replace(CONVERSION_METHODS["robust"], quantile=0.5), steps=4)
    assert changed.layers[0].threshold[0] < convert(network, pictures[:100], "robust").layers[0].threshold[0]


def test_early_exit_trades_steps_for_accuracy(trained: tuple[nn.Module, nn.Module, Tensor, Tensor]) -> None:
    network, _, pictures, labels = trained
    converted = convert(network, pictures[:300], "group", steps=8, levels=4)
    rows = exit_curve(converted, pictures[:300], pictures[300:], labels[300:], (0.8, 0.95, 1.0))
    steps = [row[1] for row in rows]
    assert steps == sorted(steps)
    assert steps[-1] < 8
    full = accuracy(converted, pictures[300:], labels[300:])
    assert rows[-1][2] >= full - 0.02
    rule = calibrate_exit(converted, pictures[:300], 0.95)
    assert rule(converted, pictures[300:]).average_steps == pytest.approx(steps[1])
    with pytest.raises(ConversionError, match="not step by step"):
        calibrate_exit(convert(network, pictures[:50], "two-phase"), pictures[:50])


class TwoHeads(nn.Module):
    """A network with an early answer and a last one."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.early = nn.Linear(64, 32), nn.Linear(32, 10)
        self.second, self.last = nn.Linear(32, 32), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.first(x.flatten(1)).relu()
        return self.early(x), self.last(self.second(x).relu())


def test_two_heads_are_fused_and_graded_ones_refused() -> None:
    torch.manual_seed(0)
    pictures, _ = digits(20)
    converted = convert(TwoHeads(), pictures, "signed", steps=5)
    course = converted.outputs_by_step(pictures)
    assert isinstance(course, tuple)
    forgotten = fuse_heads(converted, pictures, strength=0.0)
    assert torch.equal(forgotten[-1].argmax(1), course[1][-1].argmax(1))
    trusted = fuse_heads(converted, pictures, strength=1e6)
    assert torch.equal(trusted[-1].argmax(1), course[0][-1].argmax(1))
    with pytest.raises(ConversionError, match="graded; divide its counts by its levels"):
        fuse_beta(torch.full((1, 2), 0.5), torch.tensor([[3.0, 9.0]]), 4, 1.0)


@pytest.mark.parametrize("name", ["auto", "calibrated-signed", "tpp-unbiased", "differential-multi", "phase"])
def test_a_saved_network_is_the_same_network(
    name: str, trained: tuple[nn.Module, nn.Module, Tensor, Tensor], tmp_path: Path
) -> None:
    network, _, pictures, _ = trained
    converted = convert(network, pictures[:100], name, steps=3)
    path = tmp_path / "digits.safetensors"
    save_converted(converted, path, {"accuracy": "0.9"})
    again = load_converted(path)
    assert torch.equal(torch.as_tensor(again(pictures)), torch.as_tensor(converted(pictures)))
    assert again.layers == converted.layers
    assert again.measure(pictures[:20]) == converted.measure(pictures[:20])
    notes = read_notes(path)
    assert notes["notes"] == {"accuracy": "0.9"}
    assert notes["alphabet"] == converted.alphabet


def changed(path: Path, **changes: object) -> None:
    """Writes the file again with other entries in its manifest."""
    manifest = read_notes(path) | changes
    save_file(load_file(path), path, {"neurosym-conversion": json.dumps(manifest)})


def test_files_that_ask_for_more_than_a_network_are_refused(tmp_path: Path) -> None:
    pictures, _ = digits(10)
    path = tmp_path / "some.safetensors"
    save_converted(convert(deep(), pictures, "signed"), path)
    operations = read_notes(path)["operations"]
    asking = [*operations[:-1], {**operations[-1], "target": "from_file.default"}]
    changed(path, operations=asking)
    with pytest.raises(ConversionError, match="asks for 'from_file"):
        load_converted(path)
    changed(path, operations=operations[1:])
    with pytest.raises(ConversionError, match="holds no converted network"):
        load_converted(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ConversionError, match="damaged"):
        load_converted(path)
    with pytest.raises(ConversionError, match="no such file"):
        load_converted(tmp_path / "none.safetensors")
    save_file({"weights": torch.ones(2)}, path)
    with pytest.raises(ConversionError, match="is no converted network"):
        load_converted(path)


def test_pictures_of_another_shape_are_refused() -> None:
    pictures, _ = digits(10)
    converted: ConvertedNetwork = convert(deep(), pictures, "signed")
    with pytest.raises(ConversionError, match="must have the shape"):
        converted(torch.rand(2, 1, 9, 9))
    with pytest.raises(ConversionError, match="steps must be at least 1"):
        converted(pictures, -1)
