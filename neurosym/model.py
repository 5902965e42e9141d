"""The model: named perceptions, a program and a query; from inputs to answers, differentiable throughout."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

import torch
from torch import Tensor, nn

from logic import NeurosymError, Symbols
from perception import Percept
from perception.networks.perception import Perception
from reasoner import Answers, Budget, Limits, Program, ProgramError, QueryError, Value, infer
from reasoner.counting.planning import prepare_query

from .chances import Chances
from .embeddings import Embeddings, to_embeddings, to_modules
from .inputs import Asked, InputError, Inputs, as_seen, asked_of, bind, check_slotted, mentioned
from .likelihood import log_probability, most_likely
from .perceptions import by_name, check_asked, modules_of
from .samples import Batch, stacked


class ModelTypeError(NeurosymError, TypeError):
    """Something else where a model is needed; the text says what was given."""


class Model(nn.Module):
    """Perceptions joined with rules.

    Inputs are bound by name, never by the order of goals: ``{"img1": x, "img2": y}`` by what the program calls them,
    ``{0: x, 1: y}`` by number, ``{"digit": x}`` with ``x`` of ``[B, N, ...]`` the numbered slots of a perception. A
    tensor alone is that of the only perception.

    Args:
        perceptions: One perception, or several by name: that of the network in ``nn(name, [X], Y, [...]) :: p(X, Y)``,
            or of the domain, ``digit(I, X)``. Any module that keeps to
            :class:`perception.networks.perception.Perception`, or :class:`perception.Neural` around any other.
        program: The rules.
        query: What is asked, such as ``sum(S)``; without it, what the program itself asks, or what each call says.
        embeddings: What the program passes around by name: a module is called where the program says
            ``nn(name, [X], E)``; a tensor is the input ``name``, and its rows are ``name(0)``, ``name(1)``, ...
            Parameters are learned.
        limits: What grounding and counting may spend.
        budget: What may be spent on bounds where exact counting is over the limits. Training then makes a lower bound
            of the answer's probability larger; without a budget this is an error.

    Raises:
        PerceptionError: if a perception is none; the text says what makes one of it.
        ProgramError: if the rules are no program.
        QueryError: if the program never answers the query, or its rules read what no perception sees.

    Example:
        >>> import torch
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "sum(S)")
        >>> model
        Model(sum(S) of 19 answers, 1 clause, SpikingClassifier of 10 digit values, 80,016 weights)
        >>> model(torch.zeros(3, 2, 1, 28, 28)).log_probs.shape
        torch.Size([3, 19])

        Two networks, each with values of its own, and inputs by name:

        >>> from neurosym import Domain, Neural
        >>> text = '''nn(size, [X], S, [small, large]) :: size(X, S).
        ...     nn(colour, [X], C, [red, blue]) :: colour(X, C).
        ...     kind(X, Y, C) :- size(X, large), colour(Y, C).'''
        >>> seeing = {"size": Neural(torch.nn.Linear(4, 2), Domain("size", ["small", "large"])),
        ...     "colour": Neural(torch.nn.Linear(4, 2), Domain("colour", ["red", "blue"]))}
        >>> both = Model(seeing, Program.parse(text), "kind(ball, box, C)")
        >>> both({"box": torch.rand(5, 4), "ball": torch.rand(5, 4)}).values
        ('blue', 'red')
    """

    def __init__(
        self,
        perceptions: Perception | Mapping[str, Perception],
        program: Program,
        query: str | None = None,
        *,
        embeddings: Embeddings = MappingProxyType({}),
        limits: Limits | None = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(program, Program):  # pyright: ignore[reportUnnecessaryIsInstance] - from users
            raise ProgramError(
                f"the rules are a {type(program).__name__}; read text by Program.parse(text), a file by "
                f"Program.read(path)"
            )
        if query is not None and not isinstance(query, str):  # pyright: ignore[reportUnnecessaryIsInstance] - from users
            raise QueryError(f"the query is a {type(query).__name__}; give one goal as text, such as 'sum(S)'")
        found = by_name(perceptions, program)
        self.networks, self._keys = to_modules(modules_of(found))
        self.embedded, self._passed = to_modules(to_embeddings(embeddings))
        self.chances = Chances(program)
        self.program = program
        self.query = query
        self.limits = limits
        self.budget = budget
        self._own: Mapping[str, Asked] = {}
        if query is not None or program.queries:
            self._own = self._asked(query)

    @property
    def perceptions(self) -> Mapping[str, Perception]:
        """The perceptions by the names of networks and domains."""
        return {name: cast(Perception, self.networks[key]) for name, key in self._keys.items()}

    @property
    def perception(self) -> Perception:
        """The only perception.

        Raises:
            ModelTypeError: if there are several.
        """
        return self.perceptions[self._only()]

    @property
    def embeddings(self) -> Mapping[str, nn.Module]:
        """Modules and named tensors that the program passes around."""
        return {name: self.embedded[key] for name, key in self._passed.items()}

    @property
    def learned(self) -> nn.Module:
        """All that training changes: the only perception, or this model if there is more."""
        more = len(self._keys) > 1 or self._passed or len(self.chances.logits)
        return self if more else cast(nn.Module, self.perception)

    def __repr__(self) -> str:
        clauses, several = len(self.program.clauses), len(self._keys) > 1
        asked = "no query"
        if self.query is not None or self.program.queries:
            answers = len(prepare_query(self.program, self.query, None).values)
            asked = f"{shorten(self.query or 'queries of the program')} of {answers} answers"
        seeing = ", ".join(
            f"{f'{name}: ' if several else ''}{type(one).__name__} of {len(one.domain)} "
            f"{'' if several else f'{one.domain.name} '}values"
            for name, one in self.perceptions.items()
        )
        weights = sum(parameter.numel() for parameter in self.parameters())
        return f"Model({asked}, {clauses} clause{'s' * (clauses != 1)}, {shorten(seeing, 90)}, {weights:,} weights)"

    def __call__(self, inputs: Inputs, query: str | None = None) -> Answers:
        """As :meth:`forward`."""
        return super().__call__(inputs, query)

    def forward(self, inputs: Inputs, query: str | None = None) -> Answers:
        """All answers with their probabilities.

        Args:
            inputs: A tensor ``[B, N, ...]`` of numbered slots, where one perception is there, such as pictures
                ``[B, N, 1, H, W]``, bytes or floats from 0 to 1; or tensors by name. Arrays of numpy are taken as well.
            query: Another goal than the model's.

        Raises:
            InputError: if an input is missing or unknown.
            PictureError: if pictures have another shape or range.
            QueryError: if the rules ask for more slots than there are, or never answer the query.
        """
        query = self.query if query is None else query
        symbols = [percept.symbols for percept in self.see(inputs, query).values()]
        return infer(self.program, query, symbols, self.limits, self.budget, self.chances())

    def see(self, inputs: Inputs, query: str | None = None) -> dict[str, Percept]:
        """What each perception that the query asks for sees, by its name; the slots of the symbols bear their names.

        Args:
            inputs: As for a call.
            query: Another goal than the model's.

        Raises:
            InputError, PictureError, QueryError: as for a call.
        """
        query = self.query if query is None else query
        asked = self._asked(query)
        if not isinstance(inputs, Mapping):
            if len(self._keys) > 1:
                raise InputError(
                    f"{_quoted(query)} is asked of the perceptions {', '.join(self._keys)}, so one tensor does not say "
                    f"whose it is; give the inputs by name, {{'{next(iter(self._keys))}': tensor, ...}}"
                )
            ((name, key),) = self._keys.items()
            return {name: self._see_slots(name, self.networks[key], inputs, asked)}
        known = mentioned(self.program, query, self.limits)
        if self.query not in (None, query):  # what another query asks for is no slip
            known |= mentioned(self.program, self.query, self.limits)
        bound = bind(inputs, _quoted(query), asked, known, self.embeddings, self._keys)
        found: dict[str, Percept] = {}
        for name, tensors in bound.items():
            network = self.networks[self._keys[name]]
            if tensors is None:
                found[name] = self._see_slots(name, network, cast(Any, inputs)[name], asked)
                continue
            percept = cast(Percept, network(*[as_seen(one, network) for one in tensors]))
            symbols = Symbols(asked[name].domain, percept.symbols.log_probs, asked[name].names)
            found[name] = replace(percept, symbols=symbols)
        return found

    def symbols(self, inputs: Inputs) -> Symbols:
        """What the only perception sees, ``[B, N, K]``.

        Raises:
            ModelTypeError: if there are several.
            InputError, PictureError, QueryError: as for a call.
        """
        return self.see(inputs)[self._only()].symbols

    def _see_slots(self, name: str, network: nn.Module, given: Any, asked: Mapping[str, Asked]) -> Percept:
        """What is seen in the numbered slots ``[B, N, ...]``."""
        if name in asked:
            check_slotted(name, asked[name])
        percept = cast(Percept, network(as_seen(given, network)))
        if name not in asked or percept.symbols.domain == asked[name].domain:
            return percept
        return replace(percept, symbols=Symbols(asked[name].domain, percept.symbols.log_probs))

    def _only(self) -> str:
        """The name of the only perception."""
        if len(self._keys) > 1:
            raise ModelTypeError(
                f"this model has the perceptions {', '.join(self._keys)}; say which, "
                f"model.perceptions['{next(iter(self._keys))}']"
            )
        return next(iter(self._keys))

    def goal(self, query: str | None = None) -> str:
        """The query that is meant: the one given, or else the model's.

        Raises:
            QueryError: if there is neither.
        """
        found = self.query if query is None else query
        if found is None:
            raise QueryError("nothing is asked; give the model one goal as text, such as 'sum(S)'")
        return found

    def _asked(self, query: str | None) -> Mapping[str, Asked]:
        if query is None and not self.program.queries:
            raise QueryError("nothing is asked; give one goal as text, model(inputs, query='sum(S)')")
        if query == self.query and self._own:
            return self._own
        asked = asked_of(self.program, query, self.limits)
        check_asked(_quoted(query), asked, self.perceptions)
        return asked

    def log_probability(
        self, inputs: Inputs | Batch, answers: Sequence[Any] | Tensor | None = None, *, impossible: float | None = None
    ) -> Tensor:
        """Log-probability ``[B]`` of the given answers, what training makes larger.

        Args:
            inputs: As for a call, or a batch of :func:`neurosym.collate`, whose samples may each ask something else.
            answers: ``B`` values of the query's variable, if inputs are given: numbers, atoms as text, lists, tuples;
                truth values of a query without variables; or distributions, mappings from answers to probabilities.
            impossible: What an answer costs that no world gives, in nats; it has no gradient. An error if left out.

        Raises:
            ImpossibleAnswer: if a value is no answer of the query; the text names the sample.
            CountingError: if only bounds are known, and an answer is false or a distribution.
            SampleError, InputError, QueryError: if the batch does not fit the model.

        Example:
            >>> import torch
            >>> from neurosym import Neural, Program, Sample, collate
            >>> text = '''nn(net, [X], D, [0, 1]) :: bit(X, D).
            ...     ones([], 0). ones([X|Xs], N) :- bit(X, B), ones(Xs, M), N is M + B.'''
            >>> model = Model(Neural(nn.Linear(3, 2), 2), Program.parse(text))
            >>> a, b, c = torch.rand(3, 3)
            >>> batch = collate([Sample({"a": a}, "ones([a], N)", 1), Sample({"b": b, "c": c}, "ones([b, c], N)", 2)])
            >>> model.log_probability(batch).shape
            torch.Size([2])
        """
        if isinstance(inputs, Batch):
            return log_probability(self, inputs, impossible)
        given = [] if answers is None else answers.tolist() if isinstance(answers, Tensor) else list(answers)
        if columns := self._columns(given):
            logs = self(inputs).log_probs
            if len(logs) == len(columns):
                return logs.gather(1, torch.tensor(columns, device=logs.device)[:, None])[:, 0]
        return log_probability(self, stacked(cast(Any, inputs), given), impossible)

    def _columns(self, answers: Sequence[Any]) -> list[int]:
        """The columns of answers that are plain numbers and texts, the common case; none if others are among them."""
        if (self.query is None and not self.program.queries) or not {type(one) for one in answers} <= {int, str}:
            return []
        columns = prepare_query(self.program, self.query, self.limits).columns
        return [columns[one] for one in answers] if all(one in columns for one in answers) else []

    def most_likely(self, batch: Batch) -> list[Value | bool | None]:
        """The most probable answer of each sample of a batch; true or false of a query without variables.

        Args:
            batch: Of :func:`neurosym.collate`; the answers of its samples are not looked at.

        Raises:
            InputError, QueryError: as for a call.

        Example:
            >>> import torch
            >>> from neurosym import Neural, Program, Sample, collate
            >>> text = "nn(net, [X], D, [0, 1]) :: bit(X, D). twice(X, N) :- bit(X, B), N is 2 * B."
            >>> model = Model(Neural(nn.Identity(), 2), Program.parse(text))
            >>> a, b = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
            >>> model.most_likely(collate([Sample({"a": a}, "twice(a, N)"), Sample({"b": b}, "twice(b, N)")]))
            [0, 2]
        """
        return most_likely(self, batch)


def check_model(found: object) -> Model:
    """A model as what it is.

    Raises:
        ModelTypeError: if it is none.
    """
    if isinstance(found, Model):
        return found
    raise ModelTypeError(f"a {type(found).__name__} is no model; give a Model(network, program, query)")


def shorten(text: str, longest: int = 60) -> str:
    """A text that fits into a line."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _quoted(query: str | None) -> str:
    return f"'{query}'" if query is not None else "the program's queries"
