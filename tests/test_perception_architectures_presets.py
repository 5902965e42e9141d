"""Every preset: its size, and that samples, steps and spikes keep to themselves."""

from functools import cache

import pytest
import torch
from torch import Tensor

from perception import NEURONS, settle_norms
from perception.architectures import (
    ArchitectureError,
    Network,
    Preset,
    Residual,
    SpikingResNet,
    build,
    count_parameters,
    is_binary,
    is_causal,
    preset,
    presets,
    recorded_spikes,
    start_as_identity,
    weighted_inputs,
)
from tests.architectures import frames, lively, small

NAMES = sorted(presets())


@cache
def network_of(name: str) -> tuple[Preset, Network]:
    chosen = small(preset(name))
    return chosen, lively(chosen)


def test_there_are_all_families() -> None:
    assert len(NAMES) == len(set(NAMES)) > 50
    for prefix in ("tdbn", "sew", "sew_and", "sew_iand", "ms", "max_ms"):
        assert {f"{prefix}_resnet{depth}" for depth in (18, 34, 50, 101, 152)} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_size_is_the_published_one(name: str) -> None:
    chosen = preset(name)
    with torch.device("meta"):
        millions = count_parameters(build(chosen)) / 1e6
    if chosen.published:
        assert chosen.source
        assert abs(millions / chosen.published - 1) < 0.01
    else:
        sizes = {"max_resnet18": 13, "average_resnet18": 13, "vggsnn": 10}
        largest = sizes.get(name, 0.4 if name.startswith("small") else 0.2)
        assert name.startswith("tiny") or largest > 0.2
        assert millions < largest


def test_a_sew_resnet_has_exactly_the_weights_of_its_model() -> None:
    with torch.device("meta"):
        counts = [count_parameters(build(preset(f"sew_resnet{depth}"))) for depth in (18, 34, 50, 101, 152)]
    assert counts == [11_689_512, 21_797_672, 25_557_032, 44_549_160, 60_192_808]  # as torchvision counts


@pytest.mark.parametrize("name", NAMES)
def test_samples_do_not_see_each_other(name: str) -> None:
    chosen, network = network_of(name)
    shown = frames(chosen)
    with torch.no_grad():
        together, alone = network(shown), network(shown[:, 1:2])
    torch.testing.assert_close(together[:, 1:2], alone)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_depends_on_later_frames_only_where_the_plan_says_so(name: str) -> None:
    chosen, network = network_of(name)
    shown = frames(chosen)
    changed = shown.clone()
    changed[-1] = 1 - changed[-1]
    with torch.no_grad():
        first, second = network(shown), network(changed)
    if is_causal(chosen):
        torch.testing.assert_close(first[:-1], second[:-1])
    else:
        assert len(first) == 1 or not torch.equal(first[:-1], second[:-1])


@pytest.mark.parametrize("name", NAMES)
def test_traffic_is_binary_where_the_plan_says_so(name: str) -> None:
    chosen, network = network_of(name)
    traffic = weighted_inputs(network, frames(chosen))
    assert len(traffic) >= (4 if "vgg" in name else 6)
    if "sew_and" not in name:  # spikes die out with depth there, so that nothing but zeros is left to add
        assert is_binary(chosen) == (set(traffic.values()) == {"binary"}), traffic
    if chosen.plan.shortcut == "sew-add" and isinstance(network, SpikingResNet):
        del traffic["readout"]
        assert set(traffic.values()) == {"binary", "whole"}


MULTIPLYING = ("sew-and", "sew-iand")  # forms that can only take spikes away, so that untrained networks fall silent


@pytest.mark.parametrize("name", [name for name in NAMES if presets()[name].plan.shortcut not in MULTIPLYING])
def test_spikes_reach_the_readout(name: str) -> None:
    chosen, network = network_of(name)
    with torch.no_grad(), recorded_spikes(network) as spikes:
        logits = network(frames(chosen))
    assert all(set(train.unique().tolist()) <= {0.0, 1.0} for train in spikes.values())
    assert float(torch.stack([train.mean() for train in spikes.values()]).mean()) > 0.005
    assert float(logits.std(dim=1).max()) > 0


def has_identity(name: str) -> bool:
    """Whether some residual connection keeps the shape; in some presets, all have projections."""
    return presets()[name].plan.shortcut != "spiking" and name not in (
        "tiny_resnet",
        "tiny_strided_resnet",
        "tiny_average_resnet",
        "small_resnet",
    )


