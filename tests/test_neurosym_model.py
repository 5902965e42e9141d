"""Models of several networks: answers by enumeration of all readings, and inputs by name whatever the text's order."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from itertools import permutations, product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from neurosym import Domain, InputError, Model, Neural, NeurosymError, Program, SpikingClassifier
from neurosym.model import ModelTypeError
from reasoner import DIGITS, QueryError

NETWORKS = """nn(digit_net, [X], Y, [0, 1, 2]) :: digit(X, Y).
nn(sign_net, [X], Y, [plus, minus]) :: sign(X, Y).
"""
GOALS = ("digit(A, X)", "sign(O, P)", "digit(B, Y)")
RESULT = "(P == plus -> Z is X + Y ; Z is X - Y)"


def belief(network: nn.Module, seen: Tensor) -> list[list[float]]:
    return network(seen).softmax(1).tolist()


def networks() -> dict[str, Neural]:
    torch.manual_seed(3)
    return {
        "digit_net": Neural(nn.Linear(4, 3), Domain("digit", range(3))),
        "sign_net": Neural(nn.Linear(5, 2), Domain("sign", ["plus", "minus"])),
    }


def samples(count: int = 4) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    widths = {"right": 4, "op": 5, "left": 4}
    return {name: torch.randn(count, width, generator=generator) for name, width in widths.items()}


def by_enumeration(model: Model, inputs: Mapping[str, Tensor]) -> list[dict[int, float]]:
    digit, sign = (model.perceptions[name].module for name in ("digit_net", "sign_net"))  # type: ignore[attr-defined]
    left, op, right = belief(digit, inputs["left"]), belief(sign, inputs["op"]), belief(digit, inputs["right"])
    found: list[dict[int, float]] = []
    for sample in range(len(left)):
        shares: dict[int, float] = {}
        for x, y, minus in product(range(3), range(3), range(2)):
            answer = x - y if minus else x + y
            share = left[sample][x] * right[sample][y] * op[sample][minus]
            shares[answer] = shares.get(answer, 0.0) + share
        found.append(shares)
    return found


@pytest.mark.parametrize("goals", [*permutations(GOALS)])
def test_two_networks_answer_as_all_readings_do_in_any_order_of_goals(goals: tuple[str, ...]) -> None:
    program = Program.parse(f"{NETWORKS}calc(A, O, B, Z) :- {', '.join(goals)}, {RESULT}.", ())
    model, inputs = Model(networks(), program, "calc(left, op, right, Z)"), samples()
    answers = model(inputs)
    for sample, shares in enumerate(by_enumeration(model, inputs)):
        found = dict(zip(answers.values, answers.log_probs[sample].exp().tolist(), strict=True))
        assert found == pytest.approx(shares, abs=1e-6)


def calculator(query: str | None = "calc(left, op, right, Z)") -> Model:
    return Model(networks(), Program.parse(f"{NETWORKS}calc(A, O, B, Z) :- {', '.join(GOALS)}, {RESULT}.", ()), query)


def test_names_that_no_query_gives_are_bound_by_name() -> None:
    rules = f"{NETWORKS}calc(Z) :- digit(right, Y), sign(op, P), digit(left, X), {RESULT}."
    model, inputs = Model(networks(), Program.parse(rules, ()), "calc(Z)"), samples()
    torch.testing.assert_close(model(inputs).log_probs, calculator()(inputs).log_probs)
    with pytest.raises(InputError, match=r"'digit_net' is asked about left and right.* give the inputs by name: left"):
        model({"digit_net": torch.stack([inputs["left"], inputs["right"]], 1), "op": inputs["op"]})


def test_one_name_may_stand_for_what_two_networks_look_at() -> None:
    text = """nn(one, [X], Y, [a, b]) :: one(X, Y). nn(two, [X], Y, [a, b]) :: two(X, Y).
        same(X, A) :- one(X, A), two(X, A)."""
    torch.manual_seed(0)
    seeing = {name: Neural(nn.Linear(3, 2), Domain(name, "ab")) for name in ("one", "two")}
    model, seen = Model(seeing, Program.parse(text, ()), "same(it, A)"), torch.randn(4, 3)
    expected = belief(seeing["one"].module, seen), belief(seeing["two"].module, seen)
    found = model({"it": seen}).log_probs.exp().tolist()
    for row, one, two in zip(found, *expected, strict=True):
        assert row == pytest.approx([one[0] * two[0], one[1] * two[1]])


def test_slots_by_number_by_perception_and_alone_are_one() -> None:
    rule = Program.parse("sum(S) :- digit(1, Y), digit(0, X), S is X + 2 * Y.", (Domain("digit", range(3)),))
    torch.manual_seed(0)
    model = Model(Neural(nn.Linear(4, 3), Domain("digit", range(3))), rule, "sum(S)")
    slots = torch.randn(5, 2, 4)
    wanted = model(slots).log_probs
    for inputs in ({"digit": slots}, {0: slots[:, 0], 1: slots[:, 1]}, {"1": slots[:, 1], "0": slots[:, 0]}):
        torch.testing.assert_close(model(inputs).log_probs, wanted)
    first, second = belief(model.perception.module, slots[:, 0]), belief(model.perception.module, slots[:, 1])  # type: ignore[attr-defined]
    assert wanted[2].exp().tolist()[4] == pytest.approx(first[2][0] * second[2][2] + first[2][2] * second[2][1])


SWAP = """nn(swap, [X, Y], Z, [no, yes]) :: swap(X, Y, Z).
hole(X, Y, X, Y) :- swap(X, Y, no).
hole(X, Y, Y, X) :- swap(X, Y, yes).
bubble([X], [], X).
bubble([H1, H2|T], [X1|T1], X) :- hole(H1, H2, X1, X2), bubble([X2|T], T1, X).
bubblesort([], L, L).
bubblesort(L, L3, Sorted) :- bubble(L, L2, X), bubblesort(L2, [X|L3], Sorted).
sorted(L, S) :- bubblesort(L, [], S).
"""


def test_a_network_of_two_inputs_is_asked_about_pairs_and_answers_are_lists() -> None:
    torch.manual_seed(1)
    net = nn.Bilinear(2, 2, 2)
    model = Model(Neural(net, Domain("swap", ["no", "yes"])), Program.parse(SWAP, ()), "sorted([a, b, c], S)")
    seen = {name: torch.randn(3, 2) for name in "cab"}
    answers = model(seen)
    swaps = {(x, y): net(seen[x], seen[y]).softmax(1)[:, 1].tolist() for x, y in permutations("abc", 2)}
    for sample in range(3):
        expected: dict[tuple[str, ...], float] = {}
        readings = {pair: (1 - yes[sample], yes[sample]) for pair, yes in swaps.items()}
        for taken in product((0, 1), repeat=6):
            swapped = dict(zip(swaps, taken, strict=True))
            share, done, rest = 1.0, tuple[str, ...](), ("a", "b", "c")
            for pair, yes in swapped.items():
                share *= readings[pair][yes]
            while rest:
                passed, kept = rest[0], []
                for item in rest[1:]:
                    first, passed = (item, passed) if swapped[passed, item] else (passed, item)
                    kept.append(first)
                done, rest = (passed, *done), tuple(kept)
            expected[done] = expected.get(done, 0.0) + share
        found = dict(zip(answers.values, answers.log_probs[sample].exp().tolist(), strict=True))
        assert found == pytest.approx(expected, abs=1e-6)


EMBEDDED = """nn(related, [X, Y], R, [sibling, parent]) :: related(X, Y, R).
nn(encoder, [Text, Who], Code) :: encode(Text, Who, Code).
kin(T, A, B, R) :- encode(T, A, X), encode(T, B, Y), related(X, Y, R).
"""


class Encoder(nn.Module):
    """Counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(5, 4)
        self.calls = 0

    def forward(self, text: Tensor, who: Tensor) -> Tensor:
        self.calls += 1
        return self.layer(torch.cat([text, who], 1))


