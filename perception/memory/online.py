"""A network run step by step, the gradient cut between steps: memory that does not grow with the number of steps.

``v[t] = f(detach(v[t-1]), x[t])``: each step's loss is sent back at once and its activations are forgotten. What is
left out is the gradient that flows through the membranes over time, the smaller part of the whole.

References:
    Meng et al., "Towards Memory- and Time-Efficient Backpropagation for Training Spiking Neural Networks", ICCV 2023
    (SLTT; SLTT-K sends only K of the T steps back).
"""

from collections.abc import Generator
from contextlib import contextmanager

from torch import Tensor, nn

from logic import NeurosymError

from ..temporal.carrying import Memory, advance, layers_over_time


class OnlineError(NeurosymError, ValueError):
    """A network that cannot be run step by step."""


class StepByStep:
    """A network whose neurons go on where the step before left them.

    Args:
        network: From frames ``[T, B, ...]`` to logits ``[T, B, K]``.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._memory: Memory = {}

    def __call__(self, frame: Tensor) -> Tensor:
        """Logits ``[B, K]`` of the next frame ``[B, C, H, W]``; the gradient reaches back to this step only."""
        logits, memory = advance(self._network, frame[None], self._memory)
        self._memory = {place: tuple(one.detach() for one in state) for place, state in memory.items()}
        return logits[0]


@contextmanager
def step_by_step(network: nn.Module) -> Generator[StepByStep]:
    """Within it, a network can be run one step at a time; it starts at rest.

    Args:
        network: From frames ``[T, B, C, H, W]`` to logits ``[T, B, K]``, with layers over time of ours.

    Raises:
        OnlineError: if it has no such layers.

    Example:
        >>> import torch
        >>> from perception import build, preset
        >>> network = build(preset("tiny_ms_resnet"), 0).eval()
        >>> frames = torch.rand(3, 2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> with torch.no_grad(), step_by_step(network) as stepper:
        ...     logits = [stepper(frame) for frame in frames]  # each [B, K]
        >>> torch.allclose(torch.stack(logits), network(frames), atol=1e-5)
        True
    """
    if not layers_over_time(network):
        raise OnlineError(
            f"{type(network).__name__} has no layers of neurons that can be run step by step; "
            f"train it with all steps at once"
        )
    yield StepByStep(network)
