"""Drawings say what is active: lit nodes, lit links, and names in their order."""

from xml.etree import ElementTree

import numpy as np
import pytest

from logic import CircuitBuilder, Population, SpikingNetwork, Synapses
from logic.drawings.circuit_drawing import draw_circuit
from logic.drawings.network_drawing import draw_network
from logic.drawings.strokes import SOFT
from logic.rails import Line

SVG = "{http://www.w3.org/2000/svg}"
LIT = "#D55E00"


@pytest.mark.parametrize(("a", "b"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_half_adder_lights_what_is_true(a: int, b: int) -> None:
    make = CircuitBuilder()
    x, y = make.inputs("x<1", "y")
    circuit = make.build(total=x ^ y, carry=x & y, neither=~(x | y))
    wires = [wire for wire, value in enumerate((0, a, b, a ^ b, a & b, a | b)) if value]
    drawing = ElementTree.fromstring(draw_circuit(circuit, wires, "Half adder"))
    bold = {text.text for text in drawing.iter(f"{SVG}text") if text.get("font-weight") == "bold"}
    answers = {"total": a ^ b, "carry": a & b, "neither": not (a or b)}
    assert {name for name in answers if name in bold} == {name for name, value in answers.items() if value}
    assert ("x<1" in bold, "y" in bold) == (a == 1, b == 1)
    lit = [mark for kind in ("circle", "path") for mark in drawing.iter(f"{SVG}{kind}") if mark.get("fill") == LIT]
    assert len(lit) == len(wires) + sum(map(int, answers.values())) + bool(wires)  # the last one is in the legend


def test_data_flows_from_left_to_right() -> None:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    drawing = ElementTree.fromstring(draw_circuit(make.build(out=(a & b) | c)))
    columns = {str(text.text): float(text.get("x", "0")) for text in drawing.iter(f"{SVG}text")}
    assert columns["a"] == columns["b"] == columns["c"] < columns["AND"] < columns["OR"] < columns["out"]


def test_links_are_seen_on_light_and_on_dark_pages() -> None:
    """Lines take the colour of the text; blended with the page they keep a contrast of more than 3 to 1."""
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    text = draw_circuit(make.build(out=a & ~b))
    drawing = ElementTree.fromstring(text)
    assert {mark.get("stroke") for mark in drawing.iter() if mark.get("stroke")} == {"none", "currentColor"}
    assert drawing.find(f"{SVG}desc") is not None
    for ink, page in ((0x1F / 255, 1.0), (0xE6 / 255, 0x11 / 255)):
        seen = SOFT * ink + (1 - SOFT) * page
        lighter, darker = sorted((((one + 0.055) / 1.055) ** 2.4 for one in (seen, page)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) > 3


def test_a_network_shows_thresholds_weights_and_delays() -> None:
    population = Population("and", (1,), threshold=2, retain=False)
    wires = Synapses("input", "and", [0, 1], [0, 0], weight=[3, -1], delay=[1, 4])
    network = SpikingNetwork((2,), (population,), (wires,), np.array([2]), (Line("y"),), np.array([1]))
    words = {text.text for text in ElementTree.fromstring(draw_network(network)).iter(f"{SVG}text")}
    assert {"+3", "-1, 4 steps", "2", "y", "inhibits"} <= words