def test_embeddings_are_passed_around_by_name_and_learned() -> None:
    torch.manual_seed(2)
    encoder, related, people = Encoder(), nn.Bilinear(4, 4, 2), nn.Parameter(torch.randn(3, 2))
    model = Model(
        {"related": Neural(related, Domain("related", ["sibling", "parent"]))},
        Program.parse(EMBEDDED, ()),
        "kin(tensor(text), person(0), person(2), R)",
        embeddings={"encoder": encoder, "person": people},
    )
    text = torch.randn(4, 3)
    answers = model({"text": text})
    assert encoder.calls == 1  # for both persons at once
    first, second = (encoder(text, people[row].expand(4, 2)) for row in (0, 2))
    assert answers.values == ("parent", "sibling")
    torch.testing.assert_close(answers.log_probs, related(first, second).log_softmax(1).flip(1))
    answers.log_probs[:, 0].sum().backward()
    assert all(one.grad is not None for one in (people, *encoder.parameters(), *related.parameters()))
    assert people.grad is not None
    assert not people.grad[1].any()


def test_a_query_may_be_given_with_each_call() -> None:
    model, inputs = calculator(None), samples()
    assert torch.equal(model(inputs, query="calc(left, op, right, Z)").log_probs, calculator()(inputs).log_probs)
    three = model(inputs, query="calc(left, op, right, 3)")
    assert three.values == ((),)
    shares = [found[3] for found in by_enumeration(model, inputs)]
    assert three.log_probs[:, 0].exp().tolist() == pytest.approx(shares)
    with pytest.raises(QueryError, match="nothing is asked; give"):
        model(inputs)


