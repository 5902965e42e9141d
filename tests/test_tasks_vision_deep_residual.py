"""Through 34 layers, gradients reach the first block where shortcuts pass an identity, and vanish where they do not."""

import pytest
import torch

from perception import load_digits
from perception.architectures import Shortcut, count_parameters
from tasks.vision.deep_residual import FORMS, deep_network, gradient_norms


def test_all_forms_have_34_layers_and_the_same_weights() -> None:
    networks = [deep_network(form, 0).network for form in FORMS]
    assert len({count_parameters(network) for network in networks}) == 1
    convolutions = [m for m in networks[0].modules() if isinstance(m, torch.nn.Conv2d) and m.kernel_size == (3, 3)]
    assert len(convolutions) + 1 == 34  # and the readout


@pytest.mark.parametrize(("form", "low", "high"), [("spiking", 0.0, 0.002), ("sew-add", 0.02, 10), ("ms", 0.02, 10)])
def test_gradients_of_the_first_and_last_block(form: Shortcut, low: float, high: float) -> None:
    digits = load_digits()
    chosen = torch.randperm(len(digits.labels), generator=torch.Generator().manual_seed(0))[:32]
    norms = gradient_norms(deep_network(form, 0), digits.pictures[chosen], digits.labels[chosen])
    assert len(norms) == 16
    assert low <= norms[0] / norms[-1] <= high
