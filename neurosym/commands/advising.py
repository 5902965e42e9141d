"""advise: which family of training for which purpose, by figures that were measured and no older than the code."""

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from logic import NeurosymError

from ..terminal import say, say_json
from .conventions.ending import plain_errors
from .conventions.options import AsJson

MATRIX = Path(__file__).with_name("decision_matrix.json")
_ROOT = Path(__file__).parent.parent.parent
MEASURED = {
    "perception/conversion/units.py": ("IntegrateAndFire",),
    "perception/conversion/statistics.py": ("Statistics", "_Recorder"),
    "perception/neurons/leaky.py": ("LeakyIntegrateAndFire",),
    "perception/neurons/surrogates.py": ("arctan",),
    "perception/plasticity/competition.py": ("CompetitiveRule", "competitive_step"),
}
"""The definitions that the figures hang on, by file: neurons, what thresholds come from, surrogate, plasticity."""

FAMILIES = {
    "surrogate": "train spiking neurons by surrogate gradient",
    "relu+group": "train with ReLU and convert to group neurons (method 'group', graded spikes of 3 bits, one step)",
    "qcfs+group": "train with QCFS and convert to group neurons (method 'group', graded spikes of 3 bits, one step)",
    "qcfs+if": "train with QCFS and convert to binary neurons (method 'qcfs')",
    "stdp": "let STDP find the first weights, then train by surrogate gradient",
}
"""The families in words, the simplest first."""
SHORT = {
    "surrogate": "surrogate gradient", "relu+group": "ReLU to group neurons", "qcfs+group": "QCFS to group neurons",
    "qcfs+if": "QCFS to binary neurons", "stdp": "STDP first",
}  # fmt: skip
PURPOSES = {
    "still": "still pictures and nothing trained yet",
    "trained": "a trained analog network at hand",
    "temporal": "inputs whose order in time matters",
    "chip": "layers that go on learning where they run (only STDP learns from what a synapse sees itself)",
}
SURVEY = "Aribe, Spiking Neural Networks: The Future of Brain-Inspired Computing, arXiv 2510.27379, 2025"
CAVEAT = "Not measured for your data: small networks and pictures; measure on your own before you rely on it."


def measured_code() -> str:
    """A hash of the definitions of :data:`MEASURED`, comments and docstrings apart."""
    text = list[str]()
    for file, names in MEASURED.items():
        source = (_ROOT / file).read_text(encoding="utf-8")
        lines = source.splitlines()
        found = {one.name: one for one in ast.parse(source).body if isinstance(one, ast.ClassDef | ast.FunctionDef)}
        for name in names:
            text.append(f"{file} {name}")
            text.extend(_code(found[name], lines) if name in found else ["is gone"])
    return hashlib.sha256("\n".join(text).encode()).hexdigest()