REFUSED: Mapping[str, tuple[Callable[[dict[str, Tensor]], Any], str]] = {
    "a missing input": (lambda s: {**s} | {"op": None}, r"an input is a tensor .* got a NoneType"),
    "none": (lambda s: {}, r"needs the input 'left', but the inputs given are none; it asks for left, right"),
    "one missing": (
        lambda s: {k: v for k, v in s.items() if k != "op"},
        r"needs the input 'op', but the inputs given are 'right', 'left'; it asks for left, right \(digit_net\) and op",
    ),
    "one too many": (
        lambda s: {**s, "more": s["op"]},
        r"does not ask for 'more'; it asks for left, right \(digit_net\)",
    ),
    "another batch": (lambda s: {**s, "op": s["op"][:1]}, r"different numbers of samples: right 4, op 1, left 4"),
    "one tensor": (lambda s: s["left"][:, None], r"perceptions digit_net, sign_net, so one tensor does not say whose"),
    "too few slots": (
        lambda s: {"digit_net": s["left"][:, None], "op": s["op"]},
        r"asks for digit_net\(right, \.\.\.\), but the symbols have 1 slots",
    ),
    "one twice": (
        lambda s: {"digit_net": torch.stack([s["left"], s["right"]], 1), **s},
        r"'right', 'left' of 'digit_net' is given twice",
    ),
    "other shapes": (
        lambda s: {**s, "left": s["left"][:, :2]},
        r"different shapes: left \[4, 2\], right \[4, 4\]; pad",
    ),
}


@pytest.mark.parametrize("typed", REFUSED)
def test_inputs_that_do_not_fit_are_one_sentence(typed: str) -> None:
    make, text = REFUSED[typed]
    with pytest.raises(NeurosymError, match=text) as caught:
        calculator()(make(samples()))
    assert "\n" not in str(caught.value)


