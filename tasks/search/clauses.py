"""Random 3-SAT at the threshold: an honest curve of what a search without learning reaches, beside SAT."""

import numpy as np
from pysat.solvers import Cadical153

from logic.search.constraint_rows import Row, SearchProblem
from logic.search.search_network import build_search
from logic.search.searching import search

from .figures import Report, percentiles

RATIO = 4.26


def formula(variables: int, clauses: int, seed: int) -> SearchProblem:
    """Uniform random clauses of three literals; each variable is guessed by the sign it has more often."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for _ in range(clauses):
        chosen = (rng.permutation(variables)[:3] + 1) * rng.choice([-1, 1], 3)
        rows.append(Row(tuple(chosen.tolist()), (1, 1, 1), 1))
    signs = np.zeros(variables + 1, np.int64)
    for row in rows:
        for literal in row.literals:
            signs[abs(literal)] += 1 if literal > 0 else -1
    decisions = tuple(v if signs[v] >= 0 else -v for v in range(1, variables + 1))
    return SearchProblem(variables, tuple(rows), (), decisions)


def reports(scale: float, seed: int) -> list[Report]:
    """Formulas of 20 to 100 variables, 4.26 clauses a variable."""
    report = Report(f"random 3-SAT, {RATIO} clauses a variable, cap 1,000,000 steps")
    count = max(2, round(20 * scale))
    for variables in (20, 30, 40, 50, 60, 75, 100):
        taken, yes, no, open_, wrong, neurons = [], 0, 0, 0, 0, 0
        for k in range(count):
            problem = formula(variables, round(RATIO * variables), seed + 1_000 * variables + k)
            network = build_search(problem, seed=1)
            found, neurons = search(network, steps=1_000_000), network.network.neurons
            with Cadical153(bootstrap_with=[list(row.literals) for row in problem.rows]) as solver:
                possible = solver.solve()
            wrong += found.solvable is not None and found.solvable is not possible
            wrong += found.true is not None and not problem.holds(found.true)
            yes, no, open_ = (
                yes + (found.solvable is True),
                no + (found.solvable is False),
                open_ + (found.solvable is None),
            )
            taken += [] if found.solvable is None else [found.step]
        report.say(
            f"{variables} variables",
            f"{yes} sat, {no} unsat, {open_} open; steps {percentiles(taken)}; {neurons:,} neurons",
            wrong == 0,
        )
    return [report]
