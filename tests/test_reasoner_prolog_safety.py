"""Hostile programs: each gets one clear error, and the process lives on within its memory."""

import json
import multiprocessing
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reasoner import Limits, Program, ProgramError, PrologLimit, QueryError, infer

SHARED = "B0 = z, " + ", ".join(f"B{i + 1} = t(B{i}, B{i})" for i in range(40))  # 2**40 leaves if written out

HOSTILE = {
    "endless recursion": ("n(0). n(X) :- n(Y), X is Y + 1. query(n(_)).", "PrologTimeout"),
    "endless call": ("p(N) :- p([a|N]). 0.5::a. q :- p([]), a. query(q).", "PrologTimeout|PrologLimit"),
    "growing terms": ("f(X) :- f(s(X)). 0.5::a. q :- f(0), a. query(q).", "PrologTimeout|PrologLimit"),
    "doubling terms": ("f(X) :- f(g(X, X)). query(f(0)).", "grow without end"),
    "uncertain growth": ("0.5::a. f(X) :- a, f(s(X)). query(f(0)).", "PrologTimeout|PrologLimit"),
    "10^7 answers": ("m(X) :- between(1, 10000000, X). query(m(_)).", "Limits.answers"),
    "10^7 instances": ("0.5::a. m(X) :- between(1, 10000000, X), a. query(m(_)).", "Limits.instances|PrologTimeout"),
    "a deep term": (f"p({'s(' * 10**6}0{')' * 10**6}). query(p(_)).", "nested more than"),
    "deep brackets": (f"p({'(' * 10**6}0{')' * 10**6}). query(p(_)).", "nested more than"),
    "deep operators": (f"p({'- ' * 10**6}1). query(p(_)).", "nested more than"),
    "hidden brackets": (f"p(0'', {'[' * 10**5}{']' * 10**5}, '', \"(\", a). query(p(_)).", "nested more than"),
    "a term built deep": (
        "d(0, z). d(N, s(X)) :- N > 0, M is N - 1, d(M, X). query(d(1000000, _)).",
        "Prolog(Limit|Time)",
    ),
    "a cyclic term": ("p(X) :- X = f(X). query(p(_)).", "contains itself"),
    "a cyclic list": ("p(N) :- X = [a|X], length(X, N). query(p(_)).", "cannot be run"),
    "a huge power": ("p(X) :- X is 2 ** (10 ** 8). query(p(_)).", "4,000 digits"),
    "a huge shift": ("p(X) :- X is 1 << (1 << 40). query(p(_)).", "4,000 digits"),
    "a long list": ("p(L) :- numlist(1, 100000000, L). query(p(_)).", "Prolog(Limit|Time)"),
    "many found": ("p(N) :- findall(X, between(1, 100000000, X), L), length(L, N). query(p(_)).", "Prolog(Limit|Time)"),
    "a long search": ("p(L) :- numlist(1, 12, K), permutation(K, L), L = [13|_]. query(p(_)).", "PrologTimeout"),
    "a doubling tree": ("f(0, z). f(N, t(A, A)) :- N > 0, M is N - 1, f(M, A). query(f(40, _)).", "Prolog(Limit|Time)"),
    "a shell": ("p :- shell(ls). query(p).", "not allowed.*line 1, column 6"),
    "a file": ("p :- open(f, write, _). query(p).", "not allowed.*line 1, column 6"),
    "a late shell": ("p :- X =.. [shell, ls], call(X). query(p).", "neither a predicate"),
    "another module": ("p :- G = system:shell, call(G, ls). query(p).", "neither a predicate"),
    "an applied shell": ("p :- maplist(shell, [ls]). query(p).", "neither a predicate|not allowed"),
    "assert": ("p :- assertz(leak(1)). query(p).", "not allowed"),
    "halt": ("p :- halt. query(p).", "not allowed"),
    "a directive": (":- initialization(halt). p. query(p).", "directive"),
    "another file": (":- use_module(library(process)). p. query(p).", "directive"),
    "a flag": (":- set_prolog_flag(double_quotes, atom). p. query(p).", "directive"),
    "a lambda": ("p(Y) :- maplist([X]>>shell(X), [ls]), Y = 1. query(p(_)).", "neither a predicate"),
    "a lambda of itself": ("p :- X = ([Y]>>call(Y, Y)), call(X, X). query(p).", "Prolog(Limit|Time)"),
    "a search of lists": ("p(L) :- length(L, N), N > 10**9. query(p(_)).", "Prolog(Limit|Time)"),
    "an endless test": ("p :- forall(between(1, inf, X), X > 0). query(p).", "Prolog(Limit|Time)"),
    "a huge message": ("p(N) :- numlist(1, 2000000, L), atom_length(L, N). query(p(_)).", "cannot|Prolog(Limit|Time)"),
    "a huge answer": ("p(X) :- functor(X, f, 1000000). query(p(_)).", "more than 200,000|Prolog(Limit|Time)"),
    "a shared term": (f"p(B40) :- {SHARED}. query(p(_)).", "Prolog(Limit|Time)"),
    "a shared instance": (f"0.5::q(B40) :- {SHARED}. query(q(_)).", "Prolog(Limit|Time)"),
    "a shared denial": (f"0.5::a(_). p :- {SHARED}, \\+ a(B40). query(p).", "Prolog(Limit|Time)"),
    "a shared sum": (f"p(X) :- {SHARED}, X is B40. query(p(_)).", "Prolog(Limit|Time)"),
    "a cyclic instance": ("0.5::a. p(X) :- X = f(X), a. query(p(_)).", "contains itself"),
    "copies of a list": (
        "p(N) :- numlist(1, 1000000, L), findall(K, (between(1, inf, _), findall(L, between(1, 3, _), K)), M), "
        "length(M, N). query(p(_)).",
        "Prolog(Limit|Time)",
    ),
    "long atoms": (
        "p(A, X) :- findall(0'a, between(1, 200000, _), L), atom_codes(A, L), between(1, 90000, X). query(p(_, _)).",
        "Prolog(Limit|Time)",
    ),
    "a tower": ("p(X) :- X is 7 ** (7 ** (7 ** 7)). query(p(_)).", "4,000 digits"),
    "NUL": ("p(\0). query(p(_)).", "NUL"),
}

