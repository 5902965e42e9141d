"""Norm and neurons as one function are what they are apart, in spikes, gradients and running statistics."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from perception import LeakyIntegrateAndFire, ParametricLIF, arctan, build, preset, recomputed, rectangular, sigmoid
from perception.architectures.fusing import Chain, fire_behind
from perception.architectures.layers import ConvNorm
from perception.neurons import Reset
from perception.neurons.normalised_scan import can_fuse, normalise_and_fire, takes

STEPS, BATCH, CHANNELS = 4, 3, 24


def drawn(batch: int, seed: int = 0) -> Tensor:
    current = 2 * torch.randn(batch, CHANNELS, 5, 5, generator=torch.Generator().manual_seed(seed)) + 1
    return current.to(memory_format=torch.channels_last)


def _note(calls: list[str], label: str, *_: object) -> None:
    calls.append(label)


@pytest.mark.parametrize("still", [True, False])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("reset", "detach"), [("hard", True), ("hard", False), ("soft", True), ("soft", False)])
def test_one_function_is_two(still: bool, training: bool, reset: Reset, detach: bool) -> None:
    for scale_input, surrogate in [(True, sigmoid()), (False, arctan()), (False, rectangular())]:
        norm = nn.BatchNorm2d(CHANNELS)
        generator = torch.Generator().manual_seed(1)
        for numbers in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            assert numbers is not None
            nn.init.uniform_(numbers, 0.5, 2, generator=generator)
        apart = deepcopy(norm.train(training)).train(training)
        neuron = LeakyIntegrateAndFire(
            0.5, reset=reset, detach_reset=detach, scale_input=scale_input, surrogate=surrogate
        )
        ours, theirs = (drawn(BATCH if still else BATCH * STEPS).requires_grad_() for _ in range(2))
        assert can_fuse(norm, neuron)
        assert takes(ours)
        found = normalise_and_fire(ours, norm, neuron, STEPS, still=still)
        normal = apart(theirs)
        spread = normal.expand(STEPS, *normal.shape) if still else normal.unflatten(0, (STEPS, BATCH))
        expected = neuron(spread).flatten(0, 1)
        assert torch.equal(found, expected)
        arriving = drawn(BATCH * STEPS, 2)
        found.backward(arriving)
        expected.backward(arriving)
        pairs = [(ours.grad, theirs.grad), (norm.weight.grad, apart.weight.grad), (norm.bias.grad, apart.bias.grad)]
        pairs += [(norm.running_mean, apart.running_mean), (norm.running_var, apart.running_var)]
        for mine, other in pairs:
            torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)
        assert norm.num_batches_tracked == apart.num_batches_tracked


@pytest.mark.parametrize("training", [True, False])
def test_a_gradient_of_a_gradient_is_that_of_two(training: bool) -> None:
    found = list[Tensor]()
    for together in (True, False):
        norm, neuron = nn.BatchNorm2d(CHANNELS).train(training), LeakyIntegrateAndFire()
        current = drawn(BATCH * STEPS).requires_grad_()
        if together:
            spikes = normalise_and_fire(current, norm, neuron, STEPS)
        else:
            spikes = neuron(norm(current).unflatten(0, (STEPS, BATCH))).flatten(0, 1)
        (slope,) = torch.autograd.grad((spikes * drawn(BATCH * STEPS, 2)).sum(), current, create_graph=True)
        slope.square().sum().backward()
        found += [slope.detach(), norm.weight.grad, current.grad]  # pyright: ignore[reportArgumentType]
    for mine, other in zip(found[:3], found[3:], strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["tiny_strided_resnet", "tiny_sew_resnet", "tiny_spikformer"])
def test_a_network_is_the_same_when_somebody_listens(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    network = build(preset(name), 0).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    heard = deepcopy(network)
    calls = list[str]()
    for label, layer in heard.named_modules():
        if isinstance(layer, LeakyIntegrateAndFire):
            layer.register_forward_hook(partial(_note, calls, label))
    pictures = torch.rand(4, 1, 28, 28, generator=generator)
    given, expected = network(pictures), heard(pictures)
    assert calls
    torch.testing.assert_close(given, expected, rtol=1e-3, atol=1e-4)
    given.square().sum().backward()
    expected.square().sum().backward()
    for mine, other in zip(network.parameters(), heard.parameters(), strict=True):
        if other.grad is not None:
            assert mine.grad is not None
            assert (mine.grad - other.grad).norm() <= 0.01 * other.grad.norm() + 1e-6


def test_what_may_not_runs_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[int]()

    def count(*given: object, **options: object) -> Tensor:
        calls.append(1)
        return normalise_and_fire(*given, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr("perception.architectures.fusing.normalise_and_fire", count)
    layer, neuron = ConvNorm(CHANNELS, 8, 3).to(memory_format=torch.channels_last), LeakyIntegrateAndFire()  # pyright: ignore
    signal = drawn(BATCH * STEPS).unflatten(0, (STEPS, BATCH))

    def fused(run: Callable[[], object]) -> bool:
        calls.clear()
        run()
        return bool(calls)

    assert fused(lambda: fire_behind(layer, neuron, signal))
    assert fused(lambda: Chain(layer, neuron)(signal))
    assert not fused(lambda: fire_behind(layer, ParametricLIF(), signal))
    assert not fused(lambda: fire_behind(layer, LeakyIntegrateAndFire(start=0.5), signal))
    assert not fused(lambda: fire_behind(layer, LeakyIntegrateAndFire(tier="eager"), signal))
    assert not fused(lambda: fire_behind(deepcopy(layer).double(), neuron, signal.double()))
    assert not fused(lambda: fire_behind(ConvNorm(CHANNELS, 8, 3, pooling="max"), neuron, signal))
    with recomputed([layer]):
        assert not fused(lambda: fire_behind(layer, neuron, signal))
    with torch.autocast("cpu", torch.bfloat16):
        assert not fused(lambda: fire_behind(layer, neuron, signal))
    handle = neuron.register_forward_hook(partial(_note, [], ""))
    assert not fused(lambda: fire_behind(layer, neuron, signal))
    handle.remove()
    assert fused(lambda: fire_behind(layer, neuron, signal))
