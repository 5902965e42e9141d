"""Token policies: what is kept changes, the rest passes, and all tokens kept is no policy at all."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from perception.architectures import (
    AnchorToken,
    ArchitectureError,
    InformationRetaining,
    Selected,
    SpikingTransformer,
    TokenPolicy,
    alignment_loss,
    build,
    preset,
)

SIGNAL = (torch.rand(4, 2, 6, 5, 5, generator=torch.Generator().manual_seed(0)) < 0.4).float()


class Doubled(nn.Module):
    """A block that changes every token it sees."""

    def forward(self, signal: Tensor) -> Tensor:
        """Twice and one."""
        return 2 * signal + 1


@pytest.mark.parametrize("policy", [InformationRetaining(0.4), AnchorToken(6, 0.4, 4)])
def test_kept_tokens_change_and_others_pass(policy: TokenPolicy) -> None:
    output, scores = Selected(Doubled(), policy)(SIGNAL)
    kept = policy(SIGNAL).kept
    assert kept.shape == (2, 10)
    assert scores is not None
    assert scores.shape == (4, 2, 25)
    mask = torch.zeros(2, 25, dtype=torch.bool).scatter(1, kept, torch.ones_like(kept, dtype=torch.bool))
    mask = mask.reshape(1, 2, 1, 5, 5)
    torch.testing.assert_close(output, torch.where(mask, 2 * SIGNAL + 1, SIGNAL))


def test_all_tokens_kept_is_no_policy() -> None:
    for policy in (InformationRetaining(1.0), AnchorToken(6, 1.0, 4)):
        torch.testing.assert_close(Selected(Doubled(), policy)(SIGNAL)[0], Selected(Doubled())(SIGNAL)[0])
    sparse = build(preset("tiny_sparse", keep=1.0), torch.Generator().manual_seed(0))
    dense = build(preset("tiny_sparse", tokens="all"), torch.Generator().manual_seed(0))
    pictures = torch.rand(2, 1, 28, 28)
    torch.testing.assert_close(sparse.eval()(pictures), dense.eval()(pictures))


def test_scores_are_the_formula_written_out() -> None:
    scores = InformationRetaining(0.5).scores(SIGNAL)[0, 1]
    means = SIGNAL[:, 1].mean(1).flatten(1)
    change = (means[1:] - means[:-1]).abs().mean(0)
    over_time = SIGNAL[:, 1].mean(0)
    likeness = torch.empty(25)
    for row in range(5):
        for column in range(5):
            window = over_time[:, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].mean((1, 2))
            likeness[5 * row + column] = functional.cosine_similarity(over_time[:, row, column], window, dim=0)
    torch.testing.assert_close(scores, change.softmax(0) + (-likeness).softmax(0))


def test_one_step_has_no_change() -> None:
    assert bool(torch.isfinite(InformationRetaining(0.5).scores(SIGNAL[:1])).all())


def test_an_anchor_learns_from_the_task_and_from_alignment() -> None:
    network = build(preset("tiny_anchor"), torch.Generator().manual_seed(0))
    assert isinstance(network, SpikingTransformer)
    logits, scores = network.look(torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1)))
    assert len(scores) == 2
    anchors = [
        layer.policy.anchor
        for layer in network.trunk
        if isinstance(layer, Selected) and isinstance(layer.policy, AnchorToken)
    ]
    for loss in (logits.mean(0).logsumexp(1).sum(), alignment_loss(scores)):
        gradients = torch.autograd.grad(loss, anchors, retain_graph=True)
        assert any(float(gradient.abs().sum()) > 0 for gradient in gradients)


def test_equal_scores_are_aligned() -> None:
    even = torch.full((4, 2, 25), 1 / 25)
    assert float(alignment_loss([even, even])) == 0
    assert float(alignment_loss([torch.eye(25)[:4, None], torch.eye(25)[:4, None]])) > 0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ArchitectureError, match=r"must lie in \(0, 1\], got 1.5"):
        InformationRetaining(1.5)
    with pytest.raises(ArchitectureError, match="4 steps for 2 anchors"):
        AnchorToken(6, 0.5, 2)(SIGNAL)
    with pytest.raises(ArchitectureError, match="nothing to align"):
        alignment_loss([])
