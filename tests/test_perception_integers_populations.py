"""Networks of integers send the spikes of the layers that they are made of: all neurons, all steps, all simulators."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor, nn

from logic import INPUT, NetworkError, SpikingNetwork, simulate, simulate_reference
from perception import SpikingClassifier, SpikingVision, preset, recorded_spikes, settle_norms
from perception.architectures import ConvNorm, Network, ResNetPlan, Stage
from perception.integers import IntegerLayers, LayerGraph, Precision, input_spikes, read_network, to_populations

LIF = {"name": "lif", "options": {"beta": 0.5, "scale_input": True}}
STRIDED = {"order": "stride", "gate": 0.5}
KINDS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "membrane shortcuts": ("tiny_ms_resnet", {"depths": (2, 2), "widths": (4, 6)}),
    "membrane shortcuts, halved at once": ("tiny_strided_resnet", {"widths": (3, 4), "depths": (2, 1)}),
    "averages": ("tiny_ms_resnet", {"downsampling": "average", "projection": "average"}),
    "bottlenecks": ("tiny_ms_resnet", {"bottleneck": True, "widths": (2, 3), "depths": (1, 2), "stem": "deep"}),
    "added spikes": ("tiny_sew_resnet", {"depths": (2, 2), "widths": (4, 6)}),
    "spikes at once": ("tiny_sew_resnet", {"shortcut": "sew-and", "stem": "large"}),
    "spikes but for others": ("tiny_iand_resnet", {"depths": (2, 1), "widths": (4, 6)}),
    "spikes as currents": ("tiny_tdbn_resnet", {"neuron": LIF, "depths": (2, 1), "widths": (4, 6)}),
    "no leak": ("tiny_tdbn_resnet", {}),
    "soft reset": ("tiny_ms_resnet", {"neuron": {"options": {"beta": 0.5, "reset": "soft"}}}),
    "a quarter is left": ("tiny_ms_resnet", {"neuron": {"options": {"beta": 0.25, "scale_input": True}}}),
    "nothing is left": ("tiny_ms_resnet", {"neuron": {"options": {"beta": 0.0}}}),
    "a hidden layer": ("tiny_tdbn_resnet", {"hidden": 6}),
    "colours": ("tiny_strided_resnet", {"channels": 3, "widths": (3, 4), "depths": (1, 1)}),
    "masks of channels": ("tiny_sdt", STRIDED),
    "masks of tokens": ("tiny_qk_token", STRIDED),
    "masks by counts": ("tiny_qk_channel", STRIDED),
    "each channel for itself": ("tiny_sdt", STRIDED | {"stages": (Stage(16, 1, "depthwise"),)}),
    "neurons behind the mean": ("tiny_iand_sdt", STRIDED | {"fire_last": "behind-mean"}),
}


def pictures(chosen: Mapping[str, Any], channels: int = 1, count: int = 4) -> Tensor:
    shape = (count, channels, chosen["size"], chosen["size"])
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


def lively(name: str, options: Mapping[str, Any]) -> SpikingVision:
    """A network that fires, with biases in all layers."""
    vision = SpikingVision(3, 0, model=name, options=options)
    for module in vision.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.bias, -0.1, 0.8)
    shown = pictures(options, vision.preset.channels, 8)
    settle_norms(vision, lambda: vision.logits(shown[:, None]))
    return vision.eval()


def check(graph: LayerGraph, shown: Tensor, layers: IntegerLayers, slots: int = 2) -> SpikingNetwork:
    """All spikes, of all slots, are the layers', as many steps later as each population is deep; before, none."""
    network = to_populations(layers, slots)
    spikes = input_spikes(graph, shown.unflatten(0, (-1, slots)))
    with torch.no_grad():
        own = layers.run(shown.float() if graph.code == "bytes" else spikes_of(graph, shown))
    record = simulate(network, spikes, network.latency + 1)
    for layer in graph.layers[:-1]:
        depth = graph.depths[layer.name]
        sent = record[layer.name].unflatten(2, (slots, -1)).flatten(1, 2)
        assert torch.equal(sent[depth : depth + graph.steps].float(), own.spikes[layer.name].float()), layer.name
        assert not bool(sent[:depth].any()), layer.name
    assert not bool(record[graph.readout.name].any())
    return network


def spikes_of(graph: LayerGraph, shown: Tensor) -> Tensor:
    return input_spikes(graph, shown[:, None]).float()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [9, 12])
