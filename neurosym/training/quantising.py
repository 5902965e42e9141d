"""Trained perceptions in whole numbers: figures of the network of integers, what rounding flips, and fine-tuning."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from logic import Domain
from perception import QuantisedPerception, integer_obstacle, preset, presets
from perception.integers import LayerCost, Rounding, compare, layer_costs

from .fit import Change, fit
from .history import History
from .labelled import Labelled

MOST_FLIPS = 0.003  # share of pictures, above which fine-tuning is worth its time


@dataclass(frozen=True)
class IntegerFigures:
    """A network of integers in figures.

    Args:
        layers: What each costs.
        steps: Steps for which a picture is shown, ``T``.
        latency: Steps until all evidence is gathered.
        rounding: What rounding changes on pictures; none where nothing is trained.
    """

    layers: list[LayerCost]
    steps: int
    latency: int
    rounding: Rounding | None

    @property
    def neurons(self) -> int:
        """Of one slot."""
        return sum(layer.neurons for layer in self.layers)

    @property
    def synapses(self) -> int:
        """Of one slot."""
        return sum(layer.synapses for layer in self.layers)

    def totals(self) -> dict[str, object]:
        """One row for the whole network."""
        membranes = [layer.membrane_bits for layer in self.layers if layer.membrane_bits is not None]
        row: dict[str, object] = {
            "neurons": self.neurons,
            "synapses": self.synapses,
            "populations": len(self.layers),
            "steps": self.steps,
            "latency": self.latency,
            "weight_bits": max(layer.weight_bits for layer in self.layers),
            "membrane_bits": max(membranes, default=None),
        }
        if self.rounding is not None:
            row |= {"pictures": self.rounding.pictures, "flips": self.rounding.flips}
            if self.rounding.right is not None:
                real, whole = self.rounding.right
                row |= {"right_in_real_numbers": real, "right_in_integers": whole}
        return row

    def rows(self) -> list[dict[str, object]]:
        """One row a layer."""
        rows: list[dict[str, object]] = []
        for layer in self.layers:
            row: dict[str, object] = asdict(layer)
            low, high = layer.thresholds
            row["thresholds"] = f"{low} .. {high}"
            if self.rounding is not None:
                row["spikes_differing"] = self.rounding.differing.get(layer.name)
                row["flips_alone"] = self.rounding.alone.get(layer.name)
            rows.append(row)
        return rows


def integer_figures(
    perception: QuantisedPerception,
    pictures: Tensor | None = None,
    labels: Sequence[int] | Tensor | None = None,
    *,
    alone: bool = False,
) -> IntegerFigures:
    """What a perception's network of integers costs, and how it differs from real numbers on pictures ``[M, ...]``.

    Args:
        perception: Quantised.
        pictures: As for :func:`perception.integers.compare`; none if only the costs are asked for.
        labels: Class numbers ``[M]``.
        alone: Whether to count the flips of each layer rounded alone.

    Example:
        >>> from perception import SpikingVision, quantise
        >>> vision = SpikingVision(3, 0, model="tiny_ms_resnet", options={"size": 8, "steps": 2})
        >>> figures = integer_figures(quantise(vision))
        >>> figures.neurons, len(figures.layers), figures.latency
        (2307, 8, 9)
    """
    graph = perception.layers.graph
    rounding = None if pictures is None else compare(perception.layers, pictures, labels, alone=alone)
    latency = graph.depths[graph.readout.name] + graph.steps - 1
    return IntegerFigures(layer_costs(perception.layers), graph.steps, latency, rounding)


def fine_tune(
    perception: QuantisedPerception,
    pictures: Tensor,
    labels: Tensor,
    *,
    epochs: int = 2,
    learning_rate: float = 1e-3,
    seed: int = 0,
    augment: Change | None = None,
    **changes: Any,
) -> History:
    """Trains a quantised perception on: what rounding broke is learned again, in whole numbers.

    Args:
        perception: Changed in place; afterwards it no longer has a network of real numbers to be compared with.
        pictures: ``[M, C, H, W]``.
        labels: Class numbers ``[M]``.
        epochs: Passes over them.
        learning_rate: Peak of the schedule.
        seed: Of the order of pictures.
        augment: As for :func:`neurosym.fit`.
        changes: More settings of :func:`neurosym.fit`.

    Example:
        >>> import torch
        >>> from perception import SpikingVision, quantise
        >>> vision = SpikingVision(3, 0, model="tiny_ms_resnet", options={"size": 8, "steps": 1})
        >>> pictures = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
        >>> fine_tune(quantise(vision, bits=4), pictures, torch.arange(6) % 3, epochs=1)  # doctest: +ELLIPSIS
        History(1 epoch, loss ...)
    """
    return fit(
        Labelled(perception), pictures, labels, epochs=epochs, learning_rate=learning_rate, seed=seed, augment=augment,
        **changes,
    )  # fmt: skip


def integer_table() -> list[dict[str, object]]:
    """For each preset whether its networks have an integer form, and the first layer without one if not."""
    rows: list[dict[str, object]] = []
    for name, chosen in presets().items():
        reason = integer_obstacle(chosen)
        rows.append({"model": name, "integers": reason is None, "first_layer_without": reason})
    return rows


def preset_in_integers(model: str, bits: int | str, steps: int | None = None) -> QuantisedPerception:
    """A preset with fresh weights in whole numbers, to see what it costs.

    Raises:
        IntegerFormError: if a layer has no integer form.
    """
    options = {} if steps is None else {"steps": steps}
    domain = Domain("value", range(preset(model).classes))
    return QuantisedPerception(domain, 0, architecture={"model": model, "options": options}, bits=bits)
