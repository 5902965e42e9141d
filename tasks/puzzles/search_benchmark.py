"""Search times beside SWI-Prolog's library(clpfd) and OR-tools CP-SAT: job shop, knapsack, equations, queens, rulers.

CPU seconds of one thread, workers included, the least of ``--repeats``. What is compared with CP-SAT, which is given a
model that is written for it, is the search: from the posted constraints to a solution, best where that is asked, that
Prolog has checked; the 2 ms that one check costs at least are allowed for. The whole of ``solve`` reads and posts
before it, and asks afterwards whether the solution is unique; beside it stands CP-SAT asked both, in two models.
"""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from tempfile import NamedTemporaryFile
from typing import Annotated, Any, NamedTuple

import typer

from reasoner import ConstraintProgram, Limits, solve
from reasoner.constraints.checking import check_solution
from reasoner.constraints.optimising import Found, best_of, opened, terms_of
from reasoner.constraints.posting import post
from reasoner.constraints.thread_deadline import Deadline
from reasoner.prolog.workers import cpu_seconds

_SWIPL_SECONDS = 20
_FT06 = (
    ((2, 1), (0, 3), (1, 6), (3, 7), (5, 3), (4, 6)),
    ((1, 8), (2, 5), (4, 10), (5, 10), (0, 10), (3, 4)),
    ((2, 5), (3, 4), (5, 8), (0, 9), (1, 1), (4, 7)),
    ((1, 5), (0, 5), (2, 5), (3, 3), (4, 8), (5, 9)),
    ((2, 9), (1, 3), (4, 5), (5, 4), (0, 3), (3, 1)),
    ((1, 3), (3, 3), (5, 9), (0, 10), (4, 4), (2, 1)),
)  # Fisher and Thompson, 1963: machine and duration of each step; the optimum is 55
_WEIGHTS = (382, 799, 909, 729, 467, 901, 614, 463, 318, 595, 207, 733, 501, 880, 275)
_VALUES = (825, 1677, 1676, 1943, 959, 1804, 1265, 846, 567, 1202, 370, 1399, 967, 1781, 511)
_CAPACITY = 4000
_CROSSING = 0.002  # seconds that a check by Prolog and the terms on the way to it cost, however small the problem is


class Case(NamedTuple):
    """A problem in both languages.

    Args:
        name: In the table.
        text: The program; its goal is ``go(Vs)``.
        model: Builds the model of CP-SAT and returns it.
        objective: The optimum, or None.
    """

    name: str
    text: str
    model: Callable[[Any], Any]
    objective: int | None


@dataclass(frozen=True)
class Row:
    """What came of a problem, in CPU seconds.

    Args:
        name: Of the problem.
        search: From the posted constraints to a solution that Prolog has checked.
        whole: Reading, posting, search, uniqueness, and proofs where there is time for them.
        cp_sat: Building and solving its model.
        cp_sat_twice: The same, and then whether there is another solution as good.
        swipl: Posting and labelling; None beyond the limit.
        ratio: Of the search to CP-SAT.
        whole_ratio: Of the whole to CP-SAT asked both.
        solver: Which search of neurosym's found it.
        claims: What rests on CP-SAT alone.
        right: Whether the value is the known one and both agree.
    """

    name: str
    search: float
    whole: float
    cp_sat: float
    cp_sat_twice: float
    swipl: float | None
    ratio: float
    whole_ratio: float
    solver: str
    claims: tuple[str, ...]
    right: bool


def job_shop() -> Case:
    """FT06: six jobs of six steps on six machines, the end of the last one least."""
    horizon = sum(duration for job in _FT06 for _, duration in job)
    names = [[f"S{j}{i}" for i in range(6)] for j in range(6)]
    goals = [f"[End,{','.join(n for row in names for n in row)}] ins 0..{horizon}"]
    for row, job in zip(names, _FT06, strict=True):
        goals += [f"{b} #>= {a} + {d}" for a, b, (_, d) in zip(row, row[1:], job, strict=False)]
        goals.append(f"End #>= {row[-1]} + {job[-1][1]}")
    for machine in range(6):
        on = [(names[j][i], d) for j, job in enumerate(_FT06) for i, (m, d) in enumerate(job) if m == machine]
        goals.append(f"serialized([{','.join(s for s, _ in on)}], [{','.join(str(d) for _, d in on)}])")
    listed = ",".join(n for row in names for n in row)

    def model(cp: Any) -> Any:
        built = cp.CpModel()
        end = built.new_int_var(0, horizon, "end")
        machines: list[list[Any]] = [[] for _ in range(6)]
        for job in _FT06:
            before = None
            for machine, duration in job:
                start = built.new_int_var(0, horizon, "")
                machines[machine].append(built.new_fixed_size_interval_var(start, duration, ""))
                if before is not None:
                    built.add(start >= before)
                before = start + duration
            built.add(end >= before)
        for intervals in machines:
            built.add_no_overlap(intervals)
        built.minimize(end)
        return built

    return Case("job shop FT06", _program(goals, "[End]", f"[min(End)], [End,{listed}]"), model, 55)


