"""Timing rules against closed forms, brute force over all pairs, and snnTorch's learner."""

from functools import partial
from math import exp, log
from typing import Any

import pytest
import snntorch
import torch
from hypothesis import given, settings, strategies as st
from snntorch.functional.stdp_learner import STDPLearner
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from perception import PlasticityError, TimingRule, learn_rewarded, learn_timing, learn_timing_kernels, pair_change


def spikes(steps: int, batch: int, width: int, seed: int, rate: float = 0.3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(steps, batch, width, generator=generator) < rate).to(torch.float64)


def brute_force(before: torch.Tensor, after: torch.Tensor, rule: TimingRule) -> torch.Tensor:
    """Sum over all pairs of spikes, mean over the batch."""
    change = torch.zeros(after.shape[2], before.shape[2], dtype=torch.float64)
    for (first, sample, synapse), (last, other, neuron) in (
        (a, b) for a in before.nonzero().tolist() for b in after.nonzero().tolist()
    ):
        if sample == other:
            change[neuron, synapse] += pair_change(torch.tensor(last - first), rule).double() / before.shape[1]
    return change


def test_window_has_the_values_of_the_literature() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        window = pair_change(torch.tensor([5, -5, 0, 20]))
    finally:
        torch.set_default_dtype(torch.float32)
    assert window.tolist() == pytest.approx([0.0077880078, -0.0081774082, 0.0, 0.01 / exp(1)], rel=1e-8)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from(["nothing", "grow", "both"]))
def test_traces_sum_over_all_pairs(seed: int, coincident: str) -> None:
    rule = TimingRule(tau_plus_steps=3, tau_minus_steps=5, lower=-9, upper=9, coincident=coincident)  # pyright: ignore[reportArgumentType]
    before, after = spikes(7, 2, 3, seed), spikes(7, 2, 2, seed + 1)
    learned = learn_timing(torch.zeros(2, 3, dtype=torch.float64), before, after, rule)
    torch.testing.assert_close(learned, brute_force(before, after, rule), atol=1e-8, rtol=1e-6)


