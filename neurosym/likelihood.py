"""How probable the answers of a batch are: every perception is asked once, every template is counted once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose, log
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from logic import NeurosymError, Symbols
from perception import Percept
from reasoner import Program, infer
from reasoner.counting.planning import Prepared, prepare_query, with_facts
from reasoner.errors import CountingError, NoAnswer
from reasoner.grounding.templates import is_shared
from reasoner.prolog.terms import Value

from .inputs import Asked, InputError, as_seen, asked_of, bind, check_slotted, loose, mentioned
from .perceptions import check_asked
from .samples import ALL, Batch, Group, SampleError, stacked

if TYPE_CHECKING:
    from .model import Model

_SURE = 1e-6  # by how much the probabilities of a distribution may miss one


class ImpossibleAnswer(SampleError):
    """A sample whose answer no world gives; the text names it."""


@dataclass(frozen=True, eq=False)
class _Posed:
    """A group of samples, and the ground program that answers them; none if the query is false in every world."""

    group: Group
    program: Program
    query: str | None
    prepared: Prepared | None


def log_probability(model: "Model", batch: Batch, impossible: float | None = None) -> Tensor:
    """Log-probability ``[B]`` of the answers of a batch; of a distribution ``q`` it is ``sum_a q(a) log P(a)``.

    Args:
        model: Whose perceptions and rules.
        batch: The samples.
        impossible: What an answer costs that no world gives, in nats, with no gradient; an error if left out.

    Raises:
        ImpossibleAnswer: for the first such sample, if no cost is given.
        SampleError: if an answer is none of what answers can be.
        QueryError, InputError: as a call of the model.
    """
    posed = [one for group in batch.groups for one in _posed(model, group)]
    like = next(model.parameters(), torch.zeros(0))
    chances = model.chances()
    logs = [_logs(model, one, symbols, chances, like) for one, symbols in zip(posed, _seen(model, posed), strict=True)]
    for one in posed:
        _check_bounded(model, one)
    found = [_of_answers(one, log, batch.called, impossible) for one, log in zip(posed, logs, strict=True)]
    if len(posed) == 1:
        return found[0]
    places = torch.tensor([place for one in posed for place in one.group.places])
    together = torch.cat(found) if found else torch.zeros(0)
    return together[places.argsort().to(together.device)]


def most_likely(model: "Model", batch: Batch) -> list[Value | bool | None]:
    """The most probable answer of each sample of a batch, whose own answers are not looked at.

    Args:
        model: Whose perceptions and rules.
        batch: The samples.

    Returns:
        In the order of the samples: the value of the query's variable, in the sample's own words; of a query without
        variables whether it is more probable than not; None if the query is false in every world.

    Raises:
        QueryError, InputError: as a call of the model.
    """
    posed = [one for group in batch.groups for one in _posed(model, group)]
    like, chances = next(model.parameters(), torch.zeros(0)), model.chances()
    found: list[Value | bool | None] = [None] * len(batch)
    for one, symbols in zip(posed, _seen(model, posed), strict=True):
        if one.prepared is None:
            continue
        logs, values = _logs(model, one, symbols, chances, like), one.prepared.values
        best = logs.argmax(dim=1).tolist()
        for row, (place, column) in enumerate(zip(one.group.places, best, strict=True)):
            template = one.group.own[row].template
            own = one.query == template.query and bool(template.names)
            found[place] = template.restored(values[column]) if own else values[column]
            if values[column] == ():
                found[place] = logs[row, column].item() > log(0.5)
    return found


def possible_answers(
    model: "Model", answers: Sequence[Any] | Tensor | NDArray[Any], impossible: float | None = None
) -> list[Value]:
    """Of answers to the model's own query those that are certain and can be, each once.

    Raises:
        ImpossibleAnswer, SampleError: as :func:`log_probability`, before anything is trained.
    """
    listed = answers.tolist() if isinstance(answers, Tensor | np.ndarray) else list(answers)
    group = stacked({}, listed).groups[0]
    posed = _prepared(model, group, model.program, model.query)
    found: dict[Value, None] = {}
    for row, answer in enumerate(listed):
        values = distribution(answer, f"sample {row}")
        for value, _ in values:
            if _column(posed, row, value) is not None:
                if len(values) == 1 and not isinstance(value, bool):
                    found[value] = None
            elif value is not False and impossible is None:
                raise ImpossibleAnswer(_never(posed, row, f"sample {row}", value))
    return list(found)


def _posed(model: "Model", group: Group) -> list[_Posed]:
    """The group with its ground program, or its parts, if its samples cannot share one."""
    if group.query is None:
        return [_prepared(model, group, with_facts(model.program, group.facts), model.query)]
    templates = [written.template for written in group.own]
    union = frozenset[str]().union(*(template.own for template in templates))
    if not templates[0].names or is_shared(model.program, templates[0]._replace(own=union)):
        return [_prepared(model, group, with_facts(model.program, group.facts), group.query)]
    return [_prepared(model, one, with_facts(model.program, one.facts), one.query) for one in group.in_own_words()]


def _prepared(model: "Model", group: Group, program: Program, query: str | None) -> _Posed:
    try:
        return _Posed(group, program, query, prepare_query(program, query, model.limits))
    except NoAnswer:
        return _Posed(group, program, query, None)
    except NeurosymError as fault:
        own = group.own[0]
        if query is not None and own.query is not None:
            fault.args = tuple(str(text).replace(query, own.query) for text in fault.args)
        raise


def _seen(model: "Model", posed: Sequence[_Posed]) -> list[list[Symbols]]:
    """What is seen in each group; every perception looks once at all inputs of one shape."""
    looks: dict[tuple[str, tuple[tuple[int, ...], ...]], list[tuple[int, _Look]]] = {}
    for number, one in enumerate(posed):
        for look in _looks(model, one):
            shapes = tuple(tuple(tensor.shape[2:]) for tensor in look.tensors)
            looks.setdefault((look.name, shapes), []).append((number, look))
    found: list[list[Symbols]] = [[] for _ in posed]
    for (name, _), members in looks.items():
        network = cast(nn.Module, model.perceptions[name])
        beliefs = _beliefs(network, [look.tensors for _, look in members])
        for (number, look), one in zip(members, beliefs, strict=True):
            as_asked = look.names is None and isinstance(one, Symbols) and one.domain == look.asked.domain
            log_probs = one.log_probs if isinstance(one, Symbols) else one
            found[number].append(cast(Symbols, one) if as_asked else Symbols(look.asked.domain, log_probs, look.names))
    return found


class _Look(NamedTuple):
    """What a perception looks at: tensors ``[G, N, ...]``, one for each of its arguments; names unless numbered."""

    name: str
    asked: Asked
    tensors: tuple[Tensor, ...]
    names: tuple[str, ...] | None


def _looks(model: "Model", posed: _Posed) -> list[_Look]:
    """What each perception that a group's query asks for looks at."""
    if posed.prepared is None:
        return []
    quoted, inputs = f"'{posed.query}'", posed.group.inputs
    asked = asked_of(posed.program, posed.query, model.limits)
    check_asked(quoted, asked, model.perceptions)
    if ALL in inputs:
        if len(model.perceptions) > 1:
            raise InputError(
                f"{quoted} is asked of the perceptions {', '.join(model.perceptions)}, so one tensor does not say "
                f"whose it is; give the inputs by name"
            )
        slotted = dict.fromkeys(model.perceptions, inputs[ALL])
        bound = dict.fromkeys(slotted)
    else:
        known = mentioned(posed.program, posed.query, model.limits)
        given = {key: one for key, one in inputs.items() if loose(key) in known or key in model.perceptions}
        bound = bind(given, quoted, asked, known, model.embeddings, model.perceptions)
        slotted = {name: given[name] for name, tensors in bound.items() if tensors is None}
    for name in slotted.keys() & asked.keys():
        check_slotted(name, asked[name])
    return [
        _Look(name, asked[name], (slotted[name],), None)
        if tensors is None
        else _Look(name, asked[name], tensors, asked[name].names)
        for name, tensors in bound.items()
        if name in asked
    ]


