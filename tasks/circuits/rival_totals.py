"""What our prover and its rivals said of the same problems, side by side, and the totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OURS = "neurosym"
OPEN = "open"


@dataclass(frozen=True)
class Answer:
    """What one prover said, :data:`OPEN` if it did not settle the problem, and after how many seconds.

    Args:
        said: The answer, one word.
        cpu: CPU seconds.
        wall: Wall seconds.
        how: What led to it.
    """

    said: str
    cpu: float
    wall: float = 0.0
    how: str = ""

    @property
    def settled(self) -> bool:
        """Whether the problem is."""
        return self.said != OPEN


@dataclass(frozen=True)
class Comparison:
    """Totals over problems. Seconds are of problems that both sides settle; of the rivals the quickest counts.

    Args:
        settled: How many each prover settles.
        both: Problems that we and a rival settle.
        ours: Our CPU seconds on these.
        theirs: The rivals'.
        worst: The one of these that we are slowest at beside the rivals, and how many times their seconds we take.
        alone: Problems that only we settle.
        lost: Problems that only a rival settles.
        neither: What no one settles.
        contradictions: Problems of which two provers say two things.
    """

    settled: Mapping[str, int]
    both: int
    ours: float
    theirs: float
    worst: tuple[str, float] | None
    alone: tuple[str, ...]
    lost: tuple[str, ...]
    neither: tuple[str, ...]
    contradictions: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """Our seconds in the rivals'; NaN without a problem that both settle."""
        return self.ours / self.theirs if self.theirs else float("nan")

    def __str__(self) -> str:
        worst = "" if self.worst is None else f"; worst {self.worst[0]}, {self.worst[1]:.2f} times"
        return "\n".join(
            (
                f"Settled: {dict(self.settled)}.",
                f"Settled by both sides: {self.both}, {OURS} {self.ours:.2f} s, the best rival {self.theirs:.2f} s, "
                f"{self.ratio:.2f} times{worst}.",
                f"By {OURS} alone: {', '.join(self.alone) or 'none'}. By a rival alone: "
                f"{', '.join(self.lost) or 'none'}. By neither: {', '.join(self.neither) or 'none'}.",
                f"Contradictions: {', '.join(self.contradictions) or 'none'}.",
            )
        )


def compare(rows: Mapping[str, Mapping[str, Answer]]) -> Comparison:
    """The totals.

    Args:
        rows: By problem and prover; ours is called :data:`OURS`.

    Example:
        >>> row = {"neurosym": Answer("equal", 2.0), "cec": Answer("equal", 4.0), "&cec": Answer("open", 1.0)}
        >>> compare({"adder": row}).ratio
        0.5
    """
    settled: dict[str, int] = {}
    ours, theirs = 0.0, 0.0
    times: dict[str, float] = {}
    alone, lost, neither, against = list[str](), list[str](), list[str](), list[str]()
    for problem, answers in rows.items():
        for prover, answer in answers.items():
            settled[prover] = settled.get(prover, 0) + answer.settled
        said = {answer.said for answer in answers.values() if answer.settled}
        against += [problem] if len(said) > 1 else []
        rivals = [answer.cpu for prover, answer in answers.items() if prover != OURS and answer.settled]
        if answers[OURS].settled and rivals:
            ours, theirs = ours + answers[OURS].cpu, theirs + min(rivals)
            times[problem] = answers[OURS].cpu / max(min(rivals), 1e-9)
        elif answers[OURS].settled:
            alone.append(problem)
        else:
            (lost if rivals else neither).append(problem)
    worst = max(times.items(), key=lambda item: item[1]) if times else None
    lists = tuple(alone), tuple(lost), tuple(neither), tuple(against)
    return Comparison(settled, len(times), ours, theirs, worst, *lists)


def median(runs: Sequence[Answer]) -> Answer:
    """The run of median CPU time."""
    return sorted(runs, key=lambda run: run.cpu)[len(runs) // 2]
