"""Programs as DeepProbLog's users write them, over several networks: answers by enumeration, and a step of training.

References:
    Manhaeve et al., "DeepProbLog: Neural Probabilistic Logic Programming", NeurIPS 2018; "Neural Probabilistic Logic
    Programming in DeepProbLog", Artificial Intelligence 298 (2021), for the tasks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from neurosym import Domain, Model, Neural, Program

OPERATORS = ("plus", "minus", "times")
ACT: Mapping[str, Callable[[int, int], int]] = {
    "plus": lambda x, y: x + y,
    "minus": lambda x, y: x - y,
    "times": lambda x, y: x * y,
}


class Joint(nn.Module):
    """A linear layer over all inputs side by side; it counts its calls."""

    def __init__(self, width: int, values: int) -> None:
        super().__init__()
        self.layer = nn.Linear(width, values)
        self.calls = 0

    def forward(self, *inputs: Tensor) -> Tensor:
        self.calls += 1
        return self.layer(torch.cat(inputs, 1))

    def shares(self, *inputs: Tensor) -> list[list[float]]:
        return self(*inputs).softmax(1).tolist()


def neural(width: int, values: Sequence[int | str]) -> Neural:
    return Neural(Joint(width, len(values)), Domain("any", values))


@dataclass
class Case:
    """A program, its networks, one batch, and what each sample's answers are worth by enumeration."""

    text: str
    query: str
    networks: Mapping[str, Neural]
    inputs: Mapping[str, Tensor]
    expected: Callable[["Case", int], dict[Any, float]]
    embeddings: Mapping[str | int, nn.Module | Tensor] = field(default_factory=dict)

    def shares(self, name: str, sample: int, *inputs: Tensor) -> list[float]:
        """What a network believes, called by itself."""
        module = self.networks[name].module
        assert isinstance(module, Joint)
        return module.shares(*inputs)[sample]


def added(found: dict[Any, float], answer: object, share: float) -> None:
    found[answer] = found.get(answer, 0.0) + share


def word_problem() -> Case:
    text = """nn(reader, [Text], Code) :: read(Text, Code).
        nn(order, [X], Y, [straight, swapped]) :: order(X, Y).
        nn(act, [X], Y, [plus, minus, times]) :: act(X, Y).
        turn(straight, X, Y, X, Y). turn(swapped, X, Y, Y, X).
        apply(plus, X, Y, Z) :- Z is X + Y. apply(minus, X, Y, Z) :- Z is X - Y. apply(times, X, Y, Z) :- Z is X * Y.
        problem(Text, A, B, Z) :- read(Text, Code), order(Code, T), act(Code, O), turn(T, A, B, X, Y),
            apply(O, X, Y, Z)."""
    reader = nn.Linear(6, 3)
    seen = torch.randn(4, 6)

    def expected(case: Case, sample: int) -> dict[Any, float]:
        code, found = reader(seen), dict[Any, float]()
        order, act = case.shares("order", sample, code), case.shares("act", sample, code)
        for turned, operator in product(range(2), range(3)):
            pair = (3, 7) if turned else (7, 3)
            added(found, ACT[OPERATORS[operator]](*pair), order[turned] * act[operator])
        return found

    networks = {"order": neural(3, ["straight", "swapped"]), "act": neural(3, OPERATORS)}
    return Case(text, "problem(text, 7, 3, Z)", networks, {"text": seen}, expected, {"reader": reader})


def long_addition() -> Case:
    text = """nn(digit_of, [X, Y, C], D, [0, 1, 2]) :: digit_of(X, Y, C, D).
        nn(carry_of, [X, Y, C], D, [0, 1]) :: carry_of(X, Y, C, D).
        add([], [], C, C, []).
        add([X|Xs], [Y|Ys], C, Out, [D|Ds]) :- add(Xs, Ys, C, In, Ds), digit_of(X, Y, In, D), carry_of(X, Y, In, Out).
        add(Xs, Ys, [Out|Ds]) :- add(Xs, Ys, 0, Out, Ds)."""

    def expected(case: Case, sample: int) -> dict[Any, float]:
        found: dict[Any, float] = {}
        one = torch.eye(3)[:, None]
        low, first = (case.shares(name, 0, one[1], one[2], one[0]) for name in ("digit_of", "carry_of"))
        for a, b, c, d in product(range(3), range(2), range(3), range(2)):
            high, last = (case.shares(name, 0, one[2], one[2], one[b]) for name in ("digit_of", "carry_of"))
            added(found, (d, c, a), low[a] * first[b] * high[c] * last[d])
        return found

    networks = {"digit_of": neural(9, [0, 1, 2]), "carry_of": neural(9, [0, 1])}
    return Case(text, "add([2, 1], [2, 2], S)", networks, {}, expected, dict(enumerate(torch.eye(3))))


