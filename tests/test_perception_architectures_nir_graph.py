"""Networks written as NIR graphs give the same logits in snnTorch, and in a plain reading where that is too slow."""

from inspect import signature
from pathlib import Path

import nir
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from logic.targets.snntorch import run_in_snntorch
from perception import NEURONS, CubaLIF, LeakyIntegrateAndFire, SpikingVision, integer_obstacle, neuron
from perception.architectures import (
    ArchitectureError,
    SpikingResNet,
    build,
    has_nir_graph,
    preset,
    presets,
    to_nir_graph,
    write_network_nir,
)
from perception.architectures.nir_graph import single_layer_graph
from tests.architectures import frames, lively, small

WRITTEN = [name for name, chosen in presets().items() if has_nir_graph(chosen)]
DEEP = [name for name in WRITTEN if name.endswith(("34", "50", "101", "152", "104"))]  # snnTorch's reader takes minutes


def network_of(name: str) -> SpikingResNet:
    network = lively(small(preset(name))).float()
    assert isinstance(network, SpikingResNet)
    return network


def read_plainly(graph: nir.NIRGraph, shown: Tensor) -> Tensor:
    """What leaves a graph without loops: Euler steps of the nodes' equations, inputs of a node added up."""
    before: dict[str, list[str]] = {
        name: [source for source, target in graph.edges if target == name] for name in graph.nodes
    }
    state: dict[str, Tensor] = {}
    answers = list[Tensor]()
    for frame in shown:
        sent = {"input": frame}
        for name, node in graph.nodes.items():  # written in the order in which signals flow
            if name == "input":
                continue
            heard = torch.stack([sent[source] for source in before[name]]).sum(0)
            if isinstance(node, nir.Conv2d):
                weight, bias = (torch.from_numpy(part) for part in (node.weight, node.bias))
                sent[name] = functional.conv2d(heard, weight, bias, int(np.max(node.stride)), int(np.max(node.padding)))
            elif isinstance(node, nir.AvgPool2d):
                sent[name] = functional.avg_pool2d(heard, int(node.kernel_size[0]))
            elif isinstance(node, nir.LIF):
                share = torch.from_numpy(1e-4 / node.tau)
                membrane = state.get(name, torch.zeros_like(heard).double())
                membrane = membrane * (1 - share) + heard * torch.from_numpy(node.r) * share
                fired = membrane > torch.from_numpy(node.v_threshold)
                state[name] = membrane * ~fired
                sent[name] = fired.float()
            else:
                assert isinstance(node, nir.Output)
                sent[name] = heard
        answers.append(sent["output"].flatten(1))
    return torch.stack(answers)


def test_all_families_without_pools_of_currents_are_written() -> None:
    assert len(WRITTEN) == 41
    assert {"tiny_ms_resnet", "tiny_sew_resnet", "resnet19", "ms_resnet104", "sew_and_resnet152"} <= set(WRITTEN)


def test_what_is_trained_unless_said_otherwise_is_written() -> None:
    model = signature(SpikingVision).parameters["model"].default
    for name in (model, "small_average_resnet"):  # which small pictures get
        assert has_nir_graph(preset(name))
        assert integer_obstacle(preset(name)) is None


@pytest.mark.parametrize("name", [name for name in WRITTEN if name not in DEEP])
def test_snntorch_gives_the_same_logits(name: str, tmp_path: Path) -> None:
    network, shown = network_of(name), frames(small(preset(name))).float()
    write_network_nir(network, tmp_path / "vision.nir", shown.shape[-1])
    theirs = run_in_snntorch(tmp_path / "vision.nir", shown, len(shown))
    with torch.no_grad():
        torch.testing.assert_close(theirs, network(shown), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in DEEP if not name.endswith(("101", "152"))])
def test_a_plain_reading_gives_the_same_logits(name: str) -> None:
    network, shown = network_of(name), frames(small(preset(name))).float()
    with torch.no_grad():
        torch.testing.assert_close(
            read_plainly(to_nir_graph(network, shown.shape[-1]), shown), network(shown), rtol=1e-3, atol=1e-3
        )


@pytest.mark.parametrize("name", [name for name in NEURONS if neuron(name, **NEURONS[name].sample).nir_form()])
def test_leaky_neurons_spike_alike_in_snntorch(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer, current = neuron(name), torch.randn(20, 3, 5, 1, 1) + 0.4
    nir.write(tmp_path / "layer.nir", single_layer_graph(layer, (5, 1, 1)))
    theirs = run_in_snntorch(tmp_path / "layer.nir", current, len(current))
    with torch.no_grad():
        ours = layer(current).flatten(2)
    assert torch.equal(theirs, ours)
    assert 0.02 < ours.mean().item() < 0.9


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (LeakyIntegrateAndFire(reset="soft"), "hard reset"),
        (CubaLIF(reset="soft"), "hard reset"),
        (neuron("izhikevich"), "no node for Izhikevich"),
        (neuron("sliding_psn"), "no node for SlidingParallelSpiking"),
    ],
)
def test_other_neurons_are_refused(layer: nn.Module, message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        single_layer_graph(layer, (5, 1, 1))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tiny_resnet", {}, "no max-pool of currents"),
        ("tiny_ms_resnet", {"neuron": {"options": {"reset": "soft"}}}, "hard reset"),
    ],
)
def test_networks_without_a_graph_are_refused(name: str, options: dict[str, object], message: str) -> None:
    chosen = preset(name, **options)
    network = build(chosen)
    assert isinstance(network, SpikingResNet)
    with pytest.raises(ArchitectureError, match=message):
        to_nir_graph(network, chosen.size)
