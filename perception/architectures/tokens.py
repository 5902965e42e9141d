"""Which tokens a Transformer's block works on: all, those that hold information, or those that an anchor points at."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import ArchitectureError


class Choice(NamedTuple):
    """The tokens that a policy keeps.

    Args:
        kept: Positions in ``0 .. N - 1``, ``[B, K]``, the same for all steps, in rising order.
        scores: How much each token matters at each step, ``[T, B, N]``.
    """

    kept: Tensor
    scores: Tensor


class TokenPolicy(nn.Module, ABC):
    """Chooses tokens of a map; looks at all steps at once, and so is not causal.

    Args:
        keep: Part of the tokens that is kept, in (0, 1].

    Raises:
        ArchitectureError: if it is not.
    """

    def __init__(self, keep: float) -> None:
        super().__init__()
        if not 0 < keep <= 1:
            raise ArchitectureError(f"the part of tokens to keep must lie in (0, 1], got {keep}")
        self.keep = keep

    @abstractmethod
    def scores(self, signal: Tensor) -> Tensor:
        """How much each token of ``[T, B, D, H, W]`` matters, ``[T, B, N]``."""

    def forward(self, signal: Tensor) -> Choice:
        """The tokens with the largest mean score."""
        scores = self.scores(signal)
        count = max(1, round(self.keep * scores.shape[2]))
        kept = scores.mean(0).topk(count, dim=1).indices.sort(dim=1).values
        return Choice(kept, scores)


class InformationRetaining(TokenPolicy):
    """Keeps tokens that change over time or differ from their neighbourhood; has no parameters, needs no training.

    ``softmax_N(mean_t |m[t+1] - m[t]|) + softmax_N(-cos(x, local mean of x))``, with ``m`` a token's mean over
    channels, ``x`` its mean over time and the local mean taken over 3 x 3 tokens, each channel for itself. (The
    released code of the source mixes all channels in it.)

    References:
        "TP-Spikformer", ICLR 2026; after its released code, the paper was not at hand.
    """

    def scores(self, signal: Tensor) -> Tensor:
        """See :meth:`TokenPolicy.scores`; the same at each step."""
        signal = signal.detach()
        means = signal.mean(2).flatten(2)
        change = means.diff(dim=0).abs().mean(0) if len(means) > 1 else torch.zeros_like(means[0])
        over_time = signal.mean(0)
        local = functional.avg_pool2d(over_time, 3, 1, 1, count_include_pad=False)
        likeness = functional.cosine_similarity(over_time, local, dim=1).flatten(1)
        return (change.softmax(1) + (-likeness).softmax(1)).expand(len(signal), -1, -1)


class AnchorToken(TokenPolicy):
    """After STATA: a learned anchor for each step scores that step's tokens, all on one scale.

    Score of token ``n`` at step ``t``: ``softmax_N(a[t] . x[t, n] / sqrt(D))``. Training it takes
    :func:`alignment_loss`; besides, kept tokens carry their score's gradient. This is a reading of the paper's
    abstract, not a reproduction: neither text nor code was at hand.

    Args:
        width: Channels, ``D``.
        keep: Part of the tokens that is kept.
        steps: Number of steps, ``T``.

    References:
        Zhuge et al., "Towards Efficient Spiking Transformer: a Token Sparsification Framework for Training and
        Inference Acceleration", ICML 2024.
    """

    def __init__(self, width: int, keep: float, steps: int) -> None:
        super().__init__(keep)
        self.anchor = nn.Parameter(torch.ones(steps, width))  # at first, a score is a count

    def scores(self, signal: Tensor) -> Tensor:
        """See :meth:`TokenPolicy.scores`.

        Raises:
            ArchitectureError: if the signal has another number of steps than there are anchors.
        """
        if len(signal) != len(self.anchor):
            raise ArchitectureError(f"{len(signal)} steps for {len(self.anchor)} anchors; build it with these steps")
        rows = torch.einsum("tbdn,td->tbn", signal.flatten(3), self.anchor)
        return (rows / signal.shape[2] ** 0.5).softmax(2)


class Selected(nn.Module):
    """A block that works on chosen tokens; the others pass it unchanged.

    Args:
        block: From ``[T, B, D, H, W]`` to the same shape, with no neighbourhood in it.
        policy: Who chooses; none for all tokens.
    """

    def __init__(self, block: nn.Module, policy: TokenPolicy | None = None) -> None:
        super().__init__()
        self.block = block
        self.policy = policy

    def forward(self, signal: Tensor) -> tuple[Tensor, Tensor | None]:
        """What goes on, ``[T, B, D, H, W]``, and the policy's scores ``[T, B, N]`` if it has learned ones."""
        if self.policy is None:
            return self.block(signal), None
        choice = self.policy(signal)
        tokens = signal.flatten(3)
        place = choice.kept[None, :, None, :].expand(*tokens.shape[:3], -1)
        kept = tokens.gather(3, place)
        if choice.scores.requires_grad:  # worth exactly 1, with the score's gradient
            scores = choice.scores.gather(2, choice.kept.expand(len(signal), -1, -1))[:, :, None]
            kept = kept * (1 + (scores - scores.detach()))
        changed = self.block(kept[..., None])[..., 0]
        return tokens.scatter(3, place, changed).unflatten(3, signal.shape[3:]), choice.scores


def alignment_loss(scores: list[Tensor]) -> Tensor:
    """How far the scores of each step are from their block's mean, and those of each block from the last block's.

    Args:
        scores: ``[T, B, N]`` of each block in order; the targets are cut off from the gradient.

    Returns:
        Sum of both mean squared distances (intra and inter), in units of ``1 / N^2``.

    Raises:
        ArchitectureError: if there are no scores.

    Example:
        >>> agreed = torch.full((2, 1, 4), 0.25)  # two steps, four tokens
        >>> alignment_loss([agreed, agreed]).item()
        0.0
    """
    if not scores:
        raise ArchitectureError("no block chooses tokens, so there is nothing to align; build it with keep below 1")
    size = scores[0].shape[2]
    intra = torch.stack([(row - row.detach().mean(0)).square().mean() for row in scores]).mean()
    inter = torch.stack([(row - scores[-1].detach()).square().mean() for row in scores]).mean()
    return (intra + inter) * size**2
