"""Streams of events to frames: counted in equal parts of the time, on the camera's pixels or on coarser ones."""

import numpy as np
import torch
from torch import Tensor

from .events import DatasetError, Events

_TOGETHER = 1 << 20  # events whose places are computed at a time


def bin_events(
    events: Events, steps: int, size: tuple[int, int], duration: int | None = None, coarse: int = 1
) -> Tensor:
    """Events counted in frames of equal duration.

    Args:
        events: The recording.
        steps: Number of frames, ``T``.
        size: Height and width of the camera.
        duration: Microseconds that the frames cover from the first event on; the whole recording if none. Later
            events are left out.
        coarse: Pixels of the camera, across and down, that are counted as one.

    Returns:
        Counts ``[T, 2, H, W]`` as floats; polarity 0 is towards dark, 1 towards bright. Of a coarse camera, height and
        width are those divided by ``coarse``, rounded up.

    Raises:
        DatasetError: if there are no steps or an event lies outside the camera.

    Example:
        >>> time, x, y, bright = (np.array(column) for column in ([0, 10, 90], [2, 2, 0], [1, 1, 0], [1, 1, 0]))
        >>> frames = bin_events(Events(time, x, y, bright), steps=2, size=(2, 3), duration=100)
        >>> frames.shape, frames[0, 1, 1, 2].item(), frames[1, 0, 0, 0].item()
        (torch.Size([2, 2, 2, 3]), 2.0, 1.0)
    """
    if steps < 1 or coarse < 1 or (duration is not None and duration < 1):
        raise DatasetError(f"steps, coarse and duration must be at least 1, got {steps}, {coarse} and {duration}")
    height, width = (-(-side // coarse) for side in size)
    frames = torch.zeros(steps, 2, height, width)
    if not len(events.time):
        return frames
    outside = (events.x < 0) | (events.x >= size[1]) | (events.y < 0) | (events.y >= size[0])
    if outside.any():
        first = int(outside.argmax())
        raise DatasetError(
            f"event {first} lies at column {events.x[first]}, row {events.y[first]}, outside the camera of "
            f"{size[1]} x {size[0]}; give the camera's size"
        )
    start = int(events.time[0])
    length = duration or int(events.time[-1]) - start + 1
    counts = np.zeros(frames.numel(), np.int64)
    for begin in range(0, len(events.time), _TOGETHER):
        part = slice(begin, begin + _TOGETHER)
        step = (events.time[part].astype(np.int64) - start) * steps // length
        inside = step < steps
        y, x = (events.y[part] // coarse).astype(np.int64), (events.x[part] // coarse).astype(np.int64)
        place = ((step * 2 + events.bright[part]) * height + y) * width + x
        counts += np.bincount(place[inside], minlength=len(counts))
    return torch.from_numpy(counts).to(torch.float32).reshape(frames.shape)
