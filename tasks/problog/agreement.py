"""Agreement with ProbLog: the same random programs asked of both, and every difference shown.

Of each program are asked the probabilities, half of them written as parameters ``t(0.3)`` for us; that of its most
probable world; and samples, in whose intervals ProbLog's probabilities must lie.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import exp
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from logic.errors import NeurosymError
from neurosym.commands.queries import probabilities
from reasoner import Program, SamplingError, most_probable, sample

from .process import CRASH, UNFINISHED, ProbLogProcess, Verdict
from .random_programs import random_programs

TOLERANCE = 1e-6
DIFFERENT = "DIFFERENT"
CONFIDENCE, SAMPLES = 1 - 1e-8, 4000
_CHANCE = re.compile(r"(?<![\w.])(0\.\d+|1/\d)::")
REFUSALS = {"evidence", "not stratified", "too large"}


@dataclass(frozen=True)
class Comparison:
    """What both say of one program.

    Args:
        text: The program.
        ours: Of neurosym.
        theirs: Of ProbLog.
        our_world: Its most probable world, by us.
        their_world: The same, by ProbLog.
        sampled: Of each answer the interval that samples tell, or why there is none.
    """

    text: str
    ours: Verdict
    theirs: Verdict
    our_world: Verdict
    their_world: Verdict
    sampled: dict[str, tuple[float, float]] | str

    @property
    def kind(self) -> str:
        """``answered`` or the kind of refusal where both say the same, why ProbLog says nothing, or ``DIFFERENT``."""
        found = {same(self.ours, self.theirs), self.world, self.samples}
        return DIFFERENT if DIFFERENT in found else same(self.ours, self.theirs)

    @property
    def world(self) -> str:
        """The same of the most probable world."""
        return same(self.our_world, self.their_world)

    @property
    def samples(self) -> str:
        """The same of samples: they tell intervals that hold ProbLog's probabilities."""
        if isinstance(self.sampled, str) or isinstance(self.theirs, str):
            return str(self.sampled) if isinstance(self.sampled, str) else str(self.theirs)
        bounds = self.sampled
        held = all(
            low - TOLERANCE <= self.theirs.get(atom, 0.0) <= high + TOLERANCE for atom, (low, high) in bounds.items()
        )
        return "answered" if held else DIFFERENT

    def __str__(self) -> str:
        return (
            f"{self.text}\n  neurosym: {self.ours}\n  ProbLog:  {self.theirs}\n  worlds:   {self.our_world}, "
            f"{self.their_world}\n  samples:  {self.sampled}\n"
        )


def same(ours: Verdict, theirs: Verdict) -> str:
    """``answered`` or the kind of refusal where both say the same, why ProbLog says nothing, or ``DIFFERENT``.

    The same are answers within 1e-6 (one that is not listed has probability 0) and refusals of the same kind; of a
    program that is wrong in two ways either may be named.

    Example:
        >>> same({"a": 0.5}, {"a": 0.5000001}), same({"a": 0.5}, {"a": 0.6}), same("evidence", {"a": 0.5})
        ('answered', 'DIFFERENT', 'DIFFERENT')
    """
    if theirs in (CRASH, UNFINISHED):
        return str(theirs)
    if isinstance(ours, str) and isinstance(theirs, str):
        if ours.startswith("refused") and theirs.startswith("refused"):
            return "refused"
        return str(theirs) if ours == theirs or (ours in REFUSALS and theirs in REFUSALS) else DIFFERENT
    if isinstance(ours, str) or isinstance(theirs, str):
        return DIFFERENT
    alike = all(abs(ours.get(atom, 0.0) - theirs.get(atom, 0.0)) <= TOLERANCE for atom in {*ours, *theirs})
    return "answered" if alike else DIFFERENT


def ask_neurosym(text: str) -> Verdict:
    """Our answers, or the kind of our refusal."""
    try:
        found = probabilities(Program.parse(text, domains=()))
    except NeurosymError as error:
        return _refusal(error)
    return {atom.replace(" ", ""): value for atom, value in found.items()}


