"""ProbLog's own LFI and DT programs: what it says that is learned or decided, and what neurosym says."""

import re
from collections import Counter
from collections.abc import Iterator
from math import log
from pathlib import Path
from typing import NamedTuple

from logic.errors import NeurosymError
from neurosym.commands.queries import probabilities
from reasoner import Limits, Program, decide, learn_from_interpretations, read_interpretations

from .own_tests import ALIKE, DIFFERENT, REFUSED

BETTER = "examples more probable than by ProbLog"
_SHARE = re.compile(r"(<RAND>|[0-9.eE+-]+)\s*::")
_TOLERANCE = 1e-5  # as in ProbLog's own tests

DECIDED: dict[str, tuple[float, frozenset[str]]] = {
    "ex1": (1.8, frozenset({"b"})),
    "ex2": (1.8, frozenset({"c"})),
    "ex3": (1.8, frozenset({"a"})),
    "ex4": (3.0, frozenset({"b", "c"})),
    "ex5": (1.8, frozenset({"a", "c"})),
    "mut_exl": (1.5, frozenset({"play(2)", "bet(1,tails)", "bet(2,tails)"})),
    "mut_exl2": (0.0, frozenset({"bet(tails)"})),
    "umbrella": (43.0, frozenset({"umbrella"})),
    "umbrella_poole": (77.0, frozenset({"umbrella(rainy)"})),
    "weather_poole_alt": (77.0, frozenset({"decide_u(rainy)"})),
    "viralmarketing": (3.2109663331, frozenset({"marketed(guy)", "marketed(ingo)", "marketed(martijn)",
                                                "marketed(theo)"})),
    "var_util": (4.0, frozenset({"bet(w1,5)"})),
    "winning_undecided": (34.5, frozenset({"play1", "play2"})),
}  # fmt: skip
"""What ProbLog's ``test_dtproblog.py`` expects or its command answers: the score, and what is decided on."""


class Outcome(NamedTuple):
    """What became of a program: its path, and whether both say the same."""

    path: Path
    kind: str
    detail: str


def learned(folder: Path) -> Iterator[Outcome]:
    """Each program below ``lfi``, with the examples beside it."""
    for path in sorted((folder / "lfi").glob("*/*.pl")):
        expected = _expected(path.read_text(encoding="utf-8"))
        try:
            examples = read_interpretations([path.with_suffix(".ev")])
            found = learn_from_interpretations(Program.read(path, ()), examples, limits=Limits(seconds=30))
        except NeurosymError as error:
            refused = any("error" in line for line in expected)
            yield Outcome(path, REFUSED if refused else DIFFERENT, str(error))
            continue
        wanted = [share for line in expected for share in _SHARE.findall(line)]
        ours = [float(share) for share in _SHARE.findall(found.program)]
        known = sorted(float(share) for share in wanted if share != "<RAND>")
        left = list(ours)
        for share in known:
            near = min(left, key=lambda one, share=share: abs(one - share), default=None)
            if near is None or abs(near - share) > _TOLERANCE:
                break
            left.remove(near)
        else:
            yield Outcome(path, ALIKE, "")
            continue
        told = f"ProbLog: {known}, neurosym: {ours}"
        better = "<RAND>" not in wanted and _likelihood(expected, examples) <= found.log_likelihood + 1e-7
        yield Outcome(path, BETTER if better else DIFFERENT, told)


def _expected(text: str) -> list[str]:
    """The program that ProbLog learns, line by line, as its first lines say."""
    found: list[str] = []
    reading = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("%Expected outcome:"):
            reading = True
        elif reading and line.startswith("% "):
            found.append(line[2:])
        else:
            reading = False
    return found


def _likelihood(lines: list[str], examples: list[frozenset[tuple[str, bool]]]) -> float:
    """The log-likelihood of the examples under a program; those that contradict it are left out, as by both."""
    tally = Counter(examples)
    goals = [", ".join(atom if truth else f"\\+ {atom}" for atom, truth in sorted(one)) for one in tally]
    rules = [f"'$example'({number}) :- {goal}." for number, goal in enumerate(goals)]
    text = "\n".join([*(line.rstrip(".") + "." for line in lines), *rules])
    found = probabilities(Program.parse(text, ()), "'$example'(Number)")
    counts = list(tally.values())
    return sum(counts[int(text.rpartition("(")[2][:-1])] * log(share) for text, share in found.items() if share)


def decided(folder: Path) -> Iterator[Outcome]:
    """Each program below ``dtproblog`` of which is known what ProbLog decides."""
    for name, (score, atoms) in DECIDED.items():
        path = folder / "dtproblog" / f"{name}.pl"
        try:
            found = decide(Program.read(path, ()))
        except NeurosymError as error:
            yield Outcome(path, DIFFERENT, str(error))
            continue
        ours = frozenset(atom for atom, chosen in found.choices.items() if chosen)
        same = abs(found.utility - score) < 1e-6 and ours == atoms
        yield Outcome(path, ALIKE if same else DIFFERENT, f"ProbLog: {score} {set(atoms)}, neurosym: {found}")
