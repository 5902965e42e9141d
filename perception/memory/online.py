"""A network run step by step, the gradient cut between steps: memory that does not grow with the number of steps.

``v[t] = f(detach(v[t-1]), x[t])``: each step's loss is sent back at once and its activations are forgotten. What is
left out is the gradient that flows through the membranes over time, the smaller part of the whole.

References:
    Meng et al., "Towards Memory- and Time-Efficient Backpropagation for Training Spiking Neural Networks", ICCV 2023
    (SLTT; SLTT-K sends only K of the T steps back).
"""

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

from torch import Tensor, nn

from logic import NeurosymError

from ..neurons import Neuron


class OnlineError(NeurosymError, ValueError):
    """A network that cannot be run step by step."""


class StepByStep:
    """A network whose neurons go on where the step before left them.

    Args:
        network: From frames ``[T, B, ...]`` to logits ``[T, B, K]``.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._states: dict[str, tuple[Tensor, ...]] = {}

    def __call__(self, frame: Tensor) -> Tensor:
        """Logits ``[B, K]`` of the next frame ``[B, C, H, W]``; the gradient reaches back to this step only."""
        return self._network(frame[None])[0]

    def fire(self, name: str, layer: Neuron, current: Tensor) -> Tensor:
        """Spikes ``[1, B, ...]`` of a layer of neurons for the current ``[1, B, ...]`` of this step."""
        firing = layer.fire(current, self._states.get(name))
        self._states[name] = tuple(variable.detach() for variable in firing.state)
        return firing.spikes


@contextmanager
def step_by_step(network: nn.Module) -> Generator[StepByStep]:
    """Within it, a network can be run one step at a time; it starts at rest.

    Args:
        network: From frames ``[T, B, C, H, W]`` to logits ``[T, B, K]``, its neurons :class:`perception.Neuron`.

    Raises:
        OnlineError: if it has no such neurons.

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
    layers = {name: layer for name, layer in network.named_modules() if isinstance(layer, Neuron)}
    if not layers:
        raise OnlineError(
            f"{type(network).__name__} has no layers of neurons that can be run step by step; "
            f"train it with all steps at once"
        )
    runner = StepByStep(network)
    try:
        for name, layer in layers.items():
            layer.forward = partial(runner.fire, name, layer)
        yield runner
    finally:
        for layer in layers.values():
            del layer.forward  # the class's own comes forth again
