"""A saved network looks at files: what it sees in each picture or recording, and how surely."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isqrt
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from logic import NeurosymError
from perception import ConvertedNetwork, DatasetError, Preparation
from perception.datasets.layout import files_below
from perception.datasets.preparation import Fitting

from .inputs import asked_of
from .loading import Loaded, Saved, load_with_notes
from .model import Model

_TOGETHER = 64  # files that are looked at together
_SHOWN = 3  # values in a row of text

Value = int | str | tuple[Any, ...]


class PredictionError(NeurosymError, ValueError):
    """A network that cannot look at files, or files that it cannot look at; the text says why."""


@dataclass(frozen=True)
class Prediction:
    """What was seen in a file, or in the files of one sample.

    Args:
        files: Their names.
        value: The most probable class or answer; none if a file could not be read.
        probabilities: Of all, the most probable first.
        fault: Why nothing was seen.
    """

    files: tuple[str, ...]
    value: Value | None
    probabilities: dict[str, float] = field(default_factory=dict[str, float])
    fault: str = ""

    @property
    def probability(self) -> float:
        """Of the value."""
        return next(iter(self.probabilities.values()), 0.0)

    def to_json(self) -> dict[str, object]:
        """The same as JSON can say it."""
        named: dict[str, object] = {"file": self.files[0]} if len(self.files) == 1 else {"files": list(self.files)}
        if self.fault:
            return {**named, "error": self.fault}
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {**named, "value": value, "probability": self.probability, "probabilities": self.probabilities}

    def to_row(self) -> dict[str, object]:
        """The same as a row of a table."""
        others = list(self.probabilities.items())[1:_SHOWN]
        told = ", ".join(f"{value} {share:.1%}" for value, share in others if share >= 0.001)
        return {"file": ", ".join(self.files), "seen": str(self.value), "probability": f"{self.probability:.1%}",
                "otherwise": told}  # fmt: skip


class Predictor:
    """A network that looks at files as it looked at those of its training.

    Args:
        loaded: A perception, a model with one perception, or a converted network.
        name: What errors call it.
        fitting: What is done with pictures of other sizes; as in training if none.

    Raises:
        PredictionError: if it does not look at pictures or recordings.
    """

    def __init__(self, loaded: Loaded, name: str, fitting: Fitting | None = None) -> None:
        found = loaded.found
        if isinstance(found, Model) and len(found.perceptions) != 1:
            raise PredictionError(
                f"{name}: has {len(found.perceptions)} perceptions, and files do not say whose they are; call the "
                f"model in Python with inputs by name"
            )
        network: Any = found.perception if isinstance(found, Model) else found
        if not isinstance(network, nn.Module):
            raise PredictionError(
                f"{name}: holds a {type(found).__name__}, which does not look at pictures; give a file of train, "
                f"save_model or convert (.safetensors)"
            )
        self._found: Saved = found
        self._network = network
        network.eval()
        self.preparation = _preparation(network, loaded, name)
        if fitting is not None and not self.preparation.steps:
            self.preparation = self.preparation.fitted(fitting)
        self.together = _slots(found) if isinstance(found, Model) else 1
        told = loaded.notes.get("classes")
        self._classes: Sequence[Value] | None = None
        if isinstance(found, ConvertedNetwork):
            self._classes = tuple(json.loads(told)) if isinstance(told, str) else None
        elif not isinstance(found, Model):
            self._classes = cast(Any, network).domain.values

    def predict(self, files: Sequence[str | Path]) -> Iterator[Prediction]:
        """What is seen in each file, or in each group of as many files as the rules ask about.

        A file that cannot be read gets its reason and stops nothing.

        Args:
            files: Pictures or recordings.

        Raises:
            PredictionError: if their number does not fit the rules.
        """
        if len(files) % self.together:
            raise PredictionError(
                f"{len(files)} files for rules about {self.together} at a time; give a multiple of {self.together}"
            )
        groups = [tuple(files[i : i + self.together]) for i in range(0, len(files), self.together)]
        for start in range(0, len(groups), _TOGETHER):
            yield from self._look(groups[start : start + _TOGETHER])

    def _look(self, groups: Sequence[tuple[str | Path, ...]]) -> list[Prediction]:
        found: list[Prediction | None] = [None] * len(groups)
        read: list[Tensor] = []
        for place, group in enumerate(groups):
            try:
                read.append(torch.stack([self.preparation.read(file) for file in group]))
            except DatasetError as fault:
                found[place] = Prediction(tuple(map(str, group)), None, {}, str(fault))
        waiting = [place for place, one in enumerate(found) if one is None]
        if waiting:
            log_probs, values = self._log_probs(torch.stack(read))
            for place, row in zip(waiting, log_probs.exp(), strict=True):
                order = row.argsort(descending=True, stable=True).tolist()
                shares = {str(values[i]): float(row[i]) for i in order}
                found[place] = Prediction(tuple(map(str, groups[place])), values[order[0]], shares)
        return cast("list[Prediction]", found)

    @torch.no_grad()
    def _log_probs(self, samples: Tensor) -> tuple[Tensor, Sequence[Value]]:
        """Log-probabilities ``[M, K]`` of samples ``[M, N, ...]``, and what they are of."""
        if isinstance(self._found, Model):
            answers = self._found(samples)
            return answers.log_probs, cast("Sequence[Value]", answers.values)
        if isinstance(self._found, ConvertedNetwork):
            shape = self._found.sample.shape[1:]
            logits: Tensor = self._network((samples[:, 0] / 255).reshape(-1, *shape))
            return logits.log_softmax(1), self._classes or tuple(range(logits.shape[1]))
        return self._network(samples).symbols.log_probs[:, 0], self._classes or ()


def load_predictor(path: str | Path, fitting: Fitting | None = None) -> Predictor:
    """A saved network, ready to look at files.

    Raises:
        CheckpointError: if the file is missing or damaged.
        PredictionError: if it does not look at files.
    """
    return Predictor(load_with_notes(path), str(path), fitting)


def files_in(given: Sequence[Path]) -> list[Path]:
    """The files themselves, and those in folders and below that are pictures or recordings.

    Raises:
        PredictionError: if a folder holds none, or a file is not there.
    """
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = files_below(path)
            if not inside:
                raise PredictionError(f"{path}: holds no pictures or recordings; give files or another folder")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise PredictionError(f"{path}: there is no such file or folder; check the path")
    return found


def _slots(model: Model) -> int:
    asked = asked_of(model.program, model.query, model.limits)
    return max(1, *(len(one.slots) for one in asked.values()))


def _preparation(network: Any, loaded: Loaded, name: str) -> Preparation:
    """As it was kept beside the network; else from the shape that the network takes."""
    told = loaded.notes.get("preparation")
    if isinstance(told, str):
        try:
            return Preparation.from_json(json.loads(told))
        except ValueError as fault:
            raise PredictionError(f"{name}: says nothing sensible of its files ({fault}); save it again") from None
    if isinstance(network, ConvertedNetwork):
        shape = tuple(network.sample.shape[1:])
        side = isqrt(shape[0]) if len(shape) == 1 else 0
        shape = (1, side, side) if side and side**2 == shape[0] else shape
        if len(shape) == 3 and shape[0] in (1, 3):
            return Preparation(shape[0], (shape[1], shape[2]))
        raise PredictionError(f"{name}: takes inputs of shape {list(shape)}, which are no pictures; call it in Python")
    chosen = getattr(network, "preset", network)
    channels, size = getattr(chosen, "channels", 1), getattr(chosen, "size", None)
    if not isinstance(size, int):
        raise PredictionError(
            f"{name}: a {type(network).__name__} does not say what pictures it takes; call it in Python"
        )
    return Preparation(channels if channels in (1, 3) else 1, (size, size))
