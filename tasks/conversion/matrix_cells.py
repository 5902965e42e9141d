"""From single runs to the cells of the decision matrix: means, intervals, paired differences, McNemar's test."""

from collections.abc import Callable, Mapping, Sequence
from math import erfc, sqrt
from statistics import fmean, stdev
from typing import Any

COLUMNS = ("surrogate", "relu+group", "qcfs+group", "qcfs+if", "stdp")
"""Families by how they are read: trained as spiking; converted from ReLU or QCFS to group or binary neurons; STDP."""
REFERENCE = "surrogate"
FAMILY = {"surrogate": "surrogate", "relu+group": "conversion", "qcfs+group": "conversion-qcfs",
          "qcfs+if": "conversion-qcfs", "stdp": "stdp"}  # fmt: skip
NEAR_BEST = 0.005  # of accuracy: steps are enough when no more than this is lost
POOR = 0.9
SENSITIVE = 0.005
_T975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)  # Student's t, 1 to 9 degrees of freedom

Run = Mapping[str, Any]
Measure = Callable[[Run, Mapping[str, Any]], float | None]


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and the ends of its 95 % t interval.

    Example:
        >>> [round(end, 3) for end in interval([1.0, 2.0, 3.0])]
        [2.0, -0.484, 4.484]
    """
    mean = fmean(values)
    if len(values) < 2:
        return mean, mean, mean
    half = _T975[min(len(values), len(_T975) + 1) - 2] * stdev(values) / sqrt(len(values))
    return mean, mean - half, mean + half


def verdict(low: float, high: float, better: str) -> str:
    """What an interval of differences says: ``better``, ``worse`` or ``no difference seen``."""
    if low <= 0 <= high:
        return "no difference seen"
    return "better" if (low > 0) == (better == "higher") else "worse"


def mcnemar(wrong: Sequence[tuple[set[int], set[int]]]) -> float:
    """Two-sided p of McNemar's test with continuity correction, over pooled pairs of sets of wrong pictures."""
    mine = sum(len(ours - theirs) for ours, theirs in wrong)
    other = sum(len(theirs - ours) for ours, theirs in wrong)
    if mine == other:
        return 1.0
    return erfc(max(0.0, abs(mine - other) - 1) / sqrt(mine + other) / sqrt(2))


def _accuracy(_: Run, column: Mapping[str, Any]) -> float:
    return 100 * column["accuracy"][str(column["compared"])]


def _enough_steps(column: Mapping[str, Any]) -> str:
    best = max(column["accuracy"].values())
    return min((key for key, value in column["accuracy"].items() if value >= best - NEAR_BEST), key=int)


def _binary_share(_: Run, column: Mapping[str, Any]) -> float:
    costs = column["costs"]
    if costs["unit_spikes"] > costs["events"] or costs["bits"] > costs["events"]:
        return 0.0
    rest = costs["energy"] - 0.9e-12 * costs["synaptic_operations"]
    return 100 * costs["synaptic_operations"] / (costs["synaptic_operations"] + rest / 4.6e-12)


def to_criteria(found: Sequence[Run], budgets: tuple[float, float]) -> dict[str, Any]:
    """The criteria, each with a cell for every column that it was measured for.

    Args:
        found: All single runs.
        budgets: CPU seconds, small and large.
    """
    short, long = budgets
    rows: list[tuple[str, str, str, str, str, float, Measure]] = [
        ("accuracy_short", f"test accuracy after {short:g} CPU s", "%", "higher", "still", short, _accuracy),
        ("accuracy_long", f"test accuracy after {long:g} CPU s", "%", "higher", "still", long, _accuracy),
        ("steps", "least steps to answer within 0.5 points of its own best", "steps", "lower", "still", long,
         lambda _, c: float(_enough_steps(c))),
        ("milliseconds", "CPU ms a picture at those steps", "ms", "lower", "still", long,
         lambda _, c: c["milliseconds"][_enough_steps(c)]),
        ("training", "CPU s until 97 % of held-out pictures are read", "s", "lower", "still", long,
         lambda run, _: run["reached"]),
        ("memory", "growth of memory in training", "MiB", "lower", "still", long, lambda run, _: run["peak_mib"]),
        ("conversion", "CPU s of conversion after training", "s", "lower", "still", long,
         lambda _, c: c["seconds_to_convert"]),
        ("order", "which of two digits came first, test accuracy", "%", "higher", "order", 0, _accuracy),
        ("events", "N-MNIST-small, accuracy on 100 recordings (+-6 points by chance alone)", "%", "higher", "events", 0,
         _accuracy),
        ("operations", "synaptic operations a picture", "thousand", "lower", "still", long,
         lambda _, c: c["costs"]["synaptic_operations"] / 1e3),
        ("energy", "estimated energy a picture", "uJ", "lower", "still", long, lambda _, c: 1e6 * c["costs"]["energy"]),
        ("bits", "bits a spike", "bits", "lower", "still", long,
         lambda _, c: c["costs"]["bits"] / max(1e-9, c["costs"]["events"])),
        ("binary", "share of synaptic work that is +-1 additions", "%", "higher", "still", long, _binary_share),
        ("flips", "answers that weights of 8 bits change", "%", "lower", "still", long, lambda _, c: 100 * c["flips"]),
    ]  # fmt: skip
    criteria = {
        name: {"about": about, "unit": unit, "better": better, "cells": _cells(found, task, budget, better, measure)}
        for name, about, unit, better, task, budget, measure in rows
    }
    criteria["failing"], criteria["sensitive"] = _complexity(found, short)
    return criteria


