"""Residual connections against their truth tables, folding of norms, and gradients through many blocks."""

import pytest
import torch
from torch import Tensor, nn

from perception import LeakyIntegrateAndFire
from perception.architectures import (
    ArchitectureError,
    ConvNorm,
    Residual,
    Shortcut,
    SpikingResNet,
    build,
    join,
    preset,
    start_as_identity,
)


def neurons(*, threshold: float = 1.0) -> nn.Module:
    return LeakyIntegrateAndFire(0.5, threshold=threshold)


def randomised(layer: ConvNorm) -> ConvNorm:
    """A layer whose norm has some statistics and scales."""
    generator = torch.Generator().manual_seed(0)
    for tensor in (layer.norm.weight, layer.norm.bias, layer.norm.running_mean, layer.norm.running_var):
        assert tensor is not None
        with torch.no_grad():
            tensor.uniform_(0.5, 1.5, generator=generator)
    return layer.double().eval()


@pytest.mark.parametrize(
    ("shortcut", "expected"),
    [("sew-add", [0, 1, 1, 2]), ("sew-and", [0, 0, 0, 1]), ("sew-iand", [0, 1, 0, 0])],
)
def test_spikes_are_joined_by_their_truth_table(shortcut: Shortcut, expected: list[int]) -> None:
    branch, identity = torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.tensor([0.0, 1.0, 0.0, 1.0])
    assert join(branch, identity, shortcut).tolist() == expected


def test_membranes_are_not_joined() -> None:
    with pytest.raises(ArchitectureError, match="joins no spikes"):
        join(torch.ones(1), torch.ones(1), "ms")


@pytest.mark.parametrize("shortcut", ["spiking", "sew-add", "sew-iand", "ms"])
def test_forms_are_their_formulas(shortcut: Shortcut) -> None:
    torch.manual_seed(1)
    branch, projection = randomised(ConvNorm(3, 4, 3, pooling="stride")), randomised(ConvNorm(3, 4, pooling="stride"))
    block, fire = Residual(branch, shortcut, neurons, projection), neurons()
    x = (torch.rand(4, 2, 3, 6, 6, dtype=torch.float64) < 0.5).double()
    expected = {
        "spiking": lambda: fire(branch(x) + projection(x)),
        "sew-add": lambda: fire(branch(x)) + fire(projection(x)),
        "sew-iand": lambda: (1 - fire(branch(x))) * fire(projection(x)),
        "ms": lambda: branch(fire(x)) + projection(fire(x)),
    }
    torch.testing.assert_close(block(x), expected[shortcut]())


@pytest.mark.parametrize("pooling", ["none", "stride"])
def test_a_folded_layer_gives_the_same_currents_and_spikes(pooling: str) -> None:
    layer = randomised(ConvNorm(3, 4, 3, pooling=pooling))  # type: ignore[arg-type]
    signal = torch.rand(5, 2, 3, 7, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        whole, folded = layer(signal), layer.fold()(signal.flatten(0, 1)).unflatten(0, (5, 2))
        torch.testing.assert_close(folded, whole)
        assert torch.equal(neurons()(folded), neurons()(whole))


def test_norm_statistics_run_over_time_and_batch() -> None:
    layer = ConvNorm(2, 3, 3, gamma=2.0).double()
    current = layer(torch.rand(4, 5, 2, 6, 6, dtype=torch.float64))
    torch.testing.assert_close(current.mean((0, 1, 3, 4)), torch.zeros(3, dtype=torch.float64))
    torch.testing.assert_close(
        current.std((0, 1, 3, 4), correction=0), torch.full((3,), 2.0, dtype=torch.float64), rtol=1e-3, atol=0
    )


def gradient_norms(network: SpikingResNet) -> list[float]:
    """Norm of the loss's gradient by the first convolution of each block."""
    generator = torch.Generator().manual_seed(0)
    pictures, labels = torch.rand(16, 1, 28, 28, generator=generator), torch.arange(16) % 10
    nn.functional.cross_entropy(network(pictures).mean(0), labels).backward()
    norms = list[float]()
    for block in network.blocks:
        assert isinstance(block, Residual)
        first = next(layer for layer in block.branch.modules() if isinstance(layer, ConvNorm))
        assert first.convolution.weight.grad is not None
        norms.append(float(first.convolution.weight.grad.norm()))
    return norms


def deep(shortcut: Shortcut, slope: float = 2.0) -> SpikingResNet:
    """24 blocks of 8 channels at 14 x 14."""
    chosen = preset(
        "tiny_ms_resnet", widths=(8,), depths=(24,), stem_width=4, halve_first=True, shortcut=shortcut,
        neuron={"shape": {"slope": slope}},
    )  # fmt: skip
    network = build(chosen, torch.Generator().manual_seed(0))
    assert isinstance(network, SpikingResNet)
    return network


@pytest.mark.parametrize(("shortcut", "low", "high"), [("ms", 0.1, 10), ("sew-add", 0.1, 10), ("spiking", 0, 0.01)])
def test_gradients_reach_the_first_of_24_blocks_but_for_the_plain_form(
    shortcut: Shortcut, low: float, high: float
) -> None:
    norms = gradient_norms(deep(shortcut))
    assert low <= norms[1] / norms[-1] <= high


def test_silent_branches_make_all_forms_alike() -> None:
    """With zero scales, all that the stem feels is the identity: its gradient is one number for four forms."""
    felt = list[Tensor]()
    for shortcut in ("sew-add", "sew-and", "sew-iand"):
        network = deep(shortcut)
        start_as_identity(network)
        pictures = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        nn.functional.cross_entropy(network(pictures).mean(0), torch.arange(4)).backward()
        gradient = network.first.convolution.weight.grad
        assert gradient is not None
        felt.append(gradient)
    assert float(felt[0].norm()) > 0
    for other in felt[1:]:
        torch.testing.assert_close(other, felt[0])


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ArchitectureError, match="unknown shortcut 'dense'"):
        Residual(nn.Identity(), "dense", neurons)  # type: ignore[arg-type]