def _beliefs(network: nn.Module, inputs: Sequence[tuple[Tensor, ...]]) -> Sequence[Symbols | Tensor]:
    """The belief, or its log-probabilities ``[G, N, K]``, of each group's inputs ``[G, N, ...]``, by one call."""
    seen = [tuple(as_seen(tensor, network) for tensor in tensors) for tensors in inputs]
    if len(seen) == 1:
        return [cast(Percept, network(*seen[0])).symbols]
    shapes = [tuple(tensors[0].shape[:2]) for tensors in seen]
    flat = [torch.cat([tensor.flatten(0, 1) for tensor in column])[:, None] for column in zip(*seen, strict=True)]
    together = cast(Percept, network(*flat)).symbols.log_probs[:, 0]
    parts = together.split([samples * slots for samples, slots in shapes])
    return [part.unflatten(0, shape) for part, shape in zip(parts, shapes, strict=True)]


def _logs(
    model: "Model", posed: _Posed, symbols: Sequence[Symbols], chances: Mapping[int, Tensor], like: Tensor
) -> Tensor:
    """Log-probabilities ``[G, A]`` of all answers, or lower bounds within the model's budget."""
    if posed.prepared is None:
        return like.new_zeros(len(posed.group), 0)
    found = infer(posed.program, posed.query, symbols, model.limits, model.budget, chances).log_probs
    return found.expand(len(posed.group), -1)  # of rules that perceive nothing there is one row


