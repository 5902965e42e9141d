"""The model: a perception network, a program and a query; from pictures to answers, differentiable throughout."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from torch import Tensor, nn

from logic import Domain, NeurosymError
from perception.networks.perception import Perception, PerceptionClass, check_perception
from perception.pictures.picture import check_pixels
from reasoner import Answers, Program, ProgramError, QueryError, infer
from reasoner.counting.planning import prepare_query

from .checkpoint import CheckpointError, load_perception, save_perception


class ModelTypeError(NeurosymError, TypeError):
    """Something else where a model is needed; the text says what was given."""


class Model(nn.Module):
    """Perception joined with rules: picture ``i`` of a sample is slot ``i`` of the perception's domain.

    Args:
        perception: Turns pictures into a belief; any module that keeps to
            :class:`perception.networks.perception.Perception`, such as a spiking classifier.
        program: The rules.
        query: What is asked, such as ``sum(S)``.

    Raises:
        PerceptionError: if it is no perception; the text says what makes one of it.
        ProgramError: if the rules are no program.
        QueryError: if the program never answers the query, or its rules read another domain than is perceived.

    Example:
        >>> import torch
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "sum(S)")
        >>> model
        Model(sum(S) of 19 answers, 1 clause, SpikingClassifier of 10 digit values, 80,016 weights)
        >>> model(torch.zeros(3, 2, 1, 28, 28)).log_probs.shape
        torch.Size([3, 19])
    """

    perception: Perception

    def __init__(self, perception: Perception, program: Program, query: str) -> None:
        super().__init__()
        check_perception(perception)
        if not isinstance(program, Program):  # pyright: ignore[reportUnnecessaryIsInstance] - from users
            raise ProgramError(
                f"the rules are a {type(program).__name__}; read text by Program.parse(text), a file by "
                f"Program.read(path)"
            )
        if not isinstance(query, str):  # pyright: ignore[reportUnnecessaryIsInstance] - from users
            raise QueryError(f"the query is a {type(query).__name__}; give one goal as text, such as 'sum(S)'")
        self.perception = perception
        self.program = program
        self.query = query
        grounding = prepare_query(program, query, None).grounding
        self._answers = len(grounding.answers)
        for (domain, _), stated in zip(grounding.slots, grounding.constants, strict=True):
            if stated is None and domain != perception.domain:
                raise QueryError(
                    f"'{query}' reads {_told(domain)}, but the perception sees {_told(perception.domain)}; "
                    f"give both the same domain"
                )

    def __repr__(self) -> str:
        clauses, domain = len(self.program.clauses), self.perception.domain
        weights = sum(parameter.numel() for parameter in self.parameters())
        return (
            f"Model({shorten(self.query)} of {self._answers} answers, {clauses} clause{'s' * (clauses != 1)}, "
            f"{type(self.perception).__name__} of {len(domain)} {domain.name} values, {weights:,} weights)"
        )

    def __call__(self, pictures: Tensor | NDArray[Any]) -> Answers:
        """As :meth:`forward`."""
        return super().__call__(pictures)

    def forward(self, pictures: Tensor | NDArray[Any]) -> Answers:
        """All answers with their probabilities.

        Args:
            pictures: ``[B, N, 1, H, W]``, bytes or floats from 0 to 1; an array of numpy is taken as well.

        Raises:
            PictureError: if the pictures have another shape or range.
            QueryError: if the rules ask for more slots than there are pictures.
        """
        return infer(self.program, self.query, self.perception(as_seen(pictures, self)).symbols)

    def log_probability(self, pictures: Tensor, answers: Sequence[Any]) -> Tensor:
        """Log-probability ``[B]`` of the given answers, what training makes larger.

        Args:
            pictures: ``[B, N, 1, H, W]``.
            answers: ``B`` values of the query's variable.

        Raises:
            QueryError: if a value is no answer of the query.
        """
        found = self(pictures)
        return found.log_probs.gather(1, found.indices(list(answers))[:, None])[:, 0]


def check_model(found: object) -> Model:
    """A model as what it is.

    Raises:
        ModelTypeError: if it is none.
    """
    if isinstance(found, Model):
        return found
    raise ModelTypeError(f"a {type(found).__name__} is no model; give a Model(network, program, query)")


def as_seen(pictures: Tensor | NDArray[Any], network: nn.Module) -> Tensor:
    """Pictures as a network takes them: a tensor, floats of the precision of its weights.

    Raises:
        PictureError: if they are no numbers, or floats beyond 0 to 1.
    """
    pictures = check_pixels(pictures)
    weight = next(network.parameters(), None)
    return pictures.to(weight.dtype) if pictures.is_floating_point() and weight is not None else pictures


def shorten(text: str, longest: int = 60) -> str:
    """A text that fits into a line."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _told(domain: Domain) -> str:
    shown = ", ".join(map(str, domain.values[:5])) + (", ..." if len(domain.values) > 5 else "")
    return f"the domain '{domain.name}' of {shown}"


def save_model(model: Model, path: str | Path) -> None:
    """Writes the perception network, the rules and the query into one safetensors file.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("even(X) :- digit(0, X), 0 is X mod 2.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "even(X)")
        >>> with TemporaryDirectory() as folder:
        ...     save_model(model, f"{folder}/even.safetensors")
        ...     load_model(f"{folder}/even.safetensors")
        Model(even(X) of 5 answers, 1 clause, SpikingClassifier of 10 digit values, 80,016 weights)

    Raises:
        ModelTypeError: if it is no model.
        CheckpointError: if no other of the perception's shape can be made from its ``architecture``.
        FileError: if it cannot be written.
    """
    check_model(model)
    save_perception(model.perception, path, {"program": model.program.text, "query": model.query})


def load_model(path: str | Path, kinds: Sequence[PerceptionClass] = ()) -> Model:
    """The model that :func:`save_model` wrote.

    Args:
        path: The file.
        kinds: Classes of your own that its perception may be of.

    Raises:
        CheckpointError: if the file is missing, damaged, or holds no rules.
        ProgramError: if the rules in it do not parse.

    Example:
        >>> import torch
        >>> from tempfile import TemporaryDirectory
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("even(X) :- digit(0, X), 0 is X mod 2.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "even(X)")
        >>> pictures = torch.rand(3, 1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> with TemporaryDirectory() as folder:
        ...     save_model(model, f"{folder}/even.safetensors")
        ...     again = load_model(f"{folder}/even.safetensors")
        >>> torch.equal(again(pictures).log_probs, model(pictures).log_probs)
        True
    """
    perception, settings = load_perception(path, kinds)
    if not {"program", "query"} <= settings.keys():
        raise CheckpointError(
            f"{path}: holds a perception network without rules; give a model that was saved with them"
        )
    return Model(perception, Program.parse(settings["program"], (perception.domain,), str(path)), settings["query"])
