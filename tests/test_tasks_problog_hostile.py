"""Hostile programs: some of each door end in an answer or one sentence, and those of others are not disturbed."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from reasoner import ConstraintProgram, Program, infer, solve
from tasks.problog.hostile import Outcome, ask, run
from tasks.problog.hostile_programs import Hostile, hostile_programs
from tasks.reliability.process_tree import cpu_seconds, end, megabytes, processes

SWIFT = {  # refused or answered at once
    "deep brackets",
    "deep list",
    "cyclic term",
    "huge integer",
    "a shell",
    "a directive",
    "garbage",
    "NUL",
    "control characters",
    "circle through negation",
    "deep mixture",
    "deep implication",
    "deep query term",
    "power of powers",
    "many alternatives",
    "division by nothing",
    "nonsense arguments",
    "cyclic constraint",
    "posting in a condition",
}


def swift(door: str) -> list[Hostile]:
    return [program for program in hostile_programs(118, 2) if program.kind in SWIFT and program.door == door]


def test_hostile_programs_end_in_an_answer_or_a_sentence() -> None:
    programs = [*swift("query"), *swift("solve"), *swift("explain")[:2]]
    outcomes = list(run(programs, 2.0))
    assert not [outcome for outcome in outcomes if outcome.wrong]
    assert {outcome.program.door for outcome in outcomes} == {"query", "solve", "explain"}
    assert len(outcomes) > 15


def test_what_breaks_a_promise_is_said() -> None:
    program = Hostile("none", "query", "p(1).", None)
    verdicts = ("answered", "refused: QueryError", "TRACEBACK: KeyError: 1", "CRASH: exit code -11", "TIME: 9.0 s")
    assert [Outcome(program, verdict, 0.0, 0.0).wrong for verdict in verdicts] == [False, False, True, True, True]


def test_time_and_memory_of_all_that_a_process_starts_are_its_own() -> None:
    work = "sum(range(10**7)); data = b'1' * 10**8"
    inner = f"import os\n{work}\nos.read(0, 1)"
    outer = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {inner!r}], start_new_session=True)\n"
        "sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", outer], stdin=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while megabytes(process.pid) < 100 and time.monotonic() < deadline:
        time.sleep(0.02)
    held, seconds, inside = megabytes(process.pid), cpu_seconds(process.pid), [*processes(process.pid)]
    end(process.pid)
    process.communicate()
    assert 100 < held < 200
    assert seconds > 0.1
    assert len(inside) == 2
    assert not processes(process.pid)


def test_eight_threads_mix_good_and_hostile_ones() -> None:
    def good(number: int) -> object:
        if number % 2:
            answers = infer(Program.parse(f"0.{number}::a. b :- a. query(b).", ()))
            return round(answers.probability("b").item(), 6) == number / 10
        text = f"p(X, Y) :- [X, Y] ins 0..50, X + Y #= {number + 30}, X #= 2 * Y + {number % 3}."
        found = solve(ConstraintProgram.parse(text), "p(X, Y)", seconds=20)
        x, y = found.bindings.get("X"), found.bindings.get("Y")
        fits = [(a, b) for a in range(51) for b in range(51) if a + b == number + 30 and a == 2 * b + number % 3]
        return (x, y) in fits if fits else found.solvable is False

    hostile = [program for program in (*swift("query"), *swift("solve")) if program.kind != "garbage"]
    with ThreadPoolExecutor(max_workers=8) as pool:
        bad = [pool.submit(ask, program, 1.0) for program in hostile]
        right = list(pool.map(good, range(1, 9)))
        assert all(future.result().startswith(("answered", "refused")) for future in bad)
    assert all(right)
