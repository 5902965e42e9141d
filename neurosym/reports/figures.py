"""Figures of a run as SVG text: curves, counts, spikes and races, in colours that colour-blind readers can tell apart.

Colours are those of Okabe and Ito (2008), "Color universal design". Nothing here touches matplotlib's global state
for longer than a call, and the same numbers give the same bytes.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from io import StringIO
from itertools import pairwise

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from ..interval import wilson

BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
INK, SOFT, FAINT = "#1f2933", "#52606d", "#c3cad1"
_ON_PAPER = "#1f2934"  # on cells that are light on dark pages too
_OF_THE_PAGE = {INK: "currentColor", SOFT: "var(--soft, #52606d)", FAINT: "var(--line, #c3cad1)"}
"""Colours of lines and text, as a page says them: light or dark."""
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)

_STYLE: dict[str, object] = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.8,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text: it can be found, read aloud, and is drawn in the page's own way
    "svg.hashsalt": "neurosym",  # the same figure twice is the same text twice
}
drawn_alike = partial(matplotlib.rc_context, _STYLE)  # pyright: ignore[reportArgumentType] - keys are checked at run time


def to_svg(figure: Figure) -> str:
    """A figure as SVG text, the same bytes for the same numbers."""
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None}, dpi=160, transparent=True)
    drawn = re.sub(r"<style.*?</style>", "", text.getvalue(), flags=re.DOTALL)  # which would hold for the whole page
    drawn = drawn.replace("<svg ", '<svg stroke-linejoin="round" ', 1)
    for colour, name in _OF_THE_PAGE.items():
        drawn = drawn.replace(colour, name)
    return drawn


def _percent(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _picture(axes: Axes, pixels: ArrayLike) -> None:
    axes.imshow(np.asarray(pixels), cmap="gray_r", interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set(visible=True, color=FAINT)


def learning_curve(
    accuracy: Mapping[str, Sequence[float]],
    loss: Mapping[str, Sequence[float]],
    target: float | None = None,
    samples: int = 0,
) -> str:
    """Accuracy and loss after each epoch, a line for each network.

    Args:
        accuracy: Name of the network to its accuracies, from 0 to 1, from epoch 1 on.
        loss: Name of the network to its losses, from epoch 1 on.
        target: The accuracy to be reached, drawn as a dashed line.
        samples: On how many the accuracies were measured: their 95 % intervals (Wilson) are shaded; 0 for none.
    """
    with drawn_alike():
        figure = Figure(figsize=(8.4, 3.1), layout="constrained")
        left, right = figure.subplots(1, 2)
        for axes, curves in ((left, accuracy), (right, loss)):
            for (name, values), colour, mark in zip(curves.items(), CYCLE, "osD^vP", strict=False):
                epochs = np.arange(1, len(values) + 1)
                axes.plot(epochs, values, color=colour, marker=mark, markersize=4, linewidth=1.8, label=name)
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            axes.grid(axis="y", color=FAINT, linewidth=0.6)
        if samples:
            for (_, values), colour in zip(accuracy.items(), CYCLE, strict=False):
                bounds = np.array([wilson(round(value * samples), samples) for value in values])
                left.fill_between(np.arange(1, len(values) + 1), *bounds.T, color=colour, alpha=0.18, linewidth=0)
        if target is not None:
            left.axhline(target, color=INK, linewidth=1, linestyle=(0, (4, 3)), label=f"target {target:.1%}")
        left.set_title("Accuracy on held-out pictures")
        _percent(left)
        left.legend(loc="lower right")
        right.set_title("Loss in training")
        right.set_ylim(bottom=0)
        return to_svg(figure)


def confusion_matrix(counts: ArrayLike, labels: Sequence[str]) -> str:
    """What was seen for each true value.

    Args:
        counts: ``[K, K]`` numbers of pictures, rows true, columns seen.
        labels: ``K`` names.
    """
    table = np.asarray(counts)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    with drawn_alike():
        figure = Figure(figsize=(4.6, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(table):
            if count:
                light = share[row, column] > 0.5
                axes.text(
                    column, row, str(count), ha="center", va="center", fontsize=8, color="white" if light else _ON_PAPER
                )
        axes.set_xticks(range(len(labels)), labels)
        axes.set_yticks(range(len(labels)), labels)
        axes.set(xlabel="seen", ylabel="true")
        axes.set_title("Pictures by true and seen value")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        return to_svg(figure)


def spike_raster(picture: ArrayLike, spikes: Mapping[str, ArrayLike]) -> str:
    """Which neuron fired when, layer under layer, for one picture: a dash at height ``n`` is a spike of neuron ``n``.

    Args:
        picture: ``[H, W]``, from 0 (paper) to 1 (ink).
        spikes: Name of the layer to its ``[T, ...]`` zeros and ones, in the order of the data flow.
    """
    trains = {name: np.asarray(train).reshape(len(np.asarray(train)), -1) > 0 for name, train in spikes.items()}
    with drawn_alike():
        figure = Figure(figsize=(8.4, 1.0 + 1.05 * max(2, len(trains))), layout="constrained")
        grid = figure.add_gridspec(len(trains), 2, width_ratios=(1, 4))
        shown = figure.add_subplot(grid[:, 0])
        _picture(shown, picture)
        shown.set_title("the picture", fontweight="normal")
        first: Axes | None = None
        for row, ((name, train), colour) in enumerate(zip(trains.items(), CYCLE * len(trains), strict=False)):
            axes = first = figure.add_subplot(grid[row, 1], sharex=first)
            steps, neurons = np.nonzero(train)
            thick = float(np.clip(45 / train.shape[1], 0.25, 3.5))  # points; a panel is about 50 high
            axes.hlines(neurons, steps + 0.65, steps + 1.35, color=colour, linewidth=thick, rasterized=True)
            axes.set_ylim(-0.03 * train.shape[1] - 0.5, 1.03 * train.shape[1] - 0.5)
            axes.set_xlim(0.5, len(train) + 0.5)
            axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.set_title(f"{name}: {train.shape[1]:,} neurons, {len(steps):,} spikes", fontweight="normal")
            last = row == len(trains) - 1
            axes.tick_params(labelbottom=last, bottom=last)
            if last:
                axes.set_xlabel("time step")
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return to_svg(figure)


def membrane_traces(membranes: ArrayLike, spikes: ArrayLike, threshold: float, title: str) -> str:
    """The membranes of a few neurons, step by step, one below the other; a dash above the threshold is a spike.

    Args:
        membranes: ``[T, K]``, at the moment of comparison, before any reset.
        spikes: ``[T, K]`` numbers of spikes.
        threshold: Where a neuron fires, in the units of the membranes.
        title: Whose membranes they are.
    """
    lines, fired = np.asarray(membranes, dtype=float), np.asarray(spikes) != 0
    steps = np.arange(1, len(lines) + 1)
    low, high = min(0.0, float(lines.min())), max(1.3 * threshold, float(lines.max()))
    with drawn_alike():
        figure = Figure(figsize=(8.4, 0.8 + 0.62 * lines.shape[1]), layout="constrained")
        panels = figure.subplots(lines.shape[1], 1, sharex=True, squeeze=False)[:, 0]
        for place, axes in enumerate(panels):
            colour = CYCLE[place % len(CYCLE)]
            axes.axhline(threshold, color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
            axes.plot(steps, lines[:, place], color=colour, marker="o", markersize=3, linewidth=1.4)
            axes.vlines(steps[fired[:, place]], threshold, high, color=INK, linewidth=2)
            axes.set_ylim(low - 0.1 * (high - low), high)
            axes.set_yticks((0, threshold))
        panels[0].set_title(title)
        panels[-1].set_xlabel("time step")
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
        return to_svg(figure)


def line_raster(names: Sequence[str], trains: ArrayLike) -> str:
    """The spikes of named lines, one row a line.

    Args:
        names: One a line, the first at the top.
        trains: ``[steps, lines]`` zeros and ones.
    """
    spikes = np.asarray(trains)
    steps, lines = np.nonzero(spikes)
    with drawn_alike():
        figure = Figure(figsize=(7, 0.8 + 0.18 * len(names)), layout="constrained")
        axes = figure.add_subplot()
        axes.scatter(steps, lines, marker="|", color=BLUE)
        axes.set(xlabel="step", xlim=(-0.5, len(spikes) - 0.5), ylim=(len(names) - 0.5, -0.5))
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", color=FAINT, linewidth=0.5)
        return to_svg(figure)


def race(evidence: ArrayLike, labels: Sequence[str], winner: int) -> str:
    """How the evidence for each value gathered; the one with most wins.

    Args:
        evidence: ``[T, K]``, step by step.
        labels: ``K`` names.
        winner: The position of the value with most evidence at the end.
    """
    lines = np.asarray(evidence, dtype=float)
    steps = np.arange(1, len(lines) + 1)
    with drawn_alike():
        figure = Figure(figsize=(8.4, 3.1), layout="constrained")
        axes = figure.subplots()
        for place in range(len(labels)):
            won = place == winner
            colour, width = (RED, 2.6) if won else (SOFT, 1.1)
            axes.plot(steps, lines[:, place], color=colour, linewidth=width, zorder=3 if won else 2)
            if won:
                axes.plot(steps[-1], lines[-1, place], marker="*", markersize=15, color=colour, zorder=4)
        ends = _spread(lines[-1], (np.ptp(lines) or 1) / 18)
        for place, label in enumerate(labels):
            axes.annotate(
                label,
                (steps[-1], lines[-1, place]),
                xytext=(steps[-1] + 0.025 * len(steps), ends[place]),
                va="center",
                fontsize=9,
                annotation_clip=False,
                color=RED if place == winner else SOFT,
                fontweight="bold" if place == winner else "normal",
            )
        axes.margins(x=0.01)
        axes.set(xlabel="time step", ylabel="evidence")
        axes.set_title(f"'{labels[winner]}' has most evidence and wins")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return to_svg(figure)


def _spread(values: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """The values moved apart, upwards from the lowest, so that labels at them do not overlap."""
    placed = values.copy()
    order = np.argsort(values)
    for below, above in pairwise(order):
        placed[above] = max(placed[above], placed[below] + gap)
    return placed - (placed.mean() - values.mean())


def predictions(pictures: ArrayLike, probabilities: ArrayLike, labels: Sequence[str]) -> str:
    """Pictures side by side, each with what was seen in it and how sure that is.

    Args:
        pictures: ``[N, H, W]``, from 0 (paper) to 1 (ink).
        probabilities: ``[N, K]``.
        labels: ``K`` names.
    """
    images, beliefs = np.asarray(pictures), np.asarray(probabilities)
    with drawn_alike():
        figure = Figure(figsize=(min(10.0, 2.7 * len(images) + 0.4), 3.3), layout="constrained")
        axes = figure.subplots(2, len(images), squeeze=False, height_ratios=(3, 2))
        for column, (image, belief) in enumerate(zip(images, beliefs, strict=True)):
            best = int(belief.argmax())
            _picture(axes[0, column], image)
            axes[0, column].set_title(f"seen as {labels[best]} ({belief[best]:.1%})", loc="center")
            bars = axes[1, column]
            bars.bar(range(len(labels)), belief, color=[RED if k == best else SKY for k in range(len(labels))])
            bars.set_xticks(range(len(labels)), labels)
            bars.set_ylim(0, 1)
            bars.set_yticks((0, 0.5, 1))
            _percent(bars)
            if column:
                bars.tick_params(labelleft=False)
        axes[1, 0].set_ylabel("probability")
        return to_svg(figure)


def bars(values: Mapping[str, float], title: str, unit: str, highlight: str | None = None) -> str:
    """One horizontal bar for each name, with its value written at its end.

    Args:
        values: Name to value, none negative, from top to bottom.
        title: What is compared.
        unit: Of the values, written below the bars.
        highlight: The name whose bar stands out.
    """
    names, numbers = list(values), np.array(list(values.values()), dtype=float)
    with drawn_alike():
        figure = Figure(figsize=(4.2, 0.9 + 0.38 * len(names)), layout="constrained")
        axes = figure.subplots()
        colours = [RED if name == highlight else BLUE for name in names]
        drawn = axes.barh(names, numbers, color=colours, height=0.62)
        axes.bar_label(drawn, [f"{number:,.4g}" for number in numbers], padding=4, fontsize=9)
        axes.invert_yaxis()
        axes.margins(x=0.18)
        axes.set_title(title)
        axes.set_xlabel(unit)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.tick_params(axis="y", length=0)
        return to_svg(figure)


def kernels(weights: ArrayLike) -> str:
    """Convolution kernels as a grid of small pictures; red excites, blue inhibits, all on one scale.

    Args:
        weights: ``[N, H, W]``.
    """
    filters = np.asarray(weights, dtype=float)
    columns = min(len(filters), 4 if len(filters) <= 16 else 8)
    rows = -(-len(filters) // columns)
    bound = float(np.abs(filters).max()) or 1.0
    with drawn_alike():
        figure = Figure(
            figsize=(0.4 * columns + 2.4, rows * (0.4 * columns + 1.4) / columns + 0.2), layout="constrained"
        )
        axes = figure.subplots(rows, columns, squeeze=False)
        shown = None
        for place, cell in enumerate(axes.flat):
            cell.axis("off")
            if place < len(filters):
                shown = cell.imshow(filters[place], cmap="RdBu_r", vmin=-bound, vmax=bound, interpolation="nearest")
        if shown is not None:
            figure.colorbar(shown, ax=axes, ticks=(-bound, 0, bound), format="%.2g", shrink=0.9, label="weight")
        return to_svg(figure)
