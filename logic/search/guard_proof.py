"""A proof, for all assignments at once, that the guard of a wired network announces only solutions.

From `solved`, the synapses are followed back to the T rails. That a neuron fires, or is silent, is a linear inequality
over its sources, and where no other values of the sources would do, it says what each of them does; what is left are
inequalities over the T rails of one step. Each row of the problem must be a combination of them with non-negative
multipliers, together with ``0 <= T <= 1`` and with rounding up, for sums of integers: the certificate, which is checked
in integers against the wired network read anew. (In the literature: Farkas' lemma; Chvatal's rounding.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..kernels import work_time
from ..network import FlatNetwork
from ..verdict import Verdict
from .constraint_rows import SearchProblem
from .guard import AGE, pack_groups
from .propagators import RAILS
from .search_network import SearchNetwork


@dataclass(frozen=True)
class Inequality:
    """``sum of coefficient * T >= bound`` over variables."""

    coefficients: Mapping[int, int]
    bound: int
    source: str = ""


@dataclass(frozen=True)
class GuardCertificate:
    """How each claim follows: multipliers of the inequalities that the wired guard says.

    Args:
        multipliers: For each claim of :func:`claims_of` the inequalities, by number, and their multipliers; none at all
            where no combination was found.
        inequalities: How many the guard says.
        neurons: Of the guard.
        leaves: What it hears besides the T rails of one step, in words.
    """

    multipliers: tuple[Mapping[int, int] | None, ...]
    inequalities: int
    neurons: int
    leaves: tuple[str, ...]


def prove_guard(network: SearchNetwork, *, seconds: float = 10.0) -> Verdict:
    """Whether `solved` implies all rows and groups, whatever the T rails show.

    Args:
        network: As it is wired.
        seconds: For a counterexample, if a claim has no certificate.

    Returns:
        True if each follows by a certificate that was checked, False with an assignment that is announced and is none,
        None if neither was found.

    Example:
        >>> from logic.search.constraint_rows import clause
        >>> from logic.search.search_network import build_search
        >>> rows = tuple(clause(c) for c in ([1, 2], [-1, 2], [1, -2]))
        >>> prove_guard(build_search(SearchProblem(2, rows, decisions=(1, 2)))).word
        'PROVED'
    """
    start = work_time()
    certificate = guard_certificate(network)
    claims = claims_of(network.problem)
    open_claims = check_certificate_of_guard(network, certificate)
    claim = (
        f"the announcement implies {len(network.problem.rows)} rows and {len(network.problem.groups)} groups, for all "
        f"2^{network.problem.variables} assignments of the T rails {guard_age(network)} steps before"
    )
    heard = f", hearing also {', '.join(certificate.leaves)}" if certificate.leaves else ""
    detail = f"{len(claims)} claims by {certificate.inequalities} inequalities of {certificate.neurons} neurons{heard}"
    if not open_claims:
        return Verdict(True, claim, seconds=work_time() - start, detail=detail)
    found = _counterexample(network, [claims[number] for number in open_claims], seconds)
    detail = (
        f"{len(open_claims)} of {len(claims)} claims have no certificate, the first of {claims[open_claims[0]].source}"
    )
    return Verdict(None if found is None else False, claim, found, work_time() - start, detail)


def guard_age(network: SearchNetwork) -> int:
    """Steps from the T rails to what the network announces."""
    return AGE + (len(network.places("agreed")) > 0 and not network.counts)


def claims_of(problem: SearchProblem) -> list[Inequality]:
    """What a solution is, as inequalities over the variables; from the problem alone."""
    claims: list[Inequality] = []
    for number, row in enumerate(problem.rows, start=1):
        signed = {abs(x): w if x > 0 else -w for x, w in zip(row.literals, row.weights, strict=True)}
        negative = sum(w for x, w in zip(row.literals, row.weights, strict=True) if x < 0)
        claims.append(Inequality(signed, row.bound - negative, row.source or f"row {number}"))
    for number, group in enumerate(problem.groups, start=1):
        source = group.source or f"group {number}"
        claims.append(Inequality(dict.fromkeys(group.variables, -1), -1, source))
        if group.exactly:
            claims.append(Inequality(dict.fromkeys(group.variables, 1), 1, source))
    return claims


class _Cone:
    """What the firing of one neuron says of its sources, and theirs, down to the T rails of one step."""

    def __init__(self, network: SearchNetwork) -> None:
        self._network, flat = network, network.network.flatten()
        self._flat = flat
        self._variables = network.problem.variables
        self._first = network.starts[RAILS]
        self._age = guard_age(network)
        self._incoming: dict[int, list[tuple[int, int, int]]] = {}
        for pre, post, w, delay in zip(
            flat.pre.tolist(), flat.post.tolist(), flat.weight.tolist(), flat.delay.tolist(), strict=True
        ):
            self._incoming.setdefault(post + flat.inputs, []).append((pre, w, delay))
        self.inequalities: list[Inequality] = []
        self.neurons: set[tuple[int, int]] = set()
        self.leaves: set[str] = set()
        self._follow()

    def is_rail(self, source: int) -> bool:
        """Whether a source is a rail, where the cone ends."""
        return self._first <= source < self._first + 2 * self._variables

    def variable(self, source: int, age: int) -> int | None:
        """The variable whose T rail of the right step this is, or None."""
        v = source - self._first + 1
        return v if age == self._age and 1 <= v <= self._variables else None

    def sources(self, neuron: int) -> dict[tuple[int, int], int]:
        """The weights of a neuron's sources, by source and delay."""
        found: dict[tuple[int, int], int] = {}
        for pre, w, delay in self._incoming.get(neuron, ()):
            found[pre, delay] = found.get((pre, delay), 0) + w
        return found

    def need(self, neuron: int) -> int:
        """The sum from which on it fires."""
        flat: FlatNetwork = self._flat
        place = neuron - flat.inputs
        return int(flat.threshold[place] - flat.bias[place])

    def _follow(self) -> None:
        announced = int(self._network.network.outputs[0])
        waiting = [(announced, 0, True)]
        seen = {(announced, 0)}
        while waiting:
            neuron, age, fires = waiting.pop()
            self.neurons.add((neuron, age))
            sign = 1 if fires else -1
            terms = {(pre, age + delay): sign * w for (pre, delay), w in self.sources(neuron).items() if w}
            need = bound = self.need(neuron) if fires else 1 - self.need(neuron)
            most = sum(w for w in terms.values() if w > 0)
            over: dict[int, int] = {}
            for (pre, old), w in terms.items():
                v = self.variable(pre, old)
                if v is not None:
                    over[v] = w
                    continue
                forced = most - abs(w) < need
                bound -= max(w, 0)  # the most that it can give, which it does if it is forced
                if pre < self._flat.inputs or self.is_rail(pre):
                    self.leaves.add("clues" if pre < self._flat.inputs else "other rails")
                elif forced and (pre, old) not in seen:
                    seen.add((pre, old))
                    waiting.append((pre, old, w > 0))
            if over:
                name = self._network.name_of(neuron)
                self.inequalities.append(Inequality(over, bound, name))


