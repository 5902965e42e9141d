"""Any preset as the perception of a model: shapes, spikes, learning through a rule, and what is refused."""

import json

import pytest
import torch

from logic import Domain
from neurosym import Model, Program
from perception import ArchitectureError, PictureError, SpikingVision

DIGITS = Domain("digit", range(10))
RULE = "sum(S) :- digit(0, X), digit(1, Y), S is X + Y."


def seed(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


@pytest.mark.parametrize("model", ["tiny_resnet", "tiny_iand_resnet", "tiny_sdt", "tiny_ost"])
def test_pictures_become_a_belief_and_spikes(model: str) -> None:
    vision = SpikingVision(DIGITS, seed(), model=model)
    percept = vision(torch.rand(2, 3, 1, 28, 28))
    assert percept.symbols.log_probs.shape == (2, 3, 10)
    assert percept.spikes
    assert all(set(train.unique().tolist()) <= {0.0, 1.0} for train in percept.spikes.values())


def test_bytes_are_brightness() -> None:
    vision = SpikingVision(DIGITS, seed(), options={"steps": 2}).eval()
    pictures = torch.randint(0, 256, (2, 1, 1, 28, 28), dtype=torch.uint8)
    torch.testing.assert_close(vision(pictures).symbols.log_probs, vision(pictures / 255).symbols.log_probs)


def test_frames_are_seen_step_by_step() -> None:
    vision = SpikingVision(DIGITS, seed(), options={"channels": 2, "steps": 3})
    assert vision.logits(torch.rand(2, 1, 5, 2, 28, 28)).shape == (5, 2, 10)


def test_its_architecture_rebuilds_it() -> None:
    first = SpikingVision(DIGITS, seed(), model="tiny_sdt", options={"stages": [[32, 1, "sdsa"]], "steps": 2}).eval()
    again = SpikingVision(DIGITS, seed(1), **json.loads(json.dumps(first.architecture()))).eval()
    again.load_state_dict(first.state_dict())
    pictures = torch.rand(2, 1, 1, 28, 28)
    assert torch.equal(first(pictures).symbols.log_probs, again(pictures).symbols.log_probs)


@pytest.mark.parametrize("model", ["tiny_resnet", "tiny_transformer"])
def test_it_learns_through_a_rule(model: str) -> None:
    vision = SpikingVision(DIGITS, seed(), model=model)
    rules = Model(vision, Program.parse(RULE), "sum(S)")
    pictures, sums = torch.rand(8, 2, 1, 28, 28, generator=seed(1)), [0, 3, 5, 9, 9, 12, 16, 18]
    optimizer = torch.optim.AdamW(vision.parameters(), lr=1e-2)
    losses = list[float]()
    for _ in range(16):
        loss = -rules.log_probability(pictures, sums).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]
    assert all(parameter.grad is not None for parameter in vision.parameters())


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ArchitectureError, match="unknown model 'resnet'"):
        SpikingVision(DIGITS, seed(), model="resnet")
    vision = SpikingVision(DIGITS, seed())
    with pytest.raises(PictureError, match="needs \\[samples, slots, 1, 28, 28\\]"):
        vision(torch.rand(2, 1, 28, 28))
    with pytest.raises(PictureError, match="NaN or infinite"):
        vision(torch.full((1, 1, 1, 28, 28), torch.nan))