def _cells(found: Sequence[Run], task: str, budget: float, better: str, measure: Measure) -> dict[str, Any]:
    """A cell for each column; budget 0 stands for the only one of a task."""
    chosen = [run for run in found if run["task"] == task and budget in (0, run["budget"])]
    values: dict[str, dict[int, float]] = {}
    wrong: dict[str, dict[int, set[int]]] = {}
    runs: dict[str, int] = {}
    for run in chosen:
        for column, figures in run["columns"].items():
            runs[column] = runs.get(column, 0) + 1
            value = measure(run, figures)
            if value is not None:
                values.setdefault(column, {})[run["seed"]] = value
            wrong.setdefault(column, {})[run["seed"]] = set(figures.get("wrong", ()))
    cells: dict[str, Any] = {}
    for column in (one for one in COLUMNS if one in runs):
        own = values.get(column, {})
        if not own:
            cells[column] = {"of": runs[column], "seeds": 0}
            continue
        mean, low, high = interval(list(own.values()))
        cells[column] = {"mean": mean, "low": low, "high": high, "seeds": len(own), "of": runs[column]}
        shared = sorted(set(own) & set(values.get(REFERENCE, {})))
        if column != REFERENCE and len(shared) > 1:
            mean, low, high = interval([own[seed] - values[REFERENCE][seed] for seed in shared])
            cells[column]["against"] = {"mean": mean, "low": low, "high": high, "verdict": verdict(low, high, better)}
            if measure is _accuracy:
                pairs = [(wrong[column][seed], wrong[REFERENCE][seed]) for seed in shared]
                cells[column]["against"]["mcnemar_p"] = mcnemar(pairs)
    return cells


def _complexity(found: Sequence[Run], short: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Runs that fail, and hyper-parameters that matter, when each is halved and doubled; one seed each."""
    failing: dict[str, Any] = {}
    sensitive: dict[str, Any] = {}
    for column in ("surrogate", "relu+group", "stdp"):
        runs = [run for run in found if run["task"] == "complexity" and run["family"] == FAMILY[column]]
        still = [run for run in found if run["task"] == "still" and run["budget"] == short]
        plain = [run for run in still if run["family"] == FAMILY[column]]
        if not runs or not plain:
            continue
        base = fmean(_accuracy(run, run["columns"][column]) / 100 for run in plain)
        reached = [(run["change"][0], _accuracy(run, run["columns"][column]) / 100) for run in runs]
        for run in plain:
            variants = run["variants"]
            own = variants.get("levels x 1")
            reached += [(key.split(" ")[0], base + value - own) for key, value in variants.items() if own is not None]
        names = {name for name, value in reached if value < base - SENSITIVE}
        count = len({name for name, _ in reached})
        poor = sum(value < POOR for _, value in reached)
        failing[column] = {"mean": 100 * poor / len(reached), "seeds": 1, "of": len(reached)}
        sensitive[column] = {"mean": float(len(names)), "seeds": 1, "of": count, "names": sorted(names)}
    about = "when each hyper-parameter is halved and doubled"
    return (
        {"about": f"share of runs below 90 % {about}", "unit": "%", "better": "lower", "cells": failing},
        {"about": f"hyper-parameters that cost more than 0.5 points {about}", "unit": "of them", "better": "lower",
         "cells": sensitive},
    )  # fmt: skip
