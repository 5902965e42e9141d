"""What a table of conversions holds: a row for a network, a method and a number of steps, kept once it is there."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from logic import NeurosymError
from logic.writing import whole_file
from neurosym.interval import wilson


class RowError(NeurosymError, ValueError):
    """A row that says too little to be compared, or a file of rows that cannot be read."""


@dataclass(frozen=True)
class Row:
    """One conversion, run for so many steps. Costs are of one picture, on average, over all steps.

    Args:
        network: Which network.
        trained: Activation it was trained with: ``relu``, ``qcfs8`` or ``gelu``.
        tool: ``neurosym`` or a rival.
        method: By which it was converted, with its options.
        alphabet: Values that a spike can have.
        steps: T.
        window: Steps that a layer waits for before it sends.
        steps_to_answer: From the picture to the answer.
        pictures: Test pictures read, the first ones.
        correct: Of them, read rightly.
        ann_correct: Of them, read rightly by the network that was converted.
        events: Spikes of any value.
        unit_spikes: Spikes of the smallest value that carry the same.
        bits: Bits that say which spikes they were.
        synaptic_operations: Events times synapses; the layer that sees the picture apart.
        energy: Joules by the project's constants.
        ann_energy: Joules of the network that was converted.
        seconds: CPU seconds of converting.
        islands: Functions left in floating point.

    Raises:
        RowError: without an alphabet, or with counts that cannot be.
    """

    network: str
    trained: str
    tool: str
    method: str
    alphabet: str
    steps: int
    window: int
    steps_to_answer: int
    pictures: int
    correct: int
    ann_correct: int
    events: float
    unit_spikes: float
    bits: float
    synaptic_operations: float
    energy: float
    ann_energy: float
    seconds: float
    islands: int = 0

    def __post_init__(self) -> None:
        if not self.alphabet:
            raise RowError(f"{self.method}, T = {self.steps}: a row must say its spikes' alphabet")
        if (
            not 0 <= self.correct <= self.pictures
            or self.steps_to_answer < self.steps
            or self.unit_spikes < self.events
        ):
            raise RowError(
                f"{self.method}, T = {self.steps}: {self.correct} of {self.pictures} right, answer after "
                f"{self.steps_to_answer} steps, {self.events:.0f} events, {self.unit_spikes:.0f} unit spikes: cannot be"
            )

    @property
    def key(self) -> tuple[str, str, str, str, int, int]:
        """What it is a row of."""
        return self.network, self.trained, self.tool, self.method, self.steps, self.pictures

    @property
    def accuracy(self) -> float:
        """Share read rightly."""
        return self.correct / self.pictures

    @property
    def loss(self) -> float:
        """Points of accuracy below the network that was converted."""
        return 100 * (self.ann_correct - self.correct) / self.pictures

    def cells(self) -> tuple[str, ...]:
        """As text, in the order of :data:`HEAD`."""
        low, high = wilson(self.correct, self.pictures)
        return (
            self.network, self.trained, self.tool, self.method, self.alphabet, f"{self.steps}", f"{self.window}",
            f"{self.steps_to_answer}", f"{self.accuracy:.2%}", f"{low:.1%} to {high:.1%}", f"{self.loss:+.2f}",
            f"{self.events:,.0f}", f"{self.unit_spikes:,.0f}", f"{self.bits:,.0f}",
            f"{self.synaptic_operations / 1e6:.3f}", f"{1e6 * self.energy:.2f}", f"{1e6 * self.ann_energy:.2f}",
            f"{self.islands}",
        )  # fmt: skip


HEAD = (
    "network", "trained with", "tool", "method", "alphabet", "T", "window", "steps to answer", "accuracy",
    "95 % interval", "points lost", "events", "unit spikes", "bits", "SOP (M)", "energy (uJ)", "ANN (uJ)", "islands",
)  # fmt: skip


def read_rows(path: Path) -> list[Row]:
    """The rows of a file; none if it is not there.

    Raises:
        RowError: if it holds something else.
    """
    if not path.is_file():
        return []
    try:
        return [Row(**line) for line in map(json.loads, path.read_text().splitlines())]
    except (TypeError, ValueError) as fault:
        raise RowError(f"{path}: holds a line that is no row ({fault}); remove the file and run again") from None


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """All rows, one JSON object a line; the file is never half-written."""
    with whole_file(path) as place:
        place.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))