def guard_certificate(network: SearchNetwork) -> GuardCertificate:
    """Looks for the multipliers: one inequality that says a claim itself, or, for a group of a partition, their sum."""
    cone, problem = _Cone(network), network.problem
    most_bound: dict[frozenset[tuple[int, int]], int] = {}
    for number, inequality in enumerate(cone.inequalities):
        key = frozenset(inequality.coefficients.items())
        if key not in most_bound or inequality.bound > cone.inequalities[most_bound[key]].bound:
            most_bound[key] = number
    partition: dict[frozenset[int], Mapping[int, int]] = {}
    for members in pack_groups(problem):
        whole = most_bound.get(frozenset((v, 1) for group in members for v in group.variables))
        parts = {frozenset(g.variables): most_bound.get(frozenset((v, -1) for v in g.variables)) for g in members}
        if whole is not None and None not in parts.values():
            for group in parts:
                others = {number: 1 for other, number in parts.items() if other != group and number is not None}
                partition[group] = {whole: 1, **others}
    found: list[Mapping[int, int] | None] = []
    for claim in claims_of(problem):
        one = most_bound.get(frozenset(claim.coefficients.items()))
        if not claim.coefficients and claim.bound <= 0:
            found.append({})
        elif one is not None:
            found.append({one: 1})
        else:
            found.append(partition.get(frozenset(claim.coefficients)))
    return GuardCertificate(tuple(found), len(cone.inequalities), len(cone.neurons), tuple(sorted(cone.leaves)))


