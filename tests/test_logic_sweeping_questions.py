"""Questions to the compiled solver, against truth tables; windows of a few nodes leave most of them to whole cones."""

import numpy as np
import pytest
from numpy.typing import NDArray

from logic.kernels import kernel, run_kernels
from logic.satisfiability.gate_solver import IMPOSSIBLE, POSSIBLE
from logic.satisfiability.solver_gates import OPEN
from logic.sweeping import questions
from logic.sweeping.graph import AndGraph
from logic.sweeping.patterns import simulate

INPUTS = 7


@kernel()
def ask(c: questions.Cones, node: int, literal: int) -> int:
    """The answer, in plain Python where kernels are plain."""
    answer = questions.equal(c, node, literal, 10_000, 0, 4)
    if answer == IMPOSSIBLE:
        questions.equate(c, node, literal)
    return int(answer)


def twice(seed: int) -> tuple[AndGraph, list[tuple[int, int]]]:
    """A graph in which functions are written twice, in different ways, and the literals of each."""
    generator = np.random.default_rng(seed)
    graph = AndGraph()
    inputs = [int(x) for x in graph.inputs(INPUTS)]
    both = [(x, x) for x in inputs]

    def either(a: int, b: int) -> int:
        return graph.conjunction(a ^ 1, b ^ 1) ^ 1

    def choice(s: int, a: int, b: int, form: int) -> int:
        if form:
            return graph.conjunction(either(s ^ 1, a), either(s, b))
        return either(graph.conjunction(s, a), graph.conjunction(s ^ 1, b))

    for _ in range(18):
        chosen = [both[i] for i in generator.integers(0, len(both), size=3)]
        flips = generator.integers(0, 2, size=3)
        (a, b, c), (d, e, f) = (
            [pair[side] ^ int(flip) for pair, flip in zip(chosen, flips, strict=True)] for side in (0, 1)
        )
        if generator.integers(0, 2):
            new = graph.conjunction(graph.conjunction(a, b), c), graph.conjunction(d, graph.conjunction(e, f))
        else:
            new = choice(a, b, c, 0), choice(d, e, f, 1)
        both.append(new)
    return graph, both[INPUTS:]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("windows", [(60, 300, 2_000), (3, 6, 12)])
def test_questions_are_answered_as_truth_tables_say(
    seed: int, windows: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in zip(("_SMALL", "_MIDDLE", "_LARGE"), windows, strict=True):
        monkeypatch.setattr(questions, name, size)
    graph, both = twice(seed)
    size = len(graph)
    words = np.zeros((size, 2), np.uint64)
    table = (np.arange(1 << INPUTS)[:, None] >> np.arange(INPUTS) & 1).astype(np.uint8)
    words[1 : 1 + INPUTS] = np.packbits(np.ascontiguousarray(table.T), axis=1, bitorder="little").view(np.uint64)
    simulate(graph.nodes, words)

    def values(literal: int) -> NDArray[np.uint64]:
        return words[literal >> 1] ^ np.uint64(0xFFFFFFFFFFFFFFFF if literal & 1 else 0)

    generator = np.random.default_rng(seed)
    first, second = graph.nodes.first[:size].copy(), graph.nodes.second[:size].copy()
    answers = {IMPOSSIBLE: 0, POSSIBLE: 0}
    with run_kernels("never"):
        cones = questions.new_cones(first, second)
        others = [(int(a), int(b)) for a, b in generator.integers(2, 2 * size, size=(25, 2))]
        for left, right in [*both, *others, *((2 * int(n), int(n) % 2) for n in generator.integers(8, size, size=5))]:
            low, high = sorted((left, right))
            node, literal = high >> 1, low ^ (high & 1)
            if node == literal >> 1 or first[node] < 0:
                continue
            answer = ask(cones, node, literal)
            assert answer == (IMPOSSIBLE if (values(2 * node) == values(literal)).all() else POSSIBLE)
            answers[answer] += 1
            if answer == IMPOSSIBLE:
                continue
            below = [int(n) for n in cones.queue[: cones.numbers[questions.COUNT]] if first[n] < 0]
            found = {n: int(questions.input_value(cones, n)) for n in below}
            rows = np.ones(1 << INPUTS, np.bool_)
            for n, value in found.items():
                rows &= True if value == OPEN else table[:, n - 1] == value
            apart = np.unpackbits((values(2 * node) ^ values(literal)).view(np.uint8), bitorder="little")
            assert apart[rows].all()  # whatever values the open inputs get
    assert min(answers.values()) > 5