def test_perceptions_that_do_not_fit_are_one_sentence() -> None:
    made, program = networks(), calculator().program
    with pytest.raises(
        QueryError, match=r"no network or domain is called 'sign'; those of the program are digit_net, sign"
    ):
        Model({"digit_net": made["digit_net"], "sign": made["sign_net"]}, program, "calc(a, b, c, Z)")
    with pytest.raises(QueryError, match=r"reads the domain 'sign_net' of plus, minus, but the perception sees"):
        Model({"digit_net": made["digit_net"]}, program, "calc(a, b, c, Z)")
    with pytest.raises(QueryError, match="give both the same domain"):
        Model({"digit_net": made["digit_net"], "sign_net": made["digit_net"]}, program, "calc(a, b, c, Z)")
    with pytest.raises(ModelTypeError, match=r"say which, model.perceptions\['digit_net'\]"):
        _ = calculator().perception
    with pytest.raises(NeurosymError, match=r"'person' is a list; what a program passes around is a module or"):
        Model(made, program, embeddings={"person": [1.0]})  # type: ignore[dict-item]
    model = Model({**made, "digit_net": Neural(nn.Linear(4, 4), Domain("d", range(3)))}, program)
    with pytest.raises(NeurosymError, match=r"gave torch.float32 \[4, 4\] for 4 inputs, expected logits \[4, 3\]"):
        model({"x": samples()["left"]}, query="digit(x, Y)")
    with pytest.raises(NeurosymError, match=r"gave probabilities.* leave out its softmax"):
        Neural(nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)), 3)(torch.randn(2, 1, 4))


def test_logits_and_log_probabilities_are_one() -> None:
    torch.manual_seed(0)
    layer, seen = nn.Linear(4, 3), torch.randn(5, 2, 4)
    both = [Neural(made, 3)(seen).symbols.log_probs for made in (layer, nn.Sequential(layer, nn.LogSoftmax(1)))]
    torch.testing.assert_close(both[0], both[1])
    assert Neural(nn.Sequential(nn.Flatten(), layer), 3)(seen[:0]).symbols.log_probs.shape == (0, 2, 3)


def test_a_network_of_the_only_name_needs_none() -> None:
    text = """nn(mnist_net, [X], Y, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) :: digit(X, Y).
        sum(X, Y, S) :- digit(X, A), digit(Y, B), S is A + B."""
    model = Model(SpikingClassifier(DIGITS, 0), Program.parse(text), "sum(x, y, S)")
    assert [*model.perceptions] == ["mnist_net"]
    pictures = torch.rand(2, 2, 1, 28, 28)
    torch.testing.assert_close(model(pictures).log_probs, model({"y": pictures[:, 1], "x": pictures[:, 0]}).log_probs)


def test_copied_and_moved_it_answers_alike() -> None:
    model, inputs = calculator(), samples()
    wanted = model(inputs).log_probs
    assert torch.equal(deepcopy(model)(inputs).log_probs, wanted)
    torch.testing.assert_close(model.double()(inputs).log_probs, wanted.double())
    again = calculator()
    again.load_state_dict({name: torch.zeros_like(one) for name, one in again.state_dict().items()})
    assert again(inputs).log_probs.exp()[0].tolist() == pytest.approx(
        [1 / 18, 2 / 18, 4 / 18, 4 / 18, 4 / 18, 2 / 18, 1 / 18]
    )


def test_a_list_of_inputs_is_one_input() -> None:
    text = "nn(most, [Xs], Y, [a, b]) :: most(Xs, Y)."
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    model = Model(Neural(net, Domain("most", "ab")), Program.parse(text, ()), "most([x, y, z], Y)")
    seen = {name: torch.randn(4, 2) for name in "zyx"}
    wanted = net(torch.stack([seen[name] for name in "xyz"], 1)).log_softmax(1)
    torch.testing.assert_close(model(seen).log_probs, wanted)
    torch.testing.assert_close(model({"[x, y, z]": torch.stack([seen[name] for name in "xyz"], 1)}).log_probs, wanted)
