"""Agreement with library(clpfd): all solutions of random constraint programs asked of both, each difference shown."""

import json
import select
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from tempfile import NamedTemporaryFile
from typing import Annotated, TextIO, cast

import typer
from rich.console import Console
from rich.progress import track

from logic.errors import NeurosymError
from reasoner import ConstraintProgram, Limits, solve
from reasoner.constraints.checking import check_solution
from reasoner.constraints.cp_sat_model import NotModelledError
from reasoner.constraints.cp_sat_search import CpSatSearch
from reasoner.constraints.encoding import ClauseEncoding
from reasoner.constraints.linear import find_bounds, find_domains
from reasoner.constraints.posting import key_of, post
from reasoner.constraints.search import ArithmeticSearch, ClauseSearch, Search
from reasoner.constraints.thread_deadline import Deadline
from reasoner.prolog.terms import Struct, Term

from .random_constraints import NAMES, RandomProgram, random_programs

Solutions = frozenset[tuple[int, ...]] | str
"""Rows of values of the variables, or why there are none."""

_SECONDS = 30.0  # of wall time for one program
_CLPFD_SECONDS = 4.0
_HEAD = r"""
:- use_module(library(clpfd)).
:- use_module(library(time)).
:- set_prolog_flag(clpfd_goal_expansion, false).
:- initialization(main).
main :- forall(p(Order, Variables, Domains, Goal), answer(Order, Variables, Domains, Goal)), halt.
answer(Order, Variables, Domains, Goal) :-
    catch(call_with_time_limit(SECONDS, findall(Variables, found(Order, Variables, Domains, Goal), Rows)), Error, true),
    (   var(Error) -> sort(Rows, Sorted), print(Sorted)
    ;   Error == time_limit_exceeded -> print("no answer in time")
    ;   message_to_codes(Error, Text), print(Text)
    ),
    nl, flush_output.
message_to_codes(error(Error, _), Text) :- !, term_string(Error, Inner), split_string(Inner, "\"", "", Parts),
    atomics_to_string(Parts, Text).
message_to_codes(_, "stopped").
atomics_to_string(Parts, Text) :- atomic_list_concat(Parts, Atom), atom_string(Atom, Text).
found(post_first, Variables, Domains, Goal) :- call(Domains), call(Goal), label(Variables).
found(label_first, Variables, Domains, Goal) :-
    call(Domains), label(Variables),
    catch(call(Goal), error(domain_error(clpfd_reifiable_expression, Value), _), ( integer(Value), fail )).
"""


def ask_clpfd(programs: Sequence[RandomProgram], order: str = "post_first") -> list[Solutions]:
    """All solutions of each program by library(clpfd), in a process of its own.

    Args:
        programs: What is asked.
        order: ``post_first``, as it is used, or ``label_first``, where nothing is left to propagate.
    """
    found: list[Solutions] = []
    while len(found) < len(programs):
        found += _ask_process(programs[len(found) :], order)
        if len(found) < len(programs):  # it was lost in the next one, where its own limit did not strike
            found.append("no answer in time")
    return found


def _ask_process(programs: Sequence[RandomProgram], order: str) -> list[Solutions]:
    """What one process answers before it ends or stays silent for too long."""
    variables = f"[{', '.join(NAMES)}]"
    lines = [f"p({order}, {variables}, ({program.domain_goal}), ({program.goal}))." for program in programs]
    found: list[Solutions] = []
    with NamedTemporaryFile("w", suffix=".pl") as file:
        file.write("\n".join([_HEAD.replace("SECONDS", f"{_CLPFD_SECONDS:g}"), *lines]) + "\n")
        file.flush()
        command = ["swipl", file.name]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as child:
            replies = cast("TextIO", child.stdout)
            for _ in programs:
                line = replies.readline() if select.select([replies], [], [], 5 * _CLPFD_SECONDS)[0] else ""
                if not line:
                    break
                reply = json.loads(line)
                found.append(reply if isinstance(reply, str) else frozenset(tuple(row) for row in reply))
            child.kill()
    return found


def ask_neurosym(program: RandomProgram, wanted: Solutions) -> tuple[Solutions, str]:
    """Our solutions by clauses, and how Z3 or :func:`reasoner.solve` contradicts ``wanted``, if at all."""
    parsed, query = ConstraintProgram.parse(str(program)), f"p({', '.join(NAMES)})"
    found: set[tuple[int, ...]] = set()
    fault = ""
    for alternative in post(parsed, query, Limits()).alternatives:
        terms = [posted.term for posted in alternative.posted]
        domains = find_domains(terms, {})
        if domains is None:
            return "no finite domains", ""
        encoding = ClauseEncoding(domains, budget=20_000_000)
        for term in terms:
            encoding.require(term)
        found |= set(_rows(ClauseSearch(encoding), alternative.bindings))
        if isinstance(wanted, frozenset) and not fault:
            fault = _fault_of_cp_sat(terms, alternative.bindings, wanted)
        if isinstance(wanted, frozenset) and not fault:
            fault = _fault_of_z3(terms, alternative.bindings, wanted)
    if isinstance(wanted, frozenset) and not fault:
        fault = _fault_of_solve(parsed, query, wanted)
    return frozenset(found), fault


def _rows(search: Search, shown: dict[str, Term]) -> Iterator[tuple[int, ...]]:
    free = {name: key for name, term in shown.items() if (key := key_of(term)) is not None}
    while search.check(Deadline(_SECONDS)):
        values = search.values()
        yield tuple(values[free[name]] if name in free else cast("int", shown[name]) for name in NAMES)
        if not free:
            break
        search.exclude({key: values[key] for key in free.values()})


