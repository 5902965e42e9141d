"""Networks of integers are proved to fire as quantised layers in PyTorch do, whatever kind has an integer form."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from logic import (
    Arithmetic,
    Convolution,
    Population,
    SpikingNetwork,
    Synapses,
    Verdict,
    membrane_bounds,
    prove_layers,
)
from perception import QuantisedPerception, quantise
from perception.integers import EVIDENCE, to_populations
from perception.networks.layer_claims import quantised_layers
from tests.test_perception_integers_populations import KINDS, lively


def form_of(kind: str) -> QuantisedPerception:
    name, options = KINDS[kind]
    return quantise(lively(name, options | {"size": 9 if kind == "averages" else 8, "steps": 3}))


def prove(network: SpikingNetwork, form: QuantisedPerception, arithmetic: Arithmetic | None = None) -> Verdict:
    reading = {name: layer for name, layer in quantised_layers(form).items() if name != EVIDENCE}
    return (
        prove_layers(network, reading) if arithmetic is None else prove_layers(network, reading, arithmetic=arithmetic)
    )


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"masks by counts", "masks of channels"}))
def test_every_kind_of_layer_is_proved(kind: str) -> None:
    form = form_of(kind)
    network = to_populations(form.layers)
    bounds = membrane_bounds(network, network.latency + 1, form.steps)
    verdict = prove(network, form, Arithmetic(bits=24, mantissa=53, bounds=bounds))
    assert verdict.holds, verdict
    layers = len(form.layers.graph.layers) - 1
    assert f"of {layers} populations fires exactly when its layer's does in real numbers and, for 3" in str(verdict)


def with_population(network: SpikingNetwork, old: Population, **changes: Any) -> SpikingNetwork:
    populations = tuple(replace(p, **changes) if p is old else p for p in network.populations)
    return replace(network, populations=populations)


def test_one_wrong_number_is_refuted() -> None:
    form = form_of("membrane shortcuts")
    network = to_populations(form.layers)
    layer = network.populations[2]
    wrong = {
        "threshold": with_population(network, layer, threshold=layer.threshold + (np.arange(layer.size) == 7)),
        "leak": with_population(network, layer, leak=2),
        "reset": with_population(network, layer, reset="subtract"),
    }
    for place, link in enumerate(network.projections):
        if link.target == layer.name and isinstance(link, Convolution):
            kernel = link.kernel + (np.arange(link.kernel.size).reshape(link.kernel.shape) == 5)
            less = [
                replace(other, kernel=kernel) if at == place else other for at, other in enumerate(network.projections)
            ]
            wrong[f"weight from {link.source}"] = replace(network, projections=tuple(less))
        if link.target == layer.name and isinstance(link, Synapses):
            weight = link.weight + (np.arange(len(link.weight)) == 3)
            bias = Synapses(link.source, link.target, link.pre, link.post, weight, link.delay)
            rest = [bias if at == place else other for at, other in enumerate(network.projections)]
            wrong[f"bias from {link.source}"] = replace(network, projections=tuple(rest))
    assert len(wrong) > 4
    for what, mutant in wrong.items():
        verdict = prove(mutant, form)
        assert verdict.holds is False, (what, verdict)
        assert f"neurons of '{layer.name}' fires" in verdict.claim
        assert "membranes" in verdict.detail


def test_a_bias_that_comes_a_step_late_is_not_proved() -> None:
    form = form_of("membrane shortcuts")
    network = to_populations(form.layers)
    late = tuple(
        Synapses(p.source, p.target, p.pre, p.post, p.weight, p.delay + 1) if isinstance(p, Synapses) else p
        for p in network.projections
    )
    assert prove(replace(network, projections=late), form).holds is not True
