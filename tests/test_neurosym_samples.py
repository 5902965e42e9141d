"""Samples with queries, facts and answers of their own: grouped, answered and refused as each would be alone."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import log
from typing import Any

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from logic import Domain
from neurosym import Batch, ImpossibleAnswer, Model, Neural, Program, Sample, SampleError, collate
from neurosym.samples import stacked
from reasoner import QueryError
from reasoner.counting.planning import KEPT

RULES = """
nn(net, [X], D, [0, 1, 2]) :: digit(X, D).
nn(less, [X, Y], Z, [yes, no]) :: less(X, Y, Z).
:- dynamic skip/1, edge/2.
read([], []).
read([X|Xs], [D|Ds]) :- digit(X, D), read(Xs, Ds).
sum(Xs, S) :- read(Xs, Ds), sum_list(Ds, S).
pair(X, Y, A, B) :- digit(X, A), digit(Y, B).
smaller(X, Y) :- less(X, Y, yes).
winner(X, Y, X) :- less(X, Y, yes).
winner(X, Y, Y) :- less(X, Y, no).
kept(Xs, S) :- findall(X, (member(X, Xs), \\+ skip(X)), Ys), sum(Ys, S).
"""
SORTED = "sorted(Xs, Ys) :- read(Xs, Ds), msort(Ds, Ys)."  # which puts terms in order, so that names may matter
SEEN = torch.randn(12, 4, generator=torch.Generator().manual_seed(1))


class Closer(nn.Module):
    """Logits of two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 2)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """``[M, 2]``."""
        return self.layer(torch.cat([x, y], dim=1))


def make_model(seed: int = 0, rules: str = f"{RULES}{SORTED}") -> Model:
    torch.manual_seed(seed)
    networks = {
        "net": Neural(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)), Domain("net", range(3))),
        "less": Neural(Closer(), Domain("less", ["yes", "no"])),
    }
    return Model(networks, Program.parse(rules, ())).double()


def inputs(*numbers: int) -> dict[str, Tensor]:
    return {f"x{number}": SEEN[number].double() for number in numbers}


def names(numbers: Sequence[int]) -> str:
    return f"[{', '.join(f'x{number}' for number in numbers)}]"


def beliefs(model: Model, numbers: Sequence[int]) -> list[list[float]]:
    network = model.perceptions["net"]
    seen = network(SEEN[list(numbers)].double()[None]).symbols.log_probs[0]  # pyright: ignore[reportArgumentType]
    return seen.exp().tolist()


def by_worlds(model: Model, numbers: Sequence[int], holds: Callable[[tuple[int, ...]], bool]) -> float:
    """The probability of what holds, summed over all readings."""
    rows = beliefs(model, numbers)
    total = 0.0
    for reading in product(range(3), repeat=len(numbers)):
        share = 1.0
        for row, value in zip(rows, reading, strict=True):
            share *= row[value]
        total += share * bool(holds(reading))
    return total


def adds_up_to(total: int) -> Callable[[tuple[int, ...]], bool]:
    return lambda reading: sum(reading) == total


@pytest.mark.parametrize("rules", [RULES, RULES + SORTED])
@given(st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=3, unique=True), min_size=1, max_size=5), st.data())
@settings(max_examples=10, deadline=None)
def test_ragged_batches_are_the_sum_over_all_worlds(rules: str, lengths: list[list[int]], data: st.DataObject) -> None:
    model = make_model(0, rules)
    wanted = [data.draw(st.integers(0, 2 * len(numbers))) for numbers in lengths]
    batch = collate([Sample(inputs(*n), f"sum({names(n)}, S)", s) for n, s in zip(lengths, wanted, strict=True)])
    assert len(batch.groups) == len({len(numbers) for numbers in lengths})  # names make no difference
    found = model.log_probability(batch).exp().tolist()
    for numbers, total, share in zip(lengths, wanted, found, strict=True):
        assert share == pytest.approx(by_worlds(model, numbers, adds_up_to(total)), rel=1e-9)


MIXED: list[Any] = [
    Sample(inputs(0, 1, 2), f"sorted({names([0, 1, 2])}, L)", [0, 1, 1]),  # a list
    Sample(inputs(3, 4), "pair(x3, x4, A, B)", (2, 0)),  # a tuple, one value a variable
    Sample(inputs(5, 6), "smaller(x5, x6)", True),
    Sample(inputs(7, 5), "smaller(x7, x5)", False),
    Sample(inputs(8, 9), "winner(x8, x9, W)", "x9"),  # an atom, and the name of an input
    Sample(inputs(1, 2, 3), f"kept({names([1, 2, 3])}, S)", 2, facts="skip(x2)."),
    Sample(inputs(0, 4), "sum([x0, x4], S)", {1: 0.25, 2: 0.75}),  # a distribution
    (inputs(10), "sum([x10], S)", torch.tensor(1)),
    Sample(inputs(11), "sum([x11], 2)"),  # true if nothing else is said
    Sample(inputs(11), "sum([First], S)", 0, constants={"First": "x11"}),
]