def formula() -> Case:
    text = """nn(number, [X], Y, [1, 2, 3]) :: number(X, Y).
        nn(sign, [X], Y, [+, *, /]) :: sign(X, Y).
        read([N], [V]) :- number(N, V).
        read([N, S|T], [V, W|Vs]) :- number(N, V), sign(S, W), read(T, Vs).
        value([N], V) :- V is float(N).
        value([N, +|T], V) :- value(T, W), V is N + W.
        value([N, *, M|T], V) :- K is N * M, value([K|T], V).
        value([N, /, M|T], V) :- K is N / M, value([K|T], V).
        formula(Pictures, V) :- read(Pictures, Symbols), value(Symbols, V)."""
    names = ("a", "s", "b", "t", "c")
    inputs = {name: torch.randn(3, 4) for name in reversed(names)}

    def expected(case: Case, sample: int) -> dict[Any, float]:
        found: dict[Any, float] = {}
        read = [case.shares("number" if place % 2 == 0 else "sign", sample, inputs[n]) for place, n in enumerate(names)]
        for reading in product(range(3), repeat=5):
            share = 1.0
            for place, value in enumerate(reading):
                share *= read[place][value]
            shown = [str(one + 1) if place % 2 == 0 else "+*/"[one] for place, one in enumerate(reading)]
            added(found, round(float(eval("".join(shown))), 9), share)
        return found

    networks = {"number": neural(4, [1, 2, 3]), "sign": neural(4, ["+", "*", "/"])}
    return Case(text, "formula([a, s, b, t, c], V)", networks, inputs, expected)


def coins() -> Case:
    text = """nn(left_net, [X], Y, [heads, tails]) :: coin(left, X, Y).
        nn(right_net, [X], Y, [heads, tails]) :: coin(right, X, Y).
        outcome(X, X, win). outcome(X, Y, loss) :- \\+outcome(X, Y, win).
        game(Picture, R) :- coin(left, Picture, X), coin(right, Picture, Y), outcome(X, Y, R)."""
    seen = torch.randn(5, 4)

    def expected(case: Case, sample: int) -> dict[Any, float]:
        left, right = (case.shares(name, sample, seen) for name in ("left_net", "right_net"))
        same = left[0] * right[0] + left[1] * right[1]
        return {"win": same, "loss": 1 - same}

    networks = {"left_net": neural(4, ["heads", "tails"]), "right_net": neural(4, ["heads", "tails"])}
    return Case(text, "game(tensor(train(3)), R)", networks, {"train(3)": seen}, expected)


@pytest.mark.parametrize("make", [word_problem, long_addition, formula, coins])
def test_a_program_answers_as_enumeration_does_and_learns(make: Callable[[], Case]) -> None:
    torch.manual_seed(5)
    case = make()
    model = Model(case.networks, Program.parse(case.text, ()), case.query, embeddings=case.embeddings)
    answers = model(case.inputs)
    for sample, row in enumerate(answers.log_probs.exp().tolist()):
        expected = {key: share for key, share in case.expected(case, sample).items() if share}
        found: dict[Any, float] = {}
        for value, share in zip(answers.values, row, strict=True):  # 3 / 2 * 2 is 3.0 as 1 * 3 is
            added(found, round(value, 9) if isinstance(value, float) else value, share)
        assert found == pytest.approx(expected, abs=1e-5)
    wanted, optimizer = [answers.values[0]] * len(answers.log_probs), torch.optim.SGD(model.parameters(), 0.1)
    before = -model.log_probability(case.inputs, wanted).mean()
    before.backward()
    assert all(one.grad is not None and bool(one.grad.any()) for one in model.parameters())
    optimizer.step()
    assert -model.log_probability(case.inputs, wanted).mean() < before


def test_every_network_is_called_once_for_all_its_inputs() -> None:
    case = formula()
    model = Model(case.networks, Program.parse(case.text, ()), case.query)
    model(case.inputs)
    assert [one.module.calls for one in case.networks.values() if isinstance(one.module, Joint)] == [1, 1]
