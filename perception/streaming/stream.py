"""A network that sees a stream: one step at a time, many samples at once, with a state that can be kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from logic import NeurosymError

from ..conversion.early_exit import EarlyExit, margin
from ..neurons import Neuron
from ..temporal.carrying import Memory, advance, layers_over_time
from ..time_graph import GraphError, stepwise_obstacle, trace_over_time


class StreamError(NeurosymError, ValueError):
    """A network that cannot run step by step, or a frame or a state that does not fit; the text says why."""


@dataclass(frozen=True, eq=False)
class StreamState:
    """All that a stream remembers of its samples.

    Args:
        steps: Steps that each sample has seen, ``[B]``.
        total: Sum of each sample's logits, ``[B, K]``.
        decision: Class number that was decided, or -1, ``[B]``.
        latency: Step at which it was, or 0, ``[B]``.
        memory: What the layers remember, by their place.
    """

    steps: Tensor
    total: Tensor
    decision: Tensor
    latency: Tensor
    memory: Memory

    def to_tensors(self) -> dict[str, Tensor]:
        """All tensors by name."""
        layers = {f"memory/{place}/{n}": one for place, state in self.memory.items() for n, one in enumerate(state)}
        return {"steps": self.steps, "total": self.total, "decision": self.decision, "latency": self.latency, **layers}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "StreamState":
        """The state of :meth:`to_tensors`.

        Raises:
            StreamError: if tensors are missing.
        """
        memory: dict[str, dict[int, Tensor]] = {}
        try:
            for name, tensor in tensors.items():
                if name.startswith("memory/"):
                    place, _, number = name.removeprefix("memory/").rpartition("/")
                    memory.setdefault(place, {})[int(number)] = tensor
            layers = {place: tuple(parts[n] for n in range(len(parts))) for place, parts in memory.items()}
            return cls(tensors["steps"], tensors["total"], tensors["decision"], tensors["latency"], layers)
        except (KeyError, ValueError) as fault:
            raise StreamError(
                f"this is no state of a stream ({fault} is missing); save one with to_tensors()"
            ) from None


@dataclass(frozen=True, eq=False)
class Sighting:
    """What a stream says after a step.

    Args:
        logits: Of this step, ``[B, K]``.
        mean: Of all steps of each sample, ``[B, K]``: what a run of all these steps at once would say.
        steps: Steps that each sample has seen, ``[B]``.
        decision: Class number that was decided when it was sure enough, or -1, ``[B]``.
        latency: Steps that the decision took, or 0, ``[B]``.
        step_seconds: How long a step lasts, or none.
    """

    logits: Tensor
    mean: Tensor
    steps: Tensor
    decision: Tensor
    latency: Tensor
    step_seconds: float | None = None

    @property
    def decided(self) -> Tensor:
        """Which samples are decided, ``[B]``."""
        return self.decision >= 0

    @property
    def latency_seconds(self) -> Tensor | None:
        """From the first step to the decision, ``[B]``, if it is known how long a step lasts."""
        return None if self.step_seconds is None else self.latency * self.step_seconds


class Stream:
    """A network that sees one step at a time; its spikes are those of all steps at once.

    Args:
        network: From ``[T, B, ...]`` to logits ``[T, B, K]``.
        example: A frame ``[B, ...]``, so that the network is looked at before the first step; else it is at that step.
        prepare: Makes of frames ``[T, B, ...]`` what the network takes in.
        exit: When a sample is decided: margins by step, as :func:`perception.calibrate_exit` finds them.
        step_seconds: How long a step lasts, to tell latencies in seconds.

    Raises:
        StreamError: if the network looks at more than a step at once, or it is not known that it does not; the text
            names what does.
    """

    def __init__(
        self,
        network: nn.Module,
        example: Tensor | None = None,
        *,
        prepare: Callable[[Tensor], Tensor] | None = None,
        exit: EarlyExit | None = None,
        step_seconds: float | None = None,
    ) -> None:
        self.network, self.exit, self.step_seconds = network, exit, step_seconds
        self._prepare = prepare or _as_it_is
        self._state: StreamState | None = None
        self._checked: tuple[object, ...] | None = None
        if example is not None:
            self._check(self._prepare(example[None]))

    @property
    def state(self) -> StreamState:
        """What it remembers; it may be kept, and given back by :meth:`restore`.

        Raises:
            StreamError: before the first step.
        """
        if self._state is None:
            raise StreamError("the stream has seen no step yet, so there is no state to keep")
        return self._state

    def restore(self, state: StreamState) -> None:
        """Goes on from a state of the same network.

        Raises:
            StreamError: if it is of another network.
        """
        known = layers_over_time(self.network)
        if strange := [place for place in state.memory if place.partition("#")[0] not in known]:
            raise StreamError(f"the state holds layer '{strange[0]}', which this {type(self.network).__name__} has not")
        self._state = state

    def reset(self, samples: Tensor | None = None) -> None:
        """Forgets all samples, or those of a mask ``[B]``, which begin anew while the others go on.

        Raises:
            StreamError: if the mask does not fit.
        """
        if samples is None or self._state is None:
            self._state = None
            return
        old = self._state
        if samples.shape != old.steps.shape or samples.dtype is not torch.bool:
            given = f"{samples.dtype} {list(samples.shape)}"
            raise StreamError(f"a mask of {list(old.steps.shape)} booleans is needed, got {given}")

        def rest(tensor: Tensor, begun: Tensor | int = 0) -> Tensor:
            mask = samples.to(tensor.device).reshape(-1, *[1] * (tensor.ndim - 1))
            return torch.where(mask, begun, tensor).to(tensor.dtype)

        layers, memory = layers_over_time(self.network), dict[str, tuple[Tensor, ...]]()
        for place, held in old.memory.items():
            layer = layers[place.partition("#")[0]]
            begun = layer.rest(held[0]) if held and isinstance(layer, Neuron) else (0,) * len(held)
            memory[place] = tuple(map(rest, held, begun))
        self._state = StreamState(rest(old.steps), rest(old.total), rest(old.decision, -1), rest(old.latency), memory)

    def step(self, frame: Tensor) -> Sighting:
        """What the network says of the next frame ``[B, ...]``.

        Raises:
            StreamError: if the network cannot run step by step, or the frame does not fit the samples that it follows.
        """
        return self.steps(frame[None])

    @torch.no_grad()
    def steps(self, frames: Tensor) -> Sighting:
        """What it says after the last of some frames ``[T, B, ...]``; each step decides for itself.

        Raises:
            StreamError: as for :meth:`step`.
        """
        shown = self._prepare(frames)
        self._check(shown)
        state = self._state
        if state is not None and len(state.steps) != shown.shape[1]:
            raise StreamError(
                f"the stream follows {len(state.steps)} samples, got a frame of {shown.shape[1]}; reset() to begin anew"
            )
        logits, memory = advance(self.network, shown, None if state is None else state.memory)
        if state is not None and set(memory) != set(state.memory):
            missing = sorted(set(memory) ^ set(state.memory))[0]
            raise StreamError(f"the state is of another network: layer '{missing}' is in one of them only")
        if state is None:
            none = torch.zeros(logits.shape[1], dtype=torch.int64, device=logits.device)
            state = StreamState(none, logits.new_zeros(logits.shape[1:]), none - 1, torch.zeros_like(none), {})
        for one in logits:
            state = self._decided(replace(state, steps=state.steps + 1, total=state.total + one))
        self._state = replace(state, memory=memory)
        mean = state.total / state.steps.reshape(-1, *[1] * (logits.ndim - 2))
        return Sighting(logits[-1], mean, state.steps, state.decision, state.latency, self.step_seconds)

    @torch.no_grad()
    def outputs_by_step(self, inputs: Tensor) -> Tensor:
        """Means of the logits after each step, ``[T, B, K]``, of whole recordings ``[T, B, ...]`` that begin now.

        The stream's own state stays. It is what :func:`perception.calibrate_exit` asks for.
        """
        shown = self._prepare(inputs)
        self._check(shown)
        logits = advance(self.network, shown)[0]
        counts = torch.arange(1, len(logits) + 1, device=logits.device)
        return logits.cumsum(0) / counts.reshape(-1, *[1] * (logits.ndim - 1))

    def _decided(self, state: StreamState) -> StreamState:
        """The state after a step, with the decisions of those that are sure now."""
        if self.exit is None:
            return state
        if state.total.ndim != 2 or state.total.shape[1] < 2:
            raise StreamError(f"decisions need logits [B, K], got {list(state.total.shape)}; leave out 'exit'")
        margins = state.total.new_tensor(self.exit.margins)
        needed = margins[(state.steps - 1).clamp(max=len(margins) - 1)]
        now = (margin(state.total / state.steps[:, None]) >= needed) & (state.decision < 0)
        best = state.total.argmax(1)
        return replace(
            state,
            decision=torch.where(now, best, state.decision),
            latency=torch.where(now, state.steps, state.latency),
        )

    def _check(self, shown: Tensor) -> None:
        """Whether the network may run step by step on such frames, in the mode in which it is."""
        if shown.ndim < 2 or not shown.shape[1]:
            raise StreamError(f"a frame needs the axes [B, ...] with B >= 1, got shape {list(shown.shape[1:])}")
        seen = (tuple(shown.shape[2:]), shown.dtype, *(part.training for part in self.network.modules()))
        if seen == self._checked:
            return
        name = type(self.network).__name__
        try:
            graph = trace_over_time(self.network, shown)
        except GraphError as fault:
            raise StreamError(f"a {name} cannot be seen to run step by step: {fault}") from None
        if why := stepwise_obstacle(graph):
            raise StreamError(f"a {name} cannot run step by step: {why}")
        self._checked = seen


def _as_it_is(frames: Tensor) -> Tensor:
    return frames