def _fault_of_cp_sat(terms: Sequence[Term], shown: dict[str, Term], wanted: frozenset[tuple[int, ...]]) -> str:
    """CP-SAT must find nothing but what is wanted and not all of it less one; Prolog's arithmetic must agree to it."""
    try:
        search = CpSatSearch(terms, find_bounds(terms, {}))
    except NotModelledError:  # a quotient by what may be 0, or no CP-SAT
        return ""
    free = {name: key for name, term in shown.items() if (key := key_of(term)) is not None}
    if search.check(Deadline(_SECONDS)):
        check_solution(terms, search.values())
    elif wanted and len(shown) == len(NAMES) and not free:
        return "CP-SAT finds nothing"
    for row in sorted(wanted)[1:]:
        if free:
            search.exclude({key: row[NAMES.index(name)] for name, key in free.items()})
    if wanted and free:
        if not search.check(Deadline(_SECONDS)):
            return f"CP-SAT does not find {min(wanted)}"
        check_solution(terms, search.values())
        search.exclude({key: min(wanted)[NAMES.index(name)] for name, key in free.items()})
    return f"CP-SAT finds more: {search.values()}" if free and search.check(Deadline(_SECONDS)) else ""


def _fault_of_z3(terms: Sequence[Term], shown: dict[str, Term], wanted: frozenset[tuple[int, ...]]) -> str:
    """Z3 must find nothing but what is wanted, and must find the first and the last of it."""
    try:
        search = ArithmeticSearch(terms, {})
    except NeurosymError:  # an exponent that is not known
        return ""
    for row in wanted:
        free = {key: row[NAMES.index(name)] for name, term in shown.items() if (key := key_of(term)) is not None}
        if free:
            search.exclude(free)
    if wanted and all(key_of(term) is None for term in shown.values()):
        return ""
    if search.check(Deadline(_SECONDS)):
        return f"Z3 finds more: {search.values()}"
    for row in sorted(wanted)[:: max(1, len(wanted) - 1)]:
        fixed = [Struct("#=", (term, row[NAMES.index(name)])) for name, term in shown.items()]
        if ArithmeticSearch([*terms, *fixed], {}).check(Deadline(_SECONDS)) is False:
            return f"Z3 does not find {row}"
    return ""


def _fault_of_solve(program: ConstraintProgram, query: str, wanted: frozenset[tuple[int, ...]]) -> str:
    found = solve(program, query, seconds=_SECONDS)
    if found.solvable is not bool(wanted):
        return f"solve says solvable={found.solvable}"
    if found.solvable and tuple(found.bindings[name] for name in NAMES) not in wanted:
        return f"solve finds {found.bindings}"
    if found.solvable and found.unique is not (len(wanted) == 1):
        return f"solve says unique={found.unique}"
    return ""


def judge(program: RandomProgram, wanted: Solutions) -> str:
    """``equal``, ``clpfd differs from itself``, ``clpfd refuses: ...``, or what differs."""
    if isinstance(wanted, str):
        return f"clpfd refuses: {wanted.partition('(')[0]}"
    try:
        found, fault = ask_neurosym(program, wanted)
        if found == wanted and not fault:
            return "equal"
        (checked,) = ask_clpfd([program], "label_first")
        if checked != wanted and isinstance(checked, frozenset):  # its propagation loses some
            found, fault = ask_neurosym(program, checked)
            if found == checked and not fault:
                return "clpfd differs from itself"
            wanted = checked
    except NeurosymError as error:
        return f"DIFFERENT: neurosym refuses: {error}"
    if fault:
        return f"DIFFERENT: {fault}"
    ours, theirs = (set(s) if isinstance(s, frozenset) else {s} for s in (found, wanted))
    return f"DIFFERENT: only neurosym {sorted(ours - theirs)[:3]}, only clpfd {sorted(theirs - ours)[:3]}"


def minimise(program: RandomProgram) -> RandomProgram:
    """A program that differs still, none of whose smaller ones does."""
    candidates = list(program.smaller())
    for smaller, wanted in zip(candidates, ask_clpfd(candidates), strict=True):
        if judge(smaller, wanted).startswith("DIFFERENT"):
            return minimise(smaller)
    return program


def main(
    count: Annotated[int, typer.Option(min=1, help="How many random programs.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed writes the same programs.")] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Programs for one process of SWI-Prolog.")] = 100,
    show: Annotated[int, typer.Option(min=0, help="How many differences to minimise and print.")] = 5,
) -> None:
    """Compare the solution sets of neurosym and library(clpfd); exit code 1 if they differ on any program.

    Random programs of arithmetic with division and powers, reified constraints and global constraints. By clauses all
    solutions are compared; Z3 must find no other and the first and last; ``solve`` must say the same of existence and
    uniqueness. Where SWI-Prolog's propagation loses solutions that it finds when it labels first, the latter count.
    """
    counts: Counter[str] = Counter()
    console = Console(stderr=True)
    programs = iter(track(random_programs(count, seed), "programs", total=count, console=console))
    while several := list(islice(programs, batch)):
        for program, wanted in zip(several, ask_clpfd(several), strict=True):
            verdict = judge(program, wanted)
            different = verdict.startswith("DIFFERENT")
            counts["DIFFERENT" if different else verdict] += 1
            counts["solvable"] += isinstance(wanted, frozenset) and bool(wanted)
            if different and counts["DIFFERENT"] <= show:
                typer.echo(f"{program}\n  {verdict}\n  minimised: {minimise(program)}\n")
    typer.echo(json.dumps({"programs": count, "seed": seed, **dict(sorted(counts.items()))}))
    raise typer.Exit(1 if counts["DIFFERENT"] else 0)


if __name__ == "__main__":
    typer.run(main)
