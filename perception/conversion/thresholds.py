"""Thresholds from what calibration pictures showed: the maximum, a quantile, least squared error, an iteration."""

import math

import torch
from torch import Tensor

from .methods import Method
from .statistics import BINS, Statistics

CANDIDATES = 24
_COARSE = 4


def find_threshold(statistics: Statistics, method: Method, levels: int) -> Tensor:
    """Thresholds of a layer, ``[C]`` (or ``[1]``), by the method's rule; 1 for channels that never fired.

    Args:
        statistics: Of the activation.
        method: Its rule.
        levels: Number of values that the neurons can tell apart up to the threshold.
    """
    if method.rule == "maximum":
        found = statistics.greatest
    elif method.rule == "quantile":
        found = statistics.quantile(method.quantile)
    elif method.rule == "squared-error":
        found = least_squared_error(statistics, levels)
    else:
        found = iterated(statistics)
    usable = (found > 0) & found.isfinite()
    greatest = torch.where(statistics.greatest > 0, statistics.greatest, torch.ones_like(statistics.greatest))
    return torch.where(usable, found.to(greatest), greatest)


def least_squared_error(statistics: Statistics, levels: int) -> Tensor:
    """Of 24 values from the greatest activation down, the one whose ``levels`` equal steps round with least error."""
    if statistics.counts is None:
        return statistics.greatest
    counts = statistics.counts.reshape(-1, BINS // _COARSE, _COARSE)
    weights = counts.sum(2)
    centres = (statistics.centres.reshape_as(counts) * counts).sum(2) / weights.clamp(min=1)
    best = torch.full_like(statistics.greatest, math.inf, dtype=torch.float64)
    found = statistics.greatest.clone()
    for share in range(CANDIDATES, 0, -1):
        threshold = statistics.greatest * share / CANDIDATES
        unit = (threshold / levels).double().clamp(min=1e-300)[:, None]
        rounded = unit * torch.floor(centres / unit + 0.5).clamp(0, levels)
        error = (weights * (centres - rounded).square()).sum(1)
        found = torch.where(error < best, threshold, found)
        best = torch.minimum(error, best)
    return found


def iterated(statistics: Statistics, levels: int = 64, rounds: int = 100) -> Tensor:
    """The fixed point of the threshold iteration for a rectified Gaussian of the input's mean and deviation.

    References:
        Huang et al., "Differential Coding for Training-Free ANN-to-SNN Conversion", ICML 2025.
    """
    mean = statistics.mean.double()[:, None]
    deviation = statistics.deviation.double()[:, None].clamp(min=1e-12)
    step = torch.arange(1, levels + 1, dtype=torch.float64)[None]
    threshold = deviation.clone()
    for _ in range(rounds):
        edge = ((2 * step - 1) * threshold / (2 * levels) - mean) / (math.sqrt(2) * deviation)
        error = torch.erf(edge)
        spread = (deviation / (threshold * math.sqrt(math.pi / 2))) * torch.exp(-edge.square()).mean(1, keepdim=True)
        above = mean / threshold * (1 - error.mean(1, keepdim=True)) + spread
        below = 1 - ((2 * step - 1) / levels**2 * error).sum(1, keepdim=True)
        threshold = threshold * above / below
    return threshold[:, 0]
