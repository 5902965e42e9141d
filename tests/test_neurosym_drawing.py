"""Drawings say what is active: lit nodes, lit links, and names in their order."""

from xml.etree import ElementTree

import pytest

from logic import CircuitBuilder
from neurosym.drawing import draw_circuit

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
    lit = [circle for circle in drawing.iter(f"{SVG}circle") if circle.get("fill") == LIT]
    assert len(lit) == len(wires) + sum(map(int, answers.values())) + 1  # the last one is in the legend


def test_data_flows_from_left_to_right() -> None:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    drawing = ElementTree.fromstring(draw_circuit(make.build(out=(a & b) | c)))
    columns = {str(text.text): float(text.get("x", "0")) for text in drawing.iter(f"{SVG}text")}
    assert columns["a"] == columns["b"] == columns["c"] < columns["AND"] < columns["OR"] < columns["out"]
