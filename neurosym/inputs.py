"""Inputs by name: which tensors each perception of a model looks at, whatever the order of goals in a text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from logic import Domain, NeurosymError
from perception import Neural
from perception.pictures.picture import check_pixels
from reasoner import Grounding, Limits, Program
from reasoner.counting.planning import prepare_query
from reasoner.prolog.terms import Struct, Term, to_text

from .embeddings import NamedTensor

Given: TypeAlias = Tensor | NDArray[Any]
Inputs: TypeAlias = Given | Mapping[str, Given] | Mapping[int, Given] | Mapping[str | int, Given]
"""Numbered slots ``[B, N, ...]``; or by the name of an input, its number, or the name of a perception."""

_LOOSE = re.compile(r"[\s'\"]")  # what may be written otherwise in one and the same name


class InputError(NeurosymError, ValueError):
    """Inputs that are not those that a query asks for; the text names these."""


@dataclass(frozen=True)
class Asked:
    """What one perception is asked about by a query.

    Args:
        domain: As the program has it.
        slots: Their numbers.
        names: What the program calls them.
        arguments: The terms of each: one, or several where the network has several inputs.
        named: One sentence, if inputs can only be given by name: why, and which.
    """

    domain: Domain
    slots: tuple[int, ...]
    names: tuple[str, ...]
    arguments: tuple[tuple[Term, ...], ...]
    named: str = ""


@lru_cache(maxsize=2048)
def asked_of(program: Program, query: str | None, limits: Limits | None = None) -> Mapping[str, Asked]:
    """What a query asks of each perception, by the name of the network or domain.

    Args:
        program: The rules.
        query: One goal; without it, what the program itself asks.
        limits: What grounding may spend.

    Raises:
        QueryError, PrologLimit: if it cannot be grounded.

    Example:
        >>> from neurosym import Program
        >>> text = "nn(net, [X], D, [0, 1]) :: digit(X, D). sum(X, Y, S) :- digit(X, A), digit(Y, B), S is A + B."
        >>> asked_of(Program.parse(text), "sum(left, right, S)")["net"].names
        ('left', 'right')
    """
    grounding = prepare_query(program, query, limits).grounding
    found: dict[str, list[int]] = {}
    for (domain, number), stated in zip(grounding.slots, grounding.constants, strict=True):
        if stated is None:
            found.setdefault(domain.name, []).append(number)
    asked: dict[str, Asked] = {}
    for name, slots in found.items():
        arguments = tuple(_arguments(grounding, name, slot) for slot in slots)
        names = tuple(grounding.name_of(name, slot) for slot in slots)
        asked[name] = Asked(program.domain(name), tuple(slots), names, arguments, _named(name, arguments, grounding))
    return asked


def _arguments(grounding: Grounding, name: str, slot: int) -> tuple[Term, ...]:
    return grounding.inputs[name][slot].arguments if name in grounding.inputs else (slot,)


def _named(name: str, arguments: Sequence[tuple[Term, ...]], grounding: Grounding) -> str:
    """Why the inputs of a network can only be given by name, if so."""
    functions = {clause.function for clause in grounding.program.clauses if clause.function}
    called = [term for terms in arguments for term in terms if _inside(term, functions)]
    if name in grounding.unordered:
        why = grounding.unordered[name].rpartition("; ")[0]
    elif any(len(terms) != 1 for terms in arguments):
        why = "it takes several inputs, which one tensor cannot tell apart"
    elif called:
        why = f"it is asked about {to_text(called[0])}, which is computed"
    else:
        return ""
    return f"{why}; give the inputs by name: {_names(arguments)}"


def _inside(term: Term, functions: set[str]) -> bool:
    """Whether a term calls one of these functions."""
    if isinstance(term, Struct):
        return (bool(term.arguments) and term.functor in functions) or any(
            _inside(t, functions) for t in term.arguments
        )
    return isinstance(term, tuple) and any(_inside(one, functions) for one in term)


@lru_cache(maxsize=2048)
def mentioned(program: Program, query: str | None, limits: Limits | None = None) -> frozenset[str]:
    """All terms that networks are asked about, and what is in them, as loose text."""
    grounding = prepare_query(program, query, limits).grounding
    todo: list[Term] = [
        term for inputs in grounding.inputs.values() for one in inputs.values() for term in one.arguments
    ]
    todo += [slot.number for slot in grounding.slots]
    found: set[str] = set()
    for term in todo:  # grows
        found.add(loose(to_text(term)))
        if isinstance(term, Struct | tuple):
            todo += term.arguments if isinstance(term, Struct) else term
    return frozenset(found)


def loose(name: str | int) -> str:
    """A name without what may be written otherwise: blanks and quotation marks.

    Example:
        >>> loose("tensor( train(3) )"), loose(0)
        ('tensor(train(3))', '0')
    """
    return _LOOSE.sub("", str(name))


def as_seen(given: Given, network: nn.Module) -> Tensor:
    """What a perception is given as it takes it: a tensor, floats of the precision of its weights.

    Raises:
        PictureError: if they are pictures, and no numbers or floats beyond 0 to 1.
        InputError: if it is no tensor.
    """
    tensor = to_tensor(given) if isinstance(network, Neural) else check_pixels(given)
    weight = next(network.parameters(), None)
    return tensor.to(weight.dtype) if tensor.is_floating_point() and weight is not None else tensor


def to_tensor(given: object) -> Tensor:
    """A tensor, of an array as well.

    Raises:
        InputError: if it is neither.
    """
    if isinstance(given, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(given))
    if isinstance(given, Tensor):
        return given
    raise InputError(f"an input is a tensor [B, ...] or an array of numpy, got a {type(given).__name__}")


def bind(
    inputs: Mapping[Any, Given],
    query: str,
    asked: Mapping[str, Asked],
    known: frozenset[str],
    embeddings: Mapping[str, nn.Module],
    perceptions: Mapping[str, object],
) -> dict[str, tuple[Tensor, ...] | None]:
    """The tensors ``[B, N, ...]`` that each perception is asked about, one for each argument of its network.

    Args:
        inputs: By the name of an input, its number, or the name of a perception.
        query: What is asked, for messages.
        asked: Of each perception.
        known: Names that may be given, loosely written.
        embeddings: Modules and tensors by name.
        perceptions: By name.

    Returns:
        By the perception's name; None where its numbered slots are given under that name.

    Raises:
        InputError: if an input is missing or unknown, or shapes do not go together.
    """
    given = {loose(name): to_tensor(one) for name, one in inputs.items()}
    if len(given) < len(inputs):
        raise InputError(f"two inputs of {query} bear one name: {_listed([*inputs])}")
    if unknown := [name for name in inputs if loose(name) not in known and name not in perceptions]:
        raise InputError(f"{query} does not ask for {_listed(unknown)}; {_wanted(asked)}")
    if both := [name for name in inputs if loose(name) in known and name in perceptions]:
        raise InputError(f"'{both[0]}' names a perception and an input of {query}; rename one of them in the program")
    slotted = {name for name in asked if name in given}
    source = _Source(given, embeddings, query, asked)
    found: dict[str, tuple[Tensor, ...] | None] = dict.fromkeys(slotted)
    wanted = {name: one for name, one in asked.items() if name not in slotted}
    read = {loose(to_text(term)) for one in wanted.values() for terms in one.arguments for term in terms}
    for name in slotted:
        if twice := [one for one in inputs if loose(one) in map(loose, asked[name].names) and loose(one) not in read]:
            raise InputError(
                f"{_listed(twice)} of '{name}' is given twice, by its name and among the slots of '{name}'"
            )
    source.look_up([term for one in wanted.values() for terms in one.arguments for term in terms])
    for name, one in wanted.items():
        columns = zip(*one.arguments, strict=True)
        found[name] = tuple(source.stacked(list(terms), f"the perception '{name}'") for terms in columns)
    return found


def check_slotted(name: str, asked: Asked) -> None:
    """Whether what a perception is asked about can be given as numbered slots.

    Raises:
        InputError: if not; the text says what to give.
    """
    if asked.named:
        raise InputError(f"'{name}' cannot be given one tensor of slots: {asked.named}")


def _names(arguments: Sequence[tuple[Term, ...]]) -> str:
    return ", ".join(dict.fromkeys(to_text(term) for terms in arguments for term in terms))


def _wanted(asked: Mapping[str, Asked]) -> str:
    told = " and ".join(f"{_names(one.arguments)} ({name})" for name, one in asked.items())
    return f"it asks for {told}" if told else "it asks for no input"


def _listed(names: Sequence[object]) -> str:
    return ", ".join(f"'{name}'" for name in names)


@dataclass(eq=False)
class _Source:
    """Where tensors ``[B, ...]`` of terms come from: inputs, what is known by name, and what modules make of both."""

    given: Mapping[str, Tensor]
    embeddings: Mapping[str, nn.Module]
    query: str
    asked: Mapping[str, Asked]
    known: dict[Term, Tensor] = field(default_factory=dict)
    batch: int = 1

    def __post_init__(self) -> None:
        sizes = {name: len(one) if one.ndim else 0 for name, one in self.given.items()}
        if len({*sizes.values()}) > 1:
            raise InputError(
                f"the inputs of {self.query} are of different numbers of samples: "
                f"{', '.join(f'{name} {size}' for name, size in sizes.items())}; give each as [B, ...] with one B"
            )
        self.batch = next(iter(sizes.values()), 1)

    def look_up(self, terms: Sequence[Term]) -> None:
        """Finds the tensors of terms, each module called once for all terms of the same depth."""
        calls: dict[tuple[int, str, int], dict[Struct, None]] = {}
        for term in terms:
            self._depth(term, calls)
        for (_, name, count), found in sorted(calls.items()):
            columns = zip(*(call.arguments for call in found), strict=True)
            inputs = [self.stacked(list(column), f"'{name}'").flatten(0, 1) for column in columns]
            made = self.embeddings[name](*inputs)
            if not isinstance(made, Tensor) or made.ndim < 1 or len(made) != self.batch * len(found):
                shape = list(made.shape) if isinstance(made, Tensor) else f"a {type(made).__name__}"
                raise InputError(
                    f"the module '{name}' of {count} inputs gave {shape}, expected [{self.batch * len(found)}, ...]"
                )
            for column, call in enumerate(found):
                self.known[call] = made.unflatten(0, (self.batch, len(found)))[:, column]

    def stacked(self, terms: Sequence[Term], reader: str) -> Tensor:
        """``[B, N, ...]`` of terms that were looked up."""
        parts = [self._tensor(term) for term in terms]
        if len({part.shape for part in parts}) > 1:
            shapes = ", ".join(f"{to_text(t)} {list(p.shape)}" for t, p in zip(terms, parts, strict=True))
            raise InputError(f"{reader} is given inputs of different shapes: {shapes}; pad or resize them")
        return torch.stack(parts, dim=1)

    def _tensor(self, term: Term) -> Tensor:
        """``[B, ...]`` of a term that was looked up; a list that is no input itself has ``[B, n, ...]``."""
        term = self._bare(term)
        return self.stacked(term, "a list") if isinstance(term, tuple) and term not in self.known else self.known[term]

    def _bare(self, term: Term) -> Term:
        """What ``tensor(T)`` stands for: the input of that name, or else ``T``."""
        while isinstance(term, Struct) and term.functor == "tensor" and len(term.arguments) == 1:
            if loose(to_text(term)) in self.given:
                break
            term = term.arguments[0]
        return term

    def _depth(self, term: Term, calls: dict[tuple[int, str, int], dict[Struct, None]]) -> int:
        """How many modules are called one after the other for a term; each call is noted at its depth."""
        term = self._bare(term)
        if (tensor := self._known(term)) is not None:
            self.known[term] = tensor
            return 0
        if isinstance(term, tuple) and term:
            return max(self._depth(one, calls) for one in term)
        if isinstance(term, Struct) and term.arguments and self._is_module(term.functor):
            depth = 1 + max(self._depth(one, calls) for one in term.arguments)
            calls.setdefault((depth, term.functor, len(term.arguments)), {})[term] = None
            return depth
        called = ""
        if isinstance(term, Struct) and term.arguments:
            called = f"; if a module makes it, give that to the model: embeddings={{'{term.functor}': module}}"
        raise InputError(
            f"{self.query} needs the input '{to_text(term)}', but the inputs given are "
            f"{_listed([*self.given]) or 'none'}; {_wanted(self.asked)}{called}"
        )

    def _is_module(self, name: str) -> bool:
        return name in self.embeddings and not isinstance(self.embeddings[name], NamedTensor)

    def _known(self, term: Term) -> Tensor | None:
        """``[B, ...]``, if the term is an input, a tensor known by name or a row of one."""
        if (found := self.given.get(loose(to_text(term)))) is not None:
            return found
        row = term.arguments[0] if isinstance(term, Struct) and len(term.arguments) == 1 else None
        held = self.embeddings.get(term.functor if isinstance(term, Struct) else to_text(term))
        if not isinstance(held, NamedTensor):
            return None
        if isinstance(row, int):
            if not 0 <= row < len(held.value):
                raise InputError(f"{to_text(term)} is none of the {len(held.value)} rows of that tensor")
            return held.value[row].expand(self.batch, *held.value.shape[1:])
        if isinstance(term, Struct) and term.arguments:
            return None
        return held.value.expand(self.batch, *held.value.shape)