def _check_bounded(model: "Model", posed: _Posed) -> None:
    """Where only bounds are known, the least of ``1 - P`` is not one minus the least of ``P``."""
    if model.budget is None or posed.prepared is None or not isinstance(posed.prepared.counting, CountingError):
        return
    if any(answer is False or isinstance(answer, Mapping) for answer in posed.group.answers):
        raise CountingError(
            f"'{posed.query or 'queries of the program'}' is counted within bounds, so no sample's answer may be false "
            f"or a distribution: that needs exact counting"
        )


class _Term(NamedTuple):
    """A part of the log-probability of a sample: a weight times that of an answer, or of its negation."""

    row: int
    column: int
    weight: float


def _of_answers(posed: _Posed, logs: Tensor, called: Sequence[str], impossible: float | None) -> Tensor:
    """Log-probability ``[G]`` of each sample's answer."""
    if (columns := _plain_columns(posed)) is not None:
        return logs.gather(1, torch.tensor(columns, device=logs.device)[:, None])[:, 0]
    terms: list[_Term] = []
    missing = [0.0] * len(posed.group)
    answers = logs.shape[1]
    for row, (place, answer) in enumerate(zip(posed.group.places, posed.group.answers, strict=True)):
        for value, weight in distribution(answer, called[place]):
            column = _column(posed, row, value)
            if column is not None:
                terms.append(_Term(row, column, weight))
            elif value is False:  # of what is never true; certain
                continue
            elif impossible is None:
                raise ImpossibleAnswer(_never(posed, row, called[place], value))
            else:
                missing[row] += weight * impossible
    if any(term.column >= answers for term in terms):
        logs = torch.cat([logs, _log_of_rest(logs)], dim=1)
    rows, columns, weights = (list(part) for part in zip(*terms, strict=True)) if terms else ([], [], [])
    there = logs.device
    picked = logs[
        torch.tensor(rows, dtype=torch.long, device=there), torch.tensor(columns, dtype=torch.long, device=there)
    ]
    if any(weight != 1.0 for weight in weights):
        picked = picked * logs.new_tensor(weights)
    if rows == [*range(len(missing))] and not any(missing):
        return picked
    return -logs.new_tensor(missing).index_add(0, torch.tensor(rows, dtype=torch.long, device=there), -picked)