def knapsack() -> Case:
    """Fifteen kinds of things, up to three of each, of the greatest value within a weight."""
    names = [f"X{i}" for i in range(len(_WEIGHTS))]
    listed = ",".join(names)
    goals = [
        f"[{listed}] ins 0..3",
        f"scalar_product([{','.join(map(str, _WEIGHTS))}], [{listed}], #=<, {_CAPACITY})",
        f"Value #= {' + '.join(f'{v}*{n}' for v, n in zip(_VALUES, names, strict=True))}",
    ]

    def model(cp: Any) -> Any:
        built = cp.CpModel()
        xs = [built.new_int_var(0, 3, "") for _ in _WEIGHTS]
        built.add(cp.LinearExpr.weighted_sum(xs, _WEIGHTS) <= _CAPACITY)
        built.maximize(cp.LinearExpr.weighted_sum(xs, _VALUES))
        return built

    return Case("knapsack", _program(goals, f"[Value,{listed}]", f"[max(Value)], [{listed}]"), model, None)


def equations() -> Case:
    """Six linear equations in ten unknowns, with coefficients of five digits."""
    unknown = [3, 7, 1, 9, 2, 8, 5, 4, 6, 0]
    size = len(unknown)
    seed, table = 12345, list[list[int]]()
    for _ in range(6):
        row: list[int] = []
        for _ in range(size):
            seed = (1103515245 * seed + 12345) % 2**31
            row.append(seed % 99_991 - 50_000)
        table.append(row)
    names = [f"X{i}" for i in range(size)]
    goals = [f"[{','.join(names)}] ins 0..10"]
    sums = [sum(c * v for c, v in zip(row, unknown, strict=True)) for row in table]
    for row, total in zip(table, sums, strict=True):
        goals.append(f"{' + '.join(f'({c})*{n}' for c, n in zip(row, names, strict=True))} #= {total}")

    def model(cp: Any) -> Any:
        built = cp.CpModel()
        xs = [built.new_int_var(0, 10, "") for _ in names]
        for row, total in zip(table, sums, strict=True):
            built.add(cp.LinearExpr.weighted_sum(xs, row) == total)
        return built

    return Case("linear equations", _program(goals, f"[{','.join(names)}]", f"[ff], [{','.join(names)}]"), model, None)


def queens(size: int = 30) -> Case:
    """Queens on a board, none of which attacks another."""
    text = f"""
        :- use_module(library(clpfd)).
        go(Qs) :- length(Qs, {size}), Qs ins 1..{size}, safe(Qs), labeling([ff], Qs).
        safe([]).
        safe([Q|Qs]) :- no_attack(Q, Qs, 1), safe(Qs).
        no_attack(_, [], _).
        no_attack(Q0, [Q|Qs], D0) :-
            Q0 #\\= Q, Q0 #\\= Q + D0, Q0 #\\= Q - D0, D1 is D0 + 1, no_attack(Q0, Qs, D1).
    """

    def model(cp: Any) -> Any:
        built = cp.CpModel()
        qs = [built.new_int_var(1, size, "") for _ in range(size)]
        built.add_all_different(qs)
        built.add_all_different([q + i for i, q in enumerate(qs)])
        built.add_all_different([q - i for i, q in enumerate(qs)])
        return built

    return Case(f"queens {size}", text, model, None)


def golomb(marks: int = 7) -> Case:
    """A ruler whose marks have distances that all differ, the shortest one."""
    names = [f"M{i}" for i in range(marks)]
    longest = marks * marks
    gaps = [(a, b) for i, b in enumerate(names) for a in names[:i]]
    goals = [
        f"[{','.join(names)}] ins 0..{longest}",
        "M0 #= 0",
        f"chain([{','.join(names)}], #<)",
        *(f"D{a}{b} #= {b} - {a}" for a, b in gaps),
        f"all_distinct([{','.join(f'D{a}{b}' for a, b in gaps)}])",
        f"D{names[0]}{names[1]} #< D{names[-2]}{names[-1]}",
    ]

    def model(cp: Any) -> Any:
        built = cp.CpModel()
        ms = [built.new_int_var(0, longest, "") for _ in names]
        built.add(ms[0] == 0)
        for a, b in pairwise(ms):
            built.add(a < b)
        built.add_all_different([b - a for i, b in enumerate(ms) for a in ms[:i]])
        built.add(ms[1] - ms[0] < ms[-1] - ms[-2])
        built.minimize(ms[-1])
        return built

    last = names[-1]
    return Case(
        f"Golomb ruler {marks}",
        _program(goals, f"[{','.join(names)}]", f"[min({last})], [{','.join(names)}]"),
        model,
        25 if marks == 7 else None,
    )


