"""Which presets have an integer form is known before training; what has none is refused by its layer."""

from typing import Any

import pytest
import torch

from perception import SpikingVision, build, preset, presets
from perception.architectures import ResNetPlan
from perception.integers import IntegerFormError, integer_obstacle, read_network

NO_POOL = "a max-pool of currents has no integer form; build with pooling 'stride'"


def test_every_preset_says_whether_it_has_integers() -> None:
    found = {name: integer_obstacle(chosen) for name, chosen in presets().items()}
    for name, chosen in presets().items():
        residual = isinstance(chosen.plan, ResNetPlan)
        pooled = isinstance(chosen.plan, ResNetPlan) and "max" in (chosen.plan.downsampling, chosen.plan.projection)
        assert (found[name] is None) == (residual and not pooled), name
    assert found["tiny_resnet"] == f"blocks.0.branch.0: {NO_POOL}"
    assert found["sdt_2_256"] == f"embedding.6: {NO_POOL}"
    assert (found["spikformer_4_384"] or "").startswith("trunk.0.block.0.branch: attention 'ssa' multiplies spikes")
    assert (found["ost_4_256"] or "").startswith("embedding: spikes that are summed over time")
    assert sum(reason is None for reason in found.values()) == 41


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tiny_ms_resnet", {"downsampling": "max"}, "blocks.1.branch.0: a max-pool of currents"),
        (
            "tiny_ms_resnet",
            {"neuron": {"options": {"beta": 0.9}}},
            r"blocks.0.fire: a LeakyIntegrateAndFire as .*1/2\^k",
        ),
        ("tiny_ms_resnet", {"neuron": {"options": {"start": 0.5}}}, "blocks.0.fire: .* start at 0"),
        ("tiny_ms_resnet", {"neuron": "plif"}, "blocks.0.fire: a ParametricLIF as"),
        ("tiny_ms_resnet", {"neuron": "integer_lif"}, "blocks.0.fire: a IntegerLIF as"),
        ("tiny_ms_resnet", {"neuron": "cuba_lif"}, "blocks.0.fire: a CubaLIF as"),
        ("tiny_sdt", {"order": "stride", "tokens": "information-retaining", "keep": 0.5}, "trunk.0: a Selected as"),
        ("tiny_ost", {"order": "stride", "compress": False}, "trunk.0.block.0.branch: attention 'saf'"),
        ("tiny_sdt", {"order": "stride", "fire_last": "no"}, "readout: a layer that weighs a membrane"),
        ("tiny_spikformer", {"order": "fire-pool"}, "trunk.0.block.0.branch: attention 'ssa'"),
    ],
)
def test_the_first_layer_without_integers_is_named(name: str, options: dict[str, Any], message: str) -> None:
    chosen = preset(name, **options)
    with pytest.raises(IntegerFormError, match=message):
        read_network(build(chosen, 0), chosen.size)
    told = integer_obstacle(chosen)
    assert told is not None
    with pytest.raises(IntegerFormError, match=message):
        SpikingVision(10, 0, model=name, options=options).layer_graph()


def test_branches_of_a_stage_lead_to_all_later_neurons() -> None:
    """A membrane is no population: in a stage of ``n`` blocks the terms grow with ``n^2``."""
    counts: list[int] = []
    for depth in (1, 2, 3, 4):
        chosen = preset("tiny_ms_resnet", depths=(depth,), widths=(4,))
        graph = read_network(build(chosen, 0), 8)
        counts.append(sum(len(layer.terms) for layer in graph.layers if layer.name.endswith("fire")))
    assert counts == [1 + 2, 1 + 2 + 3, 1 + 2 + 3 + 4, 1 + 2 + 3 + 4 + 5]


def test_what_nobody_hears_is_left_out() -> None:
    chosen = preset("tiny_sdt", order="stride", stages=((8, 1, "identity"),))
    graph = read_network(build(chosen, 0), 28)
    heard = {term.source for layer in graph.layers for term in layer.terms}
    assert {layer.name for layer in graph.layers[:-1]} == heard - {"input"}


def test_norms_without_statistics_are_refused() -> None:
    network = build(preset("tiny_ms_resnet"), 0)
    network.first.norm.running_mean = None
    with pytest.raises(ValueError, match="running statistics"):
        read_network(network, 28)


def test_reading_changes_nothing() -> None:
    vision = SpikingVision(10, 0, model="tiny_ms_resnet")
    before = {name: value.clone() for name, value in vision.state_dict().items()}
    vision.layer_graph()
    assert all(torch.equal(value, before[name]) for name, value in vision.state_dict().items())
