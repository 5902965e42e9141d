"""Surrogates keep what they document: peak, area, limits, names; areas over [-3, 3] are those published."""

from math import exp, inf, pi

import pytest
import torch

from perception import (
    SURROGATES,
    Surrogate,
    SurrogateError,
    arctan,
    asymmetric,
    dspike,
    erf,
    fast_sigmoid,
    named_surrogate,
    neuron,
    rectangular,
    sigmoid,
    spike,
    straight_through,
    triangular,
)

TABLE = [
    (arctan(), 1.0, 0.933),
    (arctan(4.0), 2.0, None),
    (fast_sigmoid(), 1.0, 0.857),
    (fast_sigmoid(25.0), 1.0, 0.079),
    (fast_sigmoid(1.0), 1.0, 1.5),
    (triangular(), 1.0, 1.0),
    (triangular(0.5), 2.0, 1.0),
    (rectangular(), 1.0, 1.0),
    (rectangular(2.0), 0.5, 1.0),
    (sigmoid(), 1.0, 1.0),
    (sigmoid(25.0), 6.25, 1.0),
    (erf(), 1.128, 1.0),
    (straight_through(), 1.0, 6.0),
    (dspike(3.0), 1.657, 1.0),
    (dspike(10.0), 5.0, 1.0),
    (dspike(0.1), 1.0, 1.0),
    (dspike(2.5, radius=1.0), None, 1.0),
]


@pytest.mark.parametrize(("surrogate", "peak", "area"), TABLE, ids=lambda v: getattr(v, "name", str(v)))
def test_peak_and_area_are_those_of_the_table(surrogate: Surrogate, peak: float | None, area: float | None) -> None:
    x = torch.linspace(-3, 3, 600_001, dtype=torch.float64)  # zero lies on the grid
    values = surrogate.derivative(x)
    assert values.max().item() == pytest.approx(surrogate.peak, rel=1e-4)
    assert peak is None or surrogate.peak == pytest.approx(peak, rel=2e-3)
    assert area is None or torch.trapezoid(values, x).item() == pytest.approx(area, abs=1e-3)
    torch.testing.assert_close(values, values.flip(0))
    assert bool((values >= 0).all())


@pytest.mark.parametrize("surrogate", [row[0] for row in TABLE] + [asymmetric(), asymmetric(2.0, 0.5, 0.3)])
def test_the_stated_area_is_the_integral(surrogate: Surrogate) -> None:
    if surrogate.area < inf:
        x = torch.linspace(-1000, 1000, 4_000_001, dtype=torch.float64)
        assert torch.trapezoid(surrogate.derivative(x), x).item() == pytest.approx(surrogate.area, abs=2e-3)
    assert surrogate.derivative(torch.zeros(1)).item() == pytest.approx(surrogate.peak)


def test_values_by_hand() -> None:
    x = torch.tensor([0.5])
    assert arctan().derivative(x).item() == pytest.approx(1 / (1 + (torch.pi * 0.5) ** 2))
    assert fast_sigmoid().derivative(x).item() == pytest.approx(0.25)
    assert triangular().derivative(x).item() == pytest.approx(0.5)
    assert triangular(0.5).derivative(x).item() == 0
    assert asymmetric(1.0, 0.25).derivative(torch.tensor([-0.9, -1.1, 0.2, 0.3])).tolist() == pytest.approx(
        [0.8, 0.0, 0.8, 0.0]
    )


def test_dspike_goes_from_the_window_to_the_impulse() -> None:
    x = torch.linspace(-0.49, 0.49, 99, dtype=torch.float64)
    torch.testing.assert_close(dspike(1e-3).derivative(x), rectangular().derivative(x), rtol=1e-6, atol=1e-6)
    off_centre = torch.tensor([0.2], dtype=torch.float64)
    heights = [dspike(b).derivative(off_centre).item() for b in (5.0, 20.0, 80.0)]
    assert heights[0] > heights[1] > heights[2]
    assert heights[2] < 1e-9


@pytest.mark.parametrize("name", SURROGATES)
def test_by_name(name: str) -> None:
    surrogate = named_surrogate(name)
    assert surrogate.name == name
    x = torch.tensor([-0.2, 0.0, 0.1], dtype=torch.float64, requires_grad=True)
    spikes = spike(x, surrogate)
    assert spikes.tolist() == [0, 1, 1]
    spikes.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, surrogate.derivative(x.detach()))


def test_a_function_of_the_user_can_be_one() -> None:
    mine = Surrogate("mine", lambda x: 2 * torch.ones_like(x), peak=2, area=inf)
    x = torch.tensor([0.3], requires_grad=True)
    spike(x, mine).backward()
    assert x.grad is not None
    assert x.grad.item() == 2


def test_a_plain_function_can_be_one() -> None:
    def bell(x: torch.Tensor) -> torch.Tensor:
        return (-(x**2)).exp()

    layer = neuron("lif", surrogate=bell)
    assert layer.surrogate.name == "bell"
    assert (layer.surrogate.peak, layer.surrogate.area) == (1.0, pytest.approx(pi**0.5, rel=1e-6))
    current = torch.tensor([[0.7]], requires_grad=True)
    layer(current).backward()
    assert current.grad is not None
    assert current.grad.item() == pytest.approx(exp(-(0.3**2)))
    with pytest.raises(SurrogateError, match="'mean' must give a finite number for each"):
        neuron("lif", surrogate=torch.mean)
    with pytest.raises(SurrogateError, match="unknown surrogate 'bel'"):
        neuron("lif", surrogate="bel")


def test_clear_refusals() -> None:
    with pytest.raises(SurrogateError, match="unknown surrogate 'atan'; there are arctan, "):
        named_surrogate("atan")
    with pytest.raises(SurrogateError, match=r"'arctan' does not take .*slope"):
        named_surrogate("arctan", slope=1.0)
    with pytest.raises(SurrogateError, match="width must be positive, got 0"):
        rectangular(0)
    with pytest.raises(SurrogateError, match="makes the window negative"):
        asymmetric(tilt=3.0)
