"""Whatever was saved, back from its file: models, perceptions, converted networks, circuits and wired networks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import nn

from logic import Circuit, SpikingNetwork, read_design
from perception import ConvertedNetwork, load_converted
from perception.conversion.storing import read_notes
from perception.networks.perception import Perception

from .checkpoint import CheckpointError, first_line, load_perception
from .model import Model
from .saving import load_model

Saved = Model | Perception | ConvertedNetwork | SpikingNetwork | Circuit
_OURS, _CONVERTED = "neurosym", "neurosym-conversion"  # what the heads of our files say


@dataclass(frozen=True, eq=False)
class Loaded:
    """What a file holds.

    Args:
        found: The model, network or circuit.
        notes: What was kept beside it, such as how files are prepared for it.
    """

    found: Saved
    notes: Mapping[str, Any] = field(default_factory=dict[str, Any])


def load(path: str | Path, kinds: Sequence[type[nn.Module]] = ()) -> Saved:
    """Whatever was saved by ``train``, ``save_model``, ``save_converted``, ``write_nir`` or ``write_circuit``.

    Args:
        path: The file.
        kinds: Classes of your own that it may ask for; none is ever looked up by a name in a file.

    Returns:
        A :class:`neurosym.Model`, a perception, a :class:`neurosym.ConvertedNetwork`, a network or a circuit.

    Raises:
        CheckpointError: if the file is missing, damaged, or holds the course of a training instead of a network.
        NeurosymError: if a network or circuit cannot be read.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from neurosym import DIGITS, Model, Program, SpikingClassifier, save_model
        >>> rule = Program.parse("even(X) :- digit(0, X), 0 is X mod 2.")
        >>> with TemporaryDirectory() as folder:
        ...     save_model(Model(SpikingClassifier(DIGITS, 0), rule, "even(X)"), f"{folder}/even.safetensors")
        ...     load(f"{folder}/even.safetensors")
        Model(even(X) of 5 answers, 1 clause, SpikingClassifier of 10 digit values, 80,016 weights)
    """
    return load_with_notes(path, kinds).found


def load_with_notes(path: str | Path, kinds: Sequence[type[nn.Module]] = ()) -> Loaded:
    """As :func:`load`, with what was kept beside it."""
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file; check the path")
    if path.suffix != ".safetensors":
        return Loaded(read_design(path))
    head = _head(path)
    if _CONVERTED in head:
        return Loaded(load_converted(path), dict(read_notes(path).get("notes") or {}))
    if _OURS not in head:
        raise CheckpointError(
            f"{path}: holds tensors of others, which do not say of what network; make it in Python and load them by "
            f"load_state_dict, or convert it: neurosym convert {path.name} --factory module:function"
        )
    settings = _settings(path, head[_OURS])
    if settings.get("kind") == "training":
        raise CheckpointError(
            f"{path}: holds the course of a training; the network is saved where --output says when it ends; go on by "
            f"--resume, or fit(..., checkpoint=...)"
        )
    notes: Mapping[str, Any] = settings.get("notes") or {}
    if "program" in notes:
        return Loaded(load_model(path, kinds), notes)
    return Loaded(*load_perception(path, kinds))


def _head(path: Path) -> Mapping[str, str]:
    try:
        with safe_open(path, framework="pt") as file:
            opened: Any = file
            return dict(opened.metadata() or {})
    except (OSError, SafetensorError, ValueError, RuntimeError) as fault:
        raise CheckpointError(f"{path}: the file is damaged ({first_line(fault)}); get or save it again") from None


def _settings(path: Path, text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise CheckpointError(f"{path}: the file is damaged ({first_line(fault)}); get or save it again") from None
    if not isinstance(found, dict) or not isinstance(found.get("notes", {}), dict):
        raise CheckpointError(f"{path}: the file is damaged (its settings are no table); get or save it again")
    return found
