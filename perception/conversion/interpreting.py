"""Runs a graph of operations: as the network it was, or as a spiking network on trains of steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .codes import Code
from .operators import function_of
from .signal_graph import Activation, Constant, Operation, Reference, Role, SignalGraph, mapped

Watch = Callable[[Operation, Tensor], None]
"""Called with each layer of neurons and its input."""


def activate(activation: Activation, constants: Mapping[str, Tensor], x: Tensor, channel_axis: int = 1) -> Tensor:
    """What an activation gives for ``x``, as the network itself computes it."""
    if activation.two_sided:
        return x
    if activation.ceiling is None:
        return torch.relu(x)
    ceiling = along(constants[activation.ceiling], x.dim(), channel_axis)
    if activation.levels is None:
        return torch.minimum(torch.relu(x), ceiling)
    unit = ceiling / activation.levels
    return unit * torch.floor(x / unit + 0.5).clamp(0, activation.levels)


def along(values: Tensor, dimensions: int, axis: int) -> Tensor:
    """One number, or numbers ``[C]`` laid along an axis of a tensor of so many dimensions."""
    if values.dim() != 1:
        return values
    shape = [1] * dimensions
    shape[axis] = -1
    return values.reshape(shape)


def call(operation: Operation, constants: Mapping[str, Tensor], resolve: Callable[[str], Any]) -> Any:
    """The result of one operation; earlier results are found by ``resolve``."""

    def value(one: Any) -> Any:
        if isinstance(one, Reference):
            return resolve(one.name)
        return constants[one.name] if isinstance(one, Constant) else one

    arguments = mapped(operation.arguments, value)
    keywords = {key: mapped(one, value) for key, one in operation.keywords.items()}
    return function_of(operation.target)(*arguments, **keywords)


def evaluate(
    graph: SignalGraph,
    constants: Mapping[str, Tensor],
    inputs: Tensor,
    watch: Watch | None = None,
    fire: Callable[[Operation, Tensor], Tensor] | None = None,
) -> tuple[Tensor, ...]:
    """What the network itself gives, ``[B, ...]`` for each output.

    Args:
        graph: The network.
        constants: Its tensors.
        inputs: Pictures ``[B, ...]``.
        watch: Sees each neuron's input.
        fire: Stands for the activations, if given.
    """
    values: dict[str, Any] = {}
    last = _last_uses(graph)
    for one in graph.operations:
        if one.role is Role.INPUT:
            values[one.name] = inputs
        elif one.role is Role.NEURON and one.activation:
            x = values[one.sources[0]]
            if watch:
                watch(one, x)
            values[one.name] = fire(one, x) if fire else activate(one.activation, constants, x, one.channel_axis)
        else:
            values[one.name] = call(one, constants, values.__getitem__)
        for name in last.get(one.name, ()):
            del values[name]
    return tuple(values[name] for name in graph.outputs)


def _last_uses(graph: SignalGraph) -> Mapping[str, tuple[str, ...]]:
    """Which results nobody needs after an operation; those of plain ones are kept as long as they."""
    names = [one.name for one in graph.operations]
    last = dict(zip(names, range(len(names)), strict=True))
    for place in reversed(range(len(names))):
        one = graph.operations[place]
        for source in one.sources:
            last[source] = max(last[source], last[one.name] if one.role is Role.PLAIN else place)
    ending: dict[str, list[str]] = {}
    for name, place in last.items():
        if name not in graph.outputs:
            ending.setdefault(names[place], []).append(name)
    return {user: tuple(names) for user, names in ending.items()}


@dataclass
class Run:
    """One run of a graph on trains of steps: layer by layer, all steps of a layer in one call.

    Results that no spike has reached are kept once a picture (``still``), the others with ``T B`` pictures along the
    batch, the steps outermost (``moving``).

    Args:
        graph: The network.
        constants: Its tensors.
        code: What trains stand for.
        steps: T.
        fire: The spikes ``[T, B, ...]`` of a neuron layer for its currents.
        watch: Called with each operation before it runs, and this run.
    """

    graph: SignalGraph
    constants: Mapping[str, Tensor]
    code: Code
    steps: int
    fire: Callable[[Operation, Tensor], Tensor]
    watch: "Callable[[Operation, Run], None] | None" = None

    def __post_init__(self) -> None:
        self._last = _last_uses(self.graph)

    @torch.no_grad()
    def __call__(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """What the outputs stand for after each step, ``[T, B, ...]`` each."""
        self._still: dict[str, Any] = {}
        self._moving: dict[str, Any] = {}
        needed = not self.code.steady or self.watch is not None
        self._rest = _at_rest(self.graph, self.constants, inputs[:1]) if needed else {}
        self._shown = self.code.shown(self.steps).to(inputs)
        self.pictures = len(inputs)
        read: dict[str, Tensor] = {}
        for one in self.graph.operations:
            if self.watch:
                self.watch(one, self)
            if one.role is Role.READOUT:
                read[one.name] = self._read(one, read)
            else:
                self._step(one, inputs)
            for name in self._last.get(one.name, ()):
                self._still.pop(name, None)
                self._moving.pop(name, None)
                read.pop(name, None)
        return tuple(
            self._unfolded(read[name], self.graph.by_name[name]) if name in read else self.estimate(name)
            for name in self.graph.outputs
        )

    def _step(self, one: Operation, inputs: Tensor) -> None:
        if one.role is Role.INPUT:
            self._still[one.name] = inputs
        elif one.role is Role.NEURON:
            self._moving[one.name] = self._folded(self.fire(one, self.currents(one.sources[0])), one)
        elif all(name in self._still for name in one.sources):
            self._still[one.name] = call(one, self.constants, self._still.__getitem__)
        elif one.role in (Role.POOL, Role.FUNCTION):
            given = {name: self._folded(self.estimate(name), self.graph.by_name[name]) for name in self._signals(one)}
            result = call(one, self.constants, lambda name: given[name] if name in given else self.moving(name))
            self._moving[one.name] = self._folded(self.code.trains(self._unfolded(result, one)), one)
        else:
            self._moving[one.name] = call(one, self.constants, self.moving)

    def _signals(self, one: Operation) -> tuple[str, ...]:
        return tuple(name for name in one.sources if self.graph.by_name[name].role is not Role.PLAIN)

    def _read(self, one: Operation, read: dict[str, Tensor]) -> Tensor:
        def find(name: str) -> Any:
            if name in read:
                return read[name]
            operation = self.graph.by_name[name]
            return self.moving(name) if operation.role is Role.PLAIN else self._folded(self.estimate(name), operation)

        return call(one, self.constants, find)

    def moving(self, name: str) -> Any:
        """A result for T B pictures; a still one is shown as the code shows pictures."""
        if name not in self._moving:
            operation = self.graph.by_name[name]
            plain = operation.role is Role.PLAIN
            self._moving[name] = self._plain(operation) if plain else self._folded(self.train(name), operation)
        return self._moving[name]

    def is_still(self, name: str) -> bool:
        """Whether no spike has reached a result."""
        return name in self._still

    def plain_for_one(self, name: str) -> Any:
        """A result of shapes and constants alone, for one picture and one step."""
        return self._rest[name]

    def _plain(self, operation: Operation) -> Any:
        if operation.target == "sym_size.int" and isinstance(operation.arguments[0], Reference):
            source = self.graph.by_name[operation.arguments[0].name]
            if source.name in self._still:
                size = self._still[source.name].shape[operation.arguments[1]]
                return size * self.steps if operation.arguments[1] == source.batch_axis else size
        return call(operation, self.constants, self.moving)

    def train(self, name: str) -> Tensor:
        """A result as a train ``[T, ...]``, axes as they are."""
        operation = self.graph.by_name[name]
        if name in self._moving:
            return self._unfolded(self._moving[name], operation)
        still = self._still[name]
        train = still.unsqueeze(0).expand(self.steps, *still.shape)
        if self.code.steady:
            return train
        rest = self.resting(name)
        return rest + self._shown.reshape(-1, *[1] * still.dim()) * (train - rest)

    def resting(self, name: str) -> Tensor:
        """A result for pictures of zeros while no neuron fires."""
        rest, axis = self._rest[name], self.graph.by_name[name].batch_axis
        if rest.shape[axis] == 1:
            return rest
        return torch.cat([rest] * self.pictures, axis)  # an axis of pictures times something

    def currents(self, name: str) -> Tensor:
        """A result as a train of currents ``[T, ...]``, biases weighted as the code shows them; axes as they are."""
        train = self.train(name)
        if self.code.steady:
            return train
        weights = (1 - self._shown).reshape(-1, *[1] * (train.dim() - 1))
        return train - weights * self.resting(name)

    def estimate(self, name: str) -> Tensor:
        """What a result stands for after each step, ``[T, ...]``."""
        if name in self._still and name not in self._moving:
            return self._still[name].unsqueeze(0).expand(self.steps, *self._still[name].shape)
        return self.code.estimates(self.currents(name))

    def _unfolded(self, folded: Tensor, operation: Operation) -> Tensor:
        """``T B`` pictures along the batch axis to ``[T, ...]``."""
        axis = operation.batch_axis
        return folded.unflatten(axis, (self.steps, -1)).movedim(axis, 0)

    def _folded(self, train: Tensor, operation: Operation) -> Tensor:
        """``[T, ...]`` to ``T B`` pictures along the batch axis."""
        axis = operation.batch_axis
        return train.movedim(0, axis).flatten(axis, axis + 1)


def _at_rest(graph: SignalGraph, constants: Mapping[str, Tensor], example: Tensor) -> Mapping[str, Any]:
    """All results for one picture of zeros while neurons, pools and functions send nothing: the biases alone."""
    values: dict[str, Any] = {}
    for one in graph.operations:
        if one.role is Role.INPUT:
            values[one.name] = torch.zeros_like(example)
        elif one.role is Role.NEURON:
            values[one.name] = torch.zeros_like(values[one.sources[0]])
        else:
            result = call(one, constants, values.__getitem__)
            silent = one.role in (Role.POOL, Role.FUNCTION, Role.READOUT)
            values[one.name] = torch.zeros_like(result) if silent else result
    return values