def ask_world(text: str) -> Verdict:
    """The probability of the most probable world."""
    try:
        found = most_probable(Program.parse(text, domains=()))
    except NeurosymError as error:
        return _refusal(error)
    return {"world": exp(found[0].log_probability)}


def ask_samples(text: str, seed: int) -> dict[str, tuple[float, float]] | str:
    """Intervals of our answers; or the kind of our refusal, which ``ask_neurosym`` shares, or that evidence is rare."""
    try:
        found = sample(Program.parse(text, domains=()), count=SAMPLES, seed=seed, confidence=CONFIDENCE)
    except SamplingError:
        return "rare evidence"
    except NeurosymError as error:
        return _refusal(error)
    return {atom.replace(" ", ""): (one.low, one.high) for atom, one in found.estimates.items()}


def _refusal(error: NeurosymError) -> str:
    kinds = {
        "not stratified": "not stratified",
        "evidence contradicts": "evidence",
        "uncertain elements": "too large",
    }
    return next((kind for words, kind in kinds.items() if words in str(error)), f"refused: {error}")


def with_parameters(text: str, seed: int) -> str:
    """The program with about half of its probabilities as parameters that start there.

    Example:
        >>> with_parameters("0.5::a. 0.25::b.", 1)
        't(0.5)::a. 0.25::b.'
    """
    source = random.Random(seed)
    return _CHANCE.sub(lambda found: f"t({found[1]})::" if source.random() < 0.5 else found[0], text)


def observed(text: str) -> str:
    """The program with evidence, and with all its facts as queries, so that both tell them in a world.

    What a world is made of is else a question of how far a ground program is simplified.
    """
    lines = [line for line in text.split("\n") if not line.startswith("query(")]
    lines += [f"query({name}(_{',_' * (name == 'e')}))." for name in "fgec" if re.search(rf"\b{name}\(", text)]
    return "\n".join(lines if "evidence(" in text or "q0(" not in text else [*lines, "evidence(q0(2))."])


def compare(texts: Iterable[str], seconds: float = 20.0) -> Iterator[Comparison]:
    """Each program, asked of both; ProbLog has ``seconds`` for each question."""
    with ProbLogProcess(seconds) as problog:
        for number, text in enumerate(texts):
            written = with_parameters(text, number)
            seen = observed(text)
            world = ask_world(seen)  # ProbLog looks for a world though the evidence is impossible; its answers tell
            their_world = problog.ask(seen, "query" if isinstance(world, str) else "mpe")
            yield Comparison(
                text, ask_neurosym(written), problog.ask(text), world, their_world,
                ask_samples(written, number),
            )  # fmt: skip


def main(
    programs: Annotated[int, typer.Option(min=1, help="How many random programs.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed writes the same programs.")] = 0,
    show: Annotated[int, typer.Option(min=0, help="How many differences to print.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Wall time that ProbLog has for one program.")] = 20.0,
) -> None:
    """Compare neurosym and ProbLog on random programs; exit code 1 if they differ on any.

    The last line counts what both answer alike, what both refuse and why, and what ProbLog fails on or does not finish.
    """
    counts, worlds, sampled = Counter[str](), Counter[str](), Counter[str]()
    console = Console(stderr=True)
    asked = track(random_programs(programs, seed), "programs", total=programs, console=console)
    try:
        for found in compare(asked, seconds):
            counts[found.kind] += 1
            worlds[found.world] += 1
            sampled[found.samples] += 1
            if found.kind == DIFFERENT and counts[DIFFERENT] <= show:
                typer.echo(str(found))
    except KeyboardInterrupt:
        console.print("interrupted: what follows counts the programs asked so far")
    told = {"programs": counts.total(), "seed": seed, **counts, "worlds": worlds, "samples": sampled}
    typer.echo(json.dumps(told))
    raise typer.Exit(1 if counts[DIFFERENT] or counts.total() < programs else 0)


if __name__ == "__main__":
    typer.run(main)
