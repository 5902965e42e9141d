"""The model: a perception network, a program and a query; from pictures to answers, differentiable throughout."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from perception.networks.perception import Perception, PerceptionClass
from reasoner import Answers, Program, infer

from .checkpoint import CheckpointError, load_perception, save_perception


@dataclass(frozen=True, eq=False)
class Model:
    """Perception joined with rules: picture ``i`` of a sample is slot ``i`` of the perception's domain.

    Args:
        perception: Turns pictures into a belief; any module that keeps to
            :class:`perception.networks.perception.Perception`, such as a spiking classifier.
        program: The rules.
        query: What is asked, such as ``sum(S)``.

    Example:
        >>> import torch
        >>> from neurosym import Domain, Model, Program, SpikingClassifier
        >>> digits = SpikingClassifier(Domain("digit", range(10)), torch.Generator().manual_seed(0))
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> Model(digits, rule, "sum(S)")(torch.zeros(3, 2, 1, 28, 28)).log_probs.shape
        torch.Size([3, 19])
    """

    perception: Perception
    program: Program
    query: str

    def __call__(self, pictures: Tensor) -> Answers:
        """All answers with their probabilities.

        Args:
            pictures: ``[B, N, 1, H, W]``, bytes or floats from 0 to 1.

        Raises:
            PictureError: if the pictures have another shape.
            QueryError: if the rules ask for more slots than there are pictures.
        """
        return infer(self.program, self.query, self.perception(pictures).symbols)

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


def save_model(model: Model, path: str | Path) -> None:
    """Writes the perception network, the rules and the query into one safetensors file.

    Raises:
        CheckpointError: if no other of the perception's shape can be made from its ``architecture``.
        FileError: if it cannot be written.
    """
    save_perception(model.perception, path, {"program": model.program.text, "query": model.query})


def load_model(path: str | Path, kinds: Sequence[PerceptionClass] = ()) -> Model:
    """The model that :func:`save_model` wrote.

    Args:
        path: The file.
        kinds: Classes of your own that its perception may be of.

    Raises:
        CheckpointError: if the file is missing, damaged, or holds no rules.
        ProgramError: if the rules in it do not parse.
    """
    perception, settings = load_perception(path, kinds)
    if not {"program", "query"} <= settings.keys():
        raise CheckpointError(
            f"{path}: holds a perception network without rules; give a model that was saved with them"
        )
    return Model(perception, Program.parse(settings["program"], (perception.domain,), str(path)), settings["query"])
