"""Surrogates keep what they document: peak, area, symmetry."""

import pytest
import torch

from perception import Surrogate, arctan, fast_sigmoid, triangular

TABLE = [
    arctan(),
    arctan(4.0),
    fast_sigmoid(),
    fast_sigmoid(10.0),
    triangular(),
    triangular(0.5),
]


@pytest.mark.parametrize("surrogate", TABLE, ids=lambda s: f"{s.name}-{s.peak}-{s.area}")
def test_peak_area_and_symmetry(surrogate: Surrogate) -> None:
    x = torch.linspace(-1000, 1000, 4_000_001, dtype=torch.float64)  # zero lies on the grid
    values = surrogate.derivative(x)
    assert values.max().item() == pytest.approx(surrogate.peak, abs=1e-9)
    assert x[values.argmax()].item() == pytest.approx(0, abs=1e-9)
    assert torch.trapezoid(values, x).item() == pytest.approx(surrogate.area, abs=2e-3)
    torch.testing.assert_close(values, values.flip(0))
    assert bool((values >= 0).all())


def test_values_by_hand() -> None:
    x = torch.tensor([0.5])
    assert arctan().derivative(x).item() == pytest.approx(1 / (1 + (torch.pi * 0.5) ** 2))
    assert fast_sigmoid().derivative(x).item() == pytest.approx(0.25)
    assert triangular().derivative(x).item() == pytest.approx(0.5)
    assert triangular(0.5).derivative(x).item() == 0
