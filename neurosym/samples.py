"""Samples as users have them: inputs, a query, an answer and facts of their own; and batches of such samples.

In a batch, samples are grouped by template: what they ask is the same but for the names of their inputs, so each
group is one tensor an input and one ground program.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from logic import NeurosymError
from reasoner.grounding.templates import Template, abstracted, placeholder, with_constants

Given: TypeAlias = Tensor | NDArray[Any] | float
Key: TypeAlias = str | int

Inputs: TypeAlias = Given | Mapping[Key, Given] | Mapping[str, Given] | Mapping[int, Given]

ALL = ""
"""The key of inputs that are one tensor ``[N, ...]`` of numbered slots."""


Samples: TypeAlias = Inputs | Dataset[Any] | DataLoader[Any] | Sequence[Any]
"""Inputs ``[M, ...]`` that go with answers; or samples that bear theirs, as a data set, a list or a loader."""


class SampleError(NeurosymError, ValueError):
    """A sample that cannot be used; the text names it and says what is wrong with it."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One sample: what is shown, what is asked about it, what the answer is, and what holds in it alone.

    Args:
        inputs: By name, as the query or the program calls them, or by slot number; a tensor ``[N, ...]`` has the slots
            0 to N - 1 of the only perception.
        query: One goal; the model's own if left out.
        answer: Of the query's variable: a number, an atom as text, a list or tuple of such; a tuple of the values of
            all variables if there are several; true or false if there are none; or a distribution, a mapping from
            answers to probabilities.
        facts: Clauses that hold in this sample only, such as a story or a part of a graph.
        constants: Values of variables of the query that are known in this sample, written in their places.

    Example:
        >>> Sample({"a": torch.zeros(1, 28, 28)}, "sum([a | Rest], Start, S)", 7, constants={"Start": 3})
        Sample('sum([a | Rest], 3, S)', answer 7, inputs a)
    """

    inputs: Inputs
    query: str | None = None
    answer: Any = True
    facts: str = ""
    constants: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        if self.constants:
            if self.query is None:
                raise SampleError(
                    "a sample has constants but no query of its own to write them into; give it the query"
                )
            object.__setattr__(self, "query", with_constants(self.query, self.constants))
            object.__setattr__(self, "constants", {})

    def __repr__(self) -> str:
        asked = f"{self.query!r}, " if self.query is not None else ""
        named = f"inputs {', '.join(map(str, self.inputs))}" if isinstance(self.inputs, Mapping) else "numbered inputs"
        return f"Sample({asked}answer {self.answer!r}, {named}{', facts' * bool(self.facts.strip())})"


@dataclass(frozen=True)
class Written:
    """What one sample asks, in its own words.

    Args:
        query: Its query, or none.
        facts: Its facts.
        template: The same with placeholders, and what they stand for.
    """

    query: str | None
    facts: str
    template: Template


@dataclass(frozen=True, eq=False)
class Group:
    """Samples of one template.

    Args:
        query: With placeholders for names of inputs; none for the model's own.
        facts: Likewise.
        own: What each of the ``G`` samples asks.
        inputs: ``[G, ...]`` by placeholder, name or slot number; :data:`ALL` for all slots at once.
        answers: Of each sample.
        places: Of each sample in the batch.
    """

    query: str | None
    facts: str
    own: tuple[Written, ...]
    inputs: Mapping[Key, Tensor]
    answers: tuple[Any, ...]
    places: Sequence[int]

    def __len__(self) -> int:
        return len(self.places)

    def part(self, chosen: Sequence[int]) -> "Group":
        """Some of its samples, in the order given."""
        rows = torch.tensor(chosen, dtype=torch.long)
        return replace(
            self,
            own=tuple(self.own[i] for i in chosen),
            inputs={key: tensor[rows.to(tensor.device)] for key, tensor in self.inputs.items()},
            answers=tuple(self.answers[i] for i in chosen),
            places=tuple(self.places[i] for i in chosen),
        )

    def in_own_words(self) -> "list[Group]":
        """The same samples without placeholders, grouped by what each asks in its own words."""
        by_words: dict[Written, list[int]] = {}
        for number, written in enumerate(self.own):
            by_words.setdefault(written, []).append(number)
        found: list[Group] = []
        for written, members in by_words.items():
            part = self.part(members)
            names = {placeholder(number): name for number, name in enumerate(written.template.names)}
            inputs = {names.get(str(key), key): tensor for key, tensor in part.inputs.items()}
            found.append(replace(part, query=written.query, facts=written.facts, inputs=inputs))
        return found


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples that are answered, and trained on, together.

    Args:
        groups: Those of one template each; together they have the places 0 to ``B - 1``.
        called: What each sample is called in messages.

    Example:
        >>> a, b, c = torch.zeros(3, 1, 28, 28)
        >>> batch = collate([Sample({"a": a, "b": b}, "sum([a, b], S)", 3), Sample({"c": c}, "sum([c], S)", 4),
        ...     Sample({"b": b, "c": c}, "sum([c, b], S)", 5)])
        >>> batch
        Batch(3 samples, 2 templates)
        >>> batch.groups[0].query, batch.groups[0].inputs["'input 0'"].shape
        ("sum(['input 0', 'input 1'], S)", torch.Size([2, 1, 28, 28]))
    """

    groups: tuple[Group, ...]
    called: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.called)

    def __repr__(self) -> str:
        return f"Batch({len(self)} samples, {len(self.groups)} template{'s' * (len(self.groups) != 1)})"

    @property
    def answers(self) -> tuple[Any, ...]:
        """The answer of each sample, in the order of the samples."""
        found: list[Any] = [None] * len(self)
        for group in self.groups:
            for place, answer in zip(group.places, group.answers, strict=True):
                found[place] = answer
        return tuple(found)

    def part(self, chosen: Sequence[int]) -> "Batch":
        """Some of its samples, in the order given."""
        called = tuple(self.called[old] for old in chosen)
        if len(self.groups) == 1 and self.groups[0].places == range(len(self)):  # no matter how many there are
            part = replace(self.groups[0].part(chosen), places=range(len(chosen)))
            return Batch((part,) if chosen else (), called)
        place = {old: new for new, old in enumerate(chosen)}
        groups: list[Group] = []
        for group in self.groups:
            members = [number for number, old in enumerate(group.places) if old in place]
            if members:
                part = group.part(members)
                groups.append(replace(part, places=tuple(place[old] for old in part.places)))
        return Batch(tuple(groups), called)

    def to(self, device: torch.device | str) -> "Batch":
        """The same with its tensors on a device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> "Batch":
        """The same in memory from which a device reads while it works; a ``DataLoader`` calls it."""
        return self._each(Tensor.pin_memory)

    def changed(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        """The same with other pictures, where all slots of each sample are one tensor.

        Raises:
            SampleError: if inputs have names.
        """
        if any(ALL not in group.inputs for group in self.groups):
            raise SampleError("inputs by name are not changed by an augmentation here; change them in the data set")
        return self._each(change)

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        groups = [replace(g, inputs={key: change(tensor) for key, tensor in g.inputs.items()}) for g in self.groups]
        return replace(self, groups=tuple(groups))


def collate(items: Sequence[Any], called: Sequence[str] = ()) -> Batch:
    """A batch of samples, for ``torch.utils.data.DataLoader(dataset, collate_fn=collate)``; any worker can make it.

    Args:
        items: Samples, or tuples ``(inputs, answer)`` or ``(inputs, query, answer)``.
        called: What each is called in messages; its place in the batch if left out.

    Raises:
        SampleError: if an item is no sample, or an input is no tensor.
    """
    called = called or [f"sample {place} of its batch" for place in range(len(items))]
    members: dict[tuple[Any, ...], list[tuple[int, Written, Mapping[Key, Tensor], Any]]] = {}
    for place, item in enumerate(items):
        sample = as_sample(item, called[place])
        inputs = _tensors(sample, called[place])
        template = Template("", sample.facts)
        if sample.query is not None:
            template = abstracted(sample.query, sample.facts, [key for key in inputs if isinstance(key, str) and key])
        new = {name: placeholder(number) for number, name in enumerate(template.names)}
        inputs = {new.get(key, key) if isinstance(key, str) else key: tensor for key, tensor in inputs.items()}
        shapes = tuple(sorted((str(key), tuple(tensor.shape), str(tensor.dtype)) for key, tensor in inputs.items()))
        query = None if sample.query is None else template.query
        written = Written(sample.query, sample.facts, template)
        members.setdefault((query, template.facts, shapes), []).append((place, written, inputs, sample.answer))
    groups = [
        Group(
            query,
            facts,
            tuple(written for _, written, _, _ in found),
            {key: torch.stack([inputs[key] for _, _, inputs, _ in found]) for key in found[0][2]},
            tuple(answer for *_, answer in found),
            tuple(place for place, *_ in found),
        )
        for (query, facts, _), found in members.items()
    ]
    return Batch(tuple(groups), tuple(called))


def stacked(
    inputs: Inputs,
    answers: Sequence[Any] | Tensor | NDArray[Any],
    query: str | None = None,
    facts: str = "",
) -> Batch:
    """A batch of samples that all ask the same, from inputs ``[B, ...]`` and their ``B`` answers.

    Raises:
        SampleError: if the numbers of inputs and answers differ, or an input is no tensor.

    Example:
        >>> stacked(torch.zeros(3, 2, 1, 28, 28), [4, 5, 6], "sum(S)")
        Batch(3 samples, 1 template)
    """
    given = inputs if isinstance(inputs, Mapping) else {ALL: inputs}
    tensors = {key: _tensor(one, f"the input '{key}'" if key != ALL else "the input") for key, one in given.items()}
    listed = answers.tolist() if isinstance(answers, Tensor | np.ndarray) else list(answers)
    for key, tensor in tensors.items():
        if not tensor.ndim or len(tensor) != len(listed):
            called = f"the input '{key}'" if key != ALL else "the input"
            raise SampleError(f"{called} is {list(tensor.shape)} for {len(listed)} answers; give one for each sample")
    written = Written(query, facts, Template(query or "", facts))
    group = Group(query, facts, (written,) * len(listed), tensors, tuple(listed), range(len(listed)))
    return Batch((group,) if listed else (), tuple(f"sample {place}" for place in range(len(listed))))


def as_sample(item: object, called: str = "an item") -> Sample:
    """A sample, or what a data set gives in its place.

    Raises:
        SampleError: if it is none.
    """
    if isinstance(item, Sample):
        return item
    if isinstance(item, tuple | list) and len(item) in (2, 3):
        inputs, *query, answer = item
        if not query or isinstance(query[0], str):
            return Sample(inputs, query[0] if query else None, answer)
    shape = f" of {len(item)}" if isinstance(item, tuple | list) else ""
    raise SampleError(
        f"{called} is a {type(item).__name__}{shape}; give Sample(inputs, query, answer), or a tuple (inputs, answer) "
        f"or (inputs, query, answer)"
    )


def _tensors(sample: Sample, called: str) -> dict[Key, Tensor]:
    given = sample.inputs if isinstance(sample.inputs, Mapping) else {ALL: sample.inputs}
    return {key: _tensor(value, f"{called}: the input '{key}'" if key != ALL else f"{called}: its input")
            for key, value in given.items()}  # fmt: skip


def _tensor(value: object, what: str) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, int | float):
        return torch.tensor(value)
    raise SampleError(f"{what} is a {type(value).__name__}; give a tensor")
