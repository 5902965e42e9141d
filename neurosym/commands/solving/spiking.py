"""The command `solve --spikes`: a puzzle solved by a network of spiking neurons, beside what SAT says of it."""

from dataclasses import dataclass
from pathlib import Path

from logic import Verdict
from logic.search.guard_proof import prove_guard
from logic.search.refutations import check_refutation, refutation_of, write_refutation
from reasoner import Limits, Solution, SpikingSolution, solve, solve_in_spikes
from reasoner.constraints.solution import binding_text

from .puzzles import PuzzleError, read_puzzle


@dataclass(frozen=True)
class Compared:
    """What the spikes said, and what SAT says."""

    spiking: SpikingSolution
    solution: Solution
    guard: Verdict | None = None
    proof: str | None = None

    def to_dict(self) -> dict[str, object]:
        """As JSON can say it."""
        guard = None if self.guard is None else self.guard.word
        said = {"solvable": self.solution.solvable, "unique": self.solution.unique}
        return {**self.spiking.to_dict(), "guard": guard, "proof": self.proof, "sat": said}

    def __str__(self) -> str:
        proof = [] if self.proof is None else [f"proof {self.proof}"]
        guard = [] if self.guard is None else [f"guard {self.guard.word}: {self.guard.claim}"]
        lines = [*_answer(self.spiking), *_cost(self.spiking), *guard, *proof, _sat(self.spiking, self.solution)]
        return "\n".join(lines)


def solve_puzzle_in_spikes(
    puzzle: str,
    query: str | None = None,
    *,
    orders: int = 1,
    seed: int = 0,
    steps: int = 20_000,
    unique: bool = False,
    count: bool = False,
    seconds: float = 60.0,
    limits: Limits | None = None,
    proof: Path | None = None,
    report: Path | None = None,
) -> Compared:
    """The solution of a puzzle by spikes.

    Args:
        puzzle: A file, or the name of a bundled puzzle.
        query: What is asked; without it the head of the first clause.
        orders: Networks side by side, each in another order.
        seed: Of the first order.
        steps: At most so many.
        unique: Whether to look for a second solution.
        count: Whether to look for all of them.
        seconds: CPU time for SAT beside it.
        limits: What reading and running the rules may spend.
        proof: Where to write the refutation.
        report: Where to write a page of pictures of the run.

    Raises:
        NeurosymError: whatever is wrong, in one sentence.
    """
    program = read_puzzle(puzzle, limits)
    if not program.heads:
        raise PuzzleError(f"{program.source}: has no clauses, so there is nothing to ask")
    asked = query or program.heads[0]
    found = solve_in_spikes(
        program, asked, orders=orders, seed=seed, steps=steps, unique=unique, count=count, limits=limits
    )  # fmt: skip
    written = None if proof is None else _write_proof(found, proof)
    guard = prove_guard(found.outcomes[-1].network) if found.solvable else None
    compared = Compared(found, solve(program, asked, seconds=seconds, limits=limits), guard, written)
    if report is not None:
        from ...reports.search_page import write_search_report  # with matplotlib, which an answer does without

        settings = f"--orders {orders} --seed {seed} --steps {steps}"
        settings += "".join(f" --{name}" for name, wanted in (("unique", unique), ("count", count)) if wanted)
        again = f"neurosym solve {puzzle} '{asked}' --spikes {settings} --report {report.name}"
        write_search_report(found, report, str(compared), again)
    return compared


def _write_proof(found: SpikingSolution, path: Path) -> str:
    """Writes what the search refuted, checks it, and says so."""
    if len(found.outcomes) != 1 or not found.outcomes[0].complete:
        why = (
            f"{len(found.outcomes)} ways through the rules were searched, and a proof is of one"
            if len(found.outcomes) != 1
            else "not finished; give more by --steps"
            if found.outcomes[0].solvable is None
            else "there is a solution, so nothing was refuted; ask for --unique or --count"
        )
        raise PuzzleError(f"{path}: {why}")
    refutation = refutation_of(found.outcomes[0])
    if not check_refutation(refutation):
        raise PuzzleError(f"{path}: a line of the refutation does not follow from those before it; please report this")
    formula, proof = write_refutation(refutation, path)
    besides = f" but the {len(refutation.excluded)} announced" if refutation.excluded else ""
    return f"{proof}: no solution of {formula}{besides}, refuted in {len(refutation.steps)} lines; checked"


def _answer(found: SpikingSolution) -> list[str]:
    if found.solvable is None:
        return [f"{found.query}: not finished in {found.steps} steps, which says nothing; give more by --steps"]
    if not found.solvable:
        return [f"{found.query}: no solution; the search was exhausted after {found.steps} steps"]
    lines = [binding_text(name, value) for name, value in found.bindings.items()]
    if found.unique is not None:
        lines.append("unique: the search found no other solution" if found.unique else "not unique: a second was found")
    if found.count is not None:
        lines.append(f"{found.count} solutions, counted to the end")
    return lines


def _cost(found: SpikingSolution) -> list[str]:
    side = f", the first of {found.orders} orders" if found.orders > 1 else ""
    return [
        f"in spikes: {found.steps} steps, {found.conflicts} conflicts{side}",
        f"network: {found.neurons} neurons, {found.synapses} synapses, weights up to {found.largest_weight}",
        f"activity: {found.spikes} spikes, {found.synaptic_events} synaptic events, about "
        f"{found.picojoules / 1e6:.3g} uJ on a chip like Loihi (an estimate)",
    ]


def _sat(found: SpikingSolution, solution: Solution) -> str:
    word = {True: "a solution", False: "no solution", None: "nothing within its time"}[solution.solvable]
    if solution.solvable:
        word = {True: "the only solution", False: "a solution, and there are others", None: word}[solution.unique]
    return f"SAT says: {word}" + (", the same" if solution.solvable and solution.bindings == found.bindings else "")
