"""Figures, parsed as XML: what is drawn and written is what was given, and nothing outside is touched."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray

from neurosym.reports import figures
from neurosym.reports.figures import BLUE, CYCLE, INK, ORANGE, RED

SVG = "{http://www.w3.org/2000/svg}"
Element = ElementTree.Element


def parsed(svg: str) -> Element:
    return ElementTree.fromstring(svg, ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True)))


def texts(svg: str) -> list[str]:
    """What is written."""
    return ["".join(node.itertext()).strip() for node in parsed(svg).iter(f"{SVG}text")]


def paths(svg: str, style: str) -> list[list[tuple[float, float]]]:
    """The corners of each path with such a style, in points from the upper left."""
    found = [node for node in parsed(svg).iter(f"{SVG}path") if style in node.get("style", "").lower()]
    return [
        [(float(x), float(y)) for x, y in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", node.get("d", ""))] for node in found
    ]


def lines(svg: str, colour: str, width: float) -> list[list[tuple[float, float]]]:
    """The corners of each line of such a colour and width."""
    return paths(svg, f"{stroke(colour)}; stroke-width: {width:g}")


def assert_drawn(corners: list[tuple[float, float]], values: NDArray[np.float64]) -> None:
    """Heights are the values, up to where they start and the scale."""
    heights = np.array([-y for _, y in corners])
    np.testing.assert_allclose(
        (heights - heights[0]) * np.ptp(values), (values - values[0]) * np.ptp(heights), atol=1e-3
    )


def stroke(colour: str) -> str:
    return f"stroke: {'currentcolor' if colour == INK else colour.lower()}"


def test_bars_are_as_long_as_their_values() -> None:
    values = {"spiking": 3.0, "analog": 12.0, "none": 0.5}
    svg = figures.bars(values, "Energy", "nanojoules", highlight="analog")
    lengths = dict[str, float]()
    for colour, names in ((BLUE, ["spiking", "none"]), (RED, ["analog"])):
        drawn = paths(svg, f"fill: {colour.lower()}")
        assert len(drawn) == len(names)
        for name, corners in zip(names, drawn, strict=True):
            across = [x for x, _ in corners]
            lengths[name] = max(across) - min(across)
    for name, value in values.items():
        assert lengths[name] / lengths["analog"] == pytest.approx(value / 12, rel=1e-4)
    assert {"Energy", "nanojoules", *values, "3", "12", "0.5"} <= set(texts(svg))


def test_a_confusion_matrix_writes_every_count_but_zeros() -> None:
    counts = [[31, 0, 2], [0, 47, 0], [5, 0, 19]]
    written = texts(figures.confusion_matrix(counts, ["one", "two", "three"]))
    assert [text for text in written if text.isdecimal()] == ["31", "2", "47", "5", "19"]
    assert written.count("one") == written.count("three") == 2


def test_learning_curves_pass_through_their_values() -> None:
    accuracy = {"spiking": [0.25, 0.5, 1.0, 1.0], "analog": [0.5, 0.75, 0.75, 0.5]}
    loss = {"spiking": [2.0, 1.0, 0.5, 0.25], "analog": [1.0, 0.5, 0.0, 0.1]}
    svg = figures.learning_curve(accuracy, loss, 0.5)
    for name, colour in zip(accuracy, CYCLE, strict=False):
        drawn = [corners for corners in lines(svg, colour, 1.8) if len(corners) == 4]  # the legend's have three
        assert len(drawn) == 2
        for corners, curve in zip(drawn, (accuracy[name], loss[name]), strict=True):
            assert_drawn(corners, np.array(curve))
    assert {"target 50.0%", "spiking", "analog", "epoch"} <= set(texts(svg))


def test_a_raster_counts_neurons_and_spikes() -> None:
    rng = np.random.default_rng(0)
    spikes = {"input": rng.random((4, 1, 5, 5)) < 0.3, "hidden": rng.random((4, 1200)) < 0.1}
    written = texts(figures.spike_raster(rng.random((5, 5)), spikes))
    assert f"input: 25 neurons, {spikes['input'].sum()} spikes" in written
    assert f"hidden: 1,200 neurons, {spikes['hidden'].sum()} spikes" in written


def test_membranes_have_a_dash_for_each_spike() -> None:
    membranes = np.array([[0.2, 0.5], [0.9, 1.1], [1.2, 0.1], [0.1, 1.4]])
    svg = figures.membrane_traces(membranes, membranes >= 1, 1.0, "two of the hidden layer")
    assert len(lines(svg, INK, 2)) == 3
    for place, colour in enumerate((BLUE, ORANGE)):
        [corners] = lines(svg, colour, 1.4)
        assert_drawn(corners, membranes[:, place])
    assert "two of the hidden layer" in texts(svg)


def test_lines_have_a_mark_for_each_spike() -> None:
    trains = np.array([[1, 0, 0], [0, 1, 1], [1, 0, 1]])
    svg = figures.line_raster(["a=0", "a=1", "y"], trains)
    [collection] = [node for node in parsed(svg).iter() if node.get("id", "").startswith("PathCollection")]
    places = [(float(use.get("x", "")), float(use.get("y", ""))) for use in collection.iter(f"{SVG}use")]
    assert len(places) == trains.sum()
    columns, rows = (sorted({place[axis] for place in places}) for axis in (0, 1))
    found = np.zeros_like(trains)
    for x, y in places:
        found[columns.index(x), rows.index(y)] = 1
    np.testing.assert_array_equal(found, trains)


def test_a_race_names_its_winner() -> None:
    membranes = np.cumsum(np.full((5, 3), [1.0, 3.0, 2.0]), axis=0)
    svg = figures.race(membranes, ["one", "two", "three"], 1)
    assert "'two' has most evidence and wins" in texts(svg)
    assert len(lines(svg, RED, 2.6)) == 1
    assert {"one", "two", "three"} <= set(texts(svg))


def test_predictions_say_the_likeliest_value() -> None:
    beliefs = [[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]]
    written = texts(figures.predictions(np.zeros((2, 8, 8)), beliefs, "abc"))
    assert [text for text in written if text.startswith("seen as")] == ["seen as b (70.0%)", "seen as a (50.0%)"]


def test_kernels_share_a_scale_that_is_even_about_zero() -> None:
    weights = np.zeros((6, 3, 3))
    weights[2, 1, 1], weights[4, 0, 0] = -0.75, 0.5
    written = texts(figures.kernels(weights))
    assert [text for text in written if re.fullmatch(r"-?[.\d]+", text)] == ["-0.75", "0", "0.75"]
    assert len(list(parsed(figures.kernels(weights)).iter(f"{SVG}image"))) >= 6


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.bars({"a & <b>": 1.0}, 'x "y"', "unit"),
        lambda: figures.kernels(np.ones((3, 2, 2))),
        lambda: figures.line_raster(["x"], np.ones((2, 1))),
    ],
)
def test_the_same_numbers_give_the_same_bytes_and_leave_no_trace(draw: Callable[[], str]) -> None:
    before = dict(matplotlib.rcParams)
    assert draw() == draw()
    assert dict(matplotlib.rcParams) == before
