"""Deciding: the strategy of greatest expected utility, of programs with decisions ``?::a`` and ``utility/2``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import islice, product
from math import prod
from time import process_time

import torch
from torch import Tensor

from ..counting.inference import gather_beliefs
from ..counting.planning import Prepared, prepare_query
from ..errors import PrologTimeout, QueryError
from ..grounding.grounding import NONE
from ..grounding.sums import IMPOSSIBLE
from ..prolog.border import Limits
from ..prolog.program import Program
from ..prolog.terms import Term, to_text
from ..sampling.grounded import ground_stated

_GAIN, _USEFUL = "'$gain'", "'$useful'"
_BATCH = 1024  # strategies that are counted at once
_EXACT = 1 << 18  # strategies of one group of decisions that are all looked at
_STARTS = 8  # of local search


@dataclass(frozen=True)
class Decision:
    """What to decide, and what that is worth.

    Args:
        choices: Whether each atom that can be decided is made true.
        utility: Expected, given the program's evidence.
        optimal: Whether no strategy is better; False where there were too many to look at all, and the best that local
            search found is given.
        looked_at: How many strategies, or parts of strategies that do not depend on each other, were counted.
    """

    choices: dict[str, bool]
    utility: float
    optimal: bool
    looked_at: int


def decide(program: Program, limits: Limits | None = None, local: bool = False, seed: int = 0) -> Decision:
    r"""The decisions of greatest expected utility.

    A disjunction ``?::a; ?::b`` decides for one of its heads. Decisions that no utility depends on together are found
    apart, so that many small questions stay small. All strategies of a group are counted, in batches, on one circuit;
    above 262,144 of them local search takes over.

    Args:
        program: With decisions ``?::a`` or ``decision(a)``, and ``utility(Goal, Number)``; it perceives nothing.
        limits: What it may spend; ``seconds`` also bounds the search.
        local: Local search only, as ProbLog's ``-s local``: from nothing decided on, the best single change.
        seed: Of the starts of local search where there are too many strategies.

    Raises:
        QueryError: if nothing is decided or useful, or the program cannot be run.
        PrologLimit, CountingError: if a limit is reached.

    Example:
        >>> found = decide(Program.parse("?::umbrella. 0.3::rain. dry :- umbrella. dry :- \\+ rain. "
        ...                              "utility(dry, 10). utility(umbrella, -2)."))
        >>> found.choices, round(found.utility, 4), found.optimal
        ({'umbrella': True}, 8.0, True)

    References:
        Van den Broeck, Thon, van Otterlo, De Raedt, "DTProbLog: a decision-theoretic probabilistic Prolog", AAAI 2010.
    """
    limits = limits or Limits()
    named = {to_text(one.head.arguments[0]) for one in program.clauses if one.head.indicator == "decision/1"}
    heads = {
        to_text(head) for clause in program.clauses for head in (clause.head, *(head for _, head in clause.chances))
    }
    facts = "\n".join(f"?::{atom}." for atom in sorted(named - heads))
    program = replace(program.extended(facts) if facts else program, decides=True)
    if not program.decisions and not named:
        raise QueryError(f"{program.source}: nothing is decided; add a decision such as ?::umbrella")
    gains = _gains(program, limits)
    lines = [f"{_GAIN}({number}) :- {goal}." for number, (goal, _) in enumerate(gains)]
    asked = program.extended(f"query({_GAIN}(_)).\n" + "\n".join(lines))
    prepared = prepare_query(asked, None, limits)
    return _Strategies(prepared, asked, named, [value for _, value in gains], limits).best(local, seed)


def _gains(program: Program, limits: Limits) -> list[tuple[str, float]]:
    """What is useful, each goal once, and how much."""
    if not any(clause.head.indicator == "utility/2" for clause in program.clauses):
        raise QueryError(f"{program.source}: nothing has a utility; add a fact such as utility(dry, 10)")
    asked = program.extended(f"{_USEFUL}(Goal, Number) :- utility(Goal, Value), Number is Value.")
    grounding = ground_stated(asked, f"{_USEFUL}(Goal, Number)", limits)
    found: dict[str, float] = {}
    for answer in grounding.answers:
        goal = answer.text[len(_USEFUL) + 1 : answer.text.rindex(",")]
        found[goal] = found.get(goal, 0.0) + _number(answer.bindings["Number"])
    return list(found.items())


def _number(term: Term) -> float:
    return float(term) if isinstance(term, int | float) else 0.0  # it was computed by is


def _order(values: Sequence[int | str]) -> list[int]:
    """What can be decided, by number: of one atom not to make it true or to do so, of several which one."""
    heads = [number for number, value in enumerate(values) if value != NONE]
    return heads if len(heads) > 1 else [len(values) - 1, *heads]


class _Strategies:
    """Strategies over one circuit: the beliefs with the slots of the decisions set."""

    def __init__(
        self, prepared: Prepared, program: Program, named: set[str], values: Sequence[float], limits: Limits
    ) -> None:
        grounding = prepared.grounding
        decided = {*program.decisions}
        self._prepared, self._limits = prepared, limits
        self._end = process_time() + limits.seconds
        self.slots = [
            number
            for number, slot in enumerate(grounding.slots)
            if grounding.clauses.get((slot.domain.name, slot.number), -1) in decided or slot.domain.values[0] in named
        ]
        self._groups = [grounding.one_hot[slot] for slot in self.slots]
        self._values_of = [_order(grounding.slots[slot].domain.values) for slot in self.slots]
        self._beliefs = gather_beliefs(grounding).double()
        gains = [
            (column, values[int(answer.text[len(_GAIN) + 1 : -1])])
            for column, answer in enumerate(grounding.answers)
            if answer.text.startswith(f"{_GAIN}(") and answer.text[len(_GAIN) + 1 : -1].isdecimal()
        ]
        self._columns = torch.tensor([column for column, _ in gains], dtype=torch.long)
        self._values = torch.tensor([value for _, value in gains], dtype=torch.float64)
        self.looked_at = 0

    def best(self, local: bool, seed: int) -> Decision:
        """The best strategy, group by group."""
        chosen = [values[0] for values in self._values_of]
        optimal = not local
        for places, columns in self._independent():
            sizes = [len(self._values_of[place]) for place in places]
            if local:
                found = self._climb(places, columns, [chosen])
            elif prod(sizes) <= _EXACT:
                found = self._all(places, columns, chosen)
            else:
                optimal = False
                source = torch.Generator().manual_seed(seed)
                starts = [chosen]
                for _ in range(_STARTS - 1):
                    other = list(chosen)
                    for place, size in zip(places, sizes, strict=True):
                        other[place] = self._values_of[place][int(torch.randint(size, (1,), generator=source))]
                    starts.append(other)
                found = self._climb(places, columns, starts)
            for place in places:
                chosen[place] = found[place]
        everything = range(len(self._columns))
        utility = self._utilities([chosen], everything)[0].item()
        grounding = self._prepared.grounding
        choices: dict[str, bool] = {}
        for slot, value in zip(self.slots, chosen, strict=True):
            names = grounding.slots[slot].domain.values
            choices |= {str(name): number == value for number, name in enumerate(names) if name != NONE}
        return Decision(dict(sorted(choices.items())), utility, optimal, self.looked_at)

    def _independent(self) -> Iterator[tuple[list[int], list[int]]]:
        """Groups of decisions, and of the gains that depend on them; all together where there is evidence."""
        below = self._reads()
        if self._prepared.grounding.evidence:
            yield list(range(len(self.slots))), list(range(len(self._columns)))
            return
        groups: list[tuple[set[int], list[int]]] = []
        for column, places in enumerate(below):
            if not places:
                continue
            joined: tuple[set[int], list[int]] = (set(places), [column])
            kept: list[tuple[set[int], list[int]]] = []
            for one in groups:
                if one[0] & joined[0]:
                    joined = (joined[0] | one[0], one[1] + joined[1])
                else:
                    kept.append(one)
            groups = [*kept, joined]
        for places, columns in groups:
            yield sorted(places), columns

    def _reads(self) -> list[set[int]]:
        """The decisions that each gain depends on."""
        sums = self._prepared.plan.sums
        place_of = {slot: place for place, slot in enumerate(self.slots)}
        masks = [0, 0, *(1 << place_of[slot] if slot in place_of else 0 for slot in sums.slot_of)]
        for cases in sums.nodes:
            masks.append(reduce(lambda mask, node: mask | masks[node], (node for case in cases for node in case), 0))
        ends = [masks[sums.outputs[column]] for column in self._columns.tolist()]
        return [{place for place in place_of.values() if mask >> place & 1} for mask in ends]

    def _utilities(self, strategies: Sequence[Sequence[int]], columns: Sequence[int]) -> Tensor:
        """The expected utility of each strategy, of some gains; impossible evidence has minus infinity."""
        if process_time() > self._end:
            raise PrologTimeout(f"the best decisions were not found within {self._limits.seconds:g} s; raise the limit")
        self.looked_at += len(strategies)
        beliefs = self._beliefs.expand(len(strategies), -1).clone()
        for place, group in enumerate(self._groups):
            beliefs[:, group.start : group.stop] = IMPOSSIBLE
            values = torch.tensor([strategy[place] for strategy in strategies])
            beliefs[torch.arange(len(strategies)), group.start + values] = 0.0
        logs = self._prepared.counter.log_probabilities(beliefs)
        wanted = torch.tensor(list(columns), dtype=torch.long)
        shares = logs[:, self._columns[wanted]]
        if not self._prepared.grounding.evidence:
            return shares.exp() @ self._values[wanted]
        known = logs[:, -1:]
        return torch.where(known[:, 0] > IMPOSSIBLE / 2, (shares - known).exp() @ self._values[wanted], -torch.inf)

    def _all(self, places: Sequence[int], columns: Sequence[int], chosen: Sequence[int]) -> list[int]:
        """The best of all strategies of some decisions, the first of equals: those that decide on least."""
        best, most = list(chosen), -torch.inf
        every = product(*(self._values_of[place] for place in places))
        while batch := list(islice(every, _BATCH)):
            strategies: list[list[int]] = []
            for values in batch:
                strategy = list(chosen)
                for place, value in zip(places, values, strict=True):
                    strategy[place] = value
                strategies.append(strategy)
            found = self._utilities(strategies, columns)
            top = int(found.argmax())
            if found[top].item() > most + 1e-12:
                best, most = strategies[top], found[top].item()
        return best

    def _climb(self, places: Sequence[int], columns: Sequence[int], starts: Sequence[Sequence[int]]) -> list[int]:
        """The best local optimum from these starts: no single decision can be changed for the better."""
        best, most = list(starts[0]), -torch.inf
        for start in starts:
            now = list(start)
            value = self._utilities([now], columns)[0].item()
            while True:
                others = [
                    [*now[:place], other, *now[place + 1 :]]
                    for place in places
                    for other in self._values_of[place]
                    if other != now[place]
                ]
                found = self._utilities(others, columns)
                top = int(found.argmax())
                if not found[top].item() > value + 1e-12:
                    break
                now, value = others[top], found[top].item()
            if value > most:
                best, most = now, value
        return best
