"""Builds a graph of operations one after the other, and finds the role of each."""

import re
from itertools import count
from typing import Any

import torch
from torch import Tensor

from .operators import LINEAR, POOLS, READOUTS, SCALING, SHAPES, WEIGHTED, family
from .signal_graph import Activation, Constant, ConversionError, Operation, Reference, Role, leaves


class GraphBuilder:
    """Operations one after the other: what rewrites call.

    Args:
        node: Whose translation is under way: its name, line, place and axes are those of what is added.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.constants: dict[str, Tensor] = {}
        self.moving: set[str] = set()
        self.frame = Operation("", "", ())
        self.widths: dict[str, int] = {}
        self._taken: set[str] = set()

    def constant(self, name: str, tensor: Tensor) -> Constant:
        """Keeps a tensor under a name of its own."""
        name = self._unique(re.sub(r"\W", "_", name))
        self.constants[name] = tensor.detach()
        return Constant(name)

    def value(self, one: Any) -> Any:
        """The tensor behind a constant, or the number itself."""
        return self.constants[one.name] if isinstance(one, Constant) else one

    def emit(
        self,
        target: str,
        *arguments: Any,
        role: Role | None = None,
        activation: Activation | None = None,
        **keywords: Any,
    ) -> Reference:
        """Adds an operation; its role is found from the table unless it is given."""
        signals = [one for one in leaves((*arguments, *keywords.values())) if self.is_signal(one)]
        found = role or (Role.PLAIN if not signals or family(target) in SHAPES else self._role(target, arguments))
        frame = self.frame
        name = self._unique(frame.name)
        self.operations.append(
            Operation(name, target, arguments, keywords, found, frame.line, frame.place, frame.batch_axis,
                      frame.channel_axis, frame.dimensions, activation)
        )  # fmt: skip
        if found is not Role.PLAIN:
            self.moving.add(name)
        return Reference(name)

    def neuron(
        self, argument: Reference, ceiling: Any = None, levels: int | None = None, trained: bool = False
    ) -> Reference:
        """Adds ``clip(x, 0, ceiling)``."""
        name = None
        if ceiling is not None:
            tensor = ceiling if isinstance(ceiling, Tensor) else torch.as_tensor(float(ceiling))
            name = self.constant(f"{self.frame.name}_ceiling", tensor).name
        return self.emit("relu.default", argument, role=Role.NEURON, activation=Activation(name, levels, trained))

    def is_signal(self, one: Any) -> bool:
        """Whether it depends on the picture."""
        return isinstance(one, Reference) and one.name in self.moving

    def fail(self, what: str) -> ConversionError:
        """The error for the operation under way."""
        where = f"{self.frame.line}: " if self.frame.line else ""
        return ConversionError(f"{where}{what}")

    def _role(self, target: str, arguments: tuple[Any, ...]) -> Role:
        name = family(target)
        signals = sum(self.is_signal(one) for one in arguments)
        if name in LINEAR:
            return Role.LINEAR
        if name in WEIGHTED or name in SCALING:
            dividing = name == "div" and len(arguments) > 1 and self.is_signal(arguments[1])
            if signals > 1 or dividing:
                return Role.FUNCTION
            return Role.WEIGHTED if name in WEIGHTED else Role.LINEAR
        if name in POOLS:
            return Role.POOL
        if name in READOUTS:
            return Role.FUNCTION
        raise self.fail(
            f"'{name}' has no spiking form; put it behind the last weights, or write it with ReLU, sums, maxima and "
            f"weights"
        )

    def _unique(self, name: str) -> str:
        for number in count():
            tried = f"{name}_{number}" if number else name
            if tried not in self._taken:
                self._taken.add(tried)
                return tried
        raise AssertionError
