"""Saved models: perceptions, rules and query in one safetensors file; never pickle."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from torch import nn

from logic import Domain
from logic.errors import DomainError
from perception.networks.perception import Perception
from reasoner import Budget, Limits, Program

from .checkpoint import CheckpointError, Contents, first_line, load_modules, save_modules
from .model import Model, check_model


def save_model(model: Model, path: str | Path) -> None:
    """Writes the perceptions, what the program passes around, the rules and the query into one safetensors file.

    A module of your own, around which there is a :class:`perception.Neural`, is saved if its class can be called
    without arguments, or has a method ``architecture()`` that returns the arguments; layers of torch and sequences of
    them are saved as they are. What the model may spend is not written; say it anew when it is loaded.

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
        CheckpointError: if no other module of a shape can be made from what one tells; the text says what to give it.
        FileError: if it cannot be written.
    """
    check_model(model)
    domains = [{"name": domain.name, "values": list(domain.values)} for domain in model.program.domains]
    notes = {"program": model.program.text, "domains": json.dumps(domains)}
    if model.query is not None:
        notes["query"] = model.query
    if model.chances.logits:
        notes["chances"] = json.dumps({clause: logits.tolist() for clause, logits in model.chances.logits.items()})
    perceptions = {name: cast(nn.Module, one) for name, one in model.perceptions.items()}
    save_modules(Contents(perceptions, model.embeddings, notes), path)


def load_model(
    path: str | Path,
    kinds: Sequence[type[nn.Module]] = (),
    *,
    limits: Limits | None = None,
    budget: Budget | None = None,
) -> Model:
    """The model that :func:`save_model` wrote.

    Args:
        path: The file.
        kinds: Classes of your own that it may ask for; none is ever looked up by a name in a file.
        limits: As for :class:`neurosym.Model`; no file says what may be spent on it.
        budget: The same.

    Raises:
        CheckpointError: if the file is missing, damaged, holds no rules or asks for another class.
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
    contents = load_modules(path, kinds)
    notes = contents.notes
    if not {"program", "domains"} <= notes.keys():
        raise CheckpointError(
            f"{path}: holds a perception network without rules; give a model that was saved with them"
        )
    try:
        domains = tuple(Domain(**one) for one in json.loads(notes["domains"]))
    except (TypeError, ValueError, DomainError) as fault:
        raise CheckpointError(f"{path}: its domains are none ({fault}); save the model again") from None
    program = Program.parse(notes["program"], domains, str(path))
    perceptions = {name: cast(Perception, one) for name, one in contents.perceptions.items()}
    model = Model(
        perceptions, program, notes.get("query"), embeddings=contents.embeddings, limits=limits, budget=budget
    )
    try:
        learned = {
            f"logits.{clause}": torch.tensor(one) for clause, one in json.loads(notes.get("chances", "{}")).items()
        }
        model.chances.load_state_dict(learned)
    except (TypeError, ValueError, AttributeError, RuntimeError) as fault:
        raise CheckpointError(
            f"{path}: its learned probabilities are none ({first_line(fault)}); save it again"
        ) from None
    return model
