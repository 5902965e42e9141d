"""One network from pixels to a solution: its whole is its parts, and what it says is so."""

from itertools import product

import numpy as np
import pytest
import torch

import neurosym as ns
from logic import Domain, Line, NetworkError, simulate, simulate_reference
from logic.search.constraint_rows import SearchProblem, clause
from logic.search.listening import listen
from logic.search.search_network import build_search
from neurosym.joined.board_search import BoardSearch, to_board_search
from reasoner import ConstraintProgram

LATIN = """
latin(Rows) :- Rows = [[A, B], [C, D]], [A, B, C, D] ins 1..2, A #\\= B, C #\\= D, A #\\= C, B #\\= D.
"""


READER = ns.SpikingClassifier(Domain("cell", (0, 1, 2)), 0, channels=(2, 3), hidden=8)


@pytest.fixture(scope="module")
def latin() -> BoardSearch:
    return to_board_search(READER, ConstraintProgram.parse(LATIN), "latin(Rows)", empty=0)


def boards() -> torch.Tensor:
    """All boards of four cells that look like 0, 1 or 2 to the reader, ``[81, 4, 1, 28, 28]``."""
    draw = torch.Generator().manual_seed(2)
    pool = torch.rand(300, 1, 1, 28, 28, generator=draw) * torch.rand(300, 1, 1, 1, 1, generator=draw)
    pool[:, :, :, 14:] *= torch.rand(300, 1, 1, 1, 1, generator=draw)
    read = READER(pool).symbols.most_likely()[:, 0]
    kinds = [pool[read == value, 0][0] for value in range(3)]
    return torch.stack([torch.stack([kinds[value] for value in cells]) for cells in product(range(3), repeat=4)])


def test_the_whole_network_gives_the_spikes_of_its_parts(latin: BoardSearch) -> None:
    pictures = boards()[::7]
    found = latin.find(pictures)
    assert {sighting.outcome.solvable for sighting in found} == {True, False}
    spikes = latin.perception.input_spikes(pictures)
    names = [population.name for population in latin.network.populations]
    trains = simulate(latin.network, spikes, max(sighting.step for sighting in found) + 1, record=names)
    whole = torch.cat([trains[name].flatten(2) for name in names], dim=2)
    inputs = int(np.prod(latin.network.input_shape))
    answers = whole[:, :, torch.from_numpy(latin.network.outputs - inputs)].numpy()
    for board, sighting in enumerate(found):
        said, other = (0, 1) if sighting.outcome.solvable else (1, 0)
        assert np.flatnonzero(answers[: sighting.step + 1, board, said]).tolist() == [sighting.step]
        assert not answers[: sighting.step + 1, board, other].any()


def test_a_board_is_solved_or_was_misread(latin: BoardSearch) -> None:
    solutions = [(1, 2, 2, 1), (2, 1, 1, 2)]
    found = latin.find(boards())
    assert len({sighting.seen for sighting in found}) == 81
    for sighting in found:
        agrees = [s for s in solutions if all(seen in (0, one) for seen, one in zip(sighting.seen, s, strict=True))]
        assert sighting.misread == (not agrees)
        assert sighting.values in (agrees or [()])


def test_a_search_that_listens_runs_as_with_clues_from_the_beginning() -> None:
    rows = tuple(clause(c) for c in ([1, 2], [-1, -2], [2, 3], [-2, -3]))
    problem = SearchProblem(3, rows, decisions=(1, 2, 3), clues=(1, -1, 2, 3))  # pyright: ignore[reportArgumentType]
    network = build_search(problem)
    lines = {Line(f"clue{n}"): literal for n, literal in enumerate(problem.clues)} | {Line("nothing"): None}
    waiting = listen(network, lines)
    for given in ([1], [-1], [2], [3, 1], [3, 2], [4]):
        wave = np.zeros((6, 5), np.bool_)
        chosen = [4] if given == [4] else [problem.clues.index(literal) for literal in given]
        wave[5, chosen] = True
        heard = simulate_reference(waiting, wave, 150)[:, waiting.outputs]
        steady = np.zeros((150, 4), np.bool_)
        steady[:, [place for place in chosen if place < 4]] = True
        expected = simulate_reference(network.network, steady, 144)[:, network.network.outputs]
        assert np.array_equal(heard[6:], expected)
        assert not heard[:6].any()


def test_what_cannot_be_a_clue_is_refused() -> None:
    program = ConstraintProgram.parse(LATIN)
    with pytest.raises(NetworkError, match=r"can see 0, which Rows\[1\]\[1\] cannot be.*empty=0"):
        to_board_search(READER, program, "latin(Rows)")
    with pytest.raises(NetworkError, match="is no clue of the problem"):
        listen(build_search(SearchProblem(1, (), decisions=(1,))), {Line("a"): 1})
