"""The spiking network that a conversion gives: it runs, counts what it spends and tells what became of each layer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import torch
from torch import Tensor, nn

from .codes import CODES, Code
from .interpreting import Run, activate, evaluate
from .methods import Method
from .signal_graph import ConversionError, Operation, Role, SignalGraph
from .spending import Meter, SpikeActivity
from .units import SpikingUnit

Watch = Callable[[Operation, Run], None]
"""Called with each operation of a run before it runs."""
Fire = Callable[[Operation, Tensor], Tensor]
"""The values ``[T, B, ...]`` that a layer sends for its currents."""

_ELEMENTS = 2**23  # of the largest result of a run: what is passed at once


@dataclass(frozen=True)
class ConvertedLayer:
    """What became of one activation.

    Args:
        name: Of its module, or of the operation if it is a function.
        source_line: ``file:line`` of the network's code.
        threshold: One number, or one per channel.
        alphabet: Values of a spike.
        clipped_share: Share of the activations on calibration pictures above the threshold.
        dead_share: Share of the neurons that never fired on them.
        error: Root mean square of (spiking - analog) activation relative to that of the analog one, after ``steps``.
        neuron: Kind of unit.
    """

    name: str
    source_line: str
    threshold: tuple[float, ...]
    alphabet: str
    clipped_share: float
    dead_share: float
    error: float
    neuron: str


@dataclass(frozen=True)
class LayerFacts:
    """What calibration found of a layer: shares of clipped activations and of neurons that never fired."""

    clipped_share: float
    dead_share: float


class ConvertedNetwork(nn.Module):
    """A spiking network that gives what the network gave from which it was made, in the same units.

    Args:
        graph: The folded network.
        units: A unit for each of its layers of neurons.
        method: How it was made.
        steps: T.
        facts: What calibration found, by layer.
        sample: Some calibration pictures, on which the errors of layers are measured.
    """

    sample: Tensor

    def __init__(
        self,
        graph: SignalGraph,
        units: Mapping[str, SpikingUnit],
        method: Method,
        steps: int,
        facts: Mapping[str, LayerFacts],
        sample: Tensor,
    ) -> None:
        super().__init__()
        self.graph, self.method, self.steps, self.facts = graph, method, steps, facts
        self.units = nn.ModuleDict(dict(units))
        self.tensors = nn.Module()
        for name, tensor in graph.constants.items():
            self.tensors.register_buffer(name, tensor)
        self.register_buffer("sample", sample)

    @property
    def constants(self) -> dict[str, Tensor]:
        """The tensors of the network by name."""
        return dict(self.tensors.named_buffers())

    @property
    def code(self) -> Code:
        """What trains of steps stand for."""
        return CODES[self.method.code]

    @property
    def window(self) -> int:
        """Steps that a layer waits for before it sends: T for two-phase methods, else 1."""
        return self.steps if self.method.timing == "window" else 1

    @property
    def steps_to_answer(self) -> int:
        """Steps from the picture to the answer: T, or T for each layer on the longest way."""
        return self.steps * max(1, self.graph.depth) if self.method.timing == "window" else self.steps

    @property
    def alphabet(self) -> str:
        """Values of a spike, of all layers."""
        return ", ".join(dict.fromkeys(self.unit(one).alphabet for one in self.graph.neurons)) or "none"

    @property
    def islands(self) -> tuple[str, ...]:
        """Names of the functions that stay in floating point."""
        return self.graph.islands

    def unit(self, operation: Operation) -> SpikingUnit:
        """The neurons of a layer."""
        return cast(SpikingUnit, self.units[operation.name])

    def forward(self, inputs: Tensor, steps: int | None = None) -> Tensor | tuple[Tensor, ...]:
        """What the network answers, as the network that was converted would.

        Args:
            inputs: Pictures ``[B, ...]``.
            steps: T; as many as it was made for unless given.

        Returns:
            ``[B, K]``, or a tuple if the network returns one.
        """
        found = [tuple(output[-1] for output in part) for part in self._parts(inputs, steps)]
        return self._joined(found, 0)

    def outputs_by_step(self, inputs: Tensor, steps: int | None = None) -> Tensor | tuple[Tensor, ...]:
        """What it would answer after each step, ``[T, B, K]``; for two-phase methods of the last layer's steps."""
        return self._joined(list(self._parts(inputs, steps)), 1)

    def analog(self, inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """What the network that was converted answers, ``[B, K]``."""
        self._check(inputs)
        with torch.no_grad():
            return self._joined([evaluate(self.graph, self.constants, inputs)], 0)

    def measure(self, inputs: Tensor, steps: int | None = None) -> SpikeActivity:
        """What one of the pictures costs, on average."""
        meter = Meter(self.graph, self.constants, cast("Mapping[str, SpikingUnit]", self.units))

        def fire(one: Operation, currents: Tensor) -> Tensor:
            sent = self.fire(one, currents)
            meter.fired(one, sent)
            return sent

        for _ in self._parts(inputs, steps, fire, meter.watch):
            pass
        return meter.activity(len(inputs))

    def spikes(self, inputs: Tensor, steps: int | None = None) -> dict[str, Tensor]:
        """The values that each layer sends, ``[T, B, ...]``, by the layer's name."""
        names = self.graph.layer_names
        seen: dict[str, list[Tensor]] = {name: [] for name in names.values()}

        def keep(one: Operation, currents: Tensor) -> Tensor:
            seen[names[one.name]].append(self.fire(one, currents))
            return seen[names[one.name]][-1]

        for _ in self._parts(inputs, steps, keep):
            pass
        return {name: torch.cat(parts, 1) for name, parts in seen.items()}

    @cached_property
    def layers(self) -> tuple[ConvertedLayer, ...]:
        """What became of each activation, in order; errors are measured when it is first asked for."""
        errors = self._errors()
        return tuple(
            ConvertedLayer(
                self.graph.layer_names[one.name],
                one.line,
                tuple(self.unit(one).threshold.flatten().tolist()),
                self.unit(one).alphabet,
                self.facts[one.name].clipped_share,
                self.facts[one.name].dead_share,
                errors[one.name],
                type(self.unit(one)).__name__,
            )
            for one in self.graph.neurons
        )

    def _errors(self) -> dict[str, float]:
        """Relative errors of the layers on the sample."""
        wanted, found = self.analog_layers(self.sample), dict[str, float]()

        def compare(one: Operation, currents: Tensor) -> Tensor:
            sent, target = self.fire(one, currents), wanted[one.name]
            error = (self.code.estimates(sent)[-1] - target).square().mean().sqrt()
            found[one.name] = float(error / target.square().mean().sqrt().clamp(min=1e-12))
            return sent

        self.runner(self.steps, compare)(self.sample)
        return found

    def analog_layers(self, inputs: Tensor) -> dict[str, Tensor]:
        """What each layer gave in the network that was converted, ``[B, ...]`` by the operation's name."""
        given: dict[str, Tensor] = {}

        def see(one: Operation, x: Tensor) -> None:
            if one.activation:
                given[one.name] = activate(one.activation, self.constants, x, one.channel_axis)

        with torch.no_grad():
            evaluate(self.graph, self.constants, inputs, see)
        return given

    def fire(self, one: Operation, currents: Tensor) -> Tensor:
        """The values that a layer sends for currents ``[T, B, ...]``."""
        steps = len(currents)
        once = self.method.correction == "potential"
        return self.unit(one)(currents, torch.eye(1, steps)[0] if once else self.code.shown(steps))

    def runner(self, steps: int, fire: Fire | None = None, watch: Watch | None = None) -> Run:
        """A run of so many steps; ``fire`` may stand between the layers and what they send."""
        return Run(self.graph, self.constants, self.code, steps, fire or self.fire, watch)

    def _parts(
        self,
        inputs: Tensor,
        steps: int | None,
        fire: Fire | None = None,
        watch: Watch | None = None,
    ) -> Iterator[tuple[Tensor, ...]]:
        """Outputs ``[T, b, ...]`` of parts of a batch, as many pictures at once as memory is meant for."""
        self._check(inputs)
        steps = self.steps if steps is None else steps
        if steps < 1:
            raise ConversionError(f"steps must be at least 1, got {steps}")
        at_once = max(1, _ELEMENTS // (self._widest * steps))
        run = self.runner(steps, fire, watch)
        for start in range(0, len(inputs), at_once):
            yield run(inputs[start : start + at_once])

    @cached_property
    def _widest(self) -> int:
        """Elements of the largest layer of one picture."""
        sizes = [self.sample[:1].numel()]
        with torch.no_grad():
            evaluate(self.graph, self.constants, self.sample[:1], lambda _, x: sizes.append(x.numel()))
        return max(sizes)

    def _check(self, inputs: Tensor) -> None:
        check_pictures(inputs, self.sample)

    def _joined(self, parts: list[tuple[Tensor, ...]], axis: int) -> Tensor | tuple[Tensor, ...]:
        joined = tuple(torch.cat(outputs, axis) for outputs in zip(*parts, strict=True))
        return joined if self.graph.several else joined[0]

    def extra_repr(self) -> str:
        """Method and steps."""
        return f"method={self.method.name}, steps={self.steps}, layers={len(self.graph.of(Role.NEURON))}"


def check_pictures(inputs: Tensor, example: Tensor) -> None:
    """Refuses pictures that differ from those of calibration in shape or kind of number."""
    if inputs.shape[1:] != example.shape[1:] or not len(inputs):
        raise ConversionError(
            f"pictures must have the shape {['B', *example.shape[1:]]} of those of calibration, "
            f"got {list(inputs.shape)}"
        )
    if inputs.dtype != example.dtype:
        raise ConversionError(
            f"pictures must be {example.dtype} as in calibration, got {inputs.dtype}; convert them first"
        )
