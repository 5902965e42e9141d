"""Converted networks in whole numbers: read, proved in every alphabet and joined to rules; or refused in words."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from logic import Domain, read_nir, simulate, write_nir
from logic.levels.level_run import read_run
from neurosym.joined.joined_proof import prove_joined
from neurosym.joined.joining import run_joined, to_spiking_network
from neurosym.model import Model
from perception import (
    ConversionError,
    PictureError,
    convert,
    level_perception,
    load_digits,
    packaged_network,
    to_network,
)
from perception.conversion import ConvertedNetwork
from perception.datasets.mnist import split_digits
from perception.proved_conversion import PACKAGED, LevelPerception, read_levels
from perception.proved_conversion.packaged import packaged_notes
from reasoner import Program

CALIBRATION, HELD = split_digits(load_digits(), 100, torch.Generator().manual_seed(0))
WAYS = [("group", 1), ("two-phase", 8), ("ttfs", 8)]


class Residual(nn.Module):
    """A residual block, a mean over all places, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, stride=2, padding=1)
        self.branch = nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Linear(4, 3)

    def forward(self, pictures: Tensor) -> Tensor:
        heard = torch.relu(self.first(pictures))
        joined = torch.relu(heard + self.norm(self.branch(heard)))
        return self.last(nn.functional.adaptive_avg_pool2d(joined, 1).flatten(1))


def drawn(network: nn.Module, seed: int) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_(0.4 * torch.randn(weights.shape, generator=generator))
    return network.eval()


def converted(name: str, method: str, steps: int) -> ConvertedNetwork:
    return convert(packaged_network(name), CALIBRATION.pictures[:200] / 255, method, steps=steps)


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_networks_read_digits_as_well_as_is_written_down(name: str) -> None:
    with torch.no_grad():
        right = (packaged_network(name)(HELD.pictures / 255).argmax(1) == HELD.labels).double().mean()
    notes = packaged_notes(name)
    assert abs(float(right) - notes["held_out_accuracy"]) <= 0.001
    assert notes["mnist_test_accuracy"] > 0.98
    assert notes["command"] == "python -m tasks.conversion.packaged --seed 0 --epochs 60 --twin-epochs 20"


@pytest.mark.parametrize("name", PACKAGED)
@pytest.mark.parametrize(("method", "steps"), WAYS)
def test_packaged_networks_are_proved_and_read_as_the_converted_ones(name: str, method: str, steps: int) -> None:
    found = converted(name, method, steps)
    perception = level_perception(found, 10)
    verdict = perception.prove()
    assert verdict.holds, str(verdict)
    assert "1,984 neurons of 3 layers" in verdict.claim
    shown = HELD.pictures[:200]
    with torch.no_grad():
        agree = perception.evidence(shown[:, None]).argmax(1) == found(shown / 255).argmax(1)
    assert float(agree.double().mean()) >= 0.97  # weights of eight bits
    sent = read_run(perception.network, perception.code, perception.to_network(), shown[:4].numpy().astype(np.int64))
    assert (sent.logits == perception.evidence(shown[:4, None]).numpy()).all()


