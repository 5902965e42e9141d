"""Probabilities that are learned beside the networks: where they start, their gradient, where they end, saved."""

from pathlib import Path

import pytest
import torch
from torch import nn

from logic import Domain
from neurosym import Model, Neural, Program, ProgramError, fit, infer, load_model, save_model
from neurosym.chances import Chances

BIT = Domain("bit", [0, 1])
NOISY = """
nn(bit, [X], D, [0, 1]) :: bit(X, D).
t(0.4) :: noisy.
0.5 :: other(X, 0); 0.5 :: other(X, 1).
shown(X, Y) :- noisy, other(X, Y).
shown(X, Y) :- \\+ noisy, bit(X, Y).
"""


@pytest.mark.parametrize(
    ("clause", "starts"),
    [
        ("t(0.3) :: a.", [0.3, 0.7]),
        ("t(_) :: a.", [0.5, 0.5]),
        ("t(0.2) :: a; t(0.3) :: b.", [0.2, 0.3, 0.5]),
        ("t(_) :: a; t(_) :: b.", [0.5, 0.5, 0.0]),
        ("1/4 :: a; t(_) :: b; t(0.25) :: c.", [0.25, 0.5, 0.25, 0.0]),
        ("0.0 :: a; t(0.5) :: b.", [0.0, 0.5, 0.5]),
    ],
)
def test_starts(clause: str, starts: list[float]) -> None:
    program = Program.parse(f"{clause} query(a).", ())
    chances = Chances(program)()
    assert chances[0].exp().tolist() == pytest.approx(starts, abs=1e-6)
    for found in (infer(program), infer(program, chances=chances)):
        assert found.log_probs.exp().item() == pytest.approx(starts[0], abs=1e-6)


@pytest.mark.parametrize("clause", ["t(0.7) :: a; t(0.6) :: b.", "p(0.5). t(_) :: a; P :: b :- p(P)."])
def test_what_cannot_be_learned_is_refused(clause: str) -> None:
    with pytest.raises(ProgramError, match=r"more than 1|others are numbers, not P"):
        Chances(Program.parse(clause, ()))


def make_model() -> Model:
    torch.manual_seed(0)
    return Model(Neural(nn.Linear(2, 2), BIT), Program.parse(NOISY, ()), "shown(x, Y)").double()


def test_the_gradient_is_that_of_the_formula() -> None:
    model, x = make_model(), torch.randn(5, 2, dtype=torch.float64)
    seen = model.perception(x[:, None]).symbols.log_probs[:, 0, 1].exp()
    logits = model.chances.logits["1"]
    noisy = logits.softmax(0)[0]
    wanted = (noisy / 2 + (1 - noisy) * seen).log().sum()
    found = model.log_probability({"x": x}, [1] * 5).sum()
    assert found.item() == pytest.approx(wanted.item())
    for parameter in model.parameters():
        ours, theirs = (torch.autograd.grad(one, parameter, retain_graph=True)[0] for one in (found, wanted))
        torch.testing.assert_close(ours, theirs)


def test_how_often_labels_are_wrong_is_learned_and_saved(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    x = 3 * torch.randn(600, 2, generator=generator)
    y = (x[:, 0] > 0).long()
    wrong = torch.rand(600, generator=generator) < 0.1  # as often as noise of 0.2 that hits one of two
    model = make_model().float()
    fit(model, {"x": x}, torch.where(wrong, 1 - y, y), epochs=15, learning_rate=3e-2)
    assert model.chances()[1][0].exp().item() == pytest.approx(0.2, abs=0.06)
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert torch.equal(again.chances()[1], model.chances()[1])
    assert torch.equal(again({"x": x}).log_probs, model({"x": x}).log_probs)
