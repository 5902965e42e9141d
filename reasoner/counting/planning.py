"""Planning: what a query asks is grounded and made countable once; one sample is counted in plain Python."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp
from typing import TYPE_CHECKING

from ..compilation.plan import Plan
from ..compilation.written import plan_written
from ..errors import CountingError, QueryError
from ..grounding.grounding import Grounding
from ..grounding.subqueries import ground_answered
from ..grounding.sums import IMPOSSIBLE
from ..prolog.border import Limits
from ..prolog.collector import uncollected
from ..prolog.program import Program
from ..prolog.terms import Value, to_value
from .keeping import Kept

if TYPE_CHECKING:  # torch takes longer to load than most queries take
    from .counter import Counter


@dataclass(frozen=True, eq=False)
class Prepared:
    """A query that is grounded, and ready to be counted if that is within limits.

    Args:
        grounding: The ground program.
        counting: How it is counted, or why it cannot be.
        values: Of the answers.
    """

    grounding: Grounding
    counting: Plan | CountingError
    values: tuple[Value, ...]

    @property
    def plan(self) -> Plan:
        """How it is counted.

        Raises:
            CountingError: if exact counting is over its limits.
        """
        if isinstance(self.counting, CountingError):
            raise self.counting
        return self.counting

    @cached_property
    def columns(self) -> dict[Value, int]:
        """The column of each answer, by its value and by its text; values come first."""
        texts = {answer.text: column for column, answer in enumerate(self.grounding.answers)}
        return texts | {value: column for column, value in reversed([*enumerate(self.values)])}

    @property
    def weight(self) -> int:
        """How much it holds: rule instances and cases of sums, and something for itself."""
        cases = self.counting.weight if isinstance(self.counting, Plan) else 0
        return 50 + sum(map(len, self.grounding.circles)) + cases

    @cached_property
    def counter(self) -> "Counter":
        """What counts it in batches, differentiably.

        Raises:
            CountingError: if exact counting is over its limits.
        """
        from .counter import Counter

        return Counter(self.plan)


KEPT = Kept["Prepared"](500_000, lambda prepared: prepared.weight)
"""What was prepared lately, by program, query and limits: half a million rules and sums, some hundred megabytes."""


def prepare_query(program: Program, query: str | None = None, limits: Limits | None = None) -> Prepared:
    """The query, or all queries that the program states, grounded and prepared once; the second call costs nothing.

    Raises:
        QueryError, PrologLimit: as :func:`reasoner.grounding.ground`.
    """

    def prepare() -> Prepared:
        with uncollected():
            return _prepare(program, query, limits or Limits())

    return KEPT.get((program, query, limits), prepare)


@lru_cache(maxsize=4096)
def with_facts(program: Program, facts: str) -> Program:
    """The program and what holds beside it in one sample; the second call costs nothing.

    Raises:
        ProgramError: as :meth:`Program.parse`.
    """
    return program.extended(facts, f"{program.source} with the facts of a sample") if facts.strip() else program


def _prepare(program: Program, query: str | None, limits: Limits) -> Prepared:
    grounding = ground_answered(program, query, limits, _evaluate)
    values = tuple(
        tuple(to_value(term) for term in answer.bindings.values())
        if len(answer.bindings) != 1 and query is not None
        else answer.text
        if query is None
        else to_value(next(iter(answer.bindings.values())))
        for answer in grounding.answers
    )

    try:
        counting = make_plan(grounding, limits)
    except CountingError as over_limits:
        counting = over_limits
    return Prepared(grounding, counting, values)


def make_plan(grounding: Grounding, limits: Limits) -> Plan:
    """How a ground program is counted.

    Raises:
        CountingError: if that is over the limits.
    """
    sums = grounding.written_sums()
    if sums is not None and (found := plan_written(sums)):
        return found
    from ..compilation.portfolio import plan_rules  # loaded where it is needed

    return plan_rules(grounding.rules(), limits)


def _evaluate(program: Program, query: str, limits: Limits) -> dict[str, float]:
    """The probability of each answer by text, of what rests on nothing perceived."""
    prepared = _prepare(program, query, limits)
    if None in prepared.grounding.constants:
        raise QueryError(
            f"{program.source}: a subquery asks for what is perceived; it may rest on what is stated alone"
        )
    return _by_text(prepared)


def answer_stated(program: Program, query: str | None = None, limits: Limits | None = None) -> dict[str, float]:
    """The probability of each answer by its text, of a program that perceives nothing; as :func:`reasoner.infer`.

    Args:
        program: The rules and all that is known.
        query: One goal; without it, all queries that the program states, given its evidence.
        limits: What it may spend.

    Raises:
        QueryError: if something perceived is asked for, the evidence is impossible, or as
            :func:`reasoner.grounding.ground`.
        CountingError: if exact counting is over its limits.

    Example:
        >>> coins = Program.parse("0.5::h(1). 0.6::h(2). won :- h(_). query(won). evidence(h(2), false).")
        >>> answer_stated(coins)
        {'won': 0.5}
    """
    return _by_text(prepare_query(program, query, limits))


def logs_stated(program: Program, query: str | None = None, limits: Limits | None = None) -> dict[str, float]:
    """The same as logarithms, which tell small probabilities from none: what cannot be has ``IMPOSSIBLE``.

    Example:
        >>> round(logs_stated(Program.parse("1.0e-300::a. b :- a, c. 1.0e-300::c. query(b).", ()))["b"], 3)
        -1381.551
    """
    prepared = prepare_query(program, query, limits)
    return answered(prepared.grounding, prepared.plan)


def _by_text(prepared: Prepared) -> dict[str, float]:
    return {text: exp(log_prob) for text, log_prob in answered(prepared.grounding, prepared.plan).items()}


def answered(grounding: Grounding, plan: Plan) -> dict[str, float]:
    """The log-probability of each answer by its text, given the program's evidence.

    Raises:
        QueryError: if something perceived is asked for, or the evidence is impossible.
    """
    log_probs = plan.log_probabilities(stated_beliefs(grounding))
    if grounding.evidence:
        *log_probs, evidence = log_probs
        check_evidence(grounding, evidence)
        log_probs = [max(one - evidence, IMPOSSIBLE) for one in log_probs]
    atoms = [answer.text for answer in grounding.answers]
    return dict(zip(atoms, log_probs, strict=True))


def stated_beliefs(grounding: Grounding) -> list[float]:
    """Log-probabilities ``[I]`` of the circuit's inputs, if the program states them all.

    Raises:
        QueryError: if it asks for something that is perceived.
    """
    stated: list[float] = []
    for (domain, _), constants in zip(grounding.slots, grounding.constants, strict=True):
        if constants is None:
            asked = f"'{grounding.query}'" if grounding.query else grounding.program.source
            raise QueryError(
                f"{asked} needs symbols of the domain '{domain.name}' with {len(domain)} values, "
                f"but the symbols given hold nothing for it"
            )
        stated += constants
    return stated


def check_evidence(grounding: Grounding, log_prob: float) -> None:
    """Makes sure that the evidence, of this log-probability, can be observed.

    Raises:
        QueryError: if it contradicts the program.
    """
    if log_prob < IMPOSSIBLE / 2:
        observed = ", ".join(f"{grounding.atoms[atom]} = {str(truth).lower()}" for atom, truth in grounding.evidence)
        raise QueryError(f"{grounding.program.source}: the evidence contradicts the program: {observed}")