@pytest.mark.parametrize("name", [name for name in NAMES if has_identity(name)])
def test_a_silent_branch_leaves_an_identity(name: str) -> None:
    chosen, network = small(preset(name)), lively(small(preset(name)))
    start_as_identity(network)
    seen: list[bool] = []

    def compare(module: Residual, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        seen.append(torch.equal(inputs[0], output))

    for module in network.modules():
        if isinstance(module, Residual) and module.projection is None:
            module.register_forward_hook(compare)
    with torch.no_grad():
        network(frames(chosen, batch=1))
    assert seen
    assert all(seen)


def test_still_pictures_are_frames_that_do_not_change() -> None:
    chosen, network = network_of("tiny_resnet")
    picture = frames(chosen)[0]
    with torch.no_grad():
        torch.testing.assert_close(network(picture), network(picture.expand(chosen.steps, -1, -1, -1, -1)))


def test_options_change_preset_and_plan() -> None:
    chosen = preset("tiny_resnet", steps=2, widths=[4, 8], depths=[1, 1], neuron={"name": "if", "options": {}})
    assert (chosen.steps, chosen.plan.shortcut) == (2, "ms")
    assert build(chosen)(torch.rand(3, 1, 28, 28)).shape == (2, 3, 10)


@pytest.mark.parametrize("name", NEURONS)
def test_any_neuron_can_stand_in_a_network(name: str) -> None:
    options = {**NEURONS[name].sample, **({"steps": 2} if "steps" in NEURONS[name].sample else {})}
    chosen = preset("tiny_ms_resnet", steps=2, neuron={"name": name, "options": options})
    network = build(chosen, torch.Generator().manual_seed(0))
    pictures = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    settle_norms(network, lambda: network(pictures))
    assert is_binary(chosen) == (set(weighted_inputs(network.eval(), pictures).values()) == {"binary"})
    network(pictures).sum().backward()
    assert network.readout.linear.weight.grad is not None


def test_the_same_seed_gives_the_same_weights() -> None:
    first, second = (build(preset("tiny_sdt"), torch.Generator().manual_seed(3)).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tiny_resnett", {}, "unknown model 'tiny_resnett'"),
        ("tiny_resnet", {"chunks": 2}, "no option 'chunks'"),
        ("tiny_resnet", {"shortcut": "dense"}, "option 'shortcut' must be one of spiking, sew-add"),
        ("tiny_resnet", {"stem": "big"}, "option 'stem' must be one of small, large, deep, got 'big'"),
        ("tiny_resnet", {"steps": "4"}, "option 'steps' must be a whole number, 1 or more, got '4'"),
        ("tiny_resnet", {"classes": 0}, "option 'classes' must be a whole number"),
        ("tiny_resnet", {"widths": 5}, "option 'widths' must be a list"),
        ("tiny_resnet", {"neuron": 5}, "must be a name or a mapping with name, options, surrogate, shape, got 5"),
        ("tiny_resnet", {"neuron": {"nam": "if"}}, "must be a name or a mapping"),
        ("tiny_sdt", {"order": "first"}, "option 'order' must be one of fire-pool"),
        ("tiny_sdt", {"heads": 0}, "option 'heads' must be a whole number"),
        ("tiny_sdt", {"ratio": 0}, "option 'ratio'"),
        ("tiny_sdt", {"gated": 1}, "option 'gated' must be true or false"),
        ("tiny_sdt", {"gate": "half"}, "option 'gate' must be a number"),
        ("tiny_resnet", {"depths": (1, 1)}, "3 widths and 2 depths"),
        ("tiny_resnet", {"steps": 0}, "option 'steps' must be a whole number, 1 or more, got 0"),
        ("tiny_statten", {"steps": 3}, "3 steps cannot be cut into chunks of 2"),
        ("tiny_sdt", {"heads": 5}, "5 heads do not divide 64"),
        ("tiny_sdt", {"pools": "012"}, "pools '012'"),
        ("tiny_sdt", {"shortcut": "spiking"}, "identity shortcut"),
        ("tiny_sdt", {"tokens": "some"}, "option 'tokens' must be one of all, information-retaining, anchor"),
        ("tiny_sparse", {"keep": 0.0}, "must lie in"),
        ("maxformer_4_384", {"tokens": "anchor"}, "depthwise mixer"),
    ],
)
def test_what_cannot_be_built_is_refused(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        build(preset(name, **options))


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (torch.rand(2, 3, 28, 28), "the input has shape"),
        (torch.rand(28, 28), "the input has shape"),
        (torch.full((1, 1, 28, 28), torch.nan), "NaN or infinite"),
    ],
)
def test_input_that_does_not_fit_is_refused(pictures: Tensor, message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        build(preset("tiny_resnet"))(pictures)
