"""Programs stay in their workers: read once, asked many times, each as if it were alone."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from reasoner import Limits, Program, explain, infer
from reasoner.counting.planning import answer_stated
from reasoner.errors import PrologLimit
from reasoner.prolog import workers
from reasoner.prolog.workers import Pool


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The length of each program that is sent to a worker of a pool of its own."""
    lengths: list[int] = []
    pool = Pool()
    monkeypatch.setattr(workers, "_pool", pool)
    exchange = workers._Worker._exchange  # pyright: ignore[reportPrivateUsage]

    def noted(self: Any, texts: Sequence[str], seconds: float) -> str:
        if texts[2]:
            lengths.append(len(texts[3]))
        return exchange(self, texts, seconds)

    monkeypatch.setattr(workers._Worker, "_exchange", noted)  # pyright: ignore[reportPrivateUsage]
    yield lengths
    pool.end_all()


def test_a_program_is_sent_once(sent: list[int]) -> None:
    program = Program.parse("0.5::p(1). 0.25::p(2). 0.125::p(3). q(X) :- p(X).", ())
    for number in (1, 2, 3):
        assert answer_stated(program, f"q({number})") == pytest.approx({f"q({number})": 0.5**number})
    assert sent == [len(program.text)]


def test_more_programs_than_slots_answer_right(sent: list[int]) -> None:
    programs = [Program.parse(f"0.{number}::p({number}). q(X) :- p(X).", ()) for number in range(1, 13)]
    for query in ("q(X)", "q(Y)"):
        for number, program in enumerate(programs, 1):
            assert list(answer_stated(program, query).values()) == [pytest.approx(float(f"0.{number}"))]
    assert len(sent) == 36  # read, then installed for each query: others took the slot


def test_large_programs_make_room(sent: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_HELD", 100)
    programs = [Program.parse(f"0.5::p({number}). % {'x' * 60}\n", ()) for number in range(3)]
    for program in programs * 2:
        (value,) = answer_stated(program, "p(X)", Limits(seconds=9.0 + len(sent))).values()
        assert value == pytest.approx(0.5)
    (worker,) = workers._pool.workers  # pyright: ignore[reportPrivateUsage]
    assert len(worker.held) == 1


def test_what_one_request_adds_the_next_does_not_see() -> None:
    text = """0.5::a(1). 0.5::a(2).
    c(L) :- G = findall(X, a(X), L), call(G).
    v(X, Y) :- a(X), \\+ X == Y.
    b(X) :- a(X)."""
    program = Program.parse(text, ())
    before = answer_stated(program, "b(X)")
    assert answer_stated(program, "c(L)") == pytest.approx(
        {"c([])": 0.25, "c([1])": 0.25, "c([2])": 0.25, "c([1,2])": 0.25}
    )
    (answer,) = explain(program, "b(1)", ())
    assert answer.proof.text == "b(1)"
    assert answer_stated(program, "b(Y)") == before


def test_a_worker_that_was_cut_off_takes_its_programs_along() -> None:
    program = Program.parse("p(X) :- q([X]). q(L) :- q([b|L]). 0.5::r(1).", ())
    with pytest.raises(PrologLimit):
        infer(program, "p(1)", limits=Limits(seconds=1.0))
    assert answer_stated(program, "r(1)") == pytest.approx({"r(1)": 0.5})


def test_a_slow_request_holds_up_no_other() -> None:
    slow = Program.parse("p :- forall(between(1, inf, X), X > 0). 0.5::q(1).", ())
    with ThreadPoolExecutor(max_workers=1) as pool:
        late = pool.submit(infer, slow, "p", limits=Limits(seconds=3.0))
        assert answer_stated(slow, "q(1)") == pytest.approx({"q(1)": 0.5})
        assert not late.done()
        with pytest.raises(PrologLimit):
            late.result()
