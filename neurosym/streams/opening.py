"""Streams: anything of ours that sees recordings, run one step at a time from a camera or an event source."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from perception import (
    ConvertedNetwork,
    EarlyExit,
    Events,
    SequenceClassifier,
    SpikingVision,
    Stream,
    StreamError,
    bin_events,
)
from perception.exchange.sequence import as_signal
from perception.networks.perception import Perception
from perception.pictures.picture import check_pixels

from ..model import Model


def stream(
    model: nn.Module | Perception | Model,
    example: Tensor | None = None,
    *,
    exit: EarlyExit | None = None,
    step_seconds: float | None = None,
) -> Stream:
    """A network that sees one step at a time, equal to all steps at once, spike for spike.

    Which networks can is not guessed: they are traced, and those are refused of which an operation looks at more than a
    step, or is not known not to. Sums may be added in another order for a step than for all, so that a membrane that
    meets its threshold within rounding may decide otherwise.

    Args:
        model: A module from ``[T, B, ...]`` to logits ``[T, B, K]``; a :class:`SpikingVision` or
            :class:`SequenceClassifier`; or a model with one such perception, which is meant.
        example: A frame ``[B, ...]``, so that what cannot be streamed is refused now; else at the first step.
        exit: When a sample is decided, as :func:`perception.calibrate_exit` finds it.
        step_seconds: How long a step lasts, to tell latencies in seconds.

    Raises:
        StreamError: if the network cannot run step by step; the sentence names what looks at other steps.

    Example:
        >>> import neurosym as ns
        >>> eye = ns.SpikingVision(10, 0).eval()
        >>> frames = torch.rand(5, 2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> seeing = ns.stream(eye, frames[0])
        >>> for frame in frames:
        ...     seen = seeing.step(frame)  # two cameras at once
        >>> bool(torch.allclose(seen.mean, eye.logits(frames.transpose(0, 1)[:, None]).mean(0), atol=1e-5))
        True
        >>> seen.steps.tolist()
        [5, 5]
    """
    network, prepare = _network(model)
    return Stream(network, example, prepare=prepare, exit=exit, step_seconds=step_seconds)


def _network(model: object) -> tuple[nn.Module, Callable[[Tensor], Tensor] | None]:
    """The module over time, and what makes of frames what it takes in."""
    if isinstance(model, Model):
        if len(model.perceptions) != 1:
            raise StreamError(
                f"the model has {len(model.perceptions)} perceptions; give one, such as "
                f"stream(model.perceptions['{next(iter(model.perceptions))}'])"
            )
        model = model.perception
    if isinstance(model, ConvertedNetwork):
        raise StreamError(
            "a converted network looks at one still picture for all its steps; calibrate_exit gives its early answers"
        )
    if isinstance(model, SpikingVision):
        weight = next(model.network.parameters())
        return model.network, lambda frames: _bright(frames, weight.dtype)
    if isinstance(model, SequenceClassifier):
        return model.module, as_signal
    if not isinstance(model, nn.Module):
        raise StreamError(f"a {type(model).__name__} is no module over time; give one from [T, B, ...] to [T, B, K]")
    return model, None


def _bright(frames: Tensor, dtype: torch.dtype) -> Tensor:
    checked = check_pixels(frames)
    return checked.to(dtype) if checked.is_floating_point() else checked


def frames_of(events: Events, microseconds: int, size: tuple[int, int]) -> Iterator[Tensor]:
    """Events as a camera sends them, in frames of so many microseconds, one after the other.

    Args:
        events: In the order of time.
        microseconds: That a frame lasts.
        size: Height and width of the camera.

    Yields:
        Counts ``[1, 2, H, W]``, darker and brighter, as a stream takes them; frames without events too.

    Raises:
        StreamError: if a frame lasts less than a microsecond.
        DatasetError: if an event lies outside of the camera.

    Example:
        >>> events = Events(*(np.array(column) for column in ([5, 25, 26], [0, 1, 1], [0, 0, 0], [1, 1, 0])))
        >>> [int(frame.sum()) for frame in frames_of(events, 10, (1, 2))]
        [1, 0, 2]
    """
    if microseconds < 1:
        raise StreamError(f"a frame lasts at least a microsecond, got {microseconds}")
    if not len(events.time):
        return
    number = (events.time - events.time[0]) // microseconds
    bounds = np.searchsorted(number, np.arange(int(number[-1]) + 2))
    for start, end in pairwise(bounds.tolist()):
        part = Events(events.time[start:end], events.x[start:end], events.y[start:end], events.bright[start:end])
        yield bin_events(part, 1, size)
