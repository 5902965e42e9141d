"""A trained network converted, measured and proved: what the command ``convert`` reports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from logic import Verdict, write_nir
from perception import Dataset
from perception.conversion import CONVERSION_METHODS, ConversionError, ConvertedLayer, ConvertedNetwork, convert
from perception.conversion.storing import save_converted
from perception.proved_conversion import LevelPerception, level_perception
from perception.proved_conversion.level_reading import PROVED_CODES

DEMONSTRATED = (("group", 1), ("two-phase", 8), ("ttfs", 8))
"""The methods and steps of the demonstration: two twins, three alphabets."""
_TOGETHER = 500  # pictures


@dataclass(frozen=True, eq=False)
class ConversionReport:
    """What became of a network.

    Args:
        model: Its name.
        converted: The spiking network.
        pictures: On which accuracy was measured.
        analog_right: Of these, how many the network read right before.
        spiking_right: And how many after.
        integer: In whole numbers, if that was asked for.
        integer_right: How many it read right so.
        verdict: Whether its wired spiking network computes its logits for every picture.
    """

    model: str
    converted: ConvertedNetwork
    pictures: int
    analog_right: int
    spiking_right: int
    integer: LevelPerception | None = None
    integer_right: int | None = None
    verdict: Verdict | None = None

    @property
    def layers(self) -> tuple[ConvertedLayer, ...]:
        """What became of each layer."""
        return self.converted.layers

    def totals(self) -> dict[str, object]:
        """One row of figures."""
        found = self.converted
        row: dict[str, object] = {
            "model": self.model,
            "method": found.method.name,
            "steps": found.steps,
            "steps_to_answer": found.steps_to_answer,
            "alphabet": found.alphabet,
            "pictures": self.pictures,
            "ann_accuracy": self.analog_right / self.pictures,
            "snn_accuracy": self.spiking_right / self.pictures,
        }
        if self.integer_right is not None:
            row["integer_accuracy"] = self.integer_right / self.pictures
        if self.verdict is not None:
            row["proof"] = self.verdict.word
        return row

    def rows(self) -> list[dict[str, object]]:
        """A row for each layer; of thresholds for each channel the least and the greatest."""
        return [
            {
                "model": self.model,
                "layer": layer.name,
                "line": layer.source_line,
                "threshold": _span(layer.threshold),
                "clipped_share": layer.clipped_share,
                "dead_share": layer.dead_share,
                "error": layer.error,
                "alphabet": layer.alphabet,
                "neuron": layer.neuron,
            }
            for layer in self.layers
        ]

    def write(self, path: Path, notes: Mapping[str, str] | None = None) -> None:
        """Writes the converted network (``.safetensors``), or the wired one (``.nir``).

        Args:
            path: The file.
            notes: What shall be kept beside it, such as its classes and how files are prepared for it.

        Raises:
            NetworkError: if NIR cannot carry it.
            FileError: if it cannot be written.
        """
        if path.suffix == ".nir" and self.integer is not None:
            write_nir(self.integer.to_network(), path)
            return
        figures = {name: str(value) for name, value in self.totals().items() if name.endswith("accuracy")}
        save_converted(
            self.converted, path, {"model": self.model, "pictures": str(self.pictures), **figures, **(notes or {})}
        )

    def to_json(self) -> dict[str, object]:
        """All of it, as JSON can say it."""
        found: dict[str, object] = {
            **self.totals(),
            "window": self.converted.window,
            "islands": list(self.converted.islands),
            "layers": [asdict(layer) for layer in self.layers],
        }
        if self.verdict is not None:
            found["proof"] = {"word": self.verdict.word, **asdict(self.verdict)}
        return found


def report_conversion(
    model: str,
    network: nn.Module,
    calibration: Tensor,
    held: Dataset,
    *,
    method: str,
    steps: int,
    prove: bool = False,
    **settings: Any,
) -> ConversionReport:
    """Converts a network and measures what became of it.

    Args:
        model: What it is called.
        network: Takes pictures of brightness from 0 to 1.
        calibration: Pictures ``[N, C, H, W]``, bytes.
        held: Labelled pictures that neither training nor calibration has seen.
        method: A name of ``CONVERSION_METHODS``.
        steps: T.
        prove: Whether to take it into whole numbers and to prove its wired spiking network.
        settings: As for :func:`perception.convert`.

    Raises:
        ConversionError: if it cannot be converted, or there is no proof for the method.
    """
    if prove and method not in PROVED_CODES:
        raise ConversionError(
            f"what method '{method}' sends depends on the order of spikes, so that it cannot be proved; "
            f"use {', '.join(PROVED_CODES)}"
        )
    converted = convert(network, _bright(calibration), method, steps=steps, **settings)
    values = _values(converted, held)

    def before(part: Tensor) -> Tensor:
        return _single(converted.analog(_bright(part)))

    def after(part: Tensor) -> Tensor:
        return _single(converted(_bright(part)))

    analog, spiking = _right(held, before), _right(held, after)
    if not prove:
        return ConversionReport(model, converted, len(held.labels), analog, spiking)
    integer = level_perception(converted, values)

    def whole(part: Tensor) -> Tensor:
        return integer.evidence(part[:, None])

    right = _right(held, whole)
    verdict = integer.prove(examples=held.pictures[:64])
    return ConversionReport(model, converted, len(held.labels), analog, spiking, integer, right, verdict)


def default_steps(method: str) -> int:
    """The steps of a method where none are given: one for group neurons, else eight.

    Example:
        >>> default_steps("group"), default_steps("two-phase")
        (1, 8)
    """
    return 1 if method == "group" else 8


def method_names() -> Sequence[str]:
    """The methods that there are."""
    return tuple(CONVERSION_METHODS)


def _bright(pictures: Tensor) -> Tensor:
    return pictures / 255 if pictures.dtype == torch.uint8 else pictures


def _single(found: Tensor | tuple[Tensor, ...]) -> Tensor:
    if isinstance(found, Tensor) and found.ndim == 2:
        return found
    raise ConversionError("the network does not return one row of logits a picture; accuracy cannot be measured")


def _values(converted: ConvertedNetwork, held: Dataset) -> int:
    """How many values the outputs tell apart."""
    values = _single(converted.analog(_bright(held.pictures[:2]))).shape[1]
    if int(held.labels.max()) >= values:
        raise ConversionError(f"the data have {int(held.labels.max()) + 1} classes, the network tells {values} apart")
    return values


def _right(held: Dataset, read: Callable[[Tensor], Tensor]) -> int:
    """How many pictures are read as their labels."""
    with torch.no_grad():
        found = torch.cat([read(part).argmax(1) for part in held.pictures.split(_TOGETHER)])
    return int((found == held.labels).sum())


def _span(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.4g}" if low == high else f"{low:.4g} .. {high:.4g}"
