"""Fuzzing: mutated inputs of every kind end in a result or one error; the watcher sees whatever else may happen."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from logic import NeurosymError
from reasoner import Limits, Program, infer
from tasks.fuzz.kinds import KINDS, inputs, outcome
from tasks.fuzz.mutation import Files, minimize, mutate_json, repair_png
from tasks.fuzz.watching import Found, Watched


@pytest.mark.parametrize("name", KINDS)
def test_good_inputs_give_results(name: str) -> None:
    kind = KINDS[name]
    assert "result" in {outcome(kind, files) for files in kind.corpus()[:3]}


@pytest.mark.parametrize("name", KINDS)
def test_a_second_of_mutated_inputs(name: str) -> None:
    """In this process; the task tries them in one of its own."""
    kind, seen = KINDS[name], {"result": 0, "refused": 0}
    end = sum(os.times()[:4]) + 1.0  # of CPU time, that of yosys included
    for files in inputs(kind, np.random.default_rng(5)):
        try:
            seen[outcome(kind, files)] += 1
        except Exception as fault:
            fault.add_note(f"{files!r}"[:3000])
            raise
        if sum(os.times()[:4]) > end and seen["refused"]:
            break
    assert seen["refused"]


def attempt(files: Files) -> str:
    """Does what the input says."""
    match files[0]:
        case b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"hang":
            while True:
                pass
        case b"work":
            end = time.process_time() + 0.25
            while time.process_time() < end:
                pass
        case b"grow":
            return str(len(bytearray(1 << 31)))
        case word if b"bad" in word:
            raise ZeroDivisionError(word)
        case _:
            pass
    return "result"


def test_the_watcher_survives_whatever_happens() -> None:
    with Watched(attempt, 0.1, 1 << 28, (b"good",), "fork") as watched:
        assert watched((b"good",)).kind == "result"
        died = watched((b"die",))
        assert (died.kind, died.place) == ("crash", "exit -9")
        assert watched((b"good",)).kind == "result"
        assert watched((b"work",)).kind == "slow"
        assert watched((b"grow",)).kind == "memory"
        wrong = watched((b"a bad thing",))
        assert wrong.kind == "traceback"
        assert wrong.place.startswith("ZeroDivisionError at tests/test_tasks_fuzz.py:")
        assert watched((b"hang",)).kind == "hang"
        assert watched((b"good",)).kind == "result"


def in_prolog(files: Files) -> str:
    """Works for a second of CPU time, but not in this process."""
    with suppress(NeurosymError):
        infer(Program.parse("p(X) :- p(Y), X is Y + 1. p(0). query(p(_)).", ()), limits=Limits(seconds=1.0))
    return "refused"


def test_time_in_workers_counts() -> None:
    with Watched(in_prolog, 10.0, 2 << 30, (b"",), "fork") as watched:
        assert 0.9 < watched((b"",)).seconds < 4


def test_faults_are_made_small() -> None:
    assert minimize((b"x" * 300 + b"bad" + b"y" * 300,), lambda files: b"bad" in files[0]) == (b"bad",)
    assert Found("refused").fault is False


def test_mutations_keep_what_they_promise() -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        assert mutate_json(b'{"a": [1, {"b": null}], "c": "text"}', generator)
    png = next(files[0] for files in KINDS["picture"].corpus())
    damaged = png[:29] + b"\0\0\0\0" + png[33:]  # the checksum of the header
    assert repair_png(damaged) == png


def test_the_task_reports_and_keeps_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tasks.fuzz.__main__ as task

    class Small(Watched):
        def __init__(self, *_: object) -> None:
            super().__init__(attempt, 1.0, 1 << 30, (b"good",), "fork")

    def stream(*_: object) -> list[Files]:
        return [(b"good",), (b"some bad thing",), (b"another bad thing",)] * 1000

    monkeypatch.setattr(task, "Watched", Small)
    monkeypatch.setattr(task, "inputs", stream)
    counts, faults, _ = task.fuzz("query", 0.5, 0, tmp_path)
    assert counts["result"]
    assert len(faults) == 1
    assert (tmp_path / next(path.name for path in tmp_path.iterdir() if path.suffix == ".0")).read_bytes() == b"bad"
