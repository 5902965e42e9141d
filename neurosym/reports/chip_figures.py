"""Figures of chips as SVG text: which neuron lies on which core, and how often it fires."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from .figures import FAINT, drawn_alike, to_svg

_MOST_CORES = 24  # that are drawn


def core_map(rates: ArrayLike, a_core: int) -> str:
    """Neurons as pixels on cores that are filled one after the other.

    Args:
        rates: ``[N]`` spikes a step of each neuron, from 0 to 1.
        a_core: Neurons that a core holds.
    """
    values = np.asarray(rates, dtype=float)
    cores = max(1, -(-len(values) // a_core))
    shown = min(cores, _MOST_CORES)
    side = int(np.ceil(np.sqrt(a_core)))
    columns = min(shown, 6)
    lines = -(-shown // columns)
    with drawn_alike():
        figure = Figure(figsize=(1.5 * columns + 0.6, 1.7 * lines), layout="constrained")
        grid = np.atleast_1d(figure.subplots(lines, columns, squeeze=False)).ravel()
        for number, axes in enumerate(grid):
            axes.set_xticks([])
            axes.set_yticks([])
            if number >= shown:
                axes.set_axis_off()
                continue
            part = values[number * a_core : (number + 1) * a_core]
            cells = np.full(side * side, np.nan)
            cells[: len(part)] = part
            axes.imshow(cells.reshape(side, side), cmap="Blues", vmin=-0.15, vmax=1, interpolation="nearest")
            axes.spines[:].set(visible=True, color=FAINT)
            more = f" of {cores:,}" if number == shown - 1 and cores > shown else ""
            axes.set_title(f"core {number}{more}: {len(part):,}", fontsize=7)
        return to_svg(figure)