SCRIPT = """
import json, sys
from pathlib import Path
from logic.errors import NeurosymError
from reasoner import Limits, Program, infer
def own_peak():  # in MB; `ru_maxrss` would count the peak of the process that started this one
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
found = {}
for name, (text, _) in json.load(sys.stdin).items():
    try:
        found[name] = "answered: " + str(infer(Program.parse(text, ()), limits=Limits(seconds=0.7)).atoms)[:200]
    except NeurosymError as error:
        found[name] = type(error).__name__ + ": " + str(error)[:500]
    sound = infer(Program.parse("0.25::a. query(a).", ()))
    assert sound.log_probs.exp().tolist() == [[0.25]], name
json.dump([found, own_peak()], sys.stdout)
"""


def test_hostile_programs_get_one_error_each_and_the_process_lives() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=json.dumps(HOSTILE), capture_output=True, text=True, timeout=240,
        cwd=Path(__file__).parent.parent, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    found, megabytes = json.loads(ran.stdout)
    for name, (_, words) in HOSTILE.items():
        assert re.search(words, found[name], re.DOTALL), f"{name}: {found[name]}"
    assert megabytes < 2000


def test_what_is_collected_is_bounded() -> None:
    text = "p(N) :- findall(X, between(1, inf, X), L), length(L, N). query(p(_))."
    with pytest.raises(PrologLimit, match=r"more than 8 MB \((room_for_terms|stack)"):
        infer(Program.parse(text, ()), limits=Limits(megabytes=8))
    shared = f"p(N) :- findall(B40, ({SHARED}), L), length(L, N). query(p(_))."
    assert infer(Program.parse(shared, ()), limits=Limits(megabytes=8)).atoms == ("p(1)",)


def test_nothing_of_a_program_stays() -> None:
    infer(Program.parse("0.5::secret(1). query(secret(_)).", ()))
    for text in ("p :- secret(1). query(p).", "p :- call(secret, 1). query(p)."):
        with pytest.raises((ProgramError, QueryError), match="secret"):
            infer(Program.parse(text, ()))


def test_bad_text_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pl"
    bad.write_bytes(b"0.5::a.\nb :- \xff\xfe.\n")
    with pytest.raises(ProgramError, match=r"bad.pl: byte 13 is not UTF-8"):
        Program.read(bad)


def ask(number: int) -> float:
    program = Program.parse(f"0.{number}::a. b :- a. query(b).", ())
    return round(infer(program, limits=Limits(seconds=30 + number)).probability("b").item(), 6)


def test_threads_do_not_disturb_each_other() -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        assert list(pool.map(ask, list(range(1, 10)) * 3)) == [number / 10 for number in range(1, 10)] * 3


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_do_not_disturb_each_other(method: str) -> None:
    assert ask(5) == 0.5
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(ask, [1, 2, 3, 4]) == [0.1, 0.2, 0.3, 0.4]
    assert ask(6) == 0.6


SMALL_BUDGETS = """
import sys
from reasoner import Limits, Program, PrologLimit, infer
text = "p(A, X) :- findall(0'a, between(1, 500, _), L), atom_codes(A, L), between(1, 20, X). query(p(_, _))."
program = Program.parse(text, ())
for inferences in range(200, 8000, 390):
    try:
        infer(program, limits=Limits(inferences=inferences))
    except PrologLimit:
        pass
sys.stdout.write(str(len(infer(program).atoms)))
"""


def test_a_budget_that_ends_anywhere_leaves_prolog_whole() -> None:
    # In a process of its own: libraries that load on demand would be cut off by the first small budget.
    ran = subprocess.run(
        [sys.executable, "-c", SMALL_BUDGETS], capture_output=True, text=True, timeout=60,
        cwd=Path(__file__).parent.parent, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, "20"), ran.stderr[-2000:]
