"""Sums over spikes alone are convolutions, forwards and backwards, and only where they may be."""

import pytest
import torch
from hypothesis import given, settings, strategies
from torch import Tensor, nn
from torch.nn import functional

from perception import NeuronError, zero_skipping
from perception.sparsity import SpikeConv2d, spike_convolution
from perception.sparsity.spike_lists import SpikeLists, spike_lists


def drawn(shape: tuple[int, ...], rate: float, levels: int = 1, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(shape, generator=generator) < rate) * torch.randint(
        1, levels + 1, shape, generator=generator
    ).float()


@given(
    kernel=strategies.integers(1, 5),
    stride=strategies.integers(1, 3),
    padding=strategies.integers(0, 4),
    channels=strategies.integers(1, 40),
    outputs=strategies.sampled_from([1, 10, 16, 33, 64]),
    height=strategies.integers(5, 40),
    width=strategies.integers(5, 40),
    levels=strategies.integers(1, 3),
    rate=strategies.floats(0, 1),
    seed=strategies.integers(0, 99),
)
@settings(max_examples=80, deadline=None)
def test_sums_and_gradients_are_those_of_torch(
    kernel: int, stride: int, padding: int, channels: int, outputs: int, height: int, width: int, levels: int,
    rate: float, seed: int,
) -> None:  # fmt: skip
    padding = min(padding, kernel - 1)
    generator = torch.Generator().manual_seed(seed)
    spikes = drawn((2, channels, height, width), rate, levels, seed).requires_grad_()
    weight = torch.randn(outputs, channels, kernel, kernel, generator=generator).requires_grad_()
    bias = torch.randn(outputs, generator=generator).requires_grad_()
    expected = functional.conv2d(spikes, weight, bias, stride, padding)
    found = spike_convolution(spikes, weight, bias, stride, padding, most=4.0)
    assert "SpikeConvolution" in str(found.grad_fn)
    arriving = torch.randn(expected.shape, generator=generator)
    arriving *= torch.rand(expected.shape, generator=generator) < (0.2 if seed % 2 else 1.0)  # as behind a max-pool
    wanted = (spikes, weight, bias)
    ours, theirs = (torch.autograd.grad(one, wanted, arriving) for one in (found, expected))
    for mine, other in zip((found, *ours), (expected, *theirs), strict=True):
        assert mine.shape == other.shape
        assert (mine - other).norm() <= 1e-5 * other.norm() + 1e-6


@pytest.mark.parametrize("channels", [3, 16, 40])
@pytest.mark.parametrize("levels", [1, 3])
def test_lists_hold_the_tensor(channels: int, levels: int) -> None:
    spikes = drawn((2, channels, 7, 5), 0.3, levels)
    lists = spike_lists(spikes, 1.0)
    assert isinstance(lists, SpikeLists)
    assert torch.equal(lists.dense(), spikes)
    assert lists.starts[-1] == spikes.sum()
    bytes_kept = lists.starts.nbytes + lists.places.nbytes
    assert bytes_kept < spikes.nbytes or channels == 3


def test_what_is_no_spikes_is_taken_as_it_is() -> None:
    spikes = drawn((2, 8, 6, 6), 0.5)
    assert spike_lists(spikes, 0.2) is None
    for strange in (0.5, -1.0, 9.0, 3e9, float("nan"), float("inf")):
        odd = spikes.clone()
        odd[0, 0, 0, 0] = strange
        assert spike_lists(odd, 9.0) is None
    wide = torch.zeros(1, 1, 5, 20_000)
    assert "SpikeConvolution" not in str(spike_convolution(wide, torch.ones(1, 1, 5, 5, requires_grad=True)).grad_fn)
    layer = SpikeConv2d(8, 4, 3, padding=1)
    dense = nn.Conv2d.forward(layer, spikes)
    assert torch.equal(layer(spikes), dense)  # too many fire
    few = drawn((2, 8, 6, 6), 0.1)
    assert "SpikeConvolution" in str(layer(few).grad_fn)
    for other in (SpikeConv2d(8, 4, 3, groups=2), SpikeConv2d(8, 4, (3, 1)), SpikeConv2d(8, 4, 3, dilation=2)):
        assert torch.equal(other(few), nn.Conv2d.forward(other, few))
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(few).dtype == torch.bfloat16
    assert layer.double()(few.double()).dtype == torch.float64


def test_transforms_and_compilers_see_a_plain_convolution() -> None:
    layer, few = SpikeConv2d(8, 4, 3), drawn((2, 8, 6, 6), 0.1)
    exported = torch.export.export(layer, (few,))
    assert [node.target for node in exported.graph.nodes if node.op == "call_function"] == [
        torch.ops.aten.conv2d.default
    ]
    mapped = torch.func.vmap(layer, randomness="error")(torch.stack([few, few]))
    torch.testing.assert_close(mapped[1], layer(few))


def test_a_second_derivative_is_right_or_refused() -> None:
    layer, few = SpikeConv2d(8, 4, 3), drawn((2, 8, 6, 6), 0.1)
    with pytest.raises(NeuronError, match="most=0"):
        torch.autograd.grad(layer(few).square().sum(), layer.weight, create_graph=True)
    with zero_skipping(layer, most=0):
        (slope,) = torch.autograd.grad(layer(few).square().sum(), layer.weight, create_graph=True)
        slope.sum().backward()
    assert layer.weight.grad is not None
