"""Systems of the counting benchmark, each in its process: ``python -m tasks.problog.counting_systems NAME FILE``.

It prints one JSON line: processor seconds of grounding, and of compiling and counting, without what loads and warms up,
and the probabilities of the answers.
"""

import json
import resource
import sys
import warnings
from collections.abc import Callable
from math import exp
from pathlib import Path
from time import process_time
from typing import Any

from .counting_programs import grid

SYSTEMS = ("neurosym", "sdd", "ddnnf", "agrum")
_WARM = "0.4::a. 0.5::b. c :- a, \\+ b. c :- b, d. d :- c. d :- a. query(c). evidence(d)."


def main() -> None:
    """Measures."""
    warnings.simplefilter("ignore")
    name, path = sys.argv[1], Path(sys.argv[2])
    run: dict[str, Callable[[str], tuple[float, float, dict[str, Any]]]] = {
        "neurosym": ask_neurosym,
        "sdd": lambda text: ask_problog(text, "sdd"),
        "ddnnf": lambda text: ask_problog(text, "ddnnf"),
    }
    if name == "agrum":
        sys.stdout.write(json.dumps(ask_agrum(path)) + "\n")
        return
    for warm in (_WARM, grid(6)) if name == "neurosym" else (_WARM,):  # kernels are compiled once a machine
        run[name](warm)
    found = run[name](path.read_text(encoding="utf-8"))
    ground, count, told = found
    sys.stdout.write(json.dumps({"ground": ground, "count": count, **told}) + "\n")


def _spent() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def ask_neurosym(text: str) -> tuple[float, float, dict[str, Any]]:
    """This package; how it counted is told too."""
    from logic.kernels import run_kernels
    from reasoner import Limits, Program
    from reasoner.counting.planning import answered, make_plan
    from reasoner.grounding.grounding import ground
    from reasoner.prolog.workers import cpu_seconds

    limits = Limits(seconds=120.0, gates=10_000_000, megabytes=2048)
    with run_kernels("always"):
        start = process_time() + cpu_seconds()
        grounding = ground(Program.parse(text, ()), None, limits)
        grounded = process_time() + cpu_seconds()
        plan = make_plan(grounding, limits)
        answers = answered(grounding, plan)
        counted = process_time() + cpu_seconds()
    report = plan.report
    told = {"method": report.method, "nodes": report.nodes, "width": report.width}
    return grounded - start, counted - grounded, {"answers": {atom: exp(p) for atom, p in answers.items()}, **told}


def ask_problog(text: str, kind: str) -> tuple[float, float, dict[str, Any]]:
    """ProbLog, with one of its compilers."""
    from problog import get_evaluatable
    from problog.engine import DefaultEngine
    from problog.formula import LogicFormula
    from problog.program import PrologString

    start = _spent()
    engine = DefaultEngine()
    formula = engine.ground_all(engine.prepare(PrologString(text)), target=LogicFormula(keep_all=False))
    grounded = _spent()
    found = get_evaluatable(kind).create_from(formula).evaluate()
    counted = _spent()
    return grounded - start, counted - grounded, {"answers": {str(atom): float(p) for atom, p in found.items()}}


def ask_agrum(path: Path) -> dict[str, Any]:
    """aGrUM, given the network itself and what is asked of it as ``NAME.json`` beside the program."""
    import pyagrum  # pyright: ignore[reportMissingImports]

    asked = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    network = pyagrum.loadBN(asked["bif"])
    spent = share = 0.0
    for _ in range(2):
        start = process_time()
        inference = pyagrum.LazyPropagation(network)
        inference.setEvidence(dict(asked["evidence"]))
        inference.addTarget(asked["query"][0])
        inference.makeInference()
        share = float(inference.posterior(asked["query"][0])[{asked["query"][0]: asked["query"][1]}])
        spent = process_time() - start
    return {"ground": 0.0, "count": spent, "answers": {"query": share}}


if __name__ == "__main__":
    main()