def test_integers_send_the_spikes_of_the_rounded_layers(kind: str, size: int) -> None:
    name, options = KINDS[kind]
    options = {**options, "size": size, "steps": 2 if size == 9 else 3}
    vision = lively(name, options)
    shown = pictures(options, vision.preset.channels)
    layers = IntegerLayers(vision.layer_graph())
    check(layers.graph, shown, layers)
    with torch.no_grad():
        sent = layers.run(shown.float()).spikes
    assert all(bool(spikes.any()) for name, spikes in sent.items() if name != "fire_mean")
    assert not any(bool(spikes.all()) for spikes in sent.values())


@pytest.mark.parametrize("kind", ["averages", "spikes but for others", "masks of tokens"])
def test_the_plain_simulation_agrees(kind: str) -> None:
    name, options = KINDS[kind]
    options = {**options, "size": 5, "steps": 2}
    vision = lively(name, options)
    layers = IntegerLayers(vision.layer_graph(), Precision(5))
    shown = pictures(options)[:1]
    network = to_populations(layers)
    spikes = input_spikes(layers.graph, shown[None])
    expected = simulate(network, spikes, network.latency + 1)
    trains = simulate_reference(network, spikes[:, 0].flatten(1).numpy(), network.latency + 1)
    names = [INPUT, *(population.name for population in network.populations)]
    assert np.array_equal(trains, torch.cat([expected[name].flatten(1) for name in names], 1).numpy())
    assert trains[:, spikes[0].numel() :].any()


def test_the_classifier_has_no_line_but_its_pixels() -> None:
    classifier = SpikingClassifier(3, 0, channels=(4, 6), hidden=12)
    layers = IntegerLayers(classifier.layer_graph())
    shown = pictures({"size": 28})
    network = check(layers.graph, shown, layers)
    assert network.input_shape == (2, 28, 28)
    with torch.no_grad():
        real = layers.run(spikes_of(layers.graph, shown), []).logits.mean(0).log_softmax(1)
    assert torch.allclose(real, classifier(shown[:, None]).symbols.log_probs[:, 0], atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_real_layers_are_the_network(kind: str) -> None:
    """In real weights the graph computes what the modules compute."""
    name, options = KINDS[kind]
    options = {**options, "size": 9, "steps": 2}
    vision = lively(name, options)
    shown = pictures(options, vision.preset.channels)
    layers = IntegerLayers(vision.layer_graph())
    with torch.no_grad(), recorded_spikes(vision.network) as spikes:
        expected = vision.logits(shown[:, None])
    with torch.no_grad():
        run = layers.run(shown.float(), [])
    assert torch.allclose(run.logits, expected, atol=1e-3)
    known = {layer.place: layer.name for layer in layers.graph.layers}
    assert len(set(spikes) & set(known)) == len(spikes)
    for place, sent in spikes.items():
        if sent.numel() == run.spikes[known[place]].numel() and not place.endswith(("gate", "query", "key", "value")):
            assert torch.equal(sent.flatten(), run.spikes[known[place]].flatten()), place


def on_a_grid(network: Network, generator: torch.Generator) -> None:
    """Weights that are multiples of 1/64 up to 127/64, and norms that do nothing: 8 bits hold all of it."""
    for module in network.modules():
        if isinstance(module, ConvNorm):
            weight = torch.randint(-127, 128, module.convolution.weight.shape, generator=generator)
            weight.flatten(1)[:, 0] = 127
            module.convolution.weight.data = weight / 64
            module.norm.eps = 0.0
            nn.init.ones_(module.norm.weight)
            module.norm.bias.data = torch.randint(-64, 65, module.norm.bias.shape, generator=generator) / 64


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tiny_strided_resnet", {"widths": (3, 4), "depths": (1, 1), "stem_width": 3}),
        ("tiny_tdbn_resnet", {"widths": (3, 4), "depths": (2, 1), "neuron": LIF}),
        ("tiny_sew_resnet", {"widths": (3, 4), "depths": (2, 1)}),
        ("tiny_iand_resnet", {"widths": (3, 4), "depths": (2, 1)}),
    ],
)
@pytest.mark.parametrize("steps", [1, 4])
def test_whole_weights_lose_nothing(name: str, options: dict[str, Any], steps: int) -> None:
    """A float64 network whose weights fit the grid sends the spikes of its integers: nothing is rounded anywhere."""
    options = {**options, "size": 11, "steps": steps}
    vision = SpikingVision(3, 0, model=name, options=options)
    on_a_grid(vision.network, torch.Generator().manual_seed(3))
    vision.double().eval()
    shown = (pictures(options) > 127).to(torch.uint8) * 255  # black and white are exact as floats
    with torch.no_grad(), recorded_spikes(vision.network) as spikes:
        vision.network(shown.double() / 255)
    network = to_populations(IntegerLayers(vision.layer_graph()))
    record = simulate(network, input_spikes(vision.layer_graph(), shown[:, None]), network.latency + 1)
    graph = vision.layer_graph()
    for layer in graph.layers[:-1]:
        if layer.place in spikes:
            depth = graph.depths[layer.name]
            assert torch.equal(record[layer.name][depth : depth + steps].double(), spikes[layer.place]), layer.name
    assert any(0.02 < float(sent.mean()) < 0.98 for sent in spikes.values())


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_plan_that_has_integers_keeps_its_spikes(data: st.DataObject) -> None:
    draw = data.draw
    stages = draw(st.integers(1, 2))
    options: dict[str, Any] = {
        "widths": tuple(draw(st.lists(st.integers(1, 4), min_size=stages, max_size=stages))),
        "depths": tuple(draw(st.lists(st.integers(1, 2), min_size=stages, max_size=stages))),
        "shortcut": draw(st.sampled_from(["ms", "spiking", "sew-add", "sew-and", "sew-iand"])),
        "stem": draw(st.sampled_from(["small", "large", "deep"])),
        "bottleneck": draw(st.booleans()),
        "halve_first": draw(st.booleans()),
        "downsampling": draw(st.sampled_from(["stride", "average"])),
        "projection": draw(st.sampled_from(["stride", "average"])),
        "size": draw(st.integers(4, 11)),
        "steps": draw(st.integers(1, 4)),
    }
    beta, reset = draw(st.sampled_from([0.0, 0.5, 0.25, 1.0])), draw(st.sampled_from(["hard", "soft"]))
    options["neuron"] = {"name": "lif", "options": {"beta": beta, "reset": reset}}
    vision = lively("tiny_ms_resnet", options)
    layers = IntegerLayers(vision.layer_graph(), Precision(draw(st.integers(2, 9))))
    check(layers.graph, pictures(options), layers)


