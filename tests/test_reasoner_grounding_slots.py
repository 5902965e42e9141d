"""Which picture an input means: by its number, by the numbers in it, or by the place of its name in the query."""

from collections.abc import Sequence

import pytest

from reasoner import Program
from reasoner.grounding.slots import Input, by_slot, input_slots

PROGRAM = Program.parse("p.")


def rows(texts: Sequence[str]) -> list[Input]:
    """Inputs of one network as the border gives them: in brackets, numbered in the order of first use."""
    return [Input("net", number, f"[{text}]") for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "query", "slots"),
    [
        (["2", "0", "5"], "q(X)", [2, 0, 5]),  # numbers are the slots themselves
        (["img(10)", "img(9)", "img(1)"], "q(X)", [2, 1, 0]),  # 9 stands before 10
        (["b", "a"], "add([b, a], S)", [0, 1]),  # as the query names them, not by the alphabet
        (["a", "b"], "add([b, a], S)", [1, 0]),
        (["tensor(train(7))", "tensor(train(3))"], "q(train(7), train(3))", [1, 0]),
        (["pic(b, 2)", "pic(b, 1)", "pic(a, 3)"], "q(b, a)", [1, 0, 2]),
    ],
)
def test_slots(texts: Sequence[str], query: str, slots: Sequence[int]) -> None:
    found, unordered = input_slots(rows(texts), PROGRAM, query)
    assert (found, unordered) == ({"net": dict(enumerate(slots))}, {})
    assert {slot: one.text for slot, one in by_slot(rows(texts), found)["net"].items()} == {
        slot: f"[{text}]" for slot, text in sorted(zip(slots, texts, strict=True))
    }


def test_networks_count_for_themselves() -> None:
    both = [Input("one", 0, "[a]"), Input("two", 0, "[a]"), Input("two", 1, "[b]")]
    assert input_slots(both, PROGRAM, "q(b, a)") == ({"one": {0: 0}, "two": {0: 1, 1: 0}}, {})


def test_names_that_the_query_does_not_give_have_no_order() -> None:
    _, unordered = input_slots(rows(["left", "right"]), PROGRAM, "q(X)")
    assert "left and right, which the query does not name" in unordered["net"]
