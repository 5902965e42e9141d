"""The neuron against a plain loop, and its hand-written gradient against recorded steps."""

import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

from perception import Surrogate, arctan, fast_sigmoid, integrate_and_fire, triangular


def by_plain_loop(current: list[float], threshold: float) -> list[float]:
    membrane, spikes = 0.0, list[float]()
    for x in current:
        membrane += x
        fires = membrane >= threshold
        spikes.append(float(fires))
        membrane = 0.0 if fires else membrane
    return spikes


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=12), st.integers(1, 16))
def test_spikes_follow_the_semantics(eighths: list[int], threshold: int) -> None:
    current = torch.tensor(eighths, dtype=torch.float32) / 8  # exact in floating point
    spikes = integrate_and_fire(current.reshape(-1, 1), threshold=threshold / 8)
    assert spikes.flatten().tolist() == by_plain_loop(current.tolist(), threshold / 8)


def test_fires_at_the_threshold_and_restarts_from_zero() -> None:
    current = torch.tensor([0.5, 0.5, 0.5, 1.75, 0.5, 0.25, -1.0, 1.0]).reshape(-1, 1)
    assert integrate_and_fire(current).flatten().tolist() == [0, 1, 0, 1, 0, 0, 0, 0]


class RecordedSpike(torch.autograd.Function):
    """A spike with a surrogate gradient, one step at a time: the oracle of the hand-written scan."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, surrogate: Surrogate) -> Tensor:
        """Steps at zero."""
        ctx.save_for_backward(x)
        ctx.surrogate = surrogate  # pyright: ignore[reportAttributeAccessIssue]
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> tuple[Tensor, None]:
        """Takes the surrogate for the derivative."""
        (x,) = ctx.saved_tensors  # pyright: ignore[reportAttributeAccessIssue]
        return gradients[0] * ctx.surrogate.derivative(x), None  # pyright: ignore[reportAttributeAccessIssue]


def recorded(current: Tensor, threshold: float, surrogate: Surrogate) -> Tensor:
    membrane, spikes = torch.zeros_like(current[0]), list[Tensor]()
    for x in current.unbind(0):
        membrane = membrane + x
        fired = torch.as_tensor(RecordedSpike.apply(membrane - threshold, surrogate))
        membrane = membrane * (1 - fired.detach())
        spikes.append(fired)
    return torch.stack(spikes)


@settings(deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 7),
    st.sampled_from([arctan(), fast_sigmoid(5.0), triangular(0.8)]),
    st.sampled_from([0.5, 1.0, 2.0]),
)
def test_gradient_equals_that_of_recorded_steps(seed: int, steps: int, surrogate: Surrogate, threshold: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(steps, 3, 4, generator=generator, dtype=torch.float64).requires_grad_()
    second = first.detach().clone().requires_grad_()
    weight = torch.randn(steps, 3, 4, generator=generator, dtype=torch.float64)
    ours, theirs = (
        integrate_and_fire(first, threshold=threshold, surrogate=surrogate),
        recorded(second, threshold, surrogate),
    )
    assert torch.equal(ours, theirs)
    (ours * weight).sum().backward()
    (theirs * weight).sum().backward()
    torch.testing.assert_close(first.grad, second.grad)


def test_calls_do_not_share_state() -> None:
    current = torch.full((3, 2), 0.4)
    assert torch.equal(integrate_and_fire(current), integrate_and_fire(current))