def test_frames_are_shown_step_by_step() -> None:
    options = {"size": 9, "steps": 3}
    vision = lively("tiny_ms_resnet", options)
    layers = IntegerLayers(vision.layer_graph())
    frames = torch.stack([pictures(options), 255 - pictures(options), 0 * pictures(options)])  # [T, B, C, H, W]
    network = to_populations(layers)
    spikes = input_spikes(layers.graph, frames.transpose(0, 1)[:, None])
    record = simulate(network, spikes, network.latency + 1)["fire"]
    with torch.no_grad():
        own = layers.run(frames.float()).spikes["fire"]
    depth = layers.graph.depths["fire"]
    assert torch.equal(record[depth : depth + 3].float(), own)
    assert len({float(sent.sum()) for sent in own}) == 3


def test_pictures_of_another_shape_are_refused() -> None:
    graph = SpikingVision(3, 0, model="tiny_ms_resnet", options={"size": 9}).layer_graph()
    with pytest.raises(NetworkError, match=r"needs \[samples, slots, 1, 9, 9\]"):
        input_spikes(graph, torch.zeros(2, 1, 1, 8, 8))


def test_no_synapse_is_from_nowhere() -> None:
    """Residual edges wait: a projection's delay is the difference of the depths."""
    vision = lively("tiny_ms_resnet", {"size": 8, "steps": 1})
    graph = vision.layer_graph()
    network = to_populations(IntegerLayers(graph))
    delays = {(p.source, p.target): int(np.max(p.delay)) for p in network.projections if p.source != INPUT}
    assert delays == {
        (term.source, layer.name): graph.depths[layer.name] - graph.depths[term.source]
        for layer in graph.layers
        for term in layer.terms
        if term.source != INPUT
    }
    assert max(delays.values()) == 2


def test_reading_by_a_plan_is_reading_a_network() -> None:
    chosen = preset("tiny_ms_resnet")
    assert isinstance(chosen.plan, ResNetPlan)
    vision = SpikingVision(10, 0, model="tiny_ms_resnet")
    names = [layer.name for layer in read_network(vision.network, 28).layers]
    assert names == [layer.name for layer in vision.layer_graph().layers]
