"""What training saves changes nothing that it must not: parts, packing, recomputing, and norms shared by processes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, distributed, nn

from neurosym.training.errors import TrainingError
from neurosym.training.examples import Pairs
from neurosym.training.savings import Savings, add_gradients, blocks, cheaper
from neurosym.training.shared_norms import shared_norms
from perception import build, preset

PICTURES = torch.rand(7, 3, generator=torch.Generator().manual_seed(0))


class Line(nn.Module):
    """Log-probability ``-(w x - y)^2``, whose gradient is known."""

    def __init__(self) -> None:
        super().__init__()
        self.perception = nn.Linear(3, 1, bias=False)

    def log_probability(self, pictures: Tensor, answers: Sequence[Any]) -> Tensor:
        """See :class:`Trainable`."""
        return -(self.perception(pictures)[:, 0] - torch.tensor(answers)).square()


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 20])
def test_parts_add_up_to_the_gradient_of_the_mean_loss(parts: int) -> None:
    model, answers = Line(), [float(i) for i in range(7)]
    generator = torch.Generator().manual_seed(0)
    total = add_gradients(
        model, Pairs(PICTURES, answers), Savings(parts=parts), 10, generator
    )  # 3 samples are elsewhere
    rest = PICTURES @ model.perception.weight[0].detach() - torch.tensor(answers)
    assert total == pytest.approx(float(rest.square().sum()))
    torch.testing.assert_close(model.perception.weight.grad, (2 * rest @ PICTURES / 10)[None])


def test_no_sample_is_no_gradient() -> None:
    model = Line()
    assert add_gradients(model, Pairs(PICTURES[:0], []), Savings(parts=2), 10, torch.Generator()) == 0.0
    assert model.perception.weight.grad is None


@pytest.mark.parametrize("savings", [Savings(pack=True), Savings(recompute=True), Savings(pack=True, recompute=True)])
def test_packing_and_recomputing_keep_the_gradients_to_the_last_bit(savings: Savings) -> None:
    network = build(preset("tiny_ms_resnet"), 0)
    pictures = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    found = list[list[Tensor]]()
    for chosen in (Savings(), savings):
        network.zero_grad()
        with cheaper(network, chosen):
            network(pictures).square().sum().backward()
        found.append([weight.grad.clone() for weight in network.parameters() if weight.grad is not None])
    assert found[0]
    assert all(torch.equal(plain, saved) for plain, saved in zip(*found, strict=True))


def test_blocks_are_the_members_of_the_trunk() -> None:
    first, second, third = nn.Sequential(nn.ReLU()), nn.Linear(2, 2), nn.Linear(2, 2)
    trunk = nn.ModuleList([first, nn.ReLU()])  # of which only sequences are blocks
    network = nn.ModuleDict({"trunk": trunk, "blocks": nn.ModuleList([second, third])})
    assert blocks(network) == [first, second, third]
    with pytest.raises(TrainingError, match="Linear has no blocks"):
        blocks(nn.Linear(2, 2))


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[None]:
    """A group of one process."""
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.parametrize(
    ("norm", "shape"),
    [
        (nn.BatchNorm1d(4), (6, 4)),
        (nn.BatchNorm2d(4, affine=False), (6, 4, 3, 3)),
        (nn.BatchNorm2d(4, momentum=None), (6, 4, 3, 3)),
    ],
)
@pytest.mark.usefixtures("alone")
def test_norms_of_one_process_are_those_of_torch(norm: nn.Module, shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    start = {name: value.clone() for name, value in norm.state_dict().items()}
    signals = [torch.randn(shape, generator=generator) * 3 + 2 for _ in range(2)]
    weights = torch.randn(shape, generator=generator)
    found = list[list[Tensor]]()
    for shared in (False, True):
        norm.load_state_dict(start)
        norm.train()
        arriving = [signal.clone().requires_grad_() for signal in signals]
        with shared_norms(norm, shared=shared):
            sent = [norm(signal) for signal in arriving]
            torch.stack([(signal * weights).sum() for signal in sent]).sum().backward()
            norm.eval()
            sent.append(norm(signals[0]))
        gradients = [signal.grad for signal in arriving if signal.grad is not None]
        assert len(gradients) == 2
        found.append([*sent, *gradients, *(value.clone() for value in norm.state_dict().values())])
    for plain, shared_value in zip(*found, strict=True):
        torch.testing.assert_close(shared_value, plain, rtol=1e-4, atol=1e-5)
    assert "forward" not in vars(norm)