def test_nearest_pairing_forgets_older_spikes() -> None:
    rule = TimingRule(potentiation=1, depression=0, tau_plus_steps=2, upper=9, pairing="nearest")
    before = torch.tensor([1.0, 1.0, 0.0]).reshape(3, 1, 1)
    after = torch.tensor([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    assert learn_timing(torch.zeros(1, 1), before, after, rule).item() == pytest.approx(exp(-1 / 2))
    every = TimingRule(potentiation=1, depression=0, tau_plus_steps=2, upper=9)
    assert learn_timing(torch.zeros(1, 1), before, after, every).item() == pytest.approx(exp(-1 / 2) + exp(-1))


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_weight_dependence_by_hand(exponent: float) -> None:
    rule = TimingRule(0.1, 0.2, tau_plus_steps=4, tau_minus_steps=4, exponent=exponent, lower=-1, upper=1)
    early = torch.tensor([1.0, 0.0]).reshape(2, 1, 1)
    late = early.flip(0)
    grown = learn_timing(torch.tensor([[0.5]]), early, late, rule).item()
    shrunk = learn_timing(torch.tensor([[0.5]]), late, early, rule).item()
    assert grown == pytest.approx(0.5 + 0.1 * exp(-1 / 4) * 0.5**exponent)
    assert shrunk == pytest.approx(0.5 - 0.2 * exp(-1 / 4) * 1.5**exponent)


def test_multiplicative_rule_settles_where_growth_and_shrinkage_balance() -> None:
    rule = TimingRule(0.02, 0.01, exponent=1, coincident="both")  # ever-firing pairs: A+ (1 - w) = A- w
    ones = torch.ones(3000, 1, 1)
    assert learn_timing(torch.tensor([[0.1]]), ones, ones, rule).item() == pytest.approx(2 / 3, abs=0.02)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.floats(0, 50), st.floats(0, 50), st.sampled_from([0.0, 0.3, 1.0]))
def test_bounds_hold_whatever_the_rates(seed: int, potentiation: float, depression: float, exponent: float) -> None:
    rule = TimingRule(potentiation, depression, exponent=exponent, lower=-0.5, upper=2.0)
    learned = learn_timing(
        torch.zeros(4, 3).double(), spikes(20, 2, 3, seed, 0.8), spikes(20, 2, 4, seed + 1, 0.8), rule
    )
    assert learned.isfinite().all()
    assert -0.5 <= learned.min() <= learned.max() <= 2.0


def test_agrees_with_snntorch() -> None:
    """Its traces decay by ``1 - 1/tau`` and count coincident spikes twice; ours with the matching ``tau`` agrees."""
    tau = 4.0
    layer, neuron = nn.Linear(3, 2, bias=False), snntorch.Leaky(beta=0.5, init_hidden=False)
    sizes = {"f_pre": partial(torch.full_like, fill_value=0.01), "f_post": partial(torch.full_like, fill_value=0.02)}
    learner = STDPLearner(layer, neuron, tau, tau, **sizes)
    before, after = spikes(9, 1, 3, 5).float(), spikes(9, 1, 2, 6).float()
    start = torch.zeros(2, 3)
    change = torch.zeros(2, 3)
    for source, target in zip(before, after, strict=True):
        learner.in_spike_monitor.records.append(source)
        learner.out_spike_monitor.records.append(target)
        change += torch.as_tensor(learner.step(on_grad=False))
    rule = TimingRule(0.02, 0.01, -1 / log(1 - 1 / tau), -1 / log(1 - 1 / tau), lower=-9, upper=9, coincident="both")
    torch.testing.assert_close(learn_timing(start, before, after, rule), change)
    type(neuron).instances.clear()


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1)])
def test_kernels_are_shared_weights(stride: int, padding: int) -> None:
    """The gradient of ``sum(after * convolution(trace))`` is an independent way to correlate windows."""
    rule = TimingRule(0.01, 0.02, 3, 5, lower=-9, upper=9)
    before = spikes(6, 2, 2 * 6 * 6, 1).reshape(6, 2, 2, 6, 6)
    side = (6 + 2 * padding - 3) // stride + 1
    after = spikes(6, 2, 4 * side * side, 2).reshape(6, 2, 4, side, side)
    kernels = torch.zeros(4, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    total = torch.zeros((), dtype=torch.float64)
    for first in range(6):
        for last in range(6):
            response = functional.conv2d(before[first], kernels, stride=stride, padding=padding)
            total = total + pair_change(torch.tensor(last - first), rule).double() * (response * after[last]).sum()
    (oracle,) = torch.autograd.grad(total / (2 * side * side), kernels)
    learned = learn_timing_kernels(kernels.detach(), before, after, rule, stride=stride, padding=padding)
    torch.testing.assert_close(learned, oracle, atol=1e-8, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "word"),
    [({"potentiation": -1}, "negative"), ({"tau_plus_steps": 0}, "positive"), ({"lower": 1, "upper": 1}, "below")],
)
def test_bad_constants_are_refused(options: dict[str, float], word: str) -> None:
    with pytest.raises(PlasticityError, match=word):
        TimingRule(**options)  # pyright: ignore[reportArgumentType]


def test_bad_shapes_are_refused() -> None:
    with pytest.raises(PlasticityError, match="equal T and B"):
        learn_timing(torch.zeros(1, 1), torch.zeros(3, 1, 1), torch.zeros(4, 1, 1))
    with pytest.raises(PlasticityError, match=r"weights must be \[1, 2\]"):
        learn_timing(torch.zeros(2, 1), torch.zeros(3, 1, 2), torch.zeros(3, 1, 1))


class Largest(TorchDispatchMode):
    """Within it, the largest tensor that any operation makes is kept in mind."""

    entries = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs it and looks."""
        made = func(*args, **(kwargs or {}))
        self.entries = max(self.entries, made.numel() if isinstance(made, Tensor) else 0)
        return made


def test_memory_does_not_grow_with_the_steps() -> None:
    for steps in (4, 40):
        before, after = torch.ones(steps, 2, 50), torch.ones(steps, 2, 30)
        pictures, maps = torch.ones(steps, 2, 3, 8, 8), torch.ones(steps, 2, 4, 4, 4)
        with Largest() as dense:
            learn_timing(torch.zeros(30, 50), before, after)
        assert dense.entries == 30 * 50
        with Largest() as shared:
            learn_timing_kernels(torch.zeros(4, 3, 5, 5), pictures, maps)
        assert shared.entries == 2 * 16 * 3 * 25  # the windows of one step
        with Largest() as rewarded:
            learn_rewarded(torch.zeros(30, 50), before, after, before[..., 0])
        assert rewarded.entries == 2 * 30 * 50  # an eligibility for each sample
