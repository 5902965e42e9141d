"""A network as a list of operations: what the tracer writes, the interpreter runs and a file keeps."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from torch import Tensor

from logic import NeurosymError


class ConversionError(NeurosymError, ValueError):
    """A network, a picture or a setting that cannot be converted; the text names the line and the way out."""


class ConversionWarning(UserWarning):
    """Something of a conversion that its user should know, such as neurons that never fired in calibration."""


class Role(StrEnum):
    """What an operation is to a spiking network."""

    INPUT = "input"
    PLAIN = "plain"  # of shapes and constants alone
    LINEAR = "linear"  # affine without weights: sums, means, views
    WEIGHTED = "weighted"  # affine with weights: convolutions and matrices
    POOL = "pool"  # a maximum over places
    NEURON = "neuron"  # an activation that neurons replace
    FUNCTION = "function"  # any other function: a float island
    READOUT = "readout"  # behind all neurons and weights: computed on what the outputs stand for


@dataclass(frozen=True)
class Reference:
    """The result of an earlier operation."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A tensor of the network."""

    name: str


@dataclass(frozen=True)
class Activation:
    """``clip(x, 0, ceiling)``, on ``levels`` equal steps if they are given, or ``x`` itself with both signs.

    Args:
        ceiling: Name of the tensor that holds the greatest value, one number or one per channel; ``None`` is no bound.
        levels: Number of steps from 0 to the ceiling, ``floor(x levels / ceiling + 1/2)``.
        trained: Whether the ceiling was trained to be the threshold.
        two_sided: The identity: what is sent to weights behind a float island.
    """

    ceiling: str | None = None
    levels: int | None = None
    trained: bool = False
    two_sided: bool = False


@dataclass(frozen=True)
class Operation:
    """One call of a function on tensors.

    Args:
        name: Unique in its graph.
        target: Name of the operator, such as ``conv2d.default``.
        arguments: Numbers, lists of them, :class:`Reference` and :class:`Constant`.
        keywords: Likewise.
        role: What it is to a spiking network.
        line: ``file:line`` of the network's source, or empty.
        place: Path of the module that calls it, such as ``layer1.0.conv1``.
        batch_axis: Axis of its result along which the pictures of a batch lie.
        channel_axis: Axis of its result that counts as channels.
        dimensions: Number of axes of its result.
        activation: Of a ``NEURON``.
    """

    name: str
    target: str
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any] = field(default_factory=dict)
    role: Role = Role.PLAIN
    line: str = ""
    place: str = ""
    batch_axis: int = 0
    channel_axis: int = 1
    dimensions: int = 0
    activation: Activation | None = None

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Names of the operations that it refers to, in order, each once."""
        return tuple(dict.fromkeys(one.name for one in leaves(self.all_arguments) if isinstance(one, Reference)))

    @cached_property
    def constants(self) -> tuple[str, ...]:
        """Names of the tensors that it refers to, in order, each once."""
        return tuple(dict.fromkeys(one.name for one in leaves(self.all_arguments) if isinstance(one, Constant)))

    @property
    def all_arguments(self) -> tuple[Any, ...]:
        """The arguments and the keywords' values."""
        return (*self.arguments, *self.keywords.values())


@dataclass(frozen=True, eq=False)
class SignalGraph:
    """A network: operations in the order in which they run, and its tensors.

    Args:
        operations: The first is the input.
        constants: Its tensors by name.
        outputs: Names of the operations whose results it returns.
        several: Whether it returns a tuple.
    """

    operations: tuple[Operation, ...]
    constants: Mapping[str, Tensor]
    outputs: tuple[str, ...]
    several: bool = False

    @cached_property
    def by_name(self) -> Mapping[str, Operation]:
        """The operations by name."""
        return {one.name: one for one in self.operations}

    @cached_property
    def users(self) -> Mapping[str, tuple[Operation, ...]]:
        """Those that refer to an operation."""
        found: dict[str, list[Operation]] = {one.name: [] for one in self.operations}
        for operation in self.operations:
            for source in operation.sources:
                found[source].append(operation)
        return {name: tuple(users) for name, users in found.items()}

    def of(self, role: Role) -> tuple[Operation, ...]:
        """The operations of a role, in order."""
        return tuple(one for one in self.operations if one.role is role)

    @property
    def neurons(self) -> tuple[Operation, ...]:
        """The operations that become layers of neurons."""
        return self.of(Role.NEURON)

    @property
    def layer_names(self) -> Mapping[str, str]:
        """A name for each layer: its module's path, or the operation's name where the path is not its own."""
        places = [one.place for one in self.neurons]
        return {
            one.name: one.place
            if one.place and places.count(one.place) == 1
            else f"{one.place}.{one.name}".removeprefix(".")
            for one in self.neurons
        }

    @property
    def islands(self) -> tuple[str, ...]:
        """Names of the float islands: functions that have no spiking form."""
        return tuple(one.name for one in self.of(Role.FUNCTION))

    @cached_property
    def depth(self) -> int:
        """The greatest number of layers of neurons between the picture and an output."""
        depth: dict[str, int] = {}
        for one in self.operations:
            below = max((depth[source] for source in one.sources), default=0)
            depth[one.name] = below + (one.role is Role.NEURON)
        return max((depth[name] for name in self.outputs), default=0)


def leaves(arguments: Sequence[Any]) -> Iterator[Any]:
    """What stands in nested lists."""
    for one in arguments:
        if isinstance(one, list | tuple):
            yield from leaves(one)
        else:
            yield one


def mapped(arguments: Any, change: Callable[[Any], Any]) -> Any:
    """Nested lists with each leaf changed."""
    if isinstance(arguments, list):
        return [mapped(one, change) for one in arguments]
    if isinstance(arguments, tuple):
        return tuple(mapped(one, change) for one in arguments)
    return change(arguments)
