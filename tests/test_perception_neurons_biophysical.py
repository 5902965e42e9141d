"""Biophysical neurons in few bits and under strong inhibition: the spikes of float64, finite membranes, silence."""

from math import inf
from typing import Any

import pytest
import torch
from torch import Tensor

from logic.neurons.models import AdEx as AdExModel, Izhikevich as IzhikevichModel
from perception import AdEx, Izhikevich, Neuron

DELAYED: dict[str, Any] = {"coupling_ns": -10.0, "leak_ns": 12.0, "rest_mv": -70.0, "tau_adaptation_ms": 300.0}
TRANSIENT: dict[str, Any] = {"coupling_ns": 10.0, "capacitance_pf": 100.0, "tau_adaptation_ms": 90.0, "rest_mv": -65.0}


LAYERS = (AdEx(), torch.full((2000, 1), 500.0), 19), (Izhikevich(), torch.full((400, 1), 14.0), 5)


@pytest.mark.parametrize(("layer", "current", "spikes"), LAYERS, ids=["adex", "izhikevich"])
def test_few_bits_of_current_cost_no_spike(layer: Neuron, current: Tensor, spikes: int) -> None:
    exact = layer(current.double())
    assert exact.count_nonzero() == spikes
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        fired = layer.fire(current.to(dtype))
        assert fired.spikes.dtype == fired.membrane.dtype == dtype
        moved = (fired.spikes.nonzero() - exact.nonzero()).abs()
        assert moved.max() <= 1  # step
    first = layer.fire(current[:150].bfloat16())
    rest = layer.fire(current[150:].bfloat16(), first.state)
    assert torch.equal(torch.cat([first.spikes, rest.spikes]), layer(current.bfloat16()))


@pytest.mark.parametrize("step_ms", [0.02, 0.1, 0.25, 0.5, 1.0])
def test_inhibition_silences_whatever_its_size_and_the_step(step_ms: float) -> None:
    steps, currents = round(60 / step_ms), torch.tensor([-20.0, -100.0, -1e3, -1e6, -1e30, -inf])
    drive = torch.cat([currents.repeat(steps, 1), torch.zeros(steps, 6)])
    models = (IzhikevichModel(), AdExModel(), AdExModel(**DELAYED), AdExModel(**TRANSIENT))
    for model in models if step_ms >= 0.1 else models[:1]:
        kept = {**vars(model), "step_ms": step_ms}
        layer = Izhikevich(IzhikevichModel(**kept)) if isinstance(model, IzhikevichModel) else AdEx(AdExModel(**kept))
        fired = layer.fire(drive)
        assert not fired.spikes[:steps].any()
        assert fired.membrane.isfinite().all()
        assert fired.membrane[:steps].max() <= -50
        assert fired.spikes[steps:].sum(0).max() <= 4  # rebound, as of the real ones, and no storm
        assert all(variable.isfinite().all() for variable in fired.state)


def test_the_floor_lies_below_what_the_published_patterns_reach() -> None:
    burst = IzhikevichModel(a=0.02, b=0.25, c=-65, d=0.05, step_ms=0.25)  # thalamo-cortical, from -87 mV, at -25
    layer = Izhikevich(burst)
    start = (torch.tensor([-87.0], dtype=torch.float64), torch.tensor([0.25 * -87.0], dtype=torch.float64))
    membrane = layer.fire(torch.full((800, 1), -25.0, dtype=torch.float64), start).membrane
    assert burst.floor_mv < membrane.min() - 10
