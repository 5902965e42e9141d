"""With several threads sweeping says what one thread says, ends with what is proved, and leaves no thread behind."""

import threading
from collections.abc import Callable

import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, prove_equivalent
from logic.library import multiply
from logic.sweeping import ahead, gate_oracle, oracle, sweeping
from logic.sweeping.graph import AndGraph
from logic.sweeping.questions import WIDER
from logic.sweeping.sweeping import sweep
from logic.watch import Watch

INPUTS = 9


def wider(*_: object) -> int:
    return WIDER


@pytest.fixture
def hard(monkeypatch: pytest.MonkeyPatch) -> Callable[[tuple[int, ...]], None]:
    """Has all questions wait for a thread, in passes of so many conflicts."""

    def set_budgets(budgets: tuple[int, ...]) -> None:
        monkeypatch.setattr(ahead, "_PATIENCE", 0.0)
        monkeypatch.setattr(oracle, "_WINDOWS", ())
        monkeypatch.setattr(gate_oracle, "ask_narrow", wider)
        monkeypatch.setattr(sweeping, "_BUDGETS", dict.fromkeys(budgets, 0.0))

    return set_budgets


def random_trees(rng: np.random.Generator) -> tuple[AndGraph, list[int]]:
    """Parities and conjunctions of inputs, each in several orders, so that many nodes are equal and many nearly so."""
    graph = AndGraph()
    inputs = graph.inputs(INPUTS).tolist()

    def parity(a: int, b: int) -> int:
        return graph.conjunction(graph.conjunction(a, b) ^ 1, graph.conjunction(a ^ 1, b ^ 1) ^ 1)

    literals: list[int] = []
    for _ in range(3):
        chosen = [inputs[i] for i in rng.permutation(INPUTS)[:7]]
        for _ in range(3):
            order = [chosen[i] for i in rng.permutation(7)]
            total, both = order[0], order[0]
            for at, literal in enumerate(order[1:]):
                total = parity(total, literal) if at % 3 else graph.conjunction(parity(total, literal), total) ^ 1
                both = graph.conjunction(both, parity(literal, order[at]))
            rest = order[0]
            for literal in order[1:]:
                rest = parity(rest, literal)
            literals += [total, both, rest]
    return graph, literals


def truth(graph: AndGraph) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """The truth table of every node."""
    table = np.zeros((len(graph), 1 << INPUTS), np.bool_)
    entered = 0
    for node in range(1, len(graph)):
        first, second = int(graph.nodes.first[node]), int(graph.nodes.second[node])
        if first < 0:
            table[node] = np.arange(1 << INPUTS) >> entered & 1
            entered += 1
        else:
            table[node] = (table[first >> 1] ^ bool(first & 1)) & (table[second >> 1] ^ bool(second & 1))
    return table


@pytest.mark.parametrize("budgets", [(2_000, 50_000), (50_000,)])
@pytest.mark.parametrize("seed", range(3))
def test_threads_settle_pairs_as_truth_tables_say(
    seed: int, budgets: tuple[int, ...], hard: Callable[[tuple[int, ...]], None]
) -> None:
    hard(budgets)
    graph, literals = random_trees(np.random.default_rng(seed))
    table = truth(graph)
    values = [table[literal >> 1] ^ bool(literal & 1) for literal in literals]
    numbers = range(len(literals))
    same = [(literals[i], literals[j]) for i in numbers for j in range(i) if (values[i] == values[j]).all()]
    found = sweep(graph, np.array(same), watch=Watch(jobs=3), words=1)
    assert (found.settled == 1).all()
    for node, literal in enumerate(found.merged.tolist()):
        assert (table[node] == table[literal >> 1] ^ bool(literal & 1)).all()
    others = [(literals[i], literals[j]) for i in numbers for j in range(i) if (values[i] != values[j]).any()]
    for pair in others[:: len(others) // 3]:
        refuted = sweep(graph, np.array([*same, pair]), watch=Watch(jobs=2), words=1)
        assert refuted.settled[-1] == 0
        assert refuted.witness is not None
        row = int(refuted.witness @ (1 << np.arange(INPUTS)))
        left, right = (table[literal >> 1, row] ^ bool(literal & 1) for literal in pair)
        assert left != right


def product(bits: int, swapped: bool) -> Circuit:
    make = CircuitBuilder()
    left, right = (make.inputs(*(f"{name}{bit}" for bit in range(bits))) for name in "ab")
    both = multiply(right, left) if swapped else multiply(left, right)
    return make.build_from({f"y{place}": literal for place, literal in enumerate(both)})


@pytest.mark.parametrize("budgets", [(2_000, 1_000_000), (1_000_000,)])
def test_two_jobs_prove_what_one_does(budgets: tuple[int, ...], hard: Callable[[tuple[int, ...]], None]) -> None:
    hard(budgets)
    one, other = product(5, False), product(5, True)
    assert prove_equivalent(one, other, jobs=2).holds
    assert prove_equivalent(one, other, jobs=1).holds


def test_ctrl_c_leaves_what_is_proved_and_no_thread(
    hard: Callable[[tuple[int, ...]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hard((2_000, 50_000))
    calls = 0

    def press(asked: list[object]) -> list[object]:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return original(asked)  # pyright: ignore[reportArgumentType, reportReturnType]

    original = ahead.SideBySide._answered  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(ahead.SideBySide, "_answered", press)
    verdict = prove_equivalent(product(5, False), product(5, True), jobs=2)
    assert calls >= 3
    assert verdict.holds is None
    assert "interrupted" in verdict.detail
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sweeping")]