def _code(definition: ast.AST, lines: list[str]) -> list[str]:
    """Its lines without docstrings, comments and empty lines."""
    left_out = set[int]()
    for one in ast.walk(definition):
        body = getattr(one, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            left_out.update(range(first.lineno, (first.end_lineno or 0) + 1))
    kept = range(getattr(definition, "lineno", 1), getattr(definition, "end_lineno", 0) + 1)
    code = (lines[number - 1].rstrip() for number in kept if number not in left_out)
    return [line for line in code if line and not line.lstrip().startswith("#")]


class AdviceError(NeurosymError, ValueError):
    """Figures that are missing, damaged or older than the code."""


@dataclass(frozen=True)
class Advice:
    """What is advised and why.

    Args:
        purpose: What for.
        choice: The family, in words.
        figures: The two figures that decided, each with its interval.
        contradicted: Claims of a survey that these figures contradict.
        made: When, where and on what the figures were measured.
    """

    purpose: str
    choice: str
    figures: tuple[str, str]
    contradicted: tuple[str, ...]
    made: Mapping[str, Any]

    def __str__(self) -> str:
        made = self.made
        lines = [
            f"For {self.purpose}: {self.choice}.",
            *(f"{number}. {figure}" for number, figure in enumerate(self.figures, 1)),
            f"Measured {made['date']} on {made['machine']}; {made['seeds']} seeds, 95 % intervals over them; "
            f"{made['architecture']}; {made['data']}.",
            *(f"A survey says otherwise: {claim}" for claim in self.contradicted),
            CAVEAT,
        ]
        return "\n".join(lines)


def read_matrix(path: Path = MATRIX) -> Mapping[str, Any]:
    """The measured matrix.

    Raises:
        AdviceError: if it is missing or damaged, or the code that it hangs on has changed since.
    """
    again = "measure again by: python -m tasks.conversion.decision_matrix"
    try:
        matrix = json.loads(path.read_text(encoding="utf-8"))
        made, code, _ = matrix["made"], matrix["code"], matrix["criteria"]["accuracy_long"]
    except FileNotFoundError:
        raise AdviceError(f"{path}: there are no figures to advise by; {again}") from None
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise AdviceError(f"{path}: holds no figures to advise by ({fault}); {again}") from None
    if code != measured_code():
        raise AdviceError(
            f"{path}: the figures are of {made['date']} and older than the code, in which neurons, thresholds or "
            f"plasticity have changed since; {again}"
        )
    return matrix


def advise(matrix: Mapping[str, Any], purpose: str = "still") -> Advice:
    """What the figures say for a purpose.

    Args:
        matrix: From :func:`read_matrix`.
        purpose: ``still``: pictures, nothing trained yet; ``trained``: a trained analog network is at hand;
            ``temporal``: the order of what is seen matters; ``chip``: layers go on learning where they run.
    """
    criteria = matrix["criteria"]
    if purpose == "still":
        chosen, last = _by_turns(criteria, ("accuracy_long", "steps", "energy"))
        shown = "accuracy_long", last
    elif purpose == "trained":
        chosen, shown = "relu+group", ("conversion", "accuracy_long")
    elif purpose == "temporal":
        cells = criteria["order"]["cells"]
        chosen, shown = max(cells, key=lambda name: cells[name]["mean"]), ("order", "events")
    else:
        chosen, shown = "stdp", ("accuracy_long", "energy")
    first, second = (_figure(criteria[name], chosen) for name in shown)
    return Advice(PURPOSES[purpose], FAMILIES[chosen], (first, second), tuple(_contradicted(criteria)), matrix["made"])


def _by_turns(criteria: Mapping[str, Any], names: Sequence[str]) -> tuple[str, str]:
    """The simplest family of those that no criterion, each in its turn, shows to be behind the best.

    Returns:
        The family, and the last criterion after the first that left one out.
    """
    left, last = list(FAMILIES), names[1]
    for name in names:
        cells, sign = criteria[name]["cells"], 1 if criteria[name]["better"] == "higher" else -1
        reached = [one for one in left if "mean" in cells.get(one, {})]
        best = max(reached, key=lambda one: sign * cells[one]["mean"])
        near = [
            one
            for one in reached
            if cells[one]["low"] <= cells[best]["high"] and cells[one]["high"] >= cells[best]["low"]
        ]
        last = name if len(near) < len(left) and name != names[0] else last
        left = near
    return left[0], last


def _figure(criterion: Mapping[str, Any], chosen: str) -> str:
    """A figure of a family with its interval, and what the others have."""

    def said(cell: Mapping[str, Any]) -> str:
        if "mean" not in cell:
            return "not reached"
        spread = "" if cell["low"] == cell["high"] else f" ({cell['low']:.4g} to {cell['high']:.4g})"
        return f"{cell['mean']:.4g}{spread}"

    cells = criterion["cells"]
    others = "; ".join(f"{SHORT[name]} {said(cell)}" for name, cell in cells.items() if name != chosen)
    figure = f"{criterion['about']}, in {criterion['unit']}: {said(cells[chosen])}; {others}"
    if against := cells[chosen].get("against"):
        figure += (
            f". Paired difference to the surrogate gradient {against['mean']:+.3g} ({against['low']:+.3g} to "
            f"{against['high']:+.3g}): {against['verdict']}"
        )
    return figure + "."


def _contradicted(criteria: Mapping[str, Any]) -> Iterator[str]:
    """Claims of a survey that intervals contradict."""
    steps, energy = criteria["steps"]["cells"], criteria["energy"]["cells"]
    group, trained = steps["relu+group"], steps["surrogate"]
    if group["high"] <= trained["low"]:
        yield (
            f"converted networks need longer simulation windows ({SURVEY}); here conversion to group neurons answers "
            f"at step {group['mean']:.2g}, the surrogate gradient at step {trained['mean']:.2g}"
        )
    lowest, plastic = min(energy, key=lambda name: energy[name]["mean"]), energy["stdp"]
    if energy[lowest]["high"] < plastic["low"]:
        yield (
            f"networks trained by STDP spend least energy ({SURVEY}); here {SHORT[lowest]} spends "
            f"{energy[lowest]['mean']:.3g} uJ a picture, STDP before surrogate gradient {plastic['mean']:.3g}"
        )


def advise_family(
    temporal: Annotated[bool, typer.Option("--temporal", help="The order of what is seen matters.")] = False,
    trained: Annotated[bool, typer.Option("--trained", help="A trained analog network is at hand.")] = False,
    chip: Annotated[bool, typer.Option("--on-chip", help="Layers go on learning where they run.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say which way to a spiking network to take, by the two measured figures that decide it."""
    with plain_errors():
        asked = [name for name, wanted in (("temporal", temporal), ("trained", trained), ("chip", chip)) if wanted]
        if len(asked) > 1:
            raise AdviceError("--temporal, --trained and --on-chip are different purposes; ask for one at a time")
        found = advise(read_matrix(), asked[0] if asked else "still")
        if as_json:
            say_json({**asdict(found), "caveat": CAVEAT})
        else:
            say(str(found))
