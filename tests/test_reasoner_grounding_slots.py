"""Which picture an input means: by its number, by the numbers in it, or by the place of its name in the query."""

from collections.abc import Sequence

import pytest
import torch

from logic import Domain, DomainError, Symbols
from reasoner import Program, QueryError, explain, infer
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


NETWORK = "nn(net, [X], Y, [0, 1, 2]) :: digit(X, Y). "
ORDERS = ("digit(left, X), digit(right, Y)", "digit(right, Y), digit(left, X)")


@pytest.mark.parametrize("goals", ORDERS)
@pytest.mark.parametrize("names", [("left", "right"), ("right", "more", "left")])
def test_beliefs_with_names_need_no_order(goals: str, names: tuple[str, ...]) -> None:
    program = Program.parse(f"{NETWORK}number(Z) :- {goals}, Z is 10 * X + Y.", ())
    shares = {"left": [0.7, 0.2, 0.1], "right": [0.1, 0.3, 0.6], "more": [0.2, 0.4, 0.4]}
    rows = torch.tensor([[shares[name] for name in names]], dtype=torch.float64).log()
    symbols = Symbols(program.domain("net"), rows, names)
    found = infer(program, "number(Z)", symbols)
    for value, share in zip(found.values, found.log_probs[0].exp().tolist(), strict=True):
        tens, ones = divmod(int(str(value)), 10)
        assert share == pytest.approx(shares["left"][tens] * shares["right"][ones])
    assert explain(program, "number(Z)", symbols)[0].bindings["Z"] == 2
    with pytest.raises(QueryError, match=r"left and right, which the query does not name|right and left"):
        infer(program, "number(Z)", Symbols(program.domain("net"), rows))
    with pytest.raises(QueryError, match=r"asks for net\(left, \.\.\.\), but the symbols given are those of right"):
        infer(program, "number(Z)", Symbols(program.domain("net"), rows[:, :1], ("right",)))


def test_names_are_one_for_each_slot() -> None:
    row = torch.full((1, 2, 2), 0.5).log()
    for names in (("a",), ("a", "a"), ("a", "b", "c")):
        with pytest.raises(DomainError, match="2 slots of 'bit' need as many names, each once"):
            Symbols(Domain("bit", (0, 1)), row, names)