def test_the_network_of_members_is_a_chain_that_nir_carries(tmp_path: Path) -> None:
    layers = [nn.Conv2d(1, 3, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(48, 6), nn.ReLU()]
    shown = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    small = drawn(nn.Sequential(*layers, nn.Linear(6, 4)), 2)
    perception = level_perception(convert(small, shown, "group", steps=1, levels=4), 4)
    assert perception.prove().holds
    write_nir(to_network(perception, (0,)), tmp_path / "net.nir")
    again, spikes = read_nir(tmp_path / "net.nir"), perception.input_spikes(shown[:, None])
    record = simulate(again, spikes, again.latency + 1, record=["winners"])["winners"][again.latency]
    assert (record.int().argmax(1) == perception.evidence(shown[:, None]).argmax(1)).all()
    assert (record.sum(1) == 1).all()


def test_a_residual_network_is_read_proved_and_close_to_the_one_before() -> None:
    pictures = torch.rand(40, 2, 8, 8, generator=torch.Generator().manual_seed(1))
    pictures = (pictures * 255).round() / 255
    for method, steps in WAYS:
        found = convert(drawn(Residual(), 3), pictures, method, steps=steps)
        perception = level_perception(found, Domain("shape", ("disc", "ring", "bar")))
        assert perception.prove().holds
        wanted = found(pictures).detach()
        error = (perception.evidence(pictures[:, None]) / perception.scale - wanted).abs().max()
        assert float(error) < 0.15 * float(wanted.abs().max())


def test_thresholds_for_each_channel_are_kept() -> None:
    pictures = torch.rand(40, 2, 8, 8, generator=torch.Generator().manual_seed(1))
    found = convert(drawn(Residual(), 3), pictures, "group", steps=1, per_channel=True)
    reading = read_levels(found)
    assert len({*found.layers[0].threshold}) == 4
    assert level_perception(found, 3).prove().holds
    assert reading.network.layers[0].unit is not None


def unreadable() -> list[tuple[nn.Module, str]]:
    head = [nn.Flatten(), nn.Linear(2 * 4 * 4, 3)]
    return [
        (nn.Sequential(nn.Conv2d(2, 2, 1), nn.ReLU(), nn.MaxPool2d(2), *head), "'max_pool2d' has no form in levels"),
        (nn.Sequential(nn.Conv2d(2, 2, 1), nn.ReLU(), nn.AvgPool2d(3, 2, 1), *head), "'avg_pool2d' has no form"),
        (nn.Sequential(nn.Conv2d(2, 2, (1, 1), (2, 1)), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)), "one stride"),
        (nn.Sequential(nn.Conv2d(2, 2, 3, 2, 1), nn.LeakyReLU(), *head), "has no form in levels"),
    ]


@pytest.mark.parametrize(("network", "text"), unreadable(), ids=[text for _, text in unreadable()])
def test_what_has_no_form_in_levels_is_named(network: nn.Module, text: str) -> None:
    found = convert(drawn(network, 0), torch.rand(8, 2, 8, 8), "group", steps=1)
    with pytest.raises(ConversionError, match=text):
        read_levels(found)


@pytest.mark.parametrize(
    ("method", "steps", "text"),
    [("robust", 4, "depends on the order"), ("group", 2, "use steps=1")],
)
def test_methods_that_send_no_exact_levels_are_refused(method: str, steps: int, text: str) -> None:
    with pytest.raises(ConversionError, match=text):
        read_levels(converted("relu", method, steps))


def test_pictures_and_domains_that_do_not_fit_are_refused() -> None:
    perception = level_perception(converted("qcfs", "group", 1), 10)
    with pytest.raises(PictureError, match="needs \\[samples, slots, 1, 28, 28\\]"):
        perception(torch.zeros(1, 1, 1, 27, 28))
    with pytest.raises(PictureError, match="tells 10 apart"):
        LevelPerception(9, perception.network)


@pytest.mark.parametrize(("method", "steps"), WAYS)
def test_the_chain_from_picture_to_rule_is_proved(method: str, steps: int) -> None:
    digits = Domain("digit", range(10))
    rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.", (digits,))
    model = Model(level_perception(converted("qcfs", method, steps), digits), rule, "sum(S)")
    network = to_spiking_network(model)
    verdict = prove_joined(model, network)
    assert verdict.holds, str(verdict)
    pairs = HELD.pictures[:40].reshape(20, 2, 1, 28, 28)
    read = model.perceptions["digit"](pairs).symbols.log_probs.argmax(2).sum(1)
    assert run_joined(model, network, pairs) == read.tolist()


@pytest.mark.parametrize(
    ("place", "part"), [("neuron3", "layers"), ("pairs", "races"), ("winners", "races")], ids=lambda given: str(given)
)
def test_a_changed_threshold_is_refuted_where_it_is(place: str, part: str) -> None:
    digits = Domain("digit", range(10))
    model = Model(
        level_perception(converted("qcfs", "two-phase", 4), digits),
        Program.parse("odd :- digit(0, X), 1 is X mod 2.", (digits,)),
        "odd",
    )
    network = to_spiking_network(model)
    parts = [replace(p, threshold=p.threshold + (37 if p.name == place else 0)) for p in network.populations]
    verdict = prove_joined(model, replace(network, populations=tuple(parts)))
    found = getattr(verdict, part)["digit"]
    assert found.holds is False, str(verdict)