def _plain_columns(posed: _Posed) -> list[int] | None:
    """The column of each answer, if all are numbers or texts that the query has as they stand: the usual, quickly."""
    if posed.prepared is None or posed.group.own[0].template.names:
        return None
    columns = posed.prepared.columns
    found = [columns.get(answer, -1) if type(answer) in (int, str) else -1 for answer in posed.group.answers]
    return None if () in columns or -1 in found else found


def _column(posed: _Posed, row: int, value: Value | bool) -> int | None:
    """The column of an answer; behind all answers those of their negations."""
    if posed.prepared is None:
        return None
    columns, count = posed.prepared.columns, len(posed.prepared.values)
    if isinstance(value, bool):
        if () in columns:
            return columns[()] + (0 if value else count)
        return columns.get(str(value).lower())
    template = posed.group.own[row].template
    if template.names and posed.query == template.query:
        value = template.renamed(value)
    if value in columns:
        return columns[value]
    if isinstance(value, float):
        near = [c for one, c in columns.items() if isinstance(one, int | float) and isclose(one, value, rel_tol=1e-9)]
        return near[0] if near else None
    return None


def _log_of_rest(logs: Tensor) -> Tensor:
    """``log(1 - exp(x))``, finite also where ``x`` is 0."""
    x = logs.clamp(max=-1e-12)
    near = x > -0.6931
    return torch.where(
        near, (-torch.expm1(torch.where(near, x, -1.0))).log(), torch.log1p(-torch.where(near, -1.0, x).exp())
    )


def _never(posed: _Posed, row: int, called: str, value: object) -> str:
    query = posed.group.own[row].query or posed.query
    if posed.prepared is None:
        return f"{called}: '{query}' is false in every world, so it cannot have the answer {value!r}"
    shown = [posed.group.own[row].template.restored(one) for one in posed.prepared.values[:8]]
    told = ", ".join(map(repr, shown)) + (", ..." if len(posed.prepared.values) > 8 else "")
    return (
        f"{called}: '{query}' never has the answer {value!r}; it has {told}; mend the sample, or let such samples cost "
        f"something: impossible=10.0"
    )


def distribution(answer: object, called: str = "a sample") -> list[tuple[Value | bool, float]]:
    """An answer as values with probabilities: one that is certain, unless it is a mapping.

    Raises:
        SampleError: if it is none of what answers can be, or the probabilities do not sum to one.

    Example:
        >>> distribution([3, 1]), distribution({"win": 0.75, "loss": 0.25})
        ([((3, 1), 1.0)], [('win', 0.75), ('loss', 0.25)])
    """
    if not isinstance(answer, Mapping):
        return [(_value(answer, called), 1.0)]
    shares = [(_value(value, called), float(share)) for value, share in cast("Mapping[Any, Any]", answer).items()]
    if any(share < 0 for _, share in shares) or abs(sum(share for _, share in shares) - 1) > _SURE:
        raise SampleError(f"{called}: the probabilities of the answers {answer} must not be negative and sum to one")
    return [(value, share) for value, share in shares if share]


def _value(answer: object, called: str) -> Value | bool:
    if isinstance(answer, Tensor | np.ndarray | np.generic):
        return _value(answer.tolist(), called)
    if isinstance(answer, bool | int | float | str):
        return answer
    if isinstance(answer, list | tuple):
        return tuple(cast(Value, _value(part, called)) for part in cast("Sequence[object]", answer))
    raise SampleError(
        f"{called}: the answer is a {type(answer).__name__}; give a number, a text, a truth value, a list or tuple of "
        f"these, or a mapping from answers to probabilities"
    )
