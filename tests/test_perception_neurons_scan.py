"""The tiers of the scan against recorded steps, against each other to the last bit, and their cost in time."""

import itertools
import shutil
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from perception import (
    LeakyIntegrateAndFire,
    NeuronError,
    ParametricLIF,
    Surrogate,
    arctan,
    dspike,
    fast_sigmoid,
    rectangular,
    sigmoid,
    spike,
    straight_through,
    triangular,
)
from perception.neurons import Reset, ScanRule, Tier, leaky_scan, scan_tiers

SURROGATES = [arctan(), fast_sigmoid(5.0), rectangular(0.7), triangular(0.8), straight_through(), sigmoid(), dspike()]
RESETS: list[tuple[Reset, bool]] = [("hard", True), ("hard", False), ("soft", True), ("soft", False)]
CHANNELS_LAST = torch.empty(4, 3, 2, 5, 5).flatten(0, 1).to(memory_format=torch.channels_last).unflatten(0, (4, 3))


def recorded(current: Tensor, rule: ScanRule, decay: Any, gain: Any, initial: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The equations step by step, differentiated by autograd: the oracle."""
    spikes, membranes, carry = list[Tensor](), list[Tensor](), initial
    for x in current.unbind(0):
        membrane = decay * carry + gain * x
        fired = spike(membrane - rule.threshold, rule.surrogate)
        held = fired.detach() if rule.detach_reset else fired
        carry = membrane * (1 - held) if rule.reset == "hard" else membrane - rule.threshold * held
        spikes.append(fired)
        membranes.append(membrane)
    return torch.stack(spikes), torch.stack(membranes), carry


def drawn(shape: tuple[int, ...], dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("tier", ["eager", "native"])
@pytest.mark.parametrize(("reset", "detach"), RESETS)
@pytest.mark.parametrize("surrogate", SURROGATES, ids=lambda s: s.name)
def test_spikes_and_all_gradients_are_those_of_recorded_steps(
    tier: Tier, reset: Reset, detach: bool, surrogate: Surrogate
) -> None:
    rule = ScanRule(0.6, surrogate, reset, detach)
    given = [drawn((5, 3, 4)), torch.tensor(0.7).double(), torch.tensor(0.9).double(), drawn((3, 4), seed=1)]
    ours, theirs = ([value.clone().requires_grad_() for value in given] for _ in range(2))
    current, decay, gain, initial = ours
    scanned = leaky_scan(current, rule, decay=decay, gain=gain, initial=initial, tier=tier)
    expected = recorded(theirs[0], rule, *theirs[1:])
    assert torch.equal(scanned.spikes, expected[0])
    weights = [drawn(tuple(part.shape), seed=2) for part in expected]
    torch.autograd.backward(scanned, weights)
    torch.autograd.backward(expected, weights)
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize(("reset", "detach"), RESETS)
def test_native_is_eager_to_the_last_bit(dtype: torch.dtype, reset: Reset, detach: bool) -> None:
    for surrogate, shape in itertools.product(SURROGATES, [(7, 2, 1500), (1, 3), (3, 0)]):
        rule = ScanRule(1.0, surrogate, reset, detach)
        found = list[tuple[Tensor | None, ...]]()
        for tier in cast(list[Tier], ["eager", "native"]):
            current, initial = drawn(shape, dtype).requires_grad_(), drawn(shape[1:], dtype, 1).requires_grad_()
            scanned = leaky_scan(current, rule, decay=0.7, gain=1.3, initial=initial, tier=tier)
            torch.autograd.backward(scanned, [drawn(tuple(part.shape), dtype, 3) for part in scanned])
            found.append((*(part.detach() for part in scanned), current.grad, initial.grad))
        exact = surrogate.name not in ("sigmoid", "dspike")  # whose exponentials differ in vectors and in their tails
        for part, (mine, other) in enumerate(zip(*found, strict=True)):
            tolerance = 0.0 if exact or part < 3 else 1e-6 if dtype != torch.bfloat16 else 1e-2
            assert mine is not None
            assert other is not None
            torch.testing.assert_close(mine, other, rtol=tolerance, atol=tolerance)


@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # of the compiler
def test_compiled_agrees() -> None:
    for dtype, (reset, detach) in [(torch.float32, RESETS[1]), (torch.bfloat16, RESETS[2])]:
        rule = ScanRule(1.0, arctan(), reset, detach)
        found = list[tuple[Tensor, Tensor | None]]()
        for tier in cast(list[Tier], ["eager", "compiled"]):
            current = drawn((4, 2, 300), dtype).requires_grad_()
            spikes = leaky_scan(current, rule, decay=0.7, tier=tier).spikes
            spikes.backward(drawn((4, 2, 300), dtype, 1))
            found.append((spikes, current.grad))
        assert torch.equal(found[0][0], found[1][0])
        torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-6 if dtype == torch.float32 else 0.02, atol=1e-6)


@pytest.mark.filterwarnings("ignore")  # of the compiler
def test_compiled_is_one_graph_for_layers_of_all_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = list[torch.fx.GraphModule]()

    def count(graph: torch.fx.GraphModule, _: list[Tensor]) -> Callable[..., object]:
        graphs.append(graph)
        return graph.forward

    def compiled(run: Callable[..., object]) -> Callable[..., object]:
        return torch.compile(run, dynamic=True, fullgraph=True, backend=count)

    monkeypatch.setattr("perception.neurons.compiled_scan._compiled", compiled)
    rule = ScanRule(1.0, arctan(1.5), "soft")  # a rule that no other test has had compiled
    for size in range(3, 15):
        values, weights = drawn((4, 2, size, 5, 7), torch.float32), drawn((4, 2, size, 5, 7), torch.float32, 1)
        found = list[tuple[Tensor, Tensor | None]]()
        for tier in cast(list[Tier], ["eager", "compiled"]):
            current = values.transpose(2, 4).contiguous().transpose(2, 4) if size % 2 else values.clone()
            current.requires_grad_()
            spikes = leaky_scan(current, rule, decay=0.7, tier=tier, record=False).spikes
            spikes.backward(weights)
            found.append((spikes, current.grad))
            assert spikes.stride() == current.stride()
        assert torch.equal(found[0][0], found[1][0])
        torch.testing.assert_close(found[0][1], found[1][1], rtol=0, atol=0)
    assert 2 <= len(graphs) <= 6  # forwards and backwards; a few more while the compiler learns that sizes differ


def test_without_a_compiler_eager_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CXX", "no-such-compiler")
    scan_tiers._has_compiler.cache_clear()  # pyright: ignore[reportPrivateUsage]
    current = drawn((5, 2, 7), torch.float32).requires_grad_()
    spikes = [LeakyIntegrateAndFire(tier=tier)(current) for tier in cast(list[Tier], ["compiled", "eager"])]
    gradients = [torch.autograd.grad(each.sum(), current)[0] for each in spikes]
    scan_tiers._has_compiler.cache_clear()  # pyright: ignore[reportPrivateUsage]
    assert torch.equal(*spikes)
    assert torch.equal(*gradients)


@pytest.mark.parametrize("tier", ["eager", "native"])
def test_memory_order_does_not_matter_and_stays(tier: Tier) -> None:
    values = drawn((4, 3, 2, 5, 5), torch.float32)
    current = torch.empty_like(CHANNELS_LAST).copy_(values).requires_grad_()
    plain = values.clone().requires_grad_()
    layer = LeakyIntegrateAndFire(tier=tier)
    spikes = layer(current)
    assert spikes.stride() == current.stride()
    (spikes * values).sum().backward()
    (layer(plain) * values).sum().backward()
    assert torch.equal(spikes, layer(plain))
    assert current.grad is not None
    assert plain.grad is not None
    assert torch.equal(current.grad, plain.grad)


@pytest.mark.parametrize("tier", ["eager", "native"])
def test_the_learned_leak_is_that_of_recorded_steps(tier: Tier) -> None:
    layer = ParametricLIF(0.6, tier=tier).double()
    current = drawn((6, 2, 9))
    (layer(current) * current).sum().backward()
    leak = layer.leak.detach().clone().requires_grad_()
    share = torch.sigmoid(leak)
    rule = ScanRule(1.0, arctan())
    (recorded(current, rule, 1 - share, share, torch.zeros(2, 9).double())[0] * current).sum().backward()
    torch.testing.assert_close(layer.leak.grad, leak.grad, rtol=1e-9, atol=1e-9)


def test_time_grows_with_the_steps_and_not_with_their_square() -> None:
    layer = LeakyIntegrateAndFire(tier="native")

    def seconds(steps: int) -> float:
        current = drawn((steps, 1, 20_000), torch.float32)
        times = list[float]()
        for _ in range(5):
            leaf = current.clone().requires_grad_()
            began = time.process_time()
            layer(leaf).sum().backward()
            times.append(time.process_time() - began)
        return min(times)

    seconds(16)
    assert seconds(256) < 64 * seconds(16)  # 16 times the steps; their square would be 256 times the time


def test_tiers_that_cannot_be_had() -> None:
    with pytest.raises(NeuronError, match="unknown tier 'fast'; use auto, eager, native, compiled"):
        LeakyIntegrateAndFire(tier=cast(Tier, "fast"))(torch.zeros(2, 1))
    with pytest.raises(NeuronError, match=r"the native tier takes .* got torch.float16"):
        LeakyIntegrateAndFire(tier="native")(torch.zeros(2, 1, dtype=torch.float16))
    assert LeakyIntegrateAndFire(beta=1.0)(torch.full((2, 1), 0.5, dtype=torch.float16)).tolist() == [[0.0], [1.0]]
