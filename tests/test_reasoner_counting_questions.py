"""Questions asked of a program, against enumeration of all worlds."""

import itertools
from math import exp, log

import pytest
import torch

from logic import Domain, Symbols
from reasoner import (
    Program,
    QueryError,
    Semiring,
    best_worlds,
    evaluate,
    infer,
    number_of_worlds,
    world_entropy,
)

SMALL = Domain("digit", range(4))
RULE = Program.parse("sum(S) :- digit(0, X), digit(1, Y), digit(2, Z), S is X + Y * Z.", (SMALL,))


def beliefs(batch: int = 1) -> Symbols:
    logits = torch.randn(batch, 3, 4, generator=torch.Generator().manual_seed(3)).double()
    return Symbols(SMALL, logits.log_softmax(dim=2))


def worlds(symbols: Symbols, total: int) -> list[tuple[float, tuple[int, ...]]]:
    rows = symbols.log_probs[0].tolist()
    found = [
        (sum(row[v] for row, v in zip(rows, values, strict=True)), values)
        for values in itertools.product(range(4), repeat=3)
        if values[0] + values[1] * values[2] == total
    ]
    return sorted(found, reverse=True)


@pytest.mark.parametrize("total", range(13))
def test_worlds_are_found_counted_and_weighed_as_enumeration_does(total: int) -> None:
    symbols = beliefs()
    wanted = worlds(symbols, total)
    if not wanted:
        with pytest.raises(QueryError, match="never has the answer"):
            number_of_worlds(RULE, "sum(S)", total)
        return
    found = best_worlds(RULE, "sum(S)", total, symbols, count=5)
    assert [tuple(world.values["digit", slot] for slot in range(3)) for world in found] == [v for _, v in wanted[:5]]
    assert [world.log_probability for world in found] == pytest.approx([p for p, _ in wanted[:5]])
    assert number_of_worlds(RULE, "sum(S)", total) == len(wanted)
    mass = sum(exp(p) for p, _ in wanted)
    column = infer(RULE, "sum(S)", symbols).index(total)
    uncertain = -sum(exp(p) / mass * (p - log(mass)) for p, _ in wanted)
    assert world_entropy(RULE, "sum(S)", symbols)[0, column].item() == pytest.approx(uncertain, abs=1e-9)


def test_a_semiring_of_ones_own_is_evaluated() -> None:
    """The most expensive reading: every value costs itself."""
    costs = torch.arange(4.0).repeat(3)
    dearest = Semiring(
        (float("-inf"),),
        (0.0,),
        lambda values: values.amax(1),
        lambda values: values.sum(2),
        lambda logs: costs[:, None, None].expand(-1, 1, logs.shape[1]),
    )
    found = evaluate(RULE, dearest, "sum(S)", beliefs(2))
    answers = infer(RULE, "sum(S)", beliefs(2))
    assert found.shape == (2, len(answers.atoms), 1)
    for total in (6, 12):  # each reads all three digits
        wanted = max(sum(values) for _, values in worlds(beliefs(), total))
        assert found[:, answers.index(total), 0].tolist() == [wanted, wanted]


def test_the_evidence_holds_in_the_worlds() -> None:
    coins = Program.parse("0.5::h(1). 0.6::h(2). 0.7::h(3). won :- h(_). query(won). evidence(h(3), false).")
    assert number_of_worlds(coins, None, "won") == 3
    (best,) = best_worlds(coins, None, "won")
    assert best.log_probability == pytest.approx(log(0.5 * 0.6 * 0.3))
    with pytest.raises(QueryError, match="one sample"):
        best_worlds(RULE, "sum(S)", 3, beliefs(2))