def expected(model: Model) -> list[float]:
    def less(a: int, b: int) -> float:
        network = model.perceptions["less"]
        both: Any = SEEN[a].double()[None, None], SEEN[b].double()[None, None]
        return network(*both).symbols.log_probs[0, 0, 0].exp().item()

    probability = [
        by_worlds(model, [0, 1, 2], lambda r: sorted(r) == [0, 1, 1]),
        by_worlds(model, [3, 4], lambda r: r == (2, 0)),
        less(5, 6),
        1 - less(7, 5),
        1 - less(8, 9),
        by_worlds(model, [1, 3], adds_up_to(2)),
    ]
    one, two = (by_worlds(model, [0, 4], adds_up_to(s)) for s in (1, 2))
    alone = [beliefs(model, [10])[0][1], beliefs(model, [11])[0][2], beliefs(model, [11])[0][0]]
    return [*map(log, probability), 0.25 * log(one) + 0.75 * log(two), *map(log, alone)]


SHARED = pytest.mark.parametrize(("rules", "first"), [(RULES, 1), (RULES + SORTED, 0)])


@SHARED
def test_answers_of_all_kinds_in_one_batch(rules: str, first: int) -> None:
    model = make_model(0, rules)
    found = model.log_probability(collate(MIXED[first:])).tolist()
    assert found == pytest.approx(expected(model)[first:], rel=1e-9)


@SHARED
def test_one_batch_is_its_samples_one_by_one(rules: str, first: int) -> None:
    model, mixed = make_model(3, rules), MIXED[first:]
    together = model.log_probability(collate(mixed))
    alone = torch.cat([model.log_probability(collate([item])) for item in mixed])
    torch.testing.assert_close(together, alone)
    order = [4, 0, 8, 2]
    torch.testing.assert_close(model.log_probability(collate(mixed).part(order)), together[order])


def test_samples_that_differ_in_names_are_grounded_once() -> None:
    model, before = make_model(0, f"{RULES} alone(this)."), len(KEPT)
    batch = collate([Sample(inputs(n), f"sum([x{n}], S)", 1, facts=f"skip(x{n}).") for n in range(12)])
    model.log_probability(batch)
    assert (len(batch.groups), len(KEPT)) == (1, before + 1)


def test_a_name_that_the_program_mentions_is_not_exchanged() -> None:
    model = make_model(0, f"{RULES} skip(x3).")
    batch = collate([Sample(inputs(n), f"kept([x{n}], S)", 0) for n in (2, 3)])
    found = model.log_probability(batch).exp().tolist()
    assert found == pytest.approx([beliefs(model, [2])[0][0], 1.0])


def test_gradients_are_those_of_finite_differences() -> None:
    model, batch = make_model(), collate(MIXED)
    (-model.log_probability(batch).sum()).backward()
    for parameter in model.parameters():
        flat, gradient = parameter.data.view(-1), parameter.grad
        assert gradient is not None
        for place in range(0, flat.numel(), 7):
            losses: list[float] = []
            for step in (1e-6, -2e-6):
                flat[place] += step
                losses.append(-model.log_probability(batch).sum().item())
            flat[place] += 1e-6
            assert gradient.view(-1)[place].item() == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-4, abs=1e-6)


def test_a_distribution_is_the_mixture_of_its_answers() -> None:
    model = make_model()

    def loss(answer: object) -> Tensor:
        return model.log_probability(collate([Sample(inputs(0, 1), "sum([x0, x1], S)", answer)]))

    torch.testing.assert_close(loss({0: 0.5, 3: 0.2, 4: 0.3}), 0.5 * loss(0) + 0.2 * loss(3) + 0.3 * loss(4))
    chance = {True: 0.9, False: 0.1}
    found = model.log_probability(collate([Sample(inputs(5, 6), "smaller(x5, x6)", chance)]))
    sure = [model.log_probability(collate([Sample(inputs(5, 6), "smaller(x5, x6)", truth)])) for truth in (True, False)]
    torch.testing.assert_close(found, 0.9 * sure[0] + 0.1 * sure[1])


