"""Rounded weights fit their bits, thresholds are whole, and errors are at most half a step of the grid."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from logic import INPUT
from perception import SpikingVision
from perception.integers import GraphBuilder, IntegerLayers, Layer, LayerGraph, Precision
from perception.integers.rounding import choose_grid, round_weight
from perception.neurons import IntegerForm


def one_layer(weight: torch.Tensor, form: IntegerForm, code: str = "spikes") -> LayerGraph:
    builder = GraphBuilder((weight.shape[1], 4, 4), "bytes" if code == "bytes" else "spikes", 2)
    signal = builder.add("cell", builder.convolve((INPUT,), weight), form)
    builder.add("readout", builder.convolve(signal, torch.ones(2, len(weight), 2, 2)), None)
    return builder.finish()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 10),
    st.sampled_from([1.0, 0.5]),
    st.floats(1e-3, 50),
    st.integers(0, 2**30),
    st.sampled_from(["bytes", "spikes"]),
)
def test_weights_fit_and_thresholds_are_whole(bits: int, gain: float, size: float, seed: int, code: str) -> None:
    weight = size * torch.randn(5, 2, 3, 3, generator=torch.Generator().manual_seed(seed))
    weight = weight / (255 if code == "bytes" else 1)
    graph = one_layer(weight, IntegerForm(1.0, gain=gain), code)
    layer = graph.layers[0]
    grid = choose_grid(layer, graph.code, Precision(bits), 2)
    most = 2 ** (bits - 1) - 1
    whole = round_weight(weight, grid.scale, grid.shifts[0], bits)
    assert float(whole.abs().max()) <= most
    assert bool((grid.threshold >= 1).all())
    assert torch.allclose(grid.threshold.double() / grid.scale, torch.full((5,), 1 / gain, dtype=torch.float64))
    fits = (weight.double().abs().flatten(1).amax(1) * grid.scale) <= most + 0.5
    error = (whole - weight.double() * grid.scale[:, None, None, None]).abs().flatten(1).amax(1)
    assert bool((error[fits] <= 0.5 + 1e-9).all())
    assert bool((grid.threshold[~fits] == 1).all())  # only weights of many thresholds are cut


def test_a_finer_grid_is_nearer() -> None:
    weight = torch.randn(8, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    graph = one_layer(weight, IntegerForm(1.0, gain=0.5))
    errors = []
    for bits in (3, 5, 7, 9):
        grid = choose_grid(graph.layers[0], graph.code, Precision(bits), 2)
        scale = grid.scale[:, None, None, None]
        errors.append(float((round_weight(weight, grid.scale, grid.shifts[0], bits) / scale - weight).abs().mean()))
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 10 * errors[-1]


def test_the_gradient_passes_as_if_nothing_were_rounded() -> None:
    weight = torch.randn(3, 2, 1, 1, generator=torch.Generator().manual_seed(0), requires_grad=True)
    scale = torch.tensor([2.0, 4.0, 8.0], dtype=torch.float64)
    round_weight(weight, scale, torch.zeros(3, dtype=torch.int64), 8).sum().backward()
    assert weight.grad is not None
    assert torch.equal(weight.grad[:, 0, 0, 0].double(), scale)


def test_weights_beside_brightness_are_shifted() -> None:
    """Where a population hears the picture and spikes, each has as many bits as all, on a grid of its own."""
    vision = SpikingVision(3, 0, model="tiny_ms_resnet", options={"depths": (2,), "widths": (4,), "size": 8})
    layers = IntegerLayers(vision.layer_graph())
    last = layers.whole()[2]
    assert [term.source for term in last.layer.terms] == ["input", "blocks_0_branch_1"]
    grid = layers.grid(last.layer)
    assert bool((grid.shifts[0] == 0).all())
    assert bool((grid.shifts[1] > 4).all())
    coarse = last.kernels[1] / 2.0 ** grid.shifts[1].numpy()[:, None, None, None]
    assert np.array_equal(coarse, coarse.round())
    assert 63 < np.abs(coarse).max() <= 127


def test_a_silent_channel_has_a_grid() -> None:
    weight = torch.zeros(2, 1, 1, 1)
    layer: Layer = one_layer(weight, IntegerForm(1.0)).layers[0]
    grid = choose_grid(layer, "spikes", Precision(8), 2)
    assert bool(torch.isfinite(grid.scale).all())
    assert not bool(round_weight(weight, grid.scale, grid.shifts[0], 8).any())


@pytest.mark.parametrize(("channels", "steps", "leak"), [(1, 2, 1), (64, 2, 1), (1, 14, 1), (64, 2, 0)])
def test_sums_stay_whole_in_the_chosen_type(channels: int, steps: int, leak: int) -> None:
    """float32 where it holds the sum of all weights on bytes and its halves; else float64."""
    weight = torch.full((1, channels, 3, 3), 1 / 255)
    builder = GraphBuilder((channels, 3, 3), "bytes", steps)
    signal = builder.add("cell", builder.convolve((INPUT,), weight), IntegerForm(1.0, leak=leak))
    builder.add("readout", builder.convolve(signal, torch.ones(2, 1, 1, 1)), None)
    layers = IntegerLayers(builder.finish())
    largest = int(np.abs(layers.whole()[0].kernels[0]).sum()) * 255
    fractions = 2 ** (1 + steps - 1) if leak else steps
    spikes = layers.run(torch.full((1, channels, 3, 3), 255.0)).spikes["cell"]
    assert spikes.dtype == (torch.float32 if largest * fractions < 2**24 else torch.float64)