def _program(goals: list[str], shown: str, labelled: str) -> str:
    return f":- use_module(library(clpfd)).\ngo({shown}) :- {', '.join(goals)}, labeling({labelled}).\n"


def measure(case: Case, repeats: int, cp: Any) -> Row:
    """The least times of one problem."""
    ours: list[float] = []
    wholes: list[float] = []
    theirs: list[float] = []
    twice: list[float] = []
    program = ConstraintProgram.parse(case.text)
    (posted,) = post(program, "go(Vs)", Limits()).alternatives
    found = solve(program, "go(Vs)", seconds=60)
    solver = cp.CpSolver()
    solver.parameters.num_workers = 1
    status, value = cp.UNKNOWN, None
    for _ in range(repeats):
        start = time.process_time() + cpu_seconds()
        deadline = Deadline(60)
        best = best_of(posted, opened(posted, {}, deadline), {}, {}, deadline)
        if isinstance(best, Found):
            check_solution(terms_of(posted), best.values)
        ours.append(time.process_time() + cpu_seconds() - start)
        start = time.process_time() + cpu_seconds()
        found = solve(ConstraintProgram.parse(case.text), "go(Vs)", seconds=60)
        wholes.append(time.process_time() + cpu_seconds() - start)
        start = time.process_time()
        model = case.model(cp)
        status = solver.solve(model)
        theirs.append(time.process_time() - start)
        value = round(solver.objective_value) if case.objective is not None or found.objective is not None else None
        solver.solve(_another(case.model(cp), solver, value))
        twice.append(time.process_time() - start)
    good = status in (cp.OPTIMAL, cp.FEASIBLE) and found.solvable is True and found.objective == value
    good &= case.objective in (None, found.objective)
    return Row(
        case.name,
        round(min(ours), 4),
        round(min(wholes), 4),
        round(min(theirs), 4),
        round(min(twice), 4),
        ask_swipl(case.text),
        round(min(ours) / min(theirs), 2),
        round(min(wholes) / min(twice), 2),
        found.solver,
        found.by_cp_sat,
        good,
    )


def _another(model: Any, solver: Any, value: int | None) -> Any:
    """The model once more, with the value that is best and without the solution that was found."""
    variables = [model.get_int_var_from_proto_index(index) for index in range(len(model.proto.variables))]
    values = [solver.value(variable) for variable in variables]
    if value is not None:
        goal = model.proto.objective
        terms = zip(goal.vars, goal.coeffs, strict=True)
        model.add(
            sum(coefficient * variables[index] for index, coefficient in terms)
            == round(value * (goal.scaling_factor or 1))
        )
        model.clear_objective()
    others: list[Any] = []
    for variable, found in zip(variables, values, strict=True):
        others.append(model.new_bool_var(""))
        model.add(variable != found).only_enforce_if(others[-1])
    model.add_bool_or(others)
    return model


def ask_swipl(text: str) -> float | None:
    """CPU seconds until library(clpfd) has the first solution."""
    goal = (
        f"catch(call_with_time_limit({_SWIPL_SECONDS}, (statistics(cputime, A), go(_), statistics(cputime, B), "
        f"T is B - A, print(T))), _, true), halt"
    )
    with NamedTemporaryFile("w", suffix=".pl") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(["swipl", "-q", "-g", goal, file.name], capture_output=True, text=True, check=False)
    return round(float(done.stdout), 4) if done.stdout.strip() else None


def main(
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each problem; the least time counts.")] = 10,
    most: Annotated[
        float, typer.Option(help="Times CP-SAT that each problem may take; else the exit status is 1.")
    ] = 1.5,
) -> None:
    """Measure one table of searches."""
    try:
        from ortools.sat.python import cp_model as cp
    except ImportError as error:
        raise typer.BadParameter(f"CP-SAT's own models need all of OR-tools ({error}); pip install ortools") from None

    solve(ConstraintProgram.parse("p(X) :- X in 1..3."), "p(X)")
    cases = (job_shop(), knapsack(), equations(), queens(), golomb())
    rows = [measure(case, repeats, cp) for case in cases]
    for row in rows:
        typer.echo(json.dumps(asdict(row)))
    good = (row.right and row.search <= most * row.cp_sat + _CROSSING and row.whole_ratio <= most for row in rows)
    raise typer.Exit(0 if all(good) else 1)


if __name__ == "__main__":
    typer.run(main)
