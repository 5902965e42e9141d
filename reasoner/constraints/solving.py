"""Solving: values that meet what a program posts, the most probable reading of what is seen, and why nothing fits."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from logic import Symbols

from ..errors import NotPostedError, QueryError
from ..prolog.border import Limits
from ..prolog.program import Program
from ..prolog.terms import Struct, Term, Value, to_value
from .checking import check_solution
from .conflict import find_conflict
from .constraint_program import ConstraintProgram
from .cp_sat_search import CpSatSearch
from .notation import constraint_text, name_variables
from .optimising import (
    Found,
    best_of,
    constraints,
    is_better,
    is_objective,
    is_vouched,
    keys_of,
    opened,
    terms_of,
)
from .posting import Alternative, Key, Posted, key_of, post, replaced
from .search import Costs, Search
from .solution import Conflict, SlotReading, Solution
from .thread_deadline import Deadline, DeadlinePassedError
from .vouching import confirms, share


def solve(
    program: ConstraintProgram | Program,
    query: str,
    symbols: Symbols | None = None,
    *,
    seconds: float = 10.0,
    limits: Limits | None = None,
    silent: bool = True,
    prove: bool = False,
) -> Solution:
    """One solution of a constraint program, with what could be proved about it.

    With ``symbols``, slot ``I`` of their domain is what was perceived there, and the solution is the most probable
    consistent reading: among all values that meet the constraints, those whose log-probabilities sum to the most.
    Log-probabilities are rounded to 2^-20 nats for that; minus infinity forbids a value.

    Args:
        program: The rules.
        query: One goal, such as ``sudoku(Rows)``.
        symbols: One sample, ``[1, N, K]``.
        seconds: CPU time for solving; when it runs out, what is not yet known is None.
        limits: What the Prolog side may spend; ``answers`` bounds the ways through the rules. If not given, 1000
            answers and ``seconds``, at least one.
        silent: Whether goals that print are passed over; else they are refused.
        prove: Whether what CP-SAT says is to be proved by clauses or Z3 in all the time that is left; else some time is
            spent on it, and what is not proved is told in ``by_cp_sat``.

    Raises:
        NotPostedError: if a rule that is reached does more than post constraints; :func:`reasoner.run_goal` runs it.
        QueryError: if the query is no goal, or the symbols do not fit.
        MeaningError: if a constraint cannot be solved for.
        PrologLimit: if a limit of the Prolog side is reached.

    Example:
        >>> program = ConstraintProgram.parse("pair(X, Y) :- [X, Y] ins 2..9, X * Y #= 35, X #< Y.")
        >>> found = solve(program, "pair(X, Y)")
        >>> found.bindings, found.unique
        ({'X': 5, 'Y': 7}, True)
        >>> print(solve(program, "(pair(X, Y), Y #> 7)"))
        (pair(X, Y), Y #> 7): proved to have no solution; these cannot all hold
          line 1: [X, Y] ins 2..9
              [X, Y] ins 2..9
          line 1: X * Y #= 35
              X * Y #= 35
          query: (pair(X, Y), Y #> 7)
              Y #> 7
    """
    start = time.perf_counter()
    deadline = Deadline(seconds)
    if isinstance(program, Program):
        program = ConstraintProgram.parse(program.text, program.domains, program.source)
    posting = post(program, query, limits or Limits(answers=1000, seconds=max(1.0, seconds)))
    if posting.prints and not silent:
        raise NotPostedError(f"{program.source}: '{query}' prints, which solve passes over; run_goal prints it")
    if not posting.alternatives:
        conflicts = tuple(_as_conflict(posted, {}) for posted in posting.failed)
        return Solution(query, False, {}, conflicts=conflicts, seconds=time.perf_counter() - start)
    slots = slot_values(program, posting.alternatives)
    costs, log_probs = _costs(program, symbols, slots)
    best: Found | None = None
    undecided = False
    searches: list[tuple[Alternative, Search]] = []
    for alternative in posting.alternatives:
        own_slots = slot_values(program, [alternative]) if slots else {}
        try:
            search = opened(alternative, own_slots, deadline, not costs)
        except DeadlinePassedError:
            undecided = True
            searches.append((alternative, _unopened))
            continue
        searches.append((alternative, search))
        found = best_of(alternative, search, own_slots, costs, deadline)
        undecided |= found is None
        if isinstance(found, Found) and (best is None or is_better(found, best)):
            best = found if best is None else replace(found, next_cost=_least(found.next_cost, best.cost))
        elif isinstance(found, Found) and best is not None:
            best = replace(best, next_cost=_least(best.next_cost, found.cost))
        if best is not None and not costs and best.objective is None:
            break
    searches += [(later, _unopened) for later in posting.alternatives[len(searches) :]]
    if best is None:
        by_cp_sat = any(isinstance(search, CpSatSearch) for _, search in searches)
        return _unsolved(program, query, posting.alternatives, undecided, by_cp_sat, deadline, start)
    if isinstance(best.search, CpSatSearch):
        check_solution(terms_of(best.alternative), best.values, limits)
    proved = best.proved and not undecided
    solution = Solution(
        query,
        True,
        bound_values(best.alternative, best.values),
        objective=best.objective,
        proved_optimal=proved if costs or best.objective is not None else None,
        solver=best.search.name,
    )
    if costs:
        readings = tuple(_readings(program, best.values, slots, log_probs))
        total = sum(reading.taken_log_prob for reading in readings)
        margin = None if best.next_cost is None or undecided else best.next_cost - best.cost
        solution = replace(solution, readings=readings, log_probability=total, margin=margin)
    unique, vouched = _unique(program, searches, best, slots, deadline, prove)
    claims = [
        *(
            ["optimal"]
            if proved and best.objective is not None and not is_vouched(best, slots, deadline, prove)
            else []
        ),
        *(["unique"] if unique and not vouched else []),
    ]
    return replace(solution, unique=unique, by_cp_sat=tuple(claims), seconds=time.perf_counter() - start)


_unopened = cast("Search", None)  # an alternative that was not needed for the first solution


def slot_values(program: ConstraintProgram, alternatives: Sequence[Alternative]) -> dict[Key, Sequence[int]]:
    """The values of each slot that is spoken of; class numbers if the domain's values are not integers."""
    seen = {key for alternative in alternatives for key in keys_of(alternative) if isinstance(key, tuple)}
    found: dict[Key, Sequence[int]] = {}
    for name, slot in sorted(seen):
        domain = next(domain for domain in program.domains if domain.name == name)
        numbers = [value for value in domain.values if isinstance(value, int)]
        found[name, slot] = numbers if len(numbers) == len(domain) else range(len(domain))
    return found


def _costs(
    program: ConstraintProgram, symbols: Symbols | None, slots: Mapping[Key, Sequence[int]]
) -> tuple[Costs, dict[Key, dict[int, float]]]:
    """How much less probable than the slot's best each value is, and the log-probabilities themselves."""
    if symbols is None:
        return {}, {}
    if symbols.batch != 1:
        raise QueryError(f"symbols hold {symbols.batch} samples; solve them one by one")
    if symbols.domain not in program.domains:
        raise QueryError(f"{program.source}: symbols of '{symbols.domain.name}' are of no domain of the program")
    rows = cast("list[list[float]]", symbols.log_probs[0].detach().double().tolist())
    log_probs: dict[Key, dict[int, float]] = {}
    for key, values in slots.items():
        name, slot = cast("tuple[str, int]", key)
        if name == symbols.domain.name:
            if slot >= len(rows):
                raise QueryError(f"{program.source}: slot {slot} is asked for, but {len(rows)} were perceived")
            log_probs[key] = dict(zip(values, rows[slot], strict=True))
    costs = {key: {v: max(row.values()) - p for v, p in row.items()} for key, row in log_probs.items()}
    return costs, log_probs


def _least(first: float | None, second: float) -> float | None:
    return None if first is None else min(first, second)


def bound_values(alternative: Alternative, values: Mapping[Key, int]) -> dict[str, Value]:
    """The query's variables under an assignment."""
    return {name: to_value(_filled(term, values)) for name, term in alternative.bindings.items()}


def _filled(term: Term, values: Mapping[Key, int]) -> Term:
    return replaced(term, lambda key: values[key] if key in values else Struct("_"))


def _readings(
    program: ConstraintProgram,
    values: Mapping[Key, int],
    slots: Mapping[Key, Sequence[int]],
    log_probs: Mapping[Key, Mapping[int, float]],
) -> Iterator[SlotReading]:
    for key, row in log_probs.items():
        if key in values:
            name, slot = cast("tuple[str, int]", key)
            domain = next(domain for domain in program.domains if domain.name == name)
            seen, taken = max(row, key=lambda value: row[value]), values[key]
            written = [domain.values[list(slots[key]).index(value)] for value in (seen, taken)]
            yield SlotReading(name, slot, written[0], written[1], row[seen], row[taken])


def _unique(
    program: ConstraintProgram,
    searches: Sequence[tuple[Alternative, Search]],
    best: Found,
    slots: Mapping[Key, Sequence[int]],
    deadline: Deadline,
    prove: bool,
) -> tuple[bool | None, bool]:
    """Whether no way through the rules has other values of the query's variables, the slots read as they are.

    Returns:
        That, and whether a search of ours says so too.
    """
    shown = {name: _filled(term, best.values) for name, term in best.alternative.bindings.items()}
    decided = vouched = True
    for alternative, begun in searches:
        search = best.search if alternative is best.alternative else begun
        if search is _unopened:
            try:
                search = opened(alternative, slot_values(program, [alternative]), deadline)
            except DeadlinePassedError:
                decided = False
                continue
        read = [
            Struct("#=", (Struct("$seen", cast("tuple[str, int]", key)), best.values[key]))
            for key in slots
            if key in keys_of(alternative) and key in best.values
        ]
        for term in read:
            search.require(term)
        same: dict[Key, int] | None = {}
        for name, term in alternative.bindings.items():
            same = None if same is None else _match(term, shown[name], same)
        if same is not None:
            if not same and alternative is best.alternative:
                same = {k: v for k, v in best.values.items() if k not in slots}  # nothing is shown: all that is meant
            if not same:
                continue
            search.exclude(same)
        held = search.check(deadline)
        if held:
            return False, True
        decided &= held is False
        if held is False and isinstance(search, CpSatSearch):
            terms = [*terms_of(alternative), *read, *_value_of_best(alternative, best)]
            vouched &= confirms(terms, slot_values(program, [alternative]), same or {}, share(deadline, prove))
    return (True if decided else None), vouched


def _value_of_best(alternative: Alternative, best: Found) -> list[Term]:
    """What is asked for is best in other solutions too."""
    if best.objective is None:
        return []
    return [
        Struct("#=", (cast("Struct", posted.term).arguments[0], best.objective))
        for posted in alternative.posted
        if is_objective(posted.term)
    ]


def _match(pattern: Term, value: Term, found: dict[Key, int]) -> dict[Key, int] | None:
    """The assignment under which the pattern is the value, or None if there is none."""
    same = dict(found)
    waiting = [(pattern, value)]
    while waiting:
        part, other = waiting.pop()
        key = key_of(part)
        if key is not None:
            if not isinstance(other, int) or same.setdefault(key, other) != other:
                return None
        elif isinstance(part, tuple) and isinstance(other, tuple) and len(part) == len(other):
            waiting.extend(zip(part, other, strict=True))
        elif isinstance(part, Struct) and isinstance(other, Struct) and part.indicator == other.indicator:
            waiting.extend(zip(part.arguments, other.arguments, strict=True))
        elif isinstance(part, Struct | tuple) or part != other:
            return None
    return same


def _unsolved(
    program: ConstraintProgram,
    query: str,
    alternatives: Sequence[Alternative],
    undecided: bool,
    by_cp_sat: bool,
    deadline: Deadline,
    start: float,
) -> Solution:
    if undecided:
        return Solution(query, None, {}, seconds=time.perf_counter() - start)
    conflicts: list[Conflict] = []
    minimal = len(alternatives) == 1
    for alternative in alternatives:
        posted = constraints(alternative)
        if by_cp_sat and not confirms([p.term for p in posted], slot_values(program, [alternative]), {}, deadline):
            return Solution(query, False, {}, by_cp_sat=("impossible",), seconds=time.perf_counter() - start)
        found, smallest = find_conflict([p.term for p in posted], slot_values(program, [alternative]), deadline)
        names = name_variables(alternative.bindings)
        conflicts += [_as_conflict(posted[index], names) for index in found]
        minimal &= smallest
    return Solution(
        query,
        False,
        {},
        conflicts=tuple(dict.fromkeys(conflicts)),
        minimal=minimal,
        seconds=time.perf_counter() - start,
    )


def _as_conflict(posted: Posted, names: Mapping[Key, str]) -> Conflict:
    return Conflict(posted.line, posted.source, constraint_text(posted.term, names))
