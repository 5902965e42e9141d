"""Learning from interpretations (LFI): the probabilities under which the examples are most probable, by EM."""

import re
from collections import Counter as Tally, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..counting.planning import Prepared, prepare_query
from ..errors import CountingError, NoAnswer, QueryError
from ..prolog.border import Limits
from ..prolog.program import Clause, Program, is_learned
from ..prolog.terms import Struct, to_text
from .climbing import Climb, Group
from .interpretations import Interpretation
from .parameters import Key, Parameters, texts_of

_EXAMPLE = "'$example'"
_TOGETHER = 64  # examples on one circuit
_LEARNED = re.compile(r"\bt\((?:[^()]|\([^()]*\))*\)\s*::")
_DIRECTIVE = re.compile(r"^\s*:-\s*(?:use_module|dynamic|discontiguous|table|unknown)\b.*?\.\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Learned:
    """What was learned.

    Args:
        program: The program with the probabilities in the places of ``t(...)``.
        probabilities: Of each learned head.
        intervals: Of each of them, at ``confidence``, from how sharply the likelihood falls beside its top; (0, 1)
            where the examples do not tell; empty if there are more than 300.
        confidence: Of the intervals.
        log_likelihood: Of the examples, in nats.
        iterations: Rounds of EM.
        contradicting: Examples that contradict the program whatever its probabilities; they were left out.
    """

    program: str
    probabilities: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    confidence: float
    log_likelihood: float
    iterations: int
    contradicting: int


def learn_from_interpretations(
    program: Program,
    examples: Sequence[Interpretation],
    iterations: int = 10_000,
    tolerance: float = 1e-10,
    seed: int = 0,
    confidence: float = 0.95,
    limits: Limits | None = None,
) -> Learned:
    r"""The probabilities ``t(...)`` of a program under which what was observed is most probable.

    Each round counts how often each head is expected to have been chosen given the examples, exactly and on circuits
    that are made once, and takes the shares; two rounds at a time are drawn out to where they lead.

    Args:
        program: With probabilities ``t(0.4)``, ``t(_)``, or ``t(_, X)`` for one of each ``X``; it perceives nothing.
        examples: What was observed; atoms that are left out were not.
        iterations: Rounds at most.
        tolerance: The gain of log-likelihood below which learning ends.
        seed: Of what those start from that do not say it.
        confidence: Of the intervals.
        limits: What reading, grounding and counting may spend, each; ``seconds`` also bounds learning.

    Raises:
        QueryError: if nothing is learned, an example contradicts the program, or the program cannot be run.
        PrologLimit, CountingError: if a limit is reached.

    Example:
        >>> from reasoner.learning.interpretations import parse_interpretations
        >>> seen = parse_interpretations("evidence(a).\n---\nevidence(a).\n---\nevidence(a, false).")
        >>> {head: round(p, 4) for head, p in learn_from_interpretations(Program.parse("t(_)::a."), seen)
        ...  .probabilities.items()}
        {'a': 0.6667}

    References:
        Gutmann, Thon, De Raedt, "Learning the parameters of probabilistic logic programs from interpretations", ECML
        2011; Varadhan and Roland, "Simple and globally convergent methods for accelerating the convergence of any EM
        algorithm", Scandinavian J. Statistics 35 (2008).
    """
    limits = limits or Limits()
    if not program.learned:
        raise QueryError(f"{program.source}: nothing is learned; write a probability as t(_) or t(0.5)")
    tally = Tally(examples)
    groups = [Group(*found) for found in _prepared(program, sorted(tally, key=sorted), tally, limits)]
    left_out = len(examples) - round(sum(group.examples for group in groups))
    if left_out == len(examples):
        raise QueryError(f"{program.source}: all {left_out} examples contradict the program")
    parameters = Parameters(program, [group.grounding for group in groups], seed)
    for group in groups:
        group.place(parameters)
    climb = Climb(parameters, groups, limits.seconds)
    log_likelihood, rounds = climb.run(iterations, tolerance)
    ends = climb.intervals(confidence)
    values = {
        key: parameters.values[table.start : table.start + len(table.free)].tolist()
        for key, table in parameters.tables.items()
    }
    low = {key: [ends[table.start + n][0] for n in range(len(table.free))] for key, table in parameters.tables.items()}
    high = {key: [ends[table.start + n][1] for n in range(len(table.free))] for key, table in parameters.tables.items()}
    lower, upper = texts_of(program, low), texts_of(program, high)
    return Learned(
        _with_values(program, values),
        texts_of(program, values),
        {name: (lower[name], upper[name]) for name in lower} if climb.told else {},
        confidence,
        log_likelihood,
        rounds,
        left_out,
    )


def _prepared(
    program: Program, examples: Sequence[Interpretation], tally: Tally[Interpretation], limits: Limits
) -> Iterable[tuple[Prepared, list[int]]]:
    """Circuits of the examples, many on each as long as they can be counted, and how often each example was seen."""
    todo = [examples[start : start + _TOGETHER] for start in range(0, len(examples), _TOGETHER)]
    while todo:
        some = todo.pop(0)
        rules = [f"{_EXAMPLE}({number}) :- {_conjunction(example)}." for number, example in enumerate(some)]
        try:
            prepared = prepare_query(program.extended("\n".join(rules)), f"{_EXAMPLE}(Number)", limits)
            if isinstance(prepared.counting, CountingError):
                raise prepared.counting
        except NoAnswer:
            continue
        except CountingError:
            if len(some) == 1:
                raise
            todo = [some[: len(some) // 2], some[len(some) // 2 :], *todo]
            continue
        seen = {int(value): column for column, value in enumerate(prepared.values) if isinstance(value, int)}
        yield prepared, [tally[some[number]] for number in sorted(seen, key=seen.__getitem__)]


def _conjunction(example: Interpretation) -> str:
    return ", ".join(atom if truth else f"\\+ {atom}" for atom, truth in sorted(example))


def _with_values(program: Program, values: Mapping[Key, Sequence[float]]) -> str:
    """The program with numbers in the places of what was learned."""
    lines = [found[0].strip() for found in _DIRECTIVE.finditer(program.text)]
    by_clause: defaultdict[int, list[tuple[str, Sequence[float]]]] = defaultdict(list)
    for (clause, part), own in values.items():
        by_clause[clause].append((part, own))
    for number, clause in enumerate(program.clauses):
        for part, own in sorted(by_clause.get(number, [])) or [("", ())]:
            text = clause.text
            shares = [value for (p, _), value in zip(clause.chances, own, strict=False) if is_learned(p)]
            for share in shares:
                text = _LEARNED.sub(f"{share:.10g} ::", text, 1)
            if part:
                names = _part_names(clause)
                head, mark, body = text.partition(":-")
                text = f"{head}:-{names}={part}{',' if mark else ''}{body}"
            lines.append(f"{text}.")
    return "\n".join(lines) + "\n"


def _part_names(clause: Clause) -> str:
    learned = next(p for p, _ in clause.chances if is_learned(p))
    return to_text(learned.arguments[1:]) if isinstance(learned, Struct) else "[]"
