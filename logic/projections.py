"""Projections: the synapses from one population to another, one by one or as a convolution."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import NetworkError

Integers = NDArray[np.int64]
Shape = tuple[int, ...]


def integer_row(values: ArrayLike, size: int, what: str) -> Integers:
    """Integers ``[size]``, read-only; one integer stands for all.

    Args:
        values: One number or ``[size]``.
        size: How many there shall be.
        what: What they are, for the message.

    Raises:
        NetworkError: if they are no integers or of another length.
    """
    array = np.array(np.broadcast_to(np.asarray(values), (size,)) if np.ndim(values) == 0 else values)
    if array.size and not np.array_equal(array, array.astype(np.int64)):
        raise NetworkError(f"{what} must be integers")
    if array.shape != (size,):
        raise NetworkError(f"{what} has shape {array.shape}, expected ({size},)")
    array = array.astype(np.int64)
    array.setflags(write=False)
    return array


def whole(value: object, least: int, what: str) -> int:
    """A whole number of at least so much.

    Raises:
        NetworkError: if it is none.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < least:
        raise NetworkError(f"{what} must be a whole number of at least {least}, got {value!r}")
    return int(value)


@dataclass(frozen=True, eq=False)
class Synapses:
    """An explicit list of synapses between two populations.

    Args:
        source: Name of the sending population, or ``input``.
        target: Name of the receiving population.
        pre: ``[S]`` positions in the source.
        post: ``[S]`` positions in the target.
        weight: ``[S]`` integers, or one.
        delay: ``[S]`` integers of at least 1 step, or one.
    """

    source: str
    target: str
    pre: Integers
    post: Integers
    weight: Integers
    delay: Integers

    def __init__(
        self, source: str, target: str, pre: ArrayLike, post: ArrayLike, weight: ArrayLike, delay: ArrayLike = 1
    ) -> None:
        size, link = np.size(pre), f"{source} -> {target}"
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "pre", integer_row(pre, size, f"pre of {link}"))
        object.__setattr__(self, "post", integer_row(post, size, f"post of {link}"))
        object.__setattr__(self, "weight", integer_row(weight, size, f"weight of {link}"))
        object.__setattr__(self, "delay", integer_row(delay, size, f"delay of {link}"))

    @classmethod
    def dense(cls, source: str, target: str, matrix: ArrayLike, delay: int = 1) -> "Synapses":
        """The non-zero entries of an integer matrix ``[target, source]``."""
        matrix = np.asarray(matrix)
        post, pre = np.nonzero(matrix)
        return cls(source, target, pre, post, matrix[post, pre], delay)


@dataclass(frozen=True, eq=False)
class Convolution:
    """Shared weights: a two-dimensional convolution between two ``(C, H, W)`` populations.

    Args:
        source: Name of the sending population, or ``input``.
        target: Name of the receiving population.
        kernel: ``[C_out, C_in / groups, height, width]`` integers.
        stride: Step of the window, in both directions.
        groups: As in ``torch.nn.functional.conv2d``.
        delay: Steps, at least 1.
        padding: Rows and columns of silence on all four sides of the source, as in ``torch.nn.functional.conv2d``.

    Raises:
        NetworkError: if the kernel has other axes or no integers, or a number is out of range.

    Example:
        >>> edges = Convolution("input", "edges", np.ones((4, 1, 3, 3), int), stride=2, padding=1)
        >>> edges.shape_from((1, 28, 28))
        (4, 14, 14)
    """

    source: str
    target: str
    kernel: Integers
    stride: int = 1
    groups: int = 1
    delay: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        link, flat = f"{self.source} -> {self.target}", np.asarray(self.kernel)
        if flat.ndim != 4:
            raise NetworkError(f"kernel of {link} needs 4 axes, got shape {flat.shape}")
        for what, least in (("stride", 1), ("groups", 1), ("delay", 1), ("padding", 0)):
            object.__setattr__(self, what, whole(getattr(self, what), least, f"{what} of {link}"))
        kernel = integer_row(flat.reshape(-1), flat.size, f"kernel of {link}").reshape(flat.shape)
        object.__setattr__(self, "kernel", kernel)

    def shape_from(self, source: Shape) -> Shape:
        """The shape of the target for that of the source.

        Raises:
            NetworkError: if the kernel does not fit the source.
        """
        link, (out, per_group, *window) = f"{self.source} -> {self.target}", self.kernel.shape
        if len(source) != 3:
            raise NetworkError(f"{link}: a convolution joins (C, H, W) populations, got {source}")
        sides = [side + 2 * self.padding for side in source[1:]]
        fits = all(side >= extent for side, extent in zip(sides, window, strict=True))
        if source[0] != per_group * self.groups or out % self.groups or not fits:
            raise NetworkError(f"{link}: kernel {self.kernel.shape} does not fit {source}")
        height, width = ((side - extent) // self.stride + 1 for side, extent in zip(sides, window, strict=True))
        return out, height, width


Projection = Synapses | Convolution


def write_out(projection: Projection, source: Shape, target: Shape) -> Synapses:
    """The synapses of a projection one by one; of a convolution, zero weights and those from its padding left out.

    Args:
        projection: Between populations of the two shapes.
        source: Shape of the sending population.
        target: Shape of the receiving one.
    """
    if isinstance(projection, Synapses):
        return projection
    kernel, groups = projection.kernel, projection.groups
    channel, within, row, column = np.nonzero(kernel)
    first_channel = channel // (kernel.shape[0] // groups) * kernel.shape[1]
    y, x = (axis.reshape(-1, 1) for axis in np.indices(target[1:]))
    heard_y = y * projection.stride + row - projection.padding
    heard_x = x * projection.stride + column - projection.padding
    inside = (heard_y >= 0) & (heard_y < source[1]) & (heard_x >= 0) & (heard_x < source[2])
    pre = ((first_channel + within) * source[1] + heard_y) * source[2] + heard_x
    post = (channel * target[1] + y) * target[2] + x
    weight = np.broadcast_to(kernel[channel, within, row, column], pre.shape)
    ends = pre[inside], post[inside]
    return Synapses(projection.source, projection.target, *ends, weight[inside], projection.delay)
