"""Figures of a search in spikes: the rails of all variables over time, with guesses, conflicts and the end."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from logic.search.recording import SearchRecord

from .figures import BLUE, GREEN, INK, ORANGE, RED, drawn_alike, to_svg

_NOT_KNOWN, _FALSE, _TRUE, _BOTH = range(4)
_COLOURS = ("#ffffff", "#cfd8e0", BLUE, RED)


def rail_raster(record: SearchRecord) -> str:
    """A line for each variable and a column for each step: which of its two rails fired.

    Above, how many variables were not known. Guesses are orange dots, conflicts red lines, the end is green.

    Args:
        record: Of a run.
    """
    true, false, first = record.true.T, record.false.T, record.first
    end = first + record.steps
    state = np.where(true & false, _BOTH, np.where(true, _TRUE, np.where(false, _FALSE, _NOT_KNOWN)))
    variables = len(state)
    edges = (first - 0.5, end - 0.5)
    with drawn_alike():
        figure = Figure(figsize=(8.4, 5.6), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 5))
        above.fill_between(np.arange(first, end), (state == _NOT_KNOWN).sum(0), step="mid", color="#9fb3c8")
        above.set_ylim(bottom=0)
        above.set_ylabel("not known")
        above.set_title(f"{variables} variables, steps {first} to {end - 1}")
        below.imshow(
            state,
            cmap=ListedColormap(_COLOURS),
            vmin=-0.5,
            vmax=3.5,
            aspect="auto",
            interpolation="nearest",
            extent=(*edges, variables - 0.5, -0.5),
        )
        guesses = [(first + step, abs(literal) - 1) for step, literal in record.guesses]
        below.plot(
            [g[0] for g in guesses], [g[1] for g in guesses], "o", color=ORANGE, markersize=4, mec="white", mew=0.6
        )
        for axes in (above, below):
            for step in record.conflicts:
                axes.axvline(first + step, color=RED, linewidth=1)
            for step in (record.solved, record.unsat):
                if step is not None:
                    axes.axvline(first + step, color=GREEN, linewidth=2)
        below.set(xlabel="step", ylabel="variable")
        words = ("not known", "false rail", "true rail", "both: a conflict")
        patches = [
            Patch(facecolor=c, edgecolor=INK, linewidth=0.4, label=w) for c, w in zip(_COLOURS, words, strict=True)
        ]
        figure.legend(handles=patches, loc="outside lower center", ncols=4, fontsize=9)
        return to_svg(figure)
