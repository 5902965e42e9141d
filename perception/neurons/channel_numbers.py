"""Numbers of neurons, such as thresholds and decays: one for all or one a channel, fixed or learned."""

from collections.abc import Sequence
from math import inf, isfinite
from typing import Any

import torch
from torch import Tensor, nn

from logic import NeurosymError

ChannelNumber = float | Sequence[float] | Tensor
"""One number for all neurons, or one a channel ``[C]`` (or a neuron ``[C, ...]``); a ``Parameter`` is learned."""

LEAST = 1e-3  # of a learned threshold


class NeuronError(NeurosymError, ValueError):
    """An unknown kind of neuron, an option out of its range, or a current that has the wrong shape or type."""


def set_number(layer: nn.Module, name: str, value: ChannelNumber) -> None:
    """Makes a number an attribute of a layer: a plain one stays plain, a tensor is saved, a ``Parameter`` learns.

    Raises:
        NeuronError: if it is no number, or is not finite.
    """
    if isinstance(value, nn.Parameter):
        setattr(layer, name, value)
    elif isinstance(value, Tensor | Sequence):
        layer.register_buffer(name, torch.as_tensor(value, dtype=torch.get_default_dtype()))
    else:
        setattr(layer, name, float(value))


def check_number(name: str, value: ChannelNumber, low: float, high: float, *, positive: bool = False) -> None:
    """Refuses a number out of its range, or any of several.

    Raises:
        NeuronError: if so.
    """
    if isinstance(value, int | float):
        least = most = value
    else:
        numbers = torch.as_tensor(value).detach()
        if not numbers.numel() or (isinstance(value, nn.Parameter) and not numbers.is_floating_point()):
            raise NeuronError(f"{name} must be of floating-point numbers, got {list(numbers.shape)} of {numbers.dtype}")
        if numbers.is_meta:
            return
        least, most = float(numbers.min()), float(numbers.max())
    if not (low < least if positive else low <= least) or not most <= high or not isfinite(most):
        span = "be positive" if high == inf else f"lie between {low:g} and {high:g}"
        shown = f"{least:.4g}" if least == most else f"{least:.4g} to {most:.4g}"
        raise NeuronError(f"{name} must {span}, got {shown}" + "; scale the currents instead" * positive)


def within(number: float | Tensor, low: float, high: float) -> float | Tensor:
    """A learned number kept in its range; its gradient passes as if it were not, so that it can come back."""
    if not isinstance(number, Tensor):
        return number
    return number + (number.clamp(low, high) - number).detach()


def over_channels(number: float | Tensor, current: Tensor, name: str) -> float | Tensor:
    """A number that spreads over a row ``[B, C, ...]`` of a current ``[T, B, C, ...]``.

    Raises:
        NeuronError: if there is one for each of another number of channels.
    """
    if not isinstance(number, Tensor) or not number.ndim:
        return number
    neurons = current.shape[2:]
    sizes = zip(number.shape, neurons, strict=False)
    if number.ndim > len(neurons) or any(size not in (1, wanted) for size, wanted in sizes):
        raise NeuronError(
            f"{name} has one number for each of {list(number.shape)} channels, but the current {list(current.shape)} "
            f"has {list(neurons)} behind its axes [T, B]; give one for each channel"
        )
    return number.reshape(1, *number.shape, *[1] * (len(neurons) - number.ndim))


def told(number: float | Tensor) -> str:
    """A number for the printed form of a model."""
    if not isinstance(number, Tensor):
        return f"{number:.4g}"
    value = number.detach()
    shown = f"{value.item():.4g}" if value.numel() == 1 and not value.is_meta else f"of {list(value.shape)}"
    return f"{shown} (learned)" if isinstance(number, nn.Parameter) else shown


def numbers_of(layer: Any) -> dict[str, Tensor]:
    """What a layer's state holds of numbers that are no tensors, and which of its numbers learn."""
    plain = {name: getattr(layer, name) for name in layer.kept if not isinstance(getattr(layer, name), Tensor)}
    state = {name: torch.tensor(value, dtype=torch.float64, device="cpu") for name, value in plain.items()}
    if layer.learnable:
        learn = [isinstance(getattr(layer, name), nn.Parameter) for name in layer.learnable]
        state["learned"] = torch.tensor(learn, device="cpu")
    return state


def take_numbers(layer: Any, state: dict[str, Any], prefix: str) -> None:
    """Takes what :func:`numbers_of` gave out of a state; the rest finds the tensors there into which it is loaded."""
    learned = state.pop(f"{prefix}learned", None)
    learn = dict(zip(layer.learnable, [] if learned is None else learned.tolist(), strict=False))
    for name in layer.kept:
        value = state.get(f"{prefix}{name}")
        if value is None or isinstance(getattr(layer, name), Tensor):
            continue
        if learn.get(name):
            setattr(layer, name, nn.Parameter(value.detach().to(torch.get_default_dtype(), copy=True)))
        elif value.ndim:
            delattr(layer, name)
            layer.register_buffer(name, value.detach().clone())
        else:
            setattr(layer, name, value.item())
            del state[f"{prefix}{name}"]