IMPOSSIBLE: list[tuple[Sample, str]] = [
    (Sample(inputs(0), "sum([x0], S)", 7), "never has the answer 7; it has 0, 1, 2"),
    (Sample(inputs(0), "sum([x0], S)", "red"), "never has the answer 'red'"),
    (Sample(inputs(0), "sum([x0], 7)", True), "false in every world"),
    (Sample(inputs(0), "sum([x0], S)", {1: 0.5, 9: 0.5}), "never has the answer 9"),
    (Sample(inputs(0, 1), "winner(x0, x1, W)", "x5"), "it has 'x0', 'x1'"),  # in the sample's own words
]


@pytest.mark.parametrize(("sample", "why"), IMPOSSIBLE)
def test_an_impossible_answer_names_its_sample_or_costs(sample: Sample, why: str) -> None:
    model, fine = make_model(), Sample(inputs(1), "sum([x1], S)", 1)
    batch = collate([fine, sample])
    with pytest.raises(ImpossibleAnswer, match=f"^sample 1 of its batch: .*{why}"):
        model.log_probability(batch)
    found = model.log_probability(batch, impossible=8.0)
    torch.testing.assert_close(found[0], model.log_probability(collate([fine]))[0])
    half = model.log_probability(collate([Sample(inputs(0), "sum([x0], S)", 1)]))[0].item()
    assert found[1].item() == pytest.approx(0.5 * half - 4.0 if isinstance(sample.answer, Mapping) else -8.0)


def test_what_is_never_true_is_surely_false() -> None:
    found = make_model().log_probability(collate([Sample(inputs(0), "sum([x0], 7)", False)]))
    assert found.tolist() == [0.0]


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("text", "is a str; give Sample"),
        ((SEEN[0], 1, 2, 3), "is a tuple of 4"),
        (Sample({"x0": "picture.png"}, "sum([x0], S)", 1), "'x0' is a str; give a tensor"),  # pyright: ignore
    ],
)
def test_what_is_no_sample_is_refused(item: object, why: str) -> None:
    with pytest.raises(SampleError, match=f"sample 0 of its batch.*{why}"):
        collate([item])


@pytest.mark.parametrize(
    ("answer", "why"), [(object(), "the answer is a object"), ({0: 0.5}, "sum to one"), ({0: 1.5, 1: -0.5}, "negative")]
)
def test_what_is_no_answer_is_refused(answer: object, why: str) -> None:
    with pytest.raises(SampleError, match=why):
        make_model().log_probability(collate([Sample(inputs(0), "sum([x0], S)", answer)]))


def test_constants_are_those_of_the_query() -> None:
    with pytest.raises(QueryError, match="no variable 'Y'"):
        Sample(inputs(0), "sum(X, S)", 1, constants={"Y": ["x0"]})
    with pytest.raises(SampleError, match="no query of its own"):
        Sample(inputs(0), answer=1, constants={"Y": ["x0"]})


class Numbers(Dataset[Any]):
    """Sums of one to three inputs."""

    def __len__(self) -> int:
        return 11

    def __getitem__(self, index: int) -> Sample:
        chosen = [(index + step) % 12 for step in range(1 + index % 3)]
        return Sample(inputs(*chosen), f"sum({names(chosen)}, S)", index % 3)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_makes_batches_in_its_workers(workers: int) -> None:
    model = make_model()
    loader = DataLoader(Numbers(), batch_size=4, collate_fn=collate, num_workers=workers)
    found: list[Tensor] = []
    for batch in loader:
        assert isinstance(batch, Batch)
        found.append(model.log_probability(batch))
    alone = torch.cat([model.log_probability(collate([Numbers()[i]])) for i in range(11)])
    torch.testing.assert_close(torch.cat(found), alone)


def test_stacked_inputs_are_samples_that_ask_the_same() -> None:
    rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.", (Domain("digit", range(3)),))
    model = Model(Neural(nn.Linear(4, 3), Domain("digit", range(3))), rule, "sum(S)")
    pairs = SEEN.view(6, 2, 4)
    found = model.log_probability(stacked(pairs, [0, 1, 2, 3, 4, 0]))
    torch.testing.assert_close(found, model.log_probability(collate([*zip(pairs, [0, 1, 2, 3, 4, 0], strict=True)])))
    torch.testing.assert_close(found[0], model(pairs).log_probs[0, 0])
    with pytest.raises(SampleError, match="for 3 answers"):
        stacked(pairs, [0, 1, 2])
