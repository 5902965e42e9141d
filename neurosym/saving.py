"""Saved models: perceptions, rules and query in one safetensors file; never pickle."""

from collections.abc import Sequence
from pathlib import Path

from perception.networks.perception import PerceptionClass
from reasoner import Program

from .checkpoint import CheckpointError, load_perception, save_perception
from .model import Model, check_model


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
    save_perception(model.perception, path, {"program": model.program.text, "query": model.goal()})


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