def check_certificate_of_guard(network: SearchNetwork, certificate: GuardCertificate) -> list[int]:
    """The claims that the certificate does not prove; the wired network is read anew, and all is integer.

    A claim ``c T >= k`` follows from inequalities ``a T >= b`` and multipliers ``m >= 0`` if ``m b`` and the least that
    ``(c - m a) T`` can be for ``0 <= T <= 1`` exceed ``k - 1`` together.
    """
    inequalities = _Cone(network).inequalities
    unproved: list[int] = []
    for number, claim in enumerate(claims_of(network.problem)):
        multipliers = certificate.multipliers[number] if number < len(certificate.multipliers) else None
        if multipliers is None or not _follows(claim, inequalities, multipliers):
            unproved.append(number)
    return unproved


def _follows(claim: Inequality, inequalities: Sequence[Inequality], multipliers: Mapping[int, int]) -> bool:
    rest = dict(claim.coefficients)
    least = 0
    for number, times in multipliers.items():
        if times < 0 or not 0 <= number < len(inequalities):
            return False
        least += times * inequalities[number].bound
        for v, coefficient in inequalities[number].coefficients.items():
            rest[v] = rest.get(v, 0) - times * coefficient
    return least + sum(min(0, coefficient) for coefficient in rest.values()) > claim.bound - 1


def _counterexample(network: SearchNetwork, claims: Sequence[Inequality], seconds: float) -> dict[str, int] | None:
    """An assignment of the T rails at which the network announces a solution and a claim fails; None if not found."""
    import z3  # not needed where all is proved

    cone, problem = _Cone(network), network.problem
    context = z3.Context()
    truth = {v: z3.Bool(f"t{v}", context) for v in range(1, problem.variables + 1)}
    made: dict[tuple[int, int], Any] = {}

    def formula(source: int, age: int) -> Any:
        v = cone.variable(source, age)
        if v is not None:
            return truth[v]
        if (source, age) not in made:
            if cone.is_rail(source) or (source < network.starts[RAILS] and source < len(problem.clues)):
                made[source, age] = z3.Bool(f"leaf{source}_{age}", context)
            else:
                terms = [(formula(pre, age + delay), w) for (pre, delay), w in cone.sources(source).items() if w]
                made[source, age] = _at_least(terms, cone.need(source), context)
        return made[source, age]

    solver = z3.Solver(ctx=context)
    solver.set("timeout", max(1, round(1000 * seconds)))
    solver.add(formula(int(network.network.outputs[0]), 0))
    fails = [_at_least([(truth[v], -w) for v, w in c.coefficients.items()], 1 - c.bound, context) for c in claims]
    solver.add(z3.Or(*fails))
    if solver.check() != z3.sat:
        return None
    model = solver.model()
    return {problem.name(v): int(z3.is_true(model.eval(bit, True))) for v, bit in truth.items()}


def _at_least(terms: Sequence[tuple[Any, int]], bound: int, context: Any) -> Any:
    """``sum of weight * truth >= bound`` with weights of any sign."""
    import z3

    bound -= sum(w for _, w in terms if w < 0)
    flipped = [(bit if w > 0 else z3.Not(bit), abs(w)) for bit, w in terms]
    if bound <= 0 or sum(w for _, w in flipped) < bound:
        return z3.BoolVal(bound <= 0, context)
    return z3.PbGe(flipped, bound)
